"""What an event says: which records it is about, their form, and who sees which part."""

import json

import streams

CREATE, UPDATE, DELETE = "create", "update", "delete"
HTML = '<b>"a" & \'b\'</b> \\ / \u2028 é 🦎 \t\x7f'


def prepare(site):
    users = site.must("GET", "/api/collections/users")["id"]
    tree = site.collection("trees", listRule="", viewRule="", fields=[{"name": "name", "type": "text"}])["id"]
    site.collection("leaves", listRule='tree.name = "oak"', viewRule="", fields=[
        {"name": "tree", "type": "relation", "collectionId": tree, "maxSelect": 1, "cascadeDelete": True}])
    site.collection("birds", listRule="", viewRule="", fields=[
        {"name": "tree", "type": "relation", "collectionId": tree, "maxSelect": 1},
        {"name": "trees", "type": "relation", "collectionId": tree, "maxSelect": 5}])
    site.collection("notes", listRule="", viewRule="", fields=[
        {"name": "zeta", "type": "text"}, {"name": "n", "type": "number"},
        {"name": "secret", "type": "text", "hidden": True},
        {"name": "alpha", "type": "bool"}, {"name": "data", "type": "json"}, {"name": "at", "type": "date"},
        {"name": "tags", "type": "select", "values": ["x", "y"], "maxSelect": 2},
        {"name": "kind", "type": "select", "values": ["x", "y"], "maxSelect": 1},
        {"name": "owner", "type": "relation", "collectionId": users, "maxSelect": 1},
        {"name": "place", "type": "geoPoint"}, {"name": "page", "type": "editor"},
        {"name": "file", "type": "file", "maxSelect": 1}])
    site.collection("ones", listRule="n = 1", viewRule="", fields=[{"name": "n", "type": "number"}])
    site.must("POST", "/api/collections", {"name": "seen", "type": "view", "listRule": "", "viewRule": "",
                                           "viewQuery": "SELECT id, zeta FROM notes"})
    site.must("PATCH", "/api/settings", {"batch": {"enabled": True, "maxRequests": 100, "timeout": 10}})
    site.change("users", listRule="", viewRule="")
    return {name: site.user("users", name, name=name.title(), emailVisibility=name == "vera")
            for name in ("anna", "bert", "vera")}


def actions(site, _):
    stream = site.open("notes/*")
    ident = site.make("notes", zeta="a")
    site.seen("create", stream, ("notes/*", CREATE, ident))
    site.update("notes", ident, zeta="b")
    site.seen("update", stream, ("notes/*", UPDATE, ident))
    site.update("notes", ident)
    site.seen("update of nothing", stream, ("notes/*", UPDATE, ident))
    site.delete("notes", ident)
    site.seen("delete", stream, ("notes/*", DELETE, ident))


def same_as_answer(site, _):
    """The record is written as the answer of the API is, byte for byte, with the same order of keys."""
    stream = site.open("notes/*")
    path = "/api/collections/notes/records"
    values = {"zeta": HTML, "n": 1.5, "alpha": True, "data": {"b": [1, {"z": None, "a": 1e21}], "a": "<>"},
              "tags": ["y", "x"],
              "at": "2024-01-02 03:04:05.678Z", "kind": "x", "place": {"lon": 1.25, "lat": -2},
              "page": "<p>&amp;</p>", "secret": "s"}
    root = {**site.root, "content-type": "application/json"}
    ident = json.loads(site.server.request("POST", path, json.dumps(values), root)[1])["id"]
    first = stream.next()
    site.drain(stream)
    for _ in range(2):
        answer = site.server.request("GET", path + "/" + ident)[1].decode()
        site.same("as the answer, " + first.json()["action"], first.data,
                  '{"record":%s,"action":"%s"}' % (answer, first.json()["action"]))
        site.update("notes", ident, n=-0.25, tags=[], data=None, place={"lon": 0, "lat": 0}, at="")
        first = stream.next()
        site.drain(stream)
    answer = site.server.request("GET", path + "/" + ident)[1].decode()
    site.delete("notes", ident)
    site.same("as the answer, delete", stream.next().data, '{"record":%s,"action":"delete"}' % answer)


