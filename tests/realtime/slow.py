"""Rules and filters that take long are asked apart from all others, within a budget. Reeve's alone."""

import os
import sqlite3
import time

import reeve
import streams

ROWS = 200_000
LAST = "v%d" % ROWS
LONG = "@collection.big.v ?= title"  # of one record: all rows are looked at
ENDLESS = "@collection.big.v ?~ @collection.big:two.id"
REFERRED = LONG + " && kids_via_parent.n ?> 0"
REPLAY = streams.PATH + "?replay=1"
LONG_S = 60
TRIES = 5
MOMENT_S = 3  # with sanitizers; it were 20 and more


def prepare(site):
    title = [{"name": "title", "type": "text"}, {"name": "n", "type": "number"}]
    site.collection("big", fields=[{"name": "v", "type": "text"}])
    site.collection("slow", listRule=LONG, viewRule=LONG, fields=title)
    site.collection("endless", listRule=ENDLESS, viewRule="", fields=title)
    site.collection("fast", listRule="", viewRule="", fields=title)
    parents = site.collection("parents", fields=title)["id"]
    site.collection("kids", fields=[{"name": "n", "type": "number"},
                                    {"name": "parent", "type": "relation", "collectionId": parents}])
    site.change("parents", listRule=REFERRED, viewRule=REFERRED)
    con = sqlite3.connect(os.path.join(site.server.dir, "data.db"), timeout=reeve.WAIT_S)
    with con:
        con.executemany("INSERT INTO big (id, v) VALUES (?, ?)",
                        (("b%014d" % n, "v%d" % n) for n in range(1, ROWS + 1)))
    con.close()


def told(event):
    return event.name, event.json().get("action"), event.json().get("record", {}).get("n")


def collect(stream, topic, count):
    """So many events of the topic, which may come behind all others."""
    found = []
    while len(found) < count:
        event = stream.next(LONG_S, "event %d of %d of %s" % (len(found), count, topic))
        if event.name == topic:
            found.append(told(event))
    return found


def collect_until_end(stream, topic, count):
    """The same, or what came before the server ended the stream."""
    found = []
    while len(found) < count:
        try:
            found += collect(stream, topic, 1)
        except streams.Broken:
            break
    return found


