"""Who asks is remembered, and never older than the last answer: whatever changes him shows at once."""

import concurrent.futures
import json
import threading
import time

import reeve
from site_of import Site

PASSWORD = "secret-one"
LOOK = "/api/collections/notes/records"


class Caller:
    """A connection that stays, with a token."""

    def __init__(self, server, token):
        self.connection = reeve.Connection("127.0.0.1", server.port, timeout=60)
        self.headers = {"Authorization": token}

    def get(self, path):
        self.connection.request("GET", path, headers=self.headers)
        reply = self.connection.getresponse()
        return reply.status, json.loads(reply.read())

    def sees(self):
        """How many notes: as many as the rule gives whoever has his level."""
        return self.get(LOOK)[1]["totalItems"]


def prepare(site):
    site.options(fields=site.admin("GET", "/api/collections/users")["fields"] + [
        {"name": "level", "type": "number"}], updateRule="")
    site.admin("POST", "/api/collections", {
        "name": "notes", "type": "base", "listRule": "@request.auth.level >= level",
        "fields": [{"name": "level", "type": "number"}]})
    for level in range(1, 9):
        site.admin("POST", LOOK, {"level": level})


def enter(site, email, **more):
    """(record, token)"""
    site.add(email, verified=True, **more)
    status, answer = site.auth("auth-with-password", {"identity": email, "password": PASSWORD})
    assert status == 200, answer
    return answer["record"], answer["token"]


def one_by_one(site):
    """Each kind of change, between two requests of the same connections."""
    record, token = enter(site, "one@example.com", level=2)
    callers = [Caller(site.server, token) for _ in range(8)]
    path = "/api/collections/users/records/" + record["id"]

    def all_see(name, wanted):
        for _ in range(3):
            site.same(name, [caller.sees() for caller in callers], [wanted] * len(callers))

    all_see("at first", 2)
    site.admin("PATCH", path, {"level": 5})
    all_see("after an update", 5)
    reeve.run_sql(site.server.dir, "data", "UPDATE users SET level = 3 WHERE id = '%s'" % record["id"])
    all_see("after another program's", 3)
    site.admin("PATCH", path, {"level": 6})
    all_see("and ours", 6)
    site.admin("PATCH", "/api/collections/notes", {"listRule": "@request.auth.level > level"})
    all_see("another rule", 5)
    site.admin("PATCH", "/api/collections/notes", {"listRule": "@request.auth.verified = true"})
    all_see("is verified", 8)
    site.admin("PATCH", path, {"verified": False})
    all_see("is not", 0)
    site.admin("PATCH", path, {"verified": True})
    all_see("is again", 8)
    reeve.run_sql(site.server.dir, "data", "UPDATE users SET verified = 0 WHERE id = '%s'" % record["id"])
    all_see("is not, another program says", 0)
    site.admin("PATCH", path, {"verified": True})
    site.admin("PATCH", "/api/collections/notes", {"listRule": "@request.auth.level >= level"})
    all_see("the first rule", 6)
    reeve.run_sql(site.server.dir, "data",
                  "UPDATE users SET tokenKey = substr(tokenKey, 2) || 'xy' WHERE id = '%s'" % record["id"])
    all_see("a token key that another program has changed", 0)
    status, answer = site.auth("auth-with-password", {"identity": "one@example.com", "password": PASSWORD})
    for caller in callers:
        caller.headers["Authorization"] = answer["token"]
    all_see("a new token", 6)
    secret = site.admin("GET", "/api/collections/users")["authToken"]
    site.options(authToken={**secret, "secret": "y" * 40})
    all_see("another secret of the collection", 0)
    status, answer = site.auth("auth-with-password", {"identity": "one@example.com", "password": PASSWORD})
    for caller in callers:
        caller.headers["Authorization"] = answer["token"]
    all_see("a token of it", 6)
    site.admin("DELETE", path)
    all_see("he is gone", 0)


def under_load(site):
    """What an answer has said is what the next requests go by, on whatever connection they come."""
    record, token = enter(site, "load@example.com")
    path = "/api/collections/users/records/" + record["id"]
    site.admin("PATCH", "/api/collections/notes", {"listRule": "@request.auth.verified = true"})
    lock = threading.Lock()
    state = {"asked": 0, "answered": 0}  # changes; after an even number he is verified
    wrong, looked = [], []

    def look(_):
        caller = Caller(site.server, token)
        while state["answered"] < 80:
            with lock:
                before = dict(state)
            seen = caller.sees()
            with lock:
                after = dict(state)
            if after["asked"] == before["answered"]:  # nothing was on its way meanwhile
                looked.append(seen)
                if (seen > 0) != (before["answered"] % 2 == 0):
                    wrong.append((before, seen))

    def change():
        for n in range(1, 81):
            with lock:
                state["asked"] = n
            if n % 5:
                site.admin("PATCH", path, {"verified": n % 2 == 0})
            else:  # another program
                reeve.run_sql(site.server.dir, "data", "UPDATE users SET verified = %d WHERE id = '%s'"
                              % (n % 2 == 0, record["id"]))
            with lock:
                state["answered"] = n
            time.sleep(0.005)

    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        changing = pool.submit(change)
        list(pool.map(look, range(4)))
        changing.result()
    site.same("none was older", wrong[:5], [])
    site.check("they have looked", len(looked) > 80, len(looked))
    site.admin("PATCH", "/api/collections/notes", {"listRule": "@request.auth.level >= level"})


def expiry(site):
    """A token that is remembered is still good no longer than it says."""
    claims, secret = reeve.token_parts(site.server.dir, "root")
    soon = int(time.time()) + 2
    caller = Caller(site.server, reeve.sign({**claims, "exp": soon}, secret))
    site.same("good", [caller.get("/api/collections")[0] for _ in range(3)], [200] * 3)
    reeve.until("it is good no more", lambda: caller.get("/api/collections")[0] == 401)


def many(site):
    """More callers than are remembered, and records too large to be."""
    tokens = [enter(site, "many%d@example.com" % n, level=n % 8 + 1)[1] for n in range(12)]
    claims, secret = reeve.token_parts(site.server.dir, "root")
    crowd = [reeve.sign({**claims, "n": n}, secret) for n in range(1500)]
    caller = Caller(site.server, "")
    for _ in range(2):
        for n, token in enumerate(crowd):
            caller.headers["Authorization"] = token
            status, _ = caller.get("/api/collections/_superusers/records?fields=id")
            assert status == 200, n
        for n, token in enumerate(tokens):
            caller.headers["Authorization"] = token
            site.same("caller %d" % n, caller.sees(), min(n % 8 + 1, 60))


def run(binary, base, tally):
    with reeve.Server(binary, base) as server:
        site = Site(server, tally, "identity")
        prepare(site)
        for part in (one_by_one, under_load, expiry, many):
            part(site)
        site.check("ends cleanly", server.stop(), server.output())
