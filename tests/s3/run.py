#!/usr/bin/env python3
"""run.py [--reference] BINARY

Files in S3: what is stored, served and removed there, how settings and outages show, and that neither
slow storage nor slow clients hold up others. --reference: BINARY is PocketBase itself, of which the
same is expected, but for what it is known to do worse.
"""

import argparse
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "extras")]
import commands  # noqa: E402
import kept  # noqa: E402
import lies  # noqa: E402
import reeve  # noqa: E402
import s3  # noqa: E402
import thumbs  # noqa: E402
import trouble  # noqa: E402
from docs import RECORDS, THUMB, Site  # noqa: E402

SIZES = (0, 1 << 10, 5 << 20, 40 << 20)
TEST = "/api/settings/test/s3"


def tested(site):
    """The settings' own test of the storage, before and after it is switched on."""
    failed = b"Failed to test the S3 filesystem. Raw error: \\n"
    off = failed + b"S3 storage filesystem is not enabled."
    for body, wanted in (({"filesystem": "storage"}, off), ({"filesystem": "backups"}, off)):
        got = site.ask("POST", TEST, body)
        site.same("test, switched off", got, (400, b'{"data":{},"message":"%s","status":400}' % wanted))
    for body, code, message in (({"filesystem": "xx"}, b"validation_in_invalid", b"Must be a valid value."),
                                ({}, b"validation_required", b"Cannot be blank.")):
        got = site.ask("POST", TEST, body)
        site.same("test of %r" % body, got, (400, (
            b'{"data":{"filesystem":{"code":"%s","message":"%s"}},"message":"Failed to test the S3 filesystem.",'
            b'"status":400}') % (code, message)))
    got = site.server.request("POST", TEST, {"filesystem": "storage"})[0]
    site.same("test by a guest", got, 401)
    answer = site.use_s3()
    site.same("the secret stays", "secret" in answer["s3"], False)
    site.same("test", site.ask("POST", TEST, {"filesystem": "storage"}), (204, b""))
    site.same("test leaves nothing", site.keys(), set())
    site.same("test wrote", site.s3.counts("PutObject"), 1)
    for what, other in (("wrong secret", {"secret": "x" * 40}), ("wrong key", {"accessKey": "AKIANOBODY"}),
                        ("wrong bucket", {"bucket": "nobody"}), ("wrong region", {"region": "eu-west-1"}),
                        ("dead endpoint", {"endpoint": "http://127.0.0.1:1"})):
        site.use_s3(**other)
        status, body = site.ask("POST", TEST, {"filesystem": "storage"})
        site.tally.check("test with a " + what, status == 400 and body.startswith(
            b'{"data":{},"message":"' + failed) and len(body) > len(failed) + 40, (status, body))
        site.same("create with a " + what, site.send(("one", b"x", "x")), (
            400, {"data": {}, "message": "Failed to create record.", "status": 400}))
    site.same("makes no record meanwhile", site.rows(), 0)
    site.settings(enabled=False)
    for enabled, storage, backups in ((True, 400, 204), (False, 400, 400)):
        site.ask("PATCH", "/api/settings", {"backups": {"s3": site.s3.settings(enabled=enabled)}})
        got = [site.ask("POST", TEST, {"filesystem": what})[0] for what in ("storage", "backups")]
        site.same("test, backups alone in S3: %s" % enabled, got, [storage, backups])


def in_the_host(site):
    """The bucket as a part of the host's name."""
    if site.reference:
        return  # it does not know by itself that names below localhost are local
    site.use_s3(endpoint=site.s3.endpoint.replace("127.0.0.1", "localhost"), forcePathStyle=False)
    site.same("test, the bucket in the host", site.ask("POST", TEST, {"filesystem": "storage"}), (204, b""))
    record = site.make(("one", b"host", "host.txt"))
    site.same("stores it there", site.s3.objects()[site.key(record, record["one"])]["size"], 4)
    site.same("finds it there", site.get(site.url(record, record["one"]))[1], b"host")


