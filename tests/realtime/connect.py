"""What GET /api/realtime answers, and what the first event is, byte for byte."""

import re
import socket
import time

import streams

ID = re.compile(r"^[A-Za-z0-9]{40}$")
NOTHING = {"data": {}, "message": "File not found.", "status": 404}
UNKNOWN = {"data": {}, "message": "The requested resource wasn't found.", "status": 404}
SAFE = {"x-content-type-options": "nosniff", "x-frame-options": "SAMEORIGIN", "x-xss-protection": "1; mode=block",
        "cross-origin-opener-policy": "same-origin"}
STREAM = {**SAFE, "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no",
          "vary": "Origin"}


def prepare(site):
    site.collection("notes", listRule='@request.auth.id != ""', fields=[{"name": "t", "type": "text"}])
    return site.user("users", "anna")


def sent(stream):
    """The head without what is each answer's own and how the connection is kept."""
    return {k: v for k, v in stream.head.items() if k not in ("date", "x-request-id", "connection", "keep-alive")}


def head(site, _):
    stream = site.open()
    site.same("head", [stream.status, sent(stream)], [200, {**STREAM, "transfer-encoding": "chunked"}])
    with streams.Stream(site.server.port, method="HEAD", greet=False) as asked:
        # It keeps the connection, as if it was going to send.
        site.same("HEAD", [asked.status, sent(asked)], [200, STREAM])


def first_event(site, _):
    a, b = site.open(), site.open()
    for stream in (a, b):
        site.tally.check("connect: form of an id", ID.match(stream.id), stream.id)
        frame = 'id:%s\nevent:PB_CONNECT\ndata:{"clientId":"%s"}\n\n' % (stream.id, stream.id)
        site.same("first frame", stream.first.raw, frame.encode())
    site.tally.check("connect: ids differ", a.id != b.id, a.id)


def later_events(site, _):
    """Each frame has the client's id, no matter what the record is."""
    stream = site.open(streams.MARKS)
    ident = site.make("marks", n=7)
    col = site.must("GET", "/api/collections/marks")["id"]
    data = '{"record":{"collectionId":"%s","collectionName":"marks","id":"%s","n":7},"action":"create"}' % (col, ident)
    site.same("frame of a record", stream.next().raw,
              ("id:%s\nevent:marks/*\ndata:%s\n\n" % (stream.id, data)).encode())


def query_and_headers(site, user):
    """Neither a query, a wanted type nor somebody's id makes a difference; a token is not taken from here."""
    for target in ("/api/realtime?x=1", "/api/realtime?", "/api/realtime?clientId=abc&subscriptions=marks/*"):
        stream = site.open(target=target)
        site.tally.check("connect: id with " + target, ID.match(stream.id), stream.id)
    stream = streams.Stream(site.server.port, headers={
        "Accept": "application/json", "Accept-Encoding": "gzip", "Last-Event-ID": "x" * 40, **user[1]})
    site.open_streams.append(stream)
    site.tally.check("connect: id with Last-Event-ID", ID.match(stream.id), stream.id)
    site.same("other headers", sent(stream), {**STREAM, "transfer-encoding": "chunked"})
    site.watch(stream, "notes/*")
    site.make("notes", t="for signed in ones")
    site.seen("the token of GET binds nobody", stream)
    site.watch(stream, "notes/*", headers=user[1])
    ident = site.make("notes", t="for signed in ones")
    site.seen("the token of POST does", stream, ("notes/*", "create", ident))


def origin(site, _):
    stream = streams.Stream(site.server.port, headers={"Origin": "http://elsewhere.example"})
    site.open_streams.append(stream)
    site.same("cross origin", sent(stream), {**STREAM, "transfer-encoding": "chunked",
                                             "access-control-allow-origin": "*"})


def other_methods(site, _):
    for method, path, wanted in (("GET", "/api/realtime/", NOTHING), ("GET", "/api/realtime/x", NOTHING),
                                 ("GET", "/api/Realtime", NOTHING), ("PUT", "/api/realtime", UNKNOWN),
                                 ("PATCH", "/api/realtime", UNKNOWN), ("DELETE", "/api/realtime", UNKNOWN),
                                 ("POST", "/api/realtime/", UNKNOWN)):
        site.same("%s %s" % (method, path), site.send(method, path), (404, wanted))


def unsubscribed(site, _):
    """Who has subscribed to nothing, or to nothing any more, gets nothing; nor what was before."""
    plain, stream = site.open(), site.open()
    site.watch(stream)
    site.make("notes", t="before")
    site.drain(stream)
    site.subscribe(stream, [])
    site.make("marks", n=-1)
    site.watch(stream)
    site.seen("after an empty list", stream)
    site.subscribe(stream, None)
    site.make("marks", n=-1)
    site.watch(stream)
    site.seen("after no list", stream)
    site.tally.check("connect: nothing without a subscription", not plain.pump() and not plain.events, plain.events)


def gone(site, _):
    """A client that hung up is forgotten at once, or soon."""
    stream = site.open()
    site.same("alive", site.subscribe(stream, [])[0], 204)
    stream.close()
    deadline = time.monotonic() + 10
    while (got := site.subscribe(stream, []))[0] == 204 and time.monotonic() < deadline:
        time.sleep(0.005)
    site.same("gone", got, (404, {"data": {}, "message": "Missing or invalid client id.", "status": 404}))
    again = site.open()
    site.tally.check("connect: another id", again.id != stream.id, again.id)


def half_closed(site, _):
    """Who says that nothing more will be asked has left: the stream ends. (The reference sends the last chunk before,
    to who may not be there any more.)"""
    stream = site.open()
    stream.sock.shutdown(socket.SHUT_WR)
    stream.wait_end()
    site.same("half closed", [bytes(stream.pending), list(stream.events)], [b"", []])


def shut_down(site, _):
    """The last case: the server ends all streams before it ends, as whole answers."""
    there = [site.open("notes/*"), site.open(), site.open()]
    site.tally.check("connect: the server ends", site.server.stop(), site.server.output())
    for at, stream in enumerate(there):
        stream.wait_end()
        site.same("shut down: stream %d" % at, [stream.chunks.ended, bytes(stream.pending), list(stream.events)],
                  [True, b"", []])


CASES = (head, first_event, later_events, query_and_headers, origin, other_methods, unsubscribed, gone, half_closed,
         shut_down)
