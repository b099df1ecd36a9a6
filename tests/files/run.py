#!/usr/bin/env python3
"""run.py BINARY

The life of files in records: what a form stores, what updates, deletes, truncates and failures
remove, and bodies that are large, come in pieces or stop in the middle. Whatever happens, the
storage holds the files that records name and no others, and no temporary file is left.
"""

import argparse
import hashlib
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402
import races  # noqa: E402
import rules  # noqa: E402
from site_docs import LARGE, RECORDS, Site, form, head, read_all  # noqa: E402

PNG = b"\x89PNG\r\n\x1a\n"
MEMORY = 40 << 20


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("binary")
    args = parser.parse_args()
    home = reeve.scratch("files")
    tally = reeve.Tally()
    try:
        directory = reeve.fresh(args.binary, os.path.join(home, "data"))
        reeve.set_batch(directory, enabled=True)
        with reeve.Server(args.binary, directory) as server:
            site = Site(server, tally)
            for part in PARTS:
                part(site)
            tally.check("stops cleanly", server.stop(), server.output())
        leftovers(args.binary, directory, tally)
    finally:
        reeve.remove(home)
    return tally.end()


def stored(site):
    record = site.make(("title", "t"), ("one", "hello", "My Photo.JPG"), ("many", "a", "a.txt"),
                       ("many", "b", "b.txt"), ("pic", PNG, "p"))
    site.tally.check("names", record["one"].startswith("my_photo_") and
                     record["one"].endswith(".JPG") and record["pic"].endswith(".png") and
                     len(record["many"]) == 2, record)
    path = site.path(record, record["one"])
    with open(path, "rb") as f, open(path + ".attrs", encoding="utf-8") as attrs:
        content, attrs = f.read(), attrs.read()
    site.tally.check("stores the content", content == b"hello", content)
    site.tally.check("writes the side-car", attrs == (
        '{"user.cache_control":"","user.content_disposition":"","user.content_encoding":"",'
        '"user.content_language":"","user.content_type":"text/plain; charset=utf-8",'
        '"user.metadata":{"original-filename":"My Photo.JPG"},"md5":"XUFAKrxLKna5cZ2REBfFkg=="}'),
        attrs)
    site.tidy("stores what the record names")


def refused(site):
    cases = [
        ("a wrong type", [("pic", "text", "a.png")], "pic", "validation_invalid_mime_type"),
        ("a large file", [("many", "x" * 1001, "a")], "many", "validation_file_size_limit"),
        ("too many", [("many", "x", "a")] * 4, "many", "validation_too_many_files"),
        ("a name as text", [("one", "a.txt")], "one", "validation_invalid_file"),
        ("another field", [("one", "x", "a"), ("title", "t" * 21)], "title",
         "validation_max_text_constraint"),
    ]
    for name, parts, field, code in cases:
        status, body = site.send("POST", RECORDS, parts)
        site.tally.check("refuses " + name, status == 400 and
                         body["data"].get(field, {}).get("code") == code, body)
    status, body = site.send("POST", RECORDS, [("one", "x", b"a\xff"), ("title", "t" * 21)])
    site.tally.check("refuses the fields before a name", body["data"].keys() == {"title"}, body)
    for name in (b"\xff.txt", b"a.\xfc", b"\xed\xa0\x80.txt", b"\xff" * 400):
        for content in ("x", "x" * 300000):
            status, body = site.send("POST", RECORDS, [("one", content, name)])
            site.tally.check("refuses a name that is no UTF-8", (status, body) == (400, {
                "data": {}, "message": "Failed to create record.", "status": 400}), body)
    status, _ = site.send("PATCH", RECORDS + "/nosuchrecord000", [("one", "x", "a")])
    site.tally.check("refuses a record that is not there", status == 404, status)
    status, body = site.send("POST", RECORDS, [("one", "x", "a"), ("@jsonPayload", "{")])
    site.tally.check("refuses a broken payload", status == 400, body)
    taken = site.make(("title", "taken"))
    status, body = site.send("POST", RECORDS, [("one", "x", "a"), ("id", taken["id"])])
    site.tally.check("refuses an id twice", status == 400, body)
    site.tidy("keeps nothing of what it refused")


