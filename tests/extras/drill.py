"""The drill of an administrator: a site under load is backed up, and a machine that has nothing serves the backup.

Over HTTP, by the command line, and between PocketBase and Reeve in both directions. What must be there is what was
answered before the backup began; what must not be is a record without its file.
"""

import concurrent.futures
import hashlib
import json
import os
import shutil
import subprocess
import threading

import backups
import reeve
import reference

LARGE = 11  # files of
LARGE_BYTES = 4 << 20
SMALL_BYTES = 20 << 10
WRITERS = 5
UPLOADERS = 3
ENOUGH = 500  # answered writes of the load, files among them, before anything is begun
PAPERS = "/api/collections/papers/records"
ENTRIES = "/api/collections/entries/records"


class Admin(backups.Site):
    """Who looks after a site. What is sent is sent in the name of the superuser that the directory has at that moment."""

    def __init__(self, server, tally, name):
        self.server, self.tally, self.name = server, tally, name
        self.root = {"Authorization": reeve.token(server.dir, "root")}

    def same(self, name, got, wanted):
        return self.tally.check("drill: %s: %s" % (self.name, name), got == wanted, "%.500r, not %.500r" % (got, wanted))

    def answers(self, method, path):
        """As send(); while it restarts nobody may answer."""
        try:
            return self.send(method, path)
        except (OSError, ValueError):
            return None, None, None


def form(title, data):
    return (b"--part\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\n" + title.encode()
            + b"\r\n--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"paper.bin\"\r\n\r\n" + data
            + b"\r\n--part--\r\n")


class Load:
    """Writers of entries and of papers, and what they were told is stored: (collection, id) to what was sent."""

    def __init__(self, server):
        self.server, self.stop = server, threading.Event()
        self.kept, self.refused = {}, []
        self.pool = concurrent.futures.ThreadPoolExecutor(WRITERS + UPLOADERS)
        self.jobs = []

    def entry(self, connection, title):
        connection.request("POST", ENTRIES, json.dumps({"title": title, "body": "b" * 300}),
                           {"Content-Type": "application/json"})
        return self.answer(connection, "entries", title)

    def paper(self, connection, title, n=SMALL_BYTES):
        data = os.urandom(n)
        connection.request("POST", PAPERS, form(title, data), {"Content-Type": "multipart/form-data; boundary=part"})
        return self.answer(connection, "papers", hashlib.sha256(data).hexdigest())

    def answer(self, connection, collection, what):
        answer = connection.getresponse()
        raw = answer.read()
        if answer.status == 200:
            self.kept[collection, json.loads(raw)["id"]] = what
        else:
            self.refused.append((answer.status, raw))

    def write(self, one, name):
        connection = reeve.Connection("127.0.0.1", self.server.port, timeout=120)
        count = 0
        while not self.stop.is_set():
            one(connection, "%s-%d" % (name, count))
            count += 1
        connection.close()

    def papers(self):
        return sum(1 for collection, _ in list(self.kept) if collection == "papers")

    def __enter__(self):
        for n in range(WRITERS):
            self.jobs.append(self.pool.submit(self.write, self.entry, "w%d" % n))
        for n in range(UPLOADERS):
            self.jobs.append(self.pool.submit(self.write, self.paper, "u%d" % n))
        entries, papers = len(self.kept), self.papers()
        reeve.until("%d writes to be answered" % ENOUGH,
                    lambda: len(self.kept) > entries + ENOUGH and self.papers() > papers + 20, 120)
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.pool.shutdown()
        for job in self.jobs:
            job.result()  # raises what it has raised


def prepared(binary, base, home):
    """A site with some 45 MB of files."""
    directory = os.path.join(home, "drill-site")
    shutil.copytree(base, directory)
    return reeve.Server(binary, directory)


