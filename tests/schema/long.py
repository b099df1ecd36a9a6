#!/usr/bin/env python3
"""long.py BINARY

A change that takes longer than the query timeout is made all the same; reads go on meanwhile, a write
is made or refused in time, with Retry-After, and nobody sees half a schema.
"""

import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

ROWS = 800000
BOX = {"id": "boxid", "name": "boxes", "type": "base", "listRule": "", "viewRule": "",
       "createRule": "", "updateRule": "", "deleteRule": "",
       "fields": [{"id": "f_pick", "name": "pick", "type": "select", "values": ["x", "y"],
                   "maxSelect": 1},
                  {"id": "f_name", "name": "name", "type": "text"}]}
FILL = """WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d)
  INSERT INTO boxes (id, name, pick) SELECT 'b' || printf('%%014d', n), 'n' || n, 'x' FROM c""" % ROWS
TIMEOUT_S = 1
SLACK_S = 30  # of a machine that does other things, too
LIST = "/api/collections/boxes/records"


class Site:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.root = {"Authorization": reeve.token(server.dir, "root")}

    def send(self, method, path, body=None):
        status, raw, headers = self.server.request(method, path, body, self.root, timeout=300)
        return status, json.loads(raw) if raw else None, headers

    def check(self, name, fact, detail=""):
        return self.tally.check("long: " + name, fact, detail)


def clients(site, going):
    """What readers and writers saw until going() is no more."""
    seen = {"reads": [], "writes": [], "longest": 0.0}

    def read():
        while going():
            seen["reads"].append(site.send("GET", LIST + "?perPage=1&skipTotal=1"))

    def write():
        while going():
            begin = time.monotonic()
            seen["writes"].append(site.send("POST", LIST, {"name": "new", "pick": "y"}))
            seen["longest"] = max(seen["longest"], time.monotonic() - begin)

    threads = [threading.Thread(target=f) for f in (read, write, write)]
    for thread in threads:
        thread.start()
    return seen, threads


def run(site):
    site.check("made", site.send("POST", "/api/collections", BOX)[0] == 200)
    reeve.run_sql(site.server.dir, "data", FILL)
    done = threading.Event()
    seen, threads = clients(site, lambda: not done.is_set())
    changed = {**BOX, "fields": [{**BOX["fields"][0], "maxSelect": 2}, BOX["fields"][1]]}
    begin = time.monotonic()
    status, answer, _ = site.send("PATCH", "/api/collections/boxes", changed)
    took = time.monotonic() - begin
    done.set()
    for thread in threads:
        thread.join()
    site.check("the change is made", status == 200, answer)
    statuses = {s for s, _, _ in seen["reads"]}
    picks = {json.dumps(a["items"][0]["pick"]) for s, a, _ in seen["reads"] if s == 200}
    site.check("reads go on", statuses == {200} and picks <= {'"x"', '["x"]'}, (statuses, picks))
    refused = [h for s, _, h in seen["writes"] if s == 503]
    site.check("writes are made or refused", {s for s, _, _ in seen["writes"]} <= {200, 503})
    site.check("what is refused may come again", all(h.get("Retry-After") == "1" for h in refused))
    site.check("nobody waits for all of it", seen["longest"] < TIMEOUT_S + SLACK_S, seen["longest"])
    made = sum(s == 200 for s, _, _ in seen["writes"])
    (n, odd), = reeve.query(site.server.dir, "SELECT count(*), sum(pick NOT IN ('[\"x\"]', '[\"y\"]')) "
                            "FROM boxes")
    site.check("every row is converted, what was refused is not there", (n, odd) == (ROWS + made, 0),
               (n, odd, made))
    print("   %.1f s for the change, %d writes refused meanwhile" % (took, len(refused)))


def main():
    home = reeve.scratch("long")
    tally = reeve.Tally()
    try:
        base = reeve.fresh(os.path.abspath(sys.argv[1]), os.path.join(home, "site"), site=False)
        with reeve.Server(sys.argv[1], base, "--queryTimeout", str(TIMEOUT_S)) as server:
            run(Site(server, tally))
            tally.check("long: stops cleanly", server.stop(), server.output())
    finally:
        reeve.remove(home)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
