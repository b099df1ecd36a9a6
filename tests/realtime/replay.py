"""What a client has missed is told again when it comes back, or that it cannot be. Reeve's alone."""

import contextlib
import re
import time

import streams

FORM = re.compile(r"^[A-Za-z0-9]{40}\.[A-Za-z0-9]{12}\.[0-9]+$")
PLAIN = re.compile(r"^[A-Za-z0-9]{40}$")
REPLAY = streams.PATH + "?replay=1"
OWN = "/api/reeve/settings"
DEFAULTS = {"replayBytes": 32 << 20, "replaySeconds": 300}


def prepare(site):
    site.collection("notes", listRule="", viewRule="", fields=[
        {"name": "n", "type": "number"}, {"name": "page", "type": "editor", "maxSize": 4 << 20}])
    for name in ("others", "quiet"):
        site.collection(name, listRule="", viewRule="", fields=[{"name": "n", "type": "number"}])
    users = site.must("GET", "/api/collections/users")["id"]
    site.collection("own", listRule="owner = @request.auth.id", viewRule="owner = @request.auth.id", fields=[
        {"name": "n", "type": "number"},
        {"name": "owner", "type": "relation", "collectionId": users, "cascadeDelete": True}])
    site.collection("named", listRule="@request.auth.name = 'anna'", fields=[{"name": "n", "type": "number"}])
    return site.user("users", "anna", name="anna"), site.user("users", "bert", name="bert")


def told(events):
    return [(e.name, e.json().get("action"), e.json().get("record", {}).get("n")) for e in events]


def back(site, last_id, *topics, headers=None):
    stream = site.open(target=streams.PATH + "?lastEventId=" + last_id)
    site.watch(stream, *topics, headers=headers)
    return stream


def left(site, *topics, headers=None):
    """A client with replay that has been here and has heard of something: (its last id)."""
    stream = site.open(target=REPLAY)
    site.watch(stream, *topics, headers=headers)
    site.drain(stream)
    last_id = stream.last.id
    stream.close()
    return last_id


def bound(site, **values):
    site.must("PATCH", OWN, {"realtime": values})


@contextlib.contextmanager
def bounds(site, **values):
    bound(site, **values)
    try:
        yield
    finally:
        bound(site, **DEFAULTS)


def resync(site, name, events, *topics):
    site.same(name, sorted((e.name, e.json().get("topic")) for e in events), sorted(("resync", topic) for topic in topics))


def all_resync(site, name, events, *topics):
    resync(site, name, events, *topics, streams.MARKS)


def without(events):
    return [e for e in events if e.name not in (streams.MARKS, streams.CONNECT)]


def ids(site, _):
    plain, asked = site.open("notes/*"), site.open(target=REPLAY)
    site.same("plain", bool(PLAIN.match(plain.first.id)), True)
    site.same("as asked for", bool(FORM.match(asked.first.id)), True)
    site.same("its client", asked.first.json()["clientId"], asked.first.id)
    site.watch(asked, "notes/*", "notes")
    site.make("notes", n=1)
    first = without(site.drain(asked))
    site.same("of one change the same", [FORM.match(first[0].id) is not None, first[0].id == first[1].id],
              [True, True])
    site.same("the client's own", first[0].id.split(".")[0], asked.first.id.split(".")[0])
    site.make("notes", n=2)
    second = without(site.drain(asked))
    site.same("they grow", int(second[0].id.split(".")[2]) > int(first[0].id.split(".")[2]), True)
    site.same("nobody else's", {e.id for e in site.drain(plain)}, {plain.first.id})


def missed(site, _):
    stays = site.open(target=REPLAY)
    site.watch(stays, "notes/*")
    last_id = left(site, "notes/*")
    ident = site.make("notes", n=1)
    site.update("notes", ident, n=2)
    site.make("others", n=7)
    site.delete("notes", ident)
    site.make("notes", n=3)
    there = without(site.drain(stays))
    stream = back(site, last_id, "notes/*")
    again = without(site.drain(stream))
    site.same("as if it had stayed", told(again), told(there))
    site.same("the same numbers", [e.id.split(".")[1:] for e in again], [e.id.split(".")[1:] for e in there])
    site.make("notes", n=4)
    site.same("and goes on", told(without(site.drain(stream))), [("notes/*", "create", 4)])
    site.watch(stream, "notes/*")
    site.same("only once", told(without(site.drain(stream))), [])
    site.watch(stream, "notes/*", "others/*")
    # Nobody wanted these, so they were not noted; unless they share a slot with some that were.
    late = told(without(site.drain(stream)))
    site.same("of what nobody may have noted", late in ([("resync", None, None)], [("others/*", "create", 7)]), True)


