#!/usr/bin/env python3
"""loops.py BINARY

No client holds a loop: whatever is heavy to read, answer or forget is sent to a server with a single
one, which warns (http.loop_held) where it has spent more than 10 ms of CPU time on one piece of work.
Others are answered meanwhile. The last line is `N passed, N failed`.
"""

import json
import os
import re
import socket
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

MB = 1 << 20
PROBE_S = 0.5  # a machine that is busy with others stops all of a process for as long
WAIT_S = 60
HELD = re.compile(r"http\.loop_held.*")
ENTRIES = "/api/collections/entries/records"
PEOPLE = "/api/collections/people/records"
LOGIN = "/api/collections/users/auth-with-password"
JSON, FORM, MULTI = "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
# Rows of 1 KB and of 100 KB, and a post that hundreds of comments follow.
SITE = """WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2000)
  INSERT INTO entries (id, title, body, n)
  SELECT 'e' || printf('%014d', n), 't' || n, printf('%.*c', iif(n <= 1000, 1000, 100000), 'x'), n FROM c;
INSERT INTO posts (id, title, state, author) VALUES ('aaaaaaaaaaaaaaa', 't', 'published', 'reeveanna000000');
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 300)
  INSERT INTO comments (id, text, post, author)
  SELECT 'c' || printf('%014d', n), printf('%.*c', 1000, 'x'), 'aaaaaaaaaaaaaaa', 'reeveanna000000' FROM c;"""
COLLECTIONS = 150
FIELDS = 60


def main():
    binary = sys.argv[1]
    home = reeve.scratch("loops")
    tally = reeve.Tally()
    try:
        directory = reeve.fresh(binary, os.path.join(home, "data"))
        reeve.run_sql(directory, "data", SITE)
        reeve.set_batch(directory, enabled=True, maxRequests=10000, maxBodySize=64 * MB)
        args = ("--threads", "1", *([] if os.geteuid() else ["--dev"]))
        with reeve.Server(binary, directory, *args) as server:
            site = Site(server, directory, tally)
            with Probe(server, tally):
                for part in PARTS:
                    part(site)
            tally.check("stops cleanly", server.stop(), server.output())
    finally:
        reeve.remove(home)
    return tally.end()


class Site:
    """The server with a look at its warnings after every request."""

    def __init__(self, server, directory, tally):
        self.server, self.tally = server, tally
        self.root = {"Authorization": reeve.token(directory, "root")}
        self.seen = 0

    def look(self, name):
        """Warnings come once a second at most: a later one is told of the place that it names."""
        with open(self.server.log, "rb") as log:
            log.seek(self.seen)
            new = log.read()
        self.seen += len(new)
        held = HELD.findall(new.decode("utf-8", "replace"))
        self.tally.check(name, not held, held)

    def send(self, name, method, path, body=None, kind=JSON, root=False, **headers):
        headers = {**(self.root if root else {}), **headers}
        if body is not None:
            headers["Content-Type"] = kind
        try:
            status, said = self.server.request(method, path, body, headers, WAIT_S)[:2]
        except OSError as e:  # refused before all of it was read
            status, said = type(e).__name__, b""
        self.look("%s (%s)" % (name, status))
        return said

    def raw(self, name, sent, pause_s=0, most=1 << 40):
        """The bytes as they are; all of what is answered is read, or `most` of it, `pause_s` between two reads."""
        with socket.create_connection(("127.0.0.1", self.server.port), WAIT_S) as sock:
            reader = threading.Thread(target=sock.sendall, args=(sent,))
            reader.start()
            got = n = 1
            while got and n < most:
                got = len(sock.recv(MB))
                n += got
                time.sleep(pause_s)
            reader.join()
        self.look("%s (%d bytes)" % (name, n))


