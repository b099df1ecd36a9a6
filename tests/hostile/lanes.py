#!/usr/bin/env python3
"""lanes.py BINARY

What takes long holds up nothing but its like: reads that run into the query timeout, and leased
units that wait for another process's lock, while other reads are answered. It is the order of the
answers that counts, not how soon they come. The last line is `N passed, N failed`.
"""

import json
import os
import sqlite3
import sys
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

WAIT_S = 100
# Rows that a filter over two levels of back-relations looks at: more than a timeout allows, since
# no three of them are one above the other and the first below the last.
SITE = """INSERT INTO posts (id, title, state, author)
  VALUES ('aaaaaaaaaaaaaaa', 't', 'published', 'reeveanna000000');
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3000)
  INSERT INTO comments (id, text, post, author)
  SELECT 'c' || printf('%014d', n), 'c' || n, 'aaaaaaaaaaaaaaa', 'reeveanna000000' FROM c;
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 40)
  INSERT INTO posts (id, title, state) SELECT 'p' || printf('%014d', n), 't', 'published' FROM c;
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000)
  INSERT INTO entries (id, title, body)
  SELECT 'e' || printf('%014d', n), 't' || n, hex(zeroblob(1000)) FROM c;"""
VIA = "comments_via_post."
SLOW = "/api/collections/posts/records?perPage=1&filter=" + urllib.parse.quote(
    ("%stext ?> %spost.%stext && %spost.%stext ?> %spost.%spost.%stext && %stext ?< %spost.%spost.%stext"
     % ((VIA,) * 12)))
MOVED = "/api/collections/entries/records?perPage=1000&sort=-title"  # more than a loop's share


class Asked:
    """Requests that are under way; `done` has their answers in the order they came."""

    def __init__(self, port):
        self.port = port
        self.done = []
        self.threads = []

    def ask(self, method, path, body=None, headers=None, times=1, source="127.0.0.1"):
        """The same so many times, on one connection."""
        def run():
            con = reeve.Connection("127.0.0.1", self.port, timeout=WAIT_S, source_address=(source, 0))
            for _ in range(times):
                con.request(method, path, body and json.dumps(body),
                            {"content-type": "application/json", **(headers or {})})
                answer = con.getresponse()
                answer.read()
                self.done.append(answer.status)
            con.close()

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def wait(self):
        for thread in self.threads:
            thread.join(WAIT_S)
        return self.done


def main():
    binary = sys.argv[1]
    home = reeve.scratch("lanes")
    tally = reeve.Tally()
    try:
        directory = reeve.fresh(binary, os.path.join(home, "data"))
        reeve.run_sql(directory, "data", SITE)
        reeve.set_batch(directory, enabled=True, maxRequests=50, timeout=60)
        with reeve.Server(binary, directory, "--queryTimeout", "4") as server:
            slow_reads(server, tally)
            waiting_leases(server, directory, tally)
            hot_row(server, tally)
            batched(server, tally)
            long_texts(server, tally)
            tally.check("stops cleanly", server.stop(), server.output())
    finally:
        reeve.remove(home)
    return tally.end()


def moved_read(server, asked, what, tally):
    """A read that moves to the pool is answered while none of the others is."""
    status = server.request("GET", MOVED, timeout=WAIT_S)[0]
    tally.check("a read is answered beside %s" % what, status == 200 and not asked.done,
                "%d, after %s" % (status, asked.done))


def slow_reads(server, tally):
    n = 2 * (os.cpu_count() or 1) + 2  # more than any lane has threads
    asked = Asked(server.port)
    before = server.cpu_s()
    for _ in range(n):
        asked.ask("GET", SLOW)
    reeve.until("the slow reads run", lambda: server.cpu_s() > before + 1)
    moved_read(server, asked, "%d slow ones" % n, tally)
    asked.ask("GET", SLOW, source="127.0.0.2")
    statuses = asked.wait()
    tally.check("slow reads end by the timeout, or are refused", len(statuses) == n + 1 and
                set(statuses) <= {400, 503} and 400 in statuses, statuses)


def waiting_leases(server, directory, tally):
    asked = Asked(server.port)
    headers = {"Authorization": reeve.token(directory, "root")}
    con = sqlite3.connect(os.path.join(directory, "data.db"), isolation_level=None)
    con.execute("BEGIN IMMEDIATE")
    try:
        for n in range(1, 37):  # deletes that cascade
            asked.ask("DELETE", "/api/collections/posts/records/p%014d" % n, headers=headers)
        reeve.until("the deletes are there", lambda: len(asked.threads) == 36)
        moved_read(server, asked, "36 leases that wait", tally)
    finally:
        con.execute("ROLLBACK")
        con.close()
    statuses = asked.wait()
    tally.check("leases go on", statuses == [204] * 36, statuses)


def pattern(server, maximum):
    """A pattern for people's names, which many texts take long to be matched with."""
    headers = {"Authorization": reeve.token(server.dir, "root")}
    fields = json.loads(server.request("GET", "/api/collections/people", headers=headers)[1])["fields"]
    for field in fields:
        if field["name"] == "name":
            field["pattern"], field["max"] = r"([\pL\pN'-]+ ){1,20}!$|^b+$", maximum
    server.request("PATCH", "/api/collections/people", {"fields": fields}, headers)


def hot_row(server, tally):
    """Clients that change a long text keep nobody from changing another field of its record."""
    pattern(server, 100000)
    asked = Asked(server.port)
    status, said, _ = server.request("POST", "/api/collections/people/records", {"name": "b" * 5000})
    tally.check("a long text", status == 200, said)
    path = "/api/collections/people/records/" + json.loads(said)["id"]
    for n in range(6):
        asked.ask("PATCH", path, {"name": "b" * (5000 + n)} if n % 2 else {"age": n}, times=150)
    statuses = asked.wait()
    tally.check("nobody is refused", statuses == [200] * 900, set(statuses))


def batched(server, tally):
    """A text that the first request of a batch writes is matched once, not by each one after it."""
    status, said, _ = server.request("POST", "/api/collections/people/records", {"name": "bbb"})
    path = "/api/collections/people/records/" + json.loads(said)["id"]
    text, spent = "ab " * 33000 + "!", []
    for others in (0, 20):
        before = server.cpu_s()
        status, said, _ = server.request("POST", "/api/batch", {"requests": [
            {"method": "PATCH", "url": path, "body": {"name": "x" + text if others else text}}] + [
            {"method": "PATCH", "url": path, "body": {"age": n}} for n in range(others)]})
        tally.check("a batch of %d" % (others + 1), status == 200, said[:200])
        spent.append(server.cpu_s() - before)
    tally.check("it is matched once", spent[1] < 4 * spent[0] + 0.2, "%.2f s, alone %.2f s" % (spent[1], spent[0]))


def long_texts(server, tally):
    """What is refused for its length is not matched, whoever may change it."""
    pattern(server, 100)
    status, said, _ = server.request("POST", "/api/collections/people/records", {"name": "bbb"})
    tally.check("a short text", status == 200, said)
    path = "/api/collections/people/records/" + json.loads(said)["id"]
    before = server.cpu_s()
    status, said, _ = server.request("PATCH", path, {"name": "ab " * 1000000})
    spent = server.cpu_s() - before
    tally.check("too long a text is refused", status == 400 and b"max_text" in said, said[:100])
    tally.check("and costs little", spent < 1, "%.1f s" % spent)


if __name__ == "__main__":
    sys.exit(main())
