#!/usr/bin/env python3
"""batch.py BINARY [--rounds N]

Batches that go wrong: over their time, left by their client, refused at the last of thousands of
requests, cut off by SIGKILL. Each is there whole or not at all, its files with it, and others are
answered meanwhile.
"""

import argparse
import contextlib
import http.client
import http.server
import json
import os
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

RECORDS = "/api/collections/entries/records"
MANY = 5000
MEMORY = 64 << 20
SIZE = 20  # requests of a batch that is killed
FIFTY = 50  # files of a batch
DOCS = "/api/collections/docs/records"
PUT_S = 0.25  # what a file takes in the slow bucket
WRITERS = 8

# A row with that title takes longer than anyone waits.
SLOW = """CREATE TRIGGER slow_entry AFTER INSERT ON entries WHEN new.title = 'slow' BEGIN
    SELECT count(*) FROM _collections a, _collections b, _collections c, _collections d,
        _collections e, _collections f, _collections g, _collections h, _collections i; END"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=10)
    args = parser.parse_args()
    home = reeve.scratch("batch")
    tally = reeve.Tally()
    try:
        directory = reeve.fresh(args.binary, os.path.join(home, "data"))
        reeve.run_sql(directory, "data", SLOW)
        with reeve.Server(args.binary, directory) as server:
            make_docs(server)
        for check in CHECKS:
            with reeve.Server(args.binary, allow(directory, 1 if check in HURRIED else 60)) as server:
                check(server, tally)
                tally.check(check.__name__ + ": stops cleanly", server.stop(), server.output())
        for number in range(args.rounds):
            why = killed(args.binary, directory, number)
            if not tally.check("killed, round %d" % number, why is None, why):
                break
    finally:
        reeve.remove(home)
    return tally.end()


def allow(directory, timeout_s):
    reeve.set_batch(directory, enabled=True, maxRequests=10000, timeout=timeout_s)
    return directory


def create(title, **more):
    return {"method": "POST", "url": RECORDS, "body": {"title": title, **more}}


def send(server, requests, timeout=60):
    return server.request("POST", "/api/batch", {"requests": requests}, timeout=timeout)


def count(server, title):
    sql = "SELECT count(*) FROM entries WHERE title = ?"
    return reeve.query(server.dir, sql, title)[0][0]


def too_slow(server, tally):
    start = time.monotonic()
    status, body, _ = send(server, [create("early"), create("slow")])
    took = time.monotonic() - start
    tally.check("too slow: is refused", (status, json.loads(body)) == (400, LATE), body)
    tally.check("too slow: in its time", took < 5, "%.1f s" % took)
    tally.check("too slow: leaves nothing", count(server, "early") == 0)


def slow_hashes(server, tally):
    """Passwords are hashed before the batch has its transaction: that takes of its time, too."""
    users = [{"method": "POST", "url": "/api/collections/users/records",
              "body": {"email": "s%d@example.com" % n, "password": "1234567890",
                       "passwordConfirm": "1234567890"}} for n in range(200)]
    root = {"authorization": reeve.token(server.dir, "root")}
    begun = time.monotonic()
    status, body, _ = server.request("POST", "/api/batch", {"requests": [create("hashed")] + users}, root)
    took = time.monotonic() - begun
    tally.check("hashes: are refused", (status, json.loads(body)) == (400, LATE), body[:300])
    tally.check("hashes: in their time", took < 5, "%.1f s" % took)
    tally.check("hashes: leave nothing", count(server, "hashed") == 0)
    fails = {"method": "POST", "url": "/api/collections/missing/records"}
    status, body, _ = server.request("POST", "/api/batch", {"requests": [fails] + users}, root)
    tally.check("hashes: what fails before them is told",
                status == 400 and list(json.loads(body)["data"].get("requests", {})) == ["0"], body[:300])


class Bucket(http.server.BaseHTTPRequestHandler):
    """As much of S3 as keeps and removes objects, slowly."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        self.rfile.read(int(self.headers["content-length"]))
        time.sleep(PUT_S)
        self.server.keys.append(self.path)
        self.answer(200)

    def do_DELETE(self):
        if self.path in self.server.keys:
            self.server.keys.remove(self.path)
        self.answer(204)

    def do_POST(self):  # many are removed one by one
        self.rfile.read(int(self.headers["content-length"]))
        self.answer(501)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def slow_bucket(server, tally):
    """Files are stored before the batch has its transaction, and that takes of its time, too."""
    bucket = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    bucket.keys = []
    threading.Thread(target=bucket.serve_forever, daemon=True).start()
    root = {"authorization": reeve.token(server.dir, "root")}
    place = {"enabled": True, "bucket": "b", "region": "r", "accessKey": "k", "secret": "s",
             "endpoint": "http://127.0.0.1:%d" % bucket.server_port, "forcePathStyle": True}
    status, body, _ = server.request("PATCH", "/api/settings", {"s3": place}, root)
    tally.check("bucket: is used", status == 200, body)
    status, body = upload(server, docs("some", 2), 2)
    tally.check("bucket: a few are in time", status == 200 and len(bucket.keys) == 2, body)
    del bucket.keys[:]
    begun = time.monotonic()
    status, body = upload(server, docs("late", FIFTY), FIFTY)
    took = time.monotonic() - begun
    tally.check("bucket: many are refused", (status, json.loads(body)) == (400, LATE), body)
    tally.check("bucket: in their time", took < 1 + 4 * PUT_S + 2, "%.1f s" % took)
    tally.check("bucket: rows of none", docs_left(server, "late") == 0)
    emptied(bucket, tally, "bucket: files of none")
    with leaving(server, docs("gone", FIFTY), FIFTY):
        reeve.until("a file is stored", lambda: bucket.keys)
    emptied(bucket, tally, "bucket: files of nobody who has left")
    tally.check("bucket: rows of nobody who has left", docs_left(server, "gone") == 0)
    server.request("PATCH", "/api/settings", {"s3": {"enabled": False}}, root)
    bucket.shutdown()


