#!/usr/bin/env python3
"""leave.py BINARY [--deletes N]

Clients that leave at once after asking for a delete that cascades: wherever the request is when that
is noticed, everybody else may write, also another process, and each delete is there whole or not at
all. The last line is `N passed, N failed`.
"""

import argparse
import os
import socket
import sqlite3
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

ENTRIES = "/api/collections/entries/records"
A_ROUND = 20  # deletes between two writes of somebody else


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("binary")
    parser.add_argument("--deletes", type=int, default=600)
    args = parser.parse_args()
    home = reeve.scratch("leave")
    tally = reeve.Tally()
    try:
        directory = reeve.fresh(args.binary, os.path.join(home, "data"))
        reeve.run_sql(directory, "data", """WITH RECURSIVE c(n) AS
            (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d)
            INSERT INTO posts (id, title, state) SELECT 'p' || printf('%%014d', n), 't', 'draft' FROM c;
            INSERT INTO comments (id, post, text)
            SELECT 'c' || substr(id, 2), id, 'x' FROM posts WHERE id GLOB 'p0*'""" % args.deletes)
        with reeve.Server(args.binary, directory) as server:
            written = leave(server, reeve.token(directory, "root"), args.deletes, tally)
            other_process(directory, tally)
            tally.check("stops cleanly", server.stop(), server.output())
        whole(directory, written, tally)
    finally:
        reeve.remove(home)
    return tally.end()


def leave(server, token, deletes, tally):
    """How many writes of somebody else were acknowledged."""
    written = 0
    for n in range(1, deletes + 1):
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.sendall(b"DELETE /api/collections/posts/records/p%014d HTTP/1.1\r\nHost: a\r\n"
                      b"Authorization: %s\r\n\r\n" % (n, token.encode()))
            if n % 4:  # else it is a FIN, after which the request goes on
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if n % A_ROUND:
            continue
        status, body, _ = server.request("POST", ENTRIES, {"title": "somebody else's"})
        if status != 200:
            tally.check("somebody else writes after %d" % n, False, "%d: %s" % (status, body))
            break
        written += 1
    tally.check("somebody else writes", written == deletes // A_ROUND, written)
    return written


def other_process(directory, tally):
    con = sqlite3.connect(os.path.join(directory, "data.db"), timeout=20, isolation_level=None)
    try:
        con.execute("BEGIN IMMEDIATE")
        con.execute("ROLLBACK")
        why = None
    except sqlite3.OperationalError as e:
        why = str(e)
    finally:
        con.close()
    tally.check("another process may write", why is None, why)


def whole(directory, written, tally):
    orphans = reeve.query(directory, "SELECT count(*) FROM comments WHERE id GLOB 'c0*' AND "
                          "post NOT IN (SELECT id FROM posts)")[0][0]
    tally.check("no delete is half done", orphans == 0, "%d comments without their post" % orphans)
    kept = reeve.query(directory, "SELECT count(*) FROM entries WHERE title = ?", "somebody else's")[0][0]
    tally.check("what was acknowledged is there", kept == written, "%d of %d" % (kept, written))


if __name__ == "__main__":
    sys.exit(main())
