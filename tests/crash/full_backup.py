#!/usr/bin/env python3
"""full_backup.py BINARY

A disk that fills up while backups are made, uploaded and restored: what had no room is told, is in no
list and leaves nothing behind; writes go on meanwhile; a restore that has no room changes nothing.
Needs root, for a small tmpfs.
"""

import errno
import json
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

BACKUPS = "/api/backups"
ENTRIES = "/api/collections/entries/records"
DISK = 160 << 20
LEFT_FREE = 64 << 20  # of a disk, by a restore
ROWS = 4000  # of 2 kB that cannot be packed; what is made of them takes that much twice
MB = 1 << 20
TYPE = {"Content-Type": "multipart/form-data; boundary=x"}


def main():
    binary = os.path.abspath(sys.argv[1])
    home = reeve.scratch("full-backup")
    disk = os.path.join(home, "disk")
    tally = reeve.Tally()
    os.mkdir(disk)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % DISK, "none", disk], capture_output=True).returncode:
        print("not run: a small file system could not be mounted")
        reeve.remove(home)
        return tally.end()
    try:
        directory = reeve.fresh(binary, os.path.join(disk, "data"))
        with reeve.Server(binary, directory, log=os.path.join(home, "log")) as server:
            site = Site(server, disk, tally)
            site.nothing_is_left()
            site.fill_table()
            site.makes()
            site.uploads()
            site.restores()
            tally.check("stops cleanly", server.stop(), server.output())
    finally:
        subprocess.run(["umount", disk], check=True)
        reeve.remove(home)
    return tally.end()


