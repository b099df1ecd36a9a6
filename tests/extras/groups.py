"""Groups and their aggregates: what they say is what the listed records give when counted here."""

import concurrent.futures
import itertools
import json
import math
import os
import random
import urllib.parse

import reeve

N_PEOPLE, N_POSTS, ROUNDS = 30, 40, 60
TAGS, MOODS = ("red", "green", "blue"), ("", "calm", "cross")
METAS = (None, 1, 2.5, True, False, "x", "12", [1, 2], {"level": 3}, {"level": "3"}, {"level": 2.5},
         {"level": None}, {"level": True}, {"level": -1e300})

# Of each record: name in groupBy: its values. A list's record is in the group of each value once.
PEOPLE_KEYS = {
    "mood": lambda r: [r["mood"]],
    "mood:lower": lambda r: [r["mood"].lower()],
    "active": lambda r: [r["active"]],
    "age": lambda r: [r["age"]],
    "tags": lambda r: [r["tags"]],
    "tags:each": lambda r: r["tags"] or [None],
    "tags:length": lambda r: [len(r["tags"])],
    "meta": lambda r: [r["meta"]],
    "home": lambda r: [r["home"]],
    "born": lambda r: [r["born"]],
}
# Of each post that likes the record; two of them are of the same post.
POST_KEYS = {
    "posts_via_likes.state": lambda p: p["state"],
    "posts_via_likes.parent.title": lambda p: p["parent_title"],
}
# Of each record: the one value that the aggregates are of.
PEOPLE_VALUES = {
    "age": lambda r: r["age"],
    "score": lambda r: r["score"],
    "tags:length": lambda r: len(r["tags"]),
    "meta.level": lambda r: number(r["meta"].get("level")) if isinstance(r["meta"], dict) else None,
    "home.lat": lambda r: r["home"]["lat"],
}
PEOPLE_CHOSEN = {
    "age": lambda r: r["age"],
    "score": lambda r: r["score"],
    "born": lambda r: r["born"],
    "active": lambda r: r["active"],
    "name": lambda r: r["name"],
}
PEOPLE_FILTERS = ("", "age > 20", "active = true", "tags:each ?= 'red'", "tags:each = 'red'",
                  "tags:length > 1 && mood != ''", "posts_via_likes.state ?= 'draft'",
                  "posts_via_likes.title ?~ 'a' || age < 5", "age > 1000",
                  "posts_via_likes.likes.age ?> 10 && tags:each ?!= 'blue'")


def number(value):
    """What of a JSON value counts in a sum."""
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, (int, float)) else None


def fill(directory, rng):
    people, posts = [], []
    for i in range(N_PEOPLE):
        meta = rng.choice(METAS)
        people.append(("groupsperson%03d" % i, "p%d" % i, rng.randrange(40),
                       rng.choice((0, 0.5, -3.25, 1e15, rng.uniform(-9, 9))), rng.random() < 0.5,
                       rng.choice(("", "2001-05-06 07:08:09.123Z", "1990-02-03 00:00:00.000Z")),
                       json.dumps(rng.sample(TAGS, rng.randrange(4))), rng.choice(MOODS),
                       None if meta is None else json.dumps(meta),
                       json.dumps({"lon": rng.randrange(3), "lat": rng.choice((0, 1.5))})))
    for i in range(N_POSTS):
        likes = rng.sample(range(N_PEOPLE), rng.randrange(5))
        parent = "" if i == 0 or rng.random() < 0.3 else "groupspostxx%03d" % rng.randrange(i)
        posts.append(("groupspostxx%03d" % i, "t%s%d" % (rng.choice("abc"), i % 7),
                      json.dumps(["groupsperson%03d" % p for p in likes]),
                      rng.choice(("draft", "published")), parent))
    with reeve.sqlite3.connect(os.path.join(directory, "data.db")) as con:
        con.execute("DELETE FROM people")
        con.execute("DELETE FROM posts")
        con.executemany("INSERT INTO people (id, name, age, score, active, born, tags, mood, meta, "
                        "home) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", people)
        con.executemany("INSERT INTO posts (id, title, likes, state, parent) "
                        "VALUES (?, ?, ?, ?, ?)", posts)
    con.close()


