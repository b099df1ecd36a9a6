"""Rooms: off unless the setting is there; who may listen and send; who is told to be there; messages and their order.

A case has rooms of its own (`name()`), and every wait is for an event: what shall not come is what has not come once a
message behind it is there (`flush`), or the marks are.
"""

from __future__ import annotations

import base64
import concurrent.futures
import hashlib
import json
import threading
import time
import typing

import streams

OWN = "/api/reeve/settings"
TOPIC = "@reeve/rooms/"
SEND = "/api/reeve/rooms/"
RULE = "validation_invalid_rule"
LISTED = 200
KIB = 1024
MEMBERS_MANY = 205
ROOMS_MOST = 20

Pairs = dict[str, str]
Site = streams.Site
Stream = streams.Stream


class Users(typing.NamedTuple):
    ann: tuple[str, Pairs]
    bob: tuple[str, Pairs]


numbers = iter(range(1 << 30))


def name() -> str:
    return "room-%d" % next(numbers)


def rule(site: Site, text: str | None) -> tuple[int, typing.Any]:
    return site.send("PATCH", OWN, {"realtime": {"rooms": text}}, site.root)


def use(site: Site, text: str | None) -> None:
    status, got = rule(site, text)
    if status != 200:
        raise RuntimeError("the rule %r: %d %s" % (text, status, got))


def kept(site: Site) -> str | None:
    return site.must("GET", OWN)["realtime"]["rooms"]


def say(site: Site, room: str, data: typing.Any, headers: Pairs | None = None, **more: typing.Any) -> int:
    return site.send("POST", SEND + room, {"data": data, **more}, headers)[0]


def called(client: Stream | str, user: str | None = None, collection: str = "users") -> dict[str, typing.Any]:
    ident = client if isinstance(client, str) else client.id
    code = base64.urlsafe_b64encode(hashlib.sha256(ident.encode()).digest()).decode()[:8]
    return {"client": code, "auth": {"collectionName": collection, "id": user} if user else None}


def members(room: str, *those: dict[str, typing.Any]) -> dict[str, typing.Any]:
    return {"room": room, "event": "members", "members": list(those)}


def told(room: str, event: str, member: dict[str, typing.Any]) -> dict[str, typing.Any]:
    return {"room": room, "event": event, "member": member}


def message(room: str, data: typing.Any, sender: dict[str, typing.Any] | None = None) -> dict[str, typing.Any]:
    return {"room": room, "event": "message", "from": sender, "data": data}


def next_of_room(stream: Stream, what: str) -> dict[str, typing.Any]:
    event = stream.next(what=what)
    while event.name == streams.MARKS:
        event = stream.next(what=what)
    return event.json()


def following(stream: Stream, n: int) -> list[typing.Any]:
    return [next_of_room(stream, "event %d of %d of a room" % (i + 1, n)) for i in range(n)]


def flush(site: Site, room: str, *those: Stream) -> list[list[typing.Any]]:
    """What each got until a message that is sent now, which a superuser may send."""
    mark = "mark-%d" % next(numbers)
    if say(site, room, mark, site.root) != 204:
        raise RuntimeError("no message to " + room)
    found = []
    for stream in those:
        got: list[typing.Any] = []
        while not got or got[-1].get("data") != mark:
            got.append(next_of_room(stream, "the message %s after %r" % (mark, got)))
        found.append(got[:-1])
    return found


def prepare(site: Site) -> Users:
    site.change("users", fields=[*site.must("GET", "/api/collections/users")["fields"],
                                 {"name": "role", "type": "text"}])
    site.collection("seats", fields=[{"name": "room", "type": "text"}, {"name": "who", "type": "text"}])
    site.collection("gone", fields=[{"name": "who", "type": "text"}])
    return Users(site.user("users", "ann", role="staff"), site.user("users", "bob"))


