"""Settings over HTTP: what is stored, who sees a change and when, secrets, encryption."""

import concurrent.futures
import json
import os
import sqlite3

import reeve

SETTINGS = "/api/settings"
OWN = "/api/reeve/settings"
KEY = "0123456789abcdef0123456789abcdef"


class Site:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.root = {"Authorization": reeve.token(server.dir, "root")}

    def send(self, method, path, body=None):
        status, raw, _ = self.server.request(method, path, body, self.root)
        return status, json.loads(raw) if raw else None

    def same(self, name, got, wanted):
        return self.tally.check("settings: " + name, got == wanted, "%r, not %r" % (got, wanted))


def stored(directory, row="settings"):
    rows = reeve.query(directory, "SELECT value FROM _params WHERE id = ?", row)
    return rows[0][0] if rows else None


def secrets(site):
    """Kept when they are left out, cleared by \"\" or null, never sent."""
    def secret(group, key):
        return json.loads(stored(site.server.dir))[group].get(key)

    status, answer = site.send("PATCH", SETTINGS, {"smtp": {"password": "p1"}, "s3": {"secret": "s1"}})
    site.same("secrets are taken", status, 200)
    site.same("secrets are not sent", [w in json.dumps(answer) for w in ("p1", "s1", "secret", "password")],
              [False] * 4)
    site.send("PATCH", SETTINGS, {"smtp": {"username": "u"}, "s3": {"region": "r"}})
    site.same("secrets are kept", (secret("smtp", "password"), secret("s3", "secret")), ("p1", "s1"))
    site.send("PATCH", SETTINGS, {"smtp": {"password": ""}, "s3": {"secret": None}})
    site.same("secrets are cleared", (secret("smtp", "password"), secret("s3", "secret")), ("", None))


def at_once(site):
    """The next answer of any thread knows the change."""
    wrong = []

    def ask(n):
        connection = reeve.Connection("127.0.0.1", site.server.port, timeout=60)
        for _ in range(10):
            connection.request("GET", SETTINGS + "?fields=meta.appName", headers=site.root)
            name = json.loads(connection.getresponse().read())["meta"]["appName"]
            if name != "name %d" % n:
                wrong.append(name)
        connection.close()

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for n in range(20):
            site.send("PATCH", SETTINGS, {"meta": {"appName": "name %d" % n}})
            list(pool.map(ask, [n] * 4))
    site.same("every thread knows a change at once", wrong, [])


def refused(site):
    before = stored(site.server.dir)
    status, answer = site.send("PATCH", SETTINGS, {"meta": {"appName": "x", "appURL": "no url"}})
    site.same("refused as a whole", (status, list(answer["data"]["meta"]), stored(site.server.dir)),
              (400, ["appURL"], before))


def ours(etags):
    return {"records": {"etags": etags}, "thumbs": {"maxPixels": 100000000, "maxBytes": 256 << 20},
            "logs": {"rate": 1000}, "passwords": {"slow": False}, "realtime": {"rooms": None, "replayBytes": 32 << 20, "replaySeconds": 300},
            "public": {"hashedCache": False}}


def stored_ours(etags):
    """With secrets."""
    return {**ours(etags), "metrics": {"token": ""}, "net": {"proxy": ""}}


def own(site):
    site.same("ours has no row yet", stored(site.server.dir, "reeve"), None)
    site.same("ours by default", site.send("GET", OWN), (200, ours(False)))
    site.same("ours, of another type", site.send("PATCH", OWN, {"records": {"etags": 1}})[0], 400)
    site.same("ours, what it does not know", site.send("PATCH", OWN, {"x": 1}),
              (200, ours(False)))
    site.same("ours is changed", site.send("PATCH", OWN, {"records": {"etags": True}}),
              (200, ours(True)))
    for group, key, values in (("thumbs", "maxPixels", (-1, 1000000001)), ("thumbs", "maxBytes", (1 << 34,)),
                               ("realtime", "replayBytes", (-1, (1 << 30) + 1)),
                               ("realtime", "replaySeconds", (-1, 86401))):
        for value in values:
            status, answer = site.send("PATCH", OWN, {group: {key: value}})
            code = "validation_%s_equal_than_required" % ("min_greater" if value < 0 else "max_less")
            site.same("ours, %s out of bounds: %d" % (key, value),
                      (status, {group: {k: v["code"] for k, v in answer.get("data", {}).get(group, {}).items()}}),
                      (400, {group: {key: code}}))
    for value in ("x", True, [], 1.5):
        site.same("ours, no number of bytes: %r" % (value,), site.send("PATCH", OWN, {"realtime": {
            "replayBytes": value}})[0], 400)
    most = {"replayBytes": 1 << 30, "replaySeconds": 86400}
    for values in (most, {"replayBytes": 0, "replaySeconds": 0}, {"replayBytes": 32 << 20, "replaySeconds": 300}):
        status, answer = site.send("PATCH", OWN, {"realtime": values})
        site.same("ours, replay %s" % values, (status, answer["realtime"]), (200, {"rooms": None, **values}))
    site.send("PATCH", SETTINGS, {"meta": {"appName": "y"}})
    site.same("ours has a row of its own", (stored(site.server.dir, "reeve"), b"etags" in bytes(
        stored(site.server.dir))), (json.dumps(stored_ours(True), separators=(",", ":")).encode(), False))
    status, answer = site.send("GET", "/api/reeve")
    site.same("what the server is", (status, answer["engine"], "settings" in answer["features"],
                                     answer["limits"]["bodyBytes"], answer["settings"][0]["name"]),
              (200, "sqlite", True, 32 << 20, "records.etags"))


def labels(site):
    """Rules of rate limits follow a collection's name."""
    rule = {"duration": 1, "maxRequests": 9}
    site.send("PATCH", SETTINGS, {"rateLimits": {"rules": [
        {"label": "locked:list", **rule}, {"label": "lockedx:list", **rule}]}})
    site.same("a collection is renamed", site.send("PATCH", "/api/collections/locked",
                                                   {"name": "opened"})[0], 200)
    site.same("labels are renamed", [r["label"] for r in site.send("GET", SETTINGS)[1]["rateLimits"]["rules"]],
              ["opened:list", "lockedx:list"])


def encrypted(binary, base, tally):
    """Switched on by a start with a key and a change."""
    os.environ["REEVE_TEST_KEY"] = KEY
    try:
        with reeve.Server(binary, base, "--encryptionEnv", "REEVE_TEST_KEY") as server:
            site = Site(server, tally)
            site.send("PATCH", SETTINGS, {"meta": {"appName": "secret name"}})
            site.same("encrypted", (type(stored(base)), "secret" in str(stored(base))), (str, False))
            tally.check("settings: stops cleanly", server.stop(), server.output())
        with reeve.Server(binary, base, "--encryptionEnv", "REEVE_TEST_KEY") as server:
            site = Site(server, tally)
            site.same("decrypted", site.send("GET", SETTINGS)[1]["meta"]["appName"], "secret name")
            tally.check("settings: stops cleanly", server.stop(), server.output())
    finally:
        del os.environ["REEVE_TEST_KEY"]


def run(binary, base, tally):
    with reeve.Server(binary, base) as server:
        site = Site(server, tally)
        for part in (own, secrets, at_once, refused, labels):
            part(site)
        tally.check("settings: stops cleanly", server.stop(), server.output())
    with reeve.Server(binary, base) as server:
        site = Site(server, tally)
        site.same("outlive the server", site.send("GET", SETTINGS)[1]["meta"]["appName"], "name 19")
        tally.check("settings: stops cleanly", server.stop(), server.output())
    encrypted(binary, base, tally)
