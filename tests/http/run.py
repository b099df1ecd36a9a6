#!/usr/bin/env python3
"""Throws malformed, slow and rude requests at the HTTP layer alone (tests/http/server.c).

    run.py SERVER [NAME...]     SERVER: the built program; NAME: only tests whose name holds it

Each test starts a server of its own, ends it with SIGTERM and wants exit status 0 and silence:
a sanitizer's report on standard error fails the test. Prints what cmocka prints.

The machine may be slow and the server may be stopped at any time, so no test sleeps to let something
happen: it waits for the server's counters (see server.c). What is proved about time is proved by
order: the other thing that could have ended a wait lies further away than PATIENCE.
"""

import contextlib
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

GET = b"GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /api/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
PATIENCE = 20.0 # seconds; who waits so long is told that it hangs
NEVER_MS = 600001 # longer than any patience; odd: the handler wakes the loop itself


class Server:
    """A running server; options as keywords: loops=2, head_ms=100."""

    def __init__(self, **options: object):
        args = [BINARY]
        for name, value in options.items():
            args += ["--" + name.replace("_", "-"), str(value)]
        self.proc = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, bufsize=0)
        self.said = "" # on standard error, once it has ended
        self.port = int(self.line("its port"))

    def line(self, what: str) -> str:
        """The next line it prints."""
        assert self.proc.stdout is not None
        end = time.monotonic() + PATIENCE
        got = b""
        while not got.endswith(b"\n"):
            left = max(0.0, end - time.monotonic())
            piece = b""
            if select.select([self.proc.stdout], [], [], left)[0]:
                piece = os.read(self.proc.stdout.fileno(), 1)
            if not piece:
                raise AssertionError("waited for the server to print %s; it printed %r" % (what, got))
            got += piece
        return got.decode()

    def ask(self, question: bytes) -> None:
        assert self.proc.stdin is not None
        self.proc.stdin.write(question)

    def counters(self) -> dict[str, int]:
        self.ask(b"?")
        return {k: int(v) for k, v in (word.split("=") for word in self.line("counters").split())}

    def until(self, what: str, **wanted: int) -> None:
        """Waits until these counters have these values."""
        end = time.monotonic() + PATIENCE
        while not wanted.items() <= (found := self.counters()).items():
            if time.monotonic() > end:
                raise AssertionError("waited %d s until %s: %r, but the counters are %r"
                                     % (PATIENCE, what, wanted, found))
            time.sleep(0.005)

    def until_memory(self, what: str, least: int, most: int) -> None:
        """Waits until it has so many bytes in use."""
        end = time.monotonic() + PATIENCE
        while not least <= (found := self.counters()["memory"]) <= most:
            if time.monotonic() > end:
                raise AssertionError("waited %d s until %s: %d bytes are in use" % (PATIENCE, what, found))
            time.sleep(0.005)

    def release(self) -> None:
        """Slow handlers wait no longer."""
        self.ask(b"!")

    def connect(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def say(self, data: bytes, finish: bool = False) -> bytes:
        """Sends bytes, reads to the end."""
        with self.connect() as sock:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                sock.sendall(data)
                if finish:
                    sock.shutdown(socket.SHUT_WR)
            return read_all(sock)

    def stop(self) -> str:
        """Ends it; what it had to say."""
        if self.proc.poll() is None:
            self.proc.terminate()
        try:
            _, err = self.proc.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            _, err = self.proc.communicate()
            err += b"waited %d s for its end after SIGTERM" % PATIENCE
        self.said = err.decode("utf-8", "replace")
        if self.proc.returncode != 0:
            raise AssertionError("exit status %d\n%s" % (self.proc.returncode, self.said))
        return self.said


@contextlib.contextmanager
def serving(quiet: bool = True, **options: object) -> Iterator[Server]:
    """A server for a test, which must end well."""
    server = Server(**options)
    try:
        yield server
    except BaseException:
        server.proc.kill()
        server.proc.communicate()
        raise
    text = server.stop()
    if quiet and text:
        raise AssertionError("the server says:\n" + text)


def read_all(sock: socket.socket) -> bytes:
    """To the end of the connection; a reset ends it too."""
    got = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while piece := receive(sock, got, "the end of the connection"):
            got += piece
    return bytes(got)


def receive(sock: socket.socket, got: bytes | bytearray, what: str) -> bytes:
    sock.settimeout(PATIENCE)
    try:
        return sock.recv(65536)
    except TimeoutError:
        raise AssertionError("waited %d s for %s; the last that came was %r"
                             % (PATIENCE, what, bytes(got[-200:]))) from None


def read_until(sock: socket.socket, mark: bytes) -> bytes:
    got = b""
    while mark not in got:
        piece = receive(sock, got, repr(mark))
        if not piece:
            raise AssertionError("closed after %r" % got[-200:])
        got += piece
    return got


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


def expect(what: object, want: object, about: object = "") -> None:
    if what != want:
        raise AssertionError("%r instead of %r %s" % (what, want, about))


def test_malformed_heads() -> None:
    """Every one is answered and the connection closed."""
    cases = {
        b"\r\n": 400, b"GET\r\n\r\n": 400, b"GET /\r\n\r\n": 400, b" GET / HTTP/1.1\r\n\r\n": 400,
        b"GET / HTTP/1.1 \r\n\r\n": 400, b"G@T / HTTP/1.1\r\nHost: a\r\n\r\n": 400,
        b"GET / HTTP/2.0\r\nHost: a\r\n\r\n": 505, b"GET / HTTP/1.1\r\n\r\n": 400,
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n": 400,
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n": 400, b"GET / HTTP/1.1\r\nHost : a\r\n\r\n": 400,
        b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n": 400,
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n": 400,
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n": 400,
        b"GET / HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n": 400,
        b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n": 400, b"GET x HTTP/1.1\r\nHost: a\r\n\r\n": 400,
        b"GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n": 417,
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 1100000 + b"\r\n\r\n": 431,
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 600 + b"\r\n": 431,
        b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n": 405, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": 400,
        b"GET * HTTP/1.1\r\nHost: a\r\n\r\n": 400,
    }
    with serving() as server:
        for text, want in cases.items():
            expect(status(server.say(text)), want, text[:80])


def test_framing() -> None:
    """Whose length is in doubt is refused: nothing of it may be taken for a next request."""
    post = b"POST /api/echo HTTP/1.1\r\nHost: a\r\n"
    cases = {
        b"Content-Length: x\r\n\r\n": 400, b"Content-Length: -1\r\n\r\n": 400,
        b"Content-Length: +1\r\n\r\n": 400, b"Content-Length: \r\n\r\n": 400,
        b"Content-Length: 1, 1\r\n\r\n": 400, b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n": 400,
        b"Content-Length: 1\r\nContent-Length: 1\r\n\r\n": 400,
        b"Content-Length: 99999999999999999999\r\n\r\n": 400,
        b"Content-Length: 9223372036854775808\r\n\r\n": 400,
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n": 400,
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n": 400,
        b"Transfer-Encoding: gzip\r\n\r\n": 501, b"Transfer-Encoding: chunked, chunked\r\n\r\n": 501,
        b"Transfer-Encoding: gzip, chunked\r\n\r\n": 501, b"Transfer-Encoding:\r\n\r\n": 501,
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n": 501,
        b"Transfer-Encoding: xchunked\r\n\r\n": 501,
    }
    with serving() as server:
        for text, want in cases.items():
            answer = server.say(post + text + b"0\r\n\r\n" + LAST)
            expect(status(answer), want, text)
            expect(answer.count(b"HTTP/1.1 "), 1, text)


def test_pipelining() -> None:
    """Many at once, in pieces of every size, are answered in order."""
    post = b"POST /api/echo HTTP/1.1\r\nHost: a\r\n"
    chunked = post + b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: x\r\n\r\n"
    length = post + b"Content-Length: 5\r\n\r\nhello"
    text = (GET + length + chunked) * 5 + LAST
    with serving() as server:
        for size in (1, 2, 3, 7, 50, 1000, len(text)):
            with server.connect() as sock:
                for at in range(0, len(text), size):
                    sock.sendall(text[at:at + size])
                got = read_all(sock)
            expect(got.count(b"HTTP/1.1 200 OK"), 16, "pieces of %d" % size)
            expect(got.count(b"POST 5 00 hello"), 5, "pieces of %d" % size)
            expect(got.count(b"POST 3 00 abc"), 5, "pieces of %d" % size)
        got = server.say(GET * 2000 + LAST)
        expect(got.count(b"HTTP/1.1 200 OK"), 2001)
        slow = b"GET /api/slow?ms=6 HTTP/1.1\r\nHost: a\r\n\r\n"
        got = server.say((slow + GET) * 20 + LAST)
        expect(got.count(b"waited"), 20)
        expect(got.count(b"healthy"), 21)


def test_bodies() -> None:
    """Each size, in place, gathered or chunked, arrives whole."""
    with serving() as server:
        for size in (1, 100, 15000, 16000, 16384, 16385, 40000, 70000, 1048576):
            body = bytes(i * 7 % 251 for i in range(size))
            head = b"POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size
            got = server.say(head + body + LAST)
            expect(got.split(b"\r\n\r\n", 1)[1][:size + 20].split(b" ", 3)[1], b"%d" % size)
            expect(body in got and got.count(b"healthy") == 1, True, size)
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(p), p)
                for p in (body[at:at + 9999] for at in range(0, size, 9999)))
            head = b"POST /api/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            got = server.say(head + chunks + b"0\r\n\r\n" + LAST)
            expect(body in got and got.count(b"healthy") == 1, True, "chunked %d" % size)


