#!/usr/bin/env python3
"""Whoever pipelines shares the loop with the others (src/http/turn.c).

    turns.py SERVER [NAME...]     as run.py, from which the servers and the checks come

By order and not by the clock: a request holds the loop while the others are sent, and the answers
say which of all requests they were.
"""

import contextlib
import re
import socket
import sys
from collections.abc import Iterator

from run import GET, LAST, NEVER_MS, Server, expect, read_all, read_until, run_tests, serving
from states import chunked, form, post, reset, slow

ORDER = b"GET /api/order HTTP/1.1\r\nHost: a\r\n\r\n"
ORDER_LAST = b"GET /api/order HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
HOLD = b"GET /api/hold HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
TURN = 16  # TURN_REQUESTS
BUFFER = 16384  # IN_BYTES


def busy(us: int) -> bytes:
    return b"GET /api/busy?us=%d HTTP/1.1\r\nHost: a\r\n\r\n" % us


def numbers(answers: bytes) -> list[int]:
    return [int(n) for n in re.findall(rb"number (\d+);", answers)]


@contextlib.contextmanager
def held(server: Server) -> Iterator[None]:
    """What is done meanwhile lies before the loop all at once. Its request has the first number."""
    with server.connect() as sock:
        sock.sendall(HOLD)
        server.until("the loop is held", held=1)
        yield
        server.ask(b".")
        expect(numbers(read_all(sock)), [0])


def known(server: Server) -> socket.socket:
    """A connection that the loop has already."""
    sock = server.connect()
    sock.sendall(GET)
    read_until(sock, b"healthy")
    return sock


def test_others_come_in_between() -> None:
    with serving() as server, known(server) as many, known(server) as one:
        with held(server):
            many.sendall(ORDER * 2000 + ORDER_LAST)
            one.sendall(ORDER_LAST)
        answers = numbers(read_all(many))
        expect(len(answers), 2001)
        expect(answers, sorted(answers))
        expect(numbers(read_all(one))[0] <= TURN + 1, True)


def test_a_turn_has_its_time() -> None:
    """Requests that take longer than a turn are as many turns."""
    with serving() as server, known(server) as many, known(server) as one:
        with held(server):
            many.sendall(busy(2000) * 40 + ORDER_LAST)
            one.sendall(ORDER_LAST)
        expect(len(numbers(read_all(many))), 41)
        expect(numbers(read_all(one)), [2])


def test_in_turns() -> None:
    """Several of that kind have one turn each, and again; also across the ends of the buffer."""
    with serving() as server, known(server) as a, known(server) as b, known(server) as c:
        socks = (a, b, c)
        with held(server):
            for sock in socks:
                sock.sendall(ORDER * 1000 + ORDER_LAST)
        answers = [numbers(read_all(sock)) for sock in socks]
        whose = sorted((n, i) for i, ns in enumerate(answers) for n in ns)
        expect(len(whose), 3003)
        common = whose[:min(ns[-1] for ns in answers)]
        expect(len(common) > 2500, True, "one is far ahead of the others")
        run = 0
        for (_, before), (n, who) in zip(common, common[1:]):
            run = run + 1 if who == before else 0
            expect(run < 2 * TURN, True, (n, who))  # two, where the others' next bytes are just being read


def test_many_who_wait() -> None:
    """However many there are, who has just come is not behind all of them."""
    with serving() as server, contextlib.ExitStack() as stack:
        first, one, *others = [stack.enter_context(known(server)) for _ in range(22)]
        # The others are there before its first turn is over, and wait behind it at its third.
        first.sendall(busy(500000) + busy(2000) + HOLD)
        for sock in others:
            sock.sendall(busy(5000) * 5 + ORDER_LAST)
        server.until("the loop is held", held=1)
        one.sendall(ORDER_LAST)
        server.ask(b".")
        before = numbers(read_all(first))[-1]
        after = numbers(read_all(one))[0]
        expect(before < after <= before + 5, True, (before, after))
        expect([len(numbers(read_all(sock))) for sock in others], [6] * 20)


