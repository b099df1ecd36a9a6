#!/usr/bin/env python3
"""soak.py BINARY [--seconds N] [--streams N] [--writers N] [--rate N] [--seed N] [--kill] [--in-order] [--replay]

Subscribers, of whom half are cut at random and come back, beside writers that create, update and delete records; each
record has a counter that grows. What was answered must have been seen by everyone who was subscribed from before the
change until some seconds after its answer, and nothing else may be seen. Changes of one record out of order are
counted; with --in-order they are failures. The reference server passes without --in-order and --replay (REEVE_TEST_TMP
outside of /tmp).

--kill kills the server with SIGKILL in the middle and starts it again: what was told before must be stored after.

--replay: streams are opened with ?replay=1, ids are CLIENT.EPOCH.SEQ, and who comes back tells the last one that it
saw, that of PB_CONNECT included, as lastEventId. Then nothing may be missed at all, but where an event `resync`
({"topic": …}) says so, whereupon the subscriber reads the list: what it shows counts as seen.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import http.client
import json
import os
import queue
import random
import re
import selectors
import socket
import struct
import sys
import threading
import time
import typing
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402
import streams  # noqa: E402

ITEMS = "/api/collections/items/records"
GROUPS = 4
ALIVE_MOST = 60  # records of a writer: all lists fit on one page
PAGE = 1000
GRACE_S = 4  # from an answer until its event counts as missed
SETTLE_S = 30
CONNECT_S = 60
CUTS_A_SECOND = 15
AWAY_S = 0.6
CONNECTORS = 6
REPLAY_ID = re.compile(r"^([A-Za-z0-9]{40})\.([^.]+)\.([0-9]+)$")
DELETED = "deleted"
Key = tuple[str, typing.Any]  # (record, counter or DELETED)


@dataclasses.dataclass
class Change:
    ident: str
    n: typing.Any  # the counter, or DELETED
    group: int
    begin: float
    end: float | None = None  # None: never answered

    @property
    def key(self) -> Key:
        return self.ident, self.n


class Log:
    """All that was asked of the server; appended to by writers, read when they have ended."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.changes: list[Change] = []

    def begin(self, ident: str, n: typing.Any, group: int) -> Change:
        with self.lock:
            self.changes.append(Change(ident, n, group, time.monotonic()))
            return self.changes[-1]


class Writer(threading.Thread):
    def __init__(self, soak: Soak, number: int, pause_s: float) -> None:
        super().__init__(daemon=True)
        self.soak, self.pause_s = soak, pause_s
        self.rng = random.Random(soak.args.seed * 1000 + number)
        self.alive: dict[str, tuple[int, int]] = {}  # id -> (counter, group)
        self.conn: http.client.HTTPConnection | None = None
        self.wrong = ""

    def run(self) -> None:
        due = time.monotonic()
        while not self.soak.stopping.is_set():
            try:
                self.step()
            except (OSError, http.client.HTTPException) as e:
                if not self.soak.args.kill:
                    self.wrong = "%s: %s" % (type(e).__name__, e)
                    return
                self.conn = None
                self.soak.stopping.wait(0.05)
            except AssertionError as e:
                self.wrong = str(e)
                return
            due = max(due + self.rng.uniform(0, 2) * self.pause_s, time.monotonic() - 1)
            self.soak.stopping.wait(max(0, due - time.monotonic()))

    def step(self) -> None:
        chance = self.rng.random()
        if not self.alive or chance < 0.2 and len(self.alive) < ALIVE_MOST:
            ident, group = "%015x" % self.rng.getrandbits(60), self.rng.randrange(GROUPS)
            self.call([self.soak.log.begin(ident, 1, group)], "POST", ITEMS, {"id": ident, "n": 1, "group": group})
            self.alive[ident] = 1, group
            return
        # Half of the time the youngest: changes of one record in a row are what may be confused.
        ident = next(reversed(self.alive)) if self.rng.random() < 0.5 else self.rng.choice(list(self.alive))
        n, group = self.alive.pop(ident)  # comes back only where the answer came
        one = ITEMS + "/" + ident
        if chance > 0.85:
            self.call([self.soak.log.begin(ident, DELETED, group)], "DELETE", one, None)
            return
        if chance > 0.75:
            some = [self.soak.log.begin(ident, n + at, group) for at in range(1, 4)]
            self.call(some, "POST", "/api/batch", {"requests": [
                {"method": "PATCH", "url": one, "body": {"n": change.n}} for change in some]})
            self.alive[ident] = n + 3, group
            return
        self.call([self.soak.log.begin(ident, n + 1, group)], "PATCH", one, {"n": n + 1})
        self.alive[ident] = n + 1, group

    def call(self, changes: list[Change], method: str, path: str, body: typing.Any) -> None:
        if self.conn is None:
            self.conn = reeve.Connection("127.0.0.1", self.soak.port, timeout=60)
        self.conn.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
        reply = self.conn.getresponse()
        text = reply.read()
        assert reply.status in (200, 204), "%s %s: %d %r" % (method, path, reply.status, text[:300])
        now = time.monotonic()
        for change in changes:
            change.end = now


