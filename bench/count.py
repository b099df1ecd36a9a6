#!/usr/bin/env python3
"""count.py PROGRAM [--baseline FILE [--write]]: instructions a request, counted by callgrind.

PROGRAM is build/bench/count. The kinds of requests run one after the other against a fresh site with a
few hundred records; each is counted once what it needs is made. The counts are compared with the
baseline where compiler and libraries are the baseline's: more than MOST_MORE is a failure. Else they are only
printed. What threads in the background do meanwhile (a checkpoint) only adds, so where a count is too high, the
lower one of two counts. --write makes a new baseline. The last line is `N passed, N failed`.
"""

import argparse
import glob
import json
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "support"))
import reeve  # noqa: E402

MOST_MORE = 0.05
WARM, COUNTED = 30, 102
LIMIT_S = 300
ROWS = 300
# Of requests that come as fast as they do where it counts, almost none has a log entry of its own.
NO_ENTRIES = "INSERT INTO _params (id, value) VALUES ('reeve', '{\"logs\": {\"rate\": 0}}');"
HIGH_LIMIT = {"enabled": True, "rules": [{"label": "/api/", "maxRequests": 100000000, "duration": 60}]}
SITE = """WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d)
  INSERT INTO entries (id, title, body, n) SELECT 'e' || printf('%%014d', n), 'title ' || n, 'body ' || n, n FROM c;
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d)
  INSERT INTO posts (id, title, state, author)
  SELECT 'p' || printf('%%014d', n), 'title ' || n, 'published', 'reeveanna000000' FROM c;""" % (ROWS, ROWS)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--baseline", default=os.path.join(TOP, "bench", "counts.json"))
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    home = reeve.scratch("count")
    try:
        counts = count(os.path.abspath(args.program), os.path.join(home, "first"))
        if args.write or any(above(counts, args).values()):
            again = count(os.path.abspath(args.program), os.path.join(home, "second"))
            counts = {name: min(n, again[name]) for name, n in counts.items()}
    finally:
        reeve.remove(home)
    if args.write:
        with open(args.baseline, "w", encoding="ascii") as f:
            json.dump({"made_with": tools(args.program), "counts": counts}, f, indent=1)
            f.write("\n")
    return compare(counts, args)


def count(program, home):
    """{kind: instructions a request}"""
    directory = os.path.join(home, "data")
    os.makedirs(home)
    reeve.fresh(os.path.join(os.path.dirname(os.path.dirname(program)), "reeve"), directory)
    reeve.run_sql(directory, "data", SITE + NO_ENTRIES)
    requests = os.path.join(home, "requests")
    with open(requests, "wb") as f:
        for name, make in kinds(directory):
            f.write(b"kind %s %d %d\n" % (name.encode(), WARM, COUNTED))
            for n in range(WARM + COUNTED):
                request = make(n)
                f.write(b"%d\n%s" % (len(request), request))
    subprocess.run(["valgrind", "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=" + home + "/out",
                    program, requests, "serve", "--dir", directory, "--http", "127.0.0.1:%d" % reeve.free_port(),
                    "--threads", "1"], check=True, timeout=LIMIT_S, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    found = {}
    for path in glob.glob(home + "/out.*"):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        name = re.search(r"^desc: Trigger: Client Request: (\S+)$", text, re.M)
        totals = re.search(r"^totals: (\d+)", text, re.M)
        if name and totals:
            found[name[1]] = int(totals[1]) // (COUNTED - 2)
    return {name: found[name] for name, _ in kinds(directory)}


def kinds(directory):
    root, anna = reeve.token(directory, "root"), reeve.token(directory, "anna")

    def http(method, path, body=None, token=None):
        head = "%s %s HTTP/1.1\r\nHost: a\r\n" % (method, path)
        if token:
            head += "Authorization: %s\r\n" % token
        if body is None:
            return (head + "\r\n").encode()
        text = json.dumps(body)
        return (head + "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)).encode()

    entries, posts = "/api/collections/entries/records", "/api/collections/posts/records"
    return (
        ("health", lambda n: http("GET", "/api/health")),
        ("guest-read", lambda n: http("GET", "%s/e%014d" % (entries, n % ROWS + 1))),
        ("read-with-token", lambda n: http("GET", "%s/e%014d" % (entries, n % ROWS + 1), token=anna)),
        ("read-under-rule", lambda n: http("GET", "%s/p%014d" % (posts, n % ROWS + 1), token=anna)),
        ("list", lambda n: http("GET", entries + "?perPage=30&skipTotal=1")),
        ("list-with-expand", lambda n: http("GET", posts + "?perPage=10&skipTotal=1&expand=author", token=anna)),
        ("filter", lambda n: http("GET", entries + "?perPage=1&skipTotal=1&filter=n%%3D%d" % (n % ROWS + 1))),
        ("create", lambda n: http("POST", entries, {"title": "a title", "body": "b" * 60, "n": n})),
        ("update", lambda n: http("PATCH", "%s/e%014d" % (entries, n % ROWS + 1), {"n": n}, root)),
        ("delete", lambda n: http("DELETE", "%s/e%014d" % (entries, n + 1), token=root)),
        ("refresh", lambda n: http("POST", "/api/collections/_superusers/auth-refresh", {}, root)),
        # what the first request says: from here on there are limits, which nobody reaches; what is left is read
        ("limited-read", lambda n: http("GET", "%s/e%014d" % (entries, ROWS - n % 100)) if n else
            http("PATCH", "/api/settings", {"rateLimits": HIGH_LIMIT}, root)),
    )


def tools(program):
    """What the counts depend on beside the sources: compiler and libraries."""
    comment = subprocess.run(["readelf", "-p", ".comment", program], capture_output=True, text=True, check=True)
    libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    paths = sorted(re.findall(r"=> (/\S+)", libraries))
    packages = {subprocess.run(["dpkg", "-S", os.path.realpath(path)], capture_output=True, text=True).stdout.split(":")[0]
                for path in paths}
    versions = subprocess.run(["dpkg-query", "-W", *sorted(filter(None, packages))], capture_output=True, text=True).stdout
    return {"compiler": sorted(re.findall(r"GCC: .*|clang .*", comment.stdout)), "libraries": versions.split("\n")[:-1]}


def read_baseline(args):
    """{kind: instructions}, and whether they were counted with the same tools."""
    try:
        with open(args.baseline, encoding="ascii") as f:
            baseline = json.load(f)
    except FileNotFoundError:
        return {}, False
    return baseline["counts"], baseline["made_with"] == tools(args.program)


def above(counts, args):
    """{kind: whether there are more than may be}"""
    baseline, same = read_baseline(args)
    return {name: same and n > baseline.get(name, n) * (1 + MOST_MORE) for name, n in counts.items()}


def compare(counts, args):
    tally = reeve.Tally()
    baseline, same = read_baseline(args)
    if not same:
        print("the baseline was made with other tools: nothing fails")
    for name, n in counts.items():
        before = baseline.get(name)
        print("%-18s %9d instructions%s" % (name, n, "  %+.1f %%" % (100 * (n / before - 1)) if before else ""))
        tally.check(name, not above(counts, args)[name], "%d, the baseline has %s" % (n, before))
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