class Site:
    def __init__(self, server, disk, tally):
        self.server, self.disk, self.tally = server, disk, tally
        self.filler = os.path.join(disk, "filler")
        self.root = {"Authorization": reeve.token(server.dir, "root")}

    def send(self, method, path, body=None, headers=None):
        status, raw, _ = self.server.request(method, path, body, {**self.root, **(headers or {})}, timeout=60)
        return status, json.loads(raw) if raw else None

    def counted(self):
        """How many have failed since a good one, for whoever watches; and the keys of those that are told."""
        status, raw, _ = self.server.request("GET", "/api/reeve/metrics", None, self.root)
        since = [line for line in raw.decode().splitlines() if line.startswith("reeve_backup_failures_since_success ")]
        failed = self.send("GET", "/api/reeve/backups")[1]["failed"]
        return float(since[0].split()[1]) if since else None, sorted(item["key"] for item in failed)

    def nothing_is_left(self):
        """Without room for a row about it a failure is counted as well, and written down later."""
        self.tally.check("the first one", self.send("POST", BACKUPS, {"name": "first.zip"})[0] == 204)
        self.tally.check("none has failed", self.counted() == (0, []), self.counted())
        self.leave(0)
        names = ["none%d.zip" % n for n in range(3)]
        for name in names:
            self.tally.check("one on a full disk", self.send("POST", BACKUPS, {"name": name})[0] == 400)
        self.tally.check("each is counted", self.counted() == (3, names), self.counted())
        written = self.rows()
        self.tally.check("though none is written down", not set(names) & written, written)
        self.free()
        self.tally.check("with room again", self.send("POST", BACKUPS, {"name": "again.zip"})[0] == 204)
        self.tally.check("all of it is told", self.counted() == (0, names), self.counted())
        written = self.rows()
        self.tally.check("and written down", written == {"first.zip", "again.zip", *names}, written)
        for name in ("first.zip", "again.zip"):
            self.tally.check("it goes", self.send("DELETE", BACKUPS + "/" + name)[0] == 204)
        self.tidy("a full disk")

    def rows(self):
        return {key for key, in reeve.query(self.server.dir, "SELECT key FROM _reeve_backups")}

    def fill_table(self):
        status, answer = self.send("POST", "/api/sql", {"query": """
            INSERT INTO entries (id, title) WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d)
            SELECT printf('%%015d', n), hex(randomblob(1000)) FROM c""" % ROWS})
        self.tally.check("a table of some size", status == 200, answer)

    def leave(self, room):
        """That many bytes of the disk, all else is taken."""
        reeve.until("%d bytes are left" % room, lambda: self.take_all_but(room))

    def take_all_but(self, room):
        """Whether it did: the server may take some between the look at what is free and the taking."""
        self.free()
        disk = os.statvfs(self.disk)
        with open(self.filler, "wb") as f:
            try:
                os.posix_fallocate(f.fileno(), 0, disk.f_bavail * disk.f_bsize - room)
            except OSError as e:
                if e.errno != errno.ENOSPC:
                    raise
                return False
        return True

    def free(self):
        if os.path.exists(self.filler):
            os.unlink(self.filler)

    def keys(self):
        return {item["key"] for item in self.send("GET", BACKUPS)[1]}

    def leftovers(self):
        """What is in the folders that hold what is under way."""
        found = []
        for name in (".pb_temp_to_delete", ".reeve_restore"):
            for _, _, names in os.walk(os.path.join(self.server.dir, name)):
                found += names
        return found

    def is_tidy(self):
        return not self.leftovers()

    def tidy(self, what):
        try:
            reeve.until("nothing is left: %s" % what, self.is_tidy)
            self.tally.check("%s leaves nothing behind" % what, True)
        except RuntimeError:
            self.tally.check("%s leaves nothing behind" % what, False, self.leftovers())

    def makes(self):
        self.tally.check("with room", self.send("POST", BACKUPS, {"name": "whole.zip"})[0] == 204)
        seen = set()
        for n, room in enumerate((MB // 2, 4 * MB, 7 * MB, 9 * MB, 10 * MB, 12 * MB, 14 * MB, 18 * MB)):
            name, what = "b%d.zip" % n, "with room for %d kB" % (room // 1000)
            self.leave(room)
            written = self.beside(lambda: seen.add(self.make(name, what)))
            self.free()
            self.tally.check(what + " others are answered", written and written <= {200, 503}, written)
            self.tally.check(what + " no torn one is listed", self.keys() == {"whole.zip"}, self.keys())
            self.tidy("a backup " + what)
        self.tally.check("some had room, some had not", seen == {204, 400}, seen)
        status, answer = self.send("POST", "/api/reeve/backups/whole.zip/verify")
        self.tally.check("the first one is whole", status == 200 and answer["rows"] > ROWS, answer)
        self.tally.check("a write, with room", self.send("POST", ENTRIES, {"title": "t"})[0] == 200)

    def make(self, name, what):
        """The status; what was made is looked at, and goes."""
        status, answer = self.send("POST", BACKUPS, {"name": name})
        if status != 204:
            reason = self.reason(name)
            self.tally.check(what + " the reason is told", "full" in reason or "disk" in reason or "space" in reason,
                             (answer, reason))
            return status
        status, answer = self.send("POST", "/api/reeve/backups/%s/verify" % name)
        self.tally.check(what + " it is whole, as far as there is room to see",
                         status == 200 or "that there is room for" in answer["message"], answer)
        self.tally.check(what + " it can go", self.send("DELETE", BACKUPS + "/" + name)[0] == 204)
        return 204

    def reason(self, name):
        """In the history; where there was no room to write even that down, in the log."""
        for item in self.send("GET", "/api/reeve/backups")[1]["failed"]:
            if item["key"] == name:
                return item["error"]
        with open(self.server.log, encoding="utf-8") as log:
            return next((line for line in log if "backup.failed" in line and name in line), "")

    def beside(self, run):
        """The statuses of writes beside it."""
        seen, done = set(), threading.Event()

        def write():
            while not done.is_set():
                seen.add(self.server.request("POST", ENTRIES, {"title": "beside"})[0])
                done.wait(0.02)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            run()
        finally:
            done.set()
            thread.join()
        return seen

    def uploads(self):
        with open(os.path.join(self.server.dir, "backups", "whole.zip"), "rb") as f:
            archive = f.read()
        body = (b'--x\r\nContent-Disposition: form-data; name="file"; filename="up.zip"\r\n'
                b"Content-Type: application/zip\r\n\r\n" + archive + b"\r\n--x--\r\n")
        for room in (4096, len(archive) // 2, len(archive) - 4096):
            self.leave(room)
            try:
                status = self.send("POST", BACKUPS + "/upload", body, TYPE)[0]
            except OSError:  # it is refused before it is all there
                status = 503
            self.free()
            self.tally.check("an upload without room is refused", status in (400, 503), status)
            self.tally.check("and not listed", self.keys() == {"whole.zip"}, self.keys())
            self.tidy("an upload")
        self.tally.check("an upload with room", self.send("POST", BACKUPS + "/upload", body, TYPE)[0] == 204)
        self.tally.check("is deleted", self.send("DELETE", BACKUPS + "/up.zip")[0] == 204)

    def restores(self):
        before = self.send("GET", ENTRIES + "?perPage=1")[1]["totalItems"]
        with open(self.server.log, encoding="utf-8") as log:
            log.seek(0, os.SEEK_END)
            for room in (4096, LEFT_FREE, LEFT_FREE + 8 * MB):
                self.leave(room)
                self.tally.check("a restore is begun", self.send("POST", BACKUPS + "/whole.zip/restore")[0] == 204)
                try:
                    reeve.until("the restore has failed", lambda: "restore.failed" in log.read())
                    self.tally.check("a restore without room fails", True)
                except RuntimeError as e:
                    self.tally.check("a restore without room fails", False, e)
                self.free()
                status, answer = self.send("GET", ENTRIES + "?perPage=1")
                self.tally.check("all is as it was", status == 200 and answer["totalItems"] == before, answer)
                self.tidy("a restore")


if __name__ == "__main__":
    sys.exit(main())
