"""Files: small downloads beside /api/health, and a large file up and down beside what a copy takes."""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time

import reeve

SMALL, LARGE, PIECE = 20000, 1 << 30, 1 << 20
FIELDS = [{"name": "file", "type": "file", "maxSelect": 1, "maxSize": 2 * LARGE}]
PUBLIC = "/assets/small.js"
RECORDS = "/api/collections/blobs/records"
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n\r\n'
TAIL = b"\r\n--b--\r\n"


def collection(server):
    root = {"Authorization": reeve.token(server.dir, "root")}
    status, said, _ = server.request("POST", "/api/collections", {
        "name": "blobs", "type": "base", "createRule": "", "fields": FIELDS}, root)
    if status != 200:
        sys.exit("no collection for files: %r" % said)


def send(port, path, size):
    """Uploads size bytes of a file; the record's download path."""
    request = "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n" \
        "Content-Length: %d\r\n\r\n" % (RECORDS, len(HEAD) + size + len(TAIL))
    with socket.create_connection(("127.0.0.1", port)) as s, open(path, "rb") as f:
        s.sendall(request.encode() + HEAD)
        s.sendfile(f, count=size)
        s.sendall(TAIL)
        reply = b""
        while b"\r\n\r\n" not in reply or not reply.endswith(b"}"):
            reply += s.recv(65536)
    record = json.loads(reply.partition(b"\r\n\r\n")[2])
    return "/api/files/blobs/%s/%s" % (record["id"], record["file"])


def fetch(port, path, to):
    """Downloads into a file, which is on disk then."""
    with socket.create_connection(("127.0.0.1", port)) as s, open(to, "wb") as f:
        s.sendall(("GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % path).encode())
        with s.makefile("rb") as reply:
            while reply.readline() != b"\r\n":
                pass
            shutil.copyfileobj(reply, f, PIECE)
        f.flush()
        os.fsync(f.fileno())


def copy(source, to):
    with open(source, "rb") as f, open(to, "wb") as g:
        shutil.copyfileobj(f, g, PIECE)
        g.flush()
        os.fsync(g.fileno())


class Beside:
    """Point reads of one client, one after the other, and the server's memory meanwhile."""

    def __init__(self, server):
        self.server, self.took, self.most, self.over = server, [], 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        connection = reeve.Connection("127.0.0.1", self.server.port, timeout=60)
        while not self.over.is_set():
            begun = time.monotonic()
            connection.request("GET", "/api/health")
            connection.getresponse().read()
            self.took.append(time.monotonic() - begun)
            if len(self.took) % 20 == 0:
                self.most = max(self.most, self.server.status("RssAnon"))
            time.sleep(0.002)
        connection.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def p99_ms(self):
        return 1000 * statistics.quantiles(self.took, n=100)[98]


def timed(function, *args):
    begun = time.monotonic()
    function(*args)
    return time.monotonic() - begun


def compare_large(server, home, rounds):
    source, target = os.path.join(home, "source"), os.path.join(home, "target")
    with open(source, "wb") as f:
        for _ in range(LARGE // PIECE):
            f.write(os.urandom(PIECE))
        os.fsync(f.fileno())
    with Beside(server) as idle:
        time.sleep(2)
    for _ in range(rounds):
        plain = timed(copy, source, target)
        with Beside(server) as beside:
            begun = time.monotonic()
            path = send(server.port, source, LARGE)
            up = time.monotonic() - begun
            down = timed(fetch, server.port, path, target)
        print("1 GB: copied in %.2f s, up in %.2f s (%.0f %%, wanted: 60), down in %.2f s (%.0f %%, wanted: 60); "
              "RssAnon %.0f MB (wanted: 40 or less); p99 of others %.2f ms (alone: %.2f)" % (
                  plain, up, 100 * plain / up, down, 100 * plain / down, beside.most / 1e6, beside.p99_ms(),
                  idle.p99_ms()), flush=True)


def small_path(server, home):
    path = os.path.join(home, "small")
    with open(path, "wb") as f:
        f.write(os.urandom(SMALL))
    return send(server.port, path, SMALL)


def public_dir(home):
    path = os.path.join(home, "public")
    os.makedirs(os.path.join(path, "assets"))
    with open(os.path.join(path, PUBLIC[1:]), "wb") as f:
        f.write(os.urandom(SMALL))
    return path
