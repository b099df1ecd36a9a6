"""Rules that are tried: what POST /api/reeve/rules/test says is what the real request then gets, on random rules,
callers, records and bodies; its parts come to the whole; it writes nothing; what takes too long is refused."""

from __future__ import annotations

import concurrent.futures
import json
import os
import random
import sqlite3
import typing

import reeve

ROUNDS, SEEDS = 300, (1, 2)
PASSWORD = reeve.ROOT[1]
RULE_OF = {action: action + "Rule" for action in ("list", "view", "create", "update", "delete", "manage", "auth")}
METHODS = {"list": "GET", "view": "GET", "create": "POST", "update": "PATCH", "delete": "DELETE", "manage": "PATCH",
           "auth": "POST"}
USERS = {"anna": "reeveanna000000", "ben": "reeveben0000000", "cora": "reevecora000000"}

# Comparisons by collection. Of those with "?" over the same related records a rule has one, else they would speak of
# one record together and of any alone.
ANY = ('@request.auth.id != ""', '@request.auth.id = ""', "@request.auth.verified = true", '@request.query.q = "1"',
       '@request.auth.name ~ "a"', '@request.headers.x_test = "yes"', '@request.method = "PATCH"',
       '@request.context = "default"', '@request.auth.collectionName = "users"', '@collection.people.age ?> 40',
       '@request.auth.name.x = 1', '@request.query.none:isset = false', "1 = 2", "@request.body.q = 1",
       "@request.auth.id ?= @collection.posts.author")
ATOMS = {
    "posts": ('state = "published"', "author = @request.auth.id", 'title ~ "a"', "likes:length > 0", "likes.age ?> 30",
              'author.name = "Anna"', '@request.body.title:isset = true', '@request.body.state:changed = false',
              '@request.body.likes:length > 1', 'comments_via_post.text ?!= ""', 'parent.title = "Hello"',
              "created < @now", 'author.verified = true', '@request.body.author = @request.auth.id', 'id ~ "post"',
              '@request.body.author.name != "Ben"', 'likes.name != "Ada"', 'updated > "2025-06-01"'),
    "comments": ('post.state = "published"', "author = @request.auth.id", 'post.author = @request.auth.id',
                 '@request.body.author:changed = false', 'text != "Hm"', 'post.likes.name ?~ "a"',
                 'author.id = @request.body.author', '@request.body.text:lower ~ "x"'),
    "people": ("age > 20", 'secret = ""', 'tags:each ?= "red"', "meta.level > 1", "home.lat > 10", "tags:length = 1",
               'active = true', 'name:lower ~ "d"', '@request.body.age > 20', '@request.body.secret:isset = false',
               'score < 10 ', 'mood = ""', '@request.body.tags:each ~ "e"', 'posts_via_likes.state ?= "draft"'),
    "users": ("id = @request.auth.id", "verified = true", 'name = "Anna"', 'email ~ "ben"', 'id != "reevecora000000"',
              '@request.body.emailVisibility:isset = true', 'emailVisibility = false', 'posts_via_author.state ?= "draft"',
              '@request.body.verified = true', 'password != ""', '@request.context = "password"'),
    "post_stats": ('title ~ "a"', "author = @request.auth.id", "comments > 0", 'author.name != ""'),
}
ACTIONS = {"posts": ("list", "view", "create", "update", "delete"), "comments": ("list", "view", "create", "update", "delete"),
           "people": ("list", "view", "create", "update", "delete"), "post_stats": ("list", "view"),
           "users": ("list", "view", "create", "update", "manage", "auth")}

Case = dict[str, typing.Any]