def key_order(site, _):
    stream = site.open("notes/*")
    site.make("notes", n=3, zeta="z")
    col = site.must("GET", "/api/collections/notes")["id"]
    got = stream.next()
    site.same("keys", list(got.json()["record"]), ["alpha", "at", "collectionId", "collectionName", "data", "file",
                                                   "id", "kind", "n",
                                                   "owner", "page", "place", "tags", "zeta"])
    site.tally.check("events: the collection", got.json()["record"]["collectionId"] == col, got.data)
    site.tally.check("events: record before action", got.data.endswith(',"action":"create"}'), got.data)


def files(site, _):
    stream = site.open("notes/*")
    body = (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
            b"Content-Type: text/plain\r\n\r\nhello\r\n--x--\r\n")
    made = site.must("POST", "/api/collections/notes/records", body,
                     {**site.root, "Content-Type": "multipart/form-data; boundary=x"})
    site.same("file", stream.next().json()["record"]["file"], made["file"])
    site.drain(stream)
    site.update("notes", made["id"], file=None)
    site.same("no file", stream.next().json()["record"]["file"], "")


def hidden(site, users):
    there = {"guest": site.open("notes/*"), "user": site.open("notes/*", headers=users["anna"][1]),
             "root": site.open("notes/*", headers=site.root)}
    ident = site.make("notes", secret="s")
    for action in (CREATE, UPDATE, DELETE):
        for who, stream in there.items():
            site.same("hidden, %s, %s" % (action, who), [(e.json()["action"], e.json()["record"].get("secret"))
                                                         for e in site.drain(stream)],
                      [(action, "s" if who == "root" else None)])
        if action == CREATE:
            site.update("notes", ident, n=1)
        elif action == UPDATE:
            site.delete("notes", ident)


def emails(site, users):
    """Of the record itself, of who may manage it, of superusers; or of those that want it so."""
    there = {"guest": site.open("users/*"), "root": site.open("users/*", headers=site.root),
             **{name: site.open("users/*", headers=pair[1]) for name, pair in users.items()}}

    def told(name):
        site.update("users", users[name][0], name="New " + name)
        found = {}
        for who, stream in there.items():
            (event,) = site.drain(stream)
            record = event.json()["record"]
            found[who] = "email" in record
            site.tally.check("events: secrets of %s for %s" % (name, who), not {"password", "tokenKey"} & set(record),
                             event.data)
        return sorted(who for who, has in found.items() if has)

    site.same("email of anna", told("anna"), ["anna", "root"])
    site.same("email of vera, for all", told("vera"), ["anna", "bert", "guest", "root", "vera"])
    site.change("users", manageRule='@request.auth.email = "bert@example.com"')
    site.same("email of anna, managed by bert", told("anna"), ["anna", "bert", "root"])
    site.change("users", manageRule=None)


def expanded_email(site, users):
    name = streams.topic("notes/*", query={"expand": "owner"})
    there = {"guest": site.open(name), "anna": site.open(name, headers=users["anna"][1])}
    site.make("notes", owner=users["anna"][0])
    for who, stream in there.items():
        (event,) = site.drain(stream)
        site.same("email in an expand for " + who, "email" in event.json()["record"]["expand"]["owner"], who == "anna")


def cascade(site, _):
    """Each record has its own event; rules over what is going as well still see it."""
    stream = site.open("trees/*", "leaves/*", "birds/*")
    trees = [site.make("trees", name=name) for name in ("oak", "elm")]
    leaves = [site.make("leaves", tree=tree) for tree in trees for _ in range(3)]
    site.drain(stream)
    for at, tree in enumerate(trees):
        site.delete("trees", tree)
        gone = leaves[:3] if at == 0 else []  # the elm's are not for everybody
        site.seen("cascade of %d" % at, stream, ("trees/*", DELETE, tree),
                  *(("leaves/*", DELETE, leaf) for leaf in gone))


