"""Backups: what inserts notice of one, its speed beside `zip -1`, memory and log of writes, and what is in it."""

import json
import os
import re
import sqlite3
import subprocess
import threading
import time
import zipfile

import reeve

INSERT = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"title":"a title","body":"%s"}'
"""
ROW_BYTES = 2000


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


def back_up(server, root, name):
    """(the status, seconds)"""
    begun = time.monotonic()
    status = server.request("POST", "/api/backups", {"name": name}, root, timeout=3600)[0]
    return status, time.monotonic() - begun


def zipped(home, directory):
    """Seconds that `zip -1` takes for the same."""
    begun = time.monotonic()
    subprocess.run(["zip", "-1", "-q", os.path.join(home, "plain.zip"), os.path.join(directory, "data.db")], check=True)
    took = time.monotonic() - begun
    os.unlink(os.path.join(home, "plain.zip"))
    return took


def beside(server, seconds, script, root):
    """Inserts while a backup is made: its answer, their rates, and what was seen of memory and of the log of writes."""
    answer, inserted, memory, log = [], [], [], []
    thread = threading.Thread(target=lambda: answer.append(back_up(server, root, "beside.zip")))
    thread.start()
    while thread.is_alive():
        inserted.append(inserts(server.port, seconds, script))
        memory.append(server.status("RssAnon"))
        log.append(os.path.getsize(os.path.join(server.dir, "data.db-wal")))
    thread.join()
    return answer[0], inserted, max(memory), max(log)


def summed(runs):
    """(inserts a second, the longest in ms)"""
    return sum(rate for rate, _ in runs) / len(runs), max(longest for _, longest in runs)


def measure(args, binary, home):
    directory = reeve.fresh(binary, os.path.join(home, "data"))
    fill(directory, args.mb)
    script = os.path.join(home, "insert.lua")
    with open(script, "w", encoding="ascii") as f:
        f.write(INSERT % ("b" * 500))
    plain = zipped(home, directory)
    with reeve.Server(binary, directory) as server:
        root = {"Authorization": reeve.token(directory, "root")}
        quiet = back_up(server, root, "quiet.zip")
        alone = [inserts(server.port, max(1, round(args.seconds)), script)]
        before, memory = reeve.query(directory, "SELECT count(*) FROM entries")[0][0], server.status("RssAnon")
        (status, took), inserted, most, log = beside(server, 1, script, root)
        alone.append(inserts(server.port, max(1, round(args.seconds)), script))  # of a larger table, as the last ones were
        told = json.loads(server.request("GET", "/api/reeve/backups", None, root)[1])["items"][0]
    with zipfile.ZipFile(os.path.join(directory, "backups", "beside.zip")) as z:
        z.extract("data.db", home)
    copied = reeve.query(home, "SELECT count(*) FROM entries")[0][0]
    print("a backup of %d MB: %d in %.1f s, zip -1 in %.1f s (%.0f %% of its speed, wanted: 60)" % (
        args.mb, quiet[0], quiet[1], plain, 100 * plain / quiet[1]))
    print("beside inserts: %d in %.1f s; RssAnon %.1f MB more (wanted: 40 or less), WAL %.0f MB (256 or less)" % (
        status, took, (most - memory) / 1e6, log / 1e6))
    print("inserts: %.0f/s, the longest took %.0f ms; beside it %.0f/s, the longest %.0f ms (wanted: 50 more or less)" % (
        *summed(alone), *summed(inserted)))
    print("rows answered before %d, in the backup %d; verified: %s" % (before, copied, told["verified"]))