def stored(site):
    for size in SIZES:
        data = os.urandom(size)
        record = site.make(("one", data, "My Ünique +1.bin"))
        kind = "application/octet-stream" if size else "text/plain"
        site.same("stores %d bytes" % size, site.s3.objects().get(site.key(record, record["one"])), {
            "size": size, "type": kind, "metadata": {"original-filename": "My%20%C3%9Cnique%20+1.bin"}})
        whole(site, site.url(record, record["one"]), data, kind)
        if size:
            parts(site, site.url(record, record["one"]), data)
    site.same("stores nothing here", site.local(), set())
    site.same("a file of another record", site.get(site.url({"id": "nobody000000000"}, "x.txt"))[0], 404)


def whole(site, path, data, kind):
    name = path.rpartition("/")[2]
    status, body, headers = site.get(path)
    site.tally.check("downloads %d bytes" % len(data), (status, body) == (200, data), (status, len(body)))
    site.same("its headers", (headers["Content-Type"], headers["Content-Length"], headers["Content-Disposition"],
                              headers["Cache-Control"], headers["Accept-Ranges"]), (
        kind, str(len(data)), 'attachment; filename="%s"' % name, "max-age=2592000, stale-while-revalidate=86400",
        "bytes"))
    status, body, heads = site.get(path, "HEAD")
    site.same("HEAD", (status, body, heads["Content-Length"], heads["Last-Modified"]), (
        200, b"", str(len(data)), headers["Last-Modified"]))
    status, body, heads = site.get(path, If_Modified_Since=headers["Last-Modified"])
    site.same("what is known", (status, body, heads["Last-Modified"]), (304, b"", headers["Last-Modified"]))
    status, body, _ = site.get(path, If_Modified_Since="Sat, 01 Jan 2000 00:00:00 GMT")
    site.tally.check("what is newer", (status, body) == (200, data), status)


def parts(site, path, data):
    size = len(data)
    for text, begin, end in (("0-9", 0, 10), ("%d-" % (size - 700), size - 700, size), ("-5", size - 5, size),
                             ("100-%d" % size, 100, size)):
        status, body, headers = site.get(path, Range="bytes=" + text)
        site.tally.check("range " + text, (status, body, headers["Content-Range"]) == (
            206, data[begin:end], "bytes %d-%d/%d" % (begin, end - 1, size)), (status, len(body), dict(headers)))
    status, body, headers = site.get(path, Range="bytes=%d-" % size)
    site.same("range behind the end", (status, body, headers["Content-Range"]), (
        416, b"invalid range: failed to overlap\n", "bytes */%d" % size))
    status, body, headers = site.get(path, Range="bytes=0-0,2-3")
    mark = b"--" + headers["Content-Type"].partition("boundary=")[2].encode()
    pieces = [piece.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for piece in body.split(mark)[1:-1]]
    site.same("several ranges", (status, [p[:2] for p in pieces]), (206, [data[:1], data[2:4]]))
    if size > 4 << 20:
        moved = site.s3.counts("GetObjectRange")
        site.get(path, Range="bytes=5-9")
        site.tally.check("a range is asked for as one", site.s3.counts("GetObjectRange") > moved)


def at_rest(site):
    """How often it has listed, once what was deleted before is looked for no more."""
    seen = []

    def same_again():
        time.sleep(0.3)
        seen.append(site.s3.counts("ListObjectsV2"))
        return seen[-2:] == seen[-1:] * 2

    reeve.until("the removals before have come to their end", same_again)
    return seen[-1]


