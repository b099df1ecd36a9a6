#!/usr/bin/env python3
"""faults.py [--every N] SERVER

Changes of collections on an engine whose Nth call fails, or takes its transaction along, for every N,
or for one in so many (SERVER: tests/schema/server.c): each change is made whole or not at all, in the
database and in what is published; the server goes on, and the same request is then granted.
"""

import argparse
import json
import mmap
import os
import re
import sqlite3
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

COLLECTIONS = "/api/collections"
MOST_CALLS = 2000  # a change that has more goes round in circles
AGAIN = 8  # after one failure in so many the same request follows at once; it always does at the end
# What differs between two runs of the same change.
RANDOM = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z|_clone_\w{4}|\"secret\":\"\w+\"|\$2a\$[\w./$]+")
OPEN = {"listRule": "", "viewRule": "", "createRule": "", "updateRule": "", "deleteRule": ""}


def field(name, kind, **options):
    return {"id": "f_" + name, "name": name, "type": kind, **options}


def index(collection, column):
    return "CREATE INDEX idx_%s ON %s (%s)" % (column, collection, column)


BOX = {
    "id": "boxid", "name": "boxes", "type": "base", **OPEN,
    "fields": [field("name", "text"), field("size", "number"), field("gone", "text"),
               field("pick", "select", values=["x", "y"], maxSelect=1)],
    "indexes": [index("boxes", "name"), index("boxes", "gone")],
}
ITEM = {"id": "itemid", "name": "items", "type": "base", **OPEN, "fields": [
    field("box", "relation", collectionId="boxid", cascadeDelete=True)]}
SEEN = {"id": "seenid", "name": "seen", "type": "view", "listRule": "", "viewRule": "",
        "viewQuery": "SELECT id, name AS name, size FROM boxes"}
MEMBER = {"id": "memberid", "name": "members", "type": "auth", **OPEN, "fields": [
    {"name": "password", "type": "password", "cost": 4, "min": 8}, field("nick", "text")]}
PASSWORD = {"password": "1234567890", "passwordConfirm": "1234567890"}
REFERENCES = {"_externalAuths": {"provider": "github", "providerId": "1"},
              "_authOrigins": {"fingerprint": "f"}}
CHANGED_BOX = {
    "name": "chests",
    "fields": [{**BOX["fields"][0], "name": "label"}, BOX["fields"][1],
               {**BOX["fields"][3], "maxSelect": 2}, field("more", "json")],
    "indexes": ["CREATE UNIQUE INDEX idx_label ON chests (label)", index("chests", "more")],
}


def imported(base):
    """What is there but the items and what has been seen, with changes, and something new."""
    return {"deleteMissing": True, "collections": base + [
        {**BOX, **CHANGED_BOX}, MEMBER, {**ITEM, "id": "newid", "name": "news", "fields": []},
        {**SEEN, "id": "newseenid", "name": "newseen", "viewQuery": "SELECT id, label FROM chests"}]}


# name, what is there before (in that order), method, path, body (or what makes it of the base)
CHANGES = (
    ("create", (BOX,), "POST", "", ITEM),
    ("create with indexes", (), "POST", "", BOX),
    ("create auth", (), "POST", "", MEMBER),
    ("create view", (BOX,), "POST", "", SEEN),
    ("update", (BOX, ITEM, SEEN), "PATCH", "/boxes", CHANGED_BOX),
    ("update what a view shows", (BOX, SEEN), "PATCH", "/boxes", {
        "fields": [BOX["fields"][0], {**BOX["fields"][1], "onlyInt": True}, *BOX["fields"][2:]]}),
    ("update a rule", (BOX,), "PATCH", "/boxes", {"listRule": "size > 0"}),
    ("update view", (BOX, SEEN), "PATCH", "/seen", {"viewQuery": "SELECT id, size, pick FROM boxes"}),
    ("import", (BOX, ITEM, SEEN, MEMBER), "PUT", "/import", imported),
    ("delete", (BOX, ITEM), "DELETE", "/items", None),
    ("delete auth", (MEMBER,), "DELETE", "/members", None),
    ("truncate", (BOX, ITEM), "DELETE", "/boxes/truncate", None),
)


class Faults:
    """The counters of the engine in the server: mapped from the file that it maps, too."""

    def __init__(self, path, at):
        self.at = at
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 0)

    def arm(self, number):
        """The Nth call from now on fails; 0: none does."""
        for values in ((0, 0, 0), (0, number, 0)):
            struct.pack_into("3l", self.map, self.at, *values)

    def hit(self):
        return struct.unpack_from("3l", self.map, self.at)[2] > 0


