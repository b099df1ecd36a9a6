#!/usr/bin/env python3
"""batch.py BINARY [--rounds N]

Batches that go wrong: over their time, left by their client, refused at the last of thousands of
requests, cut off by SIGKILL. Each is there whole or not at all, and others are answered meanwhile.
"""

import argparse
import http.client
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
        for check in (too_slow, left_alone, thousands, increments, files, passwords):
            with reeve.Server(args.binary, allow(directory, 1 if check is too_slow else 60)) as server:
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
    wanted = {"data": {}, "message": "Batch transaction failed.", "status": 400}
    tally.check("too slow: is refused", status == 400 and json.loads(body) == wanted, body)
    tally.check("too slow: in its time", took < 5, "%.1f s" % took)
    tally.check("too slow: leaves nothing", count(server, "early") == 0)


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
    svg = '<svg xmlns="http://www.w3.org/2000/svg"/>'

    def form(requests):
        part = "--b\r\nContent-Disposition: form-data; name=\"%s\"%s\r\n\r\n%s\r\n"
        body = part % ("@jsonPayload", "", json.dumps({"requests": requests})) + "".join(
            part % ("requests.%d.avatar" % n, '; filename="a.svg"', svg) for n in range(2)) + "--b--\r\n"
        return server.request("POST", "/api/batch", body.encode(),
                              {"content-type": "multipart/form-data; boundary=b",
                               "authorization": token})[:2]

    status, body = form([upsert, patch, fails])
    tally.check("files: the batch fails", status == 400 and b'"2":' in body, body)
    tally.check("files: none is left", stored(server, 0) == [], stored(server, 0))
    status, body = form([upsert, patch])
    names = sorted(a["body"]["avatar"] for a in json.loads(body)) if status == 200 else body
    tally.check("files: those of the rows", stored(server, 2) == names, (stored(server, 2), names))
    status, body = form([upsert, patch])
    again = sorted(a["body"]["avatar"] for a in json.loads(body)) if status == 200 else body
    tally.check("files: replaced", stored(server, 2, names) == again, (stored(server, 2), again))


def stored(server, count, unlike=None):
    """Names below storage/, once there are so many: they are removed in the background."""
    deadline = time.monotonic() + 5
    while True:
        names = sorted(name for _, _, found in os.walk(os.path.join(server.dir, "storage"))
                       for name in found if not name.endswith(".attrs"))
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


class Writer(threading.Thread):
    def __init__(self, port, tag):
        super().__init__(daemon=True)
        self.port, self.tag, self.acknowledged = port, tag, []

    def run(self):
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            for step in range(100000):
                title = "%s-%d" % (self.tag, step)
                conn.request("POST", "/api/batch",
                             json.dumps({"requests": [create(title)] * SIZE}),
                             {"content-type": "application/json"})
                reply = conn.getresponse()
                reply.read()
                if reply.status == 200:
                    self.acknowledged.append(title)
        except (OSError, http.client.HTTPException):
            return  # killed
        finally:
            conn.close()


def killed(binary, directory, number):
    server = reeve.Server(binary, directory).start()
    writers = [Writer(server.port, "kill%d-%d" % (number, n)) for n in range(WRITERS)]
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
    rows = dict(reeve.query(directory, "SELECT title, count(*) FROM entries "
                            "WHERE title LIKE 'kill%d-%%' GROUP BY title" % number))
    torn = [title for title, n in rows.items() if n != SIZE]
    if torn:
        return "%s has %d of %d rows" % (torn[0], rows[torn[0]], SIZE)
    sure = [title for w in writers for title in w.acknowledged]
    lost = [title for title in sure if title not in rows]
    if lost or not sure:
        return "%d of %d acknowledged batches are lost" % (len(lost), len(sure))
    verdict = reeve.query(directory, "PRAGMA integrity_check")
    return None if verdict == [("ok",)] else "integrity_check: %r" % verdict[:3]


if __name__ == "__main__":
    sys.exit(main())