def off(site: Site, users: Users) -> None:
    room = name()
    site.same("off: the setting", kept(site), None)
    stream = site.open(TOPIC + room)
    mate = site.open(TOPIC + room, headers=site.root)
    for who, headers in (("a guest", None), ("a user", users.ann[1]), ("a superuser", site.root)):
        site.same("off: %s sends" % who, say(site, room, 1, headers), 404)
    site.same("off: nothing is heard", [e.name for e in site.drain(stream, mate)], [])
    both = [called(stream), called(mate, site_root(site), "_superusers")]
    for what in ("on: ", "on again: "):
        use(site, "")
        heard = flush(site, room, stream, mate)
        for events in heard:
            there = [*events[0]["members"], *(e["member"] for e in events[1:])]
            site.same(what + "who waited is in", sorted(map(str, there)), sorted(map(str, both)))
        site.same(what + "one hears of the other", sorted(len(events) for events in heard), [1, 2])
        use(site, None)
        site.same(what + "then off", say(site, room, 1, site.root), 404)
        found = [e.json() for e in site.drain(stream, mate)]
        site.same(what + "then off: one hears of the other", [(e["event"], e["member"] in both) for e in found],
                  [("leave", True)])


def site_root(site: Site) -> str:
    return site.must("GET", "/api/collections/_superusers/records")["items"][0]["id"]


def rules(site: Site, _: Users) -> None:
    """What a rule may be."""
    for text in ("@request.auth.id != ''", "@request.query.room ~ 'open-%'", "@request.method = 'GET'",
                 "@request.body.data:isset = false", "@request.headers.x_token = 'x'", "@request.auth.role = 'staff'",
                 "@collection.seats.who ?= @request.auth.id", "", "1 = 1", "@now > '2020-01-01'"):
        site.same("rule %r" % text, rule(site, text)[0], 200)
        site.same("rule %r is kept" % text, kept(site), text)
    for text in ("id = ''", "title = 1", "@request.auth.id =", "(", "@collection.nosuch.x = 1", "@request.auth.id",
                 "@request.query.room = 'x' && id != ''", "x" * 4000, "seats_via_who.id = ''", "collectionId = ''"):
        status, got = rule(site, text)
        site.same("no rule: %.40r" % text, (status, got["data"].get("realtime", {}).get("rooms", {}).get("code")),
                  (400, RULE))
        site.same("no rule: %.40r is not kept" % text, kept(site), "@now > '2020-01-01'")
    for value in (1, [], {}, True):
        site.same("no text: %r" % value, rule(site, value)[0], 400)  # type: ignore[arg-type]
    site.same("a user sets no rule", site.send("PATCH", OWN, {"realtime": {"rooms": ""}})[0], 401)
    use(site, "@collection.gone.who ?= 'x' || @request.auth.role = 'staff'")
    site.must("DELETE", "/api/collections/gone")
    site.same("a rule that has become none lets nobody", say(site, name(), 1), 403)
    site.same("... but superusers", say(site, name(), 1, site.root), 204)
    site.same("... and others are set beside it", site.send("PATCH", OWN, {"records": {"etags": False}}, site.root)[0],
              200)
    site.same("null", rule(site, None)[0], 200)
    site.same("null is kept", kept(site), None)


def sending(site: Site, users: Users) -> None:
    """What the rule sees of who sends, and of the body and the query."""
    room = name()
    for text, yes, no in (
            ("@request.auth.id != ''", {"headers": users.ann[1]}, {}),
            ("@request.auth.role = 'staff'", {"headers": users.ann[1]}, {"headers": users.bob[1]}),
            ("@request.auth.collectionName = 'users'", {"headers": users.bob[1]}, {}),
            ("@request.method = 'POST'", {}, None), ("@request.method = 'GET'", None, {}),
            ("@request.body.data.kind = 'hello'", {"data": {"kind": "hello"}}, {"data": {"kind": "bye"}}),
            ("@request.headers.x_token = 't'", {"headers": {"X-Token": "t"}}, {}),
            ("@request.query.room = '%s'" % room, {}, None),
            ("@request.query.room = 'other'", None, {"query": "?room=other"}),
            ("@request.query.key = 'k'", {"query": "?key=k"}, {"query": "?key=l"}),
            ("@collection.seats.who ?= @request.auth.id && @collection.seats.room ?= @request.query.room",
             {"headers": users.ann[1]}, {"headers": users.bob[1]})):
        use(site, text)
        if "seats" in text:
            site.make("seats", room=room, who=users.ann[0])
        for how, status in ((yes, 204), (no, 403)):
            if how is not None:
                site.same("%s: %r" % (text, how), site.send("POST", SEND + room + str(how.get("query", "")),
                                                            {"data": how.get("data", 1)}, how.get("headers"))[0], status)
        site.same("%s: a superuser" % text, say(site, room, 1, site.root), 204)