def filled(admin):
    status, answer, _ = admin.send("POST", "/api/collections", {
        "name": "papers", "type": "base", "listRule": "", "viewRule": "", "createRule": "",
        "fields": [{"name": "title", "type": "text"}, {"name": "file", "type": "file", "maxSize": LARGE_BYTES + 1}]})
    admin.same("a collection of files", status, 200)
    load = Load(admin.server)
    connection = reeve.Connection("127.0.0.1", admin.server.port, timeout=120)
    for n in range(LARGE):
        load.paper(connection, "large %d" % n, LARGE_BYTES)
    connection.close()
    admin.same("large files are stored", (load.papers(), load.refused), (LARGE, []))
    return load.kept


def loaded(admin, kept, make):
    """make() beside writers; what was answered before it began."""
    load = Load(admin.server)
    load.kept.update(kept)
    with load:
        before = dict(load.kept)
        make()
    admin.same("no write was refused meanwhile", load.refused[:3], [])
    kept.update(load.kept)
    return before


def all_of(admin, collection):
    """Every record of it, by id."""
    found, page = {}, 1
    while len(found) == 1000 * (page - 1):
        path = "/api/collections/%s/records?perPage=1000&skipTotal=1&page=%d" % (collection, page)
        found.update((item["id"], item) for item in admin.send("GET", path)[1]["items"])
        page += 1
    return found


def is_all_there(admin, before):
    """What was answered before the backup began, and each record's file."""
    entries, papers = all_of(admin, "entries"), all_of(admin, "papers")
    have = {("entries", i): r["title"] for i, r in entries.items()}
    missing, broken = [], []
    for (collection, ident), what in before.items():
        if collection == "entries" and have.get((collection, ident)) != what or collection == "papers" and ident not in papers:
            missing.append((collection, ident))
    admin.same("what was answered is there, of %d" % len(before), missing, [])
    total = 0
    for ident, paper in papers.items():
        status, raw, _ = admin.server.request("GET", "/api/files/papers/%s/%s" % (ident, paper["file"]))
        total += len(raw)
        good = hashlib.sha256(raw).hexdigest() == before.get(("papers", ident), hashlib.sha256(raw).hexdigest())
        if status != 200 or not good or len(raw) not in (SMALL_BYTES, LARGE_BYTES):
            broken.append((ident, status, len(raw)))
    admin.same("no paper without its file, of %d" % len(papers), broken, [])
    return len(entries), len(papers), total


def moved(archive, key, old, new, before):
    """Upload, restore, and the other site is this one: its superuser, its records, its files."""
    port, fresh = new.server.port, dict(new.root)
    new.same("it knows nothing yet", new.send("GET", PAPERS)[0], 404)
    new.same("an upload", new.upload(key, archive)[0], 204)
    new.same("a restore is answered", new.send("POST", backups.BACKUPS + "/" + key + "/restore")[0], 204)
    new.root = old.root
    reeve.until("%s to serve the backup" % new.name, lambda: new.answers("GET", PAPERS + "?perPage=1")[0] == 200
                and new.answers("GET", backups.BACKUPS)[0] == 200, 120)
    new.same("the same port", new.server.port, port)
    new.same("who was its superuser is nobody now",
             new.server.request("GET", backups.BACKUPS, None, fresh)[0], 401)
    status, raw, _ = new.server.request("POST", "/api/collections/_superusers/auth-with-password",
                                        {"identity": reeve.ROOT[0], "password": reeve.ROOT[1]})
    new.same("the superuser of the other one logs in", status, 200)
    found = is_all_there(new, before)
    print("   %s: %d MB archived, %d answered before; restored: %d entries, %d papers of %d MB"
          % (new.name, len(archive) >> 20, len(before), found[0], found[1], found[2] >> 20), flush=True)


