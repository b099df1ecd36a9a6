#!/usr/bin/env python3
"""bodies.py BINARY

Large bodies keep no loop from others, whatever they are sent to, and take no more memory than a few
times their size; what is in a form is found among much else. One loop answers a probe beside each of
the bodies. A machine that is busy may hold the probe, too, so each has three tries. The last line is
`N passed, N failed`.
"""

import http.client
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

MB = 1 << 20
HELD_MS = 50
TRIES = 3
PEOPLE = "/api/collections/people/records"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
OBJECTS = b'{"a":[' + b",".join([b'{"x":1}'] * 1900000) + b"]}"
KEYS = b"{" + b",".join(b'"k%06d":1' % n for n in range(1200000)) + b"}"
REQUESTS = b'{"requests":[' + b",".join([b'{"method":"POST"}'] * 800000) + b"]}"
COLLECTIONS = b'{"collections":[' + KEYS + b"]}"
PAIRS = b"&".join(b"k%d=%s" % (n, b"x" * 1400) for n in range(9999))
ESCAPED = b"&".join(b"k%d=%s" % (n, b"%41+" * 350) for n in range(9999))
LOGIN = "/api/collections/users/auth-with-password"

# What is sent as whom, and which statuses are right.
HELD = [
    ("a list", "GET", PEOPLE, JSON, OBJECTS, None, (200,)),
    ("a list with many keys", "GET", PEOPLE, JSON, KEYS, None, (200,)),
    ("a create", "POST", PEOPLE, JSON, OBJECTS, None, (400,)),
    ("a create with many keys", "POST", PEOPLE, JSON, KEYS, None, (400,)),
    ("a change", "PATCH", PEOPLE + "/reeveperson0000", JSON, OBJECTS, "root", (200, 404)),
    ("a delete", "DELETE", PEOPLE + "/nobody", JSON, OBJECTS, "root", (404,)),
    ("a form", "POST", PEOPLE, FORM, PAIRS, None, (400,)),
    ("an escaped form", "POST", PEOPLE, FORM, ESCAPED, None, (400,)),
    ("a login", "POST", LOGIN, JSON, OBJECTS, None, (400,)),
    ("a login with many keys", "POST", LOGIN, JSON, KEYS, None, (400,)),
    ("a refresh", "POST", "/api/collections/users/auth-refresh", JSON, OBJECTS, "anna", (200,)),
    ("a batch", "POST", "/api/batch", JSON, REQUESTS, None, (400,)),
    ("a collection", "POST", "/api/collections", JSON, OBJECTS, "root", (400,)),
    ("a change of one", "PATCH", "/api/collections/people", JSON, KEYS, "root", (200,)),
    ("an import", "PUT", "/api/collections/import", JSON, COLLECTIONS, "root", (400,)),
    ("settings", "PATCH", "/api/settings", JSON, KEYS, "root", (200,)),
]

# A body, and how many times its size a fresh server may take for it.
TAKEN = [
    ("objects", JSON, b'{"a":[' + b",".join([b'{"x":1}'] * 1900000) + b"]}", 10),
    ("numbers", JSON, b'{"a":[' + b",".join([b"123"] * 3600000) + b"]}", 9),
    ("keys", JSON, KEYS, 10),
    ("a text", JSON, b'{"a":"' + b"x" * (14 * MB) + b'"}', 2.5),
    ("a text with an escape", JSON, b'{"a":"\\n' + b"x" * (14 * MB) + b'"}', 2.5),
    ("texts", JSON, b'{"a":[' + b",".join([b'"' + b"x" * 40 + b'"'] * 330000) + b"]}", 2.7),
    ("texts with escapes", JSON, b'{"a":[' + b",".join([b'"\\n' + b"x" * 38 + b'"'] * 330000) + b"]}", 2.9),
    ("a form's pairs", FORM, PAIRS, 3),
    ("a form's escaped pairs", FORM, ESCAPED, 3),
    ("a form's text", FORM, b"a=" + b"x" * (14 * MB), 3),
    ("a form's escaped text", FORM, b"a=%41" + b"x+" * (7 * MB), 3),
]


