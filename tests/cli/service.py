#!/usr/bin/env python3
"""service.py BINARY

The program under a service manager, which is played here: sockets that are handed over, what the
manager is told, and restarts, in which no client may be turned away.
"""

import argparse
import contextlib
import http.client
import json
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

CLIENTS, RESTARTS = 200, 5
PAUSE_S = 0.5
FIRST_FD = 3
END_S = 60
PEOPLE = "/api/collections/people/records"


class Manager:
    """The socket that a service's words come to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.socket.settimeout(END_S)

    def next(self, *keys: str) -> dict[str, str]:
        """The next message that has one of these keys; the others are passed over."""
        while True:
            lines = self.socket.recv(4096).decode().splitlines()
            words = dict(line.split("=", 1) for line in lines)
            if any(key in words for key in keys):
                return words

    def close(self) -> None:
        self.socket.close()


class Service:
    """The program, with an environment and descriptors of its own."""

    def __init__(self, binary: str, directory: str, *args: str, env: dict[str, str] | None = None,
                 given: list[socket.socket] | None = None, log: str = "") -> None:
        self.log, self.given = log or directory + ".service.log", given
        words = [os.path.abspath(binary), "serve", "--dir", directory, *args]
        if os.geteuid():
            words.append("--dev")  # else its /proc is only root's to read
        environment = {**os.environ, **(env or {})}

        def child() -> None:
            """Only this process knows its number, and where its descriptors have to be."""
            for n, one in enumerate(given or []):
                os.dup2(one.fileno(), 100 + n)
            for n in range(len(given or [])):
                os.dup2(100 + n, FIRST_FD + n)
                os.close(100 + n)
            if given is not None:
                environment.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(given)))
            os.execve(words[0], words, environment)

        with open(self.log, "ab") as log_file:
            self.begins = log_file.tell()
            self.process = subprocess.Popen(["/nonexistent"], preexec_fn=child, stdin=subprocess.DEVNULL,
                                            stdout=log_file, stderr=log_file, close_fds=False)

    def output(self) -> str:
        with open(self.log, encoding="utf-8", errors="replace") as f:
            f.seek(self.begins)
            return f.read()

    def banners(self) -> int:
        return len(reeve.BANNER.findall(self.output()))

    def port(self) -> int:
        reeve.until("the server prints its address", self.banners, reeve.START_S)
        found = reeve.BANNER.search(self.output())
        return int(found[1]) if found else 0

    def end(self, sent: signal.Signals | None = signal.SIGTERM) -> int:
        """Its exit code; sent None: it ends by itself."""
        if sent and self.process.poll() is None:
            self.process.send_signal(sent)
        try:
            return self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def clean(self) -> bool:
        return not any(sign in self.output() for sign in ("Sanitizer", "runtime error:"))


@contextlib.contextmanager
def running(*args: object, **named: object) -> Iterator[Service]:
    service = Service(*args, **named)  # type: ignore[arg-type]
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()


def listener(host: str = "127.0.0.1", kind: int = socket.SOCK_STREAM, listens: bool = True) -> socket.socket:
    one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    one.bind((host, 0))
    if listens:
        one.listen(1024)
    return one


def ask(port: int, path: str, method: str = "GET", body: object = None, host: str = "127.0.0.1") -> tuple[int, bytes]:
    conn = http.client.HTTPConnection(host, port, timeout=END_S)
    try:
        conn.request(method, path, json.dumps(body) if body else None, {"content-type": "application/json"})
        reply = conn.getresponse()
        return reply.status, reply.read()
    finally:
        conn.close()


def health(port: int, host: str = "127.0.0.1") -> int:
    return ask(port, "/api/health", host=host)[0]


# --- sockets --------------------------------------------------------------------------------------


def takes_a_socket(binary: str, base: str, tally: reeve.Tally) -> None:
    """Also one that asks before the server is there."""
    for host in ("127.0.0.1", "::1"):
        try:
            one = listener(host)
        except OSError:  # no IPv6 here
            continue
        with one:
            port = one.getsockname()[1]
            early = socket.create_connection((host, port), timeout=END_S)
            early.sendall(b"GET /api/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            with running(binary, base, "--http", "192.0.2.1:1", given=[one]) as service:
                tally.check("%s: who came before is answered" % host, early.recv(15) == b"HTTP/1.1 200 OK", host)
                tally.check("%s: is served" % host, health(port, host) == 200)
                shown = "http://%s:%d" % ("[::1]" if ":" in host else host, port)
                tally.check("%s: is shown" % host, shown in service.output(), service.output())
                early.close()
                tally.check("%s: ends" % host, service.end() == 0 and service.clean(), service.output())


def refuses_others(binary: str, base: str, tally: reeve.Tally) -> None:
    with listener() as good, listener(kind=socket.SOCK_DGRAM, listens=False) as datagrams, \
            listener(listens=False) as deaf, socket.socket(socket.AF_UNIX) as local:
        local.bind("\0reeve-%d" % os.getpid())
        local.listen()
        for name, given, says in (("two", [good, good], "one socket can be served, no more"),
                                  ("datagrams", [datagrams], "is no TCP socket"),
                                  ("a local one", [local], "is no TCP socket"),
                                  ("one that does not listen", [deaf], "does not listen")):
            with running(binary, base, given=given, log=base + ".refused.log") as service:
                code = service.end(sent=None)
                tally.check("refused: " + name, code == 1 and says in service.output(), service.output())
        with open(os.devnull, "rb") as nothing, running(
                binary, base, given=[nothing], log=base + ".refused.log") as service:  # type: ignore[list-item]
            tally.check("refused: no socket", service.end(sent=None) == 1 and "is no socket" in service.output(),
                        service.output())


def ignores_what_is_for_others(binary: str, base: str, tally: reeve.Tally) -> None:
    for name, env in (("another process's", {"LISTEN_PID": "1", "LISTEN_FDS": "1"}),
                      ("none", {"LISTEN_FDS": "1"}), ("no number", {"LISTEN_PID": "x", "LISTEN_FDS": "1"})):
        with running(binary, base, "--http", "127.0.0.1:0", env=env) as service:
            tally.check("listens itself: " + name, health(service.port()) == 200)
            tally.check("ends: " + name, service.end() == 0)


def activated_by_systemd(binary: str, base: str, tally: reeve.Tally) -> None:
    """The real thing, where it is installed."""
    program = shutil.which("systemd-socket-activate")
    if not program:
        print("service: systemd-socket-activate is not installed: not tried", flush=True)
        return
    port = reeve.free_port()
    with open(base + ".activated.log", "wb") as log:
        process = subprocess.Popen([program, "--listen=127.0.0.1:%d" % port, os.path.abspath(binary), "serve",
                                    "--dir", base], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        def answers() -> bool:
            try:
                return health(port) == 200
            except ConnectionRefusedError:  # it does not listen yet
                return False
        tally.check("activated: answers", reeve.until("systemd-socket-activate listens", answers))
        process.send_signal(signal.SIGHUP)
        tally.check("activated: after a restart", health(port) == 200)
        process.terminate()
        tally.check("activated: ends", process.wait(END_S) == 0, open(base + ".activated.log").read())
    finally:
        process.kill()
        process.wait()


# --- what the manager is told ---------------------------------------------------------------------


def tells_the_manager(binary: str, base: str, tally: reeve.Tally) -> None:
    for name in (base + ".notify", "@reeve-service-%d" % os.getpid()):
        manager = Manager(name)
        with running(binary, base, "--http", "127.0.0.1:0", env={"NOTIFY_SOCKET": name}) as service:
            pid = str(service.process.pid)
            said = manager.next("READY", "RELOADING", "STOPPING")
            tally.check("told: ready", said.get("READY") == "1" and said.get("MAINPID") == pid, said)
            port = service.port()
            tally.check("told: where", said.get("STATUS") == "Serving at http://127.0.0.1:%d" % port, said)
            tally.check("told once it serves", health(port) == 200)
            before = time.monotonic_ns() // 1000
            service.process.send_signal(signal.SIGHUP)
            said = manager.next("READY", "RELOADING", "STOPPING")
            tally.check("told: reloading", said.get("RELOADING") == "1" and
                        before <= int(said.get("MONOTONIC_USEC", 0)) <= time.monotonic_ns() // 1000, said)
            said = manager.next("READY", "RELOADING", "STOPPING")
            tally.check("told: ready again", said.get("READY") == "1" and said.get("MAINPID") == pid, said)
            tally.check("the same port again", said["STATUS"].endswith(":%d" % port) and health(port) == 200, said)
            service.process.terminate()
            said = manager.next("READY", "RELOADING", "STOPPING")
            tally.check("told: stopping", said.get("STOPPING") == "1", said)
            tally.check("told, and ends", service.end(sent=None) == 0 and service.clean(), service.output())
        manager.close()


def says_that_it_lives(binary: str, base: str, tally: reeve.Tally) -> None:
    """While its loops go round. One that is held is none of the program's: it is stopped as a whole."""
    manager = Manager("@reeve-watchdog-%d" % os.getpid())
    env = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "300000"}
    with running(binary, base, "--http", "127.0.0.1:0", "--threads", "3", env=env) as service:
        manager.next("READY")
        began = time.monotonic()
        for _ in range(10):
            manager.next("WATCHDOG")
        tally.check("watchdog: in time", 0.5 < time.monotonic() - began < 10, time.monotonic() - began)
        service.process.send_signal(signal.SIGSTOP)
        while select.select([manager.socket], [], [], 1)[0]:
            manager.next("WATCHDOG")
        tally.check("watchdog: not while it stands", not select.select([manager.socket], [], [], 1)[0])
        service.process.send_signal(signal.SIGCONT)
        manager.next("WATCHDOG")
        service.process.send_signal(signal.SIGHUP)
        manager.next("READY")
        manager.next("WATCHDOG")
        tally.check("watchdog: ends", service.end() == 0)
    with running(binary, base, "--http", "127.0.0.1:0", env={**env, "WATCHDOG_PID": "1"}) as service:
        manager.next("READY")
        tally.check("watchdog: another's", not select.select([manager.socket], [], [], 1)[0])
        service.end()
    manager.close()