class Site:
    def __init__(self, server, faults, tally):
        self.server, self.faults, self.tally = server, faults, tally
        self.n_hit = 0
        self.root = {"Authorization": reeve.token(server.dir, "root")}
        self.base = json.loads(self.must("GET", COLLECTIONS + "?perPage=100"))["items"]

    def ask(self, method, path, body=None):
        return self.server.request(method, path, body, self.root)[:2]

    def must(self, *request):
        status, text = self.ask(*request)
        if status not in (200, 204):
            raise RuntimeError("%r: %d %s" % (request, status, text))
        return text

    def make(self, definitions):
        """These collections and nothing else, with some records."""
        self.must("PUT", COLLECTIONS + "/import", {"deleteMissing": True, "collections": self.base})
        for definition in definitions:
            self.must("POST", COLLECTIONS, definition)
        for i in range(3 if BOX in definitions else 0):
            ident = "%015d" % i
            self.must("POST", COLLECTIONS + "/boxes/records", {
                "id": ident, "name": "box %d" % i, "size": i, "gone": "g", "pick": "xy"[i % 2]})
            if ITEM in definitions:
                self.must("POST", COLLECTIONS + "/items/records", {"id": ident, "box": ident})

        if MEMBER in definitions:
            self.must("POST", COLLECTIONS + "/members/records", {
                "id": "%015d" % 0, "email": "a@example.com", "tokenKey": "k" * 50, **PASSWORD})
            for name, values in REFERENCES.items():
                self.must("POST", COLLECTIONS + "/%s/records" % name, {
                    "id": "%015d" % 0, "collectionRef": "memberid", "recordRef": "%015d" % 0, **values})

    def state(self):
        """All that is stored, and what the server says of it."""
        told = [self.must("GET", COLLECTIONS + "?perPage=100").decode()]
        for one in json.loads(told[0])["items"]:
            if not one["system"]:
                told.append(self.must("GET", COLLECTIONS + "/%s/records" % one["name"]).decode())
        con = sqlite3.connect(os.path.join(self.server.dir, "data.db"))
        try:
            # What the engine counts, and what runs by the clock, is no matter of the change.
            stored = [line for line in con.iterdump() if "sqlite_stat" not in line and "_reeve_crons" not in line]
        finally:
            con.close()
        return RANDOM.sub("*", "\n".join(sorted(stored) + told))

    def sweep(self, kind, every, name, before, method, path, body):
        self.make(before)
        first = self.state()
        self.must(method, COLLECTIONS + path, body)
        last = self.state()
        wrong, number, hit = [], 1 - every, True
        self.make(before)
        while hit and number < MOST_CALLS:
            number += every
            self.faults.arm(number)
            status, text = self.ask(method, COLLECTIONS + path, body)
            hit = self.faults.hit()
            self.n_hit += hit
            self.faults.arm(0)
            good = self.judge(wrong, "call %d: " % number, (status, text, hit), first, last)
            if status == 503 and number // every % AGAIN == 0:
                again = self.ask(method, COLLECTIONS + path, body)
                good = self.judge(wrong, "call %d, again: " % number, (*again, False), first, last)
            if not good:
                break  # what is left may stand in the way of the next
            if status != 503 or number // every % AGAIN == 0:
                self.make(before)
        self.tally.check("%s, %s: whole or not at all, %d calls" % (kind, name, number - 1),
                         not wrong and number > 1 and not hit, "%d wrong\n%s" % (
                             len(wrong), "\n".join(wrong)))

    def judge(self, wrong, what, answer, first, last):
        """A call that failed is the client's 503, or was none that the change needs. False: it is
        not so, and is noted."""
        status, text, hit = answer
        wanted, state = first if status == 503 else last, self.state()
        if status not in ((200, 204, 503) if hit else (200, 204)):
            wrong.append("%s%d %r" % (what, status, text))
        elif state != wanted:
            wrong.append("%s%d: %s" % (what, status, difference(state, wanted)))
        else:
            return True
        return False


def difference(state, wanted):
    got, wanted = state.split("\n"), wanted.split("\n")
    return "there is %s, not %s" % ([line[:300] for line in got if line not in wanted][:3],
                                    [line[:300] for line in wanted if line not in got][:3])


def run(binary, home, kind, every, tally):
    directory = reeve.fresh(binary, os.path.join(home, kind), site=False)
    os.environ["REEVE_TEST_FAULT"] = os.path.join(home, kind + ".fault")
    if kind == "ends":
        os.environ["REEVE_TEST_FAULT_ENDS"] = "1"
    with reeve.Server(binary, directory) as server:
        at = int(re.search(r"^faults at (\d+)$", server.output(server.begins), re.M)[1])
        site = Site(server, Faults(os.environ["REEVE_TEST_FAULT"], at), tally)
        for name, before, method, path, body in CHANGES:
            site.sweep(kind, every, name, before, method, path, body(site.base) if callable(body) else body)
        print("%s: %d calls failed" % (kind, site.n_hit))
        tally.check(kind + ": stops cleanly", server.stop(), server.output())


def main():
    parser = argparse.ArgumentParser(description="Changes of collections on an engine that fails.")
    parser.add_argument("server")
    parser.add_argument("--every", type=int, default=1, help="one call in so many fails (all)")
    args = parser.parse_args()
    binary = os.path.abspath(args.server)
    home = reeve.scratch("faults")
    tally = reeve.Tally()
    try:
        for kind, times in (("fails", 1), ("ends", 3)):
            run(binary, home, kind, times * args.every, tally)
    finally:
        reeve.remove(home)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
