"""Storage that fails, waits, or is exchanged, and clients that leave or read slowly."""

import concurrent.futures
import hashlib
import itertools
import os
import socket
import struct
import threading
import time

import reeve
from docs import RECORDS, cut_short, form

MEMORY = 48 << 20
STOP_S = 12
LARGE = 200 << 20
CLIENTS = 8
HELD = 16
SWITCHES = 24
CROWD = 280  # more than may be fetched from one host at once
NOT_CREATED = (400, {"data": {}, "message": "Failed to create record.", "status": 400})


def down(site):
    """An upload fails before its row; a download is not found; all else goes on."""
    record = site.make(("one", os.urandom(300000), "a.bin"))
    path = site.url(record, record["one"])
    for what, faults, endpoint in (("unavailable", {"unavailable": 1000}, site.s3.endpoint),
                                   ("hanging up", {"hang_up": True}, site.s3.endpoint),
                                   ("not there", {}, "http://127.0.0.1:1")):
        site.s3.faults(**faults)
        site.use_s3(endpoint=endpoint)
        rows = site.rows()
        site.same("create, S3 " + what, site.send(("one", b"x", "x.txt")), NOT_CREATED)
        site.same("no row, S3 " + what, site.rows(), rows)
        site.same("GET, S3 " + what, site.get(path)[0], 404)
        site.same("HEAD, S3 " + what, site.get(path, "HEAD")[0], 404)
        site.same("a range, S3 " + what, site.get(path, Range="bytes=0-1")[0], 404)
        site.same("a record without files, S3 " + what, site.send(("title", "t"))[0], 200)
        other = site.send(("one", b"y", "y.txt"), record=record)[0]
        site.same("an update, S3 " + what, other, 400)
        site.same("keeps its record, S3 " + what, site.ask("GET", RECORDS + "/" + record["id"])[0], 200)
    site.use_s3()
    site.same("comes back", site.get(path)[0], 200)
    large = site.make(("one", os.urandom(4 << 20), "large.bin"))
    site.s3.faults(cut_at=3 << 20)  # more than is held before the answer begins
    site.same("ends a download with its source", cut_short(lambda: site.get(site.url(large, large["one"]))), True)
    site.s3.faults(cut_at=100000)
    site.same("create, S3 cut off", site.send(("one", os.urandom(300000), "c.bin")), NOT_CREATED)
    site.s3.faults()
    site.same("serves others then", site.get(path)[0], 200)
    site.s3.faults(unavailable=1000)
    site.same("deletes, S3 unavailable", site.ask("DELETE", RECORDS + "/" + record["id"])[0], 204)
    site.s3.faults()


def held(site):
    """While storage keeps many waiting, nobody else does."""
    record = site.make(("one", b"held", "held.txt"))
    path = site.url(record, record["one"])
    site.s3.faults(hold=True)
    with concurrent.futures.ThreadPoolExecutor(2 * HELD) as pool:
        slow = [pool.submit(site.get, path) for _ in range(HELD)]
        slow += [pool.submit(site.send, ("one", b"%d" % i, "i.txt")) for i in range(HELD)]
        reeve.until("some wait for storage", lambda: site.s3.counts("Open") > 0)
        time.sleep(0.2)
        waiting = site.s3.counts("Open")
        for i in range(30):
            got = [site.ask("GET", "/api/health")[0], site.ask("GET", RECORDS + "?perPage=5")[0],
                   site.send(("title", "t%d" % i))[0], site.ask("GET", RECORDS + "/" + record["id"])[0]]
            if not site.same("others are served, round %d" % i, got, [200] * 4):
                break
        site.same("the slow still wait", [f for f in slow if f.done()], [])
        site.s3.faults()
        answers = [f.result() for f in slow]
    site.same("the slow come in the end", [a[0] for a in answers], [200] * 2 * HELD)
    site.same("downloads are whole", {a[1] for a in answers[:HELD]}, {b"held"})
    print("s3: %d waited for storage at once" % waiting, flush=True)


