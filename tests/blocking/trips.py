#!/usr/bin/env python3
"""How often requests wait for a database behind a network: trips.py BLOCKING_SERVER

The server (server.c beside this) adds a line for each transaction to a file, `read N` or `unit N`: N
round trips (tests/engine/blocking.h says what is one), and ends where one is made on a loop. And what
waits for the database keeps no loop: an answer that needs none overtakes reads. The last line is
`N passed, N failed`.
"""

import concurrent.futures
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import reeve  # noqa: E402

POST = "/api/collections/posts/records/post00000000001"  # under a rule
POSTS = "/api/collections/posts/records?perPage=1"
SLOW_US = 500000
READS = 4
OF_ITSELF = 8  # units that come when they like: the outbox's at the start, entries of the log, jobs

# fmt: off
REQUESTS = [
    # what                       path                       who     transactions
    ("health, a guest",          "/api/health",             None,   []),
    ("health, with a token",     "/api/health",             "anna", ["read 1"]),
    ("a record, a guest",        POST,                      None,   ["read 1"]),
    ("a record, with a token",   POST,                      "anna", ["read 2"]),
    ("a record, a superuser",    POST,                      "root", ["read 2"]),
    ("no such record",           POST + "x",                "anna", ["read 2"]),
    ("a list with its total",    POSTS,                     None,   ["read 2"]),
    ("a list, with a token",     POSTS,                     "anna", ["read 3"]),
    ("a list with an expand",    POSTS + "&expand=author",  "anna", ["read 4"]),
    ("a list without its total", POSTS + "&skipTotal=1",    None,   ["read 1"]),
]
# fmt: on


def trips(tally, binary, base, work):
    path = os.path.join(work, "trips")
    os.environ["REEVE_TEST_TRIPS"] = path
    try:
        with reeve.Server(binary, base) as server, open(path, encoding="ascii") as lines:
            while lines.read():  # what a start does beside its first answers
                time.sleep(0.3)
            units = 0
            for what, target, who, wanted in REQUESTS * 2:  # statements are compiled, then kept
                lines.read()
                server.request("GET", target, headers=authorization(base, who))
                got = lines.read().split("\n")[:-1]  # told before the answer goes
                units += sum(line.startswith("unit") for line in got)
                got = [line for line in got if not line.startswith("unit")]
                tally.check(what, got == wanted, got)
            tally.check("a read takes no unit", units <= OF_ITSELF, units)
            tally.check("the end", server.stop(), server.output())
    finally:
        del os.environ["REEVE_TEST_TRIPS"]


def authorization(base, who):
    return {"Authorization": reeve.token(base, who)} if who else {}


def nobody_is_held_up(tally, binary, base):
    """Reads wait side by side, and who needs no database does not wait for them."""
    os.environ["REEVE_TEST_TRIP_US"] = str(SLOW_US)
    try:
        with reeve.Server(binary, base, "--threads", "1") as server, \
                concurrent.futures.ThreadPoolExecutor(READS) as pool:
            reads = [pool.submit(server.request, "GET", POST) for _ in range(READS)]
            status, _, _ = server.request("GET", "/api/health")
            tally.check("health overtakes reads", status == 200 and not all(r.done() for r in reads))
            tally.check("reads are answered", [r.result()[0] for r in reads] == [200] * READS)
    finally:
        del os.environ["REEVE_TEST_TRIP_US"]


def main():
    binary, tally = sys.argv[1], reeve.Tally()
    work = reeve.scratch("blocking")
    try:
        base = reeve.fresh(binary, os.path.join(work, "base"))
        trips(tally, binary, base, work)
        nobody_is_held_up(tally, binary, base)
    finally:
        reeve.remove(work)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
