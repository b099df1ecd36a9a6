"""Lists by cursor: pages that joined are the whole list, whatever it is sorted by and whatever comes in between."""

import json
import random
import threading
import urllib.parse

import reeve

WALKS = "/api/collections/walks/records"
FIELDS = [{"name": "title", "type": "text"}, {"name": "n", "type": "number"},
          {"name": "flag", "type": "bool"}, {"name": "meta", "type": "json"},
          {"name": "tags", "type": "select", "maxSelect": 3, "values": ["a", "b", "c"]},
          {"name": "created", "type": "autodate", "onCreate": True}]
ROWS = 180


class Site:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.root = {"Authorization": reeve.token(server.dir, "root")}

    def ask(self, path, guest=False, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        status, raw, _ = self.server.request("GET", path, None, {} if guest else self.root)
        return status, json.loads(raw)

    def send(self, method, path, body):
        status, raw, _ = self.server.request(method, path, body, self.root)
        assert status < 300, (method, path, status, raw)
        return json.loads(raw) if raw else None

    def same(self, name, got, wanted):
        return self.tally.check("cursors: " + name, got == wanted,
                                "%.600r, not %.600r" % (got, wanted))

    def walk(self, path, direction="next", cursor="", **query):
        """The ids of all pages; backward they come as the list has them, too."""
        ids, pages = [], 0
        while cursor is not None:
            status, answer = self.ask(path, cursor=cursor, skipTotal=1, **query)
            assert status == 200, answer
            part = [item["id"] for item in answer["items"]]
            ids = ids + part if direction == "next" else part + ids
            cursor = answer[direction + "Cursor"]
            pages += 1
            assert pages < 3000, "it does not end"
        return ids

    def refused(self, name, path, words, guest=False, **query):
        status, answer = self.ask(path, guest, **query)
        self.same(name, [status, answer.get("message"), answer.get("data")], [400, words, {}])


def fill(site, chance):
    col = site.send("POST", "/api/collections", {
        "name": "walks", "type": "base", "fields": FIELDS, "listRule": ""})
    more = FIELDS + [
        {"name": "one", "type": "relation", "collectionId": col["id"], "maxSelect": 1},
        {"name": "many", "type": "relation", "collectionId": col["id"], "maxSelect": 5}]
    site.send("PATCH", "/api/collections/walks", {
        "fields": col["fields"] + more[len(FIELDS):],
        "indexes": ["CREATE INDEX walks_n ON walks (n)", "CREATE INDEX walks_flag ON walks (flag)",
                    "CREATE INDEX walks_title ON walks (title, n DESC)"]})
    ids = []
    for _ in range(ROWS):
        value = {"title": chance.choice(["", "a", "b", "B", "\u00e4", "z" * 40]),
                 "n": chance.choice([0, 1, -1, 2.5, 1e300, 7]), "flag": chance.random() < 0.5,
                 "meta": chance.choice([None, 1, "x", {"a": 1}, {"a": "t"}, {"a": None}, [], 2.5]),
                 "tags": chance.sample("abc", chance.randrange(3)),
                 "one": chance.choice(ids + [""]),
                 "many": chance.sample(ids, min(len(ids), chance.randrange(4)))}
        ids.append(site.send("POST", WALKS, value)["id"])
    return ids


def whole(site, chance):
    """Against the list by numbers, whose order is made as unique as that by cursor."""
    names = ["title", "n", "flag", "meta", "meta.a", "tags", "tags:length", "one.title",
             "title:lower", "created", "one", "one.one.n", "one.meta.a", "id", "@rowid"]
    for turn in range(40):
        keys = chance.sample(names, chance.randrange(4))
        keys = [chance.choice(["", "-", "+"]) + key for key in keys]
        sort = ",".join(keys)
        own = "-@rowid" if keys and keys[-1][0] == "-" else "@rowid"
        _, listed = site.ask(WALKS, sort=",".join(keys + [own]), perPage=1000)
        ids = [item["id"] for item in listed["items"]]
        per_page = chance.choice([1, 7, 59, 60, 1000]) if turn % 8 == 0 else chance.choice([29, 90])
        query = {"perPage": per_page, **({"sort": sort} if keys else {})}
        site.same("forward by " + sort, site.walk(WALKS, **query), ids)
        site.same("backward by " + sort, site.walk(WALKS, "prev", "last", **query), ids)


def joined(site):
    """Sorts by many values: each record once, in the order of its least or greatest."""
    for sort in ("many.title", "-many.n", "many.title,-many.n", "tags:each", "walks_via_one.n",
                 "-walks_via_many.title", "one.many.n,title"):
        forward = site.walk(WALKS, sort=sort, perPage=31)
        site.same("each once by " + sort, [len(forward), len(set(forward))], [ROWS, ROWS])
        site.same("back again by " + sort, site.walk(WALKS, "prev", "last", sort=sort, perPage=17),
                  forward)
    _, listed = site.ask(WALKS, filter="many.n >= -1", perPage=1000, sort="title,@rowid")
    site.same("a filter that joins", site.walk(WALKS, filter="many.n >= -1", sort="title",
                                               perPage=13), [i["id"] for i in listed["items"]])


def steps(site):
    query = {"sort": "-n,title", "perPage": 20}
    _, first = site.ask(WALKS, cursor="", **query)
    site.same("keys", sorted(first), ["items", "nextCursor", "page", "perPage", "prevCursor",
                                      "totalItems", "totalPages"])
    site.same("totals", [first["totalItems"], first["totalPages"], first["prevCursor"]],
              [ROWS, 9, None])
    _, second = site.ask(WALKS, cursor=first["nextCursor"], **query)
    _, back = site.ask(WALKS, cursor=second["prevCursor"], **query)
    site.same("there and back", back["items"], first["items"])
    site.same("nothing before it", back["prevCursor"], None)
    _, again = site.ask(WALKS, cursor=back["nextCursor"], **query)
    site.same("and on", again["items"], second["items"])
    _, more = site.ask(WALKS, cursor=first["nextCursor"], **{**query, "perPage": 40})
    site.same("a page of another size", more["items"][:20], second["items"])
    _, picked = site.ask(WALKS, cursor=first["nextCursor"], fields="id,n", **query)
    site.same("fields", picked["items"], [{"id": i["id"], "n": i["n"]} for i in second["items"]])
    _, plain = site.ask(WALKS, fields="*,expand.one.id", expand="one", cursor="", **query)
    site.tally.check("cursors: expands", any("expand" in i for i in plain["items"]))
    _, only = site.ask(WALKS, fields="nextCursor", cursor="", **query)
    site.same("fields are those of items", list(only["items"][0]), [])
    _, without = site.ask(WALKS, **query)
    site.same("none without", [k for k in without if "ursor" in k], [])


def ends(site):
    """Where nothing is left the place stays, looked at from the other side."""
    made = [site.send("POST", WALKS, {"title": "end", "n": n})["id"] for n in range(4)]
    query = {"filter": "title='end'", "sort": "n", "perPage": 2}
    _, first = site.ask(WALKS, cursor="", **query)
    for gone in made[2:]:
        site.send("DELETE", WALKS + "/" + gone, None)
    _, empty = site.ask(WALKS, cursor=first["nextCursor"], **query)
    site.same("nothing behind", [empty["items"], empty["nextCursor"]], [[], None])
    _, back = site.ask(WALKS, cursor=empty["prevCursor"], **query)
    site.same("the last page before", [i["id"] for i in back["items"]], made[:2])
    late = site.send("POST", WALKS, {"title": "end", "n": 9})["id"]
    _, next_page = site.ask(WALKS, cursor=first["nextCursor"], **query)
    site.same("what came since", [i["id"] for i in next_page["items"]], [late])
    for gone in made[:2] + [late]:
        site.send("DELETE", WALKS + "/" + gone, None)


def values(site):
    site.send("POST", WALKS, {"title": "5"})
    _, answer = site.ask(WALKS, sort="title", perPage=1, **{"from": "5"})
    site.same("a number of texts", answer["items"][0]["title"], "5")
    site.send("DELETE", WALKS + "/" + answer["items"][0]["id"], None)
    for sort, value, keep in (("n", 2.5, lambda i: i["n"] >= 2.5), ("-n", 1, lambda i: i["n"] <= 1),
                              ("title", "b", lambda i: i["title"] >= "b"),
                              ("flag", True, lambda i: i["flag"]),
                              ("-created", "9", lambda i: True), ("n", None, lambda i: True)):
        _, answer = site.ask(WALKS, sort=sort, perPage=1000, **{"from": json.dumps(value)})
        _, listed = site.ask(WALKS, sort=sort + (",-@rowid" if sort[0] == "-" else ",@rowid"),
                             perPage=1000)
        site.same("from %s of %s" % (value, sort), [i["id"] for i in answer["items"]],
                  [i["id"] for i in listed["items"] if keep(i)])
    _, answer = site.ask(WALKS, sort="n", perPage=5, **{"from": "7"})
    _, before = site.ask(WALKS, sort="n", perPage=5, cursor=answer["prevCursor"])
    site.tally.check("cursors: before a value", all(i["n"] < 7 for i in before["items"]))
    _, behind = site.ask(WALKS, sort="n", perPage=5, **{"from": "1e308"})
    site.same("behind all", [behind["items"], behind["nextCursor"]], [[], None])
    _, last = site.ask(WALKS, sort="n", perPage=5, cursor=behind["prevCursor"])
    site.same("and back", [i["n"] for i in last["items"]], [1e300] * 5)


def refusals(site):
    _, answer = site.ask(WALKS, cursor="", sort="n", perPage=3)
    cursor = answer["nextCursor"]
    none = "The cursor is none that this server has made."
    for name, text in (("forged", cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")),
                       ("cut", cursor[:-4]), ("a word", "first"), ("no base64", "%%%"),
                       ("one byte", "A"), ("padded", cursor + "=="), ("NUL", "\0" + cursor),
                       ("long", cursor * 200)):
        site.refused("refused: " + name, WALKS, none, sort="n", cursor=text)
    flips = [cursor[:i] + ("A" if cursor[i] != "A" else "B") + cursor[i + 1:]
             for i in range(0, len(cursor) - 1, 7)]
    site.same("any byte", {site.ask(WALKS, sort="n", cursor=text)[0] for text in flips}, {400})
    site.refused("another sort", WALKS, "The cursor belongs to another sort.", sort="-n",
                 cursor=cursor)
    site.refused("another collection", "/api/collections/people/records",
                 "The cursor belongs to another collection.", cursor=cursor)
    site.refused("a page", WALKS, "cursor and page exclude each other.", sort="n", cursor=cursor,
                 page=2)
    site.refused("at random", WALKS, "A list by cursor cannot be sorted by @random.", cursor="",
                 sort="n,-@random")
    site.refused("both", WALKS, "cursor and from exclude each other.", sort="n", cursor=cursor,
                 **{"from": "1"})
    site.refused("from without a sort", WALKS,
                 "from needs a sort: it is a value of the first sort field.", **{"from": "1"})
    for text in ("x", "[1]", "{}", "1 2", '"'):
        site.refused("from " + text, WALKS, "from must be a JSON text, number, bool or null.",
                     sort="n", **{"from": text})
    site.same("page 1 is none", site.ask(WALKS, sort="n", cursor=cursor, page=1)[0], 200)
    site.send("PATCH", "/api/collections/people", {"listRule": ""})
    site.same("a change elsewhere", site.ask(WALKS, sort="n", cursor=cursor)[0], 200)
    col = site.send("GET", "/api/collections/walks", None)
    site.send("PATCH", "/api/collections/walks",
              {"fields": col["fields"] + [{"name": "later", "type": "text"}]})
    site.refused("an older schema", WALKS,
                 "The cursor belongs to an older schema of the collection.", sort="n",
                 cursor=cursor)


def hidden(site):
    """A cursor tells nothing of what it stands at, and from asks nothing that a filter may not."""
    users = "/api/collections/users/records"
    _, answer = site.ask(users, sort="email", cursor="", perPage=1)
    lengths = {len(site.ask(users, sort="email", cursor="", perPage=n)[1]["nextCursor"])
               for n in (1, 2)}
    site.same("of one length", len(lengths), 1)
    col = site.send("GET", "/api/collections/users", None)
    site.send("PATCH", "/api/collections/users", {"listRule": "", "indexes": col["indexes"] + [
        "CREATE INDEX users_names ON users (name, email)"]})
    for at, name in enumerate(i["id"] for i in site.ask(users)[1]["items"]):
        site.send("PATCH", users + "/" + name, {"name": "same", "email": "x" * 25 * at + "y@example.com"})
    lengths = {len(site.ask(users, guest=True, sort="name", cursor="", perPage=n)[1]["nextCursor"])
               for n in (1, 2)}
    site.same("of one length, whatever an index has", len(lengths), 1)
    site.refused("from an e-mail", users, "A list sorted by that field has no from.", guest=True,
                 sort="email", **{"from": '"a"'})
    site.refused("from a related e-mail", "/api/collections/posts/records",
                 "A list sorted by that field has no from.", guest=True, sort="author.email",
                 **{"from": '"a"'})
    site.same("but for superusers", site.ask(users, sort="email", **{"from": '"a"'})[0], 200)
    status, answer = site.ask(users, guest=True, sort="tokenKey", cursor="")
    site.same("hidden fields", status, 400)


def lengths(site):
    """Values that no URL could carry: the record's id stands for them."""
    made = [site.send("POST", WALKS, {"title": c * 4900, "n": 77})["id"] for c in "ihgfe"]
    query = {"filter": "n=77", "sort": "title", "perPage": 2}
    site.same("long values", site.walk(WALKS, **query), made[::-1])
    site.same("and backward", site.walk(WALKS, "prev", "last", **query), made[::-1])
    _, answer = site.ask(WALKS, cursor="", **query)
    site.tally.check("cursors: short all the same", len(answer["nextCursor"]) < 400)
    site.send("DELETE", WALKS + "/" + made[3], None)
    site.send("PATCH", WALKS + "/" + made[2], {"n": 78})
    behind = site.walk(WALKS, **query)
    site.same("in the list that it is in", behind, [made[4], made[2], made[1], made[0]][:1] + made[1::-1])
    site.send("PATCH", WALKS + "/" + made[2], {"n": 77})
    site.refused("the record is gone", WALKS,
                 "The record that the cursor stands at is gone: begin anew.",
                 cursor=answer["nextCursor"], **query)
    for gone in made[:3] + made[4:]:
        site.send("DELETE", WALKS + "/" + gone, None)


def shared_joins(site):
    """Keys of related records are those that the filter leaves, also where an id stands for them."""
    few = [site.send("POST", WALKS, {"title": t})["id"] for t in ("a" * 20, "z" * 20)]
    made = [site.send("POST", WALKS, {"title": c * 4900, "n": 55, "many": few if at % 2 else few[1:]})["id"]
            for at, c in enumerate("abcdef")]
    query = {"filter": "n=55 && many.title ?> 'm'", "sort": "many.title,title", "perPage": 2}
    site.same("a filter's join", site.walk(WALKS, **query), made)
    site.same("a filter's join, backward", site.walk(WALKS, "prev", "last", **query), made)
    for gone in made + few:
        site.send("DELETE", WALKS + "/" + gone, None)


def secret_rows(site):
    """What a row has become that may not be seen any more is not told by where a cursor stands."""
    site.send("POST", "/api/collections", {
        "name": "pins", "type": "base", "listRule": "open = true", "fields": [
            {"name": "open", "type": "bool"}, {"name": "text", "type": "text"}]})
    pins = "/api/collections/pins/records"
    made = [site.send("POST", pins, {"open": True, "text": c * 4900})["id"] for c in "abc"]
    _, answer = site.ask(pins, guest=True, sort="text", perPage=1, cursor="")
    site.send("PATCH", pins + "/" + made[0], {"open": False, "text": "secret"})
    site.refused("a row that is hidden by now", pins,
                 "The record that the cursor stands at is gone: begin anew.", guest=True,
                 sort="text", cursor=answer["nextCursor"])
    site.refused("from a row id", pins, "A list sorted by that field has no from.", guest=True,
                 sort="@rowid", **{"from": "1"})
    site.same("but for superusers", site.ask(pins, sort="@rowid", **{"from": "1"})[0], 200)


def wide(site):
    """Of wide rows a page before a place takes no more memory than one behind it."""
    made = [site.send("POST", WALKS, {"n": 66, "meta": {"x": "y" * 400000}})["id"] for _ in range(30)]
    before = site.server.rss()
    for _ in range(3):
        status, answer = site.ask(WALKS, filter="n=66", fields="id", perPage=1000, cursor="last")
        site.same("wide rows", [status, len(answer["items"])], [200, 30])
    with open("/proc/%d/maps" % site.server.process.pid) as maps:
        sanitized = "libasan" in maps.read()
    grown = site.server.rss() - before
    site.tally.check("cursors: and take no memory", sanitized or grown < 8 << 20, "%d bytes more" % grown)
    for gone in made:
        site.send("DELETE", WALKS + "/" + gone, None)


def views(site):
    site.send("POST", "/api/collections", {
        "name": "walks_seen", "type": "view", "listRule": "",
        "viewQuery": "SELECT id, title, n, meta FROM walks"})
    seen = "/api/collections/walks_seen/records"
    for sort in ("", "title", "-meta,n", "n,id"):
        query = {"sort": sort} if sort else {}
        _, listed = site.ask(seen, perPage=1000, sort=sort + ("," if sort else "") + "id")
        got = site.walk(seen, perPage=23, **query)
        site.same("of a view by " + sort, [len(got), sorted(got)],
                  [ROWS, sorted(i["id"] for i in listed["items"])])
        site.same("back in a view by " + sort, site.walk(seen, "prev", "last", perPage=40, **query),
                  got)
    site.send("POST", "/api/collections", {"name": "parts", "type": "base", "fields": FIELDS})
    parts = "/api/collections/parts/records"
    made = [site.send("POST", parts, {"tags": ["a"]})["id"] for _ in range(9)]
    site.send("POST", "/api/collections", {
        "name": "walks_twice", "type": "view", "listRule": "",
        "viewQuery": "SELECT p.id, t.value AS tag FROM parts p, json_each(p.tags) t"})
    for at, name in enumerate(made):
        site.send("PATCH", parts + "/" + name, {"tags": list("abc")[:at % 4]})
    twice = "/api/collections/walks_twice/records"
    total = site.ask(twice, perPage=1000)[1]["items"]
    for per_page in (1, 2, 5):
        site.same("ids that repeat, %d" % per_page, sorted(site.walk(twice, perPage=per_page)),
                  sorted(i["id"] for i in total))
        site.same("and backward, %d" % per_page,
                  sorted(site.walk(twice, "prev", "last", perPage=per_page)),
                  sorted(i["id"] for i in total))


def crowd(site):
    """Who pages while others write sees each old record once, and no record twice."""
    old = set(site.walk(WALKS, perPage=1000))
    stop = threading.Event()

    def write():
        chance = random.Random(5)
        while not stop.is_set():
            made = site.send("POST", WALKS, {"title": chance.choice("abcz"), "n": chance.random()})
            if chance.random() < 0.5:
                site.send("DELETE", WALKS + "/" + made["id"], None)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        for sort in ("", "title", "-n", "-created,title", "@rowid", "-title,n"):
            query = {"sort": sort} if sort else {}
            for direction, begin in (("next", ""), ("prev", "last")):
                ids = site.walk(WALKS, direction, begin, perPage=11, **query)
                site.same("no record twice beside writers", len(ids), len(set(ids)))
                site.same("none is missing beside writers", old - set(ids), set())
    finally:
        stop.set()
        for writer in writers:
            writer.join()


def run(binary, base, tally):
    with reeve.Server(binary, base) as server:
        site = Site(server, tally)
        chance = random.Random(18)
        fill(site, chance)
        whole(site, chance)
        joined(site)
        for part in (steps, ends, values, lengths, shared_joins, secret_rows, wide, views, hidden, crowd, refusals):
            part(site)
        tally.check("cursors: stops cleanly", server.stop(), server.output())
