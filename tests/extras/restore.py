"""Restoring: the old directory or the new one, whole, whatever happens in between."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import time
import zipfile

import backups
import reeve

BACKUPS = backups.BACKUPS
FOLDER = ".reeve_restore"


def mark(directory, text):
    """Something in the database and something among the files that belong together."""
    db = sqlite3.connect(os.path.join(directory, "data.db"))
    with db:
        db.execute("INSERT OR REPLACE INTO entries (id, title) VALUES ('mark00000000000', ?)", (text,))
    db.close()
    os.makedirs(os.path.join(directory, "storage", "m"), exist_ok=True)
    with open(os.path.join(directory, "storage", "m", "mark.txt"), "w", encoding="ascii") as f:
        f.write(text)


def marks(directory):
    rows = reeve.query(directory, "SELECT title FROM entries WHERE id = 'mark00000000000'")
    try:
        with open(os.path.join(directory, "storage", "m", "mark.txt"), encoding="ascii") as f:
            text = f.read()
    except OSError:
        text = None
    return rows[0][0] if rows else None, text


def served(server):
    """The mark, as it is answered; None while nobody answers."""
    try:
        status, raw, _ = server.request("GET", "/api/collections/entries/records/mark00000000000", timeout=10)
    except OSError:
        return None
    return json.loads(raw).get("title") if status == 200 else None


def prepared(base, home, name, size=0):
    """A directory whose mark is `new`, with a backup of when it was `old`."""
    directory = os.path.join(home, name)
    shutil.copytree(base, directory)
    mark(directory, "old")
    if size:
        with open(os.path.join(directory, "storage", "m", "large.bin"), "wb") as f:
            f.write(os.urandom(size))
    return directory


def back_up(binary, directory):
    done = subprocess.run([binary, "backup", "create", "old.zip", "--dir", directory], capture_output=True, text=True,
                          timeout=120)
    if done.returncode:
        raise RuntimeError(done.stderr)
    mark(directory, "new")
    os.unlink(os.path.join(directory, "auxiliary.db"))


def by_itself(binary, base, tally, home):
    """Over HTTP: answered at once, carried out a second later, on the same port."""
    directory = prepared(base, home, "restore-http", 5 << 20)
    back_up(binary, directory)
    with reeve.Server(binary, directory) as server:
        site = backups.Site(server, tally)
        site.same("restore: of none", site.send("POST", BACKUPS + "/nope.zip/restore")[0], 400)
        site.same("restore: before", served(server), "new")
        site.same("restore: answered", site.send("POST", BACKUPS + "/old.zip/restore")[0], 204)
        busy = site.send("POST", BACKUPS, {"name": "x.zip"})
        site.same("restore: nothing else begins", (busy[0], "already been started" in busy[1]["message"]), (400, True))
        site.same("restore: it is in use", site.send("DELETE", BACKUPS + "/old.zip")[0], 400)
        reeve.until("the old data to be served", lambda: served(server) == "old", 60)
        site.same("restore: files are those of then", marks(directory), ("old", "old"))
        reeve.until("what was there to go", lambda: not os.path.exists(os.path.join(directory, FOLDER)))
        site.same("restore: backups stay", site.keys(), ["old.zip"])
        site.same("restore: it can be done again", site.send("POST", BACKUPS, {"name": "x.zip"})[0], 204)
        tally.check("restore: it is told", "restore.done" in server.output(), server.output()[-2000:])
    shutil.rmtree(directory)


def refused(binary, base, tally, home):
    """What cannot be served changes nothing, and the server goes on."""
    directory = prepared(base, home, "restore-refused")
    back_up(binary, directory)
    with zipfile.ZipFile(os.path.join(directory, "backups", "old.zip")) as z:
        data = z.read("data.db")
    cases = {"up.zip": backups.archive(("data.db", data), ("../x", b"x")), "none.zip": backups.EMPTY_ZIP,
             "torn.zip": backups.archive(("data.db", data[:len(data) // 2]))}
    with reeve.Server(binary, directory) as server:
        site = backups.Site(server, tally)
        for name, raw in cases.items():
            site.upload(name, raw)
            before = len(server.output())
            site.same("restore: %s is there" % name, site.send("POST", BACKUPS + "/%s/restore" % name)[0], 204)
            reeve.until("%s to be refused" % name, lambda: "restore.failed" in server.output()[before:])
            reeve.until("it to be over", lambda: json.loads(site.server.request(
                "GET", "/api/health", None, site.root)[1])["data"]["canBackup"])
            site.same("restore: %s changes nothing" % name,
                      (served(server), marks(directory), os.path.exists(os.path.join(directory, FOLDER, "state"))),
                      ("new", ("new", "new"), False))
    shutil.rmtree(directory)


def fails_to_start(binary, base, tally, home):
    """The backup is whole, but its start fails: the server goes back by itself."""
    directory = prepared(base, home, "restore-fails")
    back_up(binary, directory)
    with zipfile.ZipFile(os.path.join(directory, "backups", "old.zip")) as z:
        data = z.read("data.db")
    with open(os.path.join(directory, "backups", "trap.zip"), "wb") as f:
        f.write(backups.archive(("data.db", data), ("auxiliary.db", b"this is no database, but long enough" * 200)))
    with reeve.Server(binary, directory) as server:
        site = backups.Site(server, tally)
        site.same("restore: a trap", site.send("POST", BACKUPS + "/trap.zip/restore")[0], 204)
        reeve.until("it to be taken back", lambda: "restore.taken_back" in server.output(), 60)
        reeve.until("the server to answer", lambda: served(server) == "new", 60)
        site.same("restore: what was there is back", marks(directory), ("new", "new"))
        reeve.until("nothing to be left", lambda: not os.path.exists(os.path.join(directory, FOLDER)))
    shutil.rmtree(directory)


def killed(binary, base, tally, home):
    """kill -9 at any moment: the next start has the old or the new, whole."""
    rng = random.Random(22)
    seen = set()
    model = prepared(base, home, "restore-model", 3 << 20)
    back_up(binary, model)
    for n in range(12):
        directory = os.path.join(home, "restore-killed")
        shutil.copytree(model, directory)
        with reeve.Server(binary, directory) as server:
            site = backups.Site(server, tally)
            site.send("POST", BACKUPS + "/old.zip/restore")
            time.sleep(0.9 + rng.random() * 0.6)
            server.kill()
        for _ in range(2):  # the second start must not make another choice
            with reeve.Server(binary, directory) as server:
                found = served(server)
                tally.check("restore: killed %d, one or the other" % n, found in ("old", "new"), "%r" % found)
                tally.check("restore: killed %d, whole" % n, marks(directory) == (found, found), "%r" % (marks(directory),))
                reeve.until("nothing to be left", lambda: not os.path.exists(os.path.join(directory, FOLDER)))
        seen.add(found)
        shutil.rmtree(directory)
    print("   killed in the middle: ended with %s" % " and ".join(sorted(seen)))
    shutil.rmtree(model)


def by_command(binary, base, tally, home):
    """reeve backup restore, then a start."""
    directory = prepared(base, home, "restore-cli")
    back_up(binary, directory)
    done = subprocess.run([binary, "backup", "restore", "old.zip", "--dir", directory], capture_output=True, text=True,
                          timeout=120)
    tally.check("restore: the command gets ready", done.returncode == 0 and marks(directory) == ("new", "new"), done.stderr)
    with reeve.Server(binary, directory) as server:
        tally.check("restore: the start serves it", (served(server), marks(directory)) == ("old", ("old", "old")))
        reeve.until("what was there to go", lambda: not os.path.exists(os.path.join(directory, FOLDER)))
    done = subprocess.run([binary, "backup", "restore", "nope.zip", "--dir", directory], capture_output=True, text=True,
                          timeout=120)
    tally.check("restore: of none", done.returncode == 1 and bool(done.stderr), done.stderr)
    shutil.rmtree(directory)


def command(binary, *words):
    done = subprocess.run([binary, *words], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def in_between(binary, base, tally, home):
    """Commands between `backup restore` and the start that follows; where nothing was moved, and where a start was killed."""
    directory = prepared(base, home, "restore-between")
    back_up(binary, directory)
    os.rename(os.path.join(directory, "backups", "old.zip"), os.path.join(directory, "backups", "first.zip"))
    mark(directory, "newer")
    tally.check("restore: another backup", command(binary, "backup", "create", "other.zip", "--dir", directory)[0] == 0)
    mark(directory, "new")
    for name in ("first.zip", "other.zip"):  # the second in place of the first
        tally.check("restore: gets ready " + name, command(binary, "backup", "restore", name, "--dir", directory)[0] == 0)
    code, said = command(binary, "backup", "restore", "typo.zip", "--dir", directory)
    tally.check("restore: of none, beside one", code == 1 and "typo.zip" in said, said)
    code, said = command(binary, "superuser", "upsert", "between@example.com", "1234567890", "--dir", directory)
    tally.check("restore: a superuser in between", code == 0 and marks(directory) == ("newer", "newer"), said)
    state = os.path.join(directory, FOLDER, "state")
    code, said = command(binary, "backup", "restore", "first.zip", "--dir", directory)
    tally.check("restore: what has been moved is not touched", code == 1 and "start the server" in said
                and open(state, encoding="ascii").read() == "in\n", said)
    with reeve.Server(binary, directory) as server:
        tally.check("restore: the start serves the other one", (served(server), marks(directory)) == ("newer", ("newer", "newer")))
        status, _, _ = server.request("POST", "/api/collections/_superusers/auth-with-password",
                                      {"identity": "between@example.com", "password": "1234567890"})
        tally.check("restore: with that superuser", status == 200, status)
        reeve.until("what was there to go", lambda: not os.path.exists(os.path.join(directory, FOLDER)))
    shutil.rmtree(directory)


def not_alone(binary, base, tally, home):
    """Another server on the same directory would go on writing into what has been moved away."""
    directory = prepared(base, home, "restore-shared")
    back_up(binary, directory)
    with reeve.Server(binary, directory) as server, reeve.Server(binary, directory, log=directory + "-other.log") as other:
        site = backups.Site(server, tally)
        status, said = site.send("POST", BACKUPS + "/old.zip/restore")[:2]
        tally.check("restore: not beside another server", status == 400 and "Another process" in said["message"], (status, said))
        other.stop()
        site.same("restore: but once it has ended", site.send("POST", BACKUPS + "/old.zip/restore")[0], 204)
        reeve.until("the restored content", lambda: served(server) == "old", 60)
        reeve.until("what was there to go", lambda: not os.path.exists(os.path.join(directory, FOLDER)))
        code, said = command(binary, "backup", "restore", "old.zip", "--dir", directory)
        tally.check("restore: got ready beside a server", code == 0, said)
        with reeve.Server(binary, directory, log=directory + "-other.log") as other:
            tally.check("restore: no start moves what others have open", (served(other), marks(directory)) == ("old", ("old", "old"))
                        and "restore.taken_back" in other.output(), other.output()[-400:])
            tally.check("restore: it is dropped", not os.path.exists(os.path.join(directory, FOLDER)))
    shutil.rmtree(directory)


def again_and_again(binary, base, tally, home):
    """One restore right after the other, while what was there before is still being removed."""
    directory = prepared(base, home, "restore-chain")
    folder = os.path.join(directory, "storage", "m", "many")
    os.makedirs(folder)
    for n in range(3000):
        with open(os.path.join(folder, "%d.txt" % n), "w", encoding="ascii") as f:
            f.write("x")
    back_up(binary, directory)
    with reeve.Server(binary, directory) as server:
        site = backups.Site(server, tally)
        for n in range(4):
            begun = server.output().count("restore.done")
            reeve.until("the restore to be taken", lambda: site.send("POST", BACKUPS + "/old.zip/restore")[0] == 204, 60)
            reeve.until("restore %d" % n, lambda: server.output().count("restore.done") > begun, 60)
            reeve.until("the server to answer", lambda: served(server) == "old", 60)
        found = [line for line in server.output().splitlines() if "restore.failed" in line or "restore.leftovers" in line]
        tally.check("restore: nothing fails one after the other", not found, found)
    shutil.rmtree(directory)


def run(binary, base, tally):
    home = os.path.dirname(base)
    for part in (by_itself, refused, fails_to_start, killed, by_command, in_between, not_alone, again_and_again):
        part(binary, base, tally, home)
