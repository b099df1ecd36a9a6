"""`reeve files`: what the storage and the records lack of each other, and moving files."""

import json
import os
import shutil
import subprocess
import sys
import time

import reeve

FORM = {"content-type": "multipart/form-data; boundary=XX"}
RECORDS = "/api/collections/%s/records"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f8"
    "0f00010501012718e3660000000049454e44ae426082")
FIELDS = [
    {"name": "title", "type": "text"},
    {"name": "one", "type": "file", "maxSelect": 1},
    {"name": "many", "type": "file", "maxSelect": 5},
    {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
]
MUST = [{"name": "paper", "type": "file", "maxSelect": 3, "required": True}]
LONG_AGO_S = 3600
SUMS = "files without a record: %d (%d bytes%s); names without a file: %d%s; younger than ten minutes: %d; " \
       "no files of records: %d\n"


class Site:
    """A server's directory, with collections of files."""

    def __init__(self, command, server):
        self.command, self.server, self.tally = command, server, command.tally
        self.root = {"Authorization": reeve.token(server.dir, "root")}
        self.ids = {}
        for name, kind, fields in (("docs", "base", FIELDS), ("papers", "base", MUST), ("folk", "auth", FIELDS)):
            status, body, _ = server.request("POST", "/api/collections", {
                "name": name, "type": kind, "fields": fields}, self.root)
            self.tally.check("files: makes %s" % name, status == 200, body)
            self.ids[name] = json.loads(body)["id"]

    def make(self, col, *parts):
        body = b"".join(b'--XX\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (
            name.encode(), b'; filename="%s"' % file_name[0].encode() if file_name else b"",
            value if isinstance(value, bytes) else value.encode()) for name, value, *file_name in parts)
        status, body, _ = self.server.request("POST", RECORDS % col, body + b"--XX--\r\n", {**FORM, **self.root})
        self.tally.check("files: creates in %s" % col, status == 200, body)
        return json.loads(body)

    def read(self, col, record):
        return json.loads(self.server.request("GET", RECORDS % col + "/" + record["id"], headers=self.root)[1])

    def path(self, col, *names):
        return os.path.join(self.server.dir, "storage", self.ids.get(col, col), *names)

    def write(self, *names, text="stray", old=True):
        path = self.path(*names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        if old:
            age(path)
        return path

    def age_all(self):
        for folder, _, names in os.walk(os.path.join(self.server.dir, "storage")):
            for name in names:
                age(os.path.join(folder, name))

    def check(self, name, *words, code=0, lines=(), sums=(), **expected):
        """lines: all that is printed before the sums."""
        out = self.command.expect("files: " + name, ("files", "check", *words), code=code, **expected)
        self.tally.check("files: what is found: " + name, sorted(out.splitlines()[:-1]) == sorted(lines), out)
        if sums:
            self.tally.check("files: the sums: " + name, out.endswith(SUMS % sums), out)


def age(path):
    if not os.path.islink(path):
        then = time.time() - LONG_AGO_S
        os.utime(path, (then, then))


def on_disk(directory):
    top = os.path.join(directory, "storage")
    return sorted(os.path.relpath(os.path.join(folder, name), top)
                  for folder, _, names in os.walk(top) for name in names)


def nothing_to_find(site):
    record = site.make("docs", ("one", PNG, "a.png"), ("many", "b", "b.txt"), ("many", "c", "c.txt"))
    site.make("folk", ("email", "a@example.com"), ("password", "1234567890"),
              ("passwordConfirm", "1234567890"), ("one", "x", "x.txt"))
    site.make("papers", ("paper", "p", "p.txt"))
    status, _, _ = site.server.request(
        "GET", "/api/files/docs/%s/%s?thumb=100x100" % (record["id"], record["one"]))
    site.tally.check("files: has a thumb", status == 200, status)
    site.check("nothing, all new", sums=(0, 0, "", 0, "", 0, 0))
    site.age_all()
    before = on_disk(site.server.dir)
    site.check("nothing, all old", "--fix", sums=(0, 0, ", 0 removed", 0, " (0 taken out)", 0, 0))
    site.tally.check("files: all that was there is", on_disk(site.server.dir) == before)
    return record


def strays(site, record):
    """Files of nobody, of each kind, and what only looks like them."""
    before = on_disk(site.server.dir)
    thumb = "thumbs_gone.png"
    site.write("nocollection001", "r", "a.txt")
    site.write("docs", "norecord0000001", "a.txt")
    site.write("docs", record["id"], "unnamed.txt", text="1234567")
    site.write("docs", record["id"], thumb, "100x100_gone.png")
    site.write("docs", record["id"], "thumbs_" + record["one"], "100x100_other.png")
    site.write("docs", record["id"], record["one"] + ".0123456789.tmp")
    site.write("docs", record["id"], record["one"] + ".attrs.0123456789.tmp")
    site.write("docs", record["id"], "lone.txt.attrs")
    site.write("posts", "r", "no_file_field.txt")
    left = [site.write("docs", record["id"], "young.txt", old=False),
            site.write("docs", record["id"], "young_lone.txt.attrs", old=False),
            site.write("docs", "stray"), site.write("docs", record["id"], ".hidden")]
    outside = os.path.join(site.server.dir, "outside")
    os.makedirs(os.path.join(outside, "r"))
    for name in ("r/file.txt", "r/lone.attrs"):
        with open(os.path.join(outside, name), "w", encoding="utf-8") as f:
            f.write("x")
        age(os.path.join(outside, name))
    os.symlink(outside, site.path("docs", "linked"))
    os.symlink(os.path.join(outside, "r", "file.txt"), site.path("docs", record["id"], "link.txt"))
    left += [site.path("docs", record["id"], "link.txt")]
    lines = ["file  nocollection001/r/a.txt  5", "file  docs/norecord0000001/a.txt  5",
             "file  docs/%s/unnamed.txt  7" % record["id"],
             "file  docs/%s/%s/100x100_gone.png  5" % (record["id"], thumb),
             "file  docs/%s/thumbs_%s/100x100_other.png  5" % (record["id"], record["one"]),
             "file  docs/%s/%s.0123456789.tmp  5" % (record["id"], record["one"]),
             "file  docs/%s/%s.attrs.0123456789.tmp  5" % (record["id"], record["one"]),
             "file  docs/%s/lone.txt.attrs  5" % record["id"],
             "file  posts/r/no_file_field.txt  5"]
    site.check("strays", code=1, lines=lines, sums=(9, 47, "", 0, "", 2, 2))
    site.tally.check("files: a check removes nothing", len(on_disk(site.server.dir)) == len(before) + 14)
    site.check("strays are removed", "--fix", lines=lines,
               sums=(9, 47, ", 9 removed", 0, " (0 taken out)", 2, 2))
    top = os.path.join(site.server.dir, "storage")
    wanted = sorted(before + [os.path.relpath(path, top) for path in left])
    site.tally.check("files: nothing else is removed", on_disk(site.server.dir) == wanted,
                     sorted(set(on_disk(site.server.dir)) ^ set(wanted)))
    site.tally.check("files: empty folders go", not os.path.exists(site.path("nocollection001")))
    site.tally.check("files: no link was followed", sorted(os.listdir(os.path.join(outside, "r")))
                     == ["file.txt", "lone.attrs"])
    for path in [*left, site.path("docs", "linked")]:
        os.unlink(path)
    shutil.rmtree(outside)


def shared(site, record):
    """What a request has just linked into place was written long ago."""
    path = site.write("docs", record["id"], "slow.txt")
    spool = os.path.join(site.server.dir, "spool")
    os.link(path, spool)
    site.check("a request's", "--fix", sums=(0, 0, ", 0 removed", 0, " (0 taken out)", 1, 0))
    site.tally.check("files: it stays", os.path.exists(path))
    os.unlink(spool)
    site.check("not any more", "--fix", lines=["file  docs/%s/slow.txt  5" % record["id"]])


def missing(site, record):
    """Names without a file: taken out, unless the field must have one."""
    person = site.make("folk", ("email", "b@example.com"), ("password", "1234567890"),
                       ("passwordConfirm", "1234567890"), ("one", "x", "x.txt"))
    paper = site.make("papers", ("paper", "p", "p.txt"), ("paper", "q", "q.txt"))
    site.make("docs", ("one", "y", "y.txt"))
    site.age_all()
    gone = record["many"][0]
    os.unlink(site.path("docs", record["id"], gone))
    os.unlink(site.path("docs", record["id"], record["one"]))
    shutil.rmtree(site.path("folk", person["id"]))
    shutil.rmtree(site.path("papers", paper["id"]))
    lines = ["record  docs/%s  many  %s" % (record["id"], gone),
             "record  docs/%s  one  %s" % (record["id"], record["one"]),
             "record  folk/%s  one  %s" % (person["id"], person["one"]),
             "record  papers/%s  paper  %s" % (paper["id"], paper["paper"][0]),
             "record  papers/%s  paper  %s" % (paper["id"], paper["paper"][1]),
             "file  docs/%s/%s.attrs  %d" % (record["id"], gone, os.path.getsize(
                 site.path("docs", record["id"], gone + ".attrs"))),
             "file  docs/%s/%s.attrs  %d" % (record["id"], record["one"], os.path.getsize(
                 site.path("docs", record["id"], record["one"] + ".attrs")))]
    before = site.read("docs", record)
    site.check("names", code=1, lines=lines)
    site.tally.check("files: a check changes no record", site.read("docs", record) == before)
    site.check("names are taken out", "--fix", code=1, lines=[*lines, "  stays: Cannot be blank."])
    now = site.read("docs", record)
    site.tally.check("files: the others stay", now["many"] == record["many"][1:] and now["one"] == "", now)
    site.tally.check("files: it is an update", now["updated"] > before["updated"], now)
    site.tally.check("files: of an auth record", site.read("folk", person)["one"] == "")
    site.tally.check("files: what is required stays", len(site.read("papers", paper)["paper"]) == 1)
    site.tally.check("files: the thumb goes with its name",
                     not os.path.exists(site.path("docs", record["id"], "thumbs_" + record["one"])))
    site.check("what stays is found again", code=1,
               lines=["record  papers/%s  paper  %s" % (paper["id"], paper["paper"][1])])
    site.server.request("DELETE", RECORDS % "papers" + "/" + paper["id"], headers=site.root)
    site.check("nothing is left")


def many(site):
    """More records than a page has; the first and the last one lack their file."""
    reeve.run_sql(site.server.dir, "data", "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n "
                  "WHERE i < 249) INSERT INTO docs (id, title, one, many) SELECT printf('many%011d', i), '', "
                  "CASE WHEN i IN (0, 99, 100, 249) THEN 'lost.txt' ELSE '' END, '[]' FROM n")
    lines = ["record  docs/many%011d  one  lost.txt" % i for i in (0, 99, 100, 249)]
    site.check("pages", code=1, lines=lines, sums=(0, 0, "", 4, "", 0, 0))
    site.check("pages are mended", "--fix", lines=lines,
               sums=(0, 0, ", 0 removed", 4, " (4 taken out)", 0, 0))


def at_work(site):
    """Nothing that a server does meanwhile is taken for a stray."""
    check = subprocess.Popen(
        [sys.executable, "-c", "import subprocess, sys\nfor i in range(8):\n"
         "    p = subprocess.run(sys.argv[1:], capture_output=True, text=True)\n"
         "    print(p.returncode, p.stdout, p.stderr)", site.command.binary, "files", "check", "--fix", "--dir",
         site.server.dir], stdout=subprocess.PIPE, text=True)
    n = 0
    while check.poll() is None:
        record = site.make("docs", ("many", "m", "m.txt"), ("one", "o", "o.txt"))
        n += 1
        if n % 2:
            site.server.request("DELETE", RECORDS % "docs" + "/" + record["id"], headers=site.root)
    out = check.stdout.read()
    site.tally.check("files: a server at work", "file  " not in out and "record  " not in out and
                     out.count("files without a record: 0") == 8, out)
    site.check("all is as it was")


def moves(site):
    command = site.command

    def move(name, *words, **expected):
        command.expect("files: " + name, ("files", "move", *words), code=1, **expected)

    for words in ((), ("--to", "elsewhere"), ("more", "--to", "s3")):
        move("bad words: %s" % (words,), *words, says=["usage: reeve files" if "more" in words else
                                                       "usage: reeve files move --to s3|local"])
    move("incomplete settings", "--to", "s3", says=["the setting s3.endpoint is empty"])
    move("the other way", "--to", "local", says=["the setting s3.endpoint is empty"])
    move("in use", "--to", "s3", "--remove", says=["the files are still in use where they are",
                                                   "s3.enabled is off"])
    command.expect("files: an unknown one", ("files", "mend"), code=1, says=["usage: reeve files check"])
    command.expect("files: none", ("files",), code=1, says=["usage: reeve files check"])


def not_mounted(command):
    """Where all files are missing it is not the records that are to be mended."""
    storage = os.path.join(command.directory, "storage")
    os.rename(storage, storage + ".away")
    count = "SELECT COUNT(*) FROM docs WHERE one != ''"
    before = reeve.query(command.directory, count)
    command.expect("files: no storage", ("files", "check", "--fix"), code=1,
                   has=["record  docs/", "(0 taken out)"], says=["the storage holds no file at all"])
    command.tally.check("files: there are names", before[0][0] > 0, before)
    command.tally.check("files: they stay", reeve.query(command.directory, count) == before)
    os.rename(storage + ".away", storage)


def no_directory(command, home):
    directory = os.path.join(home, "nowhere")
    for words in (("check",), ("check", "--fix"), ("move", "--to", "s3")):
        done = subprocess.run([command.binary, "files", *words, "--dir", directory], capture_output=True,
                              text=True, timeout=60)
        command.tally.check("files: no directory: %s" % (words,), done.returncode == 1 and
                            "there is no database" in done.stderr and not os.path.exists(directory), done)


def run(command, home):
    """On a directory of its own."""
    no_directory(command, home)
    with reeve.Server(command.binary, command.directory) as server:
        site = Site(command, server)
        record = nothing_to_find(site)
        strays(site, record)
        shared(site, record)
        missing(site, record)
        at_work(site)
        many(site)
        moves(site)
        command.tally.check("files: the server stops cleanly", server.stop(), server.output())
    command.expect("files: without a server", ("files", "check"))
    not_mounted(command)
