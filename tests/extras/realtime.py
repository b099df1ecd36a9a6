"""What a superuser can see of realtime: the report of clients and topics, and events about collections."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import typing

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "realtime"))
import reeve  # noqa: E402
import streams  # noqa: E402

REPORT = "/api/reeve/realtime"
SCHEMA = "@reeve/schema"
MEMBERS = ["clients", "subscriptions", "topics", "queue", "delivered", "ended", "items", "page", "perPage",
           "totalItems", "totalPages"]
ITEM = ["id", "ip", "auth", "subscriptions", "moreSubscriptions", "connected", "waiting"]
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z")
PAGE = 1 << 20
SECRET = "s3cr3t"
SLOW_BYTES = 33 << 20  # more waits for nobody


class Case(typing.NamedTuple):
    site: streams.Site
    user: dict[str, str]  # headers of a user
    user_id: str

    def same(self, name: str, got: object, wanted: object) -> bool:
        return self.site.same(name, got, wanted)

    def between(self, name: str, got: int, least: int, most: int) -> bool:
        return self.site.tally.check("realtime: " + name, least <= got <= most,
                                     "%d, not from %d to %d" % (got, least, most))

    def report(self, **query: int) -> dict[str, typing.Any]:
        words = "&".join("%s=%d" % pair for pair in query.items())
        return self.site.must("GET", REPORT + "?" + words)

    def until(self, what: str, fact: typing.Callable[[dict[str, typing.Any]], object]) -> dict[str, typing.Any]:
        """The first report of which that is true: what the hub was told it sees to a moment later."""
        last: dict[str, typing.Any] = {}

        def holds() -> object:
            last.update(self.report())
            return fact(last)

        try:
            reeve.until(what, holds)
        except RuntimeError as e:
            raise RuntimeError("%s: %s" % (e, json.dumps(last)[:600])) from None
        return last

    def nobody(self) -> dict[str, typing.Any]:
        return self.until("nobody is connected", lambda r: r["clients"] == 0)


# --- the report -------------------------------------------------------------------------------------------------------


def guards(case: Case) -> None:
    send = case.site.send
    case.same("guests", send("GET", REPORT)[0], 401)
    case.same("users", send("GET", REPORT, None, case.user)[0], 403)
    case.same("superusers", send("GET", REPORT, None, case.site.root)[0], 200)
    case.same("a page that is none", send("GET", REPORT + "?page=x", None, case.site.root)[0], 400)
    case.same("is among the features", "realtime" in case.site.must("GET", "/api/reeve")["features"], True)


def nothing(case: Case) -> None:
    report = case.nobody()
    case.same("its members", list(report), MEMBERS)
    case.same("nobody", [report[key] for key in ("subscriptions", "topics", "items", "totalItems")], [0, [], [], 0])
    case.same("nothing waits", report["queue"], {"changes": 0, "bytes": 0})
    case.same("nothing was ended", report["ended"], {"slow": 0, "idle": 0, "expired": 0, "behind": 0})


def numbers(case: Case) -> None:
    site = case.site
    case.nobody()
    first = site.open()
    case.until("the first is there", lambda r: r["clients"] == 1)
    second = site.open()
    report = case.until("both are there", lambda r: r["clients"] == 2)
    case.same("who came last is first", [item["id"] for item in report["items"]], [second.id[:6], first.id[:6]])
    case.same("an item's members", list(report["items"][0]), ITEM)
    case.same("nothing subscribed", [[item[key] for key in ITEM[1:5]] for item in report["items"]],
              [["127.0.0.1", None, [], 0]] * 2)
    case.same("since when", [bool(DATE.fullmatch(item["connected"])) for item in report["items"]], [True] * 2)

    hidden = streams.topic("posts/*", query={"filter": "title = '%s'" % SECRET}, headers={"x_token": SECRET})
    case.same("a guest subscribes", site.subscribe(first, ["posts/*", hidden, "posts/x"])[0], 204)
    case.same("a user subscribes", site.subscribe(second, ["posts/*"], case.user)[0], 204)
    report = case.until("four subscriptions", lambda r: r["subscriptions"] == 4)
    case.same("topics", report["topics"], [{"topic": "posts/*", "subscriptions": 3},
                                           {"topic": "posts/x", "subscriptions": 1}])
    user, guest = report["items"]
    case.same("as whom", (user["auth"], guest["auth"]), (
        {"collectionId": site.must("GET", "/api/collections/users")["id"], "collectionName": "users",
         "id": case.user_id}, None))
    case.same("to what", (user["subscriptions"], sorted(guest["subscriptions"]), guest["moreSubscriptions"]),
              (["posts/*"], ["posts/*", "posts/*", "posts/x"], 0))
    text = json.dumps(report)
    case.same("nothing that is secret", [word in text for word in (SECRET, first.id, second.id, first.id[:7])],
              [False] * 4)
    case.same("its id is none to subscribe with", site.subscribe(guest["id"], ["posts/*"])[0], 404)

    site.update("users", case.user_id, name="another")
    case.same("a user changes", case.report()["items"][0]["auth"], user["auth"])
    case.same("less is subscribed", site.subscribe(first, ["posts/x"])[0], 204)
    case.until("two subscriptions", lambda r: r["subscriptions"] == 2)
    case.same("nothing is", site.subscribe(first, [])[0], 204)
    report = case.until("one subscription", lambda r: r["subscriptions"] == 1)
    case.same("a topic is gone", [topic["topic"] for topic in report["topics"]], ["posts/*"])
    second.close()
    report = case.until("one is left", lambda r: r["clients"] == 1)
    case.same("with its subscriptions", (report["subscriptions"], report["topics"]), (0, []))
    first.close()
    case.same("who leaves is not ended", sum(case.nobody()["ended"].values()), 0)


def identity_lost(case: Case) -> None:
    ident, headers = case.site.user("users", "lost")
    stream = case.site.open()
    case.same("lost: subscribes", case.site.subscribe(stream, ["posts/*"], headers)[0], 204)
    case.until("lost: a user", lambda r: [i["auth"] and i["auth"]["id"] for i in r["items"]] == [ident])
    case.site.delete("users", ident)
    report = case.until("lost: a guest", lambda r: [i["auth"] for i in r["items"]] == [None])
    case.same("lost: its subscriptions stay", report["items"][0]["subscriptions"], ["posts/*"])


def delivered(case: Case) -> None:
    case.nobody()
    there = [case.site.open("posts/*") for _ in range(3)]
    case.site.drain(*there)
    case.site.open()  # once it is there all that was told before is counted
    before = case.until("the fourth is there", lambda r: r["clients"] == 4)["delivered"]
    case.site.make("posts", title="x" * 1000)
    for stream in there:
        case.same("delivered: the event", stream.next().name, "posts/*")
    after = case.until("three events are counted",
                       lambda r: r["delivered"]["events"] >= before["events"] + 3)["delivered"]
    more = after["bytes"] - before["bytes"]
    case.same("events", after["events"] - before["events"], 3)
    case.between("bytes", more, 3000, 6000)
    case.same("all within a minute", after["lastMinute"]["events"] <= after["events"], True)
    case.same("of the last minute", after["lastMinute"]["events"] >= 3 and after["lastMinute"]["bytes"] >= more, True)
    case.until("nothing waits for who reads", lambda r: not any(item["waiting"] for item in r["items"]))
    case.until("nothing is left", lambda r: r["queue"] == {"changes": 0, "bytes": 0})


def queued(case: Case) -> None:
    """What waits is told while the hub is busy with it, and before it is told to anybody."""
    stream = case.site.open()
    names = [streams.topic("posts/*", query={"filter": "title ~ 'no%d%%'" % n}) for n in range(1000)]
    case.same("queued: subscribes", case.site.subscribe(stream, names)[0], 204)
    written = threading.Event()

    def write() -> None:
        while not written.is_set():
            case.site.make("posts", title="busy")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        report = case.until("something waits", lambda r: r["queue"]["changes"] > 0)
        case.same("its bytes", report["queue"]["bytes"] >= 100 * report["queue"]["changes"], True)
    finally:
        written.set()
        writer.join()
    before = report["delivered"]["events"]
    report = case.until("nothing waits any more", lambda r: r["queue"] == {"changes": 0, "bytes": 0})
    case.same("of what nobody may hear nothing is delivered", report["delivered"]["events"], before)


def pages(case: Case) -> None:
    case.nobody()
    there = []
    for n in range(5):
        there.insert(0, case.site.open())
        case.until("%d are there" % (n + 1), lambda r: r["clients"] == len(there))
    ids = [stream.id[:6] for stream in there]
    found = [case.report(page=n, perPage=2) for n in (1, 2, 3, 4)]
    case.same("pages", [[item["id"] for item in page["items"]] for page in found], [ids[:2], ids[2:4], ids[4:], []])
    case.same("totals", [(page["page"], page["perPage"], page["totalItems"], page["totalPages"]) for page in found],
              [(n, 2, 5, 3) for n in (1, 2, 3, 4)])
    case.same("far out", case.report(page=10 ** 12, perPage=1000)["items"], [])
    case.same("from the middle one goes", there.pop(2).close(), None)
    case.until("four are there", lambda r: r["clients"] == 4)
    case.same("the others stay in order", [item["id"] for item in case.report()["items"]], ids[:2] + ids[3:])


def many_topics(case: Case) -> None:
    """Of long lists there is a part, and how much is left out."""
    case.nobody()
    names = ["posts/%092d" % n for n in range(1000)]
    streams_there = [case.site.open() for _ in range(2)]
    case.same("a thousand", case.site.subscribe(streams_there[0], names)[0], 204)
    case.same("a few of them", case.site.subscribe(streams_there[1], names[500:520])[0], 204)
    report = case.until("all of them", lambda r: r["subscriptions"] == 1020)
    case.same("a hundred topics", report["topics"],
              [{"topic": name, "subscriptions": 2} for name in names[500:520]]
              + [{"topic": name, "subscriptions": 1} for name in names[:80]])
    sizes = [(len(item["subscriptions"]), item["moreSubscriptions"]) for item in case.report(perPage=2)["items"]]
    case.same("all of them fit", sorted(sizes), [(20, 0), (1000, 0)])
    sizes = [(len(item["subscriptions"]), item["moreSubscriptions"]) for item in case.report(perPage=1000)["items"]]
    case.same("a part of them", [(0 < shown < 20, shown + more) for shown, more in sorted(sizes, key=sum)],
              [(True, 20), (True, 1000)])


def slow(case: Case) -> None:
    """Who does not read: what waits is told, and when it is too much."""
    case.nobody()
    lazy, stream = case.site.open("posts/*"), case.site.open("posts/*")
    text = "x" * PAGE
    for n in range(1 + SLOW_BYTES // PAGE):
        case.site.make("posts", title="slow", text=text)
        while stream.next().name != "posts/*":
            pass
        if n == 20:
            waits: dict[str, int] = {}

            def reads(report: dict[str, typing.Any]) -> bool:
                waits.update({i["id"]: i["waiting"] for i in report["items"]})
                return waits[stream.id[:6]] == 0

            case.until("of who reads nothing waits", reads)
            case.between("of who does not", waits[lazy.id[:6]], PAGE, 21 * PAGE)
            case.same("nobody is ended yet", case.report()["ended"]["slow"], 0)
    for _ in range(40):  # what lies on the way to the client
        if case.report()["ended"]["slow"]:
            break
        case.site.make("posts", title="slow", text=text)
        while stream.next().name != "posts/*":
            pass
    report = case.until("one is left", lambda r: r["clients"] == 1)
    case.same("it was too slow", report["ended"], {"slow": 1, "idle": 0, "expired": 0, "behind": 0})
    case.same("and is gone", [item["id"] for item in report["items"]], [stream.id[:6]])


# --- collections ------------------------------------------------------------------------------------------------------


def told(case: Case, stream: streams.Stream) -> list[tuple[list[str], list[str]]]:
    """Of each event until now the names of what is changed and gone."""
    found = []
    for event in case.site.drain(stream):
        if event.name.startswith(SCHEMA):
            data = event.json()
            found.append(([col["name"] for col in data["collections"]], [col["name"] for col in data["gone"]]))
    return found


def changes(case: Case) -> None:
    site = case.site
    stream = site.open(SCHEMA, headers=site.root)
    col = site.collection("first", fields=[{"name": "t", "type": "text"}])
    event = stream.next(what="a collection that is new")
    made = event.json()
    case.same("its members", (event.name, list(made)), (SCHEMA, ["generation", "collections", "gone"]))
    case.same("created", (made["collections"], made["gone"]), ([{"id": col["id"], "name": "first"}], []))
    site.change("first", name="second")
    renamed = stream.next(what="another name").json()
    case.same("renamed", (renamed["collections"], renamed["gone"]), ([{"id": col["id"], "name": "second"}], []))
    case.same("generations go up", made["generation"] < renamed["generation"], True)
    site.change("second", listRule="")
    case.same("a rule", told(case, stream), [(["second"], [])])
    site.change("second", fields=[*col["fields"], {"name": "n", "type": "number"}])
    case.same("a field", told(case, stream), [(["second"], [])])
    site.change("second", listRule="")
    case.same("saved as it was", told(case, stream), [])
    case.same("refused", site.send("PATCH", "/api/collections/second", {"listRule": "nothing = 1"}, site.root)[0], 400)
    case.same("and not told", told(case, stream), [])
    site.must("DELETE", "/api/collections/second")
    gone = stream.next(what="a collection that is gone").json()
    case.same("deleted", (gone["collections"], gone["gone"]), ([], [{"id": col["id"], "name": "second"}]))


def views(case: Case) -> None:
    site = case.site
    stream = site.open(SCHEMA, headers=site.root)
    col = site.collection("source", fields=[{"name": "t", "type": "text"}])
    site.collection("look", type="view", viewQuery="SELECT id, t FROM source")
    case.same("a view", told(case, stream), [(["source"], []), (["look"], [])])
    fields = [{**field, "max": 9} if field["name"] == "t" else field for field in col["fields"]]
    site.change("source", fields=fields)
    case.same("with what it is from", [(sorted(names), gone) for names, gone in told(case, stream)],
              [(["look", "source"], [])])
    for name in ("look", "source"):
        site.must("DELETE", "/api/collections/" + name)
    case.same("both gone", told(case, stream), [([], ["look"]), ([], ["source"])])


def imports(case: Case) -> None:
    """All of an import at once."""
    site = case.site
    stream = site.open(SCHEMA, headers=site.root)
    site.must("PUT", "/api/collections/import", {"deleteMissing": False, "collections": [
        {"name": name, "type": "base", "fields": [{"name": "t", "type": "text"}]} for name in ("one", "two", "three")]})
    case.same("imported", [(sorted(names), gone) for names, gone in told(case, stream)],
              [(["one", "three", "two"], [])])
    there = site.must("GET", "/api/collections?perPage=500")["items"]
    wanted = [{**col, "listRule": "" if col["name"] == "two" else col["listRule"]} for col in there
              if col["name"] != "one"] + [{"name": "four", "type": "base", "fields": []}]
    site.must("PUT", "/api/collections/import", {"deleteMissing": True, "collections": wanted})
    case.same("imported with what is missing", [(sorted(names), gone) for names, gone in told(case, stream)],
              [(["four", "two"], ["one"])])
    site.must("PUT", "/api/collections/import", {
        "deleteMissing": False, "collections": site.must("GET", "/api/collections?perPage=500")["items"]})
    case.same("imported as it was", told(case, stream), [])


def records(case: Case) -> None:
    site = case.site
    stream = site.open(SCHEMA, headers=site.root)
    ident = site.make("posts", title="a")
    site.update("posts", ident, title="b")
    site.delete("posts", ident)
    site.must("DELETE", "/api/collections/posts/truncate")
    site.must("PATCH", "/api/settings", {"meta": {"appName": "another"}})
    case.same("records are no collections", told(case, stream), [])


def in_order(case: Case) -> None:
    """What was written under a schema comes behind it."""
    site = case.site
    stream = site.open(SCHEMA, "fresh/*", headers=site.root)
    for _ in range(5):
        site.collection("fresh", fields=[{"name": "t", "type": "text"}])
        site.make("fresh", t="x")
        site.must("DELETE", "/api/collections/fresh")
    got = [event.name for event in site.drain(stream)]
    case.same("in order", got, [SCHEMA, "fresh/*", SCHEMA] * 5)


def options(case: Case) -> None:
    """Events have the name that was subscribed."""
    name = streams.topic(SCHEMA, query={"a": "b"})
    stream = case.site.open(name, headers=case.site.root)
    case.site.collection("optional")
    case.same("with options", stream.next().name, name)
    case.site.must("DELETE", "/api/collections/optional")


def others(case: Case) -> None:
    """Nobody but superusers, as long as they are what they were."""
    site = case.site
    email, password = "second@example.com", "1234567890"
    ident = site.make("_superusers", email=email, password=password, passwordConfirm=password)
    headers = {"Authorization": site.login("_superusers", email, password)}
    there = {"guest": site.open(SCHEMA), "user": site.open(SCHEMA, headers=case.user),
             "options": site.open(streams.topic(SCHEMA, query={}), headers=case.user),
             "near": site.open("@reeve/schemas", "@reeve/*", "@reeve", SCHEMA + "/", headers=site.root),
             "second": site.open(SCHEMA, headers=headers), "root": site.open(SCHEMA, headers=site.root)}

    def who(name: str) -> list[str]:
        site.collection(name)
        site.must("DELETE", "/api/collections/" + name)
        return [key for key, stream in there.items() if told(case, stream)]

    case.same("others hear nothing", who("hidden"), ["second", "root"])
    site.update("_superusers", ident, password="another1234", passwordConfirm="another1234")
    case.same("nor who has another password", who("hidden2"), ["root"])
    case.same("who subscribes anew does",
              site.subscribe(there["second"], [SCHEMA, streams.MARKS],
                             {"Authorization": site.login("_superusers", email, "another1234")})[0], 204)
    case.same("as before", who("hidden3"), ["second", "root"])
    site.delete("_superusers", ident)
    case.same("who is deleted does not", who("hidden4"), ["root"])


def another_secret(case: Case) -> None:
    """The change that ends all tokens of superusers is the first one that they do not hear of."""
    site = case.site
    stream = site.open(SCHEMA, headers=site.root)
    site.collection("before")
    site.change("_superusers", authToken={"duration": 3600, "secret": "x" * 40})
    site.root["Authorization"] = site.login("_superusers", *reeve.ROOT)
    site.must("DELETE", "/api/collections/before")
    case.same("not with tokens that are over", told(case, stream), [(["before"], [])])


def other_process(case: Case) -> None:
    """Who changes the database beside the server says so by a file."""
    site = case.site
    stream = site.open(SCHEMA, headers=site.root)

    def tell(mark: str) -> None:
        path = os.path.join(site.server.dir, ".notify", "collections@" + mark)
        with open(path, "w", encoding="utf-8"):
            pass
        os.unlink(path)

    reeve.run_sql(site.server.dir, "data", "UPDATE _collections SET deleteRule = 'id = \"y\"' WHERE name = 'posts'")
    tell("another001")
    event = stream.next(what="a change by another process").json()
    case.same("by another process", ([col["name"] for col in event["collections"]], event["gone"]), (["posts"], []))
    tell("another002")  # read again: nothing has changed
    reeve.run_sql(site.server.dir, "data", "UPDATE _collections SET deleteRule = NULL WHERE name = 'posts'")
    tell("another003")
    later = stream.next(what="another change by another process").json()
    case.same("what is as it was is not told", [col["name"] for col in later["collections"]], ["posts"])
    case.same("no more", told(case, stream), [])


CASES = (guards, nothing, numbers, identity_lost, delivered, queued, pages, many_topics, slow, changes, views, imports,
         records, in_order, options, others, other_process, another_secret)


def run(binary: str, base: str, tally: reeve.Tally) -> None:
    bare = reeve.fresh(binary, base + "-bare", site=False)
    with reeve.Server(binary, bare) as server:
        site = streams.Site(server, tally, "realtime", True)
        site.collection("posts", listRule="", viewRule="", fields=[
            {"name": "title", "type": "text"}, {"name": "text", "type": "editor", "maxSize": 4 * PAGE}])
        case = Case(site, *reversed(site.user("users", "reader")))
        for test in CASES:
            try:
                test(case)
            except Exception as e:  # noqa: BLE001
                tally.check("realtime: " + test.__name__, False, "%s: %s" % (type(e).__name__, e))
            finally:
                site.close()
        tally.check("realtime: the server ends cleanly", server.stop(), server.output())
