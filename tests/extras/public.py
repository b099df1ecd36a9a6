"""The site's own files: which of them a path gets and in which words, each row as PocketBase 0.40.6 answers; what is
packed beside a file; what caches may keep; what nobody may reach."""

import gzip
import os
import random
import shutil
import socket
import threading
import time

import reeve

DATE = "Sat, 03 Feb 2001 04:05:06 GMT"
SECONDS = 981173106
ALPHA = b"abcdefghijklmnopqrstuvwxyz"
SECRET = b"nobody may read this"
HUGE = 100 << 20
TIMEOUT_S = 30
NOT_FOUND = b'{"data":{},"message":"File not found.","status":404}'

TREE = {
    "index.html": b"<!doctype html><title>root</title>", "sub/index.html": b"<!doctype html><title>sub</title>",
    "sub/deep/f.txt": b"deep", "noindex/a.txt": b"plain", "alpha.txt": ALPHA, "empty.txt": b"", "a/x.txt": b"ax",
    ".hidden": b"dot", ".well-known/x": b"known", "a b.txt": b"blank", "p%q.txt": b"percent", "b\\s.txt": b"back",
    "\u00fc.txt": b"umlaut", "q?x.txt": b"question", "h#x.txt": b"hash", "n\nl.txt": b"line", "xindex.html": b"x",
    "\\d/y": b"", "\\\\e/y": b"", "nl\nd/y": b"", "dir?q/y": b"", "dir%25/y": b""}
ROOT, SUB = "index.html", "sub/index.html"

# Path -> what it gets: the name of a file, ("to", Location), or None: nothing.
ANSWERS = {
    "/": ROOT, "/index.html": ("to", "/"), "/alpha.txt": "alpha.txt", "/alpha.txt?x=1": "alpha.txt",
    "/alpha.txt/": ("to", "/alpha.txt"), "/alpha.txt/?x=1": ("to", "/alpha.txt"), "/sub": ("to", "/sub/"),
    "/sub?q=1": ("to", "/sub/"), "/sub/": SUB, "/sub/index.html": ("to", "/sub/"), "/sub/index.html?a": ("to", "/sub/"),
    "/sub/index.html/": ("to", "/sub/index.html"), "/index.html/": ("to", "/index.html"),
    "/%69ndex.html": ("to", "/"), "/sub%2Findex.html": ("to", "/sub/"), "/a%2F..%2Findex.html": ("to", "/a/../"),
    "/xindex.html": ("to", "/x"), "/noindex": ("to", "/noindex/"), "/noindex/": None, "/nope": None, "/nope/": None,
    "/nope/index.html": None, "/sub/deep": ("to", "/sub/deep/"), "/sub/deep/f.txt": "sub/deep/f.txt",
    "/sub/deep/f.txt/x": None, "/alpha.txt/x": None, "/empty.txt": "empty.txt", "/.hidden": ".hidden",
    "/.well-known/x": ".well-known/x", "/.well-known": ("to", "/.well-known/"), "/a%20b.txt": "a b.txt",
    "/a%20b.txt/": ("to", "/a b.txt"), "/p%25q.txt": "p%q.txt", "/b%5Cs.txt": "b\\s.txt", "/b\\s.txt": "b\\s.txt",
    "/%C3%BC.txt": "\u00fc.txt", "/%C3%BC.txt/": ("to", "/\u00fc.txt"), "/q%3Fx.txt": "q?x.txt",
    "/h%23x.txt": "h#x.txt", "/n%0Al.txt": "n\nl.txt", "/bad%FF.txt": None, "/%5Cd": ("to", "/d/"),
    "/%5C%5Ce": ("to", "/e/"), "/nl%0Ad": ("to", "/nl d/"), "/dir%3Fq": ("to", "/dir?q/"),
    "/dir%2525": ("to", "/dir%25/"), "/link.txt": "alpha.txt", "/linkdir": ("to", "/linkdir/"),
    "/linkdir/x.txt": "a/x.txt", "/dangling": None, "/loop": None, "/a%2Fx.txt": "a/x.txt",
    "/a%2fx.txt/": ("to", "/a/x.txt"), "/a%2F": None, "/%2Fa": ("to", "/a/"), "/%2F": ROOT, "/%2F%2F": None,
    "/%2Falpha.txt": "alpha.txt", "/%2F%2Falpha.txt": None, "/%2F%2Fa": None, "/a/%2Fx.txt": "a/x.txt",
    "/a%2F%2Fx.txt": "a/x.txt", "/%2e%2e/outside.txt": None, "/..%2Foutside.txt": None,
    "/a/..%2Falpha.txt": "alpha.txt", "/a%2F..%2Falpha.txt": "alpha.txt", "/a%2F..%2F..%2Foutside.txt": None,
    "/%2e": ("to", "/./"), "/%2e/": ROOT, "/a/%2e%2e": ("to", "/a/../"), "/a/.%2e/alpha.txt": "alpha.txt",
    "/%ff/..%2Falpha.txt": "alpha.txt", "/alpha.txt%00": None, "/alpha%00.txt": None, "/%00": None, "/a%5C": None,
    "/%5Ca": None, "/..%5C..%5Coutside.txt": None, "/...": None, "/..a": None, "/alpha.txt%2F": ("to", "/alpha.txt"),
    "/alpha.txt%2F%2F": ("to", "/alpha.txt"), "/%2Findex.html": ("to", "/"), "/sub%2F%2F": SUB, "/api": None,
    "/api/": None, "/api/nope": None, "/api/health/": None, "/API/health": None, "/api%2Fhealth": None,
    "/alpha.txt;": None, "/a%0d%0aX:y": None, "/" + "x" * 300: None, "/" + "x/" * 2100: None}

