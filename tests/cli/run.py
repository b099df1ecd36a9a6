#!/usr/bin/env python3
"""run.py BINARY

The commands that only look at a data directory: `schema`, `explain`. They work on one that a server
has open, and leave every byte of data.db as it was. `files` (files.py) mends what it finds, too.
`serve` under a service manager is service.py's.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import files  # noqa: E402
import reeve  # noqa: E402
import service  # noqa: E402

ANNA, BEN = "users/reeveanna000000", "users/reeveben0000000"
POSTS = "/api/collections/posts/records"
DRAFT = POSTS + "/post00000000002"  # Anna's; guests do not see it
SANITIZED = ("Sanitizer", "runtime error:")


class Command:
    """Runs the program on one directory, and checks what came out."""

    def __init__(self, binary, directory, tally):
        self.binary, self.directory, self.tally = os.path.abspath(binary), directory, tally

    def run(self, *words):
        done = subprocess.run([self.binary, *words, "--dir", self.directory], timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if any(sign in done.stderr for sign in SANITIZED):
            self.tally.check("no sanitizer's report: %s" % (words,), False, done.stderr)
        return done.returncode, done.stdout, done.stderr

    def expect(self, name, words, code=0, has=(), lacks=(), says=()):
        """has, lacks: of standard output; says: of standard error."""
        status, out, err = self.run(*words)
        wrong = ["exit code %d" % status] if status != code else []
        wrong += ["no %r" % text for text in has if text not in out]
        wrong += ["there is %r" % text for text in lacks if text in out]
        wrong += ["standard error has no %r" % text for text in says if text not in err]
        self.tally.check(name, not wrong, "%s\n%s%s" % ("; ".join(wrong), out, err))
        return out

    def explain(self, name, method, url, *more, **expected):
        return self.expect("explain: " + name, ("explain", method, url, *more), **expected)


def digest(directory):
    with open(os.path.join(directory, "data.db"), "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def listed(server, headers):
    status, body, _ = server.request("GET", "/api/collections?perPage=1000", headers=headers)
    return json.loads(body)["items"] if status == 200 else body


# --- schema -------------------------------------------------------------------------------------


def lasting(collections):
    """What an import keeps: a view's fields are inferred anew from its query."""
    return {c["name"]: {k: v for k, v in c.items() if k not in ("created", "updated")
                        and (k != "fields" or c["type"] != "view")} for c in collections}


def schema_as_the_api(command, server, root):
    options = [json.loads(o) for o, in reeve.query(command.directory, "SELECT options FROM _collections")]
    secrets = [v["secret"] for o in options for v in o.values() if isinstance(v, dict) and "secret" in v]
    command.tally.check("schema: there are secrets", len(secrets) > 4)
    out = command.expect("schema: beside a server", ("schema",), lacks=secrets)
    command.tally.check("schema: what GET /api/collections shows, in its order",
                        json.loads(out) == {"collections": listed(server, root)})
    command.tally.check("schema: a member a line", out.startswith('{\n  "collections": [\n    {\n')
                        and out.endswith("\n  ]\n}\n") and '"indexes": [],' in out, out[:200])
    return json.loads(out)["collections"]


def schema_by_name(command, whole):
    out = command.expect("schema: by name or id", ("schema", "LOCKED", "reeveposts00000", "posts"))
    names = [c["name"] for c in json.loads(out)["collections"]]
    command.tally.check("schema: each once, in the list's order", names == ["posts", "locked"], names)
    picked = [c for c in whole if c["name"] in names]
    command.tally.check("schema: as among all", json.loads(out)["collections"] == picked)
    command.expect("schema: an unknown name", ("schema", "posts", "nope"), code=1,
                   says=['there is no collection "nope"'])
    command.tally.check("schema: prints nothing then", command.run("schema", "posts", "nope")[1] == "")


def schema_is_imported(binary, home, tally, text):
    """What was printed makes the same collections elsewhere."""
    empty = reeve.fresh(binary, os.path.join(home, "import"), site=False)
    root = {"Authorization": reeve.token(empty, "root"), "content-type": "application/json"}
    with reeve.Server(binary, empty) as server:
        status, body, _ = server.request("PUT", "/api/collections/import", text, root)
        tally.check("schema: is imported", status == 204, body)
        got, wanted = lasting(listed(server, root)), lasting(json.loads(text)["collections"])
        tally.check("schema: the same after an import", got == wanted,
                    [n for n in wanted if wanted[n] != got.get(n)])


