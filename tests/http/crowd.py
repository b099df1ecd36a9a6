#!/usr/bin/env python3
"""Who makes room when there are as many connections as may be (src/http/crowd.c).

    crowd.py SERVER [NAME...]     as run.py, from which the servers and the checks come
"""

import contextlib
import os
import resource
import socket
import sys
import threading
import time

from run import GET, LAST, NEVER_MS, PATIENCE, Server, expect, read_all, read_until, run_tests, serving, status

NEW_S = 0.15  # beyond, a silent connection has not just come
SLOW = b"GET /api/slow?ms=%d HTTP/1.1\r\nHost: a\r\n\r\n" % NEVER_MS


def connect_from(server: Server, address: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), PATIENCE, (address, 0))


def ask(sock: socket.socket) -> int:
    """The status of an answer on a connection that stays; 0: it is closed."""
    try:
        sock.sendall(GET)
        return status(read_until(sock, b"healthy"))
    except (AssertionError, OSError):
        return 0


def close(socks: list[socket.socket]) -> None:
    for sock in socks:
        sock.close()


def cpu_ms(server: Server) -> int:
    with open("/proc/%d/stat" % server.proc.pid, encoding="ascii") as f:
        words = f.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) * 1000 // os.sysconf("SC_CLK_TCK")


def cpu_of_a_second(server: Server) -> int:
    before = cpu_ms(server)
    time.sleep(1)
    return cpu_ms(server) - before


def test_silent_ones_make_room() -> None:
    """The eldest first, and nobody who has asked for something."""
    with serving(connections=100, proxied=1, loops=2) as server:
        spoke = [server.connect() for _ in range(4)]
        expect([ask(sock) for sock in spoke], [200] * 4)
        silent = [server.connect() for _ in range(40)]
        server.until("the first are there", connections=44)
        time.sleep(NEW_S)
        silent += [server.connect() for _ in range(56)]
        server.until("it is full", connections=100)
        time.sleep(NEW_S)
        new = [server.connect() for _ in range(50)]
        expect([ask(sock) for sock in new], [200] * 50)
        expect([ask(sock) for sock in spoke], [200] * 4)
        server.until("as many have left", connections=100)
        left = [ask(sock) for sock in silent]
        expect((left.count(200), left[:20].count(0)), (46, 20))
        expect(left[:40].count(0) >= 32, True, left)  # a burst may catch one loop before the other
        close(spoke + silent + new)


def test_half_a_head_makes_room() -> None:
    """That it has sent a little does not keep a slow client's place."""
    with serving(connections=60, proxied=1, loops=2) as server:
        slow = [server.connect() for _ in range(60)]
        for sock in slow:
            sock.sendall(GET[:10])
        time.sleep(NEW_S)
        new = [server.connect() for _ in range(20)]
        expect([ask(sock) for sock in new], [200] * 20)
        close(slow + new)


def test_idle_ones_make_room() -> None:
    """Where nobody is silent, who has been idle for longest."""
    with serving(connections=3, proxied=1) as server:
        socks = [server.connect() for _ in range(3)]
        expect([ask(sock) for sock in socks], [200] * 3)
        expect(ask(socks[0]), 200)
        socks.append(server.connect())
        expect(ask(socks[3]), 200)
        expect(read_all(socks[1]), b"")
        expect([ask(socks[i]) for i in (0, 2, 3)], [200] * 3)
        close(socks)


def test_of_any_loop() -> None:
    """One silent connection among those at work, whichever loop has it."""
    for silent in range(3):
        with serving(quiet=False, connections=4, proxied=1, loops=3) as server:
            socks = [server.connect() for _ in range(4)]
            for sock in socks[:silent] + socks[silent + 1:]:
                sock.sendall(SLOW)
            server.until("the others are at work", connections=4, slow=3)
            time.sleep(NEW_S)  # the silent one may still be on its way to its loop
            new = server.connect()
            expect(ask(new), 200)
            new.sendall(SLOW)
            server.until("all are at work", slow=4)
            expect(status(server.say(b"")), 503)
            server.release()
            close(socks + [new])


