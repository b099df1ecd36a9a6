"""A client of GET /api/realtime that keeps what came byte for byte, and the site that its tests share.

A stream belongs to one thread. Nothing here reconnects by itself: that is behaviour, and the tests' own.
"""

from __future__ import annotations

import collections
import json
import os
import select
import socket
import time
import typing
import urllib.parse

import reeve

PATH = "/api/realtime"
CONNECT = "PB_CONNECT"
READ = 1 << 18
HEAD_MAX = 1 << 16
MARKS = "marks/*"
MARKS_EACH = 4
PASSWORD = "1234567890"


class Broken(Exception):
    """The server's bytes are none of a stream, or it ended one that the test still needs."""


class Event(typing.NamedTuple):
    id: str
    name: str
    data: str
    raw: bytes  # the frame with its empty line

    def json(self) -> typing.Any:
        return json.loads(self.data)


class Chunks:
    """Takes a chunked body apart; `ended` once its last chunk is read."""

    def __init__(self) -> None:
        self.rest = bytearray()
        self.ended = False

    def feed(self, got: bytes) -> bytes:
        self.rest += got
        body = bytearray()
        while not self.ended and (end := self.rest.find(b"\r\n")) >= 0:
            size = int(self.rest[:end].split(b";")[0], 16)
            if len(self.rest) < end + 2 + size + 2:
                break
            body += self.rest[end + 2:end + 2 + size]
            if self.rest[end + 2 + size:end + 4 + size] != b"\r\n":
                raise Broken("a chunk of %d bytes ends with none" % size)
            del self.rest[:end + 4 + size]
            self.ended = size == 0
        return bytes(body)


def event_of(frame: bytes) -> Event:
    fields: dict[str, list[str]] = {}
    for line in frame.decode().split("\n")[:-2]:
        key, _, value = line.partition(":")
        fields.setdefault(key, []).append(value.removeprefix(" "))
    return Event("".join(fields.get("id", [])), "".join(fields.get("event", [])),
                 "\n".join(fields.get("data", [])), frame)


class Stream:
    """One connection; open until close(), or until the server ended it (`ended`).

    After the constructor the head is read (`status`, `head`, `headers`: a list of pairs, names as they came). A 200
    with `greet` also has its first event (`first`) and so its client's id (`id`).
    """

    def __init__(self, port: int, target: str = PATH, *, source: str = "127.0.0.1", method: str = "GET",
                 headers: dict[str, str] | None = None, greet: bool = True, limit_s: float = reeve.WAIT_S) -> None:
        self.events: collections.deque[Event] = collections.deque()
        self.ended = False
        self.id = ""
        self.first: Event | None = None
        self.last: Event | None = None
        self.pending = bytearray()
        self.sock = reeve.connected(("127.0.0.1", port), limit_s, (source, 0))
        try:
            lines = ["%s %s HTTP/1.1" % (method, target), "Host: 127.0.0.1:%d" % port,
                     *("%s: %s" % pair for pair in (headers or {}).items())]
            self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            self.sock.setblocking(False)
            self.read_head(limit_s)
            if greet and self.status == 200:
                self.first = self.next(limit_s)
                if self.first.name != CONNECT:
                    raise Broken("the first event is " + self.first.name)
                self.id = self.first.json()["clientId"]
        except BaseException:
            self.close()
            raise

    def read_head(self, limit_s: float) -> None:
        deadline = time.monotonic() + limit_s
        got = bytearray()
        while (end := got.find(b"\r\n\r\n")) < 0:
            some = self.receive(deadline)
            if some is None:
                raise TimeoutError("waited %g s for the head of a stream" % limit_s)
            if not some or len(got) > HEAD_MAX:
                raise Broken("no head: %r" % bytes(got[:200]))
            got += some
        lines = got[:end].decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = [(k, v.strip()) for k, _, v in (line.partition(":") for line in lines[1:])]
        self.head = {k.lower(): v for k, v in self.headers}
        self.chunks = Chunks() if self.head.get("transfer-encoding") == "chunked" else None
        self.take(bytes(got[end + 4:]))

    def receive(self, deadline: float) -> bytes | None:
        """What came, nothing where the server ended the connection, None where the deadline passed."""
        while True:
            try:
                return self.sock.recv(READ)
            except BlockingIOError:
                left = deadline - time.monotonic()
                poll = select.poll()
                poll.register(self.sock, select.POLLIN)
                if left <= 0 or not poll.poll(left * 1000 + 1):
                    return None
            except ConnectionResetError:
                return b""

    def take(self, got: bytes) -> None:
        self.pending += self.chunks.feed(got) if self.chunks else got
        if self.chunks and self.chunks.ended:
            self.ended = True
        begin = 0
        while (end := self.pending.find(b"\n\n", begin)) >= 0:
            self.events.append(event_of(bytes(self.pending[begin:end + 2])))
            begin = end + 2
        del self.pending[:begin]

    def pump(self, limit_s: float = 0) -> bool:
        """Reads once, waiting so long; False where nothing came."""
        if self.ended:
            return False
        got = self.receive(time.monotonic() + limit_s)
        if got is None:
            return False
        if not got:
            self.ended = True
        else:
            self.take(got)
        return True

    def next(self, limit_s: float = reeve.WAIT_S, what: str = "an event") -> Event:
        deadline = time.monotonic() + limit_s
        while not self.events:
            if self.ended:
                raise Broken("the stream ended before %s" % what)
            if not self.pump(max(0, deadline - time.monotonic())) and time.monotonic() > deadline:
                raise TimeoutError("waited %g s for %s" % (limit_s, what))
        self.last = self.events.popleft()
        return self.last

    def wait_end(self, limit_s: float = reeve.WAIT_S) -> None:
        deadline = time.monotonic() + limit_s
        while not self.ended:
            if not self.pump(max(0, deadline - time.monotonic())) and time.monotonic() > deadline:
                raise TimeoutError("waited %g s until the server ends a stream" % limit_s)

    def body(self, limit_s: float = reeve.WAIT_S) -> bytes:
        """All of an answer that is no stream."""
        length = int(self.head.get("content-length", "0"))
        deadline = time.monotonic() + limit_s
        while len(self.pending) < length and not self.ended:
            if not self.pump(max(0, deadline - time.monotonic())) and time.monotonic() > deadline:
                raise TimeoutError("waited %g s for a body of %d bytes" % (limit_s, length))
        return bytes(self.pending)

    def close(self) -> None:
        self.sock.close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def topic(name: str, **options: typing.Any) -> str:
    """A subscription with options; as the official client writes them."""
    return name + "?options=" + urllib.parse.quote(json.dumps(options)) if options else name


