"""Rate limits (services.md 11), with the answers that PocketBase gives. Windows are long: none ends
in a case."""

import concurrent.futures
import json
import socket
import struct
import time

import reeve

SETTINGS = "/api/settings"
HEALTH = ("GET", "/api/health")
POSTS = "/api/collections/%s/records"
WINDOW_S = 600


class Site:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.root = reeve.token(server.dir, "root")
        self.user = reeve.token(server.dir, "anna")

    def send(self, method, url, body=None, token=None, headers=None):
        headers = dict(headers or {}, **({"authorization": token} if token else {}))
        return self.server.request(method, url, body, headers)

    def rules(self, *rules, **more):
        """Each: label, maxRequests, audience. What was counted is forgotten."""
        listed = [{"label": r[0], "maxRequests": r[1], "duration": WINDOW_S,
                   "audience": r[2] if len(r) > 2 else ""} for r in rules]
        body = {"rateLimits": {"enabled": True, "rules": listed, "excludedIPs": [], **more}}
        status, answer, _ = self.send("PATCH", SETTINGS, body, self.root)
        if status != 200:
            raise RuntimeError("%s: %s" % (rules, answer))

    def statuses(self, *requests):
        return [self.send(*request)[0] for request in requests]

    def same(self, what, got, want):
        self.tally.check("rates: " + what, got == want, "%r, not %r" % (got, want))

    def batch(self, *items, token=None):
        """The answer's status, and its refused request's place and status."""
        requests = [dict(zip(("method", "url", "body"), item)) for item in items]
        status, answer, _ = self.send("POST", "/api/batch", {"requests": requests}, token)
        refused = json.loads(answer)["data"].get("requests", {}) if status == 400 else {}
        return (status, *[(at, item["response"]["status"]) for at, item in refused.items()])


def ids(site):
    rows = reeve.query(site.server.dir, "SELECT name, id FROM _collections")
    return dict(rows)


def paths(site):
    nope = ("GET", "/api/nope")
    site.rules(("/api/", 2))
    site.same("paths under one rule share it", site.statuses(nope, HEALTH, HEALTH, nope),
              [404, 200, 429, 429])
    site.same("so do methods without a route", site.statuses(("POST", "/api/nope")), [429])
    site.same("a preflight is no request", site.statuses(("OPTIONS", "/api/health")), [204])
    site.rules(("/api/", 2))
    site.same("saved settings begin anew", site.statuses(HEALTH, HEALTH, HEALTH), [200, 200, 429])
    status, answer, headers = site.send(*HEALTH, headers={"origin": "http://x"})
    site.same("what it says", (status, answer, headers["access-control-allow-origin"],
                               headers["x-frame-options"], headers["retry-after"]),
              (429, b'{"data":{},"message":"Too Many Requests.","status":429}', "*", "SAMEORIGIN",
               None))
    site.rules(("GET /api/health", 1))
    site.same("HEAD is not GET", site.statuses(("HEAD", "/api/health"), ("HEAD", "/api/health"),
                                               HEALTH, HEALTH), [200, 200, 200, 429])
    site.rules(("/api/", 1), ("GET /api/", 1))
    site.same("the first label with a rule counts",
              site.statuses(HEALTH, HEALTH, ("POST", "/api/nope"), ("POST", "/api/nope")),
              [200, 429, 404, 429])
    site.rules(("/nope/", 1))
    site.same("a beginning, with the path itself",
              site.statuses(("GET", "/nope"), ("GET", "/nope/x"), ("GET", "/nopes")),
              [404, 429, 404])
    site.rules(("/a/b", 1))
    site.same("paths are decoded", site.statuses(("GET", "/%61/b?x=1"), ("GET", "/a/b")),
              [404, 429])
    site.rules(("/api/", 1))
    site.same("before guards", site.statuses(("GET", SETTINGS), ("GET", SETTINGS)), [401, 429])
    site.rules(("/api/", 1))
    site.same("before bodies", site.statuses(HEALTH, ("POST", "/api/batch", "{")), [200, 429])
    site.rules(("/api/", 1))
    many = ("GET", "/api/health?" + "x&" * 1000)
    site.same("before parameters", site.statuses(many, many), [400, 429])