class Site:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.root = {"Authorization": reeve.token(server.dir, "root")}

    def list(self, collection, headers=None, **query):
        path = "/api/collections/%s/records?%s" % (collection, urllib.parse.urlencode(query))
        status, raw, _ = self.server.request("GET", path, None, headers)
        return status, json.loads(raw)

    def all(self, collection, page_size=1000, **query):
        """Every item, of as many pages as there are."""
        items, page = [], 1
        while True:
            status, got = self.list(collection, self.root, perPage=page_size, page=page, **query)
            assert status == 200, (query, got)
            items += got["items"]
            if page >= got["totalPages"]:
                assert got["totalItems"] == len(items), (query, got["totalItems"], len(items))
                return items
            page += 1


def join(people, posts):
    by_id = {p["id"]: p for p in posts}
    for post in posts:
        parent = by_id.get(post["parent"])
        post["parent_title"] = parent["title"] if parent else None
    for person in people:
        person["posts"] = [p for p in posts if person["id"] in p["likes"]]


def key_text(values):
    return json.dumps(list(values), sort_keys=True)


def key_values(record, key, post):
    if key in POST_KEYS:
        return [POST_KEYS[key](post) if post else None]
    return PEOPLE_KEYS[key](record)


def combinations(record, keys):
    out = []
    for post in record["posts"] or [None]:
        out += itertools.product(*[key_values(record, key, post) for key in keys])
    return out


def expected(records, keys, sums, chosen):
    groups = {} if keys else {"[]": ([], [])}
    for record in records:
        combos = combinations(record, keys)
        for text, combo in {key_text(c): c for c in combos}.items():
            groups.setdefault(text, (combo, []))[1].append(record)
    out = {}
    for text, (_, members) in groups.items():
        item = {"count": len(members)}
        for name in sums:
            values = [v for v in map(PEOPLE_VALUES[name], members) if v is not None]
            item["sum_" + name] = math.fsum(values)
            item["avg_" + name] = math.fsum(values) / len(values) if values else None
        for name in chosen:
            values = [PEOPLE_CHOSEN[name](m) for m in members]
            item["min_" + name] = min(values) if values else None
            item["max_" + name] = max(values) if values else None
        out[text] = item
    return out


def alike(x, y, scale):
    if isinstance(x, (int, float)) and isinstance(y, (int, float)):
        return isinstance(x, bool) == isinstance(y, bool) and math.isclose(
            x, y, rel_tol=1e-9, abs_tol=scale)
    return x == y and type(x) is type(y)


def same_groups(got, wanted, keys):
    """Why not, or None. Sums of what nearly cancels itself out differ by the size of what is
    summed."""
    found = {}
    for item in got:
        text = key_text([item.pop(key) for key in keys])
        if text in found:
            return "group %s twice" % text
        found[text] = item
    if found.keys() != wanted.keys():
        return "groups %r, not %r" % (sorted(found), sorted(wanted))
    for text, item in wanted.items():
        if found[text].keys() != item.keys():
            return "%s: members %r" % (text, found[text])
        for name, value in item.items():
            scale = 1e-9 * 1e15 if name.endswith("_score") else 0
            if not alike(found[text][name], value, scale):
                return "%s: %s is %r, not %r" % (text, name, found[text][name], value)
    return None