def test_bodies_too_large() -> None:
    """Told from the length at once, of a chunked one when it passes the limit."""
    post = b"POST /api/echo HTTP/1.1\r\nHost: a\r\n"
    with serving() as server:
        got = server.say(post + b"Content-Length: 1048577\r\n\r\n")
        expect(status(got), 413)
        expect(b"POST 0 10 " in got and b"Connection: close" in got, True)
        got = server.say(post + b"Content-Length: 1048577\r\n\r\n" + b"x" * 1048577)
        expect(status(got), 413)
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        got = server.say(post + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 17)
        expect(status(got), 413)
        expect(b"Request entity too large." in got, True)
        with server.connect() as sock: # whoever goes on sending is cut off
            sock.sendall(post + b"Content-Length: 1000000000\r\n\r\n")
            sent = 0
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                while sent < 100 * 1048576:
                    sent += sock.send(b"x" * 65536)
            expect(sent < 100 * 1048576, True, "bytes taken: %d" % sent)


def test_memory_is_short() -> None:
    """Beyond the budget: 503, and what was taken is given back."""
    post = b"POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
    chunked = b"POST /api/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving(quiet=False, memory=900000) as server:
        server.until_memory("it is idle", 0, 250000)
        for _ in range(3):
            for request in (
                post % 900000 + b"x" * 900000,
                post % 500000 + b"x" * 500000, # there is room for it, and none for the answer
                chunked + b"d0000\r\n" + b"x" * 0xd0000 + b"\r\n0\r\n\r\n",
                b"GET /api/big HTTP/1.1\r\nHost: a\r\n\r\n",
            ):
                got = server.say(request + LAST)
                expect((status(got), b"Retry-After: 1" in got), (503, True), request[:60])
                server.until_memory("memory is given back", 0, 250000)
        expect(status(server.say(post % 200000 + b"x" * 200000 + LAST)), 200)


