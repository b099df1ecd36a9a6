"""Backups over HTTP and from the command line: what is in one, beside writers, checked, hostile ones refused."""

import base64
import concurrent.futures
import io
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import threading
import time
import zipfile

import reeve

BACKUPS = "/api/backups"
OWN = "/api/reeve/backups"
EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


class Site:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.root = {"Authorization": reeve.token(server.dir, "root")}
        self.anna = {"Authorization": reeve.token(server.dir, "anna")}

    def send(self, method, path, body=None, headers=None):
        status, raw, answer = self.server.request(method, path, body, {**self.root, **(headers or {})}, timeout=120)
        try:
            return status, json.loads(raw) if raw else None, answer
        except ValueError:
            return status, raw, answer

    def same(self, name, got, wanted):
        return self.tally.check("backups: " + name, got == wanted, "%r, not %r" % (got, wanted))

    def upload(self, name, data, key="file", headers=None):
        boundary = "xXbackupXx"
        body = b"".join([b"--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\n\r\n"
                         % (boundary.encode(), key.encode(), name.encode()), data, b"\r\n--%s--\r\n" % boundary.encode()])
        kind = {"Content-Type": "multipart/form-data; boundary=" + boundary}
        status, raw, _ = self.server.request("POST", BACKUPS + "/upload", body,
                                             {**(self.root if headers is None else headers), **kind}, timeout=120)
        return status, json.loads(raw) if raw else None

    def file_token(self):
        return self.send("POST", "/api/files/token")[1]["token"]

    def download(self, key):
        status, raw, headers = self.server.request("GET", "%s/%s?token=%s" % (BACKUPS, key, self.file_token()), timeout=120)
        return status, raw, headers

    def keys(self):
        return [i["key"] for i in self.send("GET", BACKUPS)[1]]


def tree(directory):
    """What lies there, but for what a server changes by itself."""
    found = {}
    for root, folders, names in os.walk(directory):
        folders[:] = [f for f in folders if f not in (".notify", ".pb_temp_to_delete")]
        for name in names:
            path = os.path.join(root, name)
            found[os.path.relpath(path, directory)] = os.path.getsize(path)
    return {k: v for k, v in found.items() if not k.startswith(("data.db", "auxiliary.db"))}


def rows_of(raw, sql):
    """What the data.db of an archive answers."""
    path = reeve.scratch("backup-rows")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as z:
            z.extract("data.db", path)
        db = sqlite3.connect(os.path.join(path, "data.db"))
        try:
            return db.execute("PRAGMA integrity_check").fetchall() + db.execute(sql).fetchall()
        finally:
            db.close()
    finally:
        shutil.rmtree(path)


def packed(directory):
    """Bytes of an archive that is being written; none before the databases have been copied."""
    sizes = [0]
    for folder, _, names in os.walk(os.path.join(directory, ".pb_temp_to_delete")):
        for name in names:
            try:
                sizes += [os.path.getsize(os.path.join(folder, name))] if name.endswith(".zip") else []
            except FileNotFoundError:
                pass
    return max(sizes)


def content(site):
    """The entries, their order, what is left out."""
    with open(os.path.join(site.server.dir, "types.d.ts"), "w", encoding="ascii") as f:
        f.write("// types\n")
    os.makedirs(os.path.join(site.server.dir, "storage", "a", "b"), exist_ok=True)
    with open(os.path.join(site.server.dir, "storage", "a", "b", "ä.txt"), "w", encoding="ascii") as f:
        f.write("stored")
    os.symlink("/etc/passwd", os.path.join(site.server.dir, "storage", "a", "link"))
    site.same("one is made", site.send("POST", BACKUPS, {"name": "one.zip"})[0], 204)
    listed = site.send("GET", BACKUPS)[1]
    site.same("it is listed", [list(i) for i in listed], [["modified", "key", "size", "verified"]])
    status, raw, headers = site.download("one.zip")
    site.same("it comes whole", (status, len(raw), headers["Content-Type"], headers["Content-Disposition"]),
              (200, listed[0]["size"], "application/zip", 'attachment; filename="one.zip"'))
    with zipfile.ZipFile(io.BytesIO(raw)) as z:
        names = z.namelist()
        site.same("nothing in it is broken", z.testzip(), None)
        site.same("databases come first", names[:2], ["data.db", "auxiliary.db"])
        site.same("files are in it", sorted(names[2:]), ["storage/a/b/ä.txt", "types.d.ts"])
        site.same("... as they are", z.read("storage/a/b/ä.txt"), b"stored")
    count = reeve.query(site.server.dir, "SELECT count(*) FROM people")[0]
    site.same("the database is whole", rows_of(raw, "SELECT count(*) FROM people"), [("ok",), count])
    site.same("there is a side-car", os.path.exists(os.path.join(site.server.dir, "backups", "one.zip.attrs")), True)
    os.unlink(os.path.join(site.server.dir, "storage", "a", "link"))


