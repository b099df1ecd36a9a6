#!/usr/bin/env python3
"""SIGTERM, SIGINT and SIGHUP: however often and whenever they come, the server ends by itself and cleanly.

    signals.py SERVER [NAME...]     as run.py, from which the servers and the checks come
"""

import signal
import subprocess
import sys
import time

from run import GET, LAST, NEVER_MS, PATIENCE, Server, expect, read_all, read_until, run_tests, serving, status

STOPS = (signal.SIGTERM, signal.SIGINT)
SLOW = b"GET /api/slow?ms=%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % NEVER_MS
HOLD = b"GET /api/hold HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
ROUNDS = 40
ALIVE_MS = 20


def ends_well(server: Server, about: object) -> None:
    """By itself; nothing is sent to it here."""
    try:
        _, err = server.proc.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        server.proc.kill()
        server.proc.communicate()
        raise
    expect((server.proc.returncode, err), (0, b""), about)


def test_again_while_it_drains() -> None:
    """The first loop has ended, the second still waits for its handler."""
    for first in STOPS:
        with serving(loops=2, shutdown_ms=NEVER_MS) as server:
            with server.connect() as idle, server.connect() as busy:
                busy.sendall(SLOW)
                server.until("the slow handler has begun", slow=1, connections=2)
                server.proc.send_signal(first)
                expect(read_all(idle), b"", "closed, as it waits for nothing")
                server.until("the first loop is empty", connections=1)
                for again in STOPS * 3:
                    server.proc.send_signal(again)
                    server.until("it is still there", connections=1)
                server.release()
                expect(status(read_all(busy)), 200, first)


def test_until_its_end() -> None:
    """Signals that do not stop coming, also when nothing is left but to close things."""
    for turn in range(ROUNDS):
        server = Server(loops=1 + turn % 3)
        n = 0
        while server.proc.poll() is None:
            server.proc.send_signal(STOPS[n % 2])
            n += 1
        ends_well(server, (turn, n))


def test_before_it_runs() -> None:
    """It has said its port, and may not have come to serving."""
    for turn in range(ROUNDS):
        server = Server(loops=1 + turn % 3)
        server.proc.send_signal(STOPS[turn % 2])
        ends_well(server, turn)


def test_for_a_restart() -> None:
    """Who has asked and waits for nothing goes; who has just come may still ask, who comes later waits."""
    for then in (None, *STOPS):
        loops = 1 if then else 2  # with one it is known that the drain has begun before the stop
        with serving(loops=loops, shutdown_ms=NEVER_MS) as server:
            with server.connect() as idle, server.connect() as fresh, server.connect() as other:
                idle.sendall(GET)
                read_until(idle, b"healthy")
                server.until("all are there", connections=3)
                server.proc.send_signal(signal.SIGHUP)
                expect(read_all(idle), b"", "closed, as it waits for nothing")
                server.until("the others are there", connections=2)
                with server.connect() as late:
                    server.proc.send_signal(signal.SIGHUP)  # again: no matter
                    if then:
                        server.proc.send_signal(then)
                    fresh.sendall(GET)
                    expect(status(read_all(fresh)), 200, then)
                    late.sendall(GET)
                    server.until("nobody else is taken", connections=1)
                    other.sendall(LAST)
                    expect(status(read_all(other)), 200, then)
                    ends_well(server, then)


def test_a_stop_takes_back_no_restart() -> None:
    """SIGHUP after it: the listener is closed, and who has just come is let go."""
    with serving(shutdown_ms=NEVER_MS) as server:
        with server.connect() as busy, server.connect() as fresh:
            busy.sendall(SLOW)
            server.until("the slow handler has begun", slow=1, connections=2)
            server.proc.send_signal(signal.SIGTERM)
            expect(read_all(fresh), b"")
            server.proc.send_signal(signal.SIGHUP)
            try:
                server.connect().close()
                raise AssertionError("it still listens")
            except ConnectionRefusedError:
                pass
            server.release()
            expect(status(read_all(busy)), 200)
            ends_well(server, "SIGHUP after SIGTERM")


def alive(server: Server) -> int:
    return server.counters()["alive"]


def rises(server: Server, by: int) -> None:
    end, before = time.monotonic() + PATIENCE, alive(server)
    while alive(server) < before + by:
        expect(time.monotonic() < end, True, "waited %d s until all loops have gone round" % PATIENCE)
        time.sleep(0.005)


def test_alive_while_all_loops_go_round() -> None:
    """Whichever of them it is that does not."""
    for n_before in range(3):
        with serving(loops=3, alive_ms=ALIVE_MS) as server:
            rises(server, 3)
            others = [server.connect() for _ in range(n_before)]
            server.until("the others are dealt out", connections=n_before)
            with server.connect() as sock:
                sock.sendall(HOLD)
                server.until("a loop is held", held=1)
                time.sleep(3 * ALIVE_MS / 1000)  # it may have gone round just before
                before = alive(server)
                time.sleep(10 * ALIVE_MS / 1000)
                expect(alive(server), before, n_before)
                server.ask(b".")
                read_all(sock)
            rises(server, 3)
            for other in others:
                other.close()


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
