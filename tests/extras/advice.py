"""Advice: statements that are slow on an unindexed column are told, with the index that ends it."""

import json
import os
import re
import sqlite3
import time
import urllib.parse

import reeve

ROWS, KINDS, RUNS = 60000, 300, 3
TIMEOUT_S, SLOW_ROWS = 1, 50000
ADVICE = "/api/reeve/advice"
VISITS = "/api/collections/visits/records"
NOTES = "/api/collections/notes/records"
NEEDLE = "kind7"
INDEX = "CREATE INDEX `idx_visits_kind_created` ON `visits` (\n  `kind`,\n  `created`\n)"
BACK = "CREATE INDEX `idx_notes_visit` ON `notes` (`visit`)"


class Client:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.root = {"Authorization": reeve.token(server.dir, "root")}

    def send(self, method, path, body=None, headers=None):
        status, raw, _ = self.server.request(method, path, body, self.root if headers is None else headers)
        return status, json.loads(raw) if raw else None

    def must(self, method, path, body=None):
        status, answer = self.send(method, path, body)
        assert status in (200, 204), (method, path, status, answer)
        return answer

    def same(self, name, got, want):
        self.tally.check("advice: " + name, got == want, "%r, not %r" % (got, want))

    def items(self, collection=None):
        items = self.must("GET", ADVICE)["items"]
        return [item for item in items if collection in (None, item["collection"])]

    def visits(self, **query):
        return self.must("GET", VISITS + "?" + urllib.parse.urlencode(query))["items"]


def make_collections(client):
    visits = client.must("POST", "/api/collections", {
        "name": "visits", "type": "base", "listRule": "", "viewRule": "", "fields": [
            {"name": "kind", "type": "text"}, {"name": "note", "type": "text"}, {"name": "data", "type": "json"},
            {"name": "created", "type": "autodate", "onCreate": True}]})
    client.must("POST", "/api/collections", {
        "name": "notes", "type": "base", "listRule": "", "viewRule": "", "fields": [
            {"name": "visit", "type": "relation", "maxSelect": 1, "collectionId": visits["id"]}]})
    con = sqlite3.connect(os.path.join(client.server.dir, "data.db"))
    con.executescript(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
        "INSERT INTO visits (id, kind, note, created) SELECT printf('visit%%010d', i), 'kind' || (i %% %d), 'x', "
        "printf('2026-01-%%02d 00:00:00.000Z', 1 + i %% 28) FROM n;"
        "INSERT INTO notes (id, visit) SELECT 'n' || id, id FROM visits;" % (ROWS, KINDS))
    con.close()


def guards(client):
    user = {"Authorization": reeve.token(client.server.dir, "anna")}
    client.same("guests", client.send("GET", ADVICE, headers={})[0], 401)
    client.same("users", client.send("GET", ADVICE, headers=user)[0], 403)
    client.same("nothing is slow yet", client.send("GET", ADVICE), (200, {"items": []}))
    client.same("is among the features", "advice" in client.must("GET", "/api/reeve")["features"], True)


def slow_list(client):
    for run in range(RUNS):  # other pages, as the rows of one are remembered
        client.same("rows", len(client.visits(filter='kind = "%s"' % NEEDLE, sort="-created", skipTotal=1,
                                              perPage=30 - run)), 30 - run)
    items = client.items("visits")
    client.same("one shape", len(items), 1)
    item = items[0]
    client.same("its members", list(item),
                ["collection", "sql", "count", "slowestMs", "totalMs", "index", "reason"])
    client.same("its count", item["count"], RUNS)
    client.same("its times", 1 <= item["slowestMs"] <= item["totalMs"] <= RUNS * item["slowestMs"], True)
    client.same("its statement", item["sql"].startswith("SELECT ") and " FROM `visits` t0 WHERE " in item["sql"], True)
    client.same("no value of anybody", NEEDLE in json.dumps(items), False)
    client.same("another value is the same shape", len(client.visits(filter='kind = "kind8"', sort="-created",
                                                                     skipTotal=1)), 30)
    client.same("counted with it", [i["count"] for i in client.items("visits")], [RUNS + 1])


def advised_index(client):
    item, = client.items("visits")
    client.same("the index", item["index"], INDEX)
    saved = re.fullmatch(r"about (\d+) of 60000 rows would be read", item["reason"])
    client.same("what it saves", bool(saved) and 150 <= int(saved[1]) <= 250, True)
    client.must("PATCH", "/api/collections/visits", {"indexes": [INDEX]})
    for _ in range(RUNS):
        client.visits(filter='kind = "%s"' % NEEDLE, sort="-created", skipTotal=1)
    after, = client.items("visits")
    client.same("it is not slow any more", after["count"], item["count"])
    client.same("nor is the index advised", after["index"], None)
    client.same("but named", after["reason"], "`idx_visits_kind_created` serves it")