def listening(site: Site, users: Users) -> None:
    """Who may not hears nothing, whatever the answer to the subscription, which is the same."""
    for text, yes, no in (
            ("@request.auth.id != ''", (users.ann, {}), (None, {})),
            ("@request.auth.role = 'staff'", (users.ann, {}), (users.bob, {})),
            ("@request.method = 'GET' && @request.body.data:isset = false", (None, {}), None),
            ("@request.method = 'POST'", None, (None, {})),
            ("@request.headers.x_token = 't'", (None, {"headers": {"X-Token": "t"}}), (None, {})),
            ("@request.query.room ~ 'room-%'", (None, {}), None),
            ("@request.query.room = 'other'", None, (None, {"query": {"room": "other"}})),
            ("@request.context = 'realtime'", (None, {}), None),
            ("@collection.seats.who ?= @request.auth.id && @collection.seats.room ?= @request.query.room",
             (users.ann, {}), (users.bob, {}))):
        room = name()
        use(site, text)
        if "seats" in text:
            site.make("seats", room=room, who=users.ann[0])
        for who, is_in in ((yes, True), (no, False)):
            if who is None:
                continue
            topic = streams.topic(TOPIC + room, **who[1])
            stream = site.open()
            site.same("%s: subscribe" % text, site.subscribe(stream, [topic, streams.MARKS],
                                                             who[0][1] if who[0] else None), (204, None))
            say(site, room, "m", site.root)
            found = [(e.name, e.json()) for e in site.drain(stream)]
            mine = called(stream, who[0][0] if who[0] else None)
            site.same("%s: %s" % (text, "in" if is_in else "out"), found,
                      [(topic, members(room, mine)), (topic, message(room, "m"))] if is_in else [])
            stream.close()


def presence(site: Site, users: Users) -> None:
    use(site, "")
    room = name()
    topic = TOPIC + room
    first = site.open(topic)
    site.same("alone", following(first, 1), [members(room, called(first))])
    second = site.open(topic, headers=users.ann[1])
    ann = called(second, users.ann[0])
    site.same("the second: who is there", following(second, 1), [members(room, called(first), ann)])
    site.same("the second: told", following(first, 1), [told(room, "join", ann)])
    site.watch(second, topic, "seats", headers=users.ann[1])
    site.same("the same again is no news", flush(site, room, first, second), [[], []])
    site.watch(second, "seats", headers=users.ann[1])
    site.same("unsubscribed", following(first, 1), [told(room, "leave", ann)])
    site.watch(second, topic, headers=users.ann[1])
    site.same("there again", following(first, 1), [told(room, "join", ann)])
    site.same("there again: who is there", following(second, 1), [members(room, called(first), ann)])
    second.close()
    site.same("the connection is cut", following(first, 1), [told(room, "leave", ann)])
    site.watch(first, topic, headers=users.bob[1])
    site.same("another identity is another member", following(first, 1),
              [members(room, called(first, users.bob[0]))])
    other = site.open(TOPIC + name())
    site.same("rooms are apart", flush(site, room, first), [[]])
    following(other, 1)