def emptied(bucket, tally, name):
    """What is stored right now comes to its end, and is removed then."""
    begun = time.monotonic()
    while time.monotonic() < begun + 4 * PUT_S or (bucket.keys and time.monotonic() < begun + reeve.WAIT_S):
        time.sleep(0.01)
    tally.check(name, bucket.keys == [], bucket.keys)


def left_alone(server, tally):
    """The client goes while its batch runs: others must not wait for the batch's own time.

    It resets the connection: one that only closes its sending side still waits for its answer.
    """
    body = json.dumps({"requests": [create("left"), create("slow")]}).encode()
    head = "POST /api/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" \
           "Content-Length: %d\r\n\r\n" % len(body)
    idle, reads = server.cpu_s(), []
    with socket.create_connection(("127.0.0.1", server.port)) as conn:
        conn.sendall(head.encode() + body)
        while server.cpu_s() - idle < 0.2:  # it runs
            reads.append(server.request("GET", RECORDS + "?perPage=1", timeout=10)[0])
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    tally.check("left: readers go on", set(reads) == {200}, set(reads))
    status, reply, _ = server.request("POST", RECORDS, {"title": "next"}, timeout=30)
    tally.check("left: the next writer is served", status == 200, reply)
    tally.check("left: leaves nothing", count(server, "left") == 0)


def thousands(server, tally):
    requests = [create("many", n=n) for n in range(MANY)]
    status, body, _ = send(server, requests)
    memory = server.rss()
    answers = json.loads(body)
    tally.check("thousands: are written", status == 200 and count(server, "many") == MANY, body[:300])
    tally.check("thousands: are answered in order",
                [a["body"]["n"] for a in answers] == list(range(MANY)), body[:300])
    for _ in range(5):
        status, body, _ = send(server, [create("none") for _ in range(MANY - 1)] +
                               [{"method": "PATCH", "url": RECORDS + "/nosuchentry0000"}])
        failed = json.loads(body)["data"].get("requests", {})
        tally.check("thousands: the last fails", status == 400 and list(failed) == [str(MANY - 1)],
                    body[:300])
    tally.check("thousands: nothing of it is left", count(server, "none") == 0)
    grown = server.rss() - memory
    tally.check("thousands: memory stays", grown < MEMORY, "%d KiB more" % (grown >> 10))


