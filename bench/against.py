"""Two builds of the server in turn: ./dev bench --against OTHER_BINARY.

Each round measures every kind of request on both, on directories with the same content; the order
changes from round to round, so that neither always runs on the warmer machine. What counts is the
median of the ratios of the rounds: processor time a request, and requests a second.
"""

import os
import shutil
import statistics

import load
import reeve


def compare(args, mine, home):
    """Prints a line for each kind of request; mine: this tree's binary."""
    other = os.path.abspath(args.against)
    model = load.filled(mine, os.path.join(home, "model"), args.rows)
    scripts = {"health": ("/api/health", None),
               "point read by id": (load.RECORDS, load.point_script(home, args.rows)),
               "list of 30, skipTotal=1": (load.LIST, None),
               "the same, fields=id,title": (load.LIST + "&fields=id,title", None),
               "insert, 64 in flight, FULL": (load.RECORDS, load.insert_script(home))}
    seen = {name: [] for name in scripts}
    print("%-28s %26s  %26s" % ("", "this build", "other build"))
    for number in range(args.rounds):
        order = (mine, other) if number % 2 == 0 else (other, mine)
        found = {binary: serve(args, binary, model, home, scripts) for binary in order}
        for name in scripts:
            seen[name].append(found[mine][name] + found[other][name])
    for name, rounds in seen.items():
        report(name, rounds)


def serve(args, binary, model, home, scripts):
    """name -> (requests a second, microseconds of processor time a request) on a fresh copy."""
    directory = os.path.join(home, "copy")
    shutil.copytree(model, directory)
    try:
        with reeve.Server(binary, directory) as server:
            return {name: load.load(args.seconds, server.port, server.process.pid, path, script)
                    for name, (path, script) in scripts.items()}
    finally:
        reeve.remove(directory)


def report(name, rounds):
    rate, cpu, other_rate, other_cpu = (statistics.median(x) for x in zip(*rounds))
    print("%-28s %9.0f /s %8.1f us CPU  %9.0f /s %8.1f us CPU   CPU %.3f, rate %.3f" % (
        name, rate, cpu, other_rate, other_cpu,
        statistics.median(r[1] / r[3] for r in rounds),
        statistics.median(r[0] / r[2] for r in rounds)), flush=True)