def names(site):
    """Which names there may be."""
    def code(status, answer, *_):
        return status, (answer or {}).get("data", {}).get("name", {}).get("code")

    for name, wanted in (("Bad.zip", "validation_match_invalid"), ("x", "validation_match_invalid"),
                         ("../x.zip", "validation_match_invalid"), (".zip", "validation_match_invalid"),
                         ("a" * 147 + ".zip", "validation_length_out_of_range"),
                         ("one.zip", "validation_backup_name_exists")):
        site.same("named %.12s" % name, code(*site.send("POST", BACKUPS, {"name": name})), (400, wanted))
    site.same("no form", site.send("POST", BACKUPS, {"name": 5})[0], 400)
    site.same("by itself", site.send("POST", BACKUPS)[0], 204)
    made = [k for k in site.keys() if k != "one.zip"]
    site.tally.check("backups: a name of its own", len(made) == 1 and made[0].startswith("pb_backup_"), "%r" % made)
    for key in ("..%2fdata.db", "%2e%2e", "one.zip.attrs", "nope.zip", "..%2f..%2fetc%2fpasswd"):
        site.same("deleting %s" % key, site.send("DELETE", BACKUPS + "/" + key)[0], 400)
        site.same("restoring %s" % key, site.send("POST", BACKUPS + "/" + key + "/restore")[0], 400)
        site.same("getting %s" % key, site.download(key)[0], 404)
    site.same("deleted", (site.send("DELETE", BACKUPS + "/" + made[0])[0], site.keys()), (204, ["one.zip"]))
    site.same("with its side-car", sorted(os.listdir(os.path.join(site.server.dir, "backups"))),
              ["one.zip", "one.zip.attrs"])


def access(site):
    """Who may."""
    for method, path in (("GET", BACKUPS), ("POST", BACKUPS), ("DELETE", BACKUPS + "/one.zip"),
                         ("POST", BACKUPS + "/one.zip/restore"), ("GET", OWN), ("POST", OWN + "/one.zip/verify")):
        site.same("%s %s, others" % (method, path),
                  (site.server.request(method, path)[0], site.server.request(method, path, None, site.anna)[0]),
                  (401, 403))
    for token in ("", "x", site.root["Authorization"],
                  json.loads(site.server.request("POST", "/api/files/token", None, site.anna)[1])["token"]):
        site.same("a download by %.6r" % token,
                  site.server.request("GET", BACKUPS + "/one.zip?token=" + token, None, site.root)[0], 403)


def uploads(site):
    """From elsewhere."""
    def code(status, answer):
        return status, (answer or {}).get("data", {}).get("file", {}).get("code")

    big = io.BytesIO()
    with zipfile.ZipFile(big, "w", zipfile.ZIP_STORED) as z:
        z.writestr("data.db", os.urandom(40 << 20))
    site.same("one that is no zip", code(*site.upload("no.zip", b"text")), (400, "validation_invalid_mime_type"))
    site.same("none", code(*site.upload("no.zip", EMPTY_ZIP, key="other")), (400, "validation_required"))
    site.same("none, as JSON", site.send("POST", BACKUPS + "/upload", {"file": "x"})[0], 400)
    site.same("one of 40 MB", site.upload("big.zip", big.getvalue()), (204, None))
    site.same("once", code(*site.upload("big.zip", EMPTY_ZIP)), (400, "validation_backup_name_exists"))
    site.same("its path is no part of its name", (site.upload("../up.zip", EMPTY_ZIP)[0], "up.zip" in site.keys()),
              (204, True))
    site.same("it comes back", site.download("big.zip")[1] == big.getvalue(), True)
    before = tree(site.server.dir)
    for who, wanted in ((site.anna, (403, 413)), ({}, (401, 413)), ({"Authorization": "x"}, (401, 413))):
        try:
            status = site.upload("not.zip", big.getvalue(), headers=who)[0]
        except OSError:  # it is refused before all of it has come
            status = 413
        site.tally.check("backups: others store nothing", status in wanted, "%d" % status)
    site.same("... nothing", tree(site.server.dir), before)
    for key in ("big.zip", "up.zip"):
        site.send("DELETE", BACKUPS + "/" + key)