def changed(site):
    record = site.make(("one", "1", "one.txt"), ("many", "a", "a.txt"))
    path = RECORDS + "/" + record["id"]
    _, record = site.send("PATCH", path, [("many+", "b", "bb1.txt"), ("+many", "c", "cc1.txt")])
    order = [name[:3] for name in record["many"]]
    site.tally.check("appends and prepends", order[0] == "cc1" and order[2] == "bb1", record)
    site.tidy("adds files")
    kept = record["many"][1]
    _, record = site.send("PATCH", path, [("many", kept), ("many", "d", "dd1.txt")])
    site.tally.check("keeps names beside files",
                     record["many"][0] == kept and len(record["many"]) == 2, record)
    site.tidy("removes replaced files")
    status, body, _ = site.server.request("PATCH", path, {"many-": [kept], "one": ""})
    record = json.loads(body)
    site.tally.check("removes by name", record["one"] == "" and len(record["many"]) == 1, record)
    site.tidy("removes files that were taken out")
    status, _ = site.send("PATCH", path, [("many+", "e", "e%d" % i) for i in range(3)])
    site.tally.check("refuses too many", status == 400, status)
    site.tidy("keeps nothing of a refused update")


def deleted(site):
    record = site.make(("one", "1", "one.txt"), ("many", "a", "a.txt"))
    status, _, _ = site.server.request("DELETE", RECORDS + "/" + record["id"])
    site.tally.check("deletes", status == 204, status)
    site.tidy("removes the files of a deleted record")
    folder = os.path.dirname(site.path(record, "x"))
    reeve.until("its folder is gone", lambda: not os.path.exists(folder))
    site.tally.check("removes its folder", True)


def emptied(site):
    site.make(("one", "1", "one.txt"))
    status, _, _ = site.server.request("DELETE", "/api/collections/docs/truncate",
                                       headers=site.root)
    site.tally.check("truncates", status == 204, status)
    site.tidy("removes the files of a truncated collection")


def cascaded(site):
    """A record takes those that need it along, and their files; a collection its folder."""
    col = {"name": "notes", "type": "base", "createRule": "", "fields": [
        {"name": "doc", "type": "relation", "collectionId": site.col, "cascadeDelete": True,
         "maxSelect": 1}, {"name": "scan", "type": "file", "maxSelect": 2}]}
    status, body, _ = site.server.request("POST", "/api/collections", col, site.root)
    site.tally.check("makes another collection", status == 200, body)
    notes = os.path.join(site.server.dir, "storage", json.loads(body)["id"])
    records = [site.make(("one", "1", "one.txt")) for _ in range(3)]
    for record in records:
        status, note = site.send("POST", "/api/collections/notes/records", [
            ("doc", record["id"]), ("scan", "s", "s.txt"), ("scan", "t", "t.txt")])
        site.tally.check("creates what refers to it", status == 200, note)
    site.tally.check("has folders", len(os.listdir(notes)) == 3, os.listdir(notes))
    site.server.request("DELETE", RECORDS + "/" + records[0]["id"])
    site.tidy("removes the files of a deleted record")
    site.gone("those of records that went along", notes, 2)
    site.server.request("DELETE", "/api/collections/docs/truncate", headers=site.root)
    site.gone("those of records that went with a truncated collection", notes, 0)
    site.tidy("removes the files of a truncated collection again")


def dropped(site):
    """Collections that go with a call or an import take their folders along."""
    _, body, _ = site.server.request("GET", "/api/collections?perPage=500", headers=site.root)
    kept = [col for col in json.loads(body)["items"] if col["name"] not in ("notes", "old")]
    col = {"name": "old", "type": "base", "createRule": "", "fields": [
        {"name": "scan", "type": "file", "maxSelect": 1}]}
    for remove in (("DELETE", "/api/collections/old", None),
                   ("PUT", "/api/collections/import", {"collections": kept,
                                                       "deleteMissing": True})):
        _, body, _ = site.server.request("POST", "/api/collections", col, site.root)
        folder = os.path.join(site.server.dir, "storage", json.loads(body)["id"])
        status, body = site.send("POST", "/api/collections/old/records", [("scan", "s", "s.txt")])
        site.tally.check("stores in it", status == 200 and os.path.isdir(folder), body)
        status, body, _ = site.server.request(*remove, site.root)
        site.tally.check("drops it by " + remove[0], status == 204, body)
        site.gone("its folder goes", folder, 0)
    site.tidy("leaves other collections")


