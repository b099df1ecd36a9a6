#!/usr/bin/env python3
"""directory.py BINARY

A data directory that cannot be served is refused with a message and exit code 1, unchanged; one that
another process changes while it is served is followed; a stop under load loses nothing.
"""

import hashlib
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

RECORDS = "/api/collections/people/records"
LIST = RECORDS + "?perPage=1"
WRITERS = 16
ENOUGH = 100  # acknowledged writes before the server is stopped


def main():
    binary = os.path.abspath(sys.argv[1])
    home = reeve.scratch("directory")
    tally = reeve.Tally()
    try:
        model = reeve.fresh(binary, os.path.join(home, "model"))
        reeve.run_sql(model, "data", "PRAGMA wal_checkpoint(TRUNCATE)")
        for name, spoil, word in SPOILED:
            refused(binary, model, os.path.join(home, name.replace(" ", "-")), name, spoil, word, tally)
        locked(binary, model, os.path.join(home, "locked"), tally)
        announced(binary, model, os.path.join(home, "announced"), tally)
        locked_end(binary, model, os.path.join(home, "end"), tally)
        followed(binary, model, os.path.join(home, "followed"), tally)
        stopped(binary, model, os.path.join(home, "stopped"), tally)
    finally:
        reeve.remove(home)
    return tally.end()


def sql(script):
    return lambda directory: reeve.run_sql(directory, "data", script)


def overwrite(data):
    def spoil(directory):
        with open(os.path.join(directory, "data.db"), "r+b") as file:
            file.write(data)
    return spoil


def with_hooks(directory):
    hooks = os.path.join(os.path.dirname(directory), "pb_hooks")
    os.mkdir(hooks)
    with open(os.path.join(hooks, "main.pb.js"), "w", encoding="utf-8") as file:
        file.write("// a hook\n")


def migration(directory):
    folder = os.path.join(os.path.dirname(directory), "pb_migrations")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "1735689600_made.js"), "w", encoding="utf-8") as file:
        file.write("// a migration\n")


SPOILED = [
    ("a newer column", sql("ALTER TABLE _collections ADD COLUMN novelty TEXT"), "novelty"),
    ("a newer parameter column", sql("ALTER TABLE _params ADD COLUMN novelty TEXT"), "novelty"),
    ("a newer field type", sql("UPDATE _collections SET fields = replace(fields, '\"type\":\"bool\"', "
                               "'\"type\":\"vector\"') WHERE name = 'people'"), "vector"),
    ("an old directory", sql("DROP TABLE _mfas; DROP TABLE _authOrigins; "
                             "DELETE FROM _collections WHERE name IN ('_mfas', '_authOrigins')"), ""),
    ("no database", overwrite(b"this is no database, and never was one" * 200), "data.db"),
    ("hooks", with_hooks, "hooks"),
    ("a migration", migration, "migrations"),
]


def copy(model, home):
    os.makedirs(home)
    directory = os.path.join(home, "pb_data")
    subprocess.run(["cp", "-r", model, directory], check=True)
    return directory


def state(directory):
    """What must not change: the files and their contents."""
    with open(os.path.join(directory, "data.db"), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def start(binary, directory):
    return subprocess.run([binary, "serve", "--dir", directory, "--http", "127.0.0.1:0"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)


def refused(binary, model, home, name, spoil, word, tally):
    directory = copy(model, home)
    spoil(directory)
    before = state(directory)
    done = start(binary, directory)
    tally.check("%s: exit code" % name, done.returncode == 1, str(done.returncode))
    tally.check("%s: message" % name, word in done.stderr and done.stderr.count("\n") == 1,
                repr(done.stderr))
    tally.check("%s: nothing changed" % name, state(directory) == before)


def locked(binary, model, home, tally):
    directory = copy(model, home)
    con = sqlite3.connect(os.path.join(directory, "data.db"), isolation_level=None)
    con.execute("PRAGMA locking_mode = EXCLUSIVE")
    con.execute("BEGIN EXCLUSIVE")
    con.execute("UPDATE _params SET updated = updated")
    done = start(binary, directory)
    con.execute("ROLLBACK")
    con.close()
    tally.check("locked: exit code", done.returncode == 1, str(done.returncode))
    tally.check("locked: message", "locked" in done.stderr, repr(done.stderr))


def followed(binary, model, home, tally):
    directory = copy(model, home)
    migration(directory)  # one that was applied is nobody's concern
    reeve.run_sql(directory, "data", "INSERT INTO _migrations VALUES ('1735689600_made.js', 1735689600000000)")
    with reeve.Server(binary, directory) as server:
        tally.check("served", server.request("GET", LIST)[0] == 200)
        reeve.run_sql(directory, "data", "ALTER TABLE people RENAME COLUMN mood TO temper; UPDATE _collections "
                      "SET fields = replace(fields, '\"name\":\"mood\"', '\"name\":\"temper\"') WHERE name = 'people'")
        status, body, _ = server.request("GET", LIST)
        tally.check("a renamed column is followed at once", status == 200 and b"temper" in body, repr(body))
        reeve.run_sql(directory, "data", "UPDATE _collections SET listRule = NULL WHERE name = 'people'")
        marker = os.path.join(directory, ".notify", "collections@0123456789")
        open(marker, "w", encoding="utf-8").close()
        os.unlink(marker)
        try:  # what the marker says is read in the background
            reeve.until("the changed rule is followed", lambda: server.request("GET", LIST)[0] == 403)
            tally.check("a changed rule is followed", True)
        except RuntimeError as e:
            tally.check("a changed rule is followed", False, str(e))
        tally.check("stops cleanly", server.stop(), server.output())
    for name, spoil in (("fails", fail_reload), ("overflows", overflow), ("loses its folder", remove_folder),
                        ("never ends", chatter)):
        set_rule(directory, "''")
        with reeve.Server(binary, directory) as server:
            spoiled(server, directory, name, spoil, tally)


def spoiled(server, directory, name, spoil, tally):
    """A rule that another process tightens is followed, whatever happens to the news of it."""
    tally.check("open before its news %s" % name, server.request("GET", LIST)[0] == 200)
    spoil(server, directory)
    try:
        reeve.until("the tightened rule is followed", lambda: server.request("GET", LIST)[0] == 403)
        tally.check("a rule is followed though its news %s" % name, True)
    except RuntimeError as e:
        tally.check("a rule is followed though its news %s" % name, False, str(e))
    tally.check("stops cleanly after it %s" % name, server.stop(), server.output())


def set_rule(directory, rule, wait_s=60):
    reeve.run_sql(directory, "data", "UPDATE _collections SET listRule = %s WHERE name = 'people'" % rule, wait_s)


def marker(directory, name):
    path = os.path.join(directory, ".notify", name)
    open(path, "w", encoding="utf-8").close()
    os.unlink(path)


def fail_reload(server, directory):
    """No descriptor is left when the schema is to be read again, and then there are some."""
    before = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    used = server.descriptors()
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (used, before[1]))
    set_rule(directory, "NULL")
    marker(directory, "collections@2")
    try:
        reeve.until("a reload fails", lambda: "reload.failed" in server.output())
    except RuntimeError:
        pass  # it had all that it needed
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, before)