def two_places(site: Site, _: Users) -> None:
    """A client that is subscribed twice is one member, and hears all at both."""
    use(site, "")
    room = name()
    one, two = TOPIC + room, streams.topic(TOPIC + room, headers={"X-A": "b"})
    mate = site.open(one)
    stream = site.open(one, two)
    following(mate, 1)
    site.same("twice: one member", flush(site, room, mate), [[told(room, "join", called(stream))]])
    found = [(e.name, e.json()["event"]) for e in (stream.next() for _ in range(4))]
    site.same("twice: what is heard", sorted(found), sorted((t, e) for t in (one, two) for e in ("members", "message")))
    site.watch(stream, two)
    site.same("one of them less", flush(site, room, mate, stream), [[], []])
    site.watch(stream, one)
    site.same("the other in its place", flush(site, room, mate, stream),
              [[], [members(room, called(mate), called(stream))]])
    site.watch(stream)
    site.same("none", flush(site, room, mate), [[told(room, "leave", called(stream))]])


def too_many_rooms(site: Site, users: Users) -> None:
    """More than so many in one wish change nothing; what is no room does not count."""
    use(site, "")
    rooms = [name() for _ in range(ROOMS_MOST)]
    topics = [TOPIC + room for room in rooms]
    stream = site.open()
    others = ["@reeve/rooms", TOPIC + "a b", TOPIC, "@reeve/rooms2/x", "rooms/x", *("seats/x%d" % n for n in range(30))]
    site.watch(stream, *topics, *others)
    site.same("most rooms", following(stream, ROOMS_MOST), [members(room, called(stream)) for room in rooms])
    more = name()
    refused = {"code": "validation_length_too_long", "message": "The length must be no more than 20.",
               "params": {"max": ROOMS_MOST, "min": 0}}
    for what, wish in (("one more", [*topics, TOPIC + more]), ("one more, alone", [TOPIC + name() for _ in range(21)]),
                       ("one with options more", [*topics, streams.topic(TOPIC + rooms[0], headers={"x": "y"})]),
                       ("a thousand", [TOPIC + name() for _ in range(1000)])):
        for who, headers in (("a guest", None), ("a superuser", site.root)):
            status, got = site.subscribe(stream, wish, headers)
            got = got or {}
            site.same("rooms, %s, %s" % (what, who), (status, got.get("message"), got.get("data")), (
                400, "Something went wrong while processing your request.", {"subscriptions": refused}))
    status, got = site.subscribe(stream, [TOPIC + more] * 1001)
    site.same("subscriptions are counted first", (status, got["data"]["subscriptions"]["params"]["max"]), (400, 1000))
    site.same("... nothing has changed", flush(site, rooms[-1], stream), [[]])
    site.same("... and nothing was joined", [say(site, more, 1), [e.name for e in site.drain(stream)]], [204, []])
    site.watch(stream, TOPIC + more, *topics[1:])
    site.same("one in another's place", following(stream, 1), [members(more, called(stream))])


def identities(site: Site, users: Users) -> None:
    """Who is no more who it was leaves; what the rule says is asked anew as soon as the record changes."""
    use(site, "@request.auth.role != 'out'")
    room = name()
    topic = TOPIC + room
    mate = site.open(topic)
    following(mate, 1)
    ident, headers = site.user("users", "carol")
    stream = site.open(topic, headers=headers)
    carol = called(stream, ident)
    site.same("carol is there", following(mate, 1), [told(room, "join", carol)])
    following(stream, 1)
    site.update("users", ident, role="in")
    site.same("another record is no news", flush(site, room, mate, stream), [[], []])
    site.update("users", ident, role="out")
    site.same("the rule lets her no more", following(mate, 1), [told(room, "leave", carol)])
    site.same("she hears nothing", [e.name for e in site.drain(stream)], [])
    site.update("users", ident, role="")
    site.same("the rule lets her again", following(mate, 1), [told(room, "join", carol)])
    following(stream, 1)
    site.update("users", ident, password="0987654321", passwordConfirm="0987654321")
    site.same("another password: a guest", following(mate, 2),
              [told(room, "leave", carol), told(room, "join", called(stream))])
    site.same("another password: who is there", following(stream, 1), [members(room, called(mate), called(stream))])
    gone, headers = site.user("users", "dave")
    stream = site.open(topic, headers=headers)
    following(mate, 1)
    use(site, "@request.auth.id != ''")
    site.same("another rule: guests leave", [e["event"] for e in flush(site, room, stream)[0]][0], "members")
    site.delete("users", gone)
    site.same("deleted: it hears nothing", [e.json()["event"] for e in site.drain(stream)], [])
    site.same("deleted: nobody is there", [say(site, room, 1, site.root),
                                           [e.name for e in site.drain(stream, mate) if "room" in e.json()
                                            and e.json()["event"] == "message"]], [204, []])


