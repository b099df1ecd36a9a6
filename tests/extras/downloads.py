"""Stored files over HTTP: what is sent of them, to whom, and that nothing of them can act in a browser."""

import email.utils
import json
import os
import re
import threading
import time

import reeve

BOUNDARY = "reeveboundary"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000" "1f15c489")
DATA = bytes(range(256)) * 64
LARGE = os.urandom(3 << 20)
FIELDS = [
    {"name": "name", "type": "text"},
    {"name": "open", "type": "file", "maxSelect": 9, "maxSize": 5 << 20},
    {"name": "one", "type": "file", "maxSelect": 1},
    {"name": "kept", "type": "file", "maxSelect": 2, "protected": True}]


def form(parts):
    """(key, file name or None, bytes) each."""
    out = b""
    for key, name, data in parts:
        head = 'Content-Disposition: form-data; name="%s"' % key
        if name is not None:
            head += '; filename="%s"' % name
        out += b"--%s\r\n%s\r\n\r\n%s\r\n" % (BOUNDARY.encode(), head.encode(), data)
    return out + b"--%s--\r\n" % BOUNDARY.encode()


class Site:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.tokens = {who: reeve.token(server.dir, who) for who in ("root", "anna", "ben")}

    def send(self, method, path, body=None, who="root", headers=None):
        headers = dict(headers or {})
        if who:
            headers["Authorization"] = self.tokens[who]
        return self.server.request(method, path, body, headers)

    def make(self, collection, parts):
        status, raw, _ = self.send("POST", "/api/collections/%s/records" % collection, form(parts), headers={
            "Content-Type": "multipart/form-data; boundary=" + BOUNDARY})
        if status != 200:
            raise RuntimeError("%d %r" % (status, raw))
        return json.loads(raw)

    def get(self, path, headers=None, method="GET"):
        return self.send(method, path, who=None, headers=headers)

    def same(self, name, got, wanted):
        return self.tally.check("downloads: " + name, got == wanted, "%.300r, not %.300r" % (got, wanted))

    def file_token(self, who):
        status, raw, _ = self.send("POST", "/api/files/token", who=who)
        return json.loads(raw)["token"] if status == 200 else status


def url_of(record, name):
    return "/api/files/%s/%s/%s" % (record["collectionId"], record["id"], name)


def lasting(headers):
    """Those that two answers have alike."""
    return sorted((k, v) for k, v in headers.items() if k not in ("Date", "X-Request-Id"))


def whole(site, record):
    """What a plain download says, and HEAD in the same words."""
    site.same("names", [re.sub("_[a-z0-9]{10}", "", name) for name in record["open"]],
              ["data.bin", "picture.png", "drawing.svg", "empty.txt", "large.bin"])
    for name, data in zip(record["open"], (DATA, PNG, SVG, b"", LARGE)):
        path = url_of(record, name)
        status, body, headers = site.get(path)
        site.same(name[:5], (status, body), (200, data))
        status, body, heads = site.get(path, method="HEAD")
        site.same(name[:5] + ", its head", (status, body), (200, b""))
        site.same(name[:5] + ", its headers", lasting(heads), lasting(headers))
        site.same(name[:5] + ", its length", int(headers["Content-Length"]), len(data))
        site.same(name[:5] + ", what it may", headers["Content-Security-Policy"],
                  "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox")
        site.same(name[:5] + ", caches", (headers["Cache-Control"], headers["Accept-Ranges"]), (
            "max-age=2592000, stale-while-revalidate=86400", "bytes"))
        site.same(name[:5] + ", no more", (headers["ETag"], headers["X-Frame-Options"], headers[
            "X-Content-Type-Options"]), (None, None, "nosniff"))
        site.same(name[:5] + ", how", headers["Content-Disposition"], '%s; filename="%s"' % (
            "inline" if name.endswith(".png") else "attachment", name))
    site.same("a type by its name", site.get(url_of(record, record["open"][2]))[2]["Content-Type"], "image/svg+xml")
    for text, how in (("1", "attachment"), ("True", "attachment"), ("0", "inline"), ("yes", "inline")):
        headers = site.get(url_of(record, record["open"][1]) + "?download=" + text)[2]
        site.same("download=" + text, headers["Content-Disposition"].split(";")[0], how)