def by_itself(site, _):
    """What was missed waits for nothing else to happen."""
    last_id = left(site, "notes/*")
    for n in range(3):
        site.make("notes", n=n)
    stream = back(site, last_id, "notes/*")
    site.same("by itself", [stream.next(what="missed event %d" % n).json()["record"]["n"] for n in range(3)], [0, 1, 2])


def unheard(site, _):
    """What nobody wanted was not noted, so that it may have happened is told, though nothing else has."""
    last_id = left(site, "notes/*")
    site.make("quiet", n=1)
    events = told(without(site.drain(back(site, last_id, "quiet/*"))))
    # ... unless it shares a slot with some that were wanted.
    site.same("unheard", events in ([("resync", None, None)], [("quiet/*", "create", 1)]) or events, True)


def header(site, _):
    last_id = left(site, "notes/*")
    site.make("notes", n=1)
    stream = streams.Stream(site.server.port, headers={"Last-Event-ID": last_id})
    site.open_streams.append(stream)
    site.same("the position stays", stream.first.id.split(".")[1:], last_id.split(".")[1:])
    site.watch(stream, "notes/*")
    site.same("by the header", told(without(site.drain(stream))), [("notes/*", "create", 1)])


def twice_away(site, _):
    """Who leaves again before it has subscribed has missed nothing."""
    last_id = left(site, "notes/*")
    site.make("notes", n=1)
    stream = site.open(target=streams.PATH + "?lastEventId=" + last_id)
    again = stream.first.id
    stream.close()
    site.same("twice", told(without(site.drain(back(site, again, "notes/*")))), [("notes/*", "create", 1)])


def elsewhere(site, _):
    """Another process, no number, one that was never given: that it cannot be told is told, for each topic."""
    client, epoch, number = left(site, "notes/*", "others/*").split(".")
    site.make("notes", n=1)
    for last_id in ("%s.%s.%s" % (client, "x" * 12, number), "%s.%s.x" % (client, epoch), "%s.%s.0" % (client, epoch),
                    "%s.%s.99999999" % (client, epoch), "%s.%s" % (client, epoch), "..", "%s.%s.%s0000000000000000000"
                    % (client, epoch, number)):
        stream = back(site, last_id, "notes/*", "others/*")
        events = without(site.drain(stream))
        site.same("resync of " + last_id, sorted((e.name, e.json().get("topic")) for e in events),
                  [("resync", streams.MARKS), ("resync", "notes/*"), ("resync", "others/*")])
        site.make("notes", n=2)
        site.same("and then live", told(without(site.drain(stream))), [("notes/*", "create", 2)])


def none_asked(site, _):
    """A client that knows nothing of it: its browser sends its last id, too."""
    stream = site.open("notes/*")
    site.make("notes", n=1)
    site.drain(stream)
    stream.close()
    again = streams.Stream(site.server.port, headers={"Last-Event-ID": stream.first.id})
    site.open_streams.append(again)
    site.same("plain ids", bool(PLAIN.match(again.first.id)), True)
    site.watch(again, "notes/*")
    site.same("nothing is told again", told(without(site.drain(again))), [])


def by_rules(site, state):
    (anna, as_anna), (bert, as_bert) = state
    last_id = left(site, "own/*", headers=as_anna)
    mine, theirs = site.make("own", n=1, owner=anna), site.make("own", n=2, owner=bert)
    site.delete("own", mine)
    site.delete("own", theirs)
    site.same("what it may see", told(without(site.drain(back(site, last_id, "own/*", headers=as_anna)))),
              [("own/*", "create", 1), ("own/*", "delete", 1)])
    site.same("as another", told(without(site.drain(back(site, last_id, "own/*", headers=as_bert)))),
              [("own/*", "create", 2), ("own/*", "delete", 2)])
    site.same("as a guest", told(without(site.drain(back(site, last_id, "own/*")))), [])