def senders(site: Site, users: Users) -> None:
    use(site, "")
    room = name()
    stream = site.open(TOPIC + room)
    mine = site.open(headers=users.ann[1])
    site.watch(mine, headers=users.ann[1])
    following(stream, 1)
    for what, headers, client, sender in (
            ("nobody's", None, None, None), ("a user's", users.ann[1], None, None), ("empty", None, "", None),
            ("its own", None, stream.id, called(stream)), ("a user of its own", users.ann[1], mine.id,
                                                          called(mine, users.ann[0]))):
        more = {} if client is None else {"clientId": client}
        site.same("from %s: answer" % what, say(site, room, what, headers, **more), 204)
        site.same("from %s" % what, following(stream, 1), [message(room, what, sender)])
    for what, headers, client, status in (
            ("unknown", None, "x" * 40, 404), ("another's", users.bob[1], mine.id, 403),
            ("a guest as a user", None, mine.id, 403), ("too long", None, "x" * 300, 400), ("no text", None, 1, 400)):
        site.same("from %s: answer" % what, say(site, room, what, headers, clientId=client), status)
    site.same("from another address", site.send("POST", SEND + room, {"clientId": stream.id}, None, "127.0.0.2")[0], 400)
    site.same("refused ones are not heard", flush(site, room, stream), [[]])
    secret = json.dumps([called(stream), called(mine)])
    site.same("ids are not told", any(s.id[:6] in secret for s in (stream, mine)), False)


def bodies(site: Site, _: Users) -> None:
    use(site, "")
    room = name()
    stream = site.open(TOPIC + room)
    following(stream, 1)
    edge = "x" * (64 * KIB - 2)
    for data in (None, True, 0, -1.5, 12345678901234567890, "", "a\n\nevent:x\ndata:y\r\n", "\0\u2028é\U0001f600", [],
                 {"a": [1, {"b": None}]}, {"room": "x", "event": "leave"}, edge, [[[]]] * 100):
        site.same("data %.40r: answer" % (data,), say(site, room, data), 204)
        site.same("data %.40r" % (data,), following(stream, 1), [message(room, data)])
    site.same("no data: answer", site.send("POST", SEND + room, {})[0], 204)
    site.same("no data", following(stream, 1), [message(room, None)])
    raw = b'{"data": {"n": 1.10, "big": 123456789012345678901234567890} , "clientId": null}'
    site.same("as written: answer", site.send("POST", SEND + room, raw, {"Content-Type": "application/json"})[0], 204)
    site.same("as written", stream.next().data.split('"data":')[1],
              '{"n":1.10,"big":123456789012345678901234567890}}')
    for what, body, kind in (
            ("64 KiB and one", json.dumps({"data": edge + "x"}), "application/json"),
            ("1 MiB", json.dumps({"data": "x" * KIB * KIB}), "application/json"),
            ("deep", '{"data":' + "[" * 20000 + "]" * 20000 + "}", "application/json"),
            ("broken", '{"data":', "application/json"), ("a list", "[1]", "application/json"),
            ("a text", '"x"', "application/json"), ("bad text", b'{"data":"\xff"}', "application/json"),
            ("half a pair", '{"data":"\\ud800"}', "application/json"), ("twice", '{"data":1,"data":2}', "application/json"),
            ("a form", "data=1", "application/x-www-form-urlencoded")):
        site.same("body: " + what, site.send("POST", SEND + room, body, {"Content-Type": kind})[0], 400)
    site.same("such are not heard", flush(site, room, stream), [[]])