def together(site):
    """The files of a record are in one place, whatever is switched while they are stored, and go from
    there where it is refused."""
    if site.reference:
        return  # there each goes where the settings say just then
    for name, ident in (("made", "together0000000"), ("refused", "together0000000")):
        site.s3.faults(hold=True)
        before, kept = site.s3.counts("PutObject"), site.keys()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(site.send, ("id", ident), ("many", b"1", "a.txt"), ("many", b"2", "b.txt"))
            reeve.until("one is being stored", lambda: site.s3.counts("PutObject") > before)
            site.settings(enabled=False)
            site.s3.faults()
            status, record = answer.result()
        site.same("its status, %s" % name, status, 200 if name == "made" else 400)
        site.same("keeps none of it here, %s" % name, site.local(), set())
        site.use_s3()
        if name == "refused":
            reeve.until("what was stored for it is gone", lambda: site.keys() == kept)
        for file in record["many"] if name == "made" else ():
            site.same("serves both", site.get(site.url(record, file))[0], 200)


def quits(site):
    """Who has left in the middle of an upload of many has no more of them stored."""
    body = form([("many", b"%d" % n, "%d.txt" % n) for n in range(9)])
    site.s3.faults(hold=True)
    with socket.create_connection(("127.0.0.1", site.server.port)) as s:
        s.sendall(site.upload_head(len(body)) + body)
        reeve.until("one is being stored", lambda: site.s3.counts("PutObject") == 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(0.2)
    site.s3.faults()
    reeve.until("nothing of it is stored", lambda: site.s3.counts("Open") == 0 and not site.keys())
    site.same("no more are stored", site.reference or site.s3.counts("PutObject") < 9, True)


def left(site):
    """A client that leaves ends what was fetched for it."""
    record = site.make(("one", os.urandom(32 << 20), "long.bin"))
    path = site.url(record, record["one"])
    site.s3.faults(rate=256 << 10)  # two minutes
    clients = [site.download(path) for _ in range(4)]
    for s in clients:
        s.recv(10000)
    site.same("fetches for each", site.s3.counts("Open"), 4)
    for s in clients:
        s.close()
    try:
        reeve.until("fetches end with their clients", lambda: site.s3.counts("Open") == 0)
    except RuntimeError as e:
        site.tally.check("fetches end with their clients", False, e)
    site.s3.faults()


def left_behind(site):
    """A client that leaves in the middle of its upload leaves nothing behind."""
    site.ask("DELETE", "/api/collections/docs/truncate")
    body = form([("one", os.urandom(40 << 20), "left.bin")])
    for at in (len(body) // 10, len(body) // 2, len(body) - 20):
        with socket.create_connection(("127.0.0.1", site.server.port)) as s:
            s.sendall(site.upload_head(len(body)) + body[:at])
    site.same("others upload then", site.send(("one", b"x", "x.txt"))[0], 200)
    try:
        reeve.until("nothing is sent any more", lambda: site.s3.counts("Open") == 0)
        reeve.until("nothing of them is stored", lambda: len(site.keys()) == 1)
    except RuntimeError as e:
        site.tally.check("keeps nothing of an upload that was left", False, e)
    site.same("makes no record of it", site.rows(), 1)


def slow_reader(site):
    """Neither an upload nor a download is in memory as a whole, however slow its client."""
    large = os.urandom(1 << 20) * ((LARGE if site.bounds else 2 * MEMORY) >> 20)
    wanted = hashlib.sha256(large).hexdigest()
    most = Most(site)
    record = site.make(("one", large, "large.bin"))
    site.same("an upload's memory", most.stop(), "little")
    path = site.url(record, record["one"])
    most = Most(site)
    with site.download(path) as s, s.makefile("rb") as reply:
        head = []
        while (line := reply.readline()) != b"\r\n":
            head.append(line)
        got = hashlib.sha256(reply.read(1 << 20))
        time.sleep(2)  # as much as would come in memory has come by then
        while piece := reply.read(4 << 20):
            got.update(piece)
            time.sleep(0.02)
    site.same("downloads all of it", (head[0][:12], got.hexdigest()), (b"HTTP/1.1 200", wanted))
    site.same("a download's memory", most.stop(), "little")


def crowd(site):
    """However many read slowly, others are served, and storage is left alone meanwhile."""
    data = os.urandom(32 << 20)
    record = site.make(("one", data, "crowd.bin"))
    path = site.url(record, record["one"])
    slow = [site.download(path) for _ in range(CROWD)]
    other = site.make(("one", b"other", "other.txt"))
    site.same("others download", site.get(site.url(other, other["one"]))[:2], (200, b"other"))
    try:
        reeve.until("storage is let go of", lambda: site.s3.counts("Open") == 0)
    except RuntimeError as e:
        site.tally.check("storage is let go of", False, e)
    with slow[0].makefile("rb") as reply:
        site.same("who was slow has all of it", reply.read().partition(b"\r\n\r\n")[2] == data, True)
    for s in slow:
        s.close()


class Most:
    """The most memory that the server takes from now on, over what it takes now."""

    def __init__(self, site):
        self.server, self.before, self.most = site.server, site.server.rss(), 0
        self.bound = MEMORY if site.bounds else 1 << 40
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while not self.stopping.wait(0.01):
            self.most = max(self.most, self.server.rss() - self.before)

    def stop(self):
        self.stopping.set()
        self.thread.join()
        return "little" if self.most < self.bound else "%d MB" % (self.most >> 20)


def switching(site):
    """Storage is exchanged while clients upload: each file is where one of the two was."""
    made, stop = [], threading.Event()

    def upload(who):
        for n in itertools.count():
            if stop.is_set():
                return
            content = b"%d of %d" % (n, who)
            made.append((content, *site.send(("one", content, "s.txt"), ("many", content, "t.txt"))))

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(upload, who) for who in range(CLIENTS)]
        try:
            for n in range(SWITCHES):
                enough = len(made) + CLIENTS
                reeve.until("clients go on", lambda: len(made) >= enough)
                site.settings(enabled=n % 2 == 1)
        finally:
            stop.set()
        for client in clients:
            client.result()
    site.same("all are answered", {status for _, status, _ in made}, {200})
    remote, local = site.keys(), site.local()
    names = [site.key(r, name) for _, _, r in made for name in (r["one"], *r["many"])]
    site.same("no file is lost", [key for key in names if key not in remote | local], [])
    site.same("no file is in both", sorted(remote & local), [])
    site.tally.check("both were used", remote and local, (len(remote), len(local)))
    for enabled, there in ((True, remote), (False, local)):
        site.settings(enabled=enabled)
        for content, _, r in made[::7]:
            found = site.key(r, r["one"]) in there
            site.same("what is in the current place", site.get(site.url(r, r["one"]))[:2] == (200, content), found)
    print("s3: %d records while the storage changed %d times" % (len(made), SWITCHES), flush=True)
    record = site.make(("one", b"here", "here.txt"))
    site.same("a file made here", site.get(site.url(record, record["one"]))[1], b"here")


def stops(site):
    """In seconds, whatever the storage keeps waiting: downloads, an upload, removals."""
    site.use_s3()
    records = [site.make(("one", b"stops", "a.txt")) for _ in range(4)]
    path = site.url(records[0], records[0]["one"])
    site.s3.faults(hold=True)
    clients = [site.download(path) for _ in range(HELD)]
    body = form([("one", b"x", "x.txt")])
    uploader = socket.create_connection(("127.0.0.1", site.server.port))
    uploader.sendall(site.upload_head(len(body)) + body)
    for record in records[1:]:
        site.same("deletes before the stop", site.ask("DELETE", RECORDS + "/" + record["id"])[0], 204)
    reeve.until("they wait for storage", lambda: site.s3.counts("Open") > HELD)
    begun = time.monotonic()
    site.tally.check("stops cleanly", site.server.stop(), site.server.output())
    took = time.monotonic() - begun
    site.tally.check("stops in seconds", took < STOP_S, "%.1f s" % took)
    site.s3.faults()
    for s in (*clients, uploader):
        s.close()


PARTS = (down, held, together, quits, left, left_behind, slow_reader, crowd, switching)
