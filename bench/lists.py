"""Lists: pages by cursor far from the beginning, groups, and exports beside sqlite3 -csv."""

import http.client
import json
import os
import sqlite3
import statistics
import subprocess
import time
import urllib.parse

import reeve

PER_PAGE, PAGES = 25, 4000
EXPORTED, EXPORT_RATIO, EXPORT_MB = 1000000, 0.5, 40
LIST = "/api/collections/many/records"
DEFINITION = {"name": "many", "type": "base", "listRule": "", "fields": [
    {"name": "title", "type": "text"}, {"name": "body", "type": "text"}, {"name": "n", "type": "number"},
    {"name": "flag", "type": "bool"}, {"name": "created", "type": "autodate", "onCreate": True}],
    "indexes": ["CREATE INDEX many_created ON many (created)", "CREATE INDEX many_flag ON many (flag)"]}
ROWS = """INSERT INTO many (id, title, body, n, flag, created) WITH RECURSIVE c(i) AS
  (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d) SELECT printf('r%%014d', i), 'title ' || (i * 7919 %% 100003),
  'the body of a record, which is longer than its title ' || i, i %% 1000, i %% 2,
  printf('2026-01-%%02d 10:%%02d:%%02d.%%03dZ', i * 25 / %d + 1, i %% 60, i %% 59, i %% 1000) FROM c"""


class Client:
    def __init__(self, server):
        self.conn = http.client.HTTPConnection("127.0.0.1", server.port)

    def get(self, **query):
        """(seconds, answer)"""
        begun = time.perf_counter()
        self.conn.request("GET", LIST + "?" + urllib.parse.urlencode(query))
        answer = self.conn.getresponse()
        raw = answer.read()
        took = time.perf_counter() - begun
        if answer.status != 200:
            raise RuntimeError(raw)
        return took, json.loads(raw)


def measure(args, binary, home):
    directory = filled(binary, os.path.join(home, "pages"), PER_PAGE * PAGES)
    with reeve.Server(binary, directory) as server:
        client = Client(server)
        for sort in ("", "-created", "flag", "title"):
            pages(client, sort, PAGES if sort != "title" else 100)
        for groups in ({"groupBy": "n", "aggregate": "count,sum:n"}, {"groupBy": "flag", "aggregate": "count"}):
            took = statistics.median(client.get(**groups)[0] for _ in range(5))
            print("groups of %d records, %-40s %8.1f ms" % (PER_PAGE * PAGES, groups, took * 1e3), flush=True)
    reeve.remove(directory)
    export(args, binary, filled(binary, os.path.join(home, "export"), EXPORTED))


def filled(binary, directory, rows):
    reeve.fresh(binary, directory, site=False)
    root = {"Authorization": reeve.token(directory, "root")}
    with reeve.Server(binary, directory) as server:
        status, raw, _ = server.request("POST", "/api/collections", DEFINITION, root)
        if status != 200:
            raise RuntimeError(raw)
    db = sqlite3.connect(os.path.join(directory, "data.db"))
    db.execute(ROWS % (rows, rows))
    db.commit()
    db.close()
    return directory


def pages(client, sort, n):
    times, cursor = [], ""
    for _ in range(n):
        took, answer = client.get(perPage=PER_PAGE, skipTotal=1, sort=sort, cursor=cursor)
        times.append(took)
        cursor = answer["nextCursor"]
    first, last = (statistics.median(part) * 1e6 for part in (times[1:51], times[-50:]))
    by_number = client.get(perPage=PER_PAGE, skipTotal=1, sort=sort, page=n)[0] * 1e6
    print("by cursor, sort=%-9s first pages %6.0f us, about page %4d %6.0f us  (%.2f, wanted: 1 or so); "
          "by number %6.0f us" % (sort, first, n, last, last / first, by_number), flush=True)


def export(args, binary, directory):
    seen = {"text/csv": [], "application/x-ndjson": []}
    with reeve.Server(binary, directory) as server:
        for _ in range(args.rounds):
            begun = time.perf_counter()
            subprocess.run(["sqlite3", "-csv", os.path.join(directory, "data.db"), "SELECT * FROM many"],
                           stdout=subprocess.DEVNULL, check=True)
            bare = time.perf_counter() - begun
            for accept, ratios in seen.items():
                before = server.rss()
                ratios.append((bare / whole(server, accept), (server.rss() - before) / 1e6))
    for accept, ratios in seen.items():
        print("export of %d records, %-21s %.2f of sqlite3 -csv's rate  (wanted: %.2f), %.1f MB more memory "
              "(wanted: below %d)" % (EXPORTED, accept, statistics.median(r[0] for r in ratios), EXPORT_RATIO,
                                      max(r[1] for r in ratios), EXPORT_MB), flush=True)


def whole(server, accept):
    begun = time.perf_counter()
    conn = http.client.HTTPConnection("127.0.0.1", server.port)
    conn.request("GET", LIST, None, {"Accept": accept})
    answer = conn.getresponse()
    room = bytearray(1 << 20)
    while answer.readinto(room):
        pass
    conn.close()
    return time.perf_counter() - begun
