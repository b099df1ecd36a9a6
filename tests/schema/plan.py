#!/usr/bin/env python3
"""plan.py BINARY

What POST /api/reeve/schema/plan answers is what the change then does: nothing by itself; its DDL makes of
a copy of the database what the change makes of the database; its losses are lost; what it names as broken
is; and the way back leads back.
"""

import json
import os
import shutil
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

COLLECTIONS = "/api/collections"
OPEN = {"listRule": "", "viewRule": "", "createRule": "", "updateRule": "", "deleteRule": ""}


def field(name, kind, **options):
    return {"id": "f_" + name, "name": name, "type": kind, **options}


BOX = {"id": "boxid", "name": "boxes", "type": "base", **OPEN,
       "fields": [field("name", "text"), field("size", "number"), field("spare", "text"),
                  field("pick", "select", values=["x", "y", "z"], maxSelect=3)],
       "indexes": ["CREATE INDEX idx_name ON boxes (name)"]}
ITEM = {"id": "itemid", "name": "items", "type": "base", **OPEN, "listRule": "box.spare = \'\'",
        "fields": [field("box", "relation", collectionId="boxid", maxSelect=1), field("note", "text")]}
SEEN = {"id": "seenid", "name": "seen", "type": "view", "listRule": "",
        "viewQuery": "SELECT id, note FROM items"}
ROWS = [{"id": "boxone000000001", "name": "a", "size": 1, "spare": "s", "pick": ["x", "y"]},
        {"id": "boxtwo000000002", "name": "b", "size": 0, "spare": "", "pick": ["z"]},
        {"id": "boxthree0000003", "name": "", "size": 2, "spare": "t", "pick": []}]


def but(definition, *gone, **changes):
    """The definition with some fields gone and some of their options changed."""
    fields = [{**f, **changes.pop(f["name"], {})} for f in definition["fields"] if f["name"] not in gone]
    return {**definition, "fields": fields, **changes}


# name, body of the plan, request that does it, losses, (collection, where) of what is broken
CASES = (
    ("rename of a field", {"collection": but(BOX, name={"name": "label"}, indexes=[
        "CREATE INDEX idx_name ON boxes (label)"])}, ("PATCH", "/boxid"), [], []),
    ("two names swapped", {"collection": but(BOX, name={"name": "spare"}, spare={"name": "name"})},
     ("PATCH", "/boxid"), [], []),
    ("fields that go", {"collection": but(BOX, "size", "spare")}, ("PATCH", "/boxid"),
     [("values", "size", 2), ("values", "spare", 2)], [("items", "listRule")]),
    ("a field that comes", {"collection": {**BOX, "fields": BOX["fields"] + [field("more", "json")]}},
     ("PATCH", "/boxid"), [], []),
    ("many to one", {"collection": but(BOX, pick={"maxSelect": 1})}, ("PATCH", "/boxid"),
     [("items", "pick", 1)], []),
    ("rename of a collection", {"collection": {**BOX, "name": "chests"}}, ("PATCH", "/boxid"), [], []),
    ("an index", {"collection": {**BOX, "indexes": ["CREATE UNIQUE INDEX idx_size ON boxes (size)"]}},
     ("PATCH", "/boxid"), [], []),
    ("only a rule", {"collection": {**BOX, "listRule": "size > 0"}}, ("PATCH", "/boxid"), [], []),
    ("a collection that comes", {"collection": {**BOX, "id": "newid", "name": "news", "indexes": []}},
     ("POST", ""), [], []),
    ("a collection that goes", {"remove": "locked"}, ("DELETE", "/locked"),
     [("records", None, None)], []),
    ("an import", {"collections": [but(BOX, "spare"), {"name": "fresh", "fields": [field("a", "text")]},
                                   {**SEEN, "viewQuery": "SELECT id, box FROM items"}]},
     ("PUT", "/import"), [], []),
    ("an import that removes", {"collections": [BOX, {**ITEM, "listRule": ""}], "deleteMissing": True},
     ("PUT", "/import"), None, []),
)


