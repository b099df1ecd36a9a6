"""Batches of 50 creates, on Reeve and on PocketBase in turn, and deletes that cascade.

Both servers work on copies of one directory, which Reeve has made, under the durability that each
has by itself. What counts is the median of the ratios of the rounds. Load comes from wrk; an answer
other than 200 is no batch.
"""

import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time

import reeve

CREATES = 50
CLIENTS = (1, 8, 64)
WANTED = 6.0
OWNED, CASCADE_MS = 1000, 50
TEXT = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do " * 8
AUTHORS = {"name": "authors", "type": "base", "deleteRule": "", "fields": [
    {"name": "name", "type": "text"}]}
FIELDS = [{"name": "title", "type": "text"}, {"name": "description", "type": "text"},
          {"name": "public", "type": "bool"},
          {"name": "type", "type": "select", "values": ["a", "b", "c", "d"], "maxSelect": 4}]
# name of the collection, and what it has: each author owns posts in one of them
KINDS = {"posts": "", "indexed": "with an index", "filed": "with a file", "both": "with both"}


def compare(args, mine, home):
    """Prints a line for each number of clients, and one for each kind of cascade."""
    binaries = {"reeve": mine}
    if args.reference:
        binaries["reference"] = os.path.abspath(args.reference)
    model = make(mine, os.path.join(home, "model"))
    compare_batches(args, binaries, model, home)
    for kind, what in KINDS.items():
        for name, binary in binaries.items():
            took = statistics.median(cascade_ms(binary, model, home, kind) for _ in range(args.rounds))
            print("%-9s delete of an owner of %d posts %-14s %8.1f ms  (wanted: %d or less)" % (
                name, OWNED, what, took, CASCADE_MS), flush=True)


# --- data ------------------------------------------------------------------------------------------


def make(binary, directory):
    reeve.fresh(binary, directory, site=False)
    reeve.set_batch(directory, enabled=True)
    with reeve.Server(binary, directory) as server:
        author = add(server, AUTHORS)
        for kind in KINDS:
            add(server, collection(kind, author))
    return directory


def collection(name, author):
    fields = FIELDS + [{"name": "author", "type": "relation", "collectionId": author, "cascadeDelete": True}]
    indexes = []
    if name in ("filed", "both"):
        fields.append({"name": "file", "type": "file", "maxSelect": 1})
    if name in ("indexed", "both"):
        indexes.append("CREATE INDEX idx_%s ON %s (author)" % (name, name))
    return {"name": name, "type": "base", "createRule": "", "fields": fields, "indexes": indexes}


def add(server, wanted):
    root = {"Authorization": reeve.token(server.dir, "root")}
    status, said, _ = server.request("POST", "/api/collections", wanted, root)
    if status != 200:
        sys.exit("no collection %s: %r" % (wanted["name"], said))
    return json.loads(said)["id"]


# --- batches ---------------------------------------------------------------------------------------


def compare_batches(args, binaries, model, home):
    script = batch_script(home)
    for clients in CLIENTS:
        seen = {name: [] for name in binaries}
        for number in range(args.rounds):
            order = list(binaries) if number % 2 == 0 else list(binaries)[::-1]
            for name in order:
                seen[name].append(batches(args.seconds, binaries[name], model, home, script, clients))
        report(clients, seen)


def batch_script(home):
    body = {"title": "a title", "description": TEXT, "public": True, "type": ["a", "c"]}
    items = [{"method": "POST", "url": "/api/collections/posts/records", "body": body}] * CREATES
    path = os.path.join(home, "batch.lua")
    with open(path, "w", encoding="ascii") as f:
        f.write("wrk.method = \"POST\"\nwrk.body = '%s'\n"
                "wrk.headers[\"Content-Type\"] = \"application/json\"\n" % json.dumps({"requests": items}))
    return path


def serve(binary, model, home):
    """A server on a fresh copy. PocketBase is to write no migrations, and does not say which port it
    was given."""
    directory = os.path.join(home, "copy")
    reeve.remove(directory)
    shutil.copytree(model, directory)
    known = subprocess.run([binary, "--help"], capture_output=True, text=True, check=False)
    own = ["--automigrate=false"] if "--automigrate" in known.stdout else []
    return reeve.Server(binary, directory, *own, port=reeve.free_port())


def batches(seconds, binary, model, home, script, clients):
    """(batches that were written a second, ms of processor time each)"""
    with serve(binary, model, home) as server:
        before = server.cpu_s()
        text = subprocess.run(["wrk", "-t1", "-c%d" % clients, "-d%gs" % seconds, "-s", script,
                               "--timeout", "30s", "http://127.0.0.1:%d/api/batch" % server.port],
                              check=True, capture_output=True, text=True).stdout
        spent = server.cpu_s() - before
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if refused:
        print("  %s batches refused" % refused[1])
    found = re.search(r"(\d+) requests in ([\d.]+)(m?s)", text)
    count = int(found[1]) - (int(refused[1]) if refused else 0)
    took = float(found[2]) / (1000 if found[3] == "ms" else 1)
    return count / took, 1000 * spent / max(1, count)


def report(clients, seen):
    line = "%2d clients:" % clients
    for name, rounds in seen.items():
        rate, cpu = (statistics.median(x) for x in zip(*rounds))
        line += " %s %7.1f batches /s %6.2f ms of CPU;" % (name, rate, cpu)
    if len(seen) == 2:
        line += " %.1fx (wanted: %.0f)" % (
            statistics.median(a[0] / max(1e-9, b[0]) for a, b in zip(*seen.values())), WANTED)
    print(line, flush=True)


# --- cascades --------------------------------------------------------------------------------------


def fill(directory, kind):
    """Some owners beside the one that is to go, as a table has them."""
    con = sqlite3.connect(os.path.join(directory, "data.db"))
    owners = 20
    con.executemany("INSERT INTO authors (id, name) VALUES (?, ?)",
                    (("author%09d" % i, "author %d" % i) for i in range(owners)))
    rows = [("post%011d" % i, "title", TEXT, "author%09d" % (i % owners)) for i in range(owners * OWNED)]
    con.executemany("INSERT INTO %s (id, title, description, author) VALUES (?, ?, ?, ?)" % kind, rows)
    if kind in ("filed", "both"):
        (ident,), = con.execute("SELECT id FROM _collections WHERE name = ?", (kind,))
        con.execute("UPDATE %s SET file = 'a.txt' WHERE author = 'author%09d'" % (kind, 0))
        for i in range(0, len(rows), owners):
            place = os.path.join(directory, "storage", ident, rows[i][0])
            os.makedirs(place)
            with open(os.path.join(place, "a.txt"), "w", encoding="ascii") as f:
                f.write("a file")
    con.commit()
    con.close()


def cascade_ms(binary, model, home, kind):
    owned = serve(binary, model, home)
    fill(owned.dir, kind)
    with owned as server:
        time.sleep(0.5)  # what begins with the server is over
        begun = time.monotonic()
        status, said, _ = server.request("DELETE", "/api/collections/authors/records/author%09d" % 0)
        took = 1000 * (time.monotonic() - begun)
    if status != 204:
        sys.exit("the owner was not deleted: %r" % said)
    left = reeve.query(owned.dir, "SELECT count(*) FROM %s WHERE author = 'author%09d'" % (kind, 0))
    if left != [(0,)]:
        sys.exit("posts are left: %r" % left)
    return took