def names(site: Site, _: Users) -> None:
    use(site, "")
    good = ["a", "A-z_0.9:x", "..", ":", "x" * 100]
    bad = ["", "x" * 101, "a b", "a%20b", "a*", "*", "a/b", "é", "%C3%A9", "a%00", "a%0Ab", "a%3Fb", "a\"b", "@a", "a,b"]
    for room in good:
        stream = site.open(TOPIC + room)
        site.same("name %.20r" % room, following(stream, 1), [members(room, called(stream))])
        # ".." is a step upwards in a URL, which clients take before they ask
        path = room.replace("..", "%2E%2E") if room == ".." else room
        if room != "..":
            site.same("name %.20r: sent" % room, say(site, path, "x"), 204)
            site.same("name %.20r: heard" % room, following(stream, 1), [message(room, "x")])
        stream.close()
    stream = site.open()
    topics = [TOPIC + room.replace("%00", "\0").replace("%0A", "\n") for room in bad]
    site.watch(stream, *topics, "@reeve/rooms", "@reeve/room/a", "@REEVE/rooms/a", " " + TOPIC + "a", TOPIC + "a ")
    for room in bad:
        if room in ("é", 'a"b', "a b"):
            continue
        site.same("no name %.20r" % room, site.send("POST", SEND + room, {"data": 1})[0], 404)
    say(site, "a", "x")
    site.same("no names: nothing is heard", [e.name for e in site.drain(stream)], [])
    site.same("GET is none", site.send("GET", SEND + "a")[0], 404)


def no_oracle(site: Site, users: Users) -> None:
    """Who may not in cannot tell whether somebody is there, by any answer."""
    use(site, "@request.auth.id != ''")
    full, empty = name(), name()
    mate = site.open(TOPIC + full, headers=users.ann[1])
    following(mate, 1)
    for headers, status in ((None, 403), (users.bob[1], 204)):
        answers = [site.send("POST", SEND + room, {"data": 1}, headers) for room in (full, empty)]
        site.same("no oracle: sending", answers[0], answers[1])
        site.same("no oracle: sending: status", answers[0][0], status)
    guest = site.open()
    answers = [site.subscribe(guest, [TOPIC + room, streams.MARKS]) for room in (full, empty)]
    site.same("no oracle: listening", answers, [(204, None)] * 2)
    site.same("no oracle: nothing is heard", [e.name for e in site.drain(guest)], [])
    site.same("no oracle: nothing is told of it", flush(site, full, mate), [[message(full, 1)]])
    use(site, None)
    answers = [site.send("POST", SEND + room, {"data": 1}) for room in (full, "a b".replace(" ", "%20"))]
    site.same("off and no name are one answer", answers[0], answers[1])


def order(site: Site, _: Users) -> None:
    """All hear the same in the same order, and of one sender as it was sent."""
    use(site, "")
    room = name()
    those = [site.open(TOPIC + room) for _ in range(4)]
    flush(site, room, *those)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda who: [say(site, room, [who, n]) for n in range(50)], range(4)))
    heard = [[e["data"] for e in got] for got in flush(site, room, *those)]
    site.same("order: how many", [len(h) for h in heard], [200] * 4)
    site.same("order: the same for all", all(h == heard[0] for h in heard), True)
    site.same("order: of each sender", [[n for w, n in heard[0] if w == who] for who in range(4)], [list(range(50))] * 4)


def with_records(site: Site, _: Users) -> None:
    """A message behind a write is heard behind its event."""
    use(site, "")
    room = name()
    stream = site.open(TOPIC + room)
    following(stream, 1)
    for n in range(20):
        site.make("marks", n=-1)
        say(site, room, n)
    found = [stream.next().name for _ in range(40)]
    site.same("records and messages", found, [streams.MARKS, TOPIC + room] * 20)