def test_memory_goes_to_the_swift() -> None:
    """Over half of the budget those end who hold memory and do not move; others do not notice."""
    post = b"POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n"
    for loops in (1, 3):
        with serving(quiet=False, memory=6000000, loops=loops) as server:
            stalled = [server.connect() for _ in range(12)]
            for sock in stalled:
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    sock.sendall(post + b"x" * 400000)
            expect(len(select.select(stalled, [], [], PATIENCE)[0]) > 0, True, "somebody is ended")
            server.until_memory("room is made", 0, 3000000)
            alive = 0
            for sock in stalled:
                sock.setblocking(False)
                try:
                    expect(sock.recv(20)[:12], b"HTTP/1.1 503")
                except BlockingIOError:
                    alive += 1
            expect(alive < 12, True, "%d of 12 go on" % alive)
            small = b"POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100000
            with server.connect() as swift:
                swift.sendall(post)
                for _ in range(30):
                    swift.sendall(b"x" * 30000)
                    expect(status(server.say(small + LAST)), 200)
                    time.sleep(0.02)
                expect(status(read_until(swift, b"\r\n\r\n")), 200)
            for sock in stalled:
                sock.close()
    with serving(quiet=False, memory=40000000) as server:
        readers = [server.connect() for _ in range(12)]
        for sock in readers:
            sock.sendall(b"GET /api/big HTTP/1.1\r\nHost: a\r\n\r\n")
        server.until("all have asked", requests=12)
        server.until_memory("room is made of answers that nobody reads", 0, 20000000)
        expect(status(server.say(LAST)), 200)
        expect(len(server.say(b"GET /api/big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")) > 8 * 1048576, True)
        for sock in readers:
            sock.close()