def no_directory(binary, home, tally):
    missing = os.path.join(home, "missing")
    command = Command(binary, missing, tally)
    command.expect("schema: no directory", ("schema",), code=1, says=[missing])
    command.explain("no directory", "GET", POSTS, code=1, says=[missing])
    tally.check("none is made", not os.path.exists(missing))
    os.mkdir(missing)
    command.expect("schema: an empty directory", ("schema",), code=1, says=["there is no database"])
    tally.check("nothing is made in it", os.listdir(missing) == [])


# --- explain ------------------------------------------------------------------------------------


def explain_lists(command, server):
    url = POSTS + "?filter=" + urllib.parse.quote('title~"e"') + "&sort=-created&expand=author"
    _, body, _ = server.request("GET", url)
    out = command.explain(
        "a list", "GET", url,
        has=["who       guest\n", 'rule      listRule: state = "published" || author = @request.auth.id\n',
             'filter    title~"e"\n', "sort      -created\n", "expand    author\n",
             "\nThe rule, compiled\n", "\nThe filter, compiled\n", '?1 = "%e%"\n', "\nStatement 1: 2 rows, ",
             "  plan\n    SCAN t0\n", "USE TEMP B-TREE FOR ORDER BY\n", "\nStatement 2: ", "`users`",
             "SEARCH t0 USING INDEX", " statements, ", " in the database, ",
             "Answer: 200, %d bytes\n" % len(body)])
    command.explain("the same with a host", "GET", "http://127.0.0.1:8090" + url,
                    has=["Answer: 200, %d bytes\n" % len(body)])
    command.explain("without white space escaped", "GET", POSTS + "?filter=likes:length > 1",
                    has=["filter    likes:length > 1\n", "Statement 1: 1 row, "])
    command.explain("a total that is counted", "GET", POSTS + "?perPage=1", has=["SELECT COUNT(*)", "LIMIT 1\n"])
    command.explain("a total that is not", "GET", POSTS + "?perPage=1&skipTotal=1", lacks=["COUNT("])
    text = "x" * 199 + "\u00e4" * 100
    command.explain("a long value is cut between characters", "GET", POSTS + "?filter=title=\"%s\"" % text,
                    has=['?1 = "%s"... (399 bytes)\n' % ("x" * 199)])
    command.tally.check("explain: statements count up", out.count("\nStatement ") == out.count("  plan\n"))


def explain_who(command, superuser):
    command.explain("a record asks", "GET", POSTS, "--as", ANNA,
                    has=["who       " + ANNA + "\n", '?2 = "reeveanna000000"\n', "Statement 1: 4 rows, "])
    command.explain("a superuser asks", "GET", "/api/collections/locked/records", "--as", superuser,
                    has=[superuser + ", a superuser\n", "listRule: superusers only\n", "Answer: 200"],
                    lacks=["The rule, compiled"])
    command.explain("the rule of others", "GET", POSTS, "--as=" + superuser,
                    has=["(not asked: a superuser)", "Statement 1: 5 rows, "])
    command.explain("a public rule", "GET", "/api/collections/people/records", has=["listRule: public\n"])
    for name, who in (("record", "users/nope"), ("collection", "nope/x"), ("auth collection", "posts/x"),
                      ("id", "users"), ("id at all", "users/")):
        command.explain("no such %s to ask as" % name, "GET", POSTS, "--as", who, code=1,
                        says=["404 The requested resource wasn't found. (--as: "])


