#!/usr/bin/env python3
"""SIGTERM and SIGINT: however often and whenever they come, the server ends by itself and cleanly.

    signals.py SERVER [NAME...]     as run.py, from which the servers and the checks come
"""

import signal
import subprocess
import sys

from run import NEVER_MS, PATIENCE, Server, expect, read_all, run_tests, serving, status

STOPS = (signal.SIGTERM, signal.SIGINT)
SLOW = b"GET /api/slow?ms=%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % NEVER_MS
ROUNDS = 40


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


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