# --- restarts -------------------------------------------------------------------------------------


class Clients:
    """Each connects anew for every request, and asks again PAUSE_S later: half of them write. (A closed
    connection keeps its port for a minute, and other tests need some.)"""

    def __init__(self, port: int) -> None:
        self.port, self.over = port, threading.Event()
        self.failures: list[str] = []
        self.written: list[str] = []
        self.answers = 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(n,)) for n in range(CLIENTS)]

    def once(self, n: int, turn: int) -> None:
        name = "client-%d-%d" % (n, turn)
        if n % 2:
            status, body = ask(self.port, PEOPLE, "POST", {"name": name})
        else:
            status, body = ask(self.port, "/api/health")
        with self.lock:
            self.answers += 1
            if status != 200:
                self.failures.append("%d: %r" % (status, body))
            elif n % 2:
                self.written.append(name)

    def run(self, n: int) -> None:
        turn = 0
        while not self.over.is_set():
            turn += 1
            self.over.wait(PAUSE_S)
            try:
                self.once(n, turn)
            except (OSError, http.client.HTTPException) as e:
                with self.lock:
                    self.failures.append(repr(e))

    def __enter__(self) -> "Clients":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(END_S)


def turns_nobody_away(binary: str, base: str, tally: reeve.Tally) -> None:
    with running(binary, base, "--http", "127.0.0.1:0") as service:
        port, pid = service.port(), service.process.pid
        with Clients(port) as clients:
            for n in range(1, RESTARTS + 1):
                seen = clients.answers
                reeve.until("clients are answered", lambda: clients.answers > seen + CLIENTS, END_S)
                service.process.send_signal(signal.SIGHUP)
                reeve.until("start %d" % (n + 1), lambda: service.banners() == n + 1, END_S)
            seen = clients.answers
            reeve.until("clients are answered", lambda: clients.answers > seen + CLIENTS, END_S)
        tally.check("restart: nobody was turned away", not clients.failures,
                    "%d of %d: %s" % (len(clients.failures), clients.answers, clients.failures[:5]))
        names = {name for name, in reeve.query(base, "SELECT name FROM people WHERE name LIKE 'client-%'")}
        missing = [name for name in clients.written if name not in names]
        tally.check("restart: every answered write is there", clients.written and not missing, missing[:5])
        tally.check("restart: the same process", service.process.pid == pid and service.process.poll() is None)
        tally.check("restart: SIGTERM ends it", service.end() == 0 and service.clean(), service.output()[-2000:])
    print("service: %d answers over %d restarts" % (clients.answers, RESTARTS), flush=True)