def increments(server, tally):
    """Batches at the same time on one row: none is lost, none is mixed with another."""
    made = json.loads(server.request("POST", RECORDS, {"title": "sum", "n": 0})[1])
    url = RECORDS + "/" + made["id"]
    done = []

    def one():
        answer = send(server, [{"method": "PATCH", "url": url, "body": {"n+": 1}}] * 10)
        values = [a["body"]["n"] for a in json.loads(answer[1])] if answer[0] == 200 else None
        done.append(values)

    threads = [threading.Thread(target=one) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    in_step = all(v and v == list(range(v[0], v[0] + 10)) for v in done)
    tally.check("increments: each batch alone", in_step, done)
    total = json.loads(server.request("GET", url)[1])["n"]
    tally.check("increments: none lost", total == 320, total)


def files(server, tally):
    """What was stored for a batch goes with it; what an upsert did not use goes in any case."""
    token = reeve.token(server.dir, "root")
    users = "/api/collections/users/records"
    upsert = {"method": "PUT", "url": users, "body": {"id": "reeveanna000000"}}
    patch = {"method": "PATCH", "url": users + "/reeveben0000000", "body": {}}
    fails = {"method": "DELETE", "url": users + "/nosuchuser00000"}

    def form(requests):
        return upload(server, requests, 2, "avatar", token)

    status, body = form([upsert, patch, fails])
    tally.check("files: the batch fails", status == 400 and b'"2":' in body, body)
    tally.check("files: none is left", stored(server, 0) == [], stored(server, 0))
    status, body = form([upsert, patch])
    names = sorted(a["body"]["avatar"] for a in json.loads(body)) if status == 200 else body
    tally.check("files: those of the rows", stored(server, 2) == names, (stored(server, 2), names))
    status, body = form([upsert, patch])
    again = sorted(a["body"]["avatar"] for a in json.loads(body)) if status == 200 else body
    tally.check("files: replaced", stored(server, 2, names) == again, (stored(server, 2), again))


def make_docs(server):
    status, body, _ = server.request("POST", "/api/collections", {
        "name": "docs", "type": "base", "createRule": "", "deleteRule": "",
        "fields": [{"name": "title", "type": "text"}, {"name": "file", "type": "file"}]},
        {"authorization": reeve.token(server.dir, "root")})
    assert status == 200, body


def docs(title, n):
    return [{"method": "POST", "url": DOCS, "body": {"title": title}}] * n


def docs_left(server, title):
    return reeve.query(server.dir, "SELECT count(*) FROM docs WHERE title = ?", title)[0][0]


def form_of(requests, n, field="file"):
    """A form with a file for each of the first n requests."""
    part = "--b\r\nContent-Disposition: form-data; name=\"%s\"%s\r\n\r\n%s\r\n"
    return (part % ("@jsonPayload", "", json.dumps({"requests": requests})) + "".join(
        part % ("requests.%d.%s" % (i, field), '; filename="a.svg"', SVG) for i in range(n)) + "--b--\r\n").encode()


def upload(server, requests, n, field="file", token=None):
    headers = {"content-type": "multipart/form-data; boundary=b"}
    if token:
        headers["authorization"] = token
    return server.request("POST", "/api/batch", form_of(requests, n, field), headers)[:2]


@contextlib.contextmanager
def leaving(server, requests, n, part=1.0):
    """A client that has sent that part of its batch, and resets its connection in the end."""
    body = form_of(requests, n)
    head = "POST /api/batch HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n" \
           "Content-Length: %d\r\n\r\n" % len(body)
    with socket.create_connection(("127.0.0.1", server.port)) as conn:
        conn.sendall(head.encode() + body[:int(len(body) * part)])
        yield
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def fifty_files(server, tally):
    """A file for each, and only the last fails; or the client leaves before, or amid all that."""
    before = listed(server, "storage")
    fails = {"method": "DELETE", "url": DOCS + "/nosuchdoc000000"}
    status, body = upload(server, docs("fails", FIFTY - 1) + [fails], FIFTY)
    tally.check("fifty files: the last fails", status == 400 and b'"49":' in body, body[:300])
    status, body = upload(server, docs("fails", FIFTY - 1) + [
        {"method": "POST", "url": DOCS, "body": {"title": "fails", "id": "x"}}], FIFTY)
    tally.check("fifty files: the last is refused", status == 400 and b'"49":' in body, body[:300])
    with leaving(server, docs("fails", FIFTY), FIFTY, 0.5):
        time.sleep(0.1)
    idle = server.cpu_s()
    with leaving(server, docs("fails", FIFTY) + [create("slow")], FIFTY):
        reeve.until("it runs", lambda: server.cpu_s() - idle > 0.5)
    status, body, _ = server.request("POST", RECORDS, {"title": "after"}, timeout=30)
    tally.check("fifty files: the next writer is served", status == 200, body)
    names = stored(server, len(before))
    tally.check("fifty files: none is left", names == before, names)
    tally.check("fifty files: no row is left", docs_left(server, "fails") == 0)
    parts = listed(server, ".pb_temp_to_delete")
    tally.check("fifty files: nothing in between is left", parts == [], parts)
    status, body = upload(server, docs("works", FIFTY), FIFTY)
    tally.check("fifty files: are written", status == 200, body[:300])
    names = stored(server, len(before) + FIFTY)
    tally.check("fifty files: are stored", len(names) == len(before) + FIFTY, names)


def listed(server, folder):
    return sorted(name for _, _, found in os.walk(os.path.join(server.dir, folder))
                  for name in found if not name.endswith(".attrs"))


def stored(server, count, unlike=None):
    """Names below storage/, once there are so many: they are removed in the background."""
    deadline = time.monotonic() + 5
    while True:
        names = listed(server, "storage")
        if (len(names) == count and names != unlike) or time.monotonic() > deadline:
            return names
        time.sleep(0.01)


def passwords(server, tally):
    """Many hashes in one batch do not keep a login waiting for all of them."""
    users = [{"method": "POST", "url": "/api/collections/users/records",
              "body": {"email": "b%d@example.com" % n, "password": "1234567890",
                       "passwordConfirm": "1234567890"}} for n in range(60)]
    token = reeve.token(server.dir, "root")
    answer, ended = [], []

    def batch():
        answer.append(server.request("POST", "/api/batch", {"requests": users},
                                     {"authorization": token}, timeout=60))
        ended.append(time.monotonic())

    start = time.monotonic()
    thread = threading.Thread(target=batch)
    thread.start()
    slowest, logins = 0, []
    while thread.is_alive():
        before = time.monotonic()
        logins.append(server.request("POST", "/api/collections/users/auth-with-password",
                                     {"identity": "anna@example.com", "password": "1234567890"})[0])
        slowest = max(slowest, time.monotonic() - before)
    thread.join()
    took = ended[0] - start
    tally.check("passwords: logins go on", set(logins) == {200}, set(logins))
    tally.check("passwords: are hashed", answer[0][0] == 200, answer[0][1][:300])
    tally.check("passwords: no login waits for all", len(logins) > 2 and slowest < took / 2,
                "%d logins, the slowest %.2f s of %.2f" % (len(logins), slowest, took))


LATE = {"data": {}, "message": "Batch transaction failed.", "status": 400}
SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'
HURRIED = (too_slow, slow_hashes, slow_bucket)  # a second is all that their batches may take
CHECKS = (*HURRIED, left_alone, thousands, increments, files, passwords, fifty_files)


class Writer(threading.Thread):
    table = "entries"

    def __init__(self, port, tag):
        super().__init__(daemon=True)
        self.port, self.tag, self.acknowledged = port, tag, []

    def run(self):
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            for step in range(100000):
                title = "%s-%d" % (self.tag, step)
                self.post(conn, title)
                reply = conn.getresponse()
                reply.read()
                if reply.status == 200:
                    self.acknowledged.append(title)
        except (OSError, http.client.HTTPException):
            return  # killed
        finally:
            conn.close()

    def post(self, conn, title):
        conn.request("POST", "/api/batch", json.dumps({"requests": [create(title)] * SIZE}),
                     {"content-type": "application/json"})


class Filer(Writer):
    """With a file for each row."""

    table = "docs"

    def post(self, conn, title):
        conn.request("POST", "/api/batch", form_of(docs(title, SIZE), SIZE),
                     {"content-type": "multipart/form-data; boundary=b"})


def killed(binary, directory, number):
    server = reeve.Server(binary, directory).start()
    writers = [(Writer, Filer)[n % 2](server.port, "kill%d-%d" % (number, n)) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    deadline = time.monotonic() + 20
    while sum(len(w.acknowledged) for w in writers) < 10 + 7 * number and time.monotonic() < deadline:
        time.sleep(0.001)
    server.kill()
    for writer in writers:
        writer.join(30)
    with reeve.Server(binary, directory) as again:  # recovers the WAL
        if not again.stop():
            return "it did not stop cleanly: " + again.output()
    return look(directory, number, writers)


def look(directory, number, writers):
    rows = {}
    for table in (Writer.table, Filer.table):
        rows.update(reeve.query(directory, "SELECT title, count(*) FROM %s "
                                "WHERE title LIKE 'kill%d-%%' GROUP BY title" % (table, number)))
    torn = [title for title, n in rows.items() if n != SIZE]
    if torn:
        return "%s has %d of %d rows" % (torn[0], rows[torn[0]], SIZE)
    sure = [title for w in writers for title in w.acknowledged]
    lost = [title for title in sure if title not in rows]
    if lost or not sure:
        return "%d of %d acknowledged batches are lost" % (len(lost), len(sure))
    storage = os.path.join(directory, "storage", *reeve.query(
        directory, "SELECT id FROM _collections WHERE name = 'docs'")[0])
    for ident, name in reeve.query(directory, "SELECT id, file FROM docs WHERE title LIKE 'kill%d-%%'" % number):
        with open(os.path.join(storage, ident, name), encoding="ascii") as f:
            if f.read() != SVG:
                return "the file of %s is not whole" % ident
    verdict = reeve.query(directory, "PRAGMA integrity_check")
    return None if verdict == [("ok",)] else "integrity_check: %r" % verdict[:3]


if __name__ == "__main__":
    sys.exit(main())