def changed_at_rest(server, directory):
    """Whether the rule is changed while the server is stopped, as it is then; not where it held a lock."""
    server.process.send_signal(signal.SIGSTOP)
    try:
        set_rule(directory, "NULL", wait_s=1)
    except sqlite3.OperationalError:
        server.process.send_signal(signal.SIGCONT)
        return False
    return True


def overflow(server, directory):
    """More markers than the kernel keeps, and the one that counts comes last."""
    with open("/proc/sys/fs/inotify/max_queued_events", encoding="ascii") as f:
        kept = int(f.read())
    reeve.until("the server stands still between its writes", lambda: changed_at_rest(server, directory))
    for i in range(kept + 10):
        marker(directory, "noise%d" % i)
    marker(directory, "collections@3")
    server.process.send_signal(signal.SIGCONT)


def remove_folder(server, directory):
    """Somebody tidies up; the next process to announce something makes the folder again."""
    os.rmdir(os.path.join(directory, ".notify"))
    os.makedirs(os.path.join(directory, ".notify"), exist_ok=True)
    set_rule(directory, "NULL")
    marker(directory, "collections@4")


def chatter(server, directory):
    """News on and on, more often than the pause that the server waits for."""
    set_rule(directory, "NULL")
    marker(directory, "collections@5")
    ended = time.monotonic() + 25
    while time.monotonic() < ended and server.request("GET", LIST)[0] == 200:
        marker(directory, "settings@6")


def announced(binary, model, home, tally):
    """What one server changes, another on the same directory follows."""
    directory = copy(model, home)
    head = {"Authorization": reeve.token(directory, "root")}
    with reeve.Server(binary, directory) as one, reeve.Server(binary, directory, log=home + ".two") as two:
        tally.check("open on both", one.request("GET", LIST)[0] == two.request("GET", LIST)[0] == 200)
        status = one.request("PATCH", "/api/collections/people", {"listRule": None}, head)[0]
        try:
            reeve.until("the other follows", lambda: two.request("GET", LIST)[0] == 403)
            tally.check("a change is announced", status == 200)
        except RuntimeError as e:
            tally.check("a change is announced", False, str(e))


def locked_end(binary, model, home, tally):
    """A write waits for another process's lock, for longer than anybody waits for a stop."""
    directory = copy(model, home)
    with reeve.Server(binary, directory, "--queryTimeout", "0") as server:
        server.request("POST", RECORDS, {"name": "first"})
        con = sqlite3.connect(os.path.join(directory, "data.db"), isolation_level=None)
        con.execute("BEGIN IMMEDIATE")
        waiting = threading.Thread(target=write, args=(server, 1, []))
        waiting.start()
        time.sleep(0.3)  # it may as well come later: then there is nothing to wait for
        tally.check("stops while another process has the lock", server.stop(), server.output())
        con.execute("ROLLBACK")
        con.close()
        waiting.join()


def write(server, number, acknowledged):
    for i in range(100000):
        try:
            status, body, _ = server.request("POST", RECORDS, {"name": "w%d-%d" % (number, i)})
        except OSError:
            return
        except Exception:  # half an answer: not acknowledged
            return
        if status == 200:
            acknowledged.append("w%d-%d" % (number, i))
        elif status == 503:
            return


def stopped(binary, model, home, tally):
    directory = copy(model, home)
    for round_number in range(5):
        acknowledged = []
        reeve.run_sql(directory, "data", "DELETE FROM people")
        server = reeve.Server(binary, directory).start()
        writers = [threading.Thread(target=write, args=(server, n, acknowledged)) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        try:
            reeve.until("%d writes were acknowledged" % ENOUGH, lambda: len(acknowledged) >= ENOUGH, 60)
        except RuntimeError as e:
            tally.check("is under load %d" % round_number, False, str(e))
        tally.check("stops under load %d" % round_number, server.stop(), server.output())
        for writer in writers:
            writer.join()
        rows = {row[0] for row in reeve.query(directory, "SELECT name FROM people")}
        missing = set(acknowledged) - rows
        tally.check("keeps what it acknowledged %d" % round_number, acknowledged and not missing,
                    "%d of %d missing" % (len(missing), len(acknowledged)))


if __name__ == "__main__":
    sys.exit(main())