def by_other_tables(site, state):
    """A delete that only what was there could tell of."""
    (_, as_anna), _ = state
    last_id = left(site, "named/*", headers=as_anna)
    kept = site.make("named", n=1)
    site.same("a create", told(without(site.drain(back(site, last_id, "named/*", headers=as_anna)))),
              [("named/*", "create", 1)])
    site.delete("named", kept)
    events = without(site.drain(back(site, last_id, "named/*", headers=as_anna)))
    site.same("a delete", [e.name for e in events][-1:], ["resync"])


def other_schema(site, _):
    last_id = left(site, "notes/*")
    site.make("notes", n=1)
    site.change("others", listRule="n > 0")
    site.make("notes", n=2)
    events = without(site.drain(back(site, last_id, "notes/*")))
    site.same("another schema", [e.json().get("topic") for e in events if e.name == "resync"],
              ["notes/*", streams.MARKS])
    site.change("others", listRule="")


def by_rules_of_now(site, _):
    """What may not be read any more is not told again, although nothing was written since."""
    last_id = left(site, "others/*")
    site.make("others", n=1)
    site.change("others", listRule=None)
    events = without(site.drain(back(site, last_id, "others/*")))
    site.same("for superusers by now", [e.name for e in events], ["resync", "resync"])
    site.change("others", listRule="")


def ids_of_who_is_behind(site, _):
    """No id says more than what has come: who is cut off behind a resync of one topic has the others to come."""
    last_id = left(site, "notes/*")
    for n in range(3):
        site.make("notes", n=n)
    stream = back(site, last_id, "notes/*", "others/*", "@no")
    events = without(site.drain(stream))
    site.same("first", events[0].name, "resync")
    again = without(site.drain(back(site, events[0].id, "notes/*")))
    site.same("the others", [e.json()["record"]["n"] for e in again if e.name == "notes/*"], [0, 1, 2])


def no_number(site, _):
    last_id = left(site, "notes/*").rsplit(".", 1)[0]
    for number in (2**64 - 1, 2**64 - 2):
        all_resync(site, "the %d" % number, without(site.drain(back(site, "%s.%d" % (last_id, number), "notes/*"))), "notes/*")


def too_much(site, _):
    """More than is kept."""
    last_id = left(site, "notes/*")
    ident = site.make("notes", n=0)
    for n in range(12):
        site.update("notes", ident, n=n, page="x" * (2 << 20))
    events = without(site.drain(back(site, last_id, "notes/*")))
    site.same("too much", [e.name for e in events], ["resync"])


def fewer_bytes(site, _):
    """As many bytes as the setting says, of what is there already, too."""
    with bounds(site, replayBytes=256 << 10):
        last_id = left(site, "notes/*")
        ident = site.make("notes", n=1)
        site.same("few bytes", told(without(site.drain(back(site, last_id, "notes/*")))), [("notes/*", "create", 1)])
        last_id = left(site, "notes/*")
        site.update("notes", ident, n=2, page="x" * (300 << 10))
        resync(site, "more than few", without(site.drain(back(site, last_id, "notes/*"))), "notes/*")
    last_id = left(site, "notes/*")
    site.update("notes", ident, n=3, page="y" * (300 << 10))
    stream = back(site, last_id, "notes/*")
    site.same("many bytes", told(without(site.drain(stream))), [("notes/*", "update", 3)])
    with bounds(site, replayBytes=256 << 10):
        site.make("notes", n=4)
        resync(site, "fewer from now on", without(site.drain(back(site, last_id, "notes/*"))), "notes/*")


def few_seconds(site, _):
    """Nothing is kept for longer than the setting says, whether or not another one is there for whom it would be."""
    plain = site.open("notes/*")
    for stays in (False, True):
        with bounds(site, replaySeconds=1):
            if stays:
                site.watch(site.open(target=REPLAY), "notes/*")
            last_id = left(site, "notes/*")
            site.make("notes", n=1)
            site.drain(plain)  # it was told of, and kept, before the clock is looked at
            time.sleep(1.2)
            all_resync(site, "few seconds, %s" % stays, without(site.drain(back(site, last_id, "notes/*"))), "notes/*")