def audiences(site):
    mine = (*HEALTH, None, site.user)
    site.rules(("/api/", 1, "@guest"))
    site.same("guests", site.statuses(HEALTH, HEALTH, mine, mine), [200, 429, 200, 200])
    site.rules(("/api/", 1, "@auth"))
    site.same("others", site.statuses(HEALTH, HEALTH, mine, mine), [200, 200, 200, 429])
    site.rules(("/api/health", 1, "@auth"), ("/api/", 2))
    site.same("who is not meant goes on to a beginning",
              site.statuses(HEALTH, HEALTH, HEALTH, mine, mine), [200, 200, 429, 200, 429])
    site.same("superusers are not limited", site.statuses(*[(*HEALTH, None, site.root)] * 4),
              [200] * 4)
    site.rules(("/api/", 1), excludedIPs=["10.0.0.0/8", "127.0.0.1"])
    site.same("nor are excluded addresses", site.statuses(*[HEALTH] * 3), [200] * 3)


def clients(site):
    site.send("PATCH", SETTINGS, {"trustedProxy": {"headers": ["X-Real"]}}, site.root)
    site.rules(("/api/", 1))

    def by(ip):
        return (*HEALTH, None, None, {"x-real": ip})

    site.same("clients by the address that the proxy tells",
              site.statuses(by("10.0.0.1"), by("10.0.0.2"), by("10.0.0.1"), by("2001:db8::1"),
                            by("2001:db8:0:0::1"), by("no address"), HEALTH),
              [200, 200, 429, 200, 429, 200, 429])
    site.send("PATCH", SETTINGS, {"trustedProxy": {"headers": []}}, site.root)


def collections(site):
    posts, by_id = POSTS % "posts", POSTS % ids(site)["posts"]
    site.rules(("/api/", 2))
    site.same("a route of a collection has its own, by name or id",
              site.statuses(("GET", posts), ("HEAD", by_id), ("GET", posts), ("GET", by_id),
                            ("GET", POSTS % "people")), [200, 200, 429, 429, 200])
    site.same("and others theirs", site.statuses(("POST", posts, {}))[0] != 429, True)
    site.rules(("posts:list", 1))
    site.same("labels have the name", site.statuses(("GET", by_id), ("GET", POSTS % "POSTS"),
                                                    ("GET", POSTS % "people")), [200, 429, 200])
    site.rules(("*:create", 1), ("*:update", 1), ("*:view", 1), ("*:delete", 1))
    for method, url in (("POST", posts), ("PATCH", posts + "/x"), ("GET", posts + "/x"),
                        ("DELETE", posts + "/x")):
        first, second = site.statuses((method, url, {}), (method, url, {}))
        site.same("%s has its tag" % method, (first != 429, second), (True, 429))
    site.rules(("/api/", 1))
    nope = POSTS % "nope"
    site.same("what is no collection is not counted",
              site.statuses(("GET", nope), ("POST", nope, {}), ("PATCH", nope + "/x", {}),
                            ("DELETE", nope + "/x"), ("GET", "/api/files/nope/x/y"), HEALTH, HEALTH),
              [404, 404, 404, 404, 404, 200, 429])
    site.rules(("/api/", 1))
    file = ("GET", "/api/files/posts/x/y")
    site.same("files", site.statuses(file, file, ("POST", "/api/files/token")), [404, 429, 401])
    site.rules(("*:auth", 1))
    login = ("POST", "/api/collections/%s/auth-with-password", {})

    def to(name):
        return (login[0], login[1] % name, login[2])

    site.same("logins", site.statuses(to("users"), to("users"), to("_superusers"), to("posts"),
                                      to("posts"), to("nope")), [400, 429, 400, 404, 429, 404])
    site.rules(("users:authWithPassword", 1), ("users:auth", 9))
    site.same("the first tag counts", site.statuses(to("users"), to("users")), [400, 429])
    site.rules(("*:authRefresh", 1))
    refresh = ("POST", "/api/collections/users/auth-refresh")
    site.same("before who is asked for", site.statuses(refresh, refresh), [401, 429])
    site.rules(("/api/", 1))
    other = ("POST", "/api/collections/nope/impersonate/x")
    site.same("one without tags", site.statuses(other, HEALTH), [401, 429])


