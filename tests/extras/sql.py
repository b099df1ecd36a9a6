"""The SQL console while others work: what is cancelled or runs out of its time leaves nothing, long reads hold up no
writer, a large result is refused, and whatever statements set or leave open is nobody else's."""

import concurrent.futures
import json
import os
import socket
import sqlite3
import time

import reeve

ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
ENDLESS_WRITE = ("INSERT INTO sink SELECT x FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
                 "SELECT x FROM c)")
RAW = "Failed to execute query. Raw error:\n"
TOO_LONG = RAW + "context deadline exceeded."
WRITES = 200


class Console:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.root = {"Authorization": reeve.token(server.dir, "root")}

    def ask(self, query, **own):
        """(status, answer)"""
        status, raw, _ = self.server.request("POST", "/api/sql", {"query": query, **own}, self.root)
        return status, json.loads(raw)

    def rows(self, query, **own):
        status, answer = self.ask(query, **own)
        assert status == 200, (query, status, answer)
        return answer["rows"]

    def cell(self, query):
        return self.rows(query)[0][0]

    def check(self, name, ok, why=""):
        return self.tally.check("sql: " + name, ok, why)

    def same(self, name, got, wanted):
        return self.check(name, got == wanted, "%.500r, not %.500r" % (got, wanted))

    def create(self):
        status, raw, _ = self.server.request("POST", "/api/collections/entries/records", {"title": "beside"}, self.root)
        assert status == 200, (status, raw)

    def held(self, query, **own):
        """Sends it on a connection that is not read from."""
        body = json.dumps({"query": query, **own})
        conn = socket.create_connection(("127.0.0.1", self.server.port), timeout=60)
        conn.sendall(("POST /api/sql HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Type: application/json\r\n"
                      "Content-Length: %d\r\n\r\n%s" % (self.root["Authorization"], len(body), body)).encode())
        return conn

    def working(self):
        """Whether the server computes."""
        before = self.server.cpu_s()
        time.sleep(0.3)
        return self.server.cpu_s() - before > 0.15


def cancels(c):
    for name, query in (("read", ENDLESS), ("write", ENDLESS_WRITE), ("write that begins as a read", "/* */ " + ENDLESS_WRITE)):
        conn = c.held(query)
        reeve.until("the %s works" % name, c.working)
        conn.close()
        reeve.until("the %s ends with its client" % name, lambda: not c.working())
        c.create()  # nobody holds the write connection
        c.same("a %s that is cancelled leaves nothing" % name, c.cell("SELECT count(*) FROM sink"), "0")


def times_out(c):
    for name, query in (("read", ENDLESS), ("write", ENDLESS_WRITE), ("write that begins as a read", "/* */ " + ENDLESS_WRITE),
                        ("several", "INSERT INTO sink VALUES (1); " + ENDLESS_WRITE),
                        ("cross join", "SELECT count(*) FROM sqlite_master a, sqlite_master b, sqlite_master c, "
                         "sqlite_master d, sqlite_master e, sqlite_master f, sqlite_master g")):
        start = time.monotonic()
        status, answer = c.ask(query, timeout=1)
        took = time.monotonic() - start
        c.same("%s: the time limit's answer" % name, (status, answer.get("message")), (400, TOO_LONG))
        c.check("%s: it comes in time" % name, 0.9 < took < 10, took)
        c.same("%s: nothing is left" % name, c.cell("SELECT count(*) FROM sink"), "0")


def beside(c):
    """A read that takes long holds up neither writers nor other reads."""
    conn = c.held(ENDLESS)
    reeve.until("the long read works", c.working)
    before = int(c.cell("SELECT count(*) FROM entries"))
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(c.create) for _ in range(WRITES)]:
            done.result()
    took = time.monotonic() - start
    c.same("writes go on beside a long read", int(c.cell("SELECT count(*) FROM entries")) - before, WRITES)
    c.check("and quickly", took < 30, took)
    conn.close()
    reeve.until("the long read ends", lambda: not c.working())


