#!/usr/bin/env python3
"""Runs the API cases beside it: run.py BINARY [--only TEXT] [--jobs N] [FILE...]

A case is data: a request, its status and parts of its body, in the same format as
../shared/conformance/README.md describes, with these differences:

- every case starts from a fresh directory that the server made itself, with fixtures/site.sql in it,
  but those that only read, with no setup and no args: they share one, and its server, unless they
  say that they want to be "alone";
- __TOKEN_name__ in a header stands for an auth token of that user, __TOKEN_root__ for a
  superuser's, __EXPIRED_name__ for one whose time is over, __FORGED_name__ for a wrong signature;
- "expectedJson" names values by path, as in {"items.0.title": "Hello", "totalItems": 2}; a
  path that ends in ".#" stands for a length, and null for an absent value too;
- "args" are options of the server, "expectedLog" parts of what it prints;
- there are no mails, no realtime clients and no OAuth2 providers.

Files are numbered, so that the most basic fails first. The last line is `N passed, N failed`.
"""

import argparse
import base64
import concurrent.futures
import glob
import json
import os
import re
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import reeve  # noqa: E402


ENDS = "the server of those that only read ends well"


class Mismatch(Exception):
    pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    cases = [c for c in load(args.files) if args.only in c["id"]]
    work = reeve.scratch("api")
    tally = reeve.Tally()
    try:
        base = reeve.fresh(args.binary, os.path.join(work, "base"))
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            reads = pool.submit(run_reads, args.binary, base, work, [c for c in cases if only_reads(c)])
            alone = [c for c in cases if not only_reads(c)]
            found = dict(zip([c["id"] for c in alone],
                             pool.map(lambda c: run(args.binary, base, work, c), alone)))
            found.update(reads.result())
        for name in [c["id"] for c in cases] + [ENDS]:
            tally.check(name, found[name] is None, found[name])
    finally:
        reeve.remove(work)
    return tally.end()


def load(files):
    cases, seen = [], set()
    for path in files or sorted(glob.glob(os.path.join(HERE, "*.json"))):
        with open(path, encoding="utf-8") as f:
            doc = json.load(f)
        if doc.get("format") != 1:
            sys.exit(path + ": unknown format")
        for case in doc["cases"]:
            if case["id"] in seen:
                sys.exit("two cases have the id " + case["id"])
            seen.add(case["id"])
            cases.append(case)
    return cases


def only_reads(case):
    return case["method"] in ("GET", "HEAD", "OPTIONS") and not any(
        case.get(k) for k in ("alone", "setup", "args", "expectedLog"))


def run_reads(binary, base, work, cases):
    """Of each case, None or why it failed; and of the end of the server that they share."""
    found = dict.fromkeys([case["id"] for case in cases], "its server has not begun")

    def all_of_them():
        with reeve.Server(binary, shutil.copytree(base, os.path.join(work, "reads"))) as server:
            found.update((case["id"], why(lambda: check(case, *send(server, case)))) for case in cases)
            if not server.stop():
                raise Mismatch("the server did not end well: " + server.output())
    found[ENDS] = why(all_of_them)
    return found


def run(binary, base, work, case):
    """None, or why the case failed."""
    directory = os.path.join(work, re.sub(r"\W", "-", case["id"]))
    try:
        return why(lambda: run_alone(binary, base, directory, case))
    finally:
        reeve.remove(directory)


def run_alone(binary, base, directory, case):
    shutil.copytree(base, directory)
    for step in case.get("setup", []):
        if "sql" in step:
            reeve.run_sql(directory, step["db"], ";\n".join(step["sql"]))
    with reeve.Server(binary, directory, *case.get("args", [])) as server:
        for step in case.get("setup", []):
            if "request" in step:
                send(server, step["request"])
        check(case, *send(server, case))
        for part in case.get("expectedLog", []):
            if part not in server.output():
                raise Mismatch("%r is not in the log" % part)
        if not server.stop():
            raise Mismatch("the server did not end well: " + server.output())


def why(act):
    """None, or why it failed."""
    try:
        act()
    except Mismatch as e:
        return str(e)
    except Exception as e:  # one broken case must not end the run
        return "%s: %s" % (type(e).__name__, e)
    return None


def send(server, request):
    headers = {k: fill(server.dir, v) for k, v in request.get("headers", {}).items()}
    spec = request.get("body", {})
    body = None
    if "text" in spec:
        body = spec["text"].encode("utf-8", "surrogateescape")
    elif "json" in spec:
        body = json.dumps(spec["json"], ensure_ascii=False).encode()
        headers.setdefault("content-type", "application/json")
    elif "base64" in spec:
        body = base64.b64decode(spec["base64"])
    elif "zeros" in spec:
        body = bytes(spec["zeros"])
    return server.request(request["method"], request["url"], body, headers)


def fill(directory, text):
    def one(match):
        claims, secret = reeve.token_parts(directory, match[2])
        if match[1] == "EXPIRED":
            claims["exp"] = 1000000000
        if match[1] == "FORGED":
            secret += "x"
        return reeve.sign(claims, secret)

    return re.sub(r"__(TOKEN|EXPIRED|FORGED)_([a-z]+)__", one, text)


def check(case, status, raw, headers):
    text = raw.decode("utf-8", "replace")
    if status != case["expectedStatus"]:
        raise Mismatch("status %d, not %d: %s" % (status, case["expectedStatus"], text[:600]))
    for part in case.get("expectedContent", []):
        if part not in text:
            raise Mismatch("%r is not in %s" % (part, text[:600]))
    for part in case.get("notExpectedContent", []):
        if part in text:
            raise Mismatch("%r is in %s" % (part, text[:600]))
    wanted = case.get("expectedJson", {})
    if wanted:
        doc = json.loads(text)
        for path, value in wanted.items():
            got = pick(doc, path)
            if got != value or isinstance(got, bool) != isinstance(value, bool):
                raise Mismatch("%s is %r, not %r, in %s" % (path, got, value, text[:600]))
    elif not case.get("expectedContent") and not case.get("notExpectedContent") and text:
        raise Mismatch("a body where none was expected: " + text[:600])
    for step in case.get("after", []):
        got = headers.get(step["header"]) or ""
        if got != step.get("equals", got) or step.get("contains", "") not in got:
            raise Mismatch("header %s is %r" % (step["header"], got))


def pick(doc, path):
    for part in path.split(".") if path else []:
        if part == "#":
            return len(doc)
        if isinstance(doc, list):
            doc = doc[int(part)] if int(part) < len(doc) else None
        else:
            doc = doc.get(part) if isinstance(doc, dict) else None
    return doc


if __name__ == "__main__":
    sys.exit(main())