class Site:
    def __init__(self, server: reeve.Server, tally: reeve.Tally) -> None:
        self.server, self.tally = server, tally
        self.root = {"Authorization": reeve.token(server.dir, "root")}
        root_id = reeve.query(server.dir, "SELECT id FROM _superusers WHERE email = ?", reeve.ROOT[0])[0][0]
        self.callers = {"guest": None, "root": "_superusers/" + root_id,
                        **{name: "users/" + ident for name, ident in USERS.items()}}
        self.made = 0

    def send(self, method: str, path: str, body: object = None,
             headers: dict[str, str] | None = None) -> tuple[int, typing.Any]:
        status, raw, _ = self.server.request(method, path, body, headers)
        return status, json.loads(raw) if raw else None

    def must(self, method: str, path: str, body: object = None) -> typing.Any:
        status, got = self.send(method, path, body, self.root)
        if status not in (200, 204):
            raise RuntimeError("%s %s: %d %s" % (method, path, status, got))
        return got

    def headers(self, who: str) -> dict[str, str]:
        """With a token of now: a changed authRule ends earlier ones."""
        return {} if who == "guest" else {"Authorization": reeve.token(self.server.dir, who)}

    def ids(self, collection: str) -> list[str]:
        return [row[0] for row in reeve.query(self.server.dir, "SELECT id FROM %s ORDER BY id" % collection)]

    def ask(self, question: Case) -> tuple[int, typing.Any]:
        return self.send("POST", "/api/reeve/rules/test", question, self.root)

    def check(self, name: str, ok: bool, why: object = "") -> bool:
        return self.tally.check("rules: " + name, ok, "%.1500s" % (why,))

    def dump(self) -> list[str]:
        """Everything that is stored."""
        con = sqlite3.connect(os.path.join(self.server.dir, "data.db"))
        try:
            return list(con.iterdump())
        finally:
            con.close()


# --- random cases -----------------------------------------------------------------------------------------------------


def make_rule(chance: random.Random, collection: str) -> str | None:
    if chance.random() < 0.08:
        return chance.choice((None, ""))
    atoms = chance.sample(ATOMS[collection], 2) + chance.sample(ANY, 2)
    chance.shuffle(atoms)
    atoms = atoms[:chance.randint(1, 4)]
    text = atoms.pop()
    while atoms:
        join = chance.choice((" && ", " || "))
        other = atoms.pop()
        text = chance.choice((text + join + other, "(%s)%s%s" % (text, join, other), "%s%s((%s))" % (other, join, text)))
    return text


def make_body(site: Site, chance: random.Random, collection: str, action: str) -> Case | None:
    """One that nothing but the rule refuses."""
    site.made += 1
    author, post = chance.choice(("", *USERS.values())), chance.choice(site.ids("posts"))
    likes = chance.sample(site.ids("people"), chance.randint(0, 3))
    whole: dict[str, Case] = {
        "posts": {"title": "Title %d" % site.made, "state": chance.choice(("draft", "published")), "author": author,
                  "likes": likes},
        "comments": {"post": post, "author": author, "text": chance.choice(("x", "y"))},
        "people": {"name": "Person %d" % site.made, "age": chance.randint(1, 60), "tags": chance.sample(["red", "green"], 1),
                   "secret": chance.choice(("", "s")), "meta": {"level": chance.randint(0, 3)}},
        "users": {"email": "user%d@example.com" % site.made, "password": PASSWORD, "passwordConfirm": PASSWORD},
    }
    if action == "create":
        return whole[collection]
    if action == "update" and collection == "users":
        return chance.choice(({"emailVisibility": chance.random() < 0.5}, {}, {"other": 1}))
    if action == "update":
        keys = list(whole[collection])
        body = {key: whole[collection][key] for key in chance.sample(keys, chance.randint(0, len(keys)))}
        if collection == "posts" and "likes" in body:
            body[chance.choice(("likes", "likes+", "likes-", "+likes"))] = body.pop("likes")
        return body
    return {"q": 1} if action in ("list", "view", "delete") and chance.random() < 0.5 else None


def refill(site: Site, chance: random.Random) -> None:
    """After deletes: there are always some records."""
    for collection in ("people", "posts", "comments"):
        while len(site.ids(collection)) < 4:
            site.must("POST", "/api/collections/%s/records" % collection, make_body(site, chance, collection, "create"))


def make_case(site: Site, chance: random.Random) -> tuple[Case, str]:
    refill(site, chance)
    collection = chance.choice(sorted(ATOMS))
    action = chance.choice(ACTIONS[collection])
    who = chance.choice(sorted(site.callers))
    case: Case = {"collection": collection, "action": action, "rule": make_rule(chance, collection), "as": site.callers[who]}
    if action == "manage" and case["rule"] == "":
        case["rule"] = None
    if action not in ("list", "create"):
        ids = list(USERS.values()) if collection == "users" else site.ids(collection)
        case["record"] = "nope" if action != "auth" and chance.random() < 0.08 else chance.choice(ids)
    body = make_body(site, chance, collection, action)
    if action == "manage":
        verified = reeve.query(site.server.dir, "SELECT verified FROM users WHERE id = ?", case["record"])
        body = {"verified": not verified[0][0] if verified else True}
    if action == "auth":
        email = reeve.query(site.server.dir, "SELECT email FROM users WHERE id = ?", case["record"])[0][0]
        body = {"identity": email, "password": PASSWORD}
    if body is not None:
        case["body"] = body
    if chance.random() < 0.5:
        case["query"] = {"q": chance.choice("12")}
    if chance.random() < 0.5:
        case["headers"] = {"X-Test": chance.choice(("yes", "no"))}
    return case, who