def writers(c):
    """Console and records write at once; each sees what the other has written."""
    c.rows("CREATE TABLE counted (n INTEGER)")
    c.rows("INSERT INTO counted VALUES (0)")
    before = int(c.cell("SELECT count(*) FROM entries"))

    def count(i):
        query = ("UPDATE counted SET n = n + 1", "WITH x AS (SELECT 1) UPDATE counted SET n = n + 1",
                 "BEGIN; UPDATE counted SET n = n + 1; COMMIT")[i % 3]
        assert c.ask(query)[0] == 200
        c.create()

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(count, i) for i in range(60)]:
            done.result()
    c.same("updates are not lost", c.cell("SELECT n FROM counted"), "60")
    c.same("records are not lost", int(c.cell("SELECT count(*) FROM entries")) - before, 60)


def remembered(c):
    """What a list was counted from is not taken for true once the console has written."""
    def total():
        status, raw, _ = c.server.request("GET", "/api/collections/entries/records?page=2&perPage=1", None, c.root)
        assert status == 200, raw
        return json.loads(raw)["totalItems"]

    for query in ("DELETE FROM entries WHERE id = (SELECT id FROM entries LIMIT 1)",
                  "/* */ DELETE FROM entries WHERE id = (SELECT id FROM entries LIMIT 1)"):
        c.create()
        before = total(), total()
        c.rows(query)
        c.same("a total is counted anew after " + query[:5], (before, total()), ((before[0],) * 2, before[0] - 1))


def too_large(c):
    before = c.server.rss()
    for name, query in (("large cells", "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 1000) "
                         "SELECT hex(zeroblob(50000000)) FROM c"),
                        ("one cell", "SELECT zeroblob(900000000)"),
                        ("many columns", "SELECT " + ", ".join(["printf('%.*c', 90000000, 'x')"] * 40)),
                        ("a long text", "SELECT replace(hex(zeroblob(30000)), '0', hex(zeroblob(30000)))")):
        status, answer = c.ask(query)
        c.check("%s are refused" % name, status in (400, 503) and answer["message"], (status, answer["message"][:200]))
        c.create()
    reeve.until("memory is given back", lambda: c.server.rss() < before + 300 * 1024 * 1024)
    c.check("memory is given back", True)


# Whatever they do, the connections of others are as they were after them.
ODD = ("BEGIN", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE", "COMMIT", "ROLLBACK", "SAVEPOINT u", "RELEASE u",
       "BEGIN; INSERT INTO sink VALUES (1)", "INSERT INTO sink VALUES (1); ROLLBACK", "ATTACH ':memory:' AS m",
       "ATTACH '/etc/reeve.db' AS m", "DETACH main", "PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = OFF",
       "PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA locking_mode = EXCLUSIVE", "PRAGMA writable_schema = ON",
       "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; PRAGMA user_version", "PRAGMA query_only = ON",
       "PRAGMA query_only = OFF", "PRAGMA foreign_keys = OFF", "PRAGMA synchronous = OFF", "PRAGMA hard_heap_limit = 1",
       "PRAGMA soft_heap_limit = 1", "PRAGMA temp_store_directory = '/nowhere'", "PRAGMA cache_size = 1",
       "PRAGMA busy_timeout = 1000000000", "PRAGMA max_page_count = 1", "PRAGMA threads = 8", "PRAGMA optimize",
       "PRAGMA ignore_check_constraints = ON", "PRAGMA recursive_triggers = ON", "PRAGMA shrink_memory",
       "PRAGMA wal_autocheckpoint = 1; BEGIN; PRAGMA user_version = 0; COMMIT", "PRAGMA case_sensitive_like = ON",
       "SELECT load_extension('x')", "CREATE TEMP TABLE entries (id)", "CREATE TEMP TRIGGER t AFTER INSERT ON entries "
       "BEGIN DELETE FROM entries; END")


