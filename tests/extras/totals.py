"""What the server remembers of lists, their totals and where pages begin: whatever is written, by whom and however, is
in the next one."""

import concurrent.futures
import http.client
import json
import os
import random
import sqlite3
import urllib.parse

import reeve

WRITERS, STEPS, SEED = 4, 250, "totals"
ENTRIES = "/api/collections/entries/records"


class Client:
    """A superuser on one connection."""

    def __init__(self, server):
        self.conn = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.headers = {"Authorization": reeve.token(server.dir, "root"), "Content-Type": "application/json"}

    def send(self, method, path, body=None):
        self.conn.request(method, path, None if body is None else json.dumps(body), self.headers)
        answer = self.conn.getresponse()
        raw = answer.read()
        return answer.status, json.loads(raw) if raw else None

    def must(self, method, path, body=None):
        status, answer = self.send(method, path, body)
        assert status in (200, 204), (method, path, body, status, answer)
        return answer

    def total(self, collection, **query):
        """Of a page that has to be counted; the status where it is refused."""
        status, answer = self.send("GET", "/api/collections/%s/records?%s" % (
            collection, urllib.parse.urlencode({"page": 2, "perPage": 1, **query})))
        return answer["totalItems"] if status == 200 else -status


# --- many writers ---------------------------------------------------------------------------------


class Writer:
    """Writes entries with a title of its own, and knows their n."""

    def __init__(self, server, i):
        self.client, self.name = Client(server), "writer%d" % i
        self.path = os.path.join(server.dir, "data.db")
        self.rng = random.Random("%s %d" % (SEED, i))
        self.rows = {}  # id: n
        self.n_checks, self.wrong = 0, []

    def entry(self):
        return {"title": self.name, "n": self.rng.randrange(4)}

    def create(self):
        made = self.client.must("POST", ENTRIES, self.entry())
        self.rows[made["id"]] = made["n"]

    def update(self):
        if not self.rows:
            return
        one, n = self.rng.choice(sorted(self.rows)), self.rng.randrange(4)
        self.client.must("PATCH", ENTRIES + "/" + one, {"n": n})
        self.rows[one] = n

    def delete(self):
        if self.rows:
            one = self.rng.choice(sorted(self.rows))
            self.client.must("DELETE", ENTRIES + "/" + one)
            del self.rows[one]

    def batch(self):
        answers = self.client.must("POST", "/api/batch", {"requests": [
            {"method": "POST", "url": ENTRIES, "body": self.entry()} for _ in range(3)]})
        self.rows.update((answer["body"]["id"], answer["body"]["n"]) for answer in answers)

    def failing_batch(self):
        requests = [{"method": "DELETE", "url": ENTRIES + "/" + one} for one in sorted(self.rows)[:2]]
        requests += [{"method": "POST", "url": ENTRIES, "body": self.entry()},
                     {"method": "DELETE", "url": ENTRIES + "/nonexistent0000"}]
        status, answer = self.client.send("POST", "/api/batch", {"requests": requests})
        assert status == 400, answer

    def elsewhere(self):
        """This process is another than the server."""
        con = sqlite3.connect(self.path, timeout=30)
        try:
            with con:
                for i in range(2):
                    one, n = "%s%08d" % (self.name[-7:], self.rng.randrange(10 ** 8)), self.rng.randrange(4)
                    con.execute("INSERT INTO entries (id, title, n) VALUES (?, ?, ?)", (one, self.name, n))
                    self.rows[one] = n
                if self.rng.random() < 0.5:
                    con.execute("DELETE FROM entries WHERE title = ? AND n = 3", (self.name,))
                    self.rows = {one: n for one, n in self.rows.items() if n != 3}
        finally:
            con.close()

    def rolled_back_elsewhere(self):
        con = sqlite3.connect(self.path, timeout=30)
        try:
            con.execute("DELETE FROM entries WHERE title = ?", (self.name,))
            con.rollback()
        finally:
            con.close()

    def check(self, what):
        n = self.rng.randrange(4)
        queries = (({"filter": "title = '%s'" % self.name}, len(self.rows)),
                   ({"filter": "title = '%s' && n >= %d" % (self.name, n)},
                    sum(m >= n for m in self.rows.values())),
                   ({"filter": "title = '%s'" % self.name, "groupBy": "n"}, len(set(self.rows.values()))))
        for query, wanted in queries + queries[:1]:
            got = self.client.total("entries", **query)
            self.n_checks += 1
            if got != wanted:
                self.wrong.append((what, query, got, wanted))

    def run(self):
        kinds = (self.create, self.create, self.update, self.delete, self.delete, self.batch, self.failing_batch,
                 self.elsewhere, self.rolled_back_elsewhere)
        for _ in range(STEPS):
            kind = self.rng.choice(kinds)
            kind()
            self.check(kind.__name__)
        return self


