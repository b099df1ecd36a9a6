#!/usr/bin/env python3
"""Answers that are not one text in memory: borrowed, a file's, streams.

    answers.py SERVER [NAME...]     as run.py, from which the servers and the checks come
"""

import os
import socket
import struct
import sys
import tempfile
import threading
import time

from run import LAST, PATIENCE, Server, expect, read_all, read_until, run_tests, serving, status

TEXT = bytes(b"abcdefghijklmnopqrstuvwxyz"[i % 26] for i in range(4 << 20))
CLOSE = b"Connection: close\r\n"


def get(path: bytes, more: bytes = b"", method: bytes = b"GET", version: bytes = b"1.1") -> bytes:
    return b"%s %s HTTP/%s\r\nHost: a\r\n%s\r\n" % (method, path, version, more)


def body(got: bytes) -> bytes:
    return got.split(b"\r\n\r\n", 1)[1]


def unchunk(text: bytes) -> bytes:
    out, at = bytearray(), 0
    while True:
        begin = text.index(b"\r\n", at) + 2
        n = int(text[at:begin], 16)
        out += text[begin:begin + n]
        at = begin + n + 2
        expect(text[at - 2:at], b"\r\n")
        if n == 0:
            expect(len(text) - at, 0)
            return bytes(out)


def files(server: Server) -> int:
    """Descriptors of files that lie where ours do, once no connection is there."""
    server.until("no connection is there", connections=0)
    folder = "/proc/%d/fd/" % server.proc.pid
    return sum(os.readlink(folder + fd).startswith(tempfile.gettempdir()) for fd in os.listdir(folder))


