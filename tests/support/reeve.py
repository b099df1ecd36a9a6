"""What the Python tests share: a data directory made by the server itself and filled with
fixtures/site.sql, a running server, tokens, requests. Python 3.11 standard library only.

Servers listen on loopback, on a port that the system gave them and that they print. The machine may
be slow: limits only tell a hang, and say what was waited for. Environment: REEVE_SERVE_ARGS (more
arguments for serve), REEVE_TEST_TMP (where data directories go).
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SITE = os.path.join(TESTS, "fixtures", "site.sql")
ROOT = ("root@example.com", "1234567890")  # the superuser of every fresh directory
FAR = 4102444800  # an expiry in 2100
START_S = 60
IP_BIND_ADDRESS_NO_PORT = 24  # linux/in.h
STOP_S = 60
WAIT_S = 20
BANNER = re.compile(r"Server started at http://\S*:(\d+)\n")


def scratch(prefix):
    return tempfile.mkdtemp(prefix="reeve-" + prefix + "-", dir=os.environ.get("REEVE_TEST_TMP"))


def fresh(binary, directory, site=True):
    """A data directory as the server creates it, with a superuser and, where wanted, the site."""
    done = subprocess.run([binary, "superuser", "upsert", *ROOT, "--dir", directory],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise RuntimeError("superuser upsert: " + done.stdout + done.stderr)
    if site:
        run_sql(directory, "data", open(SITE, encoding="utf-8").read())
    return directory


def run_sql(directory, name, script, wait_s=60):
    con = sqlite3.connect(os.path.join(directory, name + ".db"), timeout=wait_s)  # a server may write
    try:
        con.executescript(script)
        con.commit()
    finally:
        con.close()


def set_batch(directory, **settings):
    """Members of the settings' batch, of a server that is not running."""
    pairs = ", ".join("'$.batch.%s', json('%s')" % (k, json.dumps(v)) for k, v in settings.items())
    run_sql(directory, "data", "UPDATE _params SET value = json_set(value, %s) "
            "WHERE id = 'settings'" % pairs)


def query(directory, sql, *values):
    con = sqlite3.connect(os.path.join(directory, "data.db"))
    try:
        return con.execute(sql, values).fetchall()
    finally:
        con.close()


def until(what, fact, limit_s=WAIT_S, instead=lambda: ""):
    """Waits until fact() is true, and returns it. instead: says what is so meanwhile."""
    deadline = time.monotonic() + limit_s
    while not (found := fact()):
        if time.monotonic() > deadline:
            raise RuntimeError("waited %d s until %s %s" % (limit_s, what, instead()))
        time.sleep(0.005)
    return found


def free_port():
    """One that was free a moment ago: for a program that cannot say which it got."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign(claims, secret, header=None):
    head = b64(json.dumps(header or {"alg": "HS256", "typ": "JWT"}).encode())
    text = head + "." + b64(json.dumps(claims).encode())
    return text + "." + b64(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def token_parts(directory, who):
    """(claims, secret) of a valid auth token; who: "root" or a user's name in lower case."""
    if who == "root":
        table, sql, value = "_superusers", "email = ?", ROOT[0]
    else:
        table, sql, value = "users", "lower(name) = ?", who
    (key, ident), = query(directory, "SELECT tokenKey, id FROM %s WHERE %s" % (table, sql), value)
    (col, options), = query(directory, "SELECT id, options FROM _collections WHERE name = ?", table)
    claims = {"collectionId": col, "exp": FAR, "id": ident, "refreshable": True, "type": "auth"}
    return claims, key + json.loads(options)["authToken"]["secret"]


def token(directory, who):
    return sign(*token_parts(directory, who))


def connected(address, timeout=WAIT_S, source_address=None):
    """As socket.create_connection(), for IPv4. A port for a source is found when it connects: until
    then one that is as good as free to it would not do."""
    s = socket.socket()
    try:
        s.settimeout(timeout)
        if source_address:
            s.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            s.bind(source_address)
        s.connect(address)
    except OSError:
        s.close()
        raise
    return s


class Connection(http.client.HTTPConnection):
    """Sends any target as it is. To look at each of its characters would hold up the test's other
    threads for longer than a server may take for a long one."""

    def __init__(self, *args, **named):
        super().__init__(*args, **{"timeout": WAIT_S, **named})
        self._create_connection = connected

    def _validate_path(self, url):
        pass