TYPES = {
    "html": "text/html; charset=utf-8", "HTML": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8", "mjs": "text/javascript; charset=utf-8", "json": "application/json",
    "map": "text/plain; charset=utf-8", "webmanifest": "text/plain; charset=utf-8", "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8", "csv": "text/csv; charset=utf-8", "xml": "text/xml; charset=utf-8",
    "svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
    "webp": "image/webp", "avif": "image/avif", "ico": "image/vnd.microsoft.icon", "bmp": "image/bmp",
    "mp3": "audio/mpeg", "ogg": "audio/ogg", "wav": "audio/wav", "flac": "audio/flac", "mp4": "video/mp4",
    "webm": "video/webm", "mov": "video/quicktime", "vtt": "text/vtt; charset=utf-8", "pdf": "application/pdf",
    "zip": "application/zip", "gz": "application/gzip", "wasm": "application/wasm", "woff": "font/woff",
    "woff2": "font/woff2", "ttf": "font/ttf", "otf": "application/vnd.oasis.opendocument.formula-template",
    "3gp": "video/3gpp", "7z": "application/x-7z-compressed", "zst": "application/zstd",
    "xhtml": "application/xhtml+xml", "rss": "application/rss+xml", "atom": "application/atom+xml",
    "yaml": "application/x-yaml", "ts": "text/vnd.trolltech.linguist; charset=utf-8", "unknown": "text/plain; charset=utf-8"}