@dataclasses.dataclass
class Session:
    """From a subscription until the cut."""
    since: float
    until: float = float("inf")
    seen: dict[Key, int] = dataclasses.field(default_factory=dict)
    last: dict[str, float] = dataclasses.field(default_factory=dict)  # record -> counter that came last


class Subscriber:
    def __init__(self, number: int) -> None:
        self.number = number
        self.group = number // 2 % GROUPS if number % 2 else None
        self.cuttable = number % 4 >= 2
        options = {} if self.group is None else {"query": {"filter": "group = %d" % self.group}}
        self.topic = streams.topic("items/*", **options)
        self.stream: streams.Stream | None = None
        self.sessions: list[Session] = []
        self.last_id = ""
        self.lists: list[tuple[float, dict[str, int]]] = []  # (when it was there, id -> counter)

    def wants(self, change: Change) -> bool:
        return self.group is None or change.group == self.group

    def shown(self, change: Change, deletions: dict[str, float]) -> bool:
        """A list that was read after the change began has it, or something later."""
        for when, counters in self.lists:
            if change.begin >= when:
                continue
            if change.ident in counters:
                if change.n != DELETED and counters[change.ident] >= change.n:
                    return True
            elif deletions.get(change.ident, when) < when:
                return True
        return False


class Soak:
    def __init__(self, args: argparse.Namespace, server: reeve.Server) -> None:
        self.args, self.server, self.port = args, server, server.port
        self.log, self.stopping = Log(), threading.Event()
        self.rng = random.Random(args.seed)
        self.subscribers = [Subscriber(at) for at in range(args.streams)]
        self.selector = selectors.DefaultSelector()
        self.to_connect: queue.Queue[tuple[float, Subscriber] | None] = queue.Queue()
        self.connected: queue.Queue[tuple[Subscriber, streams.Stream, float]] = queue.Queue()
        self.to_list: queue.Queue[Subscriber | None] = queue.Queue()
        self.n: collections.Counter[str] = collections.Counter()
        self.odd: list[str] = []  # what should not have come
        self.wrong: list[str] = []  # what threads could not do
        self.last_event = time.monotonic()

    # --- connecting, on threads of its own ----------------------------------------------------------------------------

    def connect(self) -> None:
        while (job := self.to_connect.get()) is not None:
            when, subscriber = job
            time.sleep(max(0.0, when - time.monotonic()))
            deadline = time.monotonic() + CONNECT_S
            while True:
                try:
                    self.connected.put((subscriber, *self.open(subscriber)))
                    break
                except (OSError, http.client.HTTPException, streams.Broken) as e:
                    if not self.args.kill or time.monotonic() > deadline:
                        self.wrong.append("subscriber %d cannot connect: %s: %s" % (subscriber.number,
                                                                                    type(e).__name__, e))
                        break
                    time.sleep(0.05)

    def open(self, subscriber: Subscriber) -> tuple[streams.Stream, float]:
        query = {}
        if self.args.replay:
            query = {"replay": "1", **({"lastEventId": subscriber.last_id} if subscriber.last_id else {})}
        stream = streams.Stream(self.port, streams.PATH + ("?" + urllib.parse.urlencode(query) if query else ""))
        try:
            if stream.first is None:
                raise streams.Broken("GET /api/realtime: %d" % stream.status)
            subscriber.last_id = stream.first.id
            conn = reeve.Connection("127.0.0.1", self.port, timeout=60)
            try:
                conn.request("POST", streams.PATH, json.dumps({"clientId": stream.id,
                                                               "subscriptions": [subscriber.topic]}),
                             {"Content-Type": "application/json"})
                status = conn.getresponse().status
            finally:
                conn.close()
            if status != 204:
                raise streams.Broken("POST /api/realtime: %d" % status)
        except BaseException:
            stream.close()
            raise
        return stream, time.monotonic()

    def read_lists(self) -> None:
        while (subscriber := self.to_list.get()) is not None:
            try:
                counters = self.stored()
            except (OSError, http.client.HTTPException, RuntimeError) as e:
                self.wrong.append("a list after resync: %s: %s" % (type(e).__name__, e))
                continue
            subscriber.lists.append((time.monotonic(), counters))

    def stored(self) -> dict[str, int]:
        status, raw, _ = self.server.request("GET", ITEMS + "?perPage=%d&fields=id,n" % PAGE)
        if status != 200:
            raise RuntimeError("GET %s: %d" % (ITEMS, status))
        got = json.loads(raw)
        if got["totalItems"] > PAGE:
            raise RuntimeError("%d records do not fit on one page" % got["totalItems"])
        return {item["id"]: item["n"] for item in got["items"]}

    # --- reading, on the main thread ----------------------------------------------------------------------------------

    def turn(self) -> None:
        """Takes over who has connected, reads what is there."""
        while not self.connected.empty():
            subscriber, stream, since = self.connected.get()
            subscriber.stream = stream
            subscriber.sessions.append(Session(since))
            self.selector.register(stream.sock, selectors.EVENT_READ, subscriber)
            self.take(subscriber)
        for key, _ in self.selector.select(0.02):
            subscriber = key.data
            subscriber.stream.pump()
            self.take(subscriber)
            if subscriber.stream.ended:
                self.n["ended by the server"] += 1
                if not self.args.kill:
                    self.odd.append("the server ended the stream of subscriber %d" % subscriber.number)
                self.leave(subscriber)

    def take(self, subscriber: Subscriber) -> None:
        stream, session = subscriber.stream, subscriber.sessions[-1]
        assert stream is not None
        while stream.events:
            event = stream.events.popleft()
            self.last_event = time.monotonic()
            self.n["events"] += 1
            subscriber.last_id = event.id
            if self.args.replay and not REPLAY_ID.match(event.id):
                self.odd.append("id %r" % event.id)
            if not self.args.replay and event.id != stream.id:
                self.odd.append("id %r of client %s" % (event.id, stream.id))
            if self.args.replay and event.name == "resync":
                self.n["resyncs"] += 1
                if event.json().get("topic") != subscriber.topic:
                    self.odd.append("resync of %r for %s" % (event.data, subscriber.topic))
                self.to_list.put(subscriber)
            elif event.name != subscriber.topic:
                self.odd.append("%s for %s" % (event.name, subscriber.topic))
            else:
                self.count(subscriber, session, event.json())

    def count(self, subscriber: Subscriber, session: Session, data: typing.Any) -> None:
        record = data["record"]
        if subscriber.group not in (None, record["group"]):
            self.odd.append("a record of group %s for %s" % (record["group"], subscriber.topic))
        gone = data["action"] == "delete"
        if not gone and (data["action"] == "create") != (record["n"] == 1):
            self.odd.append("%s with counter %s" % (data["action"], record["n"]))
        ident, n = record["id"], float("inf") if gone else record["n"]
        key = ident, DELETED if gone else n
        self.n["doubled"] += key in session.seen
        self.n["out of order"] += n < session.last.get(ident, 0)
        session.seen[key] = session.seen.get(key, 0) + 1
        session.last[ident] = n

    def leave(self, subscriber: Subscriber, reset: bool = False) -> None:
        """Hangs up, or takes note that the server did, and is to come back after a while."""
        stream = subscriber.stream
        assert stream is not None
        self.selector.unregister(stream.sock)
        if reset:
            stream.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()
        subscriber.stream = None
        subscriber.sessions[-1].until = time.monotonic()
        self.to_connect.put((time.monotonic() + self.rng.uniform(0, AWAY_S), subscriber))

    def all_there(self) -> bool:
        return all(s.stream for s in self.subscribers)

    def wait(self, what: str, fact: typing.Callable[[], bool], limit_s: float) -> None:
        deadline = time.monotonic() + limit_s
        while not fact():
            if self.wrong:
                raise RuntimeError("before %s: %s" % (what, self.wrong[:3]))
            if time.monotonic() > deadline:
                raise RuntimeError("waited %g s until %s" % (limit_s, what))
            self.turn()

    def cut_some(self) -> None:
        there = [s for s in self.subscribers if s.cuttable and s.stream]
        if there:
            self.n["cuts"] += 1
            self.leave(self.rng.choice(there), self.rng.random() < 0.5)

    def kill(self) -> None:
        """The streams end meanwhile; what they still hold is read afterwards."""
        self.server.kill()
        try:
            self.server.start()
        except RuntimeError as e:
            self.wrong.append(str(e))

    def run(self) -> list[Writer]:
        threads = [threading.Thread(target=self.connect, daemon=True) for _ in range(CONNECTORS)]
        threads.append(threading.Thread(target=self.read_lists, daemon=True))
        writers = [Writer(self, at, self.args.writers / self.args.rate) for at in range(self.args.writers)]
        for thread in threads:
            thread.start()
        for subscriber in self.subscribers:
            self.to_connect.put((0, subscriber))
        self.wait("all are subscribed", self.all_there, CONNECT_S)
        for writer in writers:
            writer.start()
        begin = time.monotonic()
        end, next_cut = begin + self.args.seconds, begin
        kill_at = begin + self.args.seconds * self.rng.uniform(0.4, 0.6) if self.args.kill else end + 1
        while time.monotonic() < end and not self.wrong:
            self.turn()
            if time.monotonic() >= next_cut:
                next_cut = time.monotonic() + self.rng.expovariate(CUTS_A_SECOND)
                self.cut_some()
            if time.monotonic() >= kill_at:
                kill_at = end + 1
                killing = threading.Thread(target=self.kill)
                killing.start()
                self.wait("the server runs again", lambda: not killing.is_alive(), reeve.START_S + 5)
                killing.join()
        self.stopping.set()
        for writer in writers:
            writer.join(70)
        self.wait("all are back", self.all_there, CONNECT_S)
        self.last_event = time.monotonic()
        self.wait("nothing comes any more", lambda: time.monotonic() > self.last_event + GRACE_S / 2, SETTLE_S)
        self.to_list.put(None)
        threads[-1].join(SETTLE_S)
        for _ in range(CONNECTORS):
            self.to_connect.put(None)
        return writers

    # --- judging ------------------------------------------------------------------------------------------------------

    def missed(self, subscriber: Subscriber, answered: list[Change], deletions: dict[str, float]) -> list[Change]:
        wanted = [c for c in answered if subscriber.wants(c)]
        if self.args.replay:
            seen = set().union(*(s.seen for s in subscriber.sessions))
            first = subscriber.sessions[0].since
            wanted = [c for c in wanted if c.begin > first]
            self.n["owed"] += len(wanted)
            return [c for c in wanted if c.key not in seen and not subscriber.shown(c, deletions)]
        found = []
        for session in subscriber.sessions:
            owed = [c for c in wanted
                    if c.begin > session.since and c.end is not None and c.end + GRACE_S <= session.until]
            self.n["owed"] += len(owed)
            found += [c for c in owed if c.key not in session.seen]
        return found

    def judge(self, tally: reeve.Tally, writers: list[Writer]) -> None:
        for at, writer in enumerate(writers):
            tally.check("soak: writer %d" % at, not writer.wrong and not writer.is_alive(), writer.wrong or "it hangs")
        changes = self.log.changes
        answered = [c for c in changes if c.end is not None]
        deletions = {c.ident: c.begin for c in changes if c.n == DELETED}
        told = set().union(*(s.seen for sub in self.subscribers for s in sub.sessions))
        for subscriber in self.subscribers:
            missed = self.missed(subscriber, answered, deletions)
            tally.check("soak: subscriber %d" % subscriber.number, not missed, "missed %d in %d sessions: %s"
                        % (len(missed), len(subscriber.sessions), missed[:3]))
        unknown = told - {c.key for c in changes}
        tally.check("soak: only what was written", not unknown, sorted(map(str, unknown))[:3])
        tally.check("soak: only what was asked for", not self.odd, "%d: %s" % (len(self.odd), self.odd[:3]))
        tally.check("soak: threads", not self.wrong, self.wrong[:3])
        tally.check("soak: something was owed", self.n["owed"] >= len(self.subscribers) and self.n["cuts"] > 0,
                    dict(self.n))
        if self.args.in_order:
            tally.check("soak: in order", not self.n["out of order"],
                        "%d changes of one record" % self.n["out of order"])
        lost = self.lost(changes, told)
        tally.check("soak: what was told is stored", not lost, "%d: %s" % (len(lost), lost[:3]))
        print("%d changes, %d unanswered; %d events owed; %s" % (
            len(answered), len(changes) - len(answered), self.n.pop("owed"),
            ", ".join("%d %s" % (count, what) for what, count in sorted(self.n.items()))), flush=True)

    def lost(self, changes: list[Change], told: set[Key]) -> list[Change]:
        """What an answer or an event said, and the directory does not have."""
        stored = self.stored()
        said: dict[str, float] = {}
        begun: set[str] = {c.ident for c in changes if c.n == DELETED}
        for change in changes:
            if change.end is not None or change.key in told:
                n = float("inf") if change.n == DELETED else change.n
                said[change.ident] = max(n, said.get(change.ident, 0))
        return [c for c in changes if c.ident in said and not (
            c.ident not in stored if said[c.ident] == float("inf") else
            stored[c.ident] >= said[c.ident] if c.ident in stored else c.ident in begun)]