def descriptors(pid: int) -> list[str]:
    """Where they lead, without what tells two of a kind apart."""
    found = []
    for fd in os.listdir("/proc/%d/fd" % pid):
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink("/proc/%d/fd/%s" % (pid, fd)).split(":[")[0])
    return sorted(found)


def inherits_nothing_else(binary: str, base: str, tally: reeve.Tally) -> None:
    """What was opened by the process before is not there any more, but for the listener and what it
    was started with itself: after ten restarts it has what it had after one."""
    with running(binary, base, "--http", "127.0.0.1:0") as service:
        port, counts = service.port(), []
        for n in range(1, 11):
            health(port)
            ask(port, PEOPLE, "POST", {"name": "descriptors"})
            service.process.send_signal(signal.SIGHUP)
            reeve.until("start %d" % (n + 1), lambda: service.banners() == n + 1, END_S)
            health(port)
            counts.append(len(descriptors(service.process.pid)))
        found = descriptors(service.process.pid)
        tally.check("descriptors: no more from start to start", max(counts) - min(counts) <= 4, (counts, found))
        tally.check("descriptors: one of data.db's a reader", found.count(os.path.realpath(base) + "/data.db") < 40,
                    found)
        with open("/proc/%d/environ" % service.process.pid, "rb") as f:
            environ = f.read().split(b"\0")
        tally.check("descriptors: told once", environ.count(b"LISTEN_FDS=1") == 1, environ)
        tally.check("descriptors: ends", service.end() == 0)


