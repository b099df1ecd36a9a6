#!/usr/bin/env python3
"""kill9.py BINARY [--rounds N] [--writers N]

Kills the server with SIGKILL in the middle of concurrent writers, again and again on one directory,
and looks each time whether what was acknowledged is there: a create that was answered has its row,
an update its value, a delete no row. What was in flight may be there or not, but whole: the
directory passes PRAGMA integrity_check, and the server starts on it as it is.
"""

import argparse
import http.client
import json
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

RECORDS = "/api/collections/entries/records"
GONE = None
FILLER = "x" * 400


class Writer(threading.Thread):
    """Writes on one connection until it breaks; knows what its own records must look like."""

    def __init__(self, port, number):
        super().__init__(daemon=True)
        self.port, self.number = port, number
        self.sure = {}  # id -> title that was acknowledged last, or GONE
        self.unsure = set()  # ids with a request that was never answered
        self.acknowledged = 0
        self.wrong = None

    def run(self):
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        rng = random.Random(self.number)
        try:
            for step in range(1000000):
                self.write(conn, rng, step)
        except (OSError, http.client.HTTPException):
            return  # killed: what was in flight stays unsure
        except AssertionError as e:
            self.wrong = str(e)
        finally:
            conn.close()

    def write(self, conn, rng, step):
        alive = [i for i, title in self.sure.items() if title is not GONE] if step % 5 >= 3 else []
        if not alive:
            ident = "%015x" % rng.getrandbits(60)
            self.call(conn, "POST", RECORDS, ident, {"id": ident, "title": "made", "body": FILLER}, 200)
            self.sure[ident] = "made"
        elif step % 5 == 3:
            ident = rng.choice(alive)
            title = "step %d" % step
            self.call(conn, "PATCH", RECORDS + "/" + ident, ident, {"title": title}, 200)
            self.sure[ident] = title
        else:
            ident = rng.choice(alive)
            self.call(conn, "DELETE", RECORDS + "/" + ident, ident, None, 204)
            self.sure[ident] = GONE
        self.acknowledged += 1

    def call(self, conn, method, path, ident, body, want):
        self.unsure.add(ident)
        text = json.dumps(body) if body is not None else None
        conn.request(method, path, text, {"content-type": "application/json"} if text else {})
        reply = conn.getresponse()
        answer = reply.read()
        assert reply.status in (want, 503), "%s %s: %d %r" % (method, path, reply.status, answer[:300])
        if reply.status != want:
            raise OSError("shed")
        self.unsure.discard(ident)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--writers", type=int, default=64)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    home = reeve.scratch("kill9")
    tally = reeve.Tally()
    total = 0
    print("seed %d" % args.seed)
    try:
        directory = reeve.fresh(args.binary, os.path.join(home, "data"))
        for number in range(args.rounds):
            try:
                done, why = one_round(args, directory, random.Random(args.seed * 1000 + number))
            except RuntimeError as e:
                done, why = 0, str(e)
            total += done
            if not tally.check("round %d" % number, why is None, why):
                break
    finally:
        if tally.failed:
            print("the directory is kept: " + home)
        else:
            reeve.remove(home)
    print("%d acknowledged writes in %d rounds" % (total, tally.passed + tally.failed))
    return tally.end()


def one_round(args, directory, rng):
    server = reeve.Server(args.binary, directory).start()
    writers = [Writer(server.port, rng.getrandbits(60)) for _ in range(args.writers)]
    for writer in writers:
        writer.start()
    try:
        reeve.until("a write was acknowledged", lambda: any(w.acknowledged for w in writers), 60)
        time.sleep(rng.uniform(0.01, 0.4))  # where it is killed is left to chance
    finally:
        server.kill()
    for writer in writers:
        writer.join(60)
        if writer.is_alive():
            return 0, "waited 60 s until a writer noticed that the server was killed"
    with reeve.Server(args.binary, directory) as again:  # recovers the WAL
        why = look(directory, writers)
        if why is None and not again.stop():
            why = "it did not stop cleanly: " + again.output()
    return sum(w.acknowledged for w in writers), why


def look(directory, writers):
    rows = dict(reeve.query(directory, "SELECT id, title FROM entries"))
    for writer in writers:
        if writer.wrong:
            return writer.wrong
        for ident, title in writer.sure.items():
            if ident not in writer.unsure and rows.get(ident, GONE) != title:
                return "%s was acknowledged as %r and is %r" % (ident, title, rows.get(ident))
    if not any(w.acknowledged for w in writers):
        return "no write was acknowledged at all"
    verdict = reeve.query(directory, "PRAGMA integrity_check")
    return None if verdict == [("ok",)] else "integrity_check: %r" % verdict[:3]


if __name__ == "__main__":
    sys.exit(main())
