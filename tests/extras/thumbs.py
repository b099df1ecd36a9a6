"""Thumbs over HTTP: sizes, where they are stored, when they are made and when they go."""

import json
import os
import struct
import threading
import time
import zlib

import downloads
import reeve

SIZES = ["70x50", "70x50t", "70x50b", "70x50f", "0x50", "70x0", "9999x1"]
FIELDS = [{"name": "one", "type": "file", "maxSelect": 1, "thumbs": SIZES, "maxSize": 50 << 20},
          {"name": "many", "type": "file", "maxSelect": 5, "maxSize": 50 << 20}]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, rows=None):
    """Red, green, blue from top to bottom; rows: what is in its place, as it was packed."""
    if rows is None:
        stripe = [b"\0" + bytes(color) * width for color in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
        rows = zlib.compress(b"".join(stripe[3 * y // height] for y in range(height)), 1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def unpack(data):
    """(width, height, the colour in the middle of the first line, of the last)."""
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    at, packed = 8, b""
    while at < len(data):
        n, name = struct.unpack(">I4s", data[at:at + 8])
        packed += data[at + 8:at + 8 + n] if name == b"IDAT" else b""
        at += 12 + n
    size = {2: 3, 6: 4}[kind]
    raw, line, lines = zlib.decompress(packed), bytes(width * size), []
    for y in range(height):
        begin = y * (width * size + 1)
        line = unfilter(raw[begin], raw[begin + 1:begin + 1 + width * size], line, size)
        lines.append(line)
    middle = width // 2 * size
    return width, height, tuple(lines[0][middle:middle + 3]), tuple(lines[-1][middle:middle + 3])


def unfilter(kind, line, above, size):
    out = bytearray(line)
    for i, byte in enumerate(line):
        left = out[i - size] if i >= size else 0
        up, corner = above[i], above[i - size] if i >= size else 0
        if kind == 4:
            best = min((abs(left + up - corner - x), n) for n, x in enumerate((left, up, corner)))[1]
            add = (left, up, corner)[best]
        else:
            add = (0, left, up, (left + up) // 2)[kind]
        out[i] = (byte + add) & 255
    return bytes(out)


def of_all_sizes(site, record):
    red, green, blue = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    path = downloads.url_of(record, record["one"])
    folder = os.path.join(site.server.dir, "storage", record["collectionId"], record["id"])
    site.same("one that is not asked for is not made", os.listdir(folder).count("thumbs_" + record["one"]), 0)
    for size, width, height, top, bottom in (
            ("70x50", 70, 50, green, green), ("70x50t", 70, 50, red, red), ("70x50b", 70, 50, blue, blue),
            ("70x50f", 16, 50, red, blue), ("0x50", 17, 50, red, blue), ("70x0", 70, 210, red, blue),
            ("100x100", 100, 100, green, green)):
        status, body, headers = site.get(path + "?thumb=" + size)
        got = unpack(body)
        site.same(size, (status, got[:2], headers["Content-Type"]), (200, (width, height), "image/png"))
        near = [max(abs(x - y) for x, y in zip(*pair)) for pair in ((got[2], top), (got[3], bottom))]
        site.tally.check("thumbs: %s, what is seen" % size, max(near) < 60, (got, top, bottom))
        name = "%s_%s" % (size, record["one"])
        site.same(size + ", its name", headers["Content-Disposition"], 'inline; filename="%s"' % name)
        stored = os.path.join(folder, "thumbs_" + record["one"], name)
        with open(stored, "rb") as f, open(stored + ".attrs", encoding="utf-8") as attrs:
            car = json.load(attrs)
            site.same(size + ", as it is stored", (f.read() == body, car["user.content_type"], car["user.metadata"]),
                      (True, "image/png", {}))
        site.same(size + ", once more", site.get(path + "?thumb=" + size)[1] == body, True)
    site.same("as a download", site.get(path + "?download=1&thumb=0x50")[2]["Content-Disposition"].split(";")[0],
              "attachment")
    site.same("a part of one", site.get(path + "?thumb=0x50", {"Range": "bytes=1-3"})[:2], (206, b"PNG"))
    whole = site.get(path)[1]
    for size in ("71x50", "70X50", "", "70x50x", "../70x50", "100x100f"):
        site.same("no such size: " + size, site.get(path + "?thumb=" + size)[1] == whole, True)


def without(site):
    """What no thumb can be made of is sent as it is."""
    bomb = png(60000, 60000, zlib.compress(bytes(1 << 20)))
    torn = png(300, 300)[:-40]
    files = {"text.txt": b"no picture", "bomb.png": bomb, "torn.png": torn, "drawing.svg": downloads.SVG,
             "head.png": png(10, 10)[:33]}
    record = site.make("thumbs", [("many", name, data) for name, data in files.items()])
    for name, data in zip(record["many"], files.values()):
        start = time.monotonic()
        status, body, headers = site.get(downloads.url_of(record, name) + "?thumb=100x100")
        site.same("none of " + name[:4], (status, body == data, name in headers["Content-Disposition"]), (200, True, True))
        site.tally.check("thumbs: at once, " + name[:4], time.monotonic() - start < 2)


def come_and_go(site):
    record = site.make("thumbs", [("one", "a.png", png(200, 100))])
    first = downloads.url_of(record, record["one"])
    folder = os.path.join(site.server.dir, "storage", record["collectionId"], record["id"])
    site.same("HEAD makes one", (site.get(first + "?thumb=70x50", method="HEAD")[0], os.path.exists(os.path.join(
        folder, "thumbs_" + record["one"]))), (200, True))
    status, raw, _ = site.send("PATCH", "/api/collections/thumbs/records/" + record["id"], downloads.form([
        ("one", "a.png", png(100, 200))]), headers={
            "Content-Type": "multipart/form-data; boundary=" + downloads.BOUNDARY})
    second = json.loads(raw)
    site.same("replaced", (status, site.get(first + "?thumb=70x50")[0]), (200, 404))
    site.same("of the new one", unpack(site.get(downloads.url_of(second, second["one"]) + "?thumb=0x50")[1])[:2],
              (25, 50))
    reeve.until("the former thumbs are gone", lambda: not os.path.exists(os.path.join(
        folder, "thumbs_" + record["one"])))
    site.send("DELETE", "/api/collections/thumbs/records/" + record["id"])
    reeve.until("all of it is gone", lambda: not os.path.exists(folder))


def bounds(site):
    record = site.make("thumbs", [("one", "a.png", png(300, 300))])
    path = downloads.url_of(record, record["one"])
    for key, most in (("maxPixels", 89999), ("maxBytes", 269999)):
        site.send("PATCH", "/api/reeve/settings", {"thumbs": {key: most}})
        site.same("over " + key, site.get(path + "?thumb=100x100")[2]["Content-Length"], site.get(path)[2][
            "Content-Length"])
        site.send("PATCH", "/api/reeve/settings", {"thumbs": {key: 100000000}})
    site.same("within them", unpack(site.get(path + "?thumb=100x100")[1])[:2], (100, 100))


def made_once(site):
    """However many ask for it at the same time: what it costs tells."""
    big = png(4000, 3000)
    records = [site.make("thumbs", [("one", "big.png", big)]) for _ in range(2)]
    start = site.server.cpu_s()
    site.get(downloads.url_of(records[0], records[0]["one"]) + "?thumb=100x100")
    alone, start = site.server.cpu_s() - start, site.server.cpu_s()
    got = []
    threads = [threading.Thread(target=lambda: got.append(site.get(downloads.url_of(
        records[1], records[1]["one"]) + "?thumb=100x100")[:2])) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    site.same("all have it", (len(got), len(set(got)), got[0][0], unpack(got[0][1])[:2]), (50, 1, 200, (100, 100)))
    spent = site.server.cpu_s() - start
    site.tally.check("thumbs: made once", spent < 5 * alone + 1, "%.2f s, one takes %.2f s" % (spent, alone))


def run(binary, base, tally):
    with reeve.Server(binary, base) as server:
        site = downloads.Site(server, tally)
        site.same("a collection", site.send("POST", "/api/collections", {
            "name": "thumbs", "type": "base", "fields": FIELDS})[0], 200)
        of_all_sizes(site, site.make("thumbs", [("one", "flag.png", png(150, 450))]))
        without(site)
        come_and_go(site)
        bounds(site)
        made_once(site)
        temp = os.path.join(base, ".pb_temp_to_delete")
        reeve.until("no temporary file is left", lambda: not os.path.exists(temp) or not os.listdir(temp))
        tally.check("thumbs: stops cleanly", server.stop(), server.output())