# --- what really happens ----------------------------------------------------------------------------------------------


def store_rule(site: Site, case: Case) -> None:
    change = {RULE_OF[case["action"]]: case["rule"]}
    if case["action"] == "manage":
        change["updateRule"] = ""
    site.must("PATCH", "/api/collections/" + case["collection"], change)


def really(site: Site, case: Case, who: str) -> tuple[bool, typing.Any]:
    """(it was allowed, the answer); RuntimeError where something else than the rule refused it."""
    action = case["action"]
    path = "/api/collections/%s/" % case["collection"] + ("auth-with-password" if action == "auth" else "records")
    if "record" in case and action != "auth":
        path += "/" + case["record"]
    pairs = ["%s=%s" % pair for pair in case.get("query", {}).items()] + (["perPage=100"] if action == "list" else [])
    headers = {**site.headers(who), **case.get("headers", {})}
    status, got = site.send(METHODS[action], path + "?" * bool(pairs) + "&".join(pairs), case.get("body"), headers)
    refusals = {"list": (400, 403), "view": (403, 404), "create": (400, 403), "update": (403, 404), "delete": (403, 404),
                "manage": (400, 403, 404), "auth": (403,)}
    items = (got or {}).get("data") if status == 400 else None
    if status in (200, 204):
        return True, got
    if status not in refusals[action] or (items and not (action == "manage" and list(items) == ["verified"])):
        raise RuntimeError("%d %s" % (status, got))
    return False, got


def value_of(parts: list[Case]) -> bool | None:
    """What parts come to beside each other, AND before OR; None: one was not asked."""
    if any(part["value"] is None for part in parts):
        return None
    runs: list[bool] = []
    for part in parts:
        if part["op"] == "&&":
            runs[-1] = runs[-1] and part["value"]
        else:
            runs.append(part["value"])
    return any(runs)


def groups_of(parts: list[Case]) -> list[Case]:
    return [group for part in parts if part["parts"] for group in (part, *groups_of(part["parts"]))]


def agrees(site: Site, case: Case, who: str) -> tuple[bool, bool, object]:
    """(as it should be, allowed, why not)"""
    status, told = site.ask(case)
    if status != 200:
        return False, False, (case, status, told)
    store_rule(site, case)
    again = site.ask({key: value for key, value in case.items() if key != "rule"})[1]
    same = {"allowed", "reason", "ids", "totalItems", "parts", "rule"}
    if {key: told[key] for key in same} != {key: again[key] for key in same}:
        return False, told["allowed"], (case, "as stored", told, again)
    allowed, got = really(site, case, who)
    why = (case, who, told, allowed, got)
    if told["allowed"] != allowed:
        return False, allowed, why
    if case["action"] == "list" and allowed:
        if told["ids"] != [item["id"] for item in got["items"]] or told["totalItems"] != got["totalItems"]:
            return False, allowed, why
    elif told["ids"] != ([case["record"]] if allowed and "record" in case else []):
        return False, allowed, why
    value = value_of(told["parts"])
    ok = value is None or not told["parts"] or value == allowed
    return ok and all(value_of(g["parts"]) in (None, g["value"]) for g in groups_of(told["parts"])), allowed, why


def compare(binary: str, directory: str, tally: reeve.Tally, seed: int) -> None:
    chance = random.Random(seed)
    seen: dict[tuple[str, bool], int] = {}
    with reeve.Server(binary, directory) as server:
        site = Site(server, tally)
        for number in range(ROUNDS):
            case, who = make_case(site, chance)
            try:
                ok, allowed, why = agrees(site, case, who)
            except RuntimeError as e:
                ok, allowed, why = False, False, (case, who, e)
            seen[case["action"], allowed] = seen.get((case["action"], allowed), 0) + 1
            site.check("seed %d, case %d" % (seed, number), ok, why)
        missing = [(action, allowed) for action in METHODS for allowed in (False, True) if not seen.get((action, allowed))]
        site.check("seed %d: each action is allowed and refused" % seed, not missing, (missing, seen))


# --- what else is promised --------------------------------------------------------------------------------------------


