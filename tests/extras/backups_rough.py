"""Backups where things go wrong around them: clocks, other processes, restarts, archives nobody could serve."""

import concurrent.futures
import io
import os
import shutil
import sqlite3
import subprocess
import time
import zipfile

import backups
import reeve

BACKUPS = backups.BACKUPS
OWN = backups.OWN
TEMP = ".pb_temp_to_delete"
DOCS = "/api/collections/docs/records"
AUTO = "/api/crons/__pbAutoBackup__"
DEEPEST = 64  # folders inside of each other
CLOCK = """#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int (*real)(clockid_t, struct timespec *);
    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int rc = real(clock, ret);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        ret->tv_sec -= 3600;
    return rc;
}
"""


def with_docs(server, tally, n):
    """A site with a collection of so many files; their records' ids."""
    site = backups.Site(server, tally)
    fields = [{"name": "f", "type": "file", "maxSelect": 1, "maxSize": 1 << 20}]
    open_ = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule", "deleteRule"), "")
    site.same("a collection of files",
              site.send("POST", "/api/collections", {"name": "docs", "type": "base", "fields": fields, **open_})[0], 200)
    return site, [stored(site, i) for i in range(n)]


def stored(site, i):
    body = (b'--x\r\nContent-Disposition: form-data; name="f"; filename="a%d.txt"\r\n\r\nhello %d\r\n--x--\r\n' % (i, i))
    status, record, _ = site.send("POST", DOCS, body, {"Content-Type": "multipart/form-data; boundary=x"})
    if status != 200:
        raise RuntimeError("a file was not stored: %d %r" % (status, record))
    return record["id"]


def missing(raw):
    """Records of an archive whose files are not in it, and how many records it has."""
    with zipfile.ZipFile(io.BytesIO(raw)) as z:
        there = set(z.namelist())
    rows = backups.rows_of(raw, "SELECT (SELECT id FROM _collections WHERE name = 'docs') || '/' || id || '/' || f FROM docs")
    names = [name for name, in rows[1:]]
    return [name for name in names if "storage/" + name not in there], len(names)


def heavy(directory, rows):
    """Rows that take a while to be packed."""
    db = sqlite3.connect(os.path.join(directory, "data.db"), timeout=30)
    with db:
        db.executemany("INSERT INTO entries (id, title) VALUES (?, ?)",
                       (("heavy%010d" % i, os.urandom(20000).hex()) for i in range(rows)))
    db.close()


def command(binary, directory, *words):
    return subprocess.Popen([binary, "backup", *words, "--dir", directory], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def output_of(process):
    try:
        return process.communicate(timeout=120)[0]
    finally:
        process.kill()


def age(directory):
    """Files that are old enough to be nobody's."""
    for folder, _, names in os.walk(os.path.join(directory, "storage")):
        for name in names:
            os.utime(os.path.join(folder, name), (time.time() - 3600,) * 2)


def files_in(directory):
    return sum(len(names) for _, _, names in os.walk(os.path.join(directory, "storage")))


class Behind(reeve.Server):
    """A server whose clock is an hour behind."""

    def start(self):
        library = self.dir + ".so"
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", library, "-x", "c", "-", "-ldl"],
                       input=CLOCK, text=True, check=True, timeout=60)
        before = {name: os.environ.get(name) for name in ("LD_PRELOAD", "ASAN_OPTIONS")}
        os.environ.update(LD_PRELOAD=library, ASAN_OPTIONS=(before["ASAN_OPTIONS"] or "") + ":verify_asan_link_order=0")
        try:
            return super().start()
        finally:
            for name, value in before.items():
                del os.environ[name]
                if value is not None:
                    os.environ[name] = value


