"""A server whose files are in S3, and a collection `docs` of records with files."""

import http.client
import json
import os
import socket

import reeve

BOUNDARY = b"reeveboundary"
RECORDS = "/api/collections/docs/records"
MAX = 300 << 20
THUMB = "70x50"
COLLECTION = {"name": "docs", "type": "base", "viewRule": "", "fields": [
    {"name": "title", "type": "text", "max": 10},
    {"name": "one", "type": "file", "maxSelect": 1, "maxSize": MAX, "thumbs": [THUMB]},
    {"name": "many", "type": "file", "maxSelect": 9, "maxSize": MAX}]}


def form(parts):
    """(key, value) or (key, bytes, file name) each."""
    out = b""
    for key, value, *name in parts:
        head = 'Content-Disposition: form-data; name="%s"' % key
        head += '; filename="%s"' % name[0] if name else ""
        data = value if isinstance(value, bytes) else value.encode()
        out += b"--%s\r\n%s\r\n\r\n%s\r\n" % (BOUNDARY, head.encode(), data)
    return out + b"--%s--\r\n" % BOUNDARY


class Site:
    def __init__(self, server, s3, tally, options):
        self.server, self.s3, self.tally = server, s3, tally
        self.reference, self.bounds = options.reference, options.bounds
        self.root = {"Authorization": reeve.token(server.dir, "root")}
        status, body = self.ask("POST", "/api/collections", COLLECTION)
        if status != 200:
            raise RuntimeError("no collection: %d %r" % (status, body))
        self.col = json.loads(body)["id"]

    def ask(self, method, path, body=None):
        """(status, body) as the superuser."""
        return self.server.request(method, path, body, self.root, timeout=300)[:2]

    def send(self, *parts, record=None):
        """(status, record): creates, or updates the one given."""
        path = RECORDS + ("/" + record["id"] if record else "")
        status, body, _ = self.server.request("PATCH" if record else "POST", path, form(parts), {
            **self.root, "Content-Type": "multipart/form-data; boundary=" + BOUNDARY.decode()}, timeout=300)
        return status, json.loads(body)

    def make(self, *parts, record=None):
        status, made = self.send(*parts, record=record)
        if status != 200:
            raise RuntimeError("%d %r" % (status, made))
        return made

    def url(self, record, name):
        return "/api/files/docs/%s/%s" % (record["id"], name)

    def get(self, path, method="GET", **headers):
        """(status, body, headers) as anybody."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.server.request(method, path, None, headers, timeout=300)

    def key(self, record, name):
        return "%s/%s/%s" % (self.col, record["id"], name)

    def settings(self, **members):
        status, body = self.ask("PATCH", "/api/settings", {"s3": members})
        if status != 200:
            raise RuntimeError("settings: %d %r" % (status, body))
        return json.loads(body)

    def use_s3(self, **other):
        return self.settings(**self.s3.settings(**other))

    def local(self):
        """Keys of the files on the server's own disk."""
        top = os.path.join(self.server.dir, "storage")
        return {os.path.relpath(os.path.join(root, name), top) for root, _, names in os.walk(top)
                for name in names if not name.endswith(".attrs")}

    def keys(self):
        return set(self.s3.objects())

    def gone(self, what, *keys):
        """Removing may go on behind the answer."""
        try:
            reeve.until(what, lambda: not self.keys() & set(keys))
        except RuntimeError as e:
            self.same(what, str(e), None)
        else:
            self.same(what, None, None)

    def same(self, what, got, wanted):
        return self.tally.check(what, got == wanted, "%.400r, not %.400r" % (got, wanted))

    def rows(self):
        return json.loads(self.ask("GET", RECORDS + "?perPage=1")[1])["totalItems"]

    def upload_head(self, size):
        """Of a request that makes a record, by hand."""
        return ("POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Length: %d\r\n"
                "Content-Type: multipart/form-data; boundary=%s\r\n\r\n" % (
                    RECORDS, self.root["Authorization"], size, BOUNDARY.decode())).encode()

    def download(self, path):
        """A socket on which the whole of it was asked for."""
        s = socket.create_connection(("127.0.0.1", self.server.port), timeout=300)
        s.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path.encode())
        return s


def cut_short(call):
    """Whether an answer ended before its announced length."""
    try:
        call()
    except (http.client.IncompleteRead, ConnectionError):
        return True
    return False
