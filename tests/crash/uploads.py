#!/usr/bin/env python3
"""uploads.py BINARY [--rounds N] [--clients N]

Kills the server with SIGKILL in the middle of many uploads, again and again. Afterwards every record
that was answered is there, and the files of every record that is there are whole, with their
side-cars; the next start leaves nothing in the folder for temporary files. Files of records that
were never committed may be left: they are counted.
"""

import argparse
import base64
import hashlib
import http.client
import json
import os
import random
import shutil
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

RECORDS = "/api/collections/docs/records"
LEAST, MOST = 1 << 10, 5 << 20
BLOCK = os.urandom(2 * MOST)
HEAD = (b'--XX\r\nContent-Disposition: form-data; name="one"; filename="a.bin"\r\n\r\n')
TAIL = b"\r\n--XX--\r\n"
FORM = {"content-type": "multipart/form-data; boundary=XX"}


class Client(threading.Thread):
    """Creates and replaces on one connection until it breaks; knows what was answered last."""

    def __init__(self, port, seed):
        super().__init__(daemon=True)
        self.port, self.rng = port, random.Random(seed)
        self.sure = {}  # id -> digest of the file
        self.answered = 0
        self.wrong = None

    def run(self):
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            while True:
                self.upload(conn)
        except (OSError, http.client.HTTPException):
            return  # killed
        except AssertionError as e:
            self.wrong = str(e)
        finally:
            conn.close()

    def upload(self, conn):
        size = int(LEAST * (MOST / LEAST) ** self.rng.random())  # as many small ones as large ones
        begin = self.rng.randrange(len(BLOCK) - size)
        content = BLOCK[begin:begin + size]
        digest = hashlib.md5(content).digest()
        ident = self.rng.choice(list(self.sure)) if self.sure and self.rng.random() < 0.3 else None
        if ident:  # until it is answered, it may have either file
            self.sure.pop(ident)
        conn.request("PATCH" if ident else "POST", RECORDS + "/" + ident if ident else RECORDS,
                     HEAD + content + TAIL, FORM)
        reply = conn.getresponse()
        answer = reply.read()
        assert reply.status in (200, 503), "%d %r" % (reply.status, answer[:300])
        if reply.status == 200:
            self.sure[json.loads(answer)["id"]] = digest
            self.answered += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    home = reeve.scratch("uploads")
    tally = reeve.Tally()
    figures = {"answered": 0, "left": 0}
    print("seed %d" % args.seed)
    try:
        directory = reeve.fresh(args.binary, os.path.join(home, "data"))
        with reeve.Server(args.binary, directory) as server:
            col = make_collection(server)
        for number in range(args.rounds):
            try:
                why = one_round(args, directory, col, random.Random(args.seed * 1000 + number), figures)
            except RuntimeError as e:
                why = str(e)
            if not tally.check("round %d" % number, why is None, why):
                break
    finally:
        if tally.failed:
            print("the directory is kept: " + home)
        else:
            reeve.remove(home)
    print("%(answered)d answered uploads; %(left)d files left without a record" % figures)
    return tally.end()


def make_collection(server):
    status, body, _ = server.request("POST", "/api/collections", {
        "name": "docs", "type": "base", "createRule": "", "updateRule": "",
        "fields": [{"name": "one", "type": "file", "maxSize": MOST}]},
        {"authorization": reeve.token(server.dir, "root")})
    assert status == 200, body
    return json.loads(body)["id"]


def one_round(args, directory, col, rng, figures):
    server = reeve.Server(args.binary, directory).start()
    clients = [Client(server.port, rng.getrandbits(60)) for _ in range(args.clients)]
    for client in clients:
        client.start()
    try:
        reeve.until("an upload was answered", lambda: any(c.answered for c in clients), 60)
        time.sleep(rng.uniform(0.01, 1))  # where it is killed is left to chance
    finally:
        server.kill()
    for client in clients:
        client.join(60)
        if client.is_alive():
            return "waited 60 s until a client noticed that the server was killed"
        if client.wrong:
            return client.wrong
    storage = os.path.join(directory, "storage", col)
    with reeve.Server(args.binary, directory) as again:
        why = look(directory, storage, clients, figures)
        if why is None and not again.stop():
            why = "it did not stop cleanly: " + again.output()
    reeve.run_sql(directory, "data", "DELETE FROM docs")
    shutil.rmtree(storage, ignore_errors=True)
    return why


def look(directory, storage, clients, figures):
    temporary = os.listdir(os.path.join(directory, ".pb_temp_to_delete"))
    if temporary:
        return "temporary files are left: %r" % temporary
    rows = dict(reeve.query(directory, "SELECT id, one FROM docs"))
    digests = {}
    for ident, name in rows.items():
        try:
            digests[ident] = whole(os.path.join(storage, ident, name))
        except (OSError, ValueError) as e:
            return "the file of %s: %s" % (ident, e)
    for client in clients:
        figures["answered"] += client.answered
        for ident, digest in client.sure.items():
            if digests.get(ident) != digest:
                return "%s was answered, and %s" % (
                    ident, "its file is another one" if ident in rows else "is not there")
    names = [os.path.join(os.path.basename(top), name)
             for top, _, names in os.walk(storage) for name in names]
    wanted = {os.path.join(ident, name) for ident, name in rows.items()}
    figures["left"] += sum(name not in wanted and not name.endswith(".attrs") for name in names)
    return None


def whole(path):
    """The file's digest, which is the one in its side-car."""
    with open(path, "rb") as f, open(path + ".attrs", encoding="utf-8") as attrs:
        digest = hashlib.md5(f.read()).digest()
        noted = base64.b64decode(json.load(attrs)["md5"])
    if noted != digest:
        raise ValueError("it is not what its side-car says")
    return digest


if __name__ == "__main__":
    sys.exit(main())