def prepare(server: reeve.Server) -> None:
    site = streams.Site(server, reeve.Tally(), "soak")
    site.collection("items", **{rule + "Rule": "" for rule in ("list", "view", "create", "update", "delete")},
                    fields=[{"name": "n", "type": "number"}, {"name": "group", "type": "number"}])
    site.must("PATCH", "/api/settings", {"batch": {"enabled": True, "maxRequests": 10, "timeout": 10}})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("binary")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--rate", type=float, default=40, help="requests a second of all writers")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--in-order", action="store_true")
    parser.add_argument("--replay", action="store_true")
    args = parser.parse_args()
    home = reeve.scratch("soak")
    tally = reeve.Tally()
    print("seed %d" % args.seed, flush=True)
    base = os.path.join(home, "data")
    try:
        reeve.fresh(args.binary, base, site=False)
        with reeve.Server(args.binary, base, port=reeve.free_port()) as server:
            prepare(server)
            soak = Soak(args, server)
            try:
                soak.judge(tally, soak.run())
            except Exception as e:  # noqa: BLE001
                tally.check("soak: it ran", False, "%s: %s" % (type(e).__name__, e))
            # With all streams open: they must not keep it.
            tally.check("soak: the server ends", server.stop(), server.output())
    finally:
        reeve.remove(home)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
