#!/usr/bin/env python3
"""drop.py BINARY [--requests N]

Opens slow requests and drops them: queries that would run for many seconds, heads and bodies that
never end. Afterwards the server must be as before: no descriptor, no memory, no running query, and
others are answered meanwhile. No query ends by itself: its timeout is an hour.
"""

import argparse
import os
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

ROWS = 20000
MEMORY = 16 << 20  # what caches and the allocator may keep
TOGETHER = 50
CLIENTS = 4  # each has a share of the threads: together they use, and so warm, all of them
SETTLE_S = 60  # a query that nobody stops goes on for an hour
LOOKS = 30


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("binary")
    parser.add_argument("--requests", type=int, default=5000)
    args = parser.parse_args()
    home = reeve.scratch("drop")
    tally = reeve.Tally()
    try:
        directory = reeve.fresh(args.binary, os.path.join(home, "data"))
        reeve.run_sql(directory, "data", fill())
        with reeve.Server(args.binary, directory, "--queryTimeout", "3600") as server:
            drop_all(server, args.requests, tally)
            tally.check("stops cleanly", server.stop(), server.output())
    finally:
        reeve.remove(home)
    return tally.end()


def fill():
    return """WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d)
        INSERT INTO entries (id, title, body, n)
        SELECT printf('%%015d', n), 'title ' || n, hex(zeroblob(100)), n FROM c;""" % ROWS


def drop_all(server, count, tally):
    shapes = requests(reeve.token(server.dir, "root"))
    drop(server, shapes, count)  # warm, by as much as is measured: caches and thread stacks are not leaks
    settle(server)
    descriptors, memory = server.descriptors(), server.rss()
    unanswered = drop(server, shapes, count)
    tally.check("answers others meanwhile", unanswered == 0, "%d were not answered" % unanswered)
    tally.check("leaves no query running", settle(server),
                "waited %d s until all threads sleep: %s" % (SETTLE_S, threads(server)))
    left = server.descriptors() - descriptors
    tally.check("leaves no descriptor", left <= 2, "%d more than before" % left)
    grown = server.rss() - memory
    limit = MEMORY if not sanitized(server) else 1 << 40
    tally.check("leaves no memory", grown <= limit, "%d KiB more than before" % (grown >> 10))
    tally.check("still answers", server.healthy(), server.output())


def requests(token):
    """Requests that cannot end by themselves in the time they get."""
    auth = "Authorization: %s\r\n" % token
    endless = urllib.parse.quote("@collection.entries:a.n ?> n && "
                                 "@collection.entries:b.n ?> @collection.entries:a.n && "
                                 "@collection.entries:b.n ?< n")
    scan = urllib.parse.quote("title ~ '%a%b%c%' && body ~ '%1%2%3%'")
    path = "/api/collections/entries/records"
    post = "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" % path
    return [s.encode() for s in (
        "GET %s?filter=%s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (path, endless, auth),
        "GET %s?filter=%s HTTP/1.1\r\nHost: x\r\n\r\n" % (path, scan),
        "GET %s?perPage=1000&sort=@random HTTP/1.1\r\nHost: x\r\n\r\n" % path,
        "GET %s HTTP/1.1\r\nHost: x\r\nX-Slow: " % path,
        post + "Content-Length: 100000\r\n\r\n{\"title\":",
        post + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"tit",
    )]


def drop(server, shapes, count):
    """Opens and drops, every other time as soon as sent. Else somebody else asks while all are open,
    and none of the queries can have ended; returns how many of those got no answer."""
    unanswered, opened = 0, []
    for n in range(count):
        s = reeve.connected(("127.0.0.1", server.port), timeout=20,
                            source_address=("127.0.0.%d" % (1 + n % CLIENTS), 0))
        s.sendall(shapes[n % len(shapes)])
        opened.append(s)
        if len(opened) == TOGETHER:
            if n // TOGETHER % 2:
                unanswered += not server.healthy()
            for s in opened:
                s.close()
            opened = []
    for s in opened:
        s.close()
    return unanswered


def settle(server):
    """Waits until nothing runs: all threads are asleep, at each of many looks in a row. A thread that
    has work is ready to run, or stopped with the whole process, also when it gets no processor."""
    asleep = 0
    deadline = time.monotonic() + SETTLE_S
    while asleep < LOOKS and time.monotonic() < deadline:
        asleep = asleep + 1 if threads(server) == {"S"} else 0
        time.sleep(0.01)
    return asleep >= LOOKS


def threads(server):
    """The states that the server's threads are in, as /proc/PID/task/TID/stat has them."""
    tasks = "/proc/%d/task" % server.process.pid
    states = set()
    for task in os.listdir(tasks):
        try:
            with open("%s/%s/stat" % (tasks, task), encoding="ascii") as f:
                states.add(f.read().rpartition(")")[2].split()[0])
        except (FileNotFoundError, ProcessLookupError):
            pass  # ended since it was listed
    return states


def sanitized(server):
    """A sanitizer keeps freed memory back on purpose, so growth proves nothing there."""
    with open("/proc/%d/maps" % server.process.pid, encoding="utf-8") as maps:
        return any("libasan" in line or "libtsan" in line for line in maps)


if __name__ == "__main__":
    sys.exit(main())
