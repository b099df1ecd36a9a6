"""Totals of lists, which the server remembers: whatever is written, by whom and however, is in the next one."""

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


def run(binary, base, tally):
    reeve.set_batch(base, enabled=True)
    with reeve.Server(binary, base) as server:
        written(server, tally)
        schemas = Schemas(server, tally)
        for part in (schemas.fields, schemas.names, schemas.views, schemas.tables):
            part()
        tally.check("totals: stops cleanly", server.stop(), server.output())