def over_http(binary, home, old, kept, tally):
    """Returns the archive and what has to be in it."""
    before = loaded(old, kept, lambda: old.same("a backup", old.send("POST", backups.BACKUPS, {"name": "drill.zip"})[0], 204))
    status, archive, _ = old.download("drill.zip")
    old.same("it comes by a file token", (status, archive[:2]), (200, b"PK"))
    listed = {i["key"]: i for i in old.send("GET", backups.BACKUPS)[1]}
    old.same("as it is listed", (listed["drill.zip"]["size"], listed["drill.zip"]["verified"]), (len(archive), True))
    old.same("it is of that size", 40 << 20 < len(archive) < 120 << 20, True)
    directory = reeve.fresh(binary, os.path.join(home, "drill-new"), site=False)
    with reeve.Server(binary, directory) as server:
        new = Admin(server, tally, "over HTTP")
        moved(archive, "drill.zip", old, new, before)
        new.same("it goes on", new.send("POST", ENTRIES, {"title": "after"})[0], 200)
        tally.check("drill: over HTTP: it is told", "restore.done" in server.output(), server.output()[-2000:])
    shutil.rmtree(directory)
    return archive, before


def command(binary, directory, *words):
    done = subprocess.run([binary, "backup", *words, "--dir", directory], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=300)
    return done.returncode, done.stdout


def by_command(binary, home, old, kept, tally):
    """Made beside the server that runs, and carried to the other machine as a file."""
    made = []
    before = loaded(old, kept, lambda: made.append(command(binary, old.server.dir, "create", "line.zip")))
    old.same("a backup by the command line", made, [(0, 'Successfully created backup "line.zip"!\n')])
    directory = reeve.fresh(binary, os.path.join(home, "drill-line"), site=False)
    os.makedirs(os.path.join(directory, "backups"), exist_ok=True)
    shutil.copy(os.path.join(old.server.dir, "backups", "line.zip"), os.path.join(directory, "backups", "line.zip"))
    for word, says in (("verify", "is good"), ("restore", "is ready")):
        code, text = command(binary, directory, word, "line.zip")
        old.same("%s says so" % word, (code, says in text), (0, True))
    with reeve.Server(binary, directory) as server:
        new = Admin(server, tally, "by command")
        new.same("its superuser is the other one's", new.root, old.root)
        is_all_there(new, before)
    shutil.rmtree(directory)


def between(binary, old, archive, before, tally):
    """PocketBase restores ours, and we one of PocketBase's."""
    home = reference.scratch()
    try:
        directory = os.path.join(home, "theirs", "pb_data")
        subprocess.run([reference.program(), "superuser", "upsert", *reeve.ROOT, "--dir", directory], check=True,
                       stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        with reference.Server(directory) as server:
            theirs = Admin(server, tally, "PocketBase")
            moved(archive, "ours.zip", old, theirs, before)
            status, paper = later(theirs)
            theirs.same("it goes on", status, 200)
            theirs.same("a backup of its own", theirs.send("POST", backups.BACKUPS, {"name": "theirs.zip"})[0], 204)
            status, archive, _ = theirs.download("theirs.zip")
            theirs.same("it is here", (status, archive[:2]), (200, b"PK"))
        directory = reeve.fresh(binary, os.path.join(home, "ours", "pb_data"), site=False)
        with reeve.Server(binary, directory) as server:
            moved(archive, "theirs.zip", old, Admin(server, tally, "of PocketBase's"), {**before, **paper})
    finally:
        shutil.rmtree(home, ignore_errors=True)


def later(admin):
    """A paper that only the second site has."""
    load = Load(admin.server)
    connection = reeve.Connection("127.0.0.1", admin.server.port, timeout=60)
    load.paper(connection, "later")
    connection.close()
    return 200 if load.kept else load.refused, load.kept


def run(binary, base, tally):
    home = os.path.dirname(base)
    with prepared(binary, base, home) as server:
        old = Admin(server, tally, "the site")
        kept = filled(old)
        archive, before = over_http(binary, home, old, kept, tally)
        by_command(binary, home, old, kept, tally)
        if reference.program():
            between(binary, old, archive, before, tally)
        else:
            reference.missing("backups that either restores of the other's")
    shutil.rmtree(server.dir)