def archive(*entries):
    """A zip of (name, bytes[, external attributes]), written without checks."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data, *attributes in entries:
            info = zipfile.ZipInfo("x" * len(name))
            info.external_attr = attributes[0] if attributes else 0o100644 << 16
            info.filename = info.orig_filename = name
            z.writestr(info, data)
    return out.getvalue()


def hostile(site):
    """What is not to be trusted is refused, and nothing is changed."""
    raw = site.download("one.zip")[1]
    with zipfile.ZipFile(io.BytesIO(raw)) as z:
        data = z.read("data.db")
    scratch = reeve.scratch("backup-newer")
    path = os.path.join(scratch, "data.db")
    with open(path, "wb") as f:
        f.write(data)
    db = sqlite3.connect(path)
    db.executescript("ALTER TABLE _collections ADD COLUMN later TEXT; PRAGMA journal_mode=DELETE;")
    db.close()
    with open(path, "rb") as f:
        newer = f.read()
    shutil.rmtree(scratch)
    broken = bytearray(data)
    for at in range(4096 * 2, len(broken), 4096):
        broken[at:at + 8] = b"\xff" * 8
    cut = bytearray(raw)
    cut[len(cut) // 3] ^= 0x55
    cases = {
        "garbage": EMPTY_ZIP[:4] + os.urandom(500), "empty": EMPTY_ZIP, "truncated": raw[:-100], "half": raw[:len(raw) // 2],
        "bit": bytes(cut), "nodata": archive(("other.db", data)), "up": archive(("data.db", data), ("../x", b"x")),
        "absolute": archive(("data.db", data), ("/tmp/x", b"x")),
        "link": archive(("data.db", data), ("storage/x", b"/etc/passwd", 0o120777 << 16)),
        "twice": archive(("data.db", data), ("data.db", data)), "newer": archive(("data.db", newer)),
        "notadb": archive(("data.db", b"text" * 1000)), "torn": archive(("data.db", bytes(broken))),
    }
    with zipfile.ZipFile(io.BytesIO(), "w") as _:
        pass
    for name, bytes_ in cases.items():
        status = site.upload(name + ".zip", bytes_)[0]
        if not site.tally.check("backups: %s is stored, as whatever it is" % name, status == 204, "%d" % status):
            continue
        before = tree(site.server.dir)
        status, answer, _ = site.send("POST", OWN + "/%s.zip/verify" % name)
        site.tally.check("backups: %s is not good" % name, status == 400, "%d %r" % (status, answer))
        site.same("%s leaves nothing" % name, tree(site.server.dir), before)
        site.send("DELETE", BACKUPS + "/%s.zip" % name)
    status, answer, _ = site.send("POST", OWN + "/one.zip/verify")
    site.same("ours is good", (status, sorted(answer)), (200, ["bytes", "files", "rows", "tables"]))
    site.same("one that is not there", site.send("POST", OWN + "/nope.zip/verify")[0], 404)


def beside_writers(site):
    """Every write that was answered before it began is in it, and it is one state."""
    answered, stop, slowest = [], threading.Event(), [0.0]
    blob = base64.b64encode(os.urandom(30 << 20))
    with open(os.path.join(site.server.dir, "storage", "a", "b", "large.bin"), "wb") as f:
        f.write(blob)

    def write(n):
        connection = reeve.Connection("127.0.0.1", site.server.port, timeout=60)
        k = 0
        while not stop.is_set():
            title = "w%d-%d" % (n, k)
            began = time.monotonic()
            connection.request("POST", "/api/collections/entries/records",
                               json.dumps({"title": title, "body": "b" * 500}), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            slowest[0] = max(slowest[0], time.monotonic() - began)
            if answer.status == 200:
                answered.append(title)
            k += 1
        connection.close()

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        writers = [pool.submit(write, n) for n in range(8)]
        reeve.until("writes to be answered", lambda: len(answered) > 100)
        before = list(answered)
        first = pool.submit(site.send, "POST", BACKUPS, {"name": "loaded.zip"})
        reeve.until("it to begin", lambda: not site.send("GET", "/api/health")[1]["data"]["canBackup"])
        site.same("one at a time", site.send("POST", BACKUPS, {"name": "second.zip"})[0], 400)
        site.same("a backup beside writers", first.result()[0], 204)
        stop.set()
        for w in writers:
            w.result()
    titles = {t for t, in rows_of(site.download("loaded.zip")[1], "SELECT title FROM entries")}
    site.same("what was answered before is in it", [t for t in before if t not in titles], [])
    print("   longest write beside a backup: %.0f ms of %d" % (slowest[0] * 1000, len(answered)))
    site.same("it can be made again", site.send("POST", BACKUPS, {"name": "second.zip"})[0], 204)
    report = site.send("GET", OWN)[1]
    told = {i["key"]: i for i in report["items"]}["loaded.zip"]
    site.same("what is told of it", (report["running"], told["verified"], told["error"], told["rows"] > len(before)),
              (None, True, "", True))


def scheduled(site):
    """By the schedule: names, and how many stay."""
    def crons():
        return {c["id"]: c["expression"] for c in site.send("GET", "/api/crons")[1]}

    site.same("no schedule, no job", "__pbAutoBackup__" in crons(), False)
    site.send("PATCH", "/api/settings", {"backups": {"cron": "0 0 1 1 *", "cronMaxKeep": 2}})
    site.same("a schedule is a job", crons().get("__pbAutoBackup__"), "0 0 1 1 *")
    kept = [k for k in site.keys()]
    seen = set()
    for n in range(3):
        site.same("it runs on demand", site.send("POST", "/api/crons/__pbAutoBackup__")[0], 204)
        reeve.until("backup %d of the schedule" % n,
                    lambda: not seen.issuperset(k for k in site.keys() if k.startswith("@auto_")))
        seen.update(k for k in site.keys() if k.startswith("@auto_"))
        reeve.until("the job to end", lambda: not any(
            c["running"] for c in site.send("GET", "/api/reeve/crons")[1] if c["id"] == "__pbAutoBackup__"))
        time.sleep(1.1)  # names have a second
    auto = sorted(k for k in site.keys() if k.startswith("@auto_pb_backup_"))
    site.same("only the newest stay", auto, sorted(seen)[-2:])
    site.same("others are left alone", [k for k in site.keys() if not k.startswith("@auto_")], kept)
    site.send("PATCH", "/api/settings", {"backups": {"cron": ""}})
    site.same("without a schedule it is gone", "__pbAutoBackup__" in crons(), False)


def ended(binary, base, tally, home):
    """A server that stops while it makes one: soon, and nothing of it is there."""
    directory = os.path.join(home, "backups-ended")
    shutil.copytree(base, directory)
    os.makedirs(os.path.join(directory, "storage", "x"))
    with open(os.path.join(directory, "storage", "x", "large.bin"), "wb") as f:
        f.write(os.urandom(200 << 20))
    with reeve.Server(binary, directory) as server:
        root = {"Authorization": reeve.token(directory, "root")}
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            job = pool.submit(server.request, "POST", BACKUPS, {"name": "cut.zip"}, root)
            temp = os.path.join(directory, ".pb_temp_to_delete")
            reeve.until("the archive to grow", lambda: packed(directory) > 1 << 20)
            began = time.monotonic()
            server.stop()
            took = time.monotonic() - began
            try:
                job.result()
            except OSError:
                pass
    tally.check("backups: a stop does not wait for one", took < 10, "%.1f s" % took)
    left = os.listdir(os.path.join(directory, "backups")) if os.path.isdir(os.path.join(directory, "backups")) else []
    tally.check("backups: nothing of it is stored", left == [], "%r" % left)
    with reeve.Server(binary, directory):
        pass
    left = os.listdir(temp) if os.path.isdir(temp) else []
    tally.check("backups: nothing of it is left", left == [], "%r" % left)
    shutil.rmtree(directory)


def command(binary, base, tally, home):
    """reeve backup create|list|verify."""
    directory = os.path.join(home, "backups-cli")
    shutil.copytree(base, directory)

    def run(*words):
        done = subprocess.run([binary, "backup", *words, "--dir", directory], capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    code, out, err = run("create", "cli.zip")
    tally.check("backups: create", (code, out) == (0, 'Successfully created backup "cli.zip"!\n'), out + err)
    code, out, err = run("list")
    tally.check("backups: list", code == 0 and out.split("\t")[0] == "cli.zip" and "verified" in out, out + err)
    code, out, err = run("verify", "cli.zip")
    tally.check("backups: verify", code == 0 and out.startswith('"cli.zip" is good'), out + err)
    path = os.path.join(directory, "backups", "cli.zip")
    with open(path, "r+b") as f:
        f.seek(-struct.calcsize("<22s"), os.SEEK_END)
        f.write(b"\0" * 4)
    code, out, err = run("verify", "cli.zip")
    tally.check("backups: one that is broken", code == 1 and not out and err, out + err)
    for words in ((), ("verify",), ("list", "x"), ("create", "a", "b"), ("nope",)):
        code, out, err = run(*words)
        tally.check("backups: usage", code == 1 and "usage" in err, out + err)
    shutil.rmtree(directory)


def run(binary, base, tally):
    home = os.path.dirname(base)
    directory = os.path.join(home, "backups-site")
    shutil.copytree(base, directory)
    with reeve.Server(binary, directory) as server:
        site = Site(server, tally)
        for part in (content, names, access, uploads, hostile, beside_writers, scheduled):
            part(site)
    ended(binary, base, tally, home)
    command(binary, base, tally, home)