def emptied(site, _):
    """A relation that loses its record is an update; a record that loses it from two fields has two."""
    stream = site.open("trees/*", "birds/*")
    oak, elm = (site.make("trees", name=name) for name in ("oak", "elm"))
    bird, other = site.make("birds", tree=oak, trees=[oak, elm]), site.make("birds", tree=elm)
    site.drain(stream)
    site.delete("trees", oak)
    got = sorted((e.name, e.json()["action"], e.json()["record"].get("tree"), e.json()["record"].get("trees"))
                 for e in site.drain(stream)
                 if e.json()["record"]["id"] != oak)
    site.same("emptied", got, sorted([("birds/*", UPDATE, "", [oak, elm]), ("birds/*", UPDATE, "", [elm])]))


def refused(site, users):
    """What failed has no event."""
    col = "/api/collections/notes/records"
    ident = site.make("notes", n=1)
    stream = site.open("notes/*", "notes/" + ident, headers=site.root)
    got = [site.send("POST", col, {"n": "x", "kind": "no"}, site.root)[0], site.send("POST", col, {"n": 1})[0],
           site.send("PATCH", col + "/" + ident, {"kind": "no"}, site.root)[0],
           site.send("PATCH", col + "/" + ident, {"n": 2})[0],
           site.send("DELETE", col + "/" + ident, None, users["anna"][1])[0],
           site.send("DELETE", col + "/nothing", None, site.root)[0]]
    site.same("refused", got, [400, 403, 400, 403, 403, 404])
    site.seen("refused: no events", stream)


def batch(site, requests):
    return site.send("POST", "/api/batch", {"requests": requests}, site.root)


def batches(site, _):
    """One event for each item, none before the whole is stored, with what was stored."""
    url = "/api/collections/notes/records"
    stream = site.open("notes/*")
    status, _ = batch(site, [{"method": "POST", "url": url, "body": {"id": "b%014d" % i, "n": i}} for i in range(20)]
                      + [{"method": "PATCH", "url": url + "/b%014d" % 3, "body": {"n": 33}},
                         {"method": "DELETE", "url": url + "/b%014d" % 4}])
    site.same("batch", status, 200)
    got = [(e.json()["action"], e.json()["record"]["id"], e.json()["record"]["n"]) for e in site.drain(stream)]
    site.ordered("batch: events", got, [(CREATE, "b%014d" % i, i) for i in range(20)]
                 + [(UPDATE, "b%014d" % 3, 33), (DELETE, "b%014d" % 4, 4)])


def rolled_back(site, _):
    url = "/api/collections/notes/records"
    kept = site.make("notes", n=1)
    stream = site.open("notes/*", "notes/" + kept, headers=site.root)
    status, _ = batch(site, [{"method": "POST", "url": url, "body": {"n": 1}},
                             {"method": "PATCH", "url": url + "/" + kept, "body": {"n": 2}},
                             {"method": "DELETE", "url": url + "/" + kept},
                             {"method": "POST", "url": url, "body": {"kind": "no"}}])
    site.same("rolled back", status, 400)
    site.seen("rolled back: no events", stream)
    site.update("notes", kept, n=3)
    site.seen("after it", stream, ("notes/*", UPDATE, kept), ("notes/" + kept, UPDATE, kept))


def batch_states(site, _):
    """Within a batch: each event has the record as its item left it, but creates and updates are checked against what
    was there after all of it, deletes against what was there before all of it."""
    url = "/api/collections/ones/records"
    ident = "q" * 15
    one = url + "/" + ident

    def item(method, n=None):
        return {"method": method, "url": url if method == "POST" else one, "body": {"id": ident, "n": n}
                if method == "POST" else {"n": n}}

    # name, the record before, the batch, what the listener of `ones/*` gets, what the one of `ones/ID` gets
    for name, before, items, many, single in (
            ("create 1, update 2", None, [item("POST", 1), item("PATCH", 2)], [], [(CREATE, 1), (UPDATE, 2)]),
            ("create 2, update 1", None, [item("POST", 2), item("PATCH", 1)], [(CREATE, 2), (UPDATE, 1)],
             [(CREATE, 2), (UPDATE, 1)]),
            ("update 0, update 1", 2, [item("PATCH", 0), item("PATCH", 1)], [(UPDATE, 0), (UPDATE, 1)],
             [(UPDATE, 0), (UPDATE, 1)]),
            ("create 1, delete", None, [item("POST", 1), item("DELETE")], [], [(CREATE, 1), (DELETE, 1)]),
            ("update 2, delete", 1, [item("PATCH", 2), item("DELETE")], [(DELETE, 2)], [(UPDATE, 2), (DELETE, 2)]),
            ("update 1, delete", 2, [item("PATCH", 1), item("DELETE")], [], [(UPDATE, 1), (DELETE, 1)])):
        if before is not None:
            site.make("ones", id=ident, n=before)
        there = site.open("ones/*"), site.open("ones/" + ident)
        site.same("states, %s: answer" % name, batch(site, items)[0], 200)
        for stream, wanted in zip(there, (many, single)):
            got = [(e.json()["action"], e.json()["record"]["n"]) for e in site.drain(stream)]
            site.ordered("states, %s: %s" % (name, "list" if wanted is many else "view"), got, wanted)
        site.send("DELETE", one, None, site.root)