def switched_off(site, _):
    """All are told to read what there is, even if they have missed nothing; and then hear what happens."""
    for key in DEFAULTS:
        last_id = left(site, "notes/*")
        with bounds(site, **{key: 0}):
            stream = back(site, last_id, "notes/*")
            all_resync(site, key + ": none", without(site.drain(stream)), "notes/*")
            site.make("notes", n=1)
            site.same(key + ": live", told(without(site.drain(stream))), [("notes/*", "create", 1)])
            last_id = stream.last.id
            stream.close()
            site.make("notes", n=2)
            all_resync(site, key + ": none again", without(site.drain(back(site, last_id, "notes/*"))), "notes/*")
        last_id = left(site, "notes/*")
        site.make("notes", n=4)
        site.same(key + ": on again", told(without(site.drain(back(site, last_id, "notes/*")))),
                  [("notes/*", "create", 4)])


def one_order(site, _):
    """Of several topics as it happened: who is cut off in the middle of it has lost nothing before its last id."""
    last_id = left(site, "notes/*", "others/*")
    for n, where in enumerate(("notes", "others", "others", "notes", "others")):
        site.make(where, n=n)
    events = without(site.drain(back(site, last_id, "notes/*", "others/*")))
    site.same("one order", told(events), [("notes/*", "create", 0), ("others/*", "create", 1), ("others/*", "create", 2),
                                          ("notes/*", "create", 3), ("others/*", "create", 4)])
    middle = back(site, events[1].id, "others/*", "notes/*")
    site.same("from its middle", told(without(site.drain(middle))),
              [("others/*", "create", 2), ("notes/*", "create", 3), ("others/*", "create", 4)])


def between(site, _):
    """One change that two topics hear of has one id: who was cut off between the two hears of both again."""
    last_id = left(site, "notes/*", "notes")
    site.make("notes", n=1)
    site.make("notes", n=2)
    events = without(site.drain(back(site, last_id, "notes/*", "notes")))
    site.same("two each", sorted(told(events)), [(name, "create", n) for name in ("notes", "notes/*") for n in (1, 2)])
    again = without(site.drain(back(site, events[0].id, "notes/*", "notes")))
    site.same("between them", sorted(told(again)), sorted(told(events)))
    site.same("alone", told(without(site.drain(back(site, events[0].id, "notes")))), [("notes", "create", 2)])


def others_busy(site, _):
    """What others have written is no reason to read again, however much it was."""
    stays = site.open(target=REPLAY)
    site.watch(stays, "others/*", "notes/*")
    with bounds(site, replayBytes=64 << 10):
        last_id = left(site, "notes/*", "others/*")
        ident = site.make("others", n=0)
        for n in range(300):
            site.update("others", ident, n=n)
        site.make("notes", n=1)
        events = without(site.drain(back(site, last_id, "notes/*", "others/*")))
    site.same("others are busy", [(e.name, e.json().get("topic")) for e in events],
              [("resync", "others/*"), ("notes/*", None)])


def in_slices(site, _):
    """What is long to tell holds nobody up, and changes of its topics on the way lose nothing."""
    topics = [streams.topic("notes/*", query={"filter": "n = -%d" % n}) for n in range(1, 900)]
    last_id = left(site, "notes/*")
    made = 400
    for n in range(made):
        site.make("notes", n=n)
    plain = site.open("notes/*")
    stream = back(site, last_id, "notes/*", *topics)
    site.make("notes", n=made)
    site.same("live meanwhile", told(without(site.drain(plain))), [("notes/*", "create", made)])
    stream.pump()  # what has come by now is less than it can hold at once
    site.same("nobody waits", ("notes/*", "create", made) in told(without(stream.events)), False)
    events = told(without(site.drain(stream)))
    site.same("all of it", events, [("notes/*", "create", n) for n in range(made + 1)])


CASES = (ids, missed, by_itself, unheard, header, twice_away, elsewhere, none_asked, by_rules, by_other_tables, one_order,
         between, others_busy, in_slices, by_rules_of_now, ids_of_who_is_behind, no_number, other_schema, too_much, fewer_bytes, few_seconds, switched_off)