def clock(binary, directory, tally):
    """The clock was put back: files that were stored in its future are in a backup."""
    with reeve.Server(binary, directory) as server:
        with_docs(server, tally, 5)
    with Behind(binary, directory) as server:
        site = backups.Site(server, tally)
        site.same("a backup an hour earlier", site.send("POST", BACKUPS, {"name": "early.zip"})[0], 204)
        site.same("has the files of its records", missing(site.download("early.zip")[1]), ([], 5))


def beside(binary, directory, tally):
    """A command makes one beside a server: what records have named is held, and goes afterwards."""
    heavy(directory, 2000)
    with reeve.Server(binary, directory) as server:
        site, ids = with_docs(server, tally, 60)
        before = files_in(directory)
        age(directory)
        process = command(binary, directory, "create", "beside.zip")
        reeve.until("the archive to be written", lambda: backups.packed(directory) or process.poll() is not None)
        for i in ids[:40]:
            site.same("a record goes meanwhile", site.send("DELETE", DOCS + "/" + i)[0], 204)
        checked = subprocess.run([binary, "files", "check", "--fix", "--dir", directory], stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True, timeout=60)
        held = process.poll() is None
        site.tally.check("backups: a look at the files removes nothing meanwhile",
                         checked.returncode == 0 and files_in(directory) == before, checked.stdout + checked.stderr)
        out = output_of(process)
        site.same("the command beside it", (process.returncode, held), (0, True))
        lost, n = missing(site.download("beside.zip")[1])
        site.tally.check("backups: no file is lost to the server", not lost and n == 60, "%r of %d; %s" % (lost, n, out))
        reeve.until("the files to go afterwards", lambda: files_in(directory) == before - 40 * 2)
        killed(site, binary, ids[40:50], before - 50 * 2)
        stopping(site, binary, ids[50:])


def own(binary, directory, tally):
    """The server makes one itself, and removes what it holds when that is done."""
    heavy(directory, 1000)
    with reeve.Server(binary, directory) as server:
        site, ids = with_docs(server, tally, 30)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            job = pool.submit(site.send, "POST", BACKUPS, {"name": "own.zip"})
            reeve.until("the archive to be written", lambda: backups.packed(directory) or job.done())
            for i in ids:
                site.same("a record goes meanwhile", site.send("DELETE", DOCS + "/" + i)[0], 204)
            site.same("a backup beside that", (job.done(), job.result()[0]), (False, 204))
        site.same("no file is lost", missing(site.download("own.zip")[1]), ([], 30))
        reeve.until("the files to go afterwards", lambda: files_in(directory) == 0)


def killed(site, binary, ids, left):
    """A command that is killed holds nothing."""
    process = command(binary, site.server.dir, "create", "killed.zip")
    reeve.until("the archive to be written", lambda: backups.packed(site.server.dir))
    process.kill()
    process.communicate(timeout=60)
    for i in ids:
        site.send("DELETE", DOCS + "/" + i)
    reeve.until("the files to go after a kill", lambda: files_in(site.server.dir) == left)


def stopping(site, binary, ids):
    """A server that ends meanwhile, or starts, breaks nothing; nor does it wait for long."""
    shutil.rmtree(os.path.join(site.server.dir, TEMP))  # what the killed one left
    process = command(binary, site.server.dir, "create", "ending.zip")
    reeve.until("the archive to be written", lambda: backups.packed(site.server.dir) or process.poll() is not None)
    for i in ids:
        site.send("DELETE", DOCS + "/" + i)
    began = time.monotonic()
    site.same("it ends beside a command", site.server.stop(), True)
    took = time.monotonic() - began
    site.tally.check("backups: ... soon", took < 10, "%.1f s" % took)
    site.server.start()
    out = output_of(process)
    site.tally.check("backups: a command beside a restart", process.returncode == 0, out)
    if process.returncode == 0:
        lost, n = missing(site.download("ending.zip")[1])
        site.same("... loses no file", (lost, n), ([], len(ids)))


