"""Exports: lists told whole, as lines of JSON or CSV, with what clients and changes do meanwhile."""

import csv
import http.client
import io
import json
import os
import random
import socket
import sqlite3
import threading
import time
import urllib.parse

import reeve

GOODS = "/api/collections/goods/records"
NDJSON, CSV = "application/x-ndjson", "text/csv"
FIELDS = [{"name": "title", "type": "text"}, {"name": "n", "type": "number"},
          {"name": "flag", "type": "bool"}, {"name": "meta", "type": "json"},
          {"name": "tags", "type": "select", "maxSelect": 3, "values": ["a", "b", "c"]},
          {"name": "secret", "type": "text", "hidden": True}, {"name": "at", "type": "geoPoint"},
          {"name": "mail", "type": "email"}, {"name": "day", "type": "date"},
          {"name": "created", "type": "autodate", "onCreate": True}]
TEXTS = ["", "plain", "with,comma", 'with "quotes"', "two\nlines", "\r\n", " spaces ", "\u00e4\u20ac\U0001f600",
         "back\\slash", "tab\there", "=1+1", "null", "'", '"', "\u0001"]
ROWS, MANY = 300, 60000


class Site:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.root = {"Authorization": reeve.token(server.dir, "root")}

    def ask(self, path, accept=None, guest=False, method="GET", **query):
        """(status, body, headers)"""
        headers = {} if guest else dict(self.root)
        if accept is not None:
            headers["Accept"] = accept
        if query:
            path += "?" + urllib.parse.urlencode(query)
        return self.server.request(method, path, None, headers)

    def lines(self, path=GOODS, **query):
        status, raw, headers = self.ask(path, NDJSON, **query)
        assert status == 200, raw
        assert headers["Content-Type"] == NDJSON, headers
        assert raw == b"" or raw.endswith(b"\n")
        return [json.loads(line) for line in raw.decode().split("\n")[:-1]]

    def table(self, path=GOODS, **query):
        """(names, rows as dictionaries of texts)"""
        status, raw, headers = self.ask(path, CSV, **query)
        assert status == 200, raw
        assert headers["Content-Type"] == "text/csv; charset=utf-8", headers
        reader = csv.reader(io.StringIO(raw.decode(), newline=""), strict=True)
        names, *rows = list(reader)
        return names, [dict(zip(names, row, strict=True)) for row in rows]

    def listed(self, path=GOODS, **query):
        items, page = [], 1
        while True:
            status, raw, _ = self.ask(path, page=page, perPage=1000, **query)
            assert status == 200, raw
            items += json.loads(raw)["items"]
            if page >= json.loads(raw)["totalPages"]:
                return items
            page += 1

    def send(self, method, path, body):
        status, raw, _ = self.server.request(method, path, body, self.root)
        assert status < 300, (method, path, status, raw)
        return json.loads(raw) if raw else None

    def same(self, name, got, wanted):
        return self.tally.check("exports: " + name, got == wanted,
                                "%.500r, not %.500r" % (got, wanted))

    def refused(self, name, path, status, words, accept=None, **query):
        got, raw, _ = self.ask(path, accept, **query)
        self.same(name, [got, json.loads(raw)["message"]], [status, words])

    def open(self, path, accept, auth=None):
        """A connection that has sent its request and read nothing."""
        conn = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        conn.request("GET", path, None, {"Accept": accept, **(auth or self.root)})
        return conn


def fill(site):
    chance = random.Random(3)
    site.send("POST", "/api/collections", {"name": "goods", "type": "base", "fields": FIELDS,
                                           "listRule": "n >= 0 || @request.query.all = 'yes'"})
    for at in range(ROWS):
        site.send("POST", GOODS, {
            "title": TEXTS[at % len(TEXTS)], "n": chance.choice([0, 1, -1, 2.5, 1e21, 12345678]),
            "flag": chance.random() < 0.5, "tags": chance.sample("abc", chance.randrange(3)),
            "meta": chance.choice([None, 1, "text", 'a"b', {"a": [1, 2]}, [], True, "null"]),
            "secret": "s%d" % at, "mail": "m%d@example.com" % at if at % 3 else "",
            "at": {"lon": at % 90, "lat": -1.5}, "day": "2026-01-02 03:04:05.678Z" if at % 2 else ""})