def ranges(site, record):
    path = url_of(record, record["open"][0])
    large = url_of(record, record["open"][4])
    size = len(DATA)
    for text, begin, end in (("0-9", 0, 10), ("100-", 100, size), ("-5", size - 5, size), ("0-99999", 0, size)):
        status, body, headers = site.get(path, {"Range": "bytes=" + text})
        site.same(text, (status, body, headers["Content-Range"]), (206, DATA[begin:end], "bytes %d-%d/%d" % (
            begin, end - 1, size)))
    status, body, headers = site.get(large, {"Range": "bytes=1000000-2999999"})
    site.same("a large part", (status, body), (206, LARGE[1000000:3000000]))
    for text, words in (("99999-", b"invalid range: failed to overlap\n"), ("9-3", b"invalid range\n")):
        status, body, headers = site.get(path, {"Range": "bytes=" + text})
        site.same(text, (status, body, headers["Cache-Control"], headers["Last-Modified"]), (416, words, None, None))
    site.same("where the end is", site.get(path, {"Range": "bytes=99999-"})[2]["Content-Range"], "bytes */%d" % size)
    site.same("its length, asked by HEAD", site.get(path, {"Range": "bytes=99999-"}, "HEAD")[2]["Content-Length"], "33")
    site.same("fields are JSON's", site.get(path + "?fields=id", {"Range": "bytes=0-1,4-5"})[0], 206)
    for path, data in ((path, DATA), (large, LARGE)):
        parts = [(0, 10), (5, 4000), (len(data) - 9000, len(data))]
        several(site, path, data, parts)
        several(site, path, data, [(n, n + 1) for n in range(256)])
    status, body, _ = site.get(path, {"Range": "bytes=" + ",".join("%d-%d" % (n, n) for n in range(257))})
    site.same("too many parts", (status, body), (200, LARGE))


def several(site, path, data, parts):
    text = "bytes=" + ", ".join("%d-%d" % (begin, end - 1) for begin, end in parts)
    status, body, headers = site.get(path, {"Range": text})
    boundary = headers["Content-Type"].partition("boundary=")[2]
    wanted = b""
    for begin, end in parts:
        wanted += b"\r\n--%s\r\nContent-Range: bytes %d-%d/%d\r\nContent-Type: application/octet-stream\r\n\r\n%s" % (
            boundary.encode(), begin, end - 1, len(data), data[begin:end])
    wanted += b"\r\n--%s--\r\n" % boundary.encode()
    site.same("%d parts" % len(parts), (status, int(headers["Content-Length"]), body), (
        206, len(wanted) - 2, wanted[2:]))
    head = site.get(path, {"Range": text}, "HEAD")
    site.same("%d parts, the head" % len(parts), (head[0], head[1], head[2]["Content-Length"]), (
        206, b"", headers["Content-Length"]))


def conditions(site, record):
    path = url_of(record, record["open"][0])
    when = site.get(path)[2]["Last-Modified"]
    seconds = email.utils.parsedate_to_datetime(when).timestamp()
    before, after = (email.utils.formatdate(seconds + n, usegmt=True) for n in (-60, 60))
    site.tally.check("downloads: it is new", abs(seconds - time.time()) < 60, when)
    for name, headers, wanted in (
            ("unchanged", {"If-Modified-Since": when}, 304),
            ("unchanged later", {"If-Modified-Since": after}, 304),
            ("changed since", {"If-Modified-Since": before}, 200),
            ("no date", {"If-Modified-Since": "soon"}, 200),
            ("any but one", {"If-None-Match": "*"}, 304),
            ("any but one, behind another", {"If-None-Match": '"x", W/"y" , *'}, 304),
            ("a list of nothing", {"If-None-Match": ",", "If-Modified-Since": when}, 200),
            ("nothing to match", {"If-Match": ","}, 412),
            ("any tag behind another", {"If-Match": '"x", *'}, 200),
            ("behind what is no tag", {"If-Match": 'x, *'}, 412),
            ("another tag", {"If-None-Match": '"x"', "If-Modified-Since": when}, 200),
            ("no such tag", {"If-Match": '"x"'}, 412),
            ("any tag", {"If-Match": "*", "If-Unmodified-Since": before}, 200),
            ("changed meanwhile", {"If-Unmodified-Since": before}, 412),
            ("as it was", {"If-Unmodified-Since": when}, 200),
            ("a part of this one", {"Range": "bytes=0-1", "If-Range": when}, 206),
            ("a part of another", {"Range": "bytes=0-1", "If-Range": before}, 200),
            ("a part by tag", {"Range": "bytes=0-1", "If-Range": '"x"'}, 200)):
        status, body, heads = site.get(path, headers)
        site.same(name, (status, len(body)), (wanted, {200: len(DATA), 206: 2}.get(wanted, 0)))
        site.same(name + ", what stays", heads["Last-Modified"], when)