def views(site):
    name = reeve.query(site.server.dir, "SELECT name FROM _collections WHERE type = 'view'")[0][0]
    site.rules(("/api/", 1))
    posted = ("POST", POSTS % name, {})
    site.same("a view takes no records, and nothing is counted",
              site.statuses(posted, posted, ("DELETE", POSTS % name + "/x")), [400, 400, 400])


def renamed(site):
    site.rules(("locked:list", 1))
    site.send("PATCH", "/api/collections/locked", {"name": "opened"}, site.root)
    site.same("a rule follows its collection",
              [s != 429 for s in site.statuses(("GET", POSTS % "opened"), ("GET", POSTS % "opened"))],
              [True, False])
    site.send("PATCH", "/api/collections/opened", {"name": "locked"}, site.root)


def batches(site):
    url = POSTS % "notes"
    for name, rule in (("notes", "text != 'hidden'"), ("boards", "")):
        site.send("POST", "/api/collections", {
            "name": name, "type": "base", "listRule": rule, "viewRule": "", "createRule": "",
            "updateRule": "", "deleteRule": "", "fields": [{"name": "text", "type": "text"}]},
            site.root)
    ident = json.loads(site.send("POST", url, {"text": "x"}, site.root)[1])["id"]
    site.send("PATCH", SETTINGS, {"batch": {"enabled": True, "maxRequests": 20}}, site.root)
    post, by_id = ("POST", url, {"text": "a"}), ("POST", POSTS % ids(site)["notes"], {"text": "b"})
    put, over = ("PUT", url, {"text": "c"}), ("PUT", url, {"id": ident, "text": "d"})
    site.rules(("*:create", 2))
    site.same("requests of a batch", (site.batch(post, by_id), site.batch(post, post)),
              ((200,), (400, ("0", 429))))
    site.same("count beside others", site.statuses(*[("POST", url, {})] * 3), [200, 200, 429])
    site.rules(("*:create", 1))
    before = len(reeve.query(site.server.dir, "SELECT 1 FROM notes"))
    site.same("the first beyond it fails the batch", site.batch(post, post, post),
              (400, ("1", 429)))
    site.same("as a whole", len(reeve.query(site.server.dir, "SELECT 1 FROM notes")), before)
    site.rules(("*:create", 1))
    site.same("those after one that cannot be do not count",
              (site.batch(("POST", POSTS % "nope", {}), post), site.batch(post)),
              ((400, ("0", 404)), (200,)))
    site.rules(("*:create", 1), ("*:update", 1))
    site.same("an upsert is what it does", [site.batch(b) for b in (put, put, over, over)],
              [(200,), (400, ("0", 429)), (200,), (400, ("0", 429))])
    site.rules(("PATCH %s/%s" % (url, ident), 1), ("POST " + url, 1))
    site.same("by its path, too", [site.batch(b) for b in (put, put, over, over)],
              [(200,), (400, ("0", 429)), (200,), (400, ("0", 429))])
    site.rules((url, 1))
    asked = ("POST", url + "?fields=id", {})
    site.same("without its query", (site.batch(asked), site.batch(asked)),
              ((200,), (400, ("0", 429))))
    site.rules(("*:create", 1))
    site.same("superusers have no limit", site.batch(post, post, post, token=site.root), (200,))
    site.rules(("/api/batch", 1))
    site.same("the batch itself", (site.batch(post), site.batch(post)), ((200,), (429,)))


def once(site):
    """What runs again, on another thread or under another schema, is counted once."""
    reeve.run_sql(site.server.dir, "data", "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 "
                  "FROM c WHERE n < 20000) INSERT INTO boards (id, text) "
                  "SELECT printf('b%014d', n), 'text ' || n FROM c")
    slow = ("GET", POSTS % "boards" + "?filter=text~'nothing'||text~'else'")
    site.rules(("boards:list", 3))
    site.same("on another thread", site.statuses(*[slow] * 5), [200] * 3 + [429] * 2)
    site.rules(("*:create", 40))
    field = {"name": "extra", "type": "text"}
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        changes = pool.submit(lambda: [site.send("PATCH", "/api/collections/boards", {
            "fields": [{"name": "text", "type": "text"}, field][:1 + n % 2]}, site.root)[0]
            for n in range(12)])
        made = list(pool.map(lambda _: site.statuses(("POST", POSTS % "notes", {}))[0], range(80)))
    site.same("under another schema", (made.count(200), made.count(429), set(changes.result())),
              (40, 40, {200}))


