"""A server with a collection of files, and what its storage holds."""

import glob
import json
import os
import time

import reeve

RECORDS = "/api/collections/docs/records"
SOON_S = 10
LARGE = 96 << 20
FIELDS = [
    {"name": "title", "type": "text", "max": 20},
    {"name": "one", "type": "file", "maxSelect": 1, "maxSize": LARGE * 2},
    {"name": "many", "type": "file", "maxSelect": 3, "maxSize": 1000},
    {"name": "pic", "type": "file", "maxSelect": 1, "mimeTypes": ["image/png"]},
]


class Site:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.root = {"authorization": reeve.token(server.dir, "root")}
        open_rules = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule",
                                    "deleteRule"), "")
        status, body, _ = server.request("POST", "/api/collections", {
            "name": "docs", "type": "base", "fields": FIELDS, **open_rules}, self.root)
        tally.check("makes a collection", status == 200, body)
        self.col = json.loads(body)["id"]

    def send(self, method, path, parts, query=""):
        status, body, _ = self.server.request(method, path + query, form(parts), {
            "content-type": "multipart/form-data; boundary=XX"})
        return status, json.loads(body) if body else None

    def make(self, *parts):
        status, record = self.send("POST", RECORDS, parts)
        self.tally.check("creates", status == 200, record)
        return record

    def names(self):
        rows = reeve.query(self.server.dir, "SELECT id, one, many, pic FROM docs")
        return sorted((row[0], name) for row in rows
                      for name in [row[1], *json.loads(row[2]), row[3]] if name)

    def on_disk(self):
        top = os.path.join(self.server.dir, "storage", self.col)
        return sorted(tuple(os.path.relpath(path, top).split(os.sep))
                      for path in glob.glob(top + "/**", recursive=True) if os.path.isfile(path))

    def temporary(self):
        return os.listdir(os.path.join(self.server.dir, ".pb_temp_to_delete")) \
            if os.path.isdir(os.path.join(self.server.dir, ".pb_temp_to_delete")) else []

    def path(self, record, name):
        return os.path.join(self.server.dir, "storage", self.col, record["id"], name)

    def tidy(self, name):
        """Removing is done in the background: soon, the storage is what the records name."""
        wanted = sorted(f for i, n in self.names() for f in ((i, n), (i, n + ".attrs")))
        until = time.monotonic() + SOON_S
        there, temporary = self.on_disk(), self.temporary()
        while (there != wanted or temporary) and time.monotonic() < until:
            time.sleep(0.01)
            there, temporary = self.on_disk(), self.temporary()
        self.tally.check(name, there == wanted and not temporary, "differs in %r; %r" % (
            sorted(set(there) ^ set(wanted)), temporary))

    def gone(self, name, folder, left):
        """So many of a collection's records have files soon; none: its folder is gone."""
        def there():
            try:
                return len(os.listdir(folder))
            except FileNotFoundError:  # asked first, it may go before it is listed
                return 0
        until = time.monotonic() + SOON_S
        while (there() != left or (left == 0 and os.path.exists(folder))) and \
                time.monotonic() < until:
            time.sleep(0.01)
        ok = there() == left and (left > 0 or not os.path.exists(folder))
        self.tally.check(name, ok, list(os.walk(folder)))


def form(parts):
    out = b""
    for name, value, *file_name in parts:
        out += b'--XX\r\nContent-Disposition: form-data; name="' + name.encode() + b'"'
        if file_name:
            out += b'; filename="' + raw(file_name[0]) + b'"'
        out += b"\r\n\r\n" + raw(value) + b"\r\n"
    return out + b"--XX--\r\n"


def raw(value):
    return value if isinstance(value, bytes) else value.encode()


def head(length, method="POST"):
    return ("%s %s HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=XX\r\n%s\r\n"
            % (method, RECORDS, length)).encode()


def read_all(s):
    out = b""
    while True:
        piece = s.recv(65536)
        if not piece:
            return out
        out += piece