def test_answers_from_elsewhere() -> None:
    """What follows an answer of the pool is no more than a turn either."""
    with serving() as server, known(server) as many, known(server) as one:
        many.sendall(slow(b"ms=%d" % NEVER_MS) + ORDER * 2000 + ORDER_LAST)
        server.until("the slow handler has begun", slow=1)
        with held(server):
            server.release()
            server.until("its answer waits for the loop", ready=1)
            one.sendall(ORDER_LAST)
        got = read_all(many)
        expect((got.count(b"waited"), len(numbers(got))), (1, 2001))
        expect(numbers(read_all(one))[0] <= TURN + 1, True)


def test_bodies_and_fin() -> None:
    """Nothing is lost or mixed up by the waiting, wherever it falls, and the FIN comes last."""
    mixed = ORDER * 15 + post(5000) + chunked(9000) + ORDER * 3 + form(300000) + post(40000) + slow(b"ms=1")
    with serving() as server:
        for shift in range(0, 18, 3):
            for rest in (b"", GET[:-2], post(100)[:-1], post(40000)[:-1], chunked(100)[:-2]):
                got = server.say(ORDER * shift + mixed * 4 + rest, finish=True)
                answers = numbers(got)
                expect((got.count(b"HTTP/1.1 200 OK"), len(answers)), (shift + 92, shift + 72), rest[:60])
                expect(answers, sorted(answers))
                forms = got.count(b"sunk ") + got.count(b"z" * 300000) # a buffer that has grown takes one whole
                expect((got.count(b"x" * 40000), got.count(b"y" * 9000), forms), (4, 4, 4), rest[:60])


def test_who_waits_is_not_late() -> None:
    """The deadline of a head does not run while it is us who are late."""
    with serving(head_ms=150) as server, known(server) as a, known(server) as b:
        with held(server):
            for sock in (a, b):
                sock.sendall(busy(1500) * 200 + ORDER_LAST)
        expect([len(numbers(read_all(sock))) for sock in (a, b)], [201, 201])


def test_stop_while_it_waits() -> None:
    """What was read whole is answered, what was not is not; and the end is an orderly one."""
    whole = BUFFER // len(ORDER)
    for text, wanted in ((ORDER * 300, 300), (ORDER * 300 + ORDER_LAST + ORDER, 301), (ORDER * 2000, whole),
            (ORDER * 100 + post(20000), 100), (ORDER * 100 + chunked(20000), 100),
            (ORDER * 100 + slow(b"ms=21") + ORDER * 50, 150), (ORDER * 100 + GET[:-2], 100),
            (ORDER * 100 + form(300000) + ORDER, 100)):
        with serving(shutdown_ms=NEVER_MS) as server, known(server) as sock:
            with held(server):
                sock.sendall(text)
                server.proc.terminate()
            got = bytearray()
            while piece := sock.recv(65536): # a reset is an error here
                got += piece
            expect(len(numbers(bytes(got))), wanted, text[-60:])
            expect(got.count(b"HTTP/1.1 200 OK"), wanted + got.count(b"waited"))


def test_stop_gives_up_who_waits() -> None:
    with serving(shutdown_ms=100) as server, known(server) as sock:
        with held(server):
            sock.sendall(busy(2000) * 400)
            server.proc.terminate()
        expect(0 < len(numbers(read_all(sock))) < 400, True)


def test_reset_while_it_waits() -> None:
    with serving() as server:
        for _ in range(5):
            before = server.counters()["requests"]
            sock = server.connect()
            sock.sendall(busy(3000) * 200)
            while server.counters()["requests"] < before + 3:
                pass
            reset(sock)
            server.until("the connection is closed", connections=0)
            expect(server.counters()["requests"] < before + 200, True)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
