#!/usr/bin/env python3
"""upgrade.py BINARY

A data directory from before PocketBase 0.39 is upgraded whole, or refused with one line and exit code
1 and left byte for byte as it was: what an index made by hand says decides.
"""

import hashlib
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

LIST = "/api/collections/people/records?perPage=1"
MIGRATION = "1778828400_normalize_indexes.go"

REFUSED = [  # statement, the index that the message names
    ('CREATE UNIQUE INDEX "my index" ON people (name)', "my index"),
    ('CREATE UNIQUE INDEX "my.dot" ON people (name)', "my.dot"),
    ('CREATE INDEX "a""b" ON people (name)', 'a"b'),
    ('CREATE INDEX "line\nbreak" ON people (name)', "line break"),
    ("CREATE INDEX commented ON people (name) /* those */ WHERE name != ''", "commented"),
    ("CREATE INDEX commented ON people (name) -- those\n WHERE name != ''", "commented"),
    ("CREATE INDEX joined ON people (name||id)", "joined"),
    ("CREATE INDEX good ON people (name); CREATE INDEX 'not good' ON people (name)", "not good"),
]

UPGRADED = [  # statement, name, what is listed and in the database then
    ("CREATE UNIQUE INDEX \"i\" ON people ([id])", "CREATE UNIQUE INDEX `i` ON `people` (`id`)"),
    ("create index i on PEOPLE\n(lower(name), name collate nocase desc)\nwhere name != ') where '",
     "CREATE INDEX `i` ON `people` (\n  lower(name),\n  `name` COLLATE nocase DESC\n) WHERE name != ') where '"),
    ("create index if not exists main.i on people (name /* c */)", "CREATE INDEX `i` ON `people` (name /* c */)"),
]


def main():
    binary = os.path.abspath(sys.argv[1])
    home = reeve.scratch("upgrade")
    tally = reeve.Tally()
    try:
        model = reeve.fresh(binary, os.path.join(home, "model"))
        reeve.run_sql(model, "data", "DELETE FROM _migrations WHERE file = '%s'; "
                      "PRAGMA wal_checkpoint(TRUNCATE)" % MIGRATION)
        for number, (statement, name) in enumerate(REFUSED):
            refused(binary, model, os.path.join(home, "r%d" % number), statement, name, tally)
        for number, (statement, normal) in enumerate(UPGRADED):
            upgraded(binary, model, os.path.join(home, "u%d" % number), statement, normal, tally)
    finally:
        reeve.remove(home)
    return tally.end()


def old(model, home, statement):
    os.makedirs(home)
    directory = os.path.join(home, "pb_data")
    subprocess.run(["cp", "-r", model, directory], check=True)
    reeve.run_sql(directory, "data", statement)
    return directory


def state(directory):
    """Every file with its contents, every folder."""
    found = {}
    for folder, folders, files in os.walk(directory):
        found.update((os.path.join(folder, name), "") for name in folders)
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                found[os.path.join(folder, name)] = hashlib.sha256(file.read()).hexdigest()
    return found


def refused(binary, model, home, statement, name, tally):
    directory = old(model, home, statement)
    before = state(directory)
    done = subprocess.run([binary, "serve", "--dir", directory, "--http", "127.0.0.1:0"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    tally.check("%r: exit code" % statement, done.returncode == 1, str(done.returncode))
    tally.check("%r: one line" % statement, done.stderr.count("\n") == 1 and not done.stdout, repr(done))
    tally.check("%r: names the index and the cure" % statement,
                'the index "%s"' % name in done.stderr and "DROP INDEX" in done.stderr, repr(done.stderr))
    tally.check("%r: nothing changed" % statement, state(directory) == before,
                repr(set(state(directory).items()) ^ set(before.items())))


def upgraded(binary, model, home, statement, normal, tally):
    directory = old(model, home, statement)
    with reeve.Server(binary, directory) as server:
        tally.check("%r: served" % statement, server.request("GET", LIST)[0] == 200)
        tally.check("%r: stops cleanly" % statement, server.stop(), server.output())
    (listed,), = reeve.query(directory, "SELECT indexes FROM _collections WHERE name = 'people'")
    tally.check("%r: listed" % statement, normal in json.loads(listed), listed)
    made = reeve.query(directory, "SELECT sql FROM sqlite_master WHERE name = 'i'")
    tally.check("%r: made" % statement, made == [(normal,)], repr(made))
    tally.check("%r: done once" % statement, len(reeve.query(
        directory, "SELECT 1 FROM _migrations WHERE file = ?", MIGRATION)) == 1)


if __name__ == "__main__":
    sys.exit(main())
