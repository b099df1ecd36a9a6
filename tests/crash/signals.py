#!/usr/bin/env python3
"""signals.py BINARY

SIGTERM or SIGINT at any moment after reeve serve was started: it ends with status 0, or, before it has
printed anything, by the signal itself. It never crashes, whatever comes after the first signal, and
its data directory can be served again.
"""

import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

ROUNDS = 60
STOPS = (signal.SIGTERM, signal.SIGINT)
SEED = int(os.environ.get("REEVE_SEED", "0")) or random.randrange(1, 1 << 32)


def main():
    binary = os.path.abspath(sys.argv[1])
    home = reeve.scratch("signals")
    tally = reeve.Tally()
    rng = random.Random(SEED)
    try:
        directory = os.path.join(home, "pb_data")
        reeve.fresh(binary, directory)
        start_s = measure(binary, directory)
        for turn in range(ROUNDS):
            early(binary, directory, turn, rng.uniform(0, 1.3 * start_s), tally)
        for turn in range(ROUNDS // 3):
            at_banner(binary, directory, turn, tally)
        for turn in range(ROUNDS // 6):  # a directory that is just being made
            fresh = os.path.join(home, "fresh%d" % turn)
            early(binary, fresh, turn, rng.uniform(0, 1.3 * start_s), tally)
            served(binary, fresh, tally)
        served(binary, directory, tally)
    finally:
        reeve.remove(home)
    if tally.failed:
        print("REEVE_SEED=%d" % SEED)
    return tally.end()


def launch(binary, directory):
    return subprocess.Popen([binary, "serve", "--dir", directory, "--http", "127.0.0.1:0"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def measure(binary, directory):
    """How long a start takes here."""
    begin = time.monotonic()
    process = launch(binary, directory)
    process.stdout.readline()
    taken = time.monotonic() - begin
    process.terminate()
    process.communicate(timeout=reeve.STOP_S)
    return taken


def outcome(process):
    """What it still prints, but for the warning that it is root's."""
    out, err = process.communicate(timeout=reeve.STOP_S)
    return out, b"".join(line for line in err.splitlines(True) if b" warn process.is_root " not in line)


def ended(process, what, number, tally):
    out, err = outcome(process)
    fine = process.returncode == 0 or process.returncode == -number and not out
    tally.check(what, fine and not err, "status %d, printed %r, %r" % (process.returncode, out, err[-2000:]))


def early(binary, directory, turn, delay_s, tally):
    number = STOPS[turn % 2]
    process = launch(binary, directory)
    time.sleep(delay_s)  # any moment will do
    process.send_signal(number)
    ended(process, "signal %d after %.4f s" % (number, delay_s), number, tally)


def at_banner(binary, directory, turn, tally):
    """At once when it says that it serves, and again and again until it is gone."""
    process = launch(binary, directory)
    line = process.stdout.readline()
    while process.poll() is None:
        process.send_signal(STOPS[turn % 2])
    out, err = outcome(process)
    tally.check("signals from the banner on", process.returncode == 0 and b"Server started" in line and not err,
                "status %d, printed %r, %r" % (process.returncode, line + out, err[-2000:]))


def served(binary, directory, tally):
    with reeve.Server(binary, directory) as server:
        tally.check("served again", server.request("GET", "/api/health")[0] == 200)
        tally.check("stops cleanly", server.stop(), server.output())
    (fine,), = reeve.query(directory, "PRAGMA integrity_check")
    tally.check("the database is whole", fine == "ok", fine)


if __name__ == "__main__":
    sys.exit(main())