def test_unread_answers() -> None:
    """They have a bound of their own, whatever memory there is; who reads gets all."""
    big = b"GET /api/big HTTP/1.1\r\nHost: a\r\n\r\n"
    with serving(quiet=False, loops=2) as server:
        readers = [server.connect() for _ in range(48)]
        for sock in readers:
            sock.sendall(big)
        server.until("all have asked", requests=48)
        server.until_memory("room is made", 0, 300 << 20)
        with server.connect() as sock:
            sock.sendall(big.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            expect(len(read_all(sock)) > 8 * 1048576, True)
        for sock in readers:
            sock.close()
        server.until("all are gone", connections=0)
        server.until_memory("all is given back", 0, 3 << 20)


def test_heads_hold_memory() -> None:
    """Long heads that do not end are no way around the budget."""
    head = b"GET /api/health HTTP/1.1\r\nHost: a\r\nA: " + b"b" * 1000000
    with serving(quiet=False, memory=8000000) as server:
        socks = [server.connect() for _ in range(12)]
        for sock in socks:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                sock.sendall(head)
        expect(len(select.select(socks, [], [], PATIENCE)[0]) > 0, True, "somebody is ended")
        server.until_memory("room is made", 0, 4000000)
        expect(status(server.say(LAST)), 200)
        for sock in socks:
            sock.close()


def test_sinks() -> None:
    """A body that goes to a sink arrives there whole, by any framing; its connection goes on."""
    kind = b"POST /api/echo?unlimited HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data\r\n"
    with serving() as server:
        for size in (20000, 262143, 262144, 262145, 524288, 3000000):
            body = bytes(i * 7 % 251 for i in range(size))
            seen = b"sunk %d %d" % (size, sum(body))
            got = server.say(kind + b"Content-Length: %d\r\n\r\n" % size + body + LAST)
            expect((seen in got, got.count(b"healthy")), (True, 1), size)
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(p), p)
                              for p in (body[at:at + 99999] for at in range(0, size, 99999)))
            got = server.say(kind + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n" + LAST)
            expect((seen in got, got.count(b"healthy")), (True, 1), "chunked %d" % size)
        # one that has had enough answers at once, and the rest is not read
        for head in (b"Content-Length: 3000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n2dc6c0\r\n"):
            with server.connect() as sock:
                sock.sendall(kind + head + b"enough!" + b"x" * 400000)
                got = read_until(sock, b"sunk ")
                expect((status(got), b"Connection: close" in got), (200, True))
        with server.connect() as sock: # a client that leaves in the middle, while the sink works
            sock.sendall(kind + b"Content-Length: 3000000\r\n\r\n" + b"x" * 1000000)
        got = server.say(kind + b"Transfer-Encoding: chunked\r\n\r\n4e20\r\n" + b"x" * 20000 + b"\r\nzz\r\n")
        expect(b"POST 0 01 sunk" in got, True)
        server.until("nothing is left", connections=0, in_flight=0)
    with serving(body_ms=300) as server, server.connect() as sock:
        sock.sendall(kind + b"Content-Length: 3000000\r\n\r\n" + b"x" * 1000000)
        expect(status(read_until(sock, b"\r\n\r\n")), 408)


def test_sink_that_is_late() -> None:
    """A body that came in time is not refused since its sink had to wait."""
    body = b"x" * 300000
    with serving(body_ms=300) as server:
        busy = [server.connect() for _ in range(4)]
        for sock in busy:
            sock.sendall(b"GET /api/slow?ms=%d HTTP/1.1\r\nHost: a\r\n\r\n" % NEVER_MS)
        server.until("all threads of the pool are taken", slow=4)
        with server.connect() as sock:
            sock.sendall(b"POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(body) + body)
            time.sleep(0.6)
            server.release()
            expect(status(read_until(sock, b"sunk ")), 200)
        for sock in busy:
            sock.close()


def test_body_that_nobody_wants() -> None:
    """It is read and dropped, so that its client gets the answer and can go on; not asked for, if it waits."""
    post = b"POST /api/echo?unread HTTP/1.1\r\nHost: a\r\n"
    with serving() as server:
        server.until_memory("it is idle", 0, 300000)
        for size in (5, 20000, 900000):
            body = b"x" * size
            got = server.say(post + b"Content-Length: %d\r\n\r\n" % size + body + LAST)
            expect((got.count(b"HTTP/1.1 200"), size < 16384 or b"unread" in got), (2, True), size)
            got = server.say(post + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (size, body) + LAST)
            expect((got.count(b"HTTP/1.1 200"), b"unread" in got), (2, True), size)
        with server.connect() as sock:
            sock.sendall(post + b"Content-Length: 900000\r\n\r\n" + b"x" * 899999)
            server.until_memory("nothing of it is kept", 0, 300000)
            sock.sendall(b"x")
            expect(status(read_until(sock, b"unread")), 200)
        got = server.say(post + b"Content-Length: 900000\r\nExpect: 100-continue\r\n\r\n")
        expect((status(got), b"unread" in got), (200, True))


def test_broken_chunks() -> None:
    """The handler learns of it, and the connection ends."""
    post = b"POST /api/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving() as server:
        for text, want in {
            b"zz\r\n": b"POST 0 01 ", b"2\r\nab0\r\n\r\n": b"POST 2 01 ab", b"-1\r\n\r\n": b"POST 0 01 ",
            b"fffffffffffffffff\r\n": b"POST 0 01 ", b"2\nab\n0\n\n": b"POST 0 01 ",
            b"1\r\nx\r\n0\r\n" + b"A: b\r\n" * 30000: b"POST 1 01 x",
            b"1;" + b"x" * 200000: b"POST 0 01 ",
        }.items():
            got = server.say(post + text)
            expect(got.split(b"\r\n\r\n", 1)[1], want, text[:40])
            expect(b"Connection: close" in got, True)


def test_continue() -> None:
    with serving() as server, server.connect() as sock:
        sock.sendall(b"POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        expect(read_until(sock, b"\r\n\r\n"), b"HTTP/1.1 100 Continue\r\n\r\n")
        sock.sendall(b"ab")
        expect(b"POST 2 00 ab" in read_until(sock, b"ab"), True)
        sock.sendall(b"POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\nExpect: 100-continue\r\n\r\n")
        expect(status(read_until(sock, b"\r\n\r\n")), 413)


def test_methods_and_versions() -> None:
    with serving() as server:
        got = server.say(b"HEAD /api/health HTTP/1.1\r\nHost: a\r\n\r\n" + LAST)
        expect(got.count(b"Content-Length: 50\r\n"), 2)
        expect(got.count(b"healthy"), 1)
        got = server.say(b"HEAD /no HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        expect((status(got), b"Content-Length" in got, got.endswith(b"\r\n\r\n")), (404, False, True))
        got = server.say(b"GET /api/health HTTP/1.0\r\n\r\n")
        expect((got[:15], b"Connection" in got), (b"HTTP/1.0 200 OK", False))
        got = server.say(b"GET /api/health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + LAST)
        expect(got.count(b"healthy"), 2)
        got = server.say(b"GET //api/./health/..//health?a=1&b HTTP/1.1\r\nHost: a\r\n\r\n" + LAST)
        expect(b"Location: /api/health?a=1&b\r\n" in got and got.count(b"healthy") == 1, True)
        got = server.say(b"GET /api/p/a%2Fb/x/%00?q=%20 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        expect(got.split(b"\r\n\r\n", 1)[1], b"a/b|\x00||| ")


def test_cors() -> None:
    head = b"%s /api/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nOrigin: %s\r\n\r\n"
    with serving(origins="https://a.example, https://*.b.example") as server:
        for origin, want in {b"https://a.example": True, b"https://x.y.b.example": True,
                b"https://b.example": False, b"https://A.example": False, b"": False}.items():
            got = server.say(head % (b"GET", origin))
            expect(b"Access-Control-Allow-Origin: " + origin + b"\r\n" in got, want, origin)
            expect((status(got), b"\r\nVary: Origin\r\n" in got), (200, True), origin)
            got = server.say(head % (b"OPTIONS", origin))
            expect((status(got), b"Allow-Methods" in got), (204, want), origin)


def test_deadlines() -> None:
    """By the clock: a slow sender does not last, and gets its socket closed.

    The other deadlines are far away and what drips never completes anything, so whatever ends the
    connection is the deadline in question, however late. Early it must not be: what it counts from
    comes after `start`, and half a millisecond or so is lost to clocks that count whole ones.
    """
    for limit, text, want in (
        ("head", b"", 0), ("head", b"GET / HTTP/1.1\r\n", 0),
        ("body", b"POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\nx", 408),
        ("body", b"POST /api/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n", 408),
        ("idle", GET, 200),
    ):
        limits = {"head_ms": NEVER_MS, "body_ms": NEVER_MS, "idle_ms": NEVER_MS, limit + "_ms": 400}
        with serving(**limits) as server:
            start = time.monotonic()
            with server.connect() as sock:
                sock.sendall(text)
                stop = threading.Event()
                what = b"a" if limit != "idle" else b""
                drip = threading.Thread(target=drip_feed, args=(sock, stop, what))
                drip.start()
                try:
                    got = read_all(sock)
                finally:
                    took = time.monotonic() - start
                    stop.set()
                    drip.join()
            expect(status(got), want, text)
            expect(took > 0.39, True, "%s took %.2f s" % (limit, took))


def drip_feed(sock: socket.socket, stop: threading.Event, what: bytes) -> None:
    while what and not stop.wait(0.05):
        try:
            sock.sendall(what)
        except OSError:
            return


def test_reader_that_stops() -> None:
    """An answer that nobody reads holds its connection for write_ms only, and nobody else up."""
    big = b"GET /api/big HTTP/1.1\r\nHost: a\r\n\r\n"
    with serving(write_ms=300) as server, server.connect() as sock:
        sock.sendall(big * 3)
        server.until("the connection that nobody reads is closed", requests=1, connections=0)
        expect(len(read_all(sock)) < 8 * 1048576, True, "the whole answer came")
    with serving(write_ms=NEVER_MS) as server, server.connect() as sock:
        sock.sendall(big * 2 + LAST)
        server.until("an answer waits for its reader", requests=1)
        expect(status(server.say(LAST)), 200)
        server.until("that one is closed, and the reader's is not", connections=1)
        got = read_all(sock)
        expect(len(got) > 2 * 8 * 1048576 and got.count(b"healthy") == 1, True)


def test_client_leaves() -> None:
    """Noticed while the handler works, by FIN and by RST; a half-closed one is still answered.

    The handler would work for minutes: that it ends means that it was told.
    """
    slow = b"GET /api/slow?ms=%d HTTP/1.1\r\nHost: a\r\n\r\n" % NEVER_MS
    for reset in (False, True):
        with serving(quiet=False, loops=2) as server:
            for number in range(1, 5):
                with server.connect() as sock:
                    sock.sendall(slow)
                    server.until("the handler works", slow=number)
                    if reset:
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                server.until("the handler has ended since the client is gone", gone=number)
            server.until("all connections are closed", connections=0)
        expect(server.said, "gone\n" * 4)
    with serving(quiet=False) as server:
        soon = b"GET /api/slow?ms=201 HTTP/1.1\r\nHost: a\r\n\r\n"
        expect(b"waited" in server.say(soon, finish=True), True)
    expect(server.said, "")


def test_stop() -> None:
    """Idle connections end at once, and what is in flight gets its time.

    Connections are dealt out to the loops in turn, so each loop has one that is idle; once that is
    closed, the loop knows of the stop. The slow one is the first loop's, which watches the signals.
    """
    slow = b"GET /api/slow?ms=%d HTTP/1.1\r\nHost: a\r\n\r\n" % NEVER_MS
    with serving(loops=3, shutdown_ms=NEVER_MS) as server:
        socks = [server.connect() for _ in range(6)]
        for sock, text in zip(socks, [slow, b"", GET, b"", GET, b""]):
            sock.sendall(text)
        server.until("one is at work, two are answered", connections=6, requests=3, in_flight=1, slow=1)
        server.proc.terminate()
        expect([status(read_all(sock)) for sock in socks[1:]], [0, 200, 0, 200, 0]) # the slow one goes on
        server.proc.terminate() # twice is as good as once
        with contextlib.suppress(ConnectionRefusedError):
            server.connect().close()
            raise AssertionError("still accepts")
        server.release()
        answer = read_all(socks[0])
        expect((status(answer), b"waited" in answer, b"Connection: close" in answer), (200, True, True))
        server.proc.wait(PATIENCE) # and not shutdown_ms


def test_stop_gives_up() -> None:
    """What is in flight after its time is answered 503."""
    slow = b"GET /api/slow?ms=%d HTTP/1.1\r\nHost: a\r\n\r\n" % NEVER_MS
    with serving(quiet=False, loops=3, shutdown_ms=300) as server:
        socks = [server.connect() for _ in range(3)]
        for sock, text in zip(socks, [slow, b"GET / HT", slow]):
            sock.sendall(text)
        server.until("two are at work", connections=3, slow=2)
        server.proc.terminate()
        expect([status(read_all(sock)) for sock in socks], [503, 0, 503])
        server.proc.wait(PATIENCE)
    expect(server.said, "gone\n" * 2)


def test_too_many_connections() -> None:
    """Who waits makes room (crowd.py); who is at work does not."""
    slow = b"GET /api/slow?ms=%d HTTP/1.1\r\nHost: a\r\n\r\n" % NEVER_MS
    with serving(quiet=False, connections=3, proxied=1, loops=2) as server:
        socks = [server.connect() for _ in range(3)]
        for sock in socks:
            sock.sendall(slow)
        server.until("all are at work", slow=3)
        expect(status(server.say(b"")), 503)
        socks[0].close()
        server.until("one connection is closed", connections=2)
        expect(status(server.say(LAST)), 200)
        for sock in socks[1:]:
            sock.close()


def test_many_threads() -> None:
    """Loops, pool and clients all at once."""
    def client(server: Server, seed: int, errors: list[str]) -> None:
        try:
            for i in range(40):
                text = (GET + b"GET /api/slow?ms=%d HTTP/1.1\r\nHost: a\r\n\r\n" % (i % 3)) * 3
                if (seed + i) % 5 == 0:
                    with server.connect() as sock:
                        sock.sendall(text)
                    continue
                got = server.say(text + LAST)
                if got.count(b"HTTP/1.1 ") != 7:
                    errors.append("%r" % got[:300])
        except OSError as e:
            errors.append(str(e))

    with serving(quiet=False, loops=4) as server:
        errors: list[str] = []
        threads = [threading.Thread(target=client, args=(server, i, errors)) for i in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(errors[:3], [])


BINARY = sys.argv[1]


def run_tests(names: dict[str, object]) -> int:
    """Those of a module's names that are tests; the exit status."""
    failed = 0
    for name, test in list(names.items()):
        if not name.startswith("test_") or sys.argv[2:] and not any(w in name for w in sys.argv[2:]):
            continue
        print("[ RUN      ]", name, flush=True)
        try:
            test()
            print("[       OK ]", name, flush=True)
        except (AssertionError, OSError, subprocess.TimeoutExpired) as e:
            failed += 1
            print("[  FAILED  ] %s: %s" % (name, str(e)[:2000]), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