class Probe:
    """A client of its own that asks for little all the time."""

    def __init__(self, server, tally):
        self.server, self.tally, self.ended, self.slowest = server, tally, False, 0
        self.thread = threading.Thread(target=self.run)

    def run(self):
        conn = reeve.Connection("127.0.0.1", self.server.port, timeout=WAIT_S)
        while not self.ended:
            began = time.monotonic()
            conn.request("GET", "/api/health")
            conn.getresponse().read()
            self.slowest = max(self.slowest, time.monotonic() - began)
            time.sleep(0.01)
        conn.close()

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()
        print("slowest probe: %.0f ms" % (self.slowest * 1000))
        self.tally.check("others are answered", self.slowest < PROBE_S, "%.3f s" % self.slowest)


# --- bodies --------------------------------------------------------------------------------------

def objects(n):
    return b"[" + b",".join(b'{"a":%d}' % i for i in range(n)) + b"]"


JSONS = {
    "objects": lambda: b'{"title":"t","n":' + objects(1000000) + b"}",
    "keys": lambda: b"{" + b",".join(b'"k%d":0' % n for n in range(1000000)) + b"}",
    "one text": lambda: b'{"identity":"a","password":"b","title":"' + b"a" * (28 * MB) + b'"}',
    "escapes": lambda: b'{"title":"' + b"\\u00e4" * (3 * MB) + b'"}',
    "no end": lambda: b'{"title":' + objects(800000) + b",",
}


def json_bodies(site):
    for kind, make in JSONS.items():
        body = make()
        site.send("create, " + kind, "POST", ENTRIES, body)
        site.send("update, " + kind, "PATCH", ENTRIES + "/e00000000000001", body)
        site.send("login, " + kind, "POST", LOGIN, body)
        site.send("list with a body, " + kind, "GET", ENTRIES + "?perPage=1", body)
        for method, path in (("POST", "/api/collections"), ("PATCH", "/api/collections/people"),
                             ("PUT", "/api/collections/import"), ("PATCH", "/api/settings")):
            site.send("%s %s, %s" % (method, path, kind), method, path, body, root=True)
        site.send("no such route, " + kind, "POST", "/api/nothing", body)
        site.send("a route without a body, " + kind, "GET", "/api/health", body)


def imports(site):
    for kind, body in (("objects", b'{"collections":' + objects(900000) + b"}"),
                       ("empty objects", b'{"collections":[' + b"{}," * 1900000 + b"{}]}"),
                       ("fields", b'{"collections":[{"name":"x","fields":' + objects(900000) + b"}]}")):
        said = site.send("import of many " + kind, "PUT", "/api/collections/import", body, root=True)
        site.tally.check("too many " + kind, b"validation_length_too_long" in said, said[:200])
    for kind, member in (("addresses", b'"superuserIPs":[' + b'"a",' * 3000000 + b'"a"]'),
                         ("rules", b'"rateLimits":{"rules":' + objects(900000) + b"}")):
        site.send("settings with many " + kind, "PATCH", "/api/settings", b"{" + member + b"}", root=True)


def forms(site):
    pairs = {"pairs": b"&".join(b"a%d=%d" % (n, n) for n in range(9999)),
             "too many pairs": b"a&" * 10 * MB,
             "one value": b"title=" + b"a" * (28 * MB),
             "payload": b"@jsonPayload=" + urllib.parse.quote(objects(500000)).encode(),
             "escapes": b"title=" + b"%61" * (9 * MB)}
    for kind, body in pairs.items():
        for method, path in (("POST", ENTRIES), ("POST", LOGIN), ("PATCH", ENTRIES + "/e00000000000001")):
            site.send("%s %s, form of %s" % (method, path, kind), method, path, body, FORM)
        site.send("settings, form of " + kind, "PATCH", "/api/settings", body, FORM, root=True)


PART = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
FILE = b'--b\r\nContent-Disposition: form-data; name="docs"; filename="f%d.txt"\r\n\r\n%s\r\n'


