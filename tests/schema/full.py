#!/usr/bin/env python3
"""full.py BINARY

A disk that fills up while a change converts a column: the change is refused with 503 and leaves schema
and values as they were, reads go on, and once there is room it is made. Needs root, for a small tmpfs.
"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

COLLECTION = "/api/collections/boxes"
RECORDS = COLLECTION + "/records"
ROWS = 4000  # of some 400 bytes: a conversion writes more than a megabyte
ROOMS = (0, 1 << 14, 1 << 17, 1 << 19)  # bytes that are left when it begins
DISK = "size=16m"


def definition(many):
    return {"name": "boxes", "type": "base", "listRule": "", "viewRule": "", "fields": [
        {"id": "f_name", "name": "name", "type": "text"},
        {"id": "f_pick", "name": "pick", "type": "select", "values": ["x", "y"], "maxSelect": 1 + many}]}


def fill(disk, room):
    path = os.path.join(disk, "filler")
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"f" * size)
            except OSError:
                pass
    os.truncate(path, os.path.getsize(path) - room)


class Site:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.root = {"Authorization": reeve.token(server.dir, "root")}

    def change(self, many):
        return self.server.request("PATCH", COLLECTION, definition(many), self.root)[0]

    def values(self):
        """The schema, and of how many records pick is what."""
        fields = json.loads(self.server.request("GET", COLLECTION, None, self.root)[1])["fields"]
        counts = {}
        for page in range(1, ROWS // 1000 + 1):
            text = self.server.request("GET", RECORDS + "?perPage=1000&page=%d" % page)[1]
            for one in json.loads(text)["items"]:
                key = json.dumps(one["pick"])
                counts[key] = counts.get(key, 0) + 1
        return fields, counts

    def refused(self, disk, room):
        many = self.values()[1].get('"x"') is not None
        name = "%d bytes left: " % room
        before = self.values()
        fill(disk, room)
        status = self.change(many)
        self.tally.check(name + "refused", status == 503, "%d" % status)
        self.tally.check(name + "nothing is changed", self.values() == before, repr(self.values())[:600])
        os.unlink(os.path.join(disk, "filler"))
        status, text = self.change(many), ('["x"]', '["y"]') if many else ('"x"', '"y"')
        self.tally.check(name + "then made", status == 200 and self.values()[1] == dict.fromkeys(
            text, ROWS // 2), "%d %r" % (status, self.values()))


def main():
    binary = os.path.abspath(sys.argv[1])
    home = reeve.scratch("full")
    disk = os.path.join(home, "disk")
    tally = reeve.Tally()
    os.mkdir(disk)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", DISK, "none", disk], capture_output=True).returncode:
        print("not run: a small file system could not be mounted")
        reeve.remove(home)
        return tally.end()
    try:
        directory = reeve.fresh(binary, os.path.join(disk, "data"), site=False)
        with reeve.Server(binary, directory, log=os.path.join(home, "log")) as server:
            site = Site(server, tally)
            server.request("POST", "/api/collections", definition(False), site.root)
            reeve.run_sql(directory, "data", """WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1
                FROM c WHERE n < %d) INSERT INTO boxes (id, name, pick)
                SELECT printf('%%015d', n), hex(zeroblob(200)), substr('xy', n %% 2 + 1, 1) FROM c;""" % ROWS)
            for room in ROOMS:
                site.refused(disk, room)
            tally.check("stops cleanly", server.stop(), server.output())
    finally:
        subprocess.run(["umount", disk], check=True)
        reeve.remove(home)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