class Site:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.root = {"Authorization": reeve.token(server.dir, "root")}

    def send(self, method, path, body=None):
        status, raw, _ = self.server.request(method, path, body, self.root)
        return status, json.loads(raw) if raw else None

    def check(self, case, what, fact, detail=""):
        return self.tally.check("plan: %s: %s" % (case, what), fact, detail)

    def definitions(self):
        """Without what each change makes anew."""
        found = self.send("GET", COLLECTIONS + "?perPage=500&sort=name")[1]["items"]
        for one in found:
            for key in ("updated", "created"):
                one.pop(key)
            if one["type"] == "view":
                for f in one["fields"]:
                    f.pop("id")
        return found


def tables(path):
    """Columns of every table and view, and the indexes."""
    con = sqlite3.connect(path)
    try:
        names = [n for n, in con.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
                                         "AND name NOT LIKE 'sqlite_%'")]
        found = {n: sorted(con.execute("SELECT name, type, dflt_value FROM pragma_table_info(?)", (n,)))
                 for n in names}
        found["indexes"] = sorted(con.execute("SELECT name, tbl_name, sql FROM sqlite_master "
                                              "WHERE type = 'index' AND sql IS NOT NULL"))
        return found
    finally:
        con.close()


def copy(site, name):
    """The database as it is, elsewhere."""
    to = site.server.dir + "." + name
    source = sqlite3.connect(os.path.join(site.server.dir, "data.db"))
    target = sqlite3.connect(to)
    source.backup(target)
    source.close()
    target.close()
    return to


def try_case(site, name, body, request, losses, broken):
    before, db_before = site.definitions(), tables(os.path.join(site.server.dir, "data.db"))
    other = copy(site, "copy")
    status, plan = site.send("POST", "/api/reeve/schema/plan", body)
    if not site.check(name, "is answered", status == 200, plan):
        return
    site.check(name, "does nothing", (site.definitions(), tables(
        os.path.join(site.server.dir, "data.db"))) == (before, db_before))
    if losses is not None:
        got = [(one["kind"], one.get("field"), one["rows"]) for one in plan["losses"]
               if one["collection"] not in ("locked", "entries")]
        wanted = [one for one in losses if one[2] is not None]
        site.check(name, "what is lost", got == wanted or "import" in name, got)
    found = [(one["collection"], one["where"]) for one in plan["references"]]
    site.check(name, "what is broken", found == broken or "import" in name, plan["references"])
    method, path = request
    sent = body.get("collection") or (body if "collections" in body else None)
    status, answer = site.send(method, COLLECTIONS + path, sent)
    site.check(name, "is done", status in (200, 204), answer)
    con = sqlite3.connect(other)
    con.executescript(plan["ddl"])
    con.close()
    site.check(name, "its DDL is what was done", tables(other) == tables(
        os.path.join(site.server.dir, "data.db")), plan["ddl"])
    os.unlink(other)
    status, answer = site.send("PUT", COLLECTIONS + "/import", plan["inverse"])
    site.check(name, "the way back is taken", status == 204, answer)
    after = site.definitions()
    site.check(name, "and leads back", after == before, [
        (x, y) for x, y in zip(after, before) if x != y][:1])