def multiparts(site):
    docs = {"name": "docs", "type": "base", "createRule": "", "fields": [
        {"name": "docs", "type": "file", "maxSelect": 100, "maxSize": MB}]}
    site.send("a collection of files", "POST", "/api/collections", docs, root=True)
    bodies = {"parts": b"".join(PART % (b"a%d" % n, b"x") for n in range(200000)),
              "one text": PART % (b"title", b"a" * (24 * MB)),
              "payload": PART % (b"@jsonPayload", objects(900000)),
              "files": b"".join(FILE % (n, b"z" * 100000) for n in range(100)),
              "small files": b"".join(FILE % (n, b"z" * 2000) for n in range(100))}
    for kind, body in bodies.items():
        for path in (ENTRIES, LOGIN, "/api/collections/docs/records"):
            site.send("%s, multipart of %s" % (path, kind), "POST", path, body + b"--b--\r\n", MULTI)


def batches(site):
    many = [{"method": "POST", "url": ENTRIES, "body": {"title": "t%d" % n}} for n in range(5000)]
    large = [{"method": "POST", "url": ENTRIES, "body": {"title": "t" * 1000000}} for _ in range(25)]
    wrong = [{"method": "POST", "url": PEOPLE, "body": {"name": "x" * 100}} for _ in range(5000)]
    for kind, items in (("many", many), ("large", large), ("wrong", wrong)):
        site.send("batch of %s items" % kind, "POST", "/api/batch", {"requests": items})
        site.send("batch of %s items, picked" % kind, "POST", "/api/batch?fields=*", {"requests": items})
    site.send("batch of what is none", "POST", "/api/batch", b'{"requests":' + objects(1000000) + b"}")
    site.send("batch without an end", "POST", "/api/batch", b'{"requests":' + objects(1000000))


# --- answers -------------------------------------------------------------------------------------

def lists(site):
    for kind, path, root in (
            ("small records", ENTRIES + "?perPage=1000&filter=n%3C1001", False),
            ("large records", ENTRIES + "?perPage=1000&filter=n%3E1000", False),
            ("picked", ENTRIES + "?perPage=1000&fields=id,title,body:excerpt(200,true)", False),
            ("picked large", ENTRIES + "?perPage=1000&filter=n%3E1000&fields=*", False),
            ("sorted", ENTRIES + "?perPage=1000&sort=-body,title", False),
            ("expanded", "/api/collections/posts/records/aaaaaaaaaaaaaaa?expand=comments_via_post.post.author", False),
            ("expanded list", "/api/collections/comments/records?perPage=1000&expand=post,author,post.author", False)):
        site.send("list, " + kind, "GET", path, root=root)
    deep = " || ".join("n %s %d" % (op, n) for n in range(90) for op in ("=", "!="))
    site.send("long filter", "GET", ENTRIES + "?filter=" + urllib.parse.quote(deep))
    site.send("long like", "GET", ENTRIES + "?filter=" + urllib.parse.quote("body ~ '%s'" % ("x%" * 1600)))
    site.send("brackets", "GET", ENTRIES + "?filter=" + urllib.parse.quote("(" * 1700 + "n=1" + ")" * 1700))
    via = "post.comments_via_post"
    site.send("joins", "GET", "/api/collections/comments/records?filter=" + urllib.parse.quote(" && ".join(
        "%s.%s.text ?> 'a%d'" % (via, via, n) for n in range(40))))
    site.send("sort and fields", "GET", ENTRIES + "?sort=" + ",".join(["-title"] * 8) + "&fields=" + ",".join(
        "f%d.a.b.c" % n for n in range(1000)))
    site.send("expand paths", "GET", "/api/collections/comments/records?perPage=1000&expand=" + ",".join(
        "post.author.x%d" % n for n in range(200)))