def test_bursts() -> None:
    """Who sends at once is answered, however many come at a time."""
    def client(server: Server, errors: list[str]) -> None:
        for _ in range(30):
            got = server.say(LAST)
            if status(got) != 200:
                errors.append("%r" % got[:100])

    with serving(connections=200, proxied=1, loops=4) as server:
        silent = [server.connect() for _ in range(220)]
        errors: list[str] = []
        threads = [threading.Thread(target=client, args=(server, errors)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(errors[:3], [])
        close(silent)
        server.until("all are closed", connections=0)


def test_share() -> None:
    """One address has a half; who waits there makes room for others of it; all is given back."""
    with serving(quiet=False, connections=60, loops=2) as server:
        for _ in range(2):
            busy = [connect_from(server, "127.0.0.1") for _ in range(30)]
            for sock in busy:
                sock.sendall(SLOW)
            server.until("one address has its share", in_flight=30)
            expect(status(server.say(b"")), 503)
            others = [connect_from(server, "127.0.0.2") for _ in range(30)]
            expect([ask(sock) for sock in others], [200] * 30)
            close(busy + others)
            server.until("all are closed", connections=0)
        silent = [connect_from(server, "127.0.0.1") for _ in range(30)]
        other = connect_from(server, "127.0.0.2")
        time.sleep(NEW_S)
        new = [connect_from(server, "127.0.0.1") for _ in range(20)]
        expect([ask(sock) for sock in new], [200] * 20)
        expect(ask(other), 200)
        server.until("no more than its share", connections=31)
        close(silent + new + [other])


def test_proxies_have_no_share() -> None:
    with serving(connections=60, loops=2, proxied=1) as server:
        socks = [server.connect() for _ in range(60)]
        expect([ask(sock) for sock in socks], [200] * 60)
        close(socks)


def limit_to(server: Server, n: int) -> None:
    hard = resource.prlimit(server.proc.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(server.proc.pid, resource.RLIMIT_NOFILE, (n, hard))


def test_descriptors_run_out() -> None:
    """Sooner than max_connections: who waits makes room, and then it is 503."""
    with serving(quiet=False, loops=2, connections=1000) as server:
        silent = [server.connect() for _ in range(60)]
        server.until("all are there", connections=60)
        time.sleep(NEW_S)
        limit_to(server, len(os.listdir("/proc/%d/fd" % server.proc.pid)))
        new = [server.connect() for _ in range(40)]
        expect([ask(sock) for sock in new], [200] * 40)
        expect(sum(ask(sock) == 200 for sock in silent) <= 21, True, "they have left")
        server.until("it has no more", connections=60)
        close(silent + new)


def test_no_descriptor_costs_nothing() -> None:
    """The backlog waits, and the processor rests, until there is one again."""
    with serving(quiet=False, loops=2) as server:
        first = server.connect()
        first.sendall(SLOW)
        server.until("one is at work", slow=1)
        limit_to(server, 3)
        waiting = [server.connect() for _ in range(20)]
        for sock in waiting:
            sock.sendall(GET)
        spent = cpu_of_a_second(server)
        expect(spent < 200, True, "%d ms of a second" % spent)
        limit_to(server, 500)
        expect([status(read_until(sock, b"healthy")) for sock in waiting], [200] * 20)
        server.release()
        expect(b"waited" in read_until(first, b"waited"), True)
        close(waiting + [first])


def test_full_costs_nothing() -> None:
    with serving(quiet=False, connections=20, proxied=1, loops=2) as server:
        busy = [server.connect() for _ in range(20)]
        for sock in busy:
            sock.sendall(SLOW)
        server.until("all are at work", in_flight=20)
        refused = [server.connect() for _ in range(50)]
        expect([status(read_all(sock)) for sock in refused], [503] * 50)
        spent = cpu_of_a_second(server)
        expect(spent < 200, True, "%d ms of a second" % spent)
        server.release()
        close(busy + refused)


def test_stop_in_a_crowd() -> None:
    """Connections pass from loop to loop while they end."""
    def client(server: Server) -> None:
        with contextlib.suppress(OSError):
            for _ in range(100000):
                server.connect().close()

    for _ in range(3):
        with serving(quiet=False, connections=8, loops=4, shutdown_ms=300) as server:
            busy = [server.connect() for _ in range(4)]
            for sock in busy:
                sock.sendall(SLOW)
            threads = [threading.Thread(target=client, args=(server,)) for _ in range(4)]
            for thread in threads:
                thread.start()
            server.until("some are at work", slow=4)
            server.stop()
            for thread in threads:
                thread.join()
            close(busy)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