def writes_nothing(site: Site) -> None:
    chance = random.Random(3)
    before, asked = site.dump(), 0
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for status, _ in pool.map(site.ask, [make_case(site, chance)[0] for _ in range(100)]):
            asked += status == 200
    site.check("all of them are answered", asked == 100, asked)
    site.check("nothing is written", site.dump() == before, "the database is another one")


def counts_matches(site: Site) -> None:
    site.must("PATCH", "/api/collections/entries", {"listRule": ""})
    reeve.run_sql(site.server.dir, "data", "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 1500) "
                  "INSERT INTO entries (id, title, n) SELECT printf('e%014d', i), 'title', i FROM c")
    status, told = site.ask({"collection": "entries", "action": "list", "rule": "n > 0 && n <= 1000 && n > 1499"})
    counted = [(part["matches"], part["more"]) for part in told["parts"]] if status == 200 else told
    site.check("matches are counted up to a bound", counted == [(1000, True), (1000, False), (1, False)], counted)
    told = site.ask({"collection": "entries", "action": "list", "rule": "n > 0"})[1]
    site.check("so many ids, and all in the total", (len(told["ids"]), told["totalItems"]) == (100, 1500), told)


def nested(n: int) -> str:
    """So many comparisons, each but the last in a group with all behind it."""
    return "".join("id != '%d' && (" % i for i in range(n - 1)) + "id != ''" + ")" * (n - 1)


def is_bounded(site: Site) -> None:
    question: Case = {"collection": "people", "action": "view", "record": "person000000001"}
    longest = "name != '%s'" % ("x" * (64 * 1024 - 10))
    told = site.ask({**question, "rule": longest})[1]
    site.check("a rule of 64 KiB", told.get("allowed") is True, told)
    status, got = site.ask({**question, "rule": longest + " "})
    site.check("a longer one", (status, got.get("data", {}).get("rule", {}).get("code"))
               == (400, "validation_length_too_long"), (status, got))
    status, told = site.ask({**question, "rule": nested(200)})
    depth, parts = 0, told.get("parts")
    while parts:
        depth, parts = depth + 1, parts[-1]["parts"]
    site.check("as many groups as there may be", (status, told.get("allowed"), depth) == (200, True, 199), depth)
    status, got = site.ask({**question, "rule": nested(201)})
    site.check("one comparison more", (status, got.get("data", {}).get("rule", {}).get("code"))
               == (400, "validation_invalid_rule"), (status, got))
    brackets = "(" * 1990 + "name != ''" + ")" * 1990
    told = site.ask({**question, "rule": brackets})[1]
    site.check("brackets that mean nothing", [part["text"] for part in told["parts"]] == ['name != ""'], told)


def is_in_time(binary: str, directory: str, tally: reeve.Tally) -> None:
    reeve.run_sql(directory, "data", "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20000) "
                  "INSERT INTO entries (id, title, body) SELECT printf('e%014d', i), printf('title %d', i), "
                  "printf('body %d', i) FROM c")
    slow = "@collection.entries.title ?~ @collection.entries:other.body"
    with reeve.Server(binary, directory, "--queryTimeout=1") as server:
        site = Site(server, tally)
        for action, more in (("list", {}), ("view", {"record": "person000000001"}), ("create", {"body": {"name": "Zed"}}),
                             ("update", {"record": "person000000001"}), ("delete", {"record": "person000000001"})):
            status, got = site.ask({"collection": "people", "action": action, "rule": slow, **more})
            item = got.get("data", {}).get("rule", {})
            site.check("%s: a rule that takes too long" % action,
                       (status, item.get("code")) == (400, "validation_rule_too_slow"), (status, got))
        question = {"collection": "people", "action": "view", "record": "person000000001"}
        told = site.ask({**question, "rule": "name != '' || %s" % slow})[1]
        site.check("a part that takes too long has no value",
                   told["allowed"] and [part["value"] for part in told["parts"]] == [True, None]
                   and "no time" in told["parts"][1].get("error", ""), told)
        site.check("and nobody after it has to wait", site.ask({**question, "rule": "age > 1"})[1]["allowed"])


def run(binary: str, base: str, tally: reeve.Tally) -> None:
    for seed in SEEDS:
        compare(binary, reeve.fresh(binary, "%s-%d" % (base, seed)), tally, seed)
    is_in_time(binary, reeve.fresh(binary, base + "-slow"), tally)
    with reeve.Server(binary, base) as server:
        site = Site(server, tally)
        writes_nothing(site)
        counts_matches(site)
        is_bounded(site)