def many_collections(site):
    fields = [{"name": "f%d" % n, "type": "text", "max": n + 1} for n in range(FIELDS)]
    made = [{"name": "many%d" % n, "type": "base", "fields": fields} for n in range(COLLECTIONS)]
    site.send("import", "PUT", "/api/collections/import", {"collections": made}, root=True)
    paths = ["", "?perPage=500", "?perPage=500&fields=*", "?perPage=500&fields=fields.name,id",
             "/many1", "/many1?fields=fields.name", "/meta/scaffolds", "/meta/scaffolds?fields=auth"]
    for path in paths:
        said = site.send("collections" + path, "GET", "/api/collections" + path, root=True)
        if path.endswith(",id"):
            items = json.loads(said)["items"]
            site.tally.check("picked as asked", len(items) > COLLECTIONS and all(
                set(item) == {"id", "fields"} and set(item["fields"][0]) == {"name"} for item in items), items[:1])
    site.send("a change", "PATCH", "/api/collections/many1?fields=id,fields.name",
              {"fields": fields + [{"name": "g", "type": "text"}]}, root=True)
    site.send("the first read after it", "GET", PEOPLE)
    big = {"trustedProxy": {"headers": ["X-%d-%s" % (n, "a" * 1000) for n in range(1000)]}}
    site.send("large settings", "PATCH", "/api/settings?fields=*", big, root=True)
    site.send("settings", "GET", "/api/settings", root=True)
    site.send("settings, picked", "GET", "/api/settings?fields=trustedProxy,meta", root=True)
    site.send("back", "PATCH", "/api/settings", {"trustedProxy": {"headers": []}}, root=True)


# --- connections ---------------------------------------------------------------------------------

def get(path, *lines):
    return "\r\n".join(("GET %s HTTP/1.1" % path, "Host: x", *lines, "", "")).encode()


def heads(site):
    end = "Connection: close"
    for path in ("/api/health", PEOPLE, "/api/nothing"):
        site.raw("a head of 1 MB, " + path, get(path, *("H%d: %s" % (n, "a" * 2000) for n in range(490)), end))
        site.raw("two long headers, " + path, get(path, *("H%d: %s" % (n, "a" * 500000) for n in range(2)), end))
        site.raw("1000 parameters, " + path, get(path + "?" + "&".join("p%d=%s" % (n, "%61" * 300) for n in range(999)), end))
        site.raw("a long parameter, " + path, get(path + "?a=" + "%61" * 340000, end))
        site.raw("a million commas, " + path, get(path + "?expand=" + "," * 500000 + "&fields=" + "," * 500000, end))
        site.raw("a million parameters, " + path, get(path + "?" + "&" * 1000000, end))
        site.raw("a long token, " + path, get(path, "Authorization: " + "a." * 500000, end))
    site.raw("a long path", get("/" + "a/" * 500000, end))
    site.raw("a long path of dots", get("/" + "a/../" * 100000, end))
    site.raw("an escaped path", get("/api/collections/" + "%61" * 340000 + "/records", end))
    site.raw("a long origin", get("/api/health", "Origin: " + "a" * 1000000, end))
    site.raw("long conditions", get(ENTRIES + "/e00000000000001", "If-None-Match: " + '"a",' * 250000, end))


def connections(site):
    site.raw("8000 reads at once", get("/api/health") * 8000 + get("/api/health", "Connection: close"))
    site.raw("4000 reads of records", get(ENTRIES + "/e00000000000001") * 4000 + get("/api/health", "Connection: close"))
    large = get(ENTRIES + "?perPage=1000&filter=n%3E1000", "Connection: close")
    site.raw("100 MB read fast", large)
    site.raw("100 MB read slowly", large, 0.003)
    site.raw("100 MB, left in the middle", large, 0.003, 30 * MB)
    for _ in range(3):
        socks = []
        for _ in range(1000):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", site.server.port))
            socks.append(sock)
        time.sleep(0.2)
        for sock in socks:
            sock.close()
        time.sleep(0.2)
        site.look("1000 connections at once")


PARTS = (heads, connections, lists, many_collections, forms, multiparts, batches, json_bodies, imports)

if __name__ == "__main__":
    sys.exit(main())