def apart(site, _):
    """What waits for an answer of the database holds up nobody else, and comes in its order."""
    count = 40
    slow, fast = site.open("slow/*"), site.open("fast/*")
    begun = time.monotonic()
    for n in range(count):
        site.make("slow", title=LAST if n % 2 else "none", n=n)
    site.make("fast", n=1)
    site.same("others hear at once", collect(fast, "fast/*", 1), [("fast/*", "create", 1)])
    fast_s = time.monotonic() - begun
    site.same("all of it", collect(slow, "slow/*", count // 2), [("slow/*", "create", n) for n in range(1, count, 2)])
    slow_s = time.monotonic() - begun
    site.tally.check("slow: nobody waits", fast_s < slow_s, "%.2f s, the slow one %.2f" % (fast_s, slow_s))
    site.same("it is said", "realtime.rule.slow" in site.server.output(), True)


def in_order(site, _):
    """Of one record: what it was, is, and that it is gone, of the state in which it still was. Where a machine is so
    slow that the delete waits too long, the stream ends; once in a few times it does not."""
    wanted = [("slow/*", "create", 1), ("slow/*", "update", 2), ("slow/*", "update", 3), ("slow/*", "delete", 3)]
    got = []
    for _ in range(TRIES):
        stream = site.open("slow/*")
        ident = site.make("slow", title=LAST, n=1)
        site.update("slow", ident, n=2)
        site.update("slow", ident, title="none")
        site.update("slow", ident, title=LAST, n=3)
        site.delete("slow", ident)
        got = collect_until_end(stream, "slow/*", len(wanted))
        if not stream.ended:
            break
        site.same("up to its end", got, wanted[:-1])
        site.same("it is said why", "realtime.rule.behind" in site.server.output(), True)
    site.same("one record", got, wanted)


def referred(site, _):
    """The same where the rule asks who refers to the record."""
    ident = site.make("parents", title=LAST, n=0)
    site.make("kids", parent=ident, n=1)
    stream = site.open("parents/*")
    site.update("parents", ident, n=1)
    site.update("parents", ident, title="none")
    site.update("parents", ident, title=LAST, n=2)
    got = collect(stream, "parents/*", 2)
    site.same("who refers", got, [("parents/*", "update", 1), ("parents/*", "update", 2)])


def deleted(site, _):
    """Deletes, more than there are snapshots to spare: each is told, or its stream ends; the others' goes on."""
    count = 20
    idents = [site.make("slow", title=LAST, n=n) for n in range(count)]
    slow, fast = site.open(target=REPLAY), site.open("fast/*")
    site.watch(slow, "slow/*")
    for n, ident in enumerate(idents):
        site.delete("slow", ident)
        site.make("fast", n=n)
    site.same("others hear all", collect(fast, "fast/*", count), [("fast/*", "create", n) for n in range(count)])
    site.make("slow", title=LAST, n=count)
    seen, resynced = [], False
    while ("slow/*", "create", count) not in seen:
        event = slow.next(LONG_S, "the last one after %r" % seen)
        resynced |= event.name == "resync"
        seen += [told(event)] if event.name == "slow/*" else []
    deletes = [n for _, action, n in seen if action == "delete"]
    site.same("in order", deletes, sorted(deletes))
    site.tally.check("slow: all, or a resync", deletes == list(range(count)) or resynced, (deletes, resynced))


def hold(site, prepare, act):
    """What act() does while the hub's thread is at work and no snapshot is left: with what prepare() makes of it."""
    boss = site.collection("boss", fields=[{"name": "n", "type": "number"}])["id"]
    parent = site.make("parents", title=LAST, n=0)
    site.make("kids", parent=parent, n=1)
    held = site.collection("held", listRule="parent.kids_via_parent.n ?> 0", fields=[
        {"name": "n", "type": "number"}, {"name": "boss", "type": "relation", "collectionId": boss, "cascadeDelete": True},
        {"name": "parent", "type": "relation", "collectionId": site.must("GET", "/api/collections/parents")["id"]}])
    one = site.make("boss", n=1)
    for n in range(300):
        site.make("held", n=n, parent=parent, boss=one)
        site.open(streams.topic("held/*", query={"filter": "n != -%d" % n}))
    spare, fast = [site.make("fast", n=n) for n in range(10)], site.open("fast/*")
    state = prepare()
    site.delete("boss", one)  # 300 deletes in one unit, of which each of 300 is asked about
    for ident in spare:  # which take the snapshots
        site.delete("fast", ident)
    act(state)
    site.make("fast", n=-1)
    while collect(fast, "fast/*", 1) != [("fast/*", "create", -1)]:
        pass
    for name in (held["id"], boss):
        site.must("DELETE", "/api/collections/" + name)


def far_behind(site, _):
    """Deletes that come faster than all who listen are told of them: only who may have missed one has to connect anew."""
    parent = site.make("parents", title=LAST, n=0)
    site.make("kids", parent=parent, n=1)
    site.collection("owned", listRule="parent.kids_via_parent.n ?> 0", fields=[
        {"name": "n", "type": "number"},
        {"name": "parent", "type": "relation", "collectionId": site.must("GET", "/api/collections/parents")["id"]}])
    idents = [site.make("owned", parent=parent, n=n) for n in range(3)]
    hears, others = site.open("owned/*"), None

    def prepare():
        nonlocal others
        others = site.open("fast/*")

    hold(site, prepare, lambda _: [site.delete("owned", ident) for ident in idents])
    heard = collect(others, "fast/*", 11)
    site.same("others hear of what is theirs", [action for _, action, _ in heard], ["delete"] * 10 + ["create"])
    site.make("fast", n=-2)
    site.same("and go on", collect(others, "fast/*", 1), [("fast/*", "create", -2)])
    hears.wait_end()
    site.same("it is said why", "realtime.rule.behind" in site.server.output(), True)


def too_late(site, _):
    """A delete that waits longer than a snapshot may: it is not left out of what is told as if nothing had been."""
    ident = site.make("slow", title=LAST, n=1)
    stream = site.open("endless/*", "slow/*")
    for n in range(4):
        site.make("endless", title="none", n=n)
    site.delete("slow", ident)
    site.make("slow", title=LAST, n=2)
    heard = collect_until_end(stream, "slow/*", 2)
    wanted = [("slow/*", "delete", 1), ("slow/*", "create", 2)]
    site.tally.check("slow: too late: all, or its stream ends", heard == wanted[:len(heard)] and (stream.ended or len(heard) == 2), heard)


def ghosts(site, _):
    """Who reads again at each resync, and applies what it is told, has what there is in the end."""
    stream = site.open(target=REPLAY)
    site.watch(stream, "slow/*")

    def read():
        return {row["id"]: row["n"] for row in site.must("GET", "/api/collections/slow/records?perPage=500")["items"]}

    def act(_):
        for n in range(12):
            site.delete("slow", site.make("slow", title=LAST, n=1000 + n))

    model, until = read(), 0.0
    hold(site, lambda: None, act)
    while not until or time.monotonic() < until:
        until = until or time.monotonic() + MOMENT_S
        stream.pump(0.1)
        while stream.events:
            event, until = stream.next(), time.monotonic() + MOMENT_S
            if event.name == "resync" and event.json()["topic"] == "slow/*":
                model = read()
            elif event.name == "slow/*":
                record = event.json()["record"]
                model[record["id"]] = record["n"]
                if event.json()["action"] == "delete":
                    del model[record["id"]]
    site.same("no ghosts", model, read())


def deleted_itself(site, _):
    """Who is deleted while no snapshot is left hears of it, or its stream ends."""
    site.change("users", viewRule="id = @request.auth.id")

    def prepare():
        ident, headers = site.user("users", "gone")
        return ident, site.open("users/" + ident, headers=headers)

    held = []
    hold(site, prepare, lambda state: (held.append(state[1]), site.delete("users", state[0])))
    end = time.monotonic() + MOMENT_S
    while time.monotonic() < end and not held[0].ended and not held[0].events:
        held[0].pump(0.1)
    site.tally.check("slow: deleted: told, or its stream ends", held[0].ended or held[0].events, "neither")


def batch_ids(site, _):
    """The id of a resync says no more than what came before it: the rest of its unit is still to come."""
    site.must("PATCH", "/api/settings", {"batch": {"enabled": True, "maxRequests": 50, "timeout": 10}})
    stream = site.open(target=REPLAY)
    site.watch(stream, "slow/*", "fast/*")
    ident = site.make("slow", title=LAST, n=1)
    hold(site, lambda: None, lambda _: site.must("POST", "/api/batch", {"requests": [
        {"method": "DELETE", "url": "/api/collections/slow/records/" + ident},
        *({"method": "POST", "url": "/api/collections/fast/records", "body": {"n": 500 + k}} for k in range(3))]}))
    ids, seen = [], None
    while seen != 502:
        event = stream.next(LONG_S, "the last of the unit")
        ids += [int(event.id.split(".")[-1])]
        seen = told(event)[2] if event.name == "fast/*" else seen
    site.same("ids only grow", ids, sorted(ids))


def given_up(site, _):
    """A rule that has no end: who asked for replay is told that something is missing, and nobody waits."""
    plain, asked, fast = site.open("endless/*"), site.open(target=REPLAY), site.open("fast/*")
    site.watch(asked, "endless/*")
    site.make("endless", title="none", n=1)
    site.make("fast", n=1)
    site.same("meanwhile", collect(fast, "fast/*", 1), [("fast/*", "create", 1)])
    event = asked.next(LONG_S, "a resync")
    while event.name != "resync":
        event = asked.next(LONG_S, "a resync")
    site.same("it is told", event.json(), {"topic": "endless/*"})
    site.same("and said", "realtime.rule.given_up" in site.server.output(), True)
    site.same("a plain one goes on", [e.name for e in site.drain(plain)], [])


def comes_back(site, _):
    """Events of it may have come behind later ones: the last id does not tell what was seen."""
    stream = site.open(target=REPLAY)
    site.watch(stream, "slow/*")
    site.make("slow", title=LAST, n=1)
    collect(stream, "slow/*", 1)
    last_id = stream.last.id
    stream.close()
    site.make("slow", title=LAST, n=2)
    again = site.open(target=streams.PATH + "?lastEventId=" + last_id)
    site.watch(again, "slow/*")
    event = again.next(LONG_S, "a resync")
    while event.name == streams.MARKS:
        event = again.next(LONG_S, "a resync")
    site.same("back", (event.name, event.json()), ("resync", {"topic": "slow/*"}))
    site.make("slow", title=LAST, n=3)
    site.same("and then live", collect(again, "slow/*", 1), [("slow/*", "create", 3)])


def forms(count):
    """So many filters, each of them a statement of its own."""
    for k in range(count):
        tests = ("n != -%d" % i if k >> i & 1 else "title != 'q%d'" % i for i in range(10))
        yield streams.topic("slow/*", query={"filter": " && ".join(tests)})


def many(site, _):
    """Who asks for a lot takes no more than a moment of everybody's time: live, and where it comes back for it."""
    fast, others = site.open("fast/*"), site.open()
    last_id = site.open(target=REPLAY).first.id
    site.watch(others, *forms(900))
    back = site.open(target=streams.PATH + "?lastEventId=" + last_id)
    for name, make in (("live", lambda: site.make("slow", title="none")),
                       ("back", lambda: site.watch(back, *forms(900)))):
        make()
        begun = time.monotonic()
        site.make("fast", n=7)
        collect(fast, "fast/*", 1)
        took_s = time.monotonic() - begun
        site.tally.check("slow: many, %s" % name, took_s < MOMENT_S, "%.2f s" % took_s)
    others.close()
    back.close()
    begun = time.monotonic()
    one = site.open("slow/*")
    site.make("slow", title=LAST, n=1)
    collect(one, "slow/*", 1)
    took_s = time.monotonic() - begun
    site.tally.check("slow: who is gone waits no more", took_s < MOMENT_S, "%.2f s" % took_s)


def anew(site, _):
    """A client that leaves a topic and takes it again while questions are open hears of one record in order."""
    rule = "n = 9 || " + LONG
    site.change("slow", listRule=rule)
    busy, ident = site.make("slow", title=LAST, n=0), site.make("slow", title=LAST, n=0)
    stream = site.open("slow/*")
    for n in range(20):
        site.update("slow", busy, n=100 + n)
    site.watch(stream)
    site.watch(stream, "slow/*")
    site.update("slow", ident, n=5)
    site.update("slow", ident, n=6)
    time.sleep(0.2)
    site.update("slow", ident, n=9)  # which needs no question
    found = []
    while 9 not in found:
        event = stream.next(LONG_S, "the last update after %r" % found)
        found += [event.json()["record"]["n"]] if event.name == "slow/*" and event.json()["record"]["id"] == ident else []
    site.same("in its order", found, [5, 6, 9])
    site.change("slow", listRule=LONG)


CASES = (apart, in_order, referred, deleted, far_behind, too_late, ghosts, deleted_itself, batch_ids, given_up, comes_back, many, anew)
