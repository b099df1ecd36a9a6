#!/usr/bin/env python3
"""backup.py BINARY [--mb N] [--seconds N]: a backup of N MB while 64 clients insert.

Prints the longest insert with and without it, its speed as a part of `zip -1` on the same files, the memory that it
took, how large the log of writes became, and whether every insert that was answered before it began is in it.
"""

import argparse
import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
import zipfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "support"))
import reeve  # noqa: E402

INSERT = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"title":"a title","body":"%s"}'
"""
ROW_BYTES = 2000


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--mb", type=int, default=2048)
    parser.add_argument("--seconds", type=int, default=10)
    args = parser.parse_args()
    home = reeve.scratch("bench-backup")
    try:
        measure(args, home)
    finally:
        reeve.remove(home)


def fill(directory, mb):
    """Rows that compress about as far as a site's do: half words, half random."""
    db = sqlite3.connect(os.path.join(directory, "data.db"))
    db.execute("PRAGMA synchronous=OFF")
    db.execute("""INSERT INTO entries (id, title, body, n) WITH RECURSIVE c(n) AS
        (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d)
        SELECT printf('%%015d', n), 'title ' || n,
            hex(randomblob(%d)) || printf('%%0%dd', n), n FROM c""" % (mb * 1000000 // ROW_BYTES, ROW_BYTES // 4, ROW_BYTES // 2))
    db.commit()
    db.close()


def inserts(port, seconds, script):
    """(inserts a second, the longest in ms)"""
    text = subprocess.run(["wrk", "-t1", "-c64", "-d%ds" % seconds, "--timeout", "60s", "-s", script,
                           "http://127.0.0.1:%d/api/collections/entries/records" % port],
                          check=True, capture_output=True, text=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    longest = re.search(r"Latency\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)", text)
    return rate, float(longest[1]) * {"us": 0.001, "ms": 1, "s": 1000}[longest[2]]


def measure(args, home):
    directory = reeve.fresh(args.binary, os.path.join(home, "data"))
    fill(directory, args.mb)
    script = os.path.join(home, "insert.lua")
    with open(script, "w", encoding="ascii") as f:
        f.write(INSERT % ("b" * 500))
    with reeve.Server(args.binary, directory) as server:
        root = {"Authorization": reeve.token(directory, "root")}
        alone = inserts(server.port, args.seconds, script)
        memory, longest_log, answer = [server.rss()], [0], []
        before = reeve.query(directory, "SELECT count(*) FROM entries")[0][0]

        def back_up():
            began = time.monotonic()
            answer.append(server.request("POST", "/api/backups", {"name": "bench.zip"}, root, timeout=3600)[0])
            answer.append(time.monotonic() - began)

        thread = threading.Thread(target=back_up)
        thread.start()
        beside = []
        while thread.is_alive():
            beside.append(inserts(server.port, 2, script))
            memory.append(server.rss())
            longest_log.append(os.path.getsize(os.path.join(directory, "data.db-wal")))
        thread.join()
        report = json.loads(server.request("GET", "/api/reeve/backups", None, root)[1])
    took = answer[1]
    began = time.monotonic()
    subprocess.run(["zip", "-1", "-q", os.path.join(home, "plain.zip"), os.path.join(directory, "data.db")], check=True)
    plain = time.monotonic() - began
    with zipfile.ZipFile(os.path.join(directory, "backups", "bench.zip")) as z:
        z.extract("data.db", home)
    copied = reeve.query(home, "SELECT count(*) FROM entries")[0][0]
    print("  %d MB, status %d, %.1f s; zip -1: %.1f s; speed %.0f %% of it" % (args.mb, answer[0], took, plain, 100 * plain / took))
    print("  inserts alone %.0f/s, longest %.0f ms; beside it %.0f/s, longest %.0f ms" % (
        *alone, sum(r for r, _ in beside) / len(beside), max(m for _, m in beside)))
    print("  memory %.1f MB more at most, log of writes %.0f MB at most" % (
        (max(memory) - memory[0]) / 1e6, max(longest_log) / 1e6))
    print("  rows answered before: %d, in the backup: %d; told: %s" % (before, copied, report["items"][0]["verified"]))


if __name__ == "__main__":
    main()