def compare(site, rng, posts):
    keys = rng.sample(sorted(PEOPLE_KEYS | POST_KEYS), rng.randrange(3))
    sums = rng.sample(sorted(PEOPLE_VALUES), rng.randrange(3))
    chosen = rng.sample(sorted(PEOPLE_CHOSEN), rng.randrange(3))
    aggregates = (["count"] + ["%s:%s" % (f, n) for n in sums for f in ("sum", "avg")] +
                  ["%s:%s" % (f, n) for n in chosen for f in ("min", "max")])
    rule = rng.choice(PEOPLE_FILTERS)
    records = site.all("people", filter=rule)
    join(records, posts)
    query = {"groupBy": ",".join(keys), "aggregate": ",".join(aggregates), "filter": rule}
    got = site.all("people", page_size=rng.choice((7, 1000, 1000)), **query)
    why = same_groups(got, expected(records, keys, sums, chosen), keys)
    return query, why


def properties(site, seed):
    rng = random.Random(seed)
    fill(site.server.dir, rng)
    posts = site.all("posts")
    join([], posts)
    jobs = []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for i in range(ROUNDS):
            jobs.append(pool.submit(compare, site, random.Random("%s %d" % (seed, i)), posts))
    failed = [job.result() for job in jobs if job.result()[1]]
    site.tally.check("groups: %d random ones, seed %s" % (ROUNDS, seed), not failed, failed[:2])


def orders(site):
    """Pages of a list that is sorted by an aggregate follow each other."""
    wanted = site.all("people", groupBy="age", aggregate="count,sum:score", sort="-count")
    ranks = [(-g["count"], g["age"]) for g in wanted]
    site.tally.check("groups: sorted, then by key", ranks == sorted(ranks), ranks)
    pages = site.all("people", page_size=2, groupBy="age", aggregate="count,sum:score",
                     sort="-count")
    site.tally.check("groups: the same by pages", pages == wanted, pages)


def overflow(site):
    """A sum is a number of JSON's, not one of 64 bits."""
    with reeve.sqlite3.connect(os.path.join(site.server.dir, "data.db")) as con:
        con.executemany("INSERT INTO entries (title, n) VALUES ('big', ?)", [(2 ** 62,)] * 3)
    con.close()
    got = site.all("entries", filter="title = 'big'", aggregate="count,sum:n,avg:n,max:n")
    wanted = {"count": 3, "sum_n": 3 * 2.0 ** 62, "avg_n": 2.0 ** 62, "max_n": 2.0 ** 62}
    site.tally.check("groups: large sums",
                     [{k: float(v) for k, v in g.items()} for g in got] == [wanted], got)


def attack(site):
    """Names are never SQL: what is no field is refused, and nothing else happens."""
    names = ("age`", "age'--", 'age"', "age)", "`people`.`secret`", "t0.secret", "1", "*", "age;",
             "age) FROM people; DROP TABLE people", "(SELECT secret FROM people)", "@rowid",
             "@random", "rowid", "_rowid_", "c1", "ag\u00e9", "age\u0000", "\u0000", "a" * 10000,
             "age.x", "home.lat'", "home.a`b", "meta." + "a." * 100 + "b", "meta.'||1||'",
             "meta.\"", "null", "true", "''", "secret", "secret:lower", "id:nope",
             "posts_via_likes.body'", "posts_via_secret.id", "@collection.locked.note",
             "@request.auth.id", "@now")
    texts = ([{"groupBy": n} for n in names] +
             [{"aggregate": f + ":" + n} for n in names for f in ("min", "sum")] +
             [{"groupBy": "age", "sort": n} for n in names])
    for query in texts:
        status, got = site.list("people", **query)
        # a JSON path may be any text
        free = status == 200 and next(iter(query.values())).split(":")[-1].startswith(
            ("meta.", "home."))
        site.tally.check("groups: refused: %r" % (str(query)[:60],), status in (400, 403) or free,
                         (status, str(got)[:200]))
    before = len(site.all("people"))
    site.tally.check("groups: the records are still there", before == N_PEOPLE, before)


def run(binary, directory, tally):
    with reeve.Server(binary, directory) as server:
        site = Site(server, tally)
        for seed in ("one", "two", str(random.randrange(10 ** 9))):
            properties(site, seed)
        orders(site)
        overflow(site)
        attack(site)