def cut_off(site):
    """Bodies of which the rest never comes, cut at many places."""
    body = form([("title", "cut"), ("one", b"y" * 700000, "big.bin"), ("many", "z", "z.txt")])
    for at in sorted({0, 10, 60, 150, 262143, 262144, 300000, 699000, len(body) - 60,
                      len(body) - 8, len(body) - 1}):
        with socket.create_connection(("127.0.0.1", site.server.port)) as s:
            s.sendall(head("Content-Length: %d\r\n" % len(body)) + body[:at])
    for tail in (b"--XX", b"", b"\r\n--XX"):  # whole, but for the boundary that ends it
        broken = body[:-9] + tail
        with socket.create_connection(("127.0.0.1", site.server.port)) as s:
            s.sendall(head("Content-Length: %d\r\n" % len(broken)) + broken)
            reply = s.recv(65536)
        site.tally.check("refuses a body without an end", reply.startswith(b"HTTP/1.1 400"), reply)
    for broken in (b"zz\r\n", b"5\r\nab"):  # chunks, broken after a piece went to disk
        with socket.create_connection(("127.0.0.1", site.server.port)) as s:
            s.sendall(head("Transfer-Encoding: chunked\r\n") + b"60000\r\n" + body[:0x60000] +
                      b"\r\n" + broken)
    site.tidy("keeps nothing of a body that was cut")
    count = reeve.query(site.server.dir, "SELECT count(*) FROM docs WHERE title = 'cut'")[0][0]
    site.tally.check("makes no record of it", count == 0, count)


def in_pieces(site):
    content = os.urandom(900000).replace(b"\r\n", b"\r\n--X")
    body = form([("one", content, "big.bin"), ("title", "pieces"), ("pic", PNG, "p.png")])
    for step in (1000, 65537, len(body)):
        with socket.create_connection(("127.0.0.1", site.server.port)) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            s.sendall(head("Transfer-Encoding: chunked\r\n"))
            for at in range(0, len(body), step):
                piece = body[at:at + step]
                s.sendall(b"%x\r\n" % len(piece) + piece + b"\r\n")
            s.sendall(b"0\r\n\r\nGET /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            reply = read_all(s)
        record = json.loads(reply.split(b"\r\n\r\n")[1].split(b"HTTP/1.1")[0])
        site.tally.check("takes pieces of %d" % step, record.get("title") == "pieces", reply)
        site.tally.check("answers what comes behind", reply.count(b"HTTP/1.1 200") == 2, reply)
        with open(site.path(record, record["one"]), "rb") as f:
            site.tally.check("stores them whole", f.read() == content)
    site.tidy("stores what came in pieces")


def large(site):
    """The body is many times what may be in memory."""
    block = os.urandom(1 << 20)
    start, end = form([("one", b"@", "large.bin")]).split(b"@")
    before, most = site.server.rss(), 0
    with socket.create_connection(("127.0.0.1", site.server.port)) as s:
        s.sendall(head("Content-Length: %d\r\n" % (len(start) + LARGE + len(end))) + start)
        for i in range(LARGE >> 20):
            s.sendall(block)
            if i % 8 == 0:
                most = max(most, site.server.rss())
        s.sendall(end)
        reply = s.recv(65536)
    most = max(most, site.server.rss())
    site.tally.check("takes a large file", reply.startswith(b"HTTP/1.1 200"), reply)
    site.tally.check("keeps it out of memory", most - before < MEMORY and most < 4 * MEMORY,
                     "%d MB, %d before" % (most >> 20, before >> 20))
    record = json.loads(reply.split(b"\r\n\r\n")[1])
    whole, sum_ = hashlib.md5(), hashlib.md5()
    with open(site.path(record, record["one"]), "rb") as f:
        while piece := f.read(1 << 20):
            whole.update(piece)
    for _ in range(LARGE >> 20):
        sum_.update(block)
    site.tally.check("stores all of it", whole.digest() == sum_.digest())
    site.tidy("stores a large file")


def leftovers(binary, directory, tally):
    """A process that was killed leaves its temporary files to the next one."""
    folder = os.path.join(directory, ".pb_temp_to_delete")
    os.makedirs(folder, exist_ok=True)
    for name in ("reeve_left", "other"):
        with open(os.path.join(folder, name), "w", encoding="ascii"):
            pass
    with reeve.Server(binary, directory) as server:
        tally.check("removes what another left", os.listdir(folder) == ["other"],
                    os.listdir(folder))
        tally.check("stops cleanly again", server.stop(), server.output())


PARTS = (stored, refused, changed, deleted, emptied, cascaded, dropped, cut_off, in_pieces, large,
         rules.refused, races.meanwhile, races.batches, races.dropped, races.unwritable,
         races.killed)

if __name__ == "__main__":
    sys.exit(main())