def explain_nothing_seen(command):
    command.explain("an empty page", "GET", POSTS + '?filter=title="Draft"',
                    has=["The page is empty. Records:\n  5 in the collection\n  3 that the rule shows\n"
                         "  1 that the filter matches\n  0 that both do\n"])
    command.explain("a rule that is null", "GET", "/api/collections/locked/records", code=1,
                    has=["rule      listRule: superusers only\n"], lacks=["Total"],
                    says=["403 Only superusers can perform this action. (the rule is null)"])
    command.explain("a filter that does not compile", "GET", POSTS + "?filter=nope=1", code=1,
                    has=["The rule, compiled", "The filter does not compile"], lacks=["Statement"],
                    says=['400 Something went wrong while processing your request. ', 'unknown field "nope"'])
    command.explain("a sort that does not", "GET", POSTS + "?sort=nope", code=1, says=["400 ", "nope"])
    command.explain("a page that is none", "GET", POSTS + "?page=x", code=1, says=["400 "])
    command.explain("a collection that is none", "GET", "/api/collections/nope/records", code=1,
                    says=['404 Missing collection context. (there is no collection "nope")'])


def explain_one(command):
    command.explain("a view", "GET", DRAFT + "?expand=author", "--as", ANNA,
                    has=["viewRule: ", "Statement 1: 1 row, ", "Statement 2: 1 row, ", "Answer: 200"])
    command.explain("a view that the rule hides", "GET", DRAFT, code=1,
                    has=["Statement 1: 0 rows, ", "The record is there, and the rule hides it.\n"],
                    says=["404 The requested resource wasn't found."])
    command.explain("a view of nothing", "GET", POSTS + "/nope", code=1,
                    has=["There is no record of this id.\n"], says=["404 "])
    command.explain("an id that is escaped", "GET", POSTS + "/a%2Fb", code=1, has=['?1 = "a/b"\n'], says=["404 "])


def explain_writes(command, superuser):
    for method, rule in (("PATCH", "updateRule"), ("DELETE", "deleteRule")):
        command.explain(method, method, DRAFT, "--as", ANNA,
                        has=[rule + ": ", "Statement 1: 1 row, ", "  plan\n",
                             "The rule lets this through; nothing was changed.\n"])
        command.explain(method + " of another's", method, DRAFT, "--as", BEN, code=1,
                        has=["Statement 1: 0 rows, ", "The record is there, and the rule hides it.\n"],
                        says=["404 ", rule + " is not satisfied"])
        command.explain(method + " of nothing", method, POSTS + "/nope", "--as", superuser, code=1,
                        has=["There is no record of this id.\n"], says=["404 "])
        command.explain(method + " under a null rule", method, "/api/collections/locked/records/x", code=1,
                        says=["403 Only superusers can perform this action."])
        command.explain(method + " of a view's", method, "/api/collections/post_stats/records/x", code=1,
                        says=["400 Unsupported collection type. (a view)"])
    command.explain("POST", "POST", POSTS, "--as", ANNA,
                    has=["createRule: ", "not run", "new_row", '= "reeveanna000000"\n', "  plan\n"],
                    lacks=["Statement"])
    command.explain("POST that is public", "POST", "/api/collections/people/records",
                    has=["createRule: public\n", "Nothing is asked of the database before"])
    command.explain("POST to a view", "POST", "/api/collections/post_stats/records", code=1,
                    says=["400 Unsupported collection type."])


def explain_what_fails(command, superuser):
    """Changes the directory: rules that do not compile, and enough people to be too many."""
    reeve.run_sql(command.directory, "data",
                  "UPDATE _collections SET listRule = 'nope = 1', viewRule = 'nope = 1', updateRule = 'nope = 1', "
                  "createRule = 'nope = 1' WHERE name = 'posts';"
                  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) "
                  "INSERT INTO people (id, name) SELECT printf('many%011d', i), 'many' || i FROM n")
    for method, url, status in (("GET", POSTS, 400), ("GET", DRAFT, 404), ("PATCH", DRAFT, 404),
                                ("POST", POSTS, "400 Failed to create record.")):
        command.explain("%s %s under a rule that does not compile" % (method, url), method, url, code=1,
                        lacks=["Answer"], says=[" %s " % status, 'unknown field "nope"'])
    every = ("@collection.people.name?!=name&&@collection.people:b.name?!=@collection.people.name"
             "&&@collection.people:b.bio?~\"zzz\"&&@collection.people:b.age?!=age")
    command.explain("a list that takes too long", "GET", "/api/collections/people/records?filter="
                    + urllib.parse.quote(every), "--queryTimeout", "1", "--as", superuser, code=1,
                    has=[" ms, failed\n", "  plan\n    SCAN t0", "Total: 1 statement, 0 rows, "],
                    says=["400 ", "the query timeout has passed"])


