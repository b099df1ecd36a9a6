#!/usr/bin/env python3
"""changes.py BINARY [--changes N]

A collection is changed again and again while clients list, view, create and update its records: no
request fails, each answer is right under a schema that stood while it was made, no value is lost. Changes
that come at once. And what a collection of twenty fields costs to create.
"""

import argparse
import concurrent.futures
import http.client
import json
import os
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

CLIENTS = 16
RECORDS = 5  # a client
TOGETHER, TOGETHER_EACH = 8, 6
CREATES = 20
CREATE_FIELDS = 20
CREATE_CPU_S = 0.1  # each; a tenth of that is what is wanted of the release build
COLLECTION = "/api/collections/boxes"
PATH = COLLECTION + "/records"
COMMON = {"collectionId", "collectionName", "id", "name", "n", "pick"}
INDEX = "CREATE INDEX idx_boxes_n ON boxes (n)"
PICKS = ("x", "y", "z")

# The steps of a round, which ends as it began: what of the definition is other than before. fields:
# name by the key that the field keeps; `many` is about pick.
ROUND = (
    {"fields": {"one": ("a", "text")}},
    {"fields": {"one": ("b", "text")}},
    {"many": True},
    {"indexes": [INDEX]},
    {"listRule": "n >= 0"},
    {"fields": {"one": ("b", "text"), "two": ("a", "number")}},
    {"fields": {"one": ("a", "text"), "two": ("b", "number")}},
    {"many": False},
    {"indexes": [], "listRule": ""},
    {"fields": {}},
)


class Plan:
    """The definitions in their order, and which of them may stand at present."""

    def __init__(self, count):
        state = {"fields": {}, "many": False, "indexes": [], "listRule": ""}
        self.states = [state]
        for i in range(count):
            state = {**state, **ROUND[i % len(ROUND)]}
            self.states.append(state)
        self.begun = self.done = 0

    def shapes(self, first, last):
        """What a record looks like under these states: (its keys, whether pick is a list, empties)."""
        return [shape(state) for state in self.states[first:last + 1]]


def shape(state):
    empty = {"text": "", "number": 0}
    rest = {name: empty[kind] for name, kind in state["fields"].values()}
    return COMMON | set(rest), state["many"], rest


def definition(state):
    fields = [{"id": "f_name", "name": "name", "type": "text"}, {"id": "f_n", "name": "n", "type": "number"},
              {"id": "f_pick", "name": "pick", "type": "select", "values": PICKS,
               "maxSelect": 2 if state["many"] else 1}]
    fields += [{"id": "f_" + key, "name": name, "type": kind}
               for key, (name, kind) in state["fields"].items()]
    return {"name": "boxes", "type": "base", "fields": fields, "indexes": state["indexes"],
            "listRule": state["listRule"], "viewRule": "", "createRule": "", "updateRule": ""}


def fits(record, kind):
    """Whether the record is one of that shape, with the values that its n stands for."""
    keys, many, rest = kind
    pick = PICKS[record["n"] % len(PICKS)]
    return (set(record) == keys and record["pick"] == ([pick] if many else pick)
            and record["name"].endswith("-%d" % record["n"])
            and all(record[name] == value for name, value in rest.items()))


class Client(threading.Thread):
    def __init__(self, number, port, plan):
        super().__init__()
        self.number, self.port, self.plan = number, port, plan
        self.count, self.values, self.wrong = 0, {}, []
        self.ending = False

    def run(self):
        self.conn = reeve.Connection("127.0.0.1", self.port, timeout=60)
        try:
            for _ in range(RECORDS):
                self.write("POST", PATH, 0)
            while not self.ending and not self.wrong:
                self.turn()
        except (OSError, http.client.HTTPException, ValueError, KeyError) as e:
            self.wrong.append(repr(e))
        finally:
            self.conn.close()

    def turn(self):
        for ident, n in list(self.values.items()):
            self.read(PATH + "/" + ident, lambda body: [body], {ident: n})
            self.write("PATCH", PATH + "/" + ident, n + 1)
        own = "?filter=name~%%27c%d-%%25%%27%%26%%26n%%3E=0&sort=-n,id" % self.number
        self.read(PATH + own, lambda body: body["items"], self.values)
        self.read(PATH + "?perPage=40&sort=name", lambda body: body["items"], {})

    def ask(self, method, path, body=None):
        """The answer, and the shapes that are right for it."""
        first = self.plan.done
        self.conn.request(method, path, body and json.dumps(body),
                          {"content-type": "application/json"} if body else {})
        reply = self.conn.getresponse()
        text = reply.read().decode()
        self.count += 1
        if reply.status != 200:
            self.wrong.append("%s %s: %d %s" % (method, path, reply.status, text[:300]))
            return None, []
        return json.loads(text), self.plan.shapes(first, self.plan.begun)

    def judge(self, what, records, shapes, values):
        """All of one answer are of one schema; values: what n is, by id, of those that must be there."""
        got = {record["id"]: record["n"] for record in records}
        if not any(all(fits(record, kind) for record in records) for kind in shapes):
            self.wrong.append("%s: no schema has %s; shapes %r" % (what, json.dumps(records)[:600], shapes))
        elif any(got.get(ident) != n for ident, n in values.items()):
            self.wrong.append("%s: %r, not %r" % (what, got, values))

    def read(self, path, records_of, values):
        body, shapes = self.ask("GET", path)
        if body:
            self.judge("GET " + path, records_of(body), shapes, values)

    def write(self, method, path, n):
        body, shapes = self.ask(method, path, {
            "name": "c%d-%d" % (self.number, n), "n": n, "pick": PICKS[n % len(PICKS)]})
        if body:
            self.values[body["id"]] = n
            self.judge(method, [body], shapes, {body["id"]: n})


