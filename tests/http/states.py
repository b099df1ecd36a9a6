#!/usr/bin/env python3
"""What a connection reads, waits for and answers in each of its states (src/http/conn.c).

    states.py SERVER [NAME...]     as run.py, from which the servers and the checks come
"""

import contextlib
import socket
import struct
import sys
import time

from run import GET, LAST, PATIENCE, Server, expect, read_all, read_until, run_tests, serving, status

ECHO = b"POST /api/echo HTTP/1.1\r\nHost: a\r\n"
BUFFER = 16384  # IN_BYTES


def slow(query: bytes, close: bool = False) -> bytes:
    return b"GET /api/slow?%s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (
        query, b"Connection: close\r\n" if close else b"")


def post(size: int) -> bytes:
    return ECHO + b"Content-Length: %d\r\n\r\n" % size + b"x" * size


def chunked(size: int) -> bytes:
    return ECHO + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (size, b"y" * size)


def form(size: int) -> bytes:
    """A multipart body; of more than 256 KB it goes through the spool."""
    body = b"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n\"\r\n\r\n%s\r\n--b--\r\n" % (
        b"z" * size)
    return ECHO + b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def test_reading_goes_on() -> None:
    """The buffer fills while a request is in hand; what comes next is read all the same."""
    first = slow(b"ms=100")
    with serving() as server:
        for request in (post(2000), post(4000), post(40000), chunked(4000), chunked(40000), form(300000)):
            for room in (0, 1, 2, 60, 150, 1500):
                filler = post(BUFFER - len(first) - len(post(10000)) - room + 10000)
                expect(len(first + filler), BUFFER - room)
                got = server.say(first + filler + request + LAST)
                expect((got.count(b"HTTP/1.1 200 OK"), got.count(b"healthy")), (4, 1),
                    (request[:120], room))


def test_reading_goes_on_in_turns() -> None:
    """The same many times on one connection, in pieces that stop anywhere."""
    text = (slow(b"ms=2") + post(4500) * 3 + post(6000) + chunked(9000) + form(400000) + GET) * 4 + LAST
    with serving() as server:
        for size in (1777, BUFFER, 50001, len(text)):
            with server.connect() as sock:
                for at in range(0, len(text), size):
                    sock.sendall(text[at:at + size])
                got = read_all(sock)
            expect((got.count(b"HTTP/1.1 200 OK"), got.count(b"sunk ")), (33, 4), size)


def test_half_closed_is_answered() -> None:
    """Whatever was read whole before the FIN, also on the pool, and what was pipelined."""
    with serving() as server:
        for text, answers in (
            (slow(b"ms=301"), 1), (slow(b"ms=301") * 4, 4), (slow(b"ms=300") + post(30000) + GET, 3),
            (slow(b"ms=51&decided") + chunked(5000) + slow(b"ms=50"), 3), (form(300000) + GET, 2),
            (GET * 500 + slow(b"ms=20"), 501), (post(100000), 1), (slow(b"ms=300", close=True) + GET, 1),
        ):
            got = server.say(text, finish=True)
            expect((got.count(b"HTTP/1.1 200 OK"), got.count(b"HTTP/1.1 ")), (answers, answers), text[:90])


def test_half_closed_and_incomplete() -> None:
    """What lacks its end at the FIN is not carried out; what was whole before it is."""
    with serving() as server:
        for rest in (b"", GET[:-2], GET[:5], post(100)[:-1], post(40000)[:-1], chunked(100)[:-2],
                chunked(300000)[:-1], form(300000)[:-1]):
            start = time.monotonic()
            expect(server.say(rest, finish=True), b"", rest[:60])
            got = server.say(GET + slow(b"ms=100") + post(50) + rest, finish=True)
            expect((got.count(b"HTTP/1.1 200 OK"), got.count(b"HTTP/1.1 ")), (3, 3), rest[:60])
            expect(time.monotonic() - start < 1.5, True, "it was waited for more")