def folders(binary, directory, tally):
    """What a killed process left goes at a start; what somebody works in stays."""
    temp = os.path.join(directory, TEMP)
    for name in ("reeve_verify", "reeve_backup_0123456789"):
        os.makedirs(os.path.join(temp, name, "storage", "a"))
        with open(os.path.join(temp, name, "storage", "a", "b"), "w", encoding="ascii") as f:
            f.write("left")
    with reeve.Server(binary, directory) as server:
        printed = server.output()
    tally.check("backups: folders that were left are no error", "error" not in printed, printed)
    tally.check("backups: ... and go", os.listdir(temp) == [], os.listdir(temp))


def twice(binary, directory, tally):
    """Two look at one at once."""
    heavy(directory, 1000)
    with reeve.Server(binary, directory) as server:
        site = backups.Site(server, tally)
        site.same("one to look at", site.send("POST", BACKUPS, {"name": "seen.zip"})[0], 204)
        for i in range(6):
            processes = [command(binary, directory, "verify", "seen.zip") for _ in range(2)]
            time.sleep(0.05 * i)  # so that they meet at different points
            site.same("good, by the server", site.send("POST", OWN + "/seen.zip/verify")[0], 200)
            for process in processes:
                out = output_of(process)
                site.tally.check("backups: good, by a command", process.returncode == 0, out)
        site.same("nothing is left of it", os.listdir(os.path.join(directory, TEMP)), [])


def renamed(binary, directory, tally):
    """After the application's name has changed the newest ones stay, whatever they are called."""
    with reeve.Server(binary, directory) as server:
        site = backups.Site(server, tally)
        made = []
        for name in ("Zeta", "Zeta", "Alpha", "Alpha", "Beta"):
            site.send("PATCH", "/api/settings", {"meta": {"appName": name}, "backups": {"cron": "0 0 1 1 *", "cronMaxKeep": 2}})
            before = log_count(server, "backup.made")
            site.same("it runs", site.send("POST", AUTO)[0], 204)
            reeve.until("one to be made", lambda n=before: log_count(server, "backup.made") > n)
            reeve.until("the job to end", lambda: not any(
                c["running"] for c in site.send("GET", "/api/reeve/crons")[1] if c["id"] == "__pbAutoBackup__"))
            keys = set(site.keys())
            new = [key for key in keys if name.lower() in key and key not in made]
            site.tally.check("backups: one of %s is there" % name, len(new) == 1, "%r" % keys)
            made += new
            site.same("with the one before it", keys, set(made[-2:]))
            time.sleep(1.1)  # names, and times of files in a list, have a second


def log_count(server, word):
    with open(server.log, encoding="utf-8", errors="replace") as f:
        return f.read().count(word)


def unusable(binary, directory, tally):
    """What a restored server could not work with is not good."""
    with reeve.Server(binary, directory) as server:
        site = backups.Site(server, tally)
        site.send("POST", BACKUPS, {"name": "good.zip"})
        with zipfile.ZipFile(io.BytesIO(site.download("good.zip")[1])) as z:
            data = ("data.db", z.read("data.db"))
        cases = {
            "deepest": (200, "a/" * DEEPEST + "x"), "deeper": (400, "a/" * (DEEPEST + 1) + "x"),
            "storage": (400, "storage"), "logs": (400, "auxiliary.db/x"), "logsfile": (200, "storage/auxiliary.db/x"),
        }
        for name, (wanted, entry) in cases.items():
            site.same("%s is stored" % name, site.upload(name + ".zip", backups.archive(data, (entry, b"x")))[0], 204)
            status, answer, _ = site.send("POST", OWN + "/%s.zip/verify" % name)
            site.tally.check("backups: %s is looked at" % name, status == wanted, "%d %r" % (status, answer))


def run(binary, base, tally):
    home = os.path.dirname(base)
    for part in (clock, beside, own, folders, twice, renamed, unusable):
        directory = os.path.join(home, "backups-" + part.__name__)
        shutil.copytree(base, directory)
        part(binary, directory, tally)
        shutil.rmtree(directory)
