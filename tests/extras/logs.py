"""The log book: what is written of requests and events, how much, for how long; who reads it how."""

import json
import os
import shutil
import sqlite3
import time

import reeve

LOGS = "/api/logs"
FLUSH_S = 3.0


def rows(directory, where="1", *values):
    """Entries as they are stored, in the order they were written."""
    db = sqlite3.connect(os.path.join(directory, "auxiliary.db"))
    try:
        found = db.execute("SELECT id, level, message, data, created FROM _logs WHERE %s ORDER BY rowid" % where,
                           values).fetchall()
    finally:
        db.close()
    return [dict(json.loads(data), id=id_, level=level, message=message, created=created)
            for id_, level, message, data, created in found]


class Site:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.root = {"Authorization": reeve.token(server.dir, "root")}

    def send(self, method, path, body=None, headers=None):
        status, raw, answer = self.server.request(method, path, body, {**self.root, **(headers or {})})
        return status, json.loads(raw) if raw else None, answer

    def guest(self, method, path, body=None, headers=None):
        status, _, answer = self.server.request(method, path, body, headers or {})
        return status, answer

    def same(self, name, got, wanted):
        return self.tally.check("logs: " + name, got == wanted, "%r, not %r" % (got, wanted))

    def written(self, what, where, n=1, *values):
        """The entries, once there are as many."""
        reeve.until("%d entries of %s" % (n, what), lambda: len(rows(self.server.dir, where, *values)) >= n)
        return rows(self.server.dir, where, *values)


def ids(site):
    """What a request is known by."""
    given = {"ok-1.2:3/4+5=6@x": True, "a b": False, "x" * 128: True, "x" * 129: False, "ä": False, "": False}
    for text, is_kept in given.items():
        _, answer = site.guest("GET", "/api/health", headers={"X-Request-Id": text.encode("utf-8").decode("latin-1")})
        site.same("id %.10r" % text, answer["X-Request-Id"] == text, is_kept)
    seen = {site.guest("GET", "/api/health")[1]["X-Request-Id"] for _ in range(20)}
    site.same("ids differ", len(seen), 20)
    _, answer = site.guest("GET", "/api/health?x=1", headers={"X-Request-Id": "mine-1"})
    entry = site.written("an id", "data LIKE '%mine-1%'")[0]
    site.same("the id is in the entry", (answer["X-Request-Id"], entry["requestId"]), ("mine-1", "mine-1"))


def entries(site):
    """Each member of an entry."""
    agent = "agent/1 \"quoted\" " + "u" * 2100
    site.guest("POST", "/api/collections/nope/records?q=%C3%A4%20b", "{}",
               {"User-Agent": agent, "Referer": "http://from.example/", "Content-Type": "application/json",
                "X-Request-Id": "entry-1"})
    entry = site.written("a failure", "data LIKE '%entry-1%'")[0]
    site.same("an error has level 8", entry["level"], 8)
    site.same("the message is decoded", entry["message"], "POST /api/collections/nope/records?q=ä b")
    site.same("the target is as it was sent", entry["url"], "/api/collections/nope/records?q=%C3%A4%20b")
    site.same("a long header is cut", entry["userAgent"], agent[:2000] + "...")
    site.same("members", sorted(entry), sorted(
        ["id", "level", "message", "created", "auth", "details", "error", "execTime", "method", "node", "referer",
         "remoteIP", "requestId", "status", "type", "url", "userAgent", "userIP"]))
    site.same("of who asked", (entry["auth"], entry["remoteIP"], entry["userIP"], entry["referer"]),
              ("", "127.0.0.1", "127.0.0.1", "http://from.example/"))
    site.same("of what came of it", (entry["status"], entry["error"], entry["method"], entry["type"]),
              (404, "Missing or invalid collection context.", "POST", "request"))
    site.send("POST", "/api/collections/people/records", {"name": ""}, {"X-Request-Id": "entry-2"})
    entry = site.written("a refused record", "data LIKE '%entry-2%'")[0]
    site.same("items are details", (entry["auth"], entry["details"]), ("_superusers", {"name": "cannot be blank"}))


