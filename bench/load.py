"""What the benchmarks share: a filled directory, load from wrk, processor time of a server.

Load is one thread of wrk with keep-alive connections. tests/support has to be on the path.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time

import reeve

RECORDS = "/api/collections/entries/records"
LIST = RECORDS + "?perPage=30&skipTotal=1"
CONNECTIONS = 64
READ_BODY, INSERT_BODY = 60, 500  # bytes of the field `body`


def filled(binary, directory, rows):
    """A fresh data directory with so many rows in `entries`, whose id is their number."""
    reeve.fresh(binary, directory)
    reeve.run_sql(directory, "data", """WITH RECURSIVE c(n) AS
        (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d)
        INSERT INTO entries (id, title, body, n, created, updated)
        SELECT printf('%%015d', n), 'title ' || n, printf('%%0%dd', n), n,
            '2025-01-01 10:00:00.000Z', '2025-01-01 10:00:00.000Z' FROM c;""" % (rows, READ_BODY))
    return directory


def load(seconds, port, pid, path, script=None, connections=CONNECTIONS, token=None):
    """(requests a second, microseconds of the process's time a request)"""
    before = cpu_s(pid)
    command = ["wrk", "-t1", "-c%d" % connections, "-d%gs" % seconds, "--timeout", "60s"]
    if script:
        command += ["-s", script]
    if token:
        command += ["-H", "Authorization: " + token]
    text = subprocess.run(command + ["http://127.0.0.1:%d%s" % (port, path)], check=True,
                          capture_output=True, text=True).stdout
    spent = cpu_s(pid) - before
    if "Non-2xx" in text or "Socket errors" in text:
        print("  not clean: " + " ".join(re.findall(r"(?:Non-2xx|Socket errors).*", text)))
    count = int(re.search(r"(\d+) requests in", text)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    return rate, spent * 1e6 / max(1, count)


def cpu_s(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        words = f.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def point_script(home, rows):
    path = os.path.join(home, "point.lua")
    with open(path, "w", encoding="ascii") as f:
        f.write("""request = function()
    return wrk.format("GET", string.format("%s/%%015d", math.random(%d)))
end
""" % (RECORDS, rows))
    return path


def insert_script(home):
    path = os.path.join(home, "insert.lua")
    body = json.dumps({"title": "a title", "body": "x" * INSERT_BODY, "n": 1})
    with open(path, "w", encoding="ascii") as f:
        f.write("wrk.method = \"POST\"\nwrk.body = '%s'\n"
                "wrk.headers[\"Content-Type\"] = \"application/json\"\n" % body)
    return path


# --- the bare HTTP program ---------------------------------------------------------------------------


def program(top, name):
    return os.path.join(top, "build", "bench", name)


@contextlib.contextmanager
def bare_http(top, server, home):
    """(port, pid) of one that answers with the bytes of the server's own /api/health."""
    canned = os.path.join(home, "answer")
    with open(canned, "wb") as f:
        f.write(raw_answer(server.port, "/api/health"))
    port = reeve.free_port()
    bare = subprocess.Popen([program(top, "bare_http"), str(port),
                             str(len(os.sched_getaffinity(0))), canned])
    try:
        until_listening(port)
        yield port, bare.pid
    finally:
        bare.kill()
        bare.wait()


def until_listening(port):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.0002)
    sys.exit("nothing listens on port %d" % port)


def raw_answer(port, path):
    """The very bytes of an answer, head and all."""
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(("GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (path, port)).encode())
        data = b""
        while True:
            data += s.recv(65536)
            head, end, body = data.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            if end and length and len(body) >= int(length[1]):
                return data