def reluctant(server: Server, room: int = 4096) -> socket.socket:
    """A client with little room for what it does not read."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    sock.settimeout(PATIENCE)
    sock.connect(("127.0.0.1", server.port))
    return sock


class File:
    """A file of random bytes for the server to send."""

    def __init__(self, size: int):
        self.bytes = os.urandom(size)
        with tempfile.NamedTemporaryFile(delete=False) as f:
            f.write(self.bytes)
        self.name = f.name

    def path(self, at: int, n: int, more: bytes = b"") -> bytes:
        return b"/api/file?path=%s&at=%d&n=%d%s" % (self.name.encode(), at, n, more)

    def __enter__(self) -> "File":
        return self

    def __exit__(self, *_: object) -> None:
        os.unlink(self.name)


def test_borrowed() -> None:
    with serving() as server:
        for n in (0, 1, 2047, 2048, 2049, 70000, 4 << 20):
            got = server.say(get(b"/api/borrowed?n=%d" % n) + LAST)
            expect(body(got).startswith(TEXT[:n]) and got.count(b"healthy") == 1, True, n)
            expect(b"Content-Length: %d\r\n" % n in got, True, n)
        got = server.say(get(b"/api/borrowed?n=70000", CLOSE, b"HEAD"))
        expect((b"Content-Length: 70000\r\n" in got, body(got)), (True, b""))


def test_files() -> None:
    """Whole and in part; the connection goes on; no descriptor is left."""
    with serving() as server, File(5000001) as file:
        for at, n in ((0, 5000001), (0, 0), (0, 1), (4999999, 2), (262143, 262146), (100000, 1 << 20), (7, 16384)):
            got = server.say(get(file.path(at, n)) + LAST)
            expect(status(got), 206)
            expect(body(got)[:n] == file.bytes[at:at + n] and got.count(b"healthy") == 1, True, (at, n))
        got = server.say(get(file.path(0, 4000), CLOSE, b"HEAD"))
        expect((b"Content-Length: 4000\r\n" in got, body(got)), (True, b""))
        expect(status(server.say(get(file.path(0, 4000, b"&fails=1"), CLOSE))), 500)
        got = server.say(get(file.path(4999999, 10)) + LAST) # two bytes are there
        expect((b"Content-Length: 10\r\n" in got, len(body(got))), (True, 2))
        expect(files(server), 0)


def test_file_reader_that_is_slow() -> None:
    """Gets all of it, and nobody waits for it; one that leaves costs nothing."""
    with serving(loops=1) as server, File(3000000) as file:
        with reluctant(server) as sock:
            sock.sendall(get(file.path(0, 3000000), CLOSE))
            got = sock.recv(100000)
            expect(status(server.say(LAST)), 200)
            server.until("only the reader is there", connections=1)
            got += read_all(sock)
            expect(body(got) == file.bytes, True)
        for how in (0, 1):
            socks = [reluctant(server) for _ in range(10)]
            for sock in socks:
                sock.sendall(get(file.path(0, 3000000)))
                expect(len(sock.recv(1000)) > 0, True)
                if how:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.close()
            server.until("their connections are gone", connections=0)
        expect(files(server), 0)
    with serving(write_ms=300) as server, File(30000000) as file, reluctant(server) as sock:
        sock.sendall(get(file.path(0, 30000000)))
        server.until("the reader that has stopped is closed", requests=1, connections=0)


def test_write_deadline_is_for_progress() -> None:
    """An answer may take longer than that, as long as it is read."""
    with serving(write_ms=400) as server, File(3000000) as file:
        for path in (b"/api/big", file.path(0, 3000000)):
            with reluctant(server, 65536) as sock:
                sock.sendall(get(path, CLOSE))
                got = read_until(sock, b"\r\n\r\n")
                start = time.monotonic()
                while time.monotonic() - start < 1.5:
                    got += sock.recv(32768)
                    time.sleep(0.02)
                expect(len(got + read_all(sock)) >= 3000000, True, path)


def test_streams() -> None:
    with serving() as server:
        for n, size, paced in ((0, 0, 0), (1, 1, 0), (3, 5, 0), (20, 10000, 0), (5, 0, 0), (3000, 10000, 1)):
            path = b"/api/stream?n=%d&size=%d&paced=%d" % (n, size, paced)
            want = b"".join(b"%c" % (ord("a") + left % 26) * size for left in range(n, 0, -1))
            got = server.say(get(path, CLOSE))
            expect(b"Transfer-Encoding: chunked\r\n" in got and b"Content-Length" not in got, True)
            expect(unchunk(body(got)) == want, True, path)
            got = server.say(get(path) + LAST)
            expect(got.count(b"healthy"), 1, path)
            got = server.say(get(path, version=b"1.0"))
            expect((b"chunked" in got, body(got) == want), (False, True), path)
            got = server.say(get(path, CLOSE, b"HEAD"))
            expect((status(got), body(got)), (200, b""))
        server.until("all are over", streams=0, connections=0, in_flight=0)


def test_streams_of_known_size() -> None:
    """They have no chunks, and the connection goes on after them; less than was told ends it."""
    with serving() as server:
        for n, size, told in ((0, 0, 0), (3, 5, 15), (3000, 10000, 30000000)):
            path = b"/api/stream?n=%d&size=%d&paced=1&told=%d" % (n, size, told)
            want = b"".join(b"%c" % (ord("a") + left % 26) * size for left in range(n, 0, -1))
            for version in (b"1.1", b"1.0"):
                got = server.say(get(path, CLOSE, version=version))
                expect((b"chunked" in got, b"Content-Length: %d\r\n" % told in got), (False, True))
                expect(body(got) == want, True, path)
            got = server.say(get(path) + LAST)
            expect(got.count(b"healthy"), 1, path)
            got = server.say(get(path, CLOSE, b"HEAD"))
            expect((status(got), body(got), b"Content-Length: %d\r\n" % told in got), (200, b"", True))
        for n, size, told in ((3, 5, 16), (0, 0, 1), (3, 5, 14)):
            path = b"/api/stream?n=%d&size=%d&told=%d" % (n, size, told)
            got = server.say(get(path) + LAST)
            expect((b"healthy" in got, len(body(got)) < told), (False, True), path)
        server.until("all are over", streams=0, connections=0, in_flight=0)


def test_stream_reader_that_is_slow() -> None:
    """What waits for it has a bound; who reads in the end gets all that was within."""
    with serving() as server:
        with reluctant(server) as sock:
            sock.sendall(get(b"/api/stream?n=90&size=10000", CLOSE))
            server.until("it was written", requests=1)
            expect(status(server.say(LAST)), 200)
            got = read_all(sock)
            expect(len(unchunk(body(got))), 900000)
        with reluctant(server) as sock:
            sock.sendall(get(b"/api/stream?n=3000&size=10000"))
            server.until("it is given up", requests=3, streams=0, connections=0)
            expect(len(read_all(sock)) < 20000000, True)
    with serving(write_ms=300) as server, reluctant(server) as sock:
        sock.sendall(get(b"/api/stream?n=3000&size=10000&paced=1"))
        server.until("who reads nothing is closed", requests=1, streams=0, connections=0)


def test_streams_end() -> None:
    """By a client that leaves, by either of FIN and RST, and by the server's stop, in their form."""
    keep = get(b"/api/stream?n=2&size=3&keep=1")
    with serving(loops=2) as server:
        for reset in (False, True):
            socks = [server.connect() for _ in range(20)]
            for sock in socks:
                sock.sendall(keep)
                read_until(sock, b"bbb\r\n")
            server.until("they are open", streams=20)
            expect(server.counters()["in_flight"], 0)
            for sock in socks:
                if reset:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.close()
            server.until("they are over", streams=0, connections=0)
    with serving(shutdown_ms=60000) as server:
        sock = server.connect()
        sock.sendall(keep)
        got = read_until(sock, b"bbb\r\n")
        server.proc.terminate()
        got += read_all(sock)
        expect(unchunk(body(got)), b"cccbbb")
        sock.close()
    with serving(shutdown_ms=300) as server, reluctant(server) as sock:
        sock.sendall(get(b"/api/stream?n=90&size=10000&keep=1"))
        server.until("it is open", streams=1)
        server.proc.terminate()
        expect(server.proc.wait(PATIENCE), 0)