def quiet(site):
    """What is not told of, unless it fails."""
    for path in (LOGS, LOGS + "/stats", "/api/health?loud=1", LOGS + "?filter=bad"):
        site.send("GET", path, headers={"X-Request-Id": "quiet-" + path.split("/")[-1].split("?")[0]})
    site.guest("POST", "/api/collections/users/request-password-reset", json.dumps({"email": "nobody@example.com"}),
               {"Content-Type": "application/json"})
    site.written("what was asked last", "message LIKE 'POST %request-password-reset'")
    site.same("reading logs is not told", [r["message"] for r in rows(site.server.dir, "data LIKE '%\"quiet-%'")],
              ["GET /api/health?loud=1", "GET /api/logs?filter=bad"])
    hidden = rows(site.server.dir, "message LIKE 'POST %request-password-reset'")[0]
    site.same("a failure that the answer hides", (hidden["level"], hidden["status"]), (8, 204))


def timing(site):
    _, _, answer = site.send("GET", "/api/collections/people/records")
    parts = [p.split(";")[0].strip() for p in answer["Server-Timing"].split(",")]
    site.same("a superuser sees where the time went", parts, ["auth", "rule", "sql", "rows", "json", "write", "total"])
    _, _, answer = site.send("GET", "/api/collections/people/records?perPage=2&skipTotal=1")
    site.same("... and of how many rows", 'rows;desc="2"' in answer["Server-Timing"], True)
    anna = {"Authorization": reeve.token(site.server.dir, "anna")}
    _, answer = site.guest("GET", "/api/collections/people/records", headers=anna)
    site.same("others do not", answer["Server-Timing"], None)


def reading(site):
    """Pages, cursors, filters, statistics."""
    site.written("enough to page", "1", 12)
    first = site.send("GET", LOGS + "?perPage=5&sort=-created,id&skipTotal=1")[1]
    site.same("a page", (len(first["items"]), list(first["items"][0]), first["totalItems"]),
              (5, ["id", "created", "data", "message", "level"], -1))
    found, cursor = [], ""
    limit = "created<=%%22%s%%22" % first["items"][0]["created"].replace(" ", "%20")
    while cursor is not None:
        page = site.send("GET", LOGS + "?perPage=5&sort=-created&filter=%s&cursor=%s" % (limit, cursor))[1]
        found += [i["id"] for i in page["items"]]
        cursor = page["nextCursor"]
    stored = [r["id"] for r in rows(site.server.dir, "created <= ?", first["items"][0]["created"])]
    site.same("by cursor each one comes once", sorted(found), sorted(stored))
    for text, status in (("data.status%3E=400", 200), ("data.details.name!=null", 200), ("data.a:length=1", 200),
                         ("level:lower=0", 400), ("@request.auth.id!=''", 400), ("rowid=1", 400),
                         ("@collection.users.id!=''", 400), ("data..a=1", 400), ("created%3E@todayStart", 200)):
        site.same("filter " + text, site.send("GET", LOGS + "?filter=" + text)[0], status)
    errors = site.send("GET", LOGS + "?perPage=1000&filter=level=8")[1]
    site.same("a filter finds them all", errors["totalItems"], len(rows(site.server.dir, "level = 8")))
    hours = site.send("GET", LOGS + "/stats?filter=level=8")[1]
    site.same("statistics count them all", sum(h["total"] for h in hours), errors["totalItems"])
    one = errors["items"][0]
    site.same("one of them", site.send("GET", LOGS + "/" + one["id"])[1], one)


