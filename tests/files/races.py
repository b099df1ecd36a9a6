"""What happens to files at the same time: whoever wins, records and storage agree afterwards."""

import json
import os
import socket
import threading
import time

import reeve
from site_docs import FIELDS, RECORDS, SOON_S, form, head

CLIENTS = 3
TIMES = 40
FORM = {"content-type": "multipart/form-data; boundary=XX"}
FINE = {200, 204, 400, 404}
BUSY = {503}  # what a schema that changes all the time may lead to


def at_once(site, name, *tasks, fine=FINE):
    """Each task is called TIMES times by a thread of its own, with the number of the call."""
    seen = set()

    def work(task):
        for i in range(TIMES):
            seen.add(task(i))

    threads = [threading.Thread(target=work, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    site.tally.check(name + ": answers", seen <= fine, seen)
    site.tidy(name)


def sender(site, method, path, *parts):
    body = form(parts)
    return lambda i: site.server.request(method, path, body, FORM)[0]


def creator(site, path=RECORDS):
    return sender(site, "POST", path, ("one", "x" * 5000, "one.txt"), ("many", "y", "y.txt"))


def emptier(site):
    return lambda i: site.server.request("DELETE", "/api/collections/docs/truncate",
                                         headers=site.root)[0]


def deleter(site):
    """Deletes all that is there."""
    def delete(i):
        for ident, in reeve.query(site.server.dir, "SELECT id FROM docs"):
            status, _, _ = site.server.request("DELETE", RECORDS + "/" + ident)
        return 204
    return delete


def alterer(site):
    """A field comes and goes: what was prepared before has to be prepared again."""
    _, body, _ = site.server.request("GET", "/api/collections/docs", headers=site.root)
    fields = json.loads(body)["fields"]

    def alter(i):
        more = [] if i % 2 else [{"name": "extra", "type": "text"}]
        return site.server.request("PATCH", "/api/collections/docs", {"fields": fields + more},
                                   site.root)[0]
    return alter


def meanwhile(site):
    creators = [creator(site)] * CLIENTS
    at_once(site, "creates while it is truncated", *creators, emptier(site))
    at_once(site, "creates while records are deleted", *creators, deleter(site))
    at_once(site, "creates while the schema changes", *creators, alterer(site),
            fine=FINE | BUSY)
    record = site.make(("one", "1", "one.txt"))
    path = RECORDS + "/" + record["id"]
    updates = [sender(site, "PATCH", path, ("one", "2" * 3000, "two.txt"), ("many", "3", "3.txt")),
               sender(site, "PATCH", path, ("many+", "4", "four.txt")),
               sender(site, "PATCH", path, ("many", ""), ("title", "t"))]
    at_once(site, "updates of one record", *updates)
    at_once(site, "updates while it is deleted", *updates, emptier(site))
    taken = ("id", "samesamesame000")
    at_once(site, "creates with one id", *[
        sender(site, "POST", RECORDS, taken, ("one", "z", "z.txt"))] * CLIENTS, emptier(site))


def batcher(site, *requests):
    """Each (method, path below the collection, body) with a file of its own."""
    payload = json.dumps({"requests": [{"method": method, "url": RECORDS + path, "body": body}
                                       for method, path, body in requests]})
    parts = [("requests.%d.one" % i, "b" * 4000, "b%d.txt" % i) for i in range(len(requests))]
    return sender(site, "POST", "/api/batch", ("@jsonPayload", payload), *parts)


def batches(site):
    """Upserts make files for a create and for an update; one request that fails takes all back."""
    upsert = ("PUT", "", {"id": "upsertupsert000"})
    works = batcher(site, ("POST", "", {}), upsert, ("POST", "", {"title": "t"}), upsert)
    fails = batcher(site, ("POST", "", {}), upsert, ("POST", "", {"title": "t" * 21}))
    site.tally.check("a batch that works", works(0) == 200)
    site.tidy("keeps the files of a batch")
    site.tally.check("a batch that fails", fails(0) == 400)
    site.tidy("keeps no file of a batch that failed")
    at_once(site, "batches while it is truncated", works, fails, works, emptier(site))
    at_once(site, "batches while records are deleted", works, fails, works, deleter(site))
    at_once(site, "batches while the schema changes", works, fails, alterer(site),
            fine=FINE | BUSY)


def dropped(site):
    """A collection goes while records are made in it."""
    path = "/api/collections/brief"
    for i in range(5):
        _, body, _ = site.server.request("POST", "/api/collections", {
            "name": "brief", "type": "base", "fields": FIELDS, "createRule": ""}, site.root)
        ident = json.loads(body)["id"]
        create = creator(site, path + "/records")
        threads = [threading.Thread(target=lambda: [create(k) for k in range(10)])
                   for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        status, body, _ = site.server.request("DELETE", path, headers=site.root)
        site.tally.check("drops a collection", status == 204, body)
        for thread in threads:
            thread.join()
        folder = os.path.join(site.server.dir, "storage", ident)
        site.gone("its folder goes", folder, 0)
    site.tidy("leaves the others")


def unwritable(site):
    """What cannot be stored is refused, and is stored once it can be."""
    temporary = os.path.join(site.server.dir, ".pb_temp_to_delete")
    folder = os.path.join(site.server.dir, "storage", site.col)
    large = sender(site, "POST", RECORDS, ("one", "u" * 400000, "u.txt"))
    for path, status in ((temporary, 503), (folder, 500)):
        os.rename(path, path + ".away")
        with open(path, "w", encoding="ascii"):
            pass
        answered = large(0)
        os.unlink(path)
        os.rename(path + ".away", path)
        site.tally.check("has no room in " + os.path.basename(path), answered == status, answered)
        site.tidy("keeps nothing of what had no room")
        site.tally.check("has room again", large(0) == 200)


def killed(site):
    """The process dies in the middle of an upload; the next one removes what it left."""
    body = form([("one", b"k" * 2000000, "big.bin")])
    with socket.create_connection(("127.0.0.1", site.server.port)) as s:
        s.sendall(head("Content-Length: %d\r\n" % len(body)) + body[:-100000])
        until = time.monotonic() + SOON_S
        while not site.temporary() and time.monotonic() < until:
            time.sleep(0.01)
        site.tally.check("has a temporary file", len(site.temporary()) == 1, site.temporary())
        site.server.kill()
    site.server.start()
    site.tally.check("starts without it", not site.temporary(), site.temporary())
    site.tidy("keeps nothing of it")