def test_streams_that_break() -> None:
    """Their clients have stopped reading, sent a FIN and gone: more of them than are kept for reuse."""
    with serving() as server:
        socks = [reluctant(server) for _ in range(100)]
        for sock in socks:
            sock.sendall(get(b"/api/stream?n=1000&size=60000&paced=1&keep=1"))
        server.until("they are open", streams=100)
        for sock in socks:
            sock.shutdown(socket.SHUT_WR)
        time.sleep(0.3)
        for sock in socks:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        server.until("they are over", streams=0, connections=0)


def test_stream_that_is_opened_late() -> None:
    """Its client has left, or the server drains: it ends, and nobody waits for it."""
    late = get(b"/api/late?n=0&keep=1")
    with serving() as server:
        with server.connect() as sock:
            sock.sendall(late)
            server.until("the handler works", slow=1)
        server.release()
        server.until("it is over", streams=0, connections=0, in_flight=0)
    with serving(shutdown_ms=60000) as server, server.connect() as sock:
        sock.sendall(late)
        server.until("the handler works", slow=1)
        server.proc.terminate()
        time.sleep(0.2)
        server.release()
        expect(server.proc.wait(PATIENCE), 0)


def read_at(sock: socket.socket, rate: float, limit: int) -> int:
    """Reads so many bytes a second, to the end or to the limit; how many came."""
    got, start = 0, time.monotonic()
    while got < limit:
        piece = sock.recv(65536)
        if not piece:
            break
        got += len(piece)
        time.sleep(max(0.0, got / rate - (time.monotonic() - start)))
    return got


def test_steady_readers_are_kept() -> None:
    """Whoever takes enough before each deadline gets all, in whatever pieces it leaves here."""
    with serving(write_ms=500) as server, File(4000000) as file:
        paths = (b"/api/big", file.path(0, 4000000), b"/api/stream?n=1000&size=4000&paced=1")
        socks = [reluctant(server, 65536) for _ in range(12)]
        counts: list[int] = []
        threads = [threading.Thread(target=lambda s=sock: counts.append(read_at(s, 1.5e6, 4000000)))
                   for sock in socks]
        for n, sock in enumerate(socks):
            sock.sendall(get(paths[n % len(paths)], CLOSE))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for sock in socks:
            sock.close()
        expect([n >= 4000000 for n in counts], [True] * len(socks))


def test_swift_stream_is_kept() -> None:
    """While memory is short: who takes all that there is is not slow, though there is always more."""
    with serving(quiet=False, memory=24 << 20) as server:
        hogs = [reluctant(server) for _ in range(3)]
        for sock in hogs:
            sock.sendall(get(b"/api/big"))
        server.until("they have asked", requests=3)
        with server.connect() as sock:
            sock.sendall(get(b"/api/stream?n=100000&size=30000&paced=1"))
            expect(read_at(sock, 2e7, 60000000) >= 60000000, True)
        for sock in hogs:
            sock.close()


def test_stream_memory() -> None:
    """What waits is charged; when memory is short, who does not read makes room."""
    with serving(quiet=False, memory=4000000) as server:
        socks = [reluctant(server) for _ in range(20)]
        for sock in socks:
            sock.sendall(get(b"/api/stream?n=50&size=200000&paced=1"))
        server.until("all were opened", requests=20)
        server.until_memory("room is made", 0, 2000000)
        expect(status(server.say(LAST)), 200)
        expect(0 < server.counters()["streams"] < 20, True)
        for sock in socks:
            sock.close()
        server.until("all are gone", streams=0)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