def unchecked(site):
    """Rules that only the database has; read at the next start."""
    rules = [("/api/", 0, 10), ("/api/one", 1, WINDOW_S), ("/api/one", 9, WINDOW_S),
             ("/api/health", 999, 1),
             ("GET /api/none/", 1, 0), ("*:list/", 1, WINDOW_S), ("", 0, 0), ("/", 0, 0, "@else")]
    listed = [{"label": r[0], "maxRequests": r[1], "duration": r[2],
               "audience": r[3] if len(r) > 3 else ""} for r in rules]
    reeve.run_sql(site.server.dir, "data", "UPDATE _params SET value = json_set(value, "
                  "'$.rateLimits.enabled', json('true'), '$.rateLimits.rules', json('%s')) "
                  "WHERE id = 'settings'" % json.dumps(listed))


def unchecked_hold(site):
    one, none = ("GET", "/api/one"), ("GET", "/api/none/x")
    lists = ("GET", POSTS % "posts")
    site.same("rules that contradict each other, and odd ones",
              (site.statuses(one, one), site.statuses(none, none, none),
               site.statuses(lists, lists), site.statuses(("GET", "/api/nope"))),
              ([404, 429], [404, 404, 404], [200, 429], [429]))


# --- lists that find nothing ------------------------------------------------------------------

def slowest(site, url, n=12, token=None, method="GET"):
    took = 0
    for _ in range(n):
        begun = time.monotonic()
        site.send(method, url, None, token)
        took = max(took, time.monotonic() - begun)
    return took


def leave(site, url):
    """Asks, and is gone before there is an answer."""
    with socket.create_connection(("127.0.0.1", site.server.port)) as s:
        s.sendall(("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % url).encode())
        time.sleep(0.01)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def empty_lists(site):
    """Of twelve, nine wait for half a second at most: none of them shortly once in 10^9 runs."""
    site.rules(("/api/nowhere", 1), enabled=False)
    free, empty = POSTS % "boards", POSTS % "notes" + "?filter=text='none'"
    for what, url, token in (("without a rule", free + "?filter=id='none'", None),
                             ("without a filter", POSTS % "notes" + "?page=99", None),
                             ("a superuser's", empty, site.root)):
        site.same("does not wait: " + what, slowest(site, url, token=token) < 0.1, True)
    site.same("sounding out a rule takes longer", slowest(site, empty) > 0.05, True)
    site.rules(("/api/nowhere", 1), enabled=False)
    site.rules(("/api/nowhere", 1), enabled=False)
    site.same("and as a number, too", slowest(site, empty + "&aggregate=count") > 0.05, True)
    site.rules(("/api/nowhere", 1), enabled=False)
    site.same("by HEAD, too", slowest(site, empty, method="HEAD") > 0.05, True)
    for _ in range(40):
        leave(site, empty)
    site.same("others are answered meanwhile", slowest(site, "/api/health", 3) < 0.1, True)
    for _ in range(10):  # some of them are still waiting when the server stops
        leave(site, empty)
    held = [socket.create_connection(("127.0.0.1", site.server.port)) for _ in range(20)]
    for s in held:
        s.sendall(("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % empty).encode())
    return held


def all_answered(held):
    heads = []
    for s in held:
        s.settimeout(reeve.WAIT_S)
        heads.append(s.recv(65536)[:12])
        s.close()
    return set(heads)


def run(binary, base, tally):
    with reeve.Server(binary, base) as server:
        site = Site(server, tally)
        for part in (paths, audiences, clients, collections, views, renamed, batches, once):
            part(site)
        unchecked(site)
        tally.check("rates: stops cleanly", server.stop(), server.output())
    with reeve.Server(binary, base) as server:
        site = Site(server, tally)
        unchecked_hold(site)
        held = empty_lists(site)
        time.sleep(0.05)
        tally.check("rates: stops cleanly while some wait", server.stop(), server.output())
        site.same("and answers them", all_answered(held), {b"HTTP/1.1 200"})