def settings(site):
    """Levels, ages, sizes, addresses."""
    def change(**values):
        return site.send("PATCH", "/api/settings", {"logs": values})[0]

    change(logIP=False, logAuthId=True, maxDataSize=300)
    site.send("GET", "/api/health?short=1")
    entry = site.written("without addresses", "message = 'GET /api/health?short=1'")[0]
    site.same("no addresses, but an id", ("userIP" in entry, "remoteIP" in entry, bool(entry["authId"])),
              (False, False, True))
    site.send("GET", "/api/health?long=1", headers={"User-Agent": "u" * 1000, "Referer": "r" * 200})
    entry = site.written("what is too long", "message = 'GET /api/health?long=1'")[0]
    site.same("what is too long is cut, and says so",
              (entry["__pb_truncated__"], entry.get("userAgent"), entry.get("url"), entry["auth"]),
              (True, None, None, "_superusers"))
    change(minLevel=8, maxDataSize=0)
    reeve.until("entries below the level to go", lambda: not rows(site.server.dir, "level < 8"))
    site.guest("GET", "/api/health?below=1")
    site.guest("GET", "/api/nope?above=1")
    site.written("an error above the level", "message = 'GET /api/nope?above=1'")
    site.same("below the level nothing is written", rows(site.server.dir, "level < 8"), [])
    change(maxDays=0)
    reeve.until("all entries to go", lambda: not rows(site.server.dir))
    site.guest("GET", "/api/nope?off=1")
    change(maxDays=5, minLevel=0)
    site.guest("GET", "/api/health?on=1")
    site.written("what is on again", "message = 'GET /api/health?on=1'")
    site.same("where none are kept none is written", rows(site.server.dir, "message LIKE '%off=1'"), [])


def pace(site):
    """Above logs.rate successful requests are counted."""
    site.send("PATCH", "/api/reeve/settings", {"logs": {"rate": 5}})
    site.same("the rate has bounds",
              site.send("PATCH", "/api/reeve/settings", {"logs": {"rate": -1}})[0], 400)
    time.sleep(1.1)
    connection = reeve.Connection("127.0.0.1", site.server.port, timeout=60)
    for n in range(300):
        connection.request("GET", "/api/health?n=%d" % n if n % 10 else "/api/nope?n=%d" % n)
        connection.getresponse().read()
    connection.close()

    def found():
        own = rows(site.server.dir, "message LIKE 'GET /api/health?n=%'")
        counted = rows(site.server.dir, "data LIKE '%\"type\":\"requests\"%'")
        return len(own) + sum(r["count"] for r in counted)

    reeve.until("all requests to be told or counted", lambda: found() == 270)
    site.same("each is told or counted", found(), 270)
    own = len(rows(site.server.dir, "message LIKE 'GET /api/health?n=%'"))
    site.tally.check("logs: only so many a second are told", 5 <= own <= 60, "%d" % own)
    site.same("errors are told always", len(rows(site.server.dir, "message LIKE 'GET /api/nope?n=%'")), 30)
    site.send("PATCH", "/api/reeve/settings", {"logs": {"rate": 1000}})


def clearing(site):
    site.same("all are deleted", site.send("DELETE", LOGS + "?filter=level=1")[0], 204)
    left = [r for r in rows(site.server.dir) if r["url"] != LOGS]
    site.same("none is left", [r for r in left if "n=" in r["url"]], [])
    site.same("nobody else may", (site.guest("DELETE", LOGS)[0], site.guest("GET", LOGS + "/stats")[0]), (401, 401))


def ends(binary, base, tally, home):
    """What was answered before the end is written, and what is old goes at the start."""
    directory = os.path.join(home, "ends")
    shutil.copytree(base, directory)
    with reeve.Server(binary, directory, "--node", "n1") as server:
        server.request("GET", "/api/health?last=1")
    last = rows(directory, "message = 'GET /api/health?last=1'")
    tally.check("logs: the last ones are written at the end", len(last) == 1 and last[0]["node"] == "n1", "%r" % last)
    db = sqlite3.connect(os.path.join(directory, "auxiliary.db"))
    db.executemany("INSERT INTO _logs (id, created) VALUES (?, '2020-01-01 00:00:00.000Z')",
                   [("old%012d" % n,) for n in range(5000)])
    db.commit()
    db.close()
    with reeve.Server(binary, directory):
        reeve.until("old entries to go", lambda: not rows(directory, "id LIKE 'old%'"))
    tally.check("logs: old entries go, others stay", len(rows(directory, "message = 'GET /api/health?last=1'")) == 1)


def run(binary, base, tally):
    home = os.path.dirname(base)
    directory = os.path.join(home, "logs-site")
    shutil.copytree(base, directory)
    with reeve.Server(binary, directory) as server:
        site = Site(server, tally)
        for part in (ids, entries, quiet, timing, reading, settings, pace, clearing):
            part(site)
    ends(binary, base, tally, home)