def flat(value: typing.Any) -> typing.Any:
    """Of events what most cases compare: (topic, action, id of the record)."""
    return sorted((e.name, e.json().get("action"), e.json().get("record", {}).get("id")) for e in value)


class Site:
    """A running server with a collection `marks` whose events tell that all earlier ones were delivered."""

    def __init__(self, server: reeve.Server, tally: reeve.Tally, part: str, in_order: bool = False) -> None:
        self.server, self.tally, self.part, self.in_order = server, tally, part, in_order
        self.open_streams: list[Stream] = []
        self.marked = 0
        self.root = {"Authorization": self.login("_superusers", *reeve.ROOT)}
        self.collection("marks", listRule="", fields=[{"name": "n", "type": "number"}])

    # --- requests -----------------------------------------------------------------------------------------------------

    def send(self, method: str, path: str, body: typing.Any = None, headers: dict[str, str] | None = None,
             source: str | None = None) -> tuple[int, typing.Any]:
        """(status, JSON or None)"""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        conn = reeve.Connection("127.0.0.1", self.server.port, timeout=60,
                                source_address=(source, 0) if source else None)
        try:
            conn.request(method, path, body, headers)
            reply = conn.getresponse()
            raw = reply.read()
            return reply.status, json.loads(raw) if raw else None
        finally:
            conn.close()

    def must(self, method: str, path: str, body: typing.Any = None,
             headers: dict[str, str] | None = None) -> typing.Any:
        """As a superuser unless told otherwise; what the test needs, not what it tests."""
        status, got = self.send(method, path, body, self.root if headers is None else headers)
        if status not in (200, 204):
            raise RuntimeError("%s %s: %d %s" % (method, path, status, got))
        return got

    def login(self, collection: str, identity: str, password: str = PASSWORD) -> str:
        status, got = self.send("POST", "/api/collections/%s/auth-with-password" % collection,
                                {"identity": identity, "password": password})
        if status != 200:
            raise RuntimeError("login of %s: %d %s" % (identity, status, got))
        return got["token"]

    def collection(self, name: str, /, **values: typing.Any) -> dict[str, typing.Any]:
        return self.must("POST", "/api/collections", {"name": name, "type": "base", **values})

    def change(self, collection: str, /, **values: typing.Any) -> dict[str, typing.Any]:
        return self.must("PATCH", "/api/collections/" + collection, values)

    def make(self, collection: str, /, **values: typing.Any) -> str:
        return self.must("POST", "/api/collections/%s/records" % collection, values)["id"]

    def update(self, collection: str, ident: str, /, **values: typing.Any) -> dict[str, typing.Any]:
        return self.must("PATCH", "/api/collections/%s/records/%s" % (collection, ident), values)

    def delete(self, collection: str, ident: str) -> None:
        self.must("DELETE", "/api/collections/%s/records/%s" % (collection, ident))

    def user(self, collection: str, local: str, **values: typing.Any) -> tuple[str, dict[str, str]]:
        """(id, headers)"""
        email = local + "@example.com"
        ident = self.make(collection, email=email, password=PASSWORD, passwordConfirm=PASSWORD, **values)
        return ident, {"Authorization": self.login(collection, email)}

    # --- streams ------------------------------------------------------------------------------------------------------

    def open(self, *topics: str, headers: dict[str, str] | None = None, source: str = "127.0.0.1",
             target: str = PATH) -> Stream:
        stream = Stream(self.server.port, target, source=source)
        self.open_streams.append(stream)
        if stream.first is None:
            raise RuntimeError("GET %s: %d" % (target, stream.status))
        if topics:
            self.watch(stream, *topics, headers=headers)
        return stream

    def subscribe(self, stream: Stream | str, topics: typing.Any, headers: dict[str, str] | None = None,
                  source: str | None = None) -> tuple[int, typing.Any]:
        ident = stream if isinstance(stream, str) else stream.id
        return self.send("POST", PATH, {"clientId": ident, "subscriptions": topics}, headers, source)

    def watch(self, stream: Stream, *topics: str, headers: dict[str, str] | None = None) -> None:
        """Subscribes to these and to the marks, which drain() needs."""
        status, got = self.subscribe(stream, [*topics, MARKS], headers)
        if status != 204:
            raise RuntimeError("subscribe: %d %s" % (status, got))

    def drain(self, *streams: Stream) -> list[Event]:
        """All that came until the marks did. One mark would not do: the reference server hands events to their streams
        concurrently, and of those just before a mark seven in a hundred come after it, one in 1500 after two."""
        found: list[Event] = []
        for _ in range(MARKS_EACH):
            self.marked += 1
            self.make("marks", n=self.marked)
            for stream in streams:
                while True:
                    event = stream.next(what="mark %d after %r" % (self.marked, [e.name for e in found]))
                    if event.name != MARKS:
                        found.append(event)
                        if (event.name, event.json().get("topic")) == ("resync", MARKS):
                            self.make("marks", n=self.marked)  # the first may be among what is lost
                    elif event.json()["record"]["n"] == self.marked:
                        break
        return found

    def close(self) -> None:
        for stream in self.open_streams:
            stream.close()
        self.open_streams.clear()

    # --- checks -------------------------------------------------------------------------------------------------------

    def same(self, name: str, got: typing.Any, wanted: typing.Any) -> bool:
        return self.tally.check("%s: %s" % (self.part, name), got == wanted, "%r, not %r" % (got, wanted))

    def ordered(self, name: str, got: list[typing.Any], wanted: list[typing.Any]) -> bool:
        """The same things, and with --in-order as they happened."""
        return self.same(name, got if self.in_order else sorted(got), wanted if self.in_order else sorted(wanted))

    def seen(self, name: str, stream: Stream, *wanted: tuple[str, str, str]) -> bool:
        """The stream got exactly these (topic, action, id of the record), in whatever order."""
        return self.same(name, flat(self.drain(stream)), sorted(wanted))


def run_part(part: typing.Any, binary: str, home: str, tally: reeve.Tally, in_order: bool) -> None:
    """The cases of a module (its CASES), each on streams of its own, all on one server. A case that cannot go on counts
    as one failure, and the next one is tried."""
    # The reference server keeps migrations beside its data directory, so each has a home of its own.
    base = os.path.join(home, part.__name__, "data")
    os.makedirs(os.path.dirname(base))
    reeve.fresh(binary, base, site=False)
    port = reeve.free_port()  # the reference server does not print which it got
    with reeve.Server(binary, base, port=port) as server:
        try:
            site = Site(server, tally, part.__name__, in_order)
            state = part.prepare(site)
        except Exception as e:  # noqa: BLE001
            tally.check(part.__name__ + ": prepare", False, "%s: %s" % (type(e).__name__, e))
            return
        for case in part.CASES:
            try:
                case(site, state)
            except Exception as e:  # noqa: BLE001
                tally.check("%s: %s" % (part.__name__, case.__name__), False, "%s: %s" % (type(e).__name__, e))
            finally:
                site.close()
