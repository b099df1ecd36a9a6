"""Directories that earlier versions of PocketBase have made: served, changed, and served again by either program.

tests/fixtures/directories has them, each with what the version that made it answered to some reads.
"""

import json
import os
import shutil
import tarfile

import reeve
import reference

ARCHIVES = os.path.join(reeve.TESTS, "fixtures", "directories")
SERVED = ("0.23.1", "0.30.0", "0.36.9", "0.40.0")
TOO_OLD = "0.22.27"
PASSWORD = "1234567890"
THINGS = "/api/collections/things"


def unpacked(home, version):
    """The directory, beside the migrations that were written with it, and what was told of it."""
    place = os.path.join(home, version)
    with tarfile.open(os.path.join(ARCHIVES, version + ".tar.xz")) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.2 has none yet
        archive.extractall(place)
    with open(os.path.join(place, "answers.json"), encoding="utf-8") as f:
        return os.path.join(place, "pb_data"), json.load(f)


class Site:
    def __init__(self, server, told, tally, by="Reeve"):
        self.server, self.told, self.tally = server, told, tally
        self.by = "directories: %s, by %s: " % (told["version"], by)
        self.tokens = {"guest": None}

    def send(self, method, path, body=None, who="guest", headers=None):
        token = self.tokens[who]
        headers = {**({"Authorization": token} if token else {}), **(headers or {})}
        status, raw, answer = self.server.request(method, path, body, headers)
        return status, json.loads(raw) if raw and "json" in answer["Content-Type"] else raw

    def same(self, what, got, wanted):
        return self.tally.check(self.by + what, got == wanted, "%r, not %r" % (got, wanted))

    def login(self, who, collection, identity, password=PASSWORD):
        status, body = self.send("POST", "/api/collections/%s/auth-with-password" % collection,
                                 {"identity": identity, "password": password})
        if status == 200:
            self.tokens[who] = body["token"]
        return status, body

    def logins(self):
        """Everybody may still log in, with their own password alone, and a second factor is still asked for."""
        self.same("superuser", self.login("root", "_superusers", reeve.ROOT[0])[0], 200)
        for name in ("anna", "ben"):
            self.same(name, self.login(name, "users", name + "@example.com")[0], 200)
        self.same("another password", self.login("none", "users", "anna@example.com", "1234567891")[0], 400)
        status, body = self.login("mia", "members", "mia@example.com")
        self.same("a second factor", (status, sorted(body)), (401, ["mfaId"]))

    def lists(self):
        """What the reads answer now."""
        return {(read["who"], read["path"]): self.send("GET", read["path"], None, read["who"]) for read in self.told["reads"]}

    def same_lists(self, wanted):
        for (who, path), got in self.lists().items():
            self.same("%s asks %s" % (who, path), got, wanted[who, path])

    def files(self, without=()):
        for name, data in self.told["files"].items():
            status, raw, headers = self.server.request("GET", "/api/files/things/%s/%s" % (self.told["thing"], name))
            if name in without:
                self.same(name + " is gone", status, 404)
                continue
            kind = "image/png" if name.endswith(".png") else "text/plain; charset=utf-8"
            self.same(name, (status, raw.hex(), headers["Content-Type"]), (200, data, kind))


def plain(field):
    """Before 0.40 an empty list was null."""
    return {key: [] if value is None and key not in ("min", "max") else value for key, value in field.items()}


def definitions(site):
    """Collections are what they were: what a field or collection has said it says still; more may have come. Fields of
    views are made anew where a later version has to look at their collections, so only names and types stay."""
    now = {c["name"]: c for c in site.send("GET", "/api/collections?perPage=100", None, "root")[1]["items"]}
    for was in site.told["collections"]:
        if not site.same("collection " + was["name"], was["name"] in now, True) or was["system"]:
            continue
        found = now[was["name"]]
        for key in ("id", "type", "indexes", "listRule", "viewRule", "createRule", "updateRule", "deleteRule", "mfa"):
            site.same("%s.%s" % (was["name"], key), found.get(key), was.get(key))
        names = [[(f["name"], f["type"]) for f in c["fields"]] for c in (found, was)]
        site.same("%s: the fields" % was["name"], *names)
        for field, old in zip(found["fields"], was["fields"]):
            if was["type"] != "view":
                site.same("%s.%s" % (was["name"], old["name"]), plain({k: field.get(k) for k in old}), plain(old))
    site.same("the alert says where from", "{ALERT_INFO}" in now["users"]["authAlert"]["emailTemplate"]["body"], True)


def kept(site):
    """The settings and the log book."""
    settings = site.send("GET", "/api/settings", None, "root")[1]
    site.same("settings", [settings["meta"]["appName"], settings["meta"]["senderAddress"], settings["logs"]["maxDays"],
                           settings["batch"]["maxRequests"]], ["Old Hall", "hall@example.com", 36500, 7])
    ident, message = site.told["log"]
    status, entry = site.send("GET", "/api/logs/" + ident, None, "root")
    site.same("a log entry", (status, entry.get("message")), (200, message))