def change_all(server, plan, root):
    """Makes the changes one after the other; the first that fails is said."""
    for i, state in enumerate(plan.states[1:], 1):
        plan.begun = i
        status, text, _ = server.request("PATCH", COLLECTION, definition(state), root)
        if status != 200:
            return "change %d: %d %s" % (i, status, text[:300])
        plan.done = i
    return ""


def under_load(server, count, tally):
    plan, root = Plan(count), {"Authorization": reeve.token(server.dir, "root")}
    server.request("POST", "/api/collections", definition(plan.states[0]), root)
    clients = [Client(i, server.port, plan) for i in range(CLIENTS)]
    for client in clients:
        client.start()
    reeve.until("each client has its records",
                lambda: all(len(one.values) == RECORDS or one.wrong for one in clients))
    why = change_all(server, plan, root)
    for client in clients:
        client.ending = True
    for client in clients:
        client.join()
    tally.check("load: each of %d changes is made" % count, not why, why)
    tally.check("load: no answer of %d is wrong" % sum(one.count for one in clients),
                not any(one.wrong for one in clients), "\n".join(w for one in clients for w in one.wrong[:1]))
    intact(server, plan, clients, tally)


def intact(server, plan, clients, tally):
    text = server.request("GET", PATH + "?perPage=1000")[1]
    found = {one["id"]: one for one in json.loads(text)["items"]}
    wanted = {ident: n for one in clients for ident, n in one.values.items()}
    kind = shape(plan.states[plan.done])
    tally.check("load: no value is lost", {k: v["n"] for k, v in found.items()} == wanted
                and all(fits(one, kind) for one in found.values()), repr(found)[:600])


def cost(server, tally):
    root = {"Authorization": reeve.token(server.dir, "root")}
    kinds = ("text", "number", "bool", "json", "date")
    took_ms, statuses, cpu_s = [], set(), server.cpu_s()
    for i in range(CREATES):
        fields = [{"name": "f%d" % n, "type": kinds[n % len(kinds)]} for n in range(CREATE_FIELDS)]
        begin = time.monotonic()
        statuses.add(server.request("POST", "/api/collections", {
            "name": "made%d" % i, "type": "base", "fields": fields}, root)[0])
        took_ms.append((time.monotonic() - begin) * 1000)
    cpu_s = (server.cpu_s() - cpu_s) / CREATES
    print("creating a collection of %d fields: %.1f ms, %.1f ms of processor time" % (
        CREATE_FIELDS, statistics.median(took_ms), cpu_s * 1000))
    tally.check("cost: collections are created", statuses == {200}, repr(statuses))
    tally.check("cost: in little time", cpu_s <= CREATE_CPU_S, "%.3f s of processor time each" % cpu_s)


def together(server, tally):
    """Changes that come at once: each is made of what stood before it, none is lost."""
    root = {"Authorization": reeve.token(server.dir, "root")}
    wrong = []

    def send(method, path, body):
        status, raw, _ = server.request(method, path, body, root)
        if status != 200:
            wrong.append((status, raw))

    def change(k):
        for i in range(TOGETHER_EACH):
            name = "side%d_%d" % (k, i)
            send("POST", "/api/collections", {"name": name, "fields": [{"name": "a", "type": "text"}]})
            send("PATCH", "/api/collections/" + name, {"name": name + "x", "listRule": "a = '1'"})

    with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
        list(pool.map(change, range(TOGETHER)))
    tally.check("together: every change is made", not wrong, repr(wrong)[:600])
    status, text, _ = server.request("GET", "/api/collections?perPage=500&filter=name~'side%25x'",
                                     None, root)
    rules = [one["listRule"] for one in json.loads(text)["items"]]
    tally.check("together: all of them are there", rules == ["a = '1'"] * TOGETHER * TOGETHER_EACH,
                repr(rules)[:600])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("binary")
    parser.add_argument("--changes", type=int, default=200)
    args = parser.parse_args()
    home = reeve.scratch("changes")
    tally = reeve.Tally()
    try:
        directory = reeve.fresh(args.binary, os.path.join(home, "data"))
        with reeve.Server(args.binary, directory) as server:
            cost(server, tally)
            under_load(server, args.changes, tally)
            together(server, tally)
            tally.check("stops cleanly", server.stop(), server.output())
    finally:
        reeve.remove(home)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