def inheritable(fd: int) -> bool:
    try:
        return os.get_inheritable(fd)
    except OSError:  # what the list was read with
        return False


REPLACED = """#!%s
import json, os, sys
fds = {fd: os.readlink("/proc/self/fd/" + fd) for fd in os.listdir("/proc/self/fd")
       if os.path.exists("/proc/self/fd/" + fd)}
with open(%r, "w") as f:
    json.dump({"fds": fds, "words": sys.argv[1:], "pid": os.getpid(),
               "listen": [os.environ.get("LISTEN_FDS"), os.environ.get("LISTEN_PID")]}, f)
"""


def leaves_the_exec_bare(binary: str, base: str, home: str, tally: reeve.Tally) -> None:
    """What the new program is given, seen by one that stands in its place."""
    place, seen = os.path.join(home, "replaced"), os.path.join(home, "seen")
    folder = os.path.dirname(os.path.abspath(binary))
    os.mkdir(place)
    for name in os.listdir(folder):
        if name.endswith(".so"):
            os.symlink(os.path.join(folder, name), os.path.join(place, name))
    program = os.path.join(place, "reeve")
    shutil.copy(binary, program)
    with running(program, base, "--http", "127.0.0.1:0") as service:
        port = service.port()
        health(port)
        started_with = {int(fd) for fd in os.listdir("/proc/self/fd") if inheritable(int(fd))}
        with open(program + ".new", "w", encoding="utf-8") as f:
            f.write(REPLACED % (sys.executable, seen))
        os.chmod(program + ".new", 0o755)
        os.rename(program + ".new", program)
        service.process.send_signal(signal.SIGHUP)
        tally.check("upgrade: what stands there is run", service.end(sent=None) == 0, service.output())
    with open(seen, encoding="utf-8") as f:
        found = json.load(f)
    fds = {int(fd): to for fd, to in found["fds"].items()}
    extra = {fd: to for fd, to in fds.items() if fd > FIRST_FD and fd not in started_with}
    tally.check("upgrade: the listener is given", fds.get(FIRST_FD, "").startswith("socket:"), fds)
    tally.check("upgrade: nothing else is", not extra, fds)
    pid = str(service.process.pid)
    words = ["serve", "--dir", base, "--http", "127.0.0.1:0"] + ["--dev"] * bool(os.geteuid())
    tally.check("upgrade: the same arguments", found["words"] == words, found)
    pid = service.process.pid
    tally.check("upgrade: told of it", found["listen"] == ["1", str(pid)] and found["pid"] == pid, found)