def changed(site):
    """What a record no longer names goes from the bucket; what it keeps stays."""
    record = site.make(("one", b"old", "old.txt"), ("many", b"a", "a.txt"), ("many", b"b", "b.txt"))
    kept = [site.key(record, name) for name in record["many"]]
    newer = site.make(("one", b"new", "new.txt"), record=record)
    site.gone("removes what was replaced", site.key(record, record["one"]))
    site.same("serves what replaced it", site.get(site.url(record, newer["one"]))[:2], (200, b"new"))
    site.same("keeps the others", set(kept) <= site.keys(), True)
    site.make(("many-", record["many"][0]), record=record)
    site.gone("removes what was taken out", kept[0])
    site.make(("many+", b"c", "c.txt"), record=record)
    site.same("adds", len([key for key in site.keys() if record["id"] in key]), 3)
    status, _ = site.send(("title", "far too long a title"), ("one", b"x", "refused.txt"), record=record)
    site.same("refuses", status, 400)
    site.gone("keeps nothing of what it refused", *(key for key in site.keys() if "refused" in key))
    site.same("deletes", site.ask("DELETE", RECORDS + "/" + record["id"])[0], 204)
    site.gone("removes a deleted record's files", *(key for key in site.keys() if record["id"] in key))
    record = site.make(("title", "bare"))
    lists = at_rest(site)
    site.same("deletes one without files", site.ask("DELETE", RECORDS + "/" + record["id"])[0], 204)
    other = site.make(("one", b"y", "y.txt"))
    site.ask("DELETE", RECORDS + "/" + other["id"])
    site.gone("removes the next one's", site.key(other, other["one"]))
    reeve.until("it has looked for what is left of it", lambda: site.s3.counts("ListObjectsV2") > lists)
    site.same("looks for nothing of who had nothing", site.reference or site.s3.counts(
        "ListObjectsV2") - lists <= 2, True)
    record = site.make(("one", b"x", "x.txt"))
    site.same("truncates", site.ask("DELETE", "/api/collections/docs/truncate")[0], 204)
    site.gone("removes a truncated collection's files", site.key(record, record["one"]))


def thumb(site):
    record = site.make(("one", thumbs.png(200, 150), "picture.png"))
    path = site.url(record, record["one"]) + "?thumb=" + THUMB
    status, body, headers = site.get(path)
    site.same("makes a thumb", (status, headers["Content-Type"], thumbs.unpack(body)[:2]), (200, "image/png", (70, 50)))
    key = site.key(record, "thumbs_%s/%s_%s" % (record["one"], THUMB, record["one"]))
    reeve.until("the thumb is stored", lambda: key in site.keys())
    site.same("stores it", site.s3.objects()[key], {"size": len(body), "type": "image/png", "metadata": {}})
    puts = site.s3.counts("PutObject")
    again = site.get(path)
    site.same("serves what is stored", (again[1], again[2]["Last-Modified"]), (body, headers["Last-Modified"]))
    site.same("makes it once", site.s3.counts("PutObject"), puts)
    site.same("keeps nothing of it here", site.local(), set())
    site.make(("one", ""), record=record)
    site.gone("removes it with its original", key, site.key(record, record["one"]))


PARTS = (tested, in_the_host, stored, changed, thumb, *trouble.PARTS, *lies.PARTS, *commands.PARTS, *kept.PARTS)
FAILING = (tested, trouble.down)  # in these, storage has reason to refuse


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("--reference", action="store_true")
    parser.add_argument("--only", help="one part, by its name")
    parser.add_argument("--without-bounds", dest="bounds", action="store_false",
                        help="on memory: for a build with sanitizers")
    parser.add_argument("binary")
    args = parser.parse_args()
    home = reeve.scratch("s3")
    tally = reeve.Tally()
    try:
        server = server_of(args, home)
        with s3.S3() as storage, server:
            site = Site(server, storage, tally, args)
            for part in PARTS:
                if args.only in (None, part.__name__):
                    storage.reset()
                    if part is not tested:
                        site.use_s3()
                    print("s3:", part.__name__, flush=True)
                    part(site)
                    if part not in FAILING:
                        tidy(site, part.__name__)
            if not args.reference:
                trouble.stops(site)
    finally:
        reeve.remove(home)
    return tally.end()


def tidy(site, part):
    """Every request was right, and every upload in parts came to an end."""
    site.same("storage refuses nothing, " + part, site.s3.refused(), [])
    begun, *ended = (site.s3.counts(kind + "MultipartUpload") for kind in ("Create", "Complete", "Abort"))
    site.same("uploads in parts end, " + part, sum(ended), begun)
    temp = os.path.join(site.server.dir, ".pb_temp_to_delete")
    try:  # they go behind the answers
        reeve.until("no temporary file is left", lambda: not os.path.exists(temp) or not os.listdir(temp))
    except RuntimeError as e:
        site.tally.check("keeps no temporary file, " + part, False, e)


def server_of(args, home):
    directory = reeve.fresh(args.binary, os.path.join(home, "data"), site=False)
    server = reeve.Server(args.binary, directory)
    if args.reference:  # it does not say which port it got
        server.args, server.wanted_port = [], reeve.free_port()
    return server


if __name__ == "__main__":
    sys.exit(main())