class Server:
    """A running server; use as a context manager. Each start takes another port, unless one is
    asked for."""

    def __init__(self, binary, directory, *args, port=None, log=None):
        self.binary, self.dir = os.path.abspath(binary), directory
        self.args = shlex.split(os.environ.get("REEVE_SERVE_ARGS", "")) + list(args)
        if os.geteuid():
            self.args.append("--dev")  # else its descriptors and maps in /proc are only root's to read
        self.wanted_port, self.port = port or 0, None
        self.log = log or directory.rstrip("/") + ".log"
        self.begins = 0  # where this start's output begins in the log
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.begins = log.tell()
            self.process = subprocess.Popen(
                [self.binary, "serve", "--dir", self.dir, "--http", "127.0.0.1:%d" % self.wanted_port,
                 *self.args], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.port = self.until("the server prints its address", self.printed_port)
            self.until("the server answers /api/health", self.healthy)
        except RuntimeError:
            self.kill()
            raise
        return self

    def until(self, what, fact):
        """As until(), while the server starts; tells what it has printed."""
        try:
            return until(what, lambda: fact() or not self.alive() and self.ended(what), START_S)
        except RuntimeError as e:
            raise RuntimeError("%s; printed so far: %s" % (e, self.output(self.begins))) from None

    def ended(self, what):
        raise RuntimeError("the server ended with %d before %s" % (self.process.returncode, what))

    def printed_port(self):
        found = BANNER.search(self.output(self.begins))
        return int(found[1]) if found else None

    def healthy(self):
        try:
            return self.request("GET", "/api/health", timeout=WAIT_S)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def request(self, method, path, body=None, headers=None, timeout=60):
        """One request on its own connection: (status, body bytes, headers)."""
        conn = Connection("127.0.0.1", self.port, timeout=timeout)
        try:
            headers = dict(headers or {})
            if body is not None and not isinstance(body, (bytes, str)):
                body = json.dumps(body)
                headers.setdefault("content-type", "application/json")
            conn.request(method, path, body, headers)
            reply = conn.getresponse()
            return reply.status, reply.read(), reply.headers
        finally:
            conn.close()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def output(self, begin=0):
        """The last that it printed; with begin: since that offset in the log."""
        with open(self.log, "rb") as log:
            log.seek(begin)
            return log.read()[-4000:].decode("utf-8", "replace")

    def status(self, key):
        """A figure of /proc/PID/status, in bytes where the kernel says kB."""
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as f:
            for line in f:
                if line.startswith(key + ":"):
                    words = line.split()
                    return int(words[1]) * (1024 if words[-1] == "kB" else 1)
        raise KeyError(key)

    def rss(self):
        return self.status("RssAnon")

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def cpu_s(self):
        with open("/proc/%d/stat" % self.process.pid, encoding="ascii") as f:
            words = f.read().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self):
        if self.alive():
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """SIGTERM; True when it ended by itself, cleanly and without a sanitizer's report."""
        if self.process is None:
            return True
        clean = True
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()
                clean = False
                with open(self.log, "a", encoding="utf-8") as log:  # for whoever prints output()
                    log.write("killed: it had not ended %d s after SIGTERM\n" % STOP_S)
        text = self.output()
        return clean and self.process.returncode == 0 and not any(
            sign in text for sign in ("Sanitizer", "runtime error:"))

    def __enter__(self):
        return self.start()

    def __exit__(self, failed, *_):
        """What it leaves behind at its end counts: a leak is told of only then."""
        if self.alive() and not self.stop() and failed is None:
            raise RuntimeError("the server has not ended cleanly: " + self.output()[-4000:])


class Tally:
    """Counts named checks and ends with the line that ./dev test adds up."""

    def __init__(self):
        self.passed = self.failed = 0
        self.lock = threading.Lock()

    def check(self, name, ok, why=""):
        with self.lock:
            self.passed += bool(ok)
            self.failed += not ok
        if not ok:
            print("FAIL %s: %s" % (name, why), flush=True)
        return ok

    def end(self):
        print("%d passed, %d failed" % (self.passed, self.failed), flush=True)
        return 1 if self.failed else 0


def remove(directory):
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":  # for tests in other languages
    if sys.argv[1] == "fresh":  # fresh BINARY DIR
        fresh(sys.argv[2], sys.argv[3])
    elif sys.argv[1] == "token":  # token DIR WHO
        print(token(sys.argv[2], sys.argv[3]))
    elif sys.argv[1] == "batches":  # batches DIR
        set_batch(sys.argv[2], enabled=True)