def stop_counts_more(binary: str, base: str, tally: reeve.Tally) -> None:
    for first, then in ((signal.SIGHUP, signal.SIGTERM), (signal.SIGTERM, signal.SIGHUP)):
        for wait_s in (0, 0.05, 0.3):
            with running(binary, base, "--http", "127.0.0.1:0") as service:
                service.port()
                service.process.send_signal(first)
                time.sleep(wait_s)  # wherever it is by then
                service.process.send_signal(then)
                code = service.end(sent=None)
                tally.check("%s, then %s" % (first.name, then.name), code == 0 and service.clean(),
                            (code, service.output()))


def a_terminal_that_closes(binary: str, base: str, tally: reeve.Tally) -> None:
    """Ends what was started from it."""
    master, slave = os.openpty()
    environment = dict(os.environ)
    log = base + ".terminal.log"
    words = [os.path.abspath(binary), "serve", "--dir", base, "--http", "127.0.0.1:0"]
    with open(log, "wb") as out:
        process = subprocess.Popen(words, stdin=slave, stdout=out, stderr=out, start_new_session=True,
                                   preexec_fn=lambda: take_terminal(slave), env=environment)
    os.close(slave)
    try:
        reeve.until("the server prints its address", lambda: reeve.BANNER.search(open(log).read()), reeve.START_S)
        process.send_signal(signal.SIGHUP)
        reeve.until("it has started again", lambda: len(reeve.BANNER.findall(open(log).read())) == 2, END_S)
        os.close(master)
        tally.check("a terminal that closes", process.wait(END_S) == 0, open(log).read())
    finally:
        process.kill()
        process.wait()


def take_terminal(slave: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


PARTS: list[Callable[[str, str, reeve.Tally], None]] = [
    takes_a_socket, refuses_others, ignores_what_is_for_others, activated_by_systemd, tells_the_manager,
    says_that_it_lives, turns_nobody_away, inherits_nothing_else, stop_counts_more, a_terminal_that_closes]


def run(binary: str, base: str, home: str, tally: reeve.Tally, names: list[str]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    for part in PARTS:
        if not names or part.__name__ in names:
            part(binary, base, tally)
    if not names or "leaves_the_exec_bare" in names:
        leaves_the_exec_bare(binary, base, home, tally)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("binary")
    parser.add_argument("names", nargs="*", help="parts to run; all where none is named")
    args = parser.parse_args()
    home, tally = reeve.scratch("service"), reeve.Tally()
    try:
        run(args.binary, reeve.fresh(args.binary, os.path.join(home, "data")), home, tally, args.names)
    finally:
        reeve.remove(home)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