def conflicts(binary, home, tally):
    """What the rows stand against, which only they can tell: the change itself is refused."""
    base = reeve.fresh(binary, os.path.join(home, "conflicts"))
    with reeve.Server(binary, base) as server:
        site = Site(server, tally)
        for definition in (BOX, ITEM):
            assert site.send("POST", COLLECTIONS, definition)[0] == 200
        for row in ROWS + [{**ROWS[0], "id": "boxfour00000004", "name": "A", "spare": "other"}]:
            assert site.send("POST", COLLECTIONS + "/boxes/records", row)[0] == 200
        for name, wanted, definition in (
                ("equal values", [("boxes", "indexes.0")],
                 {**BOX, "indexes": ["CREATE UNIQUE INDEX u ON boxes (size)"]}),
                ("values of another case", [("boxes", "indexes.0")],
                 {**BOX, "indexes": ["CREATE UNIQUE INDEX u ON boxes (name COLLATE NOCASE)"]}),
                ("under a new name", [("boxes", "indexes.0")],
                 {**but(BOX, size={"name": "width"}), "indexes": ["CREATE UNIQUE INDEX u ON boxes (width)"]}),
                ("different values", [], {**BOX, "indexes": ["CREATE UNIQUE INDEX u ON boxes (spare, name)"]}),
                ("ids that are equal", [("odd", "viewQuery")],
                 {"name": "odd", "type": "view", "viewQuery": "SELECT 'x' AS id, name FROM boxes"}),
                ("ids that differ", [], {"name": "even", "type": "view",
                                         "viewQuery": "SELECT id, name FROM boxes"})):
            status, plan = site.send("POST", "/api/reeve/schema/plan", {"collection": definition})
            site.check(name, "is answered", status == 200, plan)
            site.check(name, "what stands against it", [(one["collection"], one["where"])
                                                        for one in plan["conflicts"]] == wanted, plan)
            method, path = ("PATCH", "/boxid") if "id" in definition else ("POST", "")
            status, answer = site.send(method, COLLECTIONS + path, definition)
            site.check(name, "is told by the change, too", (status == 400) == bool(wanted), answer)
        tally.check("plan: stops cleanly", server.stop(), server.output())


def numbers(binary, home, tally):
    """Rows that hold something, by the type of the field."""
    fields = [field("t", "text"), field("g", "geoPoint"), field("n", "number"), field("j", "json"),
              field("b", "bool")]
    rows = [{"t": "0", "n": 0, "j": None}, {"t": "false", "g": {"lon": 1, "lat": 0}, "n": 2.5, "j": 0},
            {"t": "", "j": []}, {"t": "[]", "b": True}]
    base = reeve.fresh(binary, os.path.join(home, "numbers"))
    with reeve.Server(binary, base) as server:
        site = Site(server, tally)
        assert site.send("POST", COLLECTIONS, {**BOX, "fields": fields, "indexes": []})[0] == 200
        for row in rows:
            assert site.send("POST", COLLECTIONS + "/boxes/records", row)[0] == 200
        _, plan = site.send("POST", "/api/reeve/schema/plan", {"collection": {"id": "boxid", "fields": []}})
        got = {one["field"]: one["rows"] for one in plan["losses"]}
        site.check("numbers", "of each type", got == {"t": 3, "g": 1, "n": 1, "j": 2, "b": 1}, got)
        status, _ = site.send("POST", "/api/reeve/schema/plan", {"collection": BOX, "remove": "items"})
        site.check("numbers", "one plan at a time", status == 400)
        reeve.run_sql(base, "data", "CREATE TRIGGER guard BEFORE INSERT ON _params BEGIN "
                      "SELECT raise(abort, 'no'); END")
        status, plan = site.send("POST", "/api/reeve/schema/plan", {"remove": "boxes"})
        site.check("numbers", "triggers of others", status == 200, plan)
        tally.check("plan: stops cleanly", server.stop(), server.output())


def run(binary, home, tally):
    conflicts(binary, home, tally)
    numbers(binary, home, tally)
    for n, case in enumerate(CASES):
        base = reeve.fresh(binary, os.path.join(home, "site%d" % n))
        with reeve.Server(binary, base) as server:
            site = Site(server, tally)
            for definition in (BOX, ITEM, SEEN):
                status, answer = site.send("POST", COLLECTIONS, definition)
                assert status == 200, answer
            for row in ROWS:
                assert site.send("POST", COLLECTIONS + "/boxes/records", row)[0] == 200
            try_case(site, *case)
            tally.check("plan: stops cleanly", server.stop(), server.output())
        shutil.rmtree(base)


def main():
    home = reeve.scratch("plan")
    tally = reeve.Tally()
    try:
        run(os.path.abspath(sys.argv[1]), home, tally)
    finally:
        reeve.remove(home)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