class Probe:
    """How long the server's only loop lets another client wait at most."""

    def __init__(self, port):
        self.conn = http.client.HTTPConnection("127.0.0.1", port, timeout=reeve.WAIT_S)
        self.worst_ms = 0
        self.over = False
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over:
            began = time.monotonic()
            self.conn.request("GET", "/api/health")
            self.conn.getresponse().read()
            self.worst_ms = max(self.worst_ms, (time.monotonic() - began) * 1000)
            time.sleep(0.002)
        self.conn.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()


def headers_of(directory, kind, who):
    return {"content-type": kind, **({"Authorization": reeve.token(directory, who)} if who else {})}


def named(server, tally):
    """Values are found by their keys, however many there are."""
    for n in (0, 5, 8, 9, 5000):
        pairs = ["k%d=%d" % (i, i) for i in range(n)]
        pairs[n // 2:n // 2] = ["name=first", "age=7"]
        payload = ",".join('"m%d":%d' % (i, i) for i in range(n)) + "," * (n > 0) + '"name":"last %d"' % n
        form = "&".join(pairs + ["@jsonPayload={%s}" % payload])
        status, said, _ = server.request("POST", PEOPLE, form, headers_of(server.dir, FORM, None))
        record = json.loads(said)
        tally.check("a form of %d keys" % n, status == 200 and
                    (record["name"], record["age"]) == ("last %d" % n, 7), "%d %s" % (status, said[:200]))
        wrong = form + '&@jsonPayload={"age":"7"}'
        status, said, _ = server.request("POST", PEOPLE, wrong, headers_of(server.dir, FORM, None))
        tally.check("a type that does not fit, among %d" % n, status == 400, "%d %s" % (status, said[:200]))


def held(server, tally):
    for name, method, path, kind, body, who, right in HELD:
        headers = headers_of(server.dir, kind, who)
        worst_ms = []
        while len(worst_ms) < TRIES and (not worst_ms or min(worst_ms) >= HELD_MS):
            with Probe(server.port) as probe:
                status, said, _ = server.request(method, path, body, headers)
                time.sleep(0.02)  # what the loop does behind the answer
            worst_ms.append(probe.worst_ms)
        tally.check(name, status in right, "%d %s" % (status, said[:200]))
        tally.check("%s holds no loop" % name, min(worst_ms) < HELD_MS,
                    " ".join("%.0f" % ms for ms in worst_ms) + " ms")


def taken(binary, directory, tally):
    for name, kind, body, most in TAKEN:
        with reeve.Server(binary, directory, "--threads", "1") as server:
            server.request("POST", PEOPLE, b"{}", headers_of(directory, JSON, None))
            before = server.status("VmHWM")
            status, said, _ = server.request("POST", PEOPLE, body, headers_of(directory, kind, None))
            times = (server.status("VmHWM") - before) / len(body)
            left = (server.rss() - before) / len(body)
        tally.check(name, status == 400, "%d %s" % (status, said[:200]))
        tally.check("the memory of %s" % name, times <= most, "%.2f times %d bytes" % (times, len(body)))
        if os.environ.get("REEVE_TEST_FIGURES"):
            print("%-24s %5.2f times, %.2f left" % (name, times, left))


def main():
    binary = sys.argv[1]
    home = reeve.scratch("bodies")
    tally = reeve.Tally()
    try:
        directory = reeve.fresh(binary, os.path.join(home, "data"))
        reeve.set_batch(directory, enabled=True, maxRequests=50, timeout=60)
        with reeve.Server(binary, directory, "--threads", "1") as server:
            named(server, tally)
            held(server, tally)
            tally.check("stops cleanly", server.stop(), server.output())
        taken(binary, directory, tally)
    finally:
        reeve.remove(home)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