CONTENTS = (
    (b"", "text/plain; charset=utf-8"), (b"h\xc3\xa9llo", "text/plain; charset=utf-8"),
    (b"h\xe9llo", "text/plain; charset=utf-8"), (b"\x00\x01\x02x", "application/octet-stream"),
    (b"x\x1b[0m", "text/plain; charset=utf-8"), (b"x\x0b", "application/octet-stream"),
    (b" \n<!doctype html>", "text/html; charset=utf-8"), (b"<html>", "text/html; charset=utf-8"),
    (b"<htmlx>", "text/plain; charset=utf-8"), (b"<?xml version='1.0'?>", "text/xml; charset=utf-8"),
    (b"%PDF-1.4", "application/pdf"), (b"\x89PNG\r\n\x1a\nabc", "image/png"), (b"GIF89a", "image/gif"),
    (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"RIFF0000WEBPVP8 ", "image/webp"), (b"RIFF0000WAVE", "audio/wave"),
    (b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00mp41", "video/mp4"), (b"\x1aE\xdf\xa3", "video/webm"),
    (b"\x00\x01\x00\x00", "font/ttf"), (b"wOF2", "font/woff2"), (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b\x08", "application/x-gzip"), (b"\x00asm", "application/wasm"),
    (b"\xff\xfea\x00", "text/plain; charset=utf-16le"), (b"x" * 512 + b"\x00", "text/plain; charset=utf-8"))

# Headers of the request -> status, body, Content-Range.
CONDITIONS = (
    ({"If-Modified-Since": DATE}, 304, b"", None),
    ({"If-Modified-Since": "Sat, 03 Feb 2001 04:05:05 GMT"}, 200, ALPHA, None),
    ({"If-Modified-Since": "x"}, 200, ALPHA, None),
    ({"If-Unmodified-Since": "Sat, 03 Feb 2001 04:05:05 GMT"}, 412, b"", None),
    ({"If-Unmodified-Since": DATE}, 200, ALPHA, None), ({"If-None-Match": "*"}, 304, b"", None),
    ({"If-None-Match": '"x"'}, 200, ALPHA, None), ({"If-Match": "*"}, 200, ALPHA, None),
    ({"If-Match": '"x"'}, 412, b"", None), ({"Range": "bytes=0-4"}, 206, ALPHA[:5], "bytes 0-4/26"),
    ({"Range": "bytes=5-"}, 206, ALPHA[5:], "bytes 5-25/26"), ({"Range": "bytes=-3"}, 206, ALPHA[23:], "bytes 23-25/26"),
    ({"Range": "bytes=0-100"}, 206, ALPHA, "bytes 0-25/26"),
    ({"Range": "bytes=100-"}, 416, b"invalid range: failed to overlap\n", "bytes */26"),
    ({"Range": "bytes=a"}, 416, b"invalid range\n", None), ({"Range": "x=1-2"}, 416, b"invalid range\n", None),
    ({"Range": "bytes=0-4", "If-Range": DATE}, 206, ALPHA[:5], "bytes 0-4/26"),
    ({"Range": "bytes=0-4", "If-Range": "Sat, 03 Feb 2001 04:05:07 GMT"}, 200, ALPHA, None),
    ({"Range": "bytes=0-4", "If-Range": '"x"'}, 200, ALPHA, None))


class Site:
    def __init__(self, server, folder, tally):
        self.server, self.folder, self.tally = server, folder, tally

    def same(self, name, got, wanted):
        return self.tally.check("public: " + name, got == wanted, "%.300r, not %.300r" % (got, wanted))

    def get(self, path, headers=None, method="GET"):
        return self.server.request(method, path, headers=headers or {})

    def put(self, name, data, mtime=SECONDS):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
        os.utime(path, (mtime, mtime))
        return path


def plant(folder):
    site = Site(None, folder, None)
    for name, data in TREE.items():
        site.put(name, data)
    with open(os.path.join(os.fsencode(folder), b"bad\xff.txt"), "wb") as f:
        f.write(b"no text")
    site.put("../outside.txt", SECRET)
    for name, target in (("link.txt", "alpha.txt"), ("linkdir", "a"), ("dangling", "nowhere"), ("loop", "loop")):
        os.symlink(target, os.path.join(folder, name))


def plain(headers):
    return sorted((key.lower(), value) for key, value in headers.items() if key not in ("Date", "X-Request-Id"))


def expected(wanted, fallback):
    """Status, body and Location."""
    if wanted is None and not fallback:
        return 404, NOT_FOUND, None
    if isinstance(wanted, tuple):
        return 301, b"", wanted[1].encode().decode("latin-1")
    return 200, TREE[wanted or ROOT], None


def paths(site, fallback):
    for path, wanted in ANSWERS.items():
        name = "%.40s%s" % (path, "" if fallback else ", no fallback")
        status, body, headers = site.get(path)
        site.same(name, (status, body, headers["Location"]), expected(wanted, fallback))
        if status == 200:
            site.same(name + ", when", (headers["Last-Modified"], headers["Accept-Ranges"]), (DATE, "bytes"))
        site.same(name + ", no more", [headers[h] for h in ("ETag", "Cache-Control", "Content-Encoding", "Content-Security-Policy")],
                  [None] * 4)
        head = site.get(path, method="HEAD")
        unsized = [h for h in plain(headers) if status == 200 or h[0] != "content-length"]
        site.same(name + ", HEAD", (head[0], head[1], plain(head[2])), (status, b"", unsized))
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        site.same(method, site.get("/alpha.txt", method=method)[:2],
                  (404, b'{"data":{},"message":"The requested resource wasn\'t found.","status":404}'))


def types(site):
    for ending, wanted in TYPES.items():
        site.put("t/x." + ending, b"text")
        site.same("type of ." + ending, site.get("/t/x." + ending)[2]["Content-Type"], wanted)
    for n, (data, wanted) in enumerate(CONTENTS):
        site.put("t/%d" % n, data)
        site.same("type of %.20r" % data, site.get("/t/%d" % n)[2]["Content-Type"], wanted)


def conditions(site):
    for headers, status, body, part in CONDITIONS:
        got = site.get("/alpha.txt", headers)
        site.same("%s" % headers, (got[0], got[1], got[2]["Content-Range"]), (status, body, part))
        kept = status != 416
        site.same("%s, when" % headers, got[2]["Last-Modified"], DATE if kept else None)
        head = site.get("/alpha.txt", headers, "HEAD")
        site.same("%s, HEAD" % headers, (head[0], head[1], head[2]["Content-Range"]), (status, b"", part))
    status, body, headers = site.get("/alpha.txt", {"Range": "bytes=0-1,3-4"})
    boundary = headers["Content-Type"].partition("boundary=")[2].encode()
    wanted = b"".join(b"--%s\r\nContent-Range: bytes %s/26\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n" % (
        boundary, part, data) for part, data in ((b"0-1", b"ab"), (b"3-4", b"de"))) + b"--%s--\r\n" % boundary
    site.same("two parts", (status, body), (206, wanted))
    os.utime(site.put("epoch.txt", b"x"), (0, 0))
    site.same("the first second of all", site.get("/epoch.txt")[2]["Last-Modified"], None)


def packed(site):
    """What was packed before, for who takes it."""
    plain_text = b"let x = 1;" * 99
    site.put("app.js", plain_text)
    site.same("nothing is packed", site.get("/app.js", {"Accept-Encoding": "br, gzip"})[2]["Vary"], "Origin")
    site.put("app.js.gz", gzip.compress(plain_text))
    site.put("app.js.br", b"as if of brotli")
    br, gz = b"as if of brotli", gzip.compress(plain_text)
    for accepted, coding, body in (
            ("br", "br", b"as if of brotli"), ("gzip, br", "br", br), ("gzip", "gzip", None), ("GZIP;q=1", "gzip", None),
            ("br;q=0.5, gzip;q=0.8", "gzip", None), ("br;q=0, gzip", "gzip", None), ("*", "br", br),
            ("*;q=0.1, br;q=0", "gzip", None), ("br;q=0.001", "br", br), ("br;q=0.000", None, plain_text),
            ("", None, plain_text), ("deflate", None, plain_text), ("brx, xgzip", None, plain_text), ("*;q=0", None, plain_text)):
        status, got, headers = site.get("/app.js", {"Accept-Encoding": accepted})
        same = gzip.decompress(got) == plain_text if body is None else got == body
        site.same("Accept-Encoding: " + accepted, (status, headers["Content-Encoding"], same, headers["Content-Type"]),
                  (200, coding, True, "text/javascript; charset=utf-8"))
        site.same("Vary, " + accepted, sorted(headers.get_all("Vary")), ["Accept-Encoding", "Origin"])
    status, got, headers = site.get("/app.js", {"Accept-Encoding": "br", "Range": "bytes=3-4"})
    site.same("a part of what is packed", (status, got, headers["Content-Range"]), (206, br[3:5], "bytes 3-4/%d" % len(br)))
    status, got, headers = site.get("/app.js", {"Accept-Encoding": "br", "If-Modified-Since": DATE})
    site.same("packed and not modified", (status, got, headers["Content-Encoding"]), (304, b"", None))
    site.put("app.js", plain_text, SECONDS + 1)
    status, got, headers = site.get("/app.js", {"Accept-Encoding": "br"})
    site.same("packed before it was changed", (got, headers["Vary"], headers["Content-Encoding"]), (plain_text, "Origin", None))
    site.put("app.js.gz", gz, SECONDS + 1)
    site.same("one of them is new", site.get("/app.js", {"Accept-Encoding": "br, gzip"})[1], gz)
    os.unlink(os.path.join(site.folder, "app.js.gz"))
    os.mkdir(os.path.join(site.folder, "app.js.gz"))
    site.same("a folder is not packed", site.get("/app.js", {"Accept-Encoding": "br, gzip"})[1], plain_text)
    site.same("it is there by its own name", site.get("/app.js.br")[1], br)


def caches(site):
    """public.hashedCache."""
    root = {"Authorization": reeve.token(site.server.dir, "root")}

    def switch(on):
        site.same("setting", site.server.request("PATCH", "/api/reeve/settings", {"public": {"hashedCache": on}}, root)[0], 200)

    switch(True)
    kept, asked = "public, max-age=31536000, immutable", "no-cache"
    for name, wanted in {
            "app.3f9a1c2e.js": kept, "index-BxY12abc.css": kept, "a.b-0a1b2c3d4e.min.js": asked, "app.3f9a1c2.js": asked,
            "jquery-validation.js": asked, "report-20240101.pdf": asked, "3f9a1c2e.js": asked, "app.3f9a1c2e": asked,
            "v-1.0a1b2c3d.js": kept, "x.0a1b2c3d-y.js": asked, "x-3f9a1c2e_.js": asked, "3f9a1c2e/x.js": asked}.items():
        site.put("c/" + name, b"x")
        site.same("caches of " + name, site.get("/c/" + name)[2]["Cache-Control"], wanted)
    site.same("caches of the index", site.get("/")[2]["Cache-Control"], asked)
    site.same("caches of an error", site.get("/nope.3f9a1c2e.js", {"Range": "bytes=9999-"})[2]["Cache-Control"], None)
    tag = site.get("/alpha.txt")[2]["ETag"]
    site.same("a tag", (tag[0], tag[-1], len(tag) > 9), ('"', '"', True))
    for headers, status in (({"If-None-Match": tag}, 304), ({"If-None-Match": "W/" + tag}, 304),
                            ({"If-None-Match": '"x", ' + tag}, 304), ({"If-None-Match": '"x"', "If-Modified-Since": DATE}, 200),
                            ({"If-Match": tag}, 200), ({"If-Match": "W/" + tag}, 412), ({"If-Match": '"x"'}, 412),
                            ({"Range": "bytes=0-1", "If-Range": tag}, 206), ({"Range": "bytes=0-1", "If-Range": "W/" + tag}, 200),
                            ({"Range": "bytes=0-1", "If-Range": '"x"'}, 200)):
        got = site.get("/alpha.txt", headers)
        site.same("by tag: %s" % headers, (got[0], got[2]["ETag"]), (status, tag))
    os.replace(site.put("other.tmp", ALPHA[::-1]), os.path.join(site.folder, "alpha.txt"))
    site.same("another file of the same size and time", site.get("/alpha.txt", {"If-None-Match": tag})[0], 200)
    site.put("app.js", b"x")
    site.put("app.js.br", b"y")
    tags = {site.get("/app.js", {"Accept-Encoding": a})[2]["ETag"] for a in ("br", "identity")}
    site.same("what is packed has a tag of its own", len(tags), 2)
    switch(False)
    site.put("alpha.txt", ALPHA)


class Raw:
    """A connection that takes any bytes for a target."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self.file = self.sock.makefile("rb")

    def ask(self, target):
        """Status, body; None: it is closed."""
        try:
            self.sock.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            line = self.file.readline()
            if not line:
                return None
            length, close = 0, False
            while (header := self.file.readline().strip().lower()):
                if header.startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
                close |= header == b"connection: close"
            answer = int(line.split()[1]), self.file.read(length)
        except ConnectionError:
            return None
        return None if close and answer[0] != 200 else answer

    def close(self):
        self.file.close()
        self.sock.close()


def hostile(site):
    """Paths of any bytes: no answer has what lies outside."""
    choice = random.Random(4)
    words = [b"..", b"%2e%2e", b"/", b"%2f", b"%5c", b"\\", b"outside.txt", b"%00", b".", b"a", b"linkdir", b"..%2f", b"%c0%ae",
             b"pb_data", b"data.db", b"etc/passwd", b"proc/self/environ", b"//", b"%252e", b"%ff", os.fsencode(site.folder)]
    leaked, counts, connection = [], {}, Raw(site.server.port)
    for n in range(10000):
        if n % 2:
            target = b"/" + b"".join(choice.choices(words, k=choice.randint(1, 8)))
        else:
            target = b"/" + bytes(b for b in choice.randbytes(choice.randint(1, 40)) if b not in b" \r\n")
        answer = connection.ask(target)
        if answer is None:
            connection.close()
            connection = Raw(site.server.port)
            continue
        counts[answer[0]] = counts.get(answer[0], 0) + 1
        if answer[0] in (200, 206) and answer[1] not in TREE.values():
            leaked.append((target, answer))
    connection.close()
    site.same("any bytes, what came that is none of the files", leaked[:3], [])
    site.same("any bytes, which answers", sorted(set(counts) - {200, 301, 307, 400, 404}), [])
    site.tally.check("public: any bytes, enough of each", min(counts.get(s, 0) for s in (200, 307)) > 100, str(counts))
    site.same("the server lives", site.get("/api/health")[0], 200)


def specials(site):
    """What is no file."""
    os.mkfifo(os.path.join(site.folder, "fifo"))
    os.symlink("/dev/zero", os.path.join(site.folder, "zero"))
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(os.path.join(site.folder, "socket"))
    for name in ("fifo", "zero", "socket"):
        for _ in range(2):
            site.same(name, site.get("/" + name)[:2], (404, NOT_FOUND))
        os.unlink(os.path.join(site.folder, name))


def unreadable(binary, base, tally, folder):
    """As PocketBase has it: not to be read is not to be there, but a folder's name is told. Root may read anything,
    so it is without that right here."""
    if os.geteuid() == 0:
        script = os.path.join(os.path.dirname(base), "unprivileged.sh")
        with open(script, "w", encoding="utf-8") as f:
            f.write('#!/bin/sh\nexec setpriv --bounding-set=-dac_override,-dac_read_search %s "$@"\n' % os.path.abspath(binary))
        os.chmod(script, 0o755)
        binary = script
    site = Site(None, folder, tally)
    closed = [site.put("shut.txt", SECRET), os.path.dirname(site.put("shut/index.html", SECRET))]
    for path in closed:
        os.chmod(path, 0)
    try:
        for fallback in (True, False):
            with reeve.Server(binary, base, "--publicDir", folder, "--indexFallback=%s" % str(fallback).lower()) as server:
                site.server = server
                for path, wanted in (("/shut.txt", None), ("/shut.txt/", ("to", "/shut.txt")), ("/shut", ("to", "/shut/")),
                                     ("/shut/", None), ("/shut/index.html", None)):
                    status, body, headers = site.get(path)
                    site.same("unreadable %s" % path, (status, body, headers["Location"]), expected(wanted, fallback))
    finally:
        for path in closed:
            os.chmod(path, 0o755)


def replaced(site):
    """Each answer is of one file, and the next request after a change has what is there then."""
    size, wrong, over = 100000, [], threading.Event()
    site.put("turn.txt", b"a" * size)

    def read():
        while not over.is_set():
            status, body, _ = site.get("/turn.txt")
            if status != 200 or len(body) != size or len(set(body)) != 1:
                wrong.append((status, len(body)))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    stale = 0
    for n in range(200):
        letter = b"abcdefgh"[n % 8:n % 8 + 1]
        os.replace(site.put("turn.tmp", letter * size), os.path.join(site.folder, "turn.txt"))
        stale += site.get("/turn.txt")[1][:1] != letter
    over.set()
    for reader in readers:
        reader.join(TIMEOUT_S)
    site.same("replaced, mixed answers", wrong[:3], [])
    site.same("replaced, old answers", stale, 0)
    os.unlink(os.path.join(site.folder, "turn.txt"))
    site.same("removed", site.get("/turn.txt")[1], TREE[ROOT])
    site.put("turn.txt", b"back")
    site.same("there again", site.get("/turn.txt")[1], b"back")
    with open(os.path.join(site.folder, "turn.txt"), "wb") as f:
        f.write(b"other")
    site.same("written over", site.get("/turn.txt")[1], b"other")


def huge(site):
    """100 MB to a slow reader, while it is replaced; cut while it is read."""
    path = os.path.join(site.folder, "huge.bin")
    with open(path, "wb") as f:
        f.truncate(HUGE)
        f.seek(HUGE - 4)
        f.write(b"last")
    with socket.create_connection(("127.0.0.1", site.server.port), TIMEOUT_S) as s:
        s.sendall(b"GET /huge.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        begin = s.recv(1000)
        os.replace(site.put("huge.tmp", b"new"), path)
        n, end = len(begin), b""
        while (data := s.recv(1 << 20)):
            n, end = n + len(data), (end + data)[-4:]
    site.same("huge, all of it", (n > HUGE, n < HUGE + 1000, end), (True, True, b"last"))
    site.same("huge, what is there now", site.get("/huge.bin")[1], b"new")
    with open(path, "wb") as f:
        f.truncate(HUGE)
    with socket.create_connection(("127.0.0.1", site.server.port), TIMEOUT_S) as s:
        s.sendall(b"GET /huge.bin HTTP/1.1\r\nHost: x\r\n\r\n")
        n = len(s.recv(1000))
        os.truncate(path, 1 << 20)
        try:
            while (data := s.recv(1 << 20)):
                n += len(data)
        except ConnectionError:
            pass  # is as good an end
    site.tally.check("public: huge, cut: the connection ends early", n < HUGE, str(n))
    os.unlink(path)


def at_once(site):
    """300 downloads at the same time."""
    data = os.urandom(300000)
    site.put("many.bin", data)
    wrong, together = [], threading.Barrier(300)

    def ask():
        together.wait(TIMEOUT_S)
        got = site.get("/many.bin")
        if got[:2] != (200, data):
            wrong.append((got[0], len(got[1])))

    threads = [threading.Thread(target=ask) for _ in range(300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * TIMEOUT_S)
    site.same("at once", wrong[:3], [])
    reeve.until("the descriptors are given back", lambda: site.server.descriptors() < 80)


def folders(site):
    """The folder may come later, and another one may take its place."""
    os.rename(site.folder, site.folder + ".away")
    site.same("no folder", site.get("/alpha.txt")[:2], (404, NOT_FOUND))
    site.put("index.html", b"new")
    site.same("another folder", [site.get(path)[:2] for path in ("/", "/alpha.txt")], [(200, b"new"), (404, NOT_FOUND)])
    shutil.rmtree(site.folder)
    os.rename(site.folder + ".away", site.folder)
    site.same("the first one again", site.get("/alpha.txt")[1], ALPHA)


def logs(site):
    """What is sent is no entry of the log, what is missing is one."""
    marks = {"/alpha.txt?sent=1": 0, "/sub?moved=1": 0, "/fifo-less/x?gone=1": 1}
    for path in marks:
        site.get(path)
    deadline = time.monotonic() + TIMEOUT_S
    found = {}
    root = {"Authorization": reeve.token(site.server.dir, "root")}
    while time.monotonic() < deadline and not found.get("/fifo-less/x?gone=1"):
        text = site.server.request("GET", "/api/logs?perPage=1000", headers=root)[1].decode()
        found = {path: text.count('"message":"GET %s"' % path) for path in marks}
        time.sleep(0.05)
    site.same("log entries", found, marks)


def run(binary, base, tally):
    folder = os.path.join(os.path.dirname(base), "site", "pb_public")
    plant(folder)
    with reeve.Server(binary, base, "--publicDir", folder, "--indexFallback=false") as server:
        site = Site(server, folder, tally)
        paths(site, False)
        specials(site)
        folders(site)
        logs(site)
        tally.check("public: stops cleanly", server.stop(), server.output())
    with reeve.Server(binary, base, "--publicDir", folder) as server:
        site = Site(server, folder, tally)
        paths(site, True)
        hostile(site)
        for part in (types, conditions, packed, caches, replaced, huge, at_once):
            part(site)
        tally.check("public: no descriptor is left", server.descriptors() < 80, str(server.descriptors()))
        tally.check("public: stops cleanly", server.stop(), server.output())
    unreadable(binary, base, tally, folder)