def test_half_closed_for_long() -> None:
    """A read is given up two seconds after the FIN; what may have taken effect is answered."""
    with serving(quiet=False) as server, server.connect() as reads, server.connect() as writes:
        start = time.monotonic()
        for sock, text in ((reads, slow(b"ms=8001")), (writes, slow(b"ms=2801&decided") + GET)):
            sock.sendall(text)
            sock.shutdown(socket.SHUT_WR)
        expect(read_all(reads), b"")
        expect(1.7 < time.monotonic() - start < 2.7, True)
        got = read_all(writes)
        expect((got.count(b"waited"), got.count(b"healthy")), (1, 1))
        expect(server.stop(), "gone\n")


def test_reset_is_gone() -> None:
    """At once, whatever is at stake: its answer reaches nobody."""
    server = Server()
    for query in (b"ms=9001", b"ms=9001&decided"):
        sock = server.connect()
        sock.sendall(slow(query))
        time.sleep(0.2)
        reset(sock)
    start = time.monotonic()
    expect(server.stop(), "gone\n" * 2)
    expect(time.monotonic() - start < 1, True, "noticed late")


def test_reset_after_fin() -> None:
    """Nothing is read any more: the answer runs into it, and the server is none the worse."""
    with serving() as server:
        for text in (slow(b"ms=100") + GET * 50, slow(b"ms=100&decided") + post(5000) * 20):
            sock = server.connect()
            sock.sendall(text)
            sock.shutdown(socket.SHUT_WR)
            time.sleep(0.05)
            reset(sock)
        time.sleep(0.3)
        expect(status(server.say(LAST)), 200)


def test_end_of_the_drain() -> None:
    """Refused is who can be refused; what may take effect gets no answer instead of a false one."""
    with serving(quiet=False, shutdown_ms=400) as server:
        socks = [server.connect() for _ in range(5)]
        for sock, text in zip(socks, (slow(b"ms=3001"), slow(b"ms=3001&decided"), slow(b"ms=3001&decided"),
                slow(b"ms=201&decided"), post(100)[:-1])):
            sock.sendall(text)
        socks[2].shutdown(socket.SHUT_WR)
        time.sleep(0.1)
        server.proc.terminate()
        answers = [read_all(sock) for sock in socks]
        expect([status(a) for a in answers], [503, 0, 0, 200, 0])
        expect(server.stop(), "gone\n" * 3)


def test_long_origin() -> None:
    """No answer without a head: an origin beyond every real one is none that is allowed."""
    head = b"%s /api/%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nOrigin: https://%s.b.example\r\n%s\r\n"
    with serving(origins="https://*.b.example") as server:
        for size, allowed in ((1, True), (2000, True), (2048, False), (40000, False), (900000, False)):
            for method, path in ((b"GET", b"health"), (b"GET", b"no"), (b"OPTIONS", b"health"), (b"GET", b"big"),
                    (b"GET", b"./health"), (b"HEAD", b"health")):
                got = server.say(head % (method, path, b"a" * size, b""))
                expect(got[:9], b"HTTP/1.1 ", (size, method, path))
                if path != b"./health":
                    expect(b"Access-Control-Allow-Origin: " in got, allowed, (size, method, path))
            asked = head.replace(b"Connection: close\r\n", b"") % (b"GET", b"health", b"a" * size, b"")
            got = server.say(asked + LAST)
            expect(got.count(b"HTTP/1.1 "), 2 if allowed else 1, (size, "nobody's browser is not served on"))


def test_long_echoes() -> None:
    """Everything else that a head repeats, as long as it may come."""
    with serving(quiet=False, origins="*,https://*.b.example") as server:
        for size in (20000, 200000, 1000000):
            wanted = b"OPTIONS /api/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nOrigin: https://a.b.example\r\n"
            got = server.say(wanted + b"Access-Control-Request-Headers: %s\r\n\r\n" % (b"x" * size))
            expect((status(got), got.count(b"x" * size)), (204, 1), size)
            got = server.say(b"GET //%s?%s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % (
                b"x" * (size // 2), b"&" * (size // 2)))
            expect((status(got), got.count(b"Location: /x")), (307, 1), size)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