def truncated(site, _):
    """Emptying a collection deletes its records one by one."""
    idents = [site.make("ones", n=at % 2) for at in range(6)]
    stream = site.open("ones/*", "ones/" + idents[0])
    site.must("DELETE", "/api/collections/ones/truncate")
    site.seen("truncated", stream, ("ones/" + idents[0], DELETE, idents[0]),
              *(("ones/*", DELETE, i) for i in idents[1::2]))


def upserts(site, _):
    stream = site.open("notes/*")
    url, ident = "/api/collections/notes/records", "u" * 15
    for action in (CREATE, UPDATE):
        batch(site, [{"method": "PUT", "url": url, "body": {"id": ident, "n": 1}}])
        site.seen("upsert: " + action, stream, ("notes/*", action, ident))


def system(site, users):
    """Collections of the system have events too: a login leaves its origin."""
    there = {who: site.open("_authOrigins/*", "_superusers/*", headers=headers)
             for who, headers in (("root", site.root), ("guest", None), ("vera", users["vera"][1]))}
    ident, _ = site.user("users", "olga")
    origins = [e for e in site.drain(there["root"])]
    site.same("origins", [(e.name, e.json()["action"], e.json()["record"]["recordRef"]) for e in origins],
              [("_authOrigins/*", CREATE, ident)])
    superuser = site.make("_superusers", email="second@example.com", password="1234567890",
                          passwordConfirm="1234567890")
    site.seen("superusers", there["root"], ("_superusers/*", CREATE, superuser))
    site.delete("_superusers", superuser)
    site.seen("superusers: delete", there["root"], ("_superusers/*", DELETE, superuser))
    for who in ("guest", "vera"):
        site.seen("of the system for " + who, there[who])
    site.delete("users", ident)
    site.seen("origins of a deleted user", there["root"], ("_authOrigins/*", DELETE, origins[0].json()["record"]["id"]))


def views(site, _):
    stream = site.open("seen/*", "seen", headers=site.root)
    ident = site.make("notes", zeta="z")
    one = site.open("seen/" + ident)
    site.update("notes", ident, zeta="y")
    site.delete("notes", ident)
    site.seen("a view", stream)
    site.seen("one record of a view", one)


def many_clients(site, _):
    """More clients than are served at once, some of them with other topics."""
    there = [site.open("notes/*" if at % 3 else "trees/*") for at in range(310)]
    ident = site.make("notes", zeta="z")
    site.drain(*there[:1])
    told = sum(streams.flat(site.drain(stream)) == [("notes/*", CREATE, ident)] for stream in there[:10])
    site.same("many clients: the first", told, 6)
    late = there[10:]
    site.make("marks", n=0)
    told = 0
    for stream in late:
        first = stream.next()
        told += first.name == "notes/*" and first.json()["record"]["id"] == ident
    site.same("many clients: the others", told, sum(at % 3 > 0 for at in range(10, 310)))


CASES = (actions, same_as_answer, key_order, files, hidden, emails, expanded_email, cascade, emptied, refused,
         batches, rolled_back, batch_states,
         truncated, upserts, system, views, many_clients)