def odd(c):
    for query in ODD:
        for own in ({}, {"readOnly": True}):
            status, answer = c.ask(query, **own)
            if not c.check("%s is answered" % query, status in (200, 400), (status, answer)):
                continue
        before = c.cell("SELECT count(*) FROM entries")
        c.create()
        got = (c.cell("SELECT count(*) FROM sink"), int(c.cell("SELECT count(*) FROM entries")) - int(before),
               c.cell("PRAGMA journal_mode"), c.cell("PRAGMA foreign_keys"), c.cell("PRAGMA query_only"))
        c.same("all is as it was after " + query, got, ("0", 1, "wal", "1", "0"))


def safety(c):
    """How safely the server writes is no query's to say, alone or before a write; it may be asked."""
    for pragma in ("synchronous = OFF", "main.synchronous = 0", "SYNCHRONOUS(OFF)", "fullfsync = ON", "journal_mode = OFF",
                   "journal_mode = WAL", "main.journal_mode('memory')", "locking_mode = EXCLUSIVE", "busy_timeout = 0",
                   "wal_autocheckpoint = 0", "journal_size_limit = 0", "encoding = 'UTF-16'", "page_size = 512",
                   "auto_vacuum = 1", "schema_version = 1", "writable_schema = ON"):
        for query in ("PRAGMA " + pragma, "PRAGMA %s; INSERT INTO sink VALUES (1)" % pragma,
                      "INSERT INTO sink VALUES (1); PRAGMA " + pragma):
            status, answer = c.ask(query)
            c.check("%s is refused" % query, status == 400 and "this setting is the server's" in answer["message"],
                    (status, answer))
    c.same("nothing of it was written", c.cell("SELECT count(*) FROM sink"), "0")
    for asked, wanted in (("synchronous", ("1", "2")), ("journal_mode", ("wal",)), ("locking_mode", ("normal",)),
                          ("encoding", ("UTF-8",))):
        got = c.cell("PRAGMA " + asked)
        c.check("%s may be asked" % asked, got in wanted, got)


def schema(c):
    """Tables that change below their collections."""
    ways = [("DROP TABLE entries", 400), ("CREATE TABLE entries (id TEXT PRIMARY KEY, title TEXT)", 400),
            ("ALTER TABLE posts RENAME TO elsewhere", 400), ("ALTER TABLE elsewhere RENAME TO posts", 200)]
    for query, _ in ways:
        c.rows(query)
        for name in ("entries", "posts"):
            for path in ("records", "records?filter=title%3D'x'", "records?sort=-title"):
                status, raw, _ = c.server.request("GET", "/api/collections/%s/%s" % (name, path), None, c.root)
                c.check("%s: %s is answered after %s" % (name, path, query[:20]), status in (200, 400), (status, raw[:200]))
        c.check("the server stands after " + query[:20], c.server.alive())
    status, raw, _ = c.server.request("GET", "/api/collections/posts/records", None, c.root)
    c.same("a table that is back is read", (status, json.loads(raw).get("totalItems")), (200, 5))
    with_view = c.ask("CREATE INDEX console_i ON posts (title)")
    c.same("an index is made", with_view[0], 200)


def stopped(binary, directory, c_tally):
    """A stop beside a console that works: what was refused has not been done."""
    server = reeve.Server(binary, directory)
    with server:
        c = Console(server, c_tally)
        conns = [c.held(ENDLESS), c.held(ENDLESS_WRITE)]
        reeve.until("the console works", c.working)
        c.check("it stops beside a console that works", server.stop(), server.output()[-500:])
        for conn in conns:
            conn.close()
    con = sqlite3.connect(os.path.join(directory, "data.db"))
    c.same("nothing is left of it", con.execute("SELECT count(*) FROM sink").fetchone()[0], 0)
    con.close()


def run(binary, directory, tally):
    with reeve.Server(binary, directory) as server:
        c = Console(server, tally)
        c.rows("CREATE TABLE sink (n INTEGER)")
        for part in (cancels, times_out, beside, writers, remembered, too_large, odd, safety, schema):
            part(c)
    stopped(binary, directory, tally)
