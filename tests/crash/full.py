#!/usr/bin/env python3
"""full.py BINARY

A disk that is full: writes are refused with 503 and said so in the log once a second, however many
there are; reads go on; once there is room, writes are taken again. Of an upload during which it fills
up there is nothing left, or all of it. Needs root, for a small tmpfs.
"""

import glob
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

ENTRIES = "/api/collections/entries/records"
DOCS = "/api/collections/docs/records"
LARGE = 1 << 20
FORM = (b'--x\r\nContent-Disposition: form-data; name="one"; filename="a.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\n" + b"text " * 1000 + b"\r\n--x--\r\n")


def main():
    binary = os.path.abspath(sys.argv[1])
    home = reeve.scratch("full")
    disk = os.path.join(home, "disk")
    tally = reeve.Tally()
    os.mkdir(disk)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", disk], capture_output=True).returncode:
        print("not run: a small file system could not be mounted")
        reeve.remove(home)
        return tally.end()
    try:
        directory = reeve.fresh(binary, os.path.join(disk, "data"))
        reeve.set_batch(directory, enabled=True)
        with reeve.Server(binary, directory, log=os.path.join(home, "log")) as server:
            server.request("POST", "/api/collections", {
                "name": "docs", "type": "base", "createRule": "", "updateRule": "",
                "fields": [{"name": "one", "type": "file"}]},
                {"Authorization": reeve.token(directory, "root")})
            for name, ask, status, count in (("writes", write, 503, 60), ("batches", batch, 503, 60),
                                             ("uploads", upload, 503, 60), ("logins", login, 200, 12)):
                refused(server, disk, name, ask, status, count, tally)
            in_the_middle(server, disk, tally)
            tally.check("stops cleanly", server.stop(), server.output())
    finally:
        subprocess.run(["umount", disk], check=True)
        reeve.remove(home)
    return tally.end()


def write(server):
    return server.request("POST", ENTRIES, {"title": "x" * 3000})[0]


def batch(server):
    return server.request("POST", "/api/batch", {"requests": [
        {"method": "POST", "url": ENTRIES, "body": {"title": "x" * 3000}}]})[0]


def login(server):
    """Notes where it came from, which it can do without."""
    return server.request("POST", "/api/collections/_superusers/auth-with-password",
                          {"identity": reeve.ROOT[0], "password": reeve.ROOT[1]})[0]


def upload(server):
    return server.request("POST", DOCS, FORM, {"Content-Type": "multipart/form-data; boundary=x"})[0]


def in_the_middle(server, disk, tally):
    """The disk fills up somewhere in a large upload: as it comes, or as it is stored."""
    ident = json.loads(send_large(server, "POST", DOCS)[1])["id"]
    seen = set()
    for room in (4096, 100000, 300000, 600000, LARGE - 4096, LARGE + 4096, LARGE + 200000, 2 * LARGE):
        for method, path in (("POST", DOCS), ("PATCH", DOCS + "/" + ident)):
            fill(disk)
            os.truncate(os.path.join(disk, "filler"), os.path.getsize(os.path.join(disk, "filler")) - room)
            status = send_large(server, method, path)[0]
            os.unlink(os.path.join(disk, "filler"))
            seen.add(status)
            tally.check("a large %s with room for %d" % (method, room), status in (200, 503), status)
            try:
                reeve.until("the storage is what the records name", lambda: is_tidy(server.dir))
                tally.check("it leaves nothing, or all of it", True)
            except RuntimeError as e:
                tally.check("it leaves nothing, or all of it", False, e)
    tally.check("some had room, some had not", seen == {200, 503}, seen)


def send_large(server, method, path):
    body = FORM.replace(b"text " * 1000, b"x" * LARGE)
    return server.request(method, path, body, {"Content-Type": "multipart/form-data; boundary=x"})


def is_tidy(directory):
    wanted = {os.path.join(ident, name) for ident, name in reeve.query(directory, "SELECT id, one FROM docs")}
    top, = glob.glob(os.path.join(directory, "storage", "*"))
    there = {os.path.relpath(path, top) for path in glob.glob(os.path.join(top, "*", "*"))}
    return there == wanted | {name + ".attrs" for name in wanted} and \
        not os.listdir(os.path.join(directory, ".pb_temp_to_delete"))


def fill(disk):
    with open(os.path.join(disk, "filler"), "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"f" * size)
            except OSError:
                pass


def lines(server, begin):
    with open(server.log, encoding="utf-8") as log:
        log.seek(begin)
        return log.read().splitlines()


def refused(server, disk, name, ask, status, count, tally):
    tally.check(name + " are taken", ask(server) == 200, server.output())
    fill(disk)
    begin, begun = os.path.getsize(server.log), time.monotonic()
    got = [ask(server) for _ in range(count)]
    said, took_s = lines(server, begin), time.monotonic() - begun
    tally.check("%s are answered %d" % (name, status), set(got) == {status}, repr(got))
    tally.check(name + ": one line a second", len(said) <= 2 + took_s, "\n".join(said[:10]))
    try:
        reeve.until("a line tells of those left out", lambda: ask(server) and any(
            " suppressed=" in line for line in lines(server, begin)))
        tally.check(name + ": what was left out is counted", True)
    except RuntimeError as e:
        tally.check(name + ": what was left out is counted", False, str(e))
    tally.check(name + " leave reads alone", server.request("GET", ENTRIES)[0] == 200)
    os.unlink(os.path.join(disk, "filler"))
    tally.check(name + " are taken again", ask(server) == 200, server.output())


if __name__ == "__main__":
    sys.exit(main())