def protected(site, record, notes):
    path = url_of(record, record["kept"][0])
    site.same("a guest has no token", site.file_token(None), 401)
    tokens = {who: site.file_token(who) for who in ("root", "anna", "ben")}
    for name, query, headers, wanted in (
            ("a guest", "", {}, 404),
            ("nonsense", "?token=x.y.z", {}, 404),
            ("whom the rule lets", "?token=" + tokens["anna"], {}, 200),
            ("whom it does not let", "?token=" + tokens["ben"], {}, 404),
            ("a superuser", "?token=" + tokens["root"], {}, 200),
            ("by the header", "", {"Authorization": site.tokens["root"]}, 404),
            ("a token to log in", "?token=" + site.tokens["root"], {}, 404),
            ("a guest who is somebody else", "?token=" + tokens["ben"], {"Authorization": site.tokens["anna"]}, 404)):
        site.same("protected: " + name, site.get(path + query, headers)[0], wanted)
    site.same("not protected", site.get(url_of(record, record["one"]))[0], 200)
    view = "/api/files/views/%s/%s" % (record["id"], record["one"])
    site.same("through a view", site.get(view)[:2], (200, DATA))
    site.same("through a view of a view", site.get(view.replace("views", "deeper"))[:2], (200, DATA))
    site.same("one of several through a view", site.get("/api/files/views/%s/%s" % (
        record["id"], record["open"][1]))[:2], (200, PNG))
    path = "/api/files/views/%s/%s" % (record["id"], record["kept"][0])
    site.same("the view's own rule", [site.get(path)[0], site.get(path + "?token=" + tokens["ben"])[0]], [404, 200])
    site.same("another record's", site.get("/api/files/notes/%s/%s" % (notes["id"], record["one"]))[0], 404)


def misses(site, record):
    name = record["open"][0]
    for path in ("/api/files/none/%s/%s" % (record["id"], name), "/api/files/notes/none/" + name,
                 url_of(record, "x" + name), url_of(record, name + ".attrs"), url_of(record, name.upper()),
                 url_of(record, "%2e%2e%2f" + name), url_of(record, name + "%00"), url_of(record, "%2fetc%2fpasswd"),
                 "/api/files/notes/%2e%2e/" + name, "/api/files/%2e%2e/%2e%2e/data.db"):
        status, body, _ = site.get(path)
        site.same("none: " + path[-20:], (status, json.loads(body)["data"]), (404, {}))
    folder = os.path.join(site.server.dir, "storage", record["collectionId"], record["id"])
    os.rename(os.path.join(folder, name), os.path.join(folder, "away"))
    site.same("its blob is gone", site.get(url_of(record, name))[0], 404)
    os.symlink("/etc/passwd", os.path.join(folder, name))
    site.same("a link is no file", site.get(url_of(record, name))[0], 404)
    os.unlink(os.path.join(folder, name))
    os.mkfifo(os.path.join(folder, name))
    site.same("a pipe is no file", site.get(url_of(record, name))[0], 404)
    os.unlink(os.path.join(folder, name))
    os.rename(os.path.join(folder, "away"), os.path.join(folder, name))
    lost = site.make("notes", [("one", "picture.png", PNG)])
    os.unlink(os.path.join(site.server.dir, "storage", lost["collectionId"], lost["id"], lost["one"] + ".attrs"))
    site.same("without a side-car", site.get(url_of(lost, lost["one"]))[2]["Content-Type"], "application/octet-stream")


def odd_types(site):
    """What a side-car says stays one header."""
    record = site.make("notes", [("one", "odd.bin", DATA)])
    car = os.path.join(site.server.dir, "storage", record["collectionId"], record["id"], record["one"] + ".attrs")
    with open(car, "w", encoding="utf-8") as f:
        json.dump({"user.content_type": "text/plain\r\nX-Evil: 1"}, f)
    headers = site.get(url_of(record, record["one"]))[2]
    site.same("a type of two lines", (headers["Content-Type"], headers["X-Evil"]), ("text/plain  X-Evil: 1", None))


def at_once(site, record):
    """Many of many clients, whole each."""
    wrong = []

    def ask(path, data):
        for _ in range(8):
            if site.get(path)[:2] != (200, data):
                wrong.append(path)

    threads = [threading.Thread(target=ask, args=(url_of(record, record["open"][n]), data))
               for n, data in ((0, DATA), (4, LARGE)) * 6]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    site.same("at once", wrong, [])


def run(binary, base, tally):
    with reeve.Server(binary, base) as server:
        site = Site(server, tally)
        site.same("a collection", site.send("POST", "/api/collections", {
            "name": "notes", "type": "base", "viewRule": "@request.auth.name = 'Anna' && @request.context = 'protectedFile'",
            "fields": FIELDS})[0], 200)
        for name, source in (("views", "notes"), ("deeper", "views")):
            site.same("a view", site.send("POST", "/api/collections", {
                "name": name, "type": "view", "viewRule": "@request.auth.id != ''",
                "viewQuery": "SELECT n.id, n.open, n.one, n.kept FROM %s n" % source})[0], 200)
        notes = site.make("notes", [("name", None, b"other"), ("one", "other.bin", b"x")])
        record = site.make("notes", [("name", None, b"it"), ("open", "data.bin", DATA), ("open", "picture.png", PNG),
                                     ("open", "drawing.svg", SVG), ("open", "empty.txt", b""),
                                     ("open", "large.bin", LARGE), ("one", "one.bin", DATA),
                                     ("kept", "kept.bin", b"secret")])
        whole(site, record)
        ranges(site, record)
        conditions(site, record)
        protected(site, record, notes)
        misses(site, record)
        odd_types(site)
        at_once(site, record)
        tally.check("downloads: no descriptor is left", server.descriptors() < 60, str(server.descriptors()))
        tally.check("downloads: stops cleanly", server.stop(), server.output())