def changed(site):
    """Writes, then a change of the schema; returns the file that is gone by that."""
    path = THINGS + "/records/" + site.told["thing"]
    old, = (n for n in site.told["files"] if n.endswith(".txt"))
    site.same("who may not change it", site.send("PATCH", path, {"number": 9}, "ben")[0], 404)
    body = (b"--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"New.txt\"\r\n\r\nnew\r\n"
            b"--part\r\nContent-Disposition: form-data; name=\"number\"\r\n\r\n9\r\n--part--\r\n")
    status, record = site.send("PATCH", path, body, "anna", {"Content-Type": "multipart/form-data; boundary=part"})
    site.same("a change", (status, record.get("number"), record.get("file", "")[:4]), (200, 9, "new_"))
    site.same("what it may not be", site.send("PATCH", path, {"title": "NO"}, "anna")[0], 400)
    site.same("the same title twice", site.send("POST", THINGS + "/records", {"title": "another"}, "root")[0], 400)
    fields = site.send("GET", THINGS, None, "root")[1]["fields"]
    for field in fields:
        field["name"] = {"day": "date"}.get(field["name"], field["name"])
    fields = [f for f in fields if f["name"] != "link"] + [{"name": "extra", "type": "text"}]
    status, answer = site.send("PATCH", THINGS, {"fields": fields}, "root")
    site.tally.check(site.by + "a change of the schema", status == 200, "%r" % answer)
    status, record = site.send("POST", THINGS + "/records", {"title": "later", "extra": "more", "word": "secret"}, "root")
    site.same("a record of it", (status, record.get("extra"), "link" in record), (200, "more", False))
    status, record = site.send("GET", path)
    site.same("what was there", (status, record.get("date"), record.get("extra")), (200, "2024-02-29 10:11:12.345Z", ""))
    status, answer = site.send("POST", "/api/collections/users/records", {
        "email": "cora@example.com", "name": "cora", "password": PASSWORD, "passwordConfirm": PASSWORD})
    site.same("another user", status, 200)
    reeve.until("the file that was replaced to go", lambda: site.server.request(
        "GET", "/api/files/things/%s/%s" % (site.told["thing"], old))[0] == 404)
    return old


def served(binary, tally, home, version):
    directory, told = unpacked(home, version)
    with reeve.Server(binary, directory) as server:
        site = Site(server, told, tally)
        site.logins()
        site.same_lists({(r["who"], r["path"]): (r["status"], r["body"]) for r in told["reads"]})
        site.files()
        definitions(site)
        kept(site)
        gone = changed(site)
        after = site.lists()
        site.tally.check(site.by + "nothing is reported", "error" not in server.output().lower(), server.output())
    tally.check("directories: %s is whole" % version, reeve.query(directory, "PRAGMA integrity_check") == [("ok",)])
    after = again(reeve.Server(binary, directory), told, tally, "Reeve again", after, gone)
    if reference.program():
        after = again(reference.Server(directory), told, tally, "PocketBase after it", after, gone)
        again(reeve.Server(binary, directory), told, tally, "Reeve after that", after, gone)


def again(server, told, tally, by, lists, gone):
    """Everything is as it was left; returns how it is left now."""
    with server:
        site = Site(server, told, tally, by)
        site.logins()
        site.same_lists(lists)
        site.files((gone,))
        kept(site)
        path = THINGS + "/records/" + told["thing"]
        site.same("a change", site.send("PATCH", path, {"body": "by " + by}, "anna")[0], 200)
        return site.lists()


def state(directory):
    found = {}
    for root, _, names in os.walk(os.path.dirname(directory)):
        for name in names:
            with open(os.path.join(root, name), "rb") as f:
                found[os.path.join(root, name)] = f.read()
    return found


def refused(binary, tally, home):
    """What came before 0.23 is another thing: PocketBase has to convert it first."""
    directory, _ = unpacked(home, TOO_OLD)
    before = state(directory)
    server = reeve.Server(binary, directory, log=os.path.join(home, "refused.log"))
    try:
        server.start()
        why = "it has started"
        server.stop()
    except RuntimeError as e:
        why = str(e)
    tally.check("directories: %s is refused" % TOO_OLD, server.process.returncode == 1 and "before v0.23" in why
                and "upgrade it with PocketBase" in why, why)
    after = state(directory)
    tally.check("directories: %s is as it was" % TOO_OLD, after == before,
                "%r" % sorted(k for k in {**before, **after} if before.get(k) != after.get(k)))


def run(binary, base, tally):
    """Not below the temporary directory, where PocketBase behaves differently."""
    home = reference.scratch() if reference.program() else os.path.join(os.path.dirname(base), "old")
    if not reference.program():
        reference.missing("directories that it opens after Reeve")
    try:
        for version in SERVED:
            served(binary, tally, home, version)
        refused(binary, tally, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