def same_as_lists(site):
    for query in ({}, {"sort": "-n,title"}, {"filter": "flag = true", "sort": "title"},
                  {"fields": "id,title,meta"}, {"sort": "-created,@rowid", "fields": "*"},
                  {"filter": "n > 99999999999999999999999"}, {"filter": "tags ?= 'a'", "sort": "meta.a"}):
        for guest in (False, True):
            own = {**query, "sort": query["sort"] + ",@rowid" if "sort" in query else "@rowid"}
            listed = site.listed(guest=guest, **own)
            site.same("lines by %s" % query, site.lines(guest=guest, **query), listed)
    site.same("pages count for nothing", len(site.lines(page=2, perPage=5, skipTotal=1)), ROWS)
    site.same("a rule that sees the query", [len(site.lines(guest=True, all="yes")),
                                            len(site.lines(guest=True)) < ROWS], [ROWS, True])
    site.same("from a value", [i["n"] for i in site.lines(sort="-n", **{"from": "0"})],
              sorted((i["n"] for i in site.listed() if i["n"] <= 0), reverse=True))


def text_of(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return value if isinstance(value, str) else value


def tables(site):
    names, rows = site.table()
    site.same("names in the collection's order", names,
              ["id"] + [f["name"] for f in FIELDS])
    listed = site.listed(sort="@rowid")
    site.same("as many", len(rows), ROWS)
    for name in names:
        want = [text_of(item[name]) for item in listed]
        got = [row[name] for row in rows]
        got = [g if isinstance(w, str) else json.loads(g) for g, w in zip(got, want)]
        site.same("cells of " + name, got, want)
    names, rows = site.table(guest=True, fields="title,secret,flag,nothing", sort="title")
    site.same("picked, without what is hidden", names, ["title", "flag"])
    names, rows = site.table(fields="title:excerpt(3),id")
    site.same("excerpts", {len(row["title"]) <= 3 for row in rows}, {True})
    status, raw, _ = site.ask(GOODS, CSV, fields="title", filter="title = ''")
    site.same("a line for an empty cell", set(raw.split(b"\r\n")), {b"title", b'""', b""})
    site.refused("no field", GOODS, 400, "There is no field to be told in CSV.", CSV, fields="nothing")
    _, raw, _ = site.ask(GOODS, CSV, filter="title = 'nowhere'", fields="id,n")
    site.same("no rows", raw, b"id,n\r\n")
    site.same("no lines", site.lines(filter="title = 'nowhere'"), [])
    users, rows = site.table("/api/collections/users/records", guest=True)
    shown = {i["id"]: i.get("email", "") for i in site.listed("/api/collections/users/records",
                                                             guest=True)}
    site.same("e-mails as they are visible", {r["id"]: r["email"] for r in rows}, shown)
    site.same("no secrets", [n for n in users if n in ("password", "tokenKey")], [])


def accepts(site):
    for header, wanted in ((None, "application/json"), ("*/*", "application/json"), ("", "application/json"),
                           ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
                           (NDJSON, NDJSON), ("text/csv", "text/csv; charset=utf-8"),
                           ("TEXT/CSV;q=0.4", "text/csv; charset=utf-8"),
                           ("application/json, " + NDJSON, "application/json"),
                           (NDJSON + ", application/json", NDJSON),
                           ("application/json;q=0.5, text/csv;q=0.9", "text/csv; charset=utf-8"),
                           ("text/csv;q=0, */*", "application/json"), ("text/csv;q=0", "application/json"),
                           ("text/*", "application/json"), ("application/jsonl", NDJSON),
                           (",;q=,text/csv;;q=x,", "text/csv; charset=utf-8"),
                           ("x" * 5000, "application/json")):
        status, _, headers = site.ask(GOODS, header)
        site.same("Accept: %.60s" % header, [status, headers["Content-Type"]], [200, wanted])
    status, raw, headers = site.ask(GOODS, CSV, method="HEAD")
    site.same("HEAD", [status, raw, headers["Content-Type"]], [200, b"", "text/csv; charset=utf-8"])
    site.same("a name to save it by", site.ask(GOODS, CSV)[2]["Content-Disposition"],
              'attachment; filename="goods.csv"')
    site.same("others take no notice", site.ask("/api/health", CSV)[2]["Content-Type"], "application/json")


def refusals(site):
    generic = "Something went wrong while processing your request."
    site.refused("a broken filter", GOODS, 400, generic, NDJSON, filter="n >")
    site.refused("an unknown sort", GOODS, 400, generic, CSV, sort="nothing")
    site.refused("fields", GOODS, 400, generic, NDJSON, fields="title:nothing()")
    site.refused("a cursor", GOODS, 400, "An export has no cursor.", NDJSON, cursor="x")
    site.refused("groups", GOODS, 400, "Groups are told in JSON only.", CSV, groupBy="n")
    site.refused("expands in CSV", GOODS, 400, "CSV has no place for expanded records.", CSV, expand="x")
    site.refused("at random", GOODS, 400, "A list by cursor cannot be sorted by @random.", NDJSON,
                 sort="@random")
    site.refused("a null rule", "/api/collections/_superusers/records", 403,
                 "Only superusers can perform this action.", NDJSON, guest=True)
    site.refused("@collection", GOODS, 403, "Only superusers can filter by @collection.", NDJSON,
                 guest=True, filter="@collection.users.id != ''")
    site.refused("no collection", "/api/collections/none/records", 404, "Missing collection context.", CSV)
    path = "/api/reeve/export/"
    site.refused("of a guest", path + "goods", 401,
                 "The request requires valid record authorization token.", guest=True)
    site.refused("another format", path + "goods", 400, "format must be csv or ndjson.", format="xml")
    site.refused("no such collection", path + "none", 404, "Missing collection context.")
    user = {"Authorization": reeve.token(site.server.dir, "anna")}
    status, _, _ = site.server.request("GET", path + "goods", None, user)
    site.same("of a user", status, 403)
    for query, wanted in (({"format": "csv"}, site.ask(GOODS, CSV)[1]), ({}, site.ask(GOODS, NDJSON)[1]),
                          ({"format": "ndjson", "filter": "flag = true"},
                           site.ask(GOODS, NDJSON, filter="flag = true")[1])):
        site.same("the other path %s" % query, site.ask(path + "goods", **query)[:2], (200, wanted))
    site.same("by Accept", site.ask(path + "goods", CSV)[1], site.ask(GOODS, CSV)[1])


def relations(site):
    site.same("expands", site.lines("/api/collections/posts/records", expand="author"),
              site.listed("/api/collections/posts/records", expand="author", sort="@rowid"))
    site.send("POST", "/api/collections", {
        "name": "goods_seen", "type": "view", "listRule": "",
        "viewQuery": "SELECT id, title, n FROM goods"})
    seen = site.lines("/api/collections/goods_seen/records")
    site.same("a view", sorted(i["id"] for i in seen), sorted(i["id"] for i in site.listed()))


def grow(directory):
    """Rows of some 200 bytes, as many as take a while."""
    db = sqlite3.connect(os.path.join(directory, "data.db"))
    db.execute("""INSERT INTO goods (id, title, n, mail, created) WITH RECURSIVE c(i) AS
        (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d)
        SELECT printf('g%%014d', i), printf('title %%060d', i), i, 'm@example.com', '2026-01-01 00:00:00.000Z'
        FROM c""" % MANY)
    db.commit()
    db.close()


def ids_of(raw):
    return [json.loads(line)["id"] for line in raw.decode().split("\n")[:-1]]


def many(site):
    before = site.server.rss()
    ids = ids_of(site.ask(GOODS, NDJSON)[1])
    site.same("all of many", [len(ids), len(set(ids))], [ROWS + MANY] * 2)
    _, raw, _ = site.ask(GOODS, CSV, sort="-title", fields="id,title")
    site.same("sorted without an index", raw.count(b"\r\n") > MANY, True)
    rows = [line.split(b",")[1] for line in raw.split(b"\r\n") if line.startswith(b"g0000")]
    site.same("in their order", rows, sorted(rows, reverse=True))
    grown = site.server.rss() - before
    with open("/proc/%d/maps" % site.server.process.pid) as maps:
        maps = maps.read()
    sanitized = "libasan" in maps or "libtsan" in maps  # keeps freed memory back on purpose
    site.tally.check("exports: memory", sanitized or grown < 40 << 20, "%d bytes more" % grown)


def read_slowly(conn, pause_s, until=None):
    reply = conn.getresponse()
    got = b""
    while True:
        piece = reply.read(1 << 16)
        if not piece:
            return got
        got += piece
        if until and len(got) > until:
            return got
        time.sleep(pause_s)


def broken(conn, begin):
    """Whether the answer ends as one that is not whole."""
    reply = conn.getresponse()
    reply.read(1000)
    begin()
    try:
        while reply.read(1 << 20):
            pass
    except (http.client.IncompleteRead, ConnectionError):
        return True
    return False


def clients(site):
    slow = site.open(GOODS + "?sort=n", NDJSON)
    gone = [site.open(GOODS, CSV) for _ in range(20)]
    for conn in gone[:10]:
        read_slowly(conn, 0, until=200000)
    for conn in gone:
        conn.close()
    writes = []

    def write():
        for at in range(40):
            begun = time.monotonic()
            site.send("POST", GOODS, {"title": "late", "n": -5 - at})
            writes.append(time.monotonic() - begun)

    writer = threading.Thread(target=write)
    writer.start()
    ids = ids_of(read_slowly(slow, 0.002))
    writer.join()
    site.same("a slow client gets all", len(set(ids)) >= ROWS + MANY, True)
    site.same("and each once", len(ids), len(set(ids)))
    site.tally.check("exports: writers are not held up", max(writes) < 5, "%.1f s" % max(writes))
    reeve.until("those who left are forgotten", lambda: site.ask("/api/health")[0] == 200)


def old_clients(site):
    """HTTP/1.0 has nothing but the connection's end to tell that all has come."""
    for change, wanted in (({"listRule": "id != 'v'"}, "whole"), (None, "reset")):
        with socket.create_connection(("127.0.0.1", site.server.port), timeout=60) as sock:
            sock.sendall(("GET %s HTTP/1.0\r\nAccept: %s\r\nAuthorization: %s\r\n\r\n" % (
                GOODS, NDJSON, site.root["Authorization"])).encode())
            got = len(sock.recv(1000))
            if change:
                site.send("PATCH", "/api/collections/people", change)
            else:
                site.send("PATCH", "/api/collections/goods", {"listRule": "n > 3"})
            try:
                while piece := sock.recv(1 << 20):
                    got += len(piece)
                end = "whole" if got > 200 * MANY else "a part"
            except ConnectionResetError:
                end = "reset"
        site.same("by HTTP/1.0: %s" % wanted, end, wanted)


def wide(site):
    """Rows that have to be read before they are written come a few at a time."""
    made = [site.send("POST", GOODS, {"n": 77, "meta": {"x": "y" * 900000}})["id"] for _ in range(60)]
    site.send("POST", "/api/collections", {"name": "wide", "type": "view", "listRule": "",
                                           "viewQuery": "SELECT id, meta FROM goods WHERE n = 77"})
    before = site.server.rss()
    site.same("wide rows of a view", [i["id"] for i in site.lines("/api/collections/wide/records")],
              sorted(made))
    with open("/proc/%d/maps" % site.server.process.pid) as maps:
        maps = maps.read()
    sanitized = "libasan" in maps or "libtsan" in maps
    grown = site.server.rss() - before
    site.tally.check("exports: take little memory", sanitized or grown < 24 << 20, "%d bytes more" % grown)
    for gone in made:
        site.send("DELETE", GOODS + "/" + gone, None)


def bodies(site):
    """What rules may see of a request's body is kept, so it has a bound."""
    def ask(body, path=GOODS):
        return site.server.request("GET", path, body, {"Accept": NDJSON, "Content-Type": "application/json"})

    site.same("a body", ask(b'{"a": [1, 2]}')[0], 200)
    status, raw, _ = ask(b'{"a": "%s"}' % (b"x" * 100000))
    site.same("a large one", [status, json.loads(raw)["message"]],
              [413, "The body is too large for an export's request."])
    part = b'--x\r\nContent-Disposition: form-data; name="@jsonPayload"\r\n\r\n{"%s": [%s0]}\r\n'
    form = part % (b"a", b"0," * 2100000) + part % (b"b", b"0," * 2100000) + b"--x--\r\n"
    for path, wanted in ((GOODS, 413), ("/api/collections/_superusers/records", 403)):
        status, _, _ = site.server.request("GET", path, form, {
            "Accept": CSV, "Content-Type": "multipart/form-data; boundary=x"})
        site.same("one of millions of values", status, wanted)


def changes(site):
    """Of the collection itself, of another one, and of who asks."""
    def patch(name, **body):
        return lambda: site.send("PATCH", "/api/collections/" + name, body)

    site.same("another collection changes",
              broken(site.open(GOODS, NDJSON), patch("people", listRule="id != 'x'")), False)
    user = {"Authorization": reeve.token(site.server.dir, "anna")}
    site.same("and for a user", broken(site.open(GOODS + "?all=yes", NDJSON, user),
                                       patch("people", listRule="id != 'y'")), False)
    site.same("the rule changes", broken(site.open(GOODS, NDJSON), patch("goods", listRule="n > 1")), True)
    claims, _ = reeve.token_parts(site.server.dir, "anna")

    def rename():
        site.send("PATCH", "/api/collections/users/records/" + claims["id"],
                  {"password": "another one", "passwordConfirm": "another one"})

    def delete():
        site.send("DELETE", "/api/collections/users/records/" + claims["id"], None)

    site.same("who asks has another password",
              broken(site.open(GOODS + "?all=yes", NDJSON, user), rename), True)
    user = {"Authorization": reeve.token(site.server.dir, "anna")}
    site.same("who asks is deleted", broken(site.open(GOODS + "?all=yes", NDJSON, user), delete), True)


def stops(site, tally):
    site.same("a stop in the middle of one shows", broken(site.open(GOODS, NDJSON), lambda: tally.check(
        "exports: stops cleanly in the middle of one", site.server.stop(), site.server.output())), True)


def run(binary, base, tally):
    with reeve.Server(binary, base) as server:
        site = Site(server, tally)
        fill(site)
        for part in (same_as_lists, tables, accepts, refusals, relations, bodies, wide):
            part(site)
        tally.check("exports: stops cleanly", server.stop(), server.output())
    grow(base)
    with reeve.Server(binary, base) as server:
        site = Site(server, tally)
        for part in (many, clients, changes, old_clients):
            part(site)
        stops(site, tally)