def churn(site: Site, _: Users) -> None:
    """Connections that are cut at any time: in the end there is who is there."""
    use(site, "")
    room = name()
    watch = site.open(TOPIC + room)
    following(watch, 1)

    def come_and_go(n: int) -> None:
        for i in range(8):
            with streams.Stream(site.server.port) as stream:
                site.send("POST", streams.PATH, {"clientId": stream.id, "subscriptions": [TOPIC + room] * (i % 3 > 0)})
                if i % 2:
                    site.send("POST", streams.PATH, {"clientId": stream.id, "subscriptions": [
                        streams.topic(TOPIC + room, query={"n": str(n)})]})

    threads = [threading.Thread(target=come_and_go, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    site.same("churn: all are through", any(thread.is_alive() for thread in threads), False)
    there: list[str] = []

    def told(events: list[dict]) -> None:
        for event in events:
            (there.append if event["event"] == "join" else there.remove)(event["member"]["client"])

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        told(flush(site, room, watch)[0])
        newcomer = site.open(TOPIC + room)
        now = [m["client"] for m in following(newcomer, 1)[0]["members"]]
        newcomer.close()
        if len(now) == 2 and not there:
            break
        told(following(watch, 1))  # the newcomer's join, or one that left late before it
    site.same("churn: who is left", (len(now), there), (2, []))


def many(site: Site, _: Users) -> None:
    """Beyond 200 members lists are cut, and joins are numbers, once a second at most."""
    use(site, "")
    room = name()
    first = site.open(TOPIC + room)
    crowd = []
    for _ in range(MEMBERS_MANY - 1):
        crowd.append(site.open())
        site.subscribe(crowd[-1], [TOPIC + room])
    listed = following(crowd[-1], 1)[0]
    site.same("many: a list", (listed["event"], len(listed["members"]), listed["more"]), ("members", LISTED,
                                                                                     MEMBERS_MANY - LISTED))
    began = time.monotonic()
    got: list[typing.Any] = []
    while not got or got[-1].get("count") != MEMBERS_MANY:
        got.append(first.next(what="the number %d" % MEMBERS_MANY).json())
    kinds = [e["event"] for e in got]
    counts = kinds.count("count")
    site.same("many: joins", (kinds.count("join"), kinds.count("members"), counts >= 1), (LISTED - 1, 1, True))
    last = crowd.pop()
    last.close()
    got = following(first, 1)
    site.same("many: one less", got, [{"room": room, "event": "count", "count": MEMBERS_MANY - 1}])
    for stream in crowd[-20:]:
        stream.close()
    counts += 1
    got = []
    while not got or got[-1]["event"] != "members":
        got.append(first.next(what="a list that is whole again").json())
    counts += [e["event"] for e in got].count("count")
    left = MEMBERS_MANY - 1 - 20
    site.tally.check("rooms: many: numbers are rare", counts <= time.monotonic() - began + 2, str(counts))
    while len(got[-1]["members"]) != left and len(got) < 40:  # some of the twenty may have gone behind it
        event = first.next(what="twenty less").json()
        if event["event"] == "leave":
            got[-1]["members"].remove(event["member"])
        else:
            got.append(event)
    site.same("many: twenty less", (len(got[-1]["members"]), got[-1].get("more")), (left, None))


def flood(site: Site, _: Users) -> None:
    """Messages to nobody and to one who does not read: the server goes on."""
    use(site, "")
    room = name()
    slow = streams.Stream(site.server.port)
    site.open_streams.append(slow)
    site.subscribe(slow, [TOPIC + room])
    body = json.dumps({"data": "x" * 60000}).encode()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: site.send("POST", SEND + room, body, {"Content-Type": "application/json"})[0],
                             range(1000)))
    site.tally.check("rooms: flood: answers", found <= {204, 503} and 204 in found, str(found))
    stream = site.open(TOPIC + name())
    site.same("flood: others hear", [e.json()["event"] for e in site.drain(stream)], ["members"])


CASES = (off, rules, sending, listening, presence, two_places, too_many_rooms, identities, senders, bodies, names, no_oracle, order,
         with_records, churn, many, flood)