def slow_order(client):
    """Heavier than all before it, so it comes first. A collection has the name that its index would have."""
    client.must("POST", "/api/collections", {"name": "idx_visits_note_kind", "type": "base", "fields": []})
    for run in range(RUNS * 2):  # other pages: see above
        client.visits(sort="note,kind", filter='note != "y"', perPage=30 - run)
    totals = [item["totalMs"] for item in client.items()]
    client.same("the worst first", totals, sorted(totals, reverse=True))
    found = [item for item in client.items("visits") if " ORDER BY t0.`note` " in item["sql"]]
    client.same("the order's index", [(item["index"], item["reason"]) for item in found], [
        ("CREATE INDEX `idx_visits_note_kind_2` ON `visits` (\n  `note`,\n  `kind`\n)",
         "the rows of a page would be read, and not 60000 to be sorted")])


def back_relation(client):
    status, answer = client.send("GET", VISITS + "?perPage=2&skipTotal=1&expand=notes_via_visit", headers={})
    client.same("an expand", (status, len(answer["items"])), (200, 2))
    client.same("the relation's index", BACK in [item["index"] for item in client.items("notes")], True)


def words_of_clients(client):
    for name in ("alice", "bob"):
        client.visits(filter='data.secret_%s.0 = "x"' % name, skipTotal=1)
    found = [item["sql"] for item in client.items("visits") if "json_extract" in item["sql"]]
    client.same("paths into JSON are not told", (len(found), "secret" in "".join(found)), (1, False))


def nothing_to_index(client):
    client.visits(filter='note ~ "zzz"', skipTotal=1)
    found = [item for item in client.items("visits") if "LIKE" in item["sql"]]
    client.same("what no index serves", [(item["index"], item["reason"]) for item in found],
                [(None, "no index would serve it")])


def collection_gone(client):
    client.must("DELETE", "/api/collections/notes")
    client.must("DELETE", "/api/collections/visits")
    client.same("a collection that is gone", client.items(), [])


def add_slow_collection(directory):
    """One column is computed as it is read, in hundredths of a millisecond: a look at all rows takes long, and limits are
    still looked at in time, so that its lists go on from the loop to the pool."""
    column = json.dumps({"id": "slow1", "name": "slow", "type": "text"})
    reeve.run_sql(directory, "data", (
        "INSERT INTO _collections (id, system, type, name, fields, indexes, listRule, options) "
        "SELECT 'pbc_slow', 0, 'base', 'sluggish', json_array(json_extract(fields, '$[0]'), json('%s')), '[]', '', '{}' "
        "FROM _collections WHERE type = 'base' LIMIT 1;"
        "CREATE TABLE sluggish (id TEXT PRIMARY KEY NOT NULL);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
        "INSERT INTO sluggish (id) SELECT printf('slow%%011d', i) FROM n;"
        "ALTER TABLE sluggish ADD COLUMN slow TEXT GENERATED ALWAYS AS "
        "(substr(replace(id || hex(zeroblob(6000)), '0', 'ab'), -3)) VIRTUAL;" % (column, SLOW_ROWS)))


def no_time(client):
    """A list that runs out of its time is a slow one, and so is the look at its rows: it is given up."""
    status, _ = client.send("GET", "/api/collections/sluggish/records?" + urllib.parse.urlencode(
        {"filter": 'slow = "x"', "skipTotal": 1}))
    client.same("a list without an end", status, 400)
    begin = time.monotonic()
    client.same("no time to look", [(item["index"], item["reason"]) for item in client.items("sluggish")],
                [(None, "there was no time to look at its rows")])
    client.same("given up in time", time.monotonic() - begin < TIMEOUT_S + 10, True)


def run(binary, base, tally):
    with reeve.Server(binary, base) as server:
        client = Client(server, tally)
        guards(client)
        make_collections(client)
        slow_list(client)
        advised_index(client)
        slow_order(client)
        back_relation(client)
        words_of_clients(client)
        nothing_to_index(client)
        collection_gone(client)
        tally.check("advice: the server ends cleanly", server.stop(), server.output())
    add_slow_collection(base)
    with reeve.Server(binary, base, "--queryTimeout", str(TIMEOUT_S)) as server:
        no_time(Client(server, tally))
        tally.check("advice: the server without time ends cleanly", server.stop(), server.output())