def written(server, tally):
    writers = [Writer(server, i) for i in range(WRITERS)]
    with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
        for writer in [pool.submit(w.run) for w in writers]:
            writer.result()
    wrong = [w for writer in writers for w in writer.wrong]
    tally.check("totals: %d after a write, seed %s" % (sum(w.n_checks for w in writers), SEED), not wrong, wrong[:3])
    got = Client(server).total("entries")
    there = reeve.query(server.dir, "SELECT count(*) FROM entries")[0][0]
    tally.check("totals: of all that was written", got == there, (got, there))


# --- another schema -------------------------------------------------------------------------------


class Schemas:
    def __init__(self, server, tally):
        self.client, self.dir, self.tally = Client(server), server.dir, tally

    def has(self, what, wanted, collection="counted", **query):
        """Twice: as it is found now, and as it is remembered."""
        got = [self.client.total(collection, **query) for _ in range(2)]
        self.tally.check("totals: " + what, got == [wanted, wanted], (got, wanted))

    def make(self, name, *rows):
        made = self.client.must("POST", "/api/collections", {
            "name": name, "type": "base", "fields": [{"name": "a", "type": "text"}, {"name": "b", "type": "number"}]})
        for a, b in rows:
            self.client.must("POST", "/api/collections/%s/records" % name, {"a": a, "b": b})
        return made

    def change(self, collection, **members):
        return self.client.must("PATCH", "/api/collections/" + collection, members)

    def fields(self):
        made = self.make("counted", ("x", 1), ("x", 2), ("y", 3))
        self.has("of a filter", 2, filter="a = 'x'")
        fields = [f for f in made["fields"] if f["name"] != "a"]
        self.change("counted", fields=fields)
        self.has("of a field that is gone", -400, filter="a = 'x'")
        self.change("counted", fields=fields + [{"name": "a", "type": "text"}])
        self.has("of a field that has come again", 0, filter="a = 'x'")

    def names(self):
        self.has("of all", 3)
        self.change("counted", name="renamed")
        self.has("under another name", 3, "renamed")
        self.has("under a name that is gone", -404)
        self.make("counted", ("x", 1))
        self.has("under a name that is another's", 1)
        self.has("under its new name", 3, "renamed")

    def views(self):
        self.client.must("POST", "/api/collections", {"name": "shown", "type": "view",
                                                      "viewQuery": "SELECT id, b FROM renamed"})
        self.has("of a view", 3, "shown")
        self.change("shown", viewQuery="SELECT id, b FROM renamed WHERE b > 1")
        self.has("of another query", 2, "shown")
        self.client.must("POST", "/api/collections/renamed/records", {"b": 7})
        self.has("of a view whose table has grown", 3, "shown")

    def tables(self):
        self.client.must("DELETE", "/api/collections/renamed/truncate")
        self.has("of what was emptied", 0, "renamed")
        self.has("of a view of it", 0, "shown")
        reeve.run_sql(self.dir, "data", "DROP VIEW shown; CREATE VIEW shown AS SELECT id, b FROM counted")
        self.has("of a view that another process has made", 1, "shown")
        reeve.run_sql(self.dir, "data", "DELETE FROM counted")
        self.has("of a view of what it has emptied", 0, "shown")


# --- pages by number ------------------------------------------------------------------------------

ORDERS = {  # as the client has it: as SQLite has it; those that tell all rows apart, and others
    "": "_rowid_", "id": "id", "-id": "id DESC", "@rowid": "_rowid_", "-@rowid": "_rowid_ DESC",
    "title": "title", "-title": "title DESC", "n,id": "n, id", "-n,-id": "n DESC, id DESC", "-n,id": "n DESC, id",
    "n,-title": "n, title DESC", "+n,@rowid": "n, _rowid_", "title,n": "title", "flag,id": "flag, id",
}
ROWS, ROUNDS, PAGES = 3000, 40, 8