def explain_advice(command):
    """With enough people that an index saves something."""
    people = "/api/collections/people/records"
    command.explain("advice for a few rows", "GET", people + "?filter=bio='x'&sort=age", has=["SCAN t0"],
                    lacks=["advice"])
    reeve.run_sql(command.directory, "data",
                  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) "
                  "INSERT INTO people (id, name, bio) SELECT printf('much%011d', i), 'much' || i, 'much' || (i % 100) FROM n")
    command.explain("advice", "GET", people + "?filter=bio='much1'&sort=-age&skipTotal=1",
                    has=["  plan\n    SCAN t0\n    USE TEMP B-TREE FOR ORDER BY\n"
                         "  advice: about 40 of 4000 rows would be read with\n"
                         "    CREATE INDEX `idx_people_bio_age` ON `people` (\n      `bio`,\n      `age`\n    )\n"])
    command.explain("advice for one column", "GET", people + "?filter=bio='much1'&skipTotal=1",
                    has=["    CREATE INDEX `idx_people_bio` ON `people` (`bio`)\n"])
    command.explain("no advice where none helps", "GET", people + "?filter=bio~'x'", has=["SCAN t0"], lacks=["advice"])
    command.explain("no advice where nothing is scanned", "GET", people + "?filter=id='x'", lacks=["advice", "SCAN"])
    reeve.run_sql(command.directory, "data",
                  "CREATE INDEX idx_people_bio_age ON people (bio, age);"
                  "UPDATE _collections SET indexes = '[\"CREATE INDEX idx_people_bio_age ON people (bio, age)\"]' "
                  "WHERE name = 'people'")
    command.explain("no advice once it is followed", "GET", people + "?filter=bio='much1'&sort=-age&skipTotal=1",
                    has=["USING INDEX idx_people_bio_age"], lacks=["advice"])


def explain_bad_words(command):
    for method, url in (("GET", "/api/collections"), ("GET", "/api/health"), ("PUT", POSTS), ("PATCH", POSTS),
                        ("POST", DRAFT), ("GET", POSTS + "/"), ("GET", "posts"), ("GET", ""),
                        ("GET", POSTS + "/%zz"), ("GET", "http://host")):
        command.explain("not explained: %s %s" % (method, url), method, url, code=1,
                        says=["explained are GET and POST of /api/collections/NAME/records, and"])
    for words in (("explain",), ("explain", "GET"), ("explain", "GET", POSTS, "more")):
        command.expect("explain: %d words" % len(words), words, code=1,
                       says=["usage: reeve explain METHOD URL [--as COLLECTION/ID]"])
    command.explain("too many parameters", "GET", POSTS + "?" + "a=1&" * 1001, code=1, says=["parameters"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("binary")
    args = parser.parse_args()
    home = reeve.scratch("cli")
    tally = reeve.Tally()
    try:
        base = reeve.fresh(args.binary, os.path.join(home, "data"))
        command = Command(args.binary, base, tally)
        (root_id,), = reeve.query(base, "SELECT id FROM _superusers")
        superuser = "_superusers/" + root_id
        with reeve.Server(args.binary, base) as server:
            root = {"Authorization": reeve.token(base, "root")}
            whole = schema_as_the_api(command, server, root)
            explain_lists(command, server)
        before = digest(base)
        schema_by_name(command, whole)
        schema_is_imported(args.binary, home, tally, command.run("schema")[1])
        no_directory(args.binary, home, tally)
        explain_who(command, superuser)
        explain_nothing_seen(command)
        explain_one(command)
        explain_writes(command, superuser)
        explain_bad_words(command)
        tally.check("data.db is as it was", digest(base) == before)
        explain_advice(Command(args.binary, reeve.fresh(args.binary, os.path.join(home, "advice")), tally))
        explain_what_fails(command, superuser)
        files.run(Command(args.binary, reeve.fresh(args.binary, os.path.join(home, "files")), tally), home)
        service.run(args.binary, reeve.fresh(args.binary, os.path.join(home, "service")), home, tally, [])
    finally:
        reeve.remove(home)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