class Paged:
    """Rows of a collection, and the pages that SQLite gives of them."""

    def __init__(self, server, tally):
        self.client, self.dir, self.tally = Client(server), server.dir, tally
        self.path, self.rng = os.path.join(server.dir, "data.db"), random.Random("pages " + SEED)
        self.n_made, self.wrong, self.n_checks = 0, [], 0
        entries = self.client.must("GET", "/api/collections/entries")["id"]
        self.client.must("POST", "/api/collections", {
            "name": "paged", "type": "base", "listRule": "",
            "indexes": ["CREATE UNIQUE INDEX paged_title ON paged (title)", "CREATE INDEX paged_n ON paged (n)"],
            "fields": [{"name": "title", "type": "text"}, {"name": "n", "type": "number"},
                       {"name": "flag", "type": "bool"}, {"name": "place", "type": "geoPoint"},
                       {"name": "entry", "type": "relation", "collectionId": entries, "maxSelect": 1}]})
        self.elsewhere(self.insert, ROWS)

    def elsewhere(self, change, *args):
        con = sqlite3.connect(self.path, timeout=30)
        try:
            with con:
                return change(con, *args)
        finally:
            con.close()

    def row(self):
        self.n_made += 1
        tail = "long" * 400 if self.rng.random() < 0.05 else ""  # more than a place remembers
        return {"title": "%06d %s%s" % (self.rng.randrange(10 ** 6), self.n_made, tail), "n": self.rng.randrange(40) / 2,
                "flag": self.rng.random() < 0.5}

    def insert(self, con, n):
        con.executemany("INSERT INTO paged (id, title, n, flag) VALUES (?, ?, ?, ?)", (
            ("%015x" % self.rng.getrandbits(60), row["title"], row["n"], row["flag"])
            for row in (self.row() for _ in range(n))))

    def some(self):
        return self.elsewhere(lambda con: con.execute(
            "SELECT id FROM paged ORDER BY id LIMIT 1 OFFSET ?", (self.rng.randrange(ROWS // 2),)).fetchone()[0])

    def write(self):
        records, one = "/api/collections/paged/records", self.some()
        self.rng.choice((
            lambda: self.client.must("POST", records, self.row()),
            lambda: self.client.must("DELETE", records + "/" + one),
            lambda: self.client.must("PATCH", records + "/" + one, self.row()),
            lambda: self.elsewhere(self.insert, 3),
            lambda: self.elsewhere(lambda con: con.execute("DELETE FROM paged WHERE id = ?", (one,))),
            lambda: self.elsewhere(lambda con: con.execute("UPDATE paged SET n = 7 WHERE id = ?", (one,))),
            lambda: None,
        ))()

    def check(self, sort, per_page, page, **query):
        where = "n > 3" if "filter" in query else "1"
        rows = reeve.query(self.dir, "SELECT id, title, place = 'none' FROM paged WHERE %s ORDER BY %s LIMIT %d OFFSET %d" % (
            where, ORDERS[sort], per_page, per_page * (page - 1)))
        total = reeve.query(self.dir, "SELECT count(*) FROM paged WHERE " + where)[0][0]
        status, answer = self.client.send("GET", "/api/collections/paged/records?" + urllib.parse.urlencode(
            {"sort": sort, "perPage": per_page, "page": page, **query}))
        wanted = [[row[0], row[1]] for row in rows], total
        if any(row[2] for row in rows):
            wanted = 400
        got = ([[item["id"], item["title"]] for item in answer["items"]], answer["totalItems"]) if status == 200 \
            else status
        self.n_checks += 1
        if got != wanted:
            self.wrong.append((sort, per_page, page, query, got, wanted))

    def check_some(self):
        sort, per_page = self.rng.choice(sorted(ORDERS)), self.rng.choice((1, 7, 30, 100, 500))
        page = self.rng.randrange(1, ROWS // per_page + 3)
        query = self.rng.choice(({}, {}, {"expand": "entry"}, {"filter": "n > 3"} if sort else {}))
        for _ in range(self.rng.choice((1, 2, 5))):
            self.check(sort, per_page, page, **query)
            page += self.rng.choice((0, 1, 1, 1, 2))

    def rounds(self):
        for _ in range(ROUNDS):
            for _ in range(PAGES):
                self.check_some()
            self.write()
        self.tally.check("totals: %d pages by number, seed %s" % (self.n_checks, SEED), not self.wrong, self.wrong[:2])

    def unreadable(self):
        """A row that no page can have: those beside it can."""
        self.elsewhere(lambda con: con.execute("UPDATE paged SET place = 'none' WHERE id = ?", (self.some(),)))
        at = reeve.query(self.dir, "SELECT count(*) FROM paged WHERE id < (SELECT id FROM paged WHERE place = 'none')")[0][0]
        self.wrong = []
        for _ in range(2):
            for page in range(at - 2, at + 4):
                self.check("id", 1, page)
                self.check("id", 1, page, expand="entry")
        self.tally.check("totals: pages beside a row that cannot be read", not self.wrong, self.wrong[:2])

    def bare(self):
        """Rows whose only column is in an index: they come in the order of that."""
        self.client.must("POST", "/api/collections", {"name": "bare", "type": "base", "fields": []})
        self.elsewhere(lambda con: con.executemany("INSERT INTO bare (id) VALUES (?)", (
            ("%015x" % self.rng.getrandbits(60),) for _ in range(600))))
        self.client.must("POST", "/api/collections/bare/records", {})
        wanted = [row[0] for row in reeve.query(self.dir, "SELECT id FROM bare")]
        got = [[item["id"] for page in range(1, 23) for item in self.client.must(
            "GET", "/api/collections/bare/records?perPage=30&page=%d" % page)["items"]] for _ in range(2)]
        self.tally.check("totals: pages of rows that are read from an index", got == [wanted, wanted])


def run(binary, base, tally):
    reeve.set_batch(base, enabled=True)
    with reeve.Server(binary, base) as server:
        written(server, tally)
        schemas = Schemas(server, tally)
        for part in (schemas.fields, schemas.names, schemas.views, schemas.tables):
            part()
        paged = Paged(server, tally)
        for part in (paged.rounds, paged.unreadable, paged.bare):
            part()
        tally.check("totals: stops cleanly", server.stop(), server.output())
