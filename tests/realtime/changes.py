"""Collections that change under a subscription: its name, options and rules are looked at when the event happens."""

import streams

CREATE, UPDATE, DELETE = "create", "update", "delete"
TEXT = {"name": "t", "type": "text"}


def prepare(site):
    return None


def renamed(site, _):
    col = site.collection("first", listRule="", viewRule="", fields=[TEXT])["id"]
    ident = site.make("first", t="x")
    stream = site.open("first/*", "second/*", col + "/*", "first/" + ident, "second/" + ident)
    site.change("first", name="second")
    site.seen("renaming is no event", stream)
    site.update("second", ident, t="y")
    got = site.drain(stream)
    site.same("renamed", streams.flat(got), sorted((name, UPDATE, ident) for name in ("second/*", "second/" + ident,
                                                                                      col + "/*")))
    site.same("renamed: the record", [e.json()["record"]["collectionName"] for e in got], ["second"] * 3)
    site.collection("first", listRule="", fields=[TEXT])
    other = site.make("first", t="z")
    site.seen("another of the old name", stream, ("first/*", CREATE, other))


def deleted(site, _):
    """Going with the collection is no event of its records; a new one of that name goes on under the old topic."""
    site.collection("brief", listRule="", viewRule="", fields=[TEXT])
    ident = site.make("brief", t="x")
    stream = site.open("brief/*", "brief/" + ident, headers=site.root)
    site.must("DELETE", "/api/collections/brief")
    site.seen("collection deleted", stream)
    site.collection("brief", listRule="", fields=[TEXT])
    ident = site.make("brief", t="x")
    site.seen("collection made again", stream, ("brief/*", CREATE, ident))


def made_later(site, _):
    stream = site.open("later/*", "later")
    site.collection("later", listRule="", fields=[TEXT])
    ident = site.make("later", t="x")
    site.seen("made later", stream, ("later/*", CREATE, ident), ("later", CREATE, ident))


def rules(site, _):
    site.collection("ruled", listRule="", viewRule=None, fields=[TEXT])
    ident = site.make("ruled", t="x")
    one = "ruled/" + ident
    stream = site.open("ruled/*", one)
    site.update("ruled", ident, t="a")
    site.seen("open list", stream, ("ruled/*", UPDATE, ident))
    site.change("ruled", listRule=None, viewRule="")
    site.update("ruled", ident, t="b")
    site.seen("list closed, record opened", stream, (one, UPDATE, ident))
    site.change("ruled", listRule="t = 'c'", viewRule="t = 'd'")
    for value, names in (("c", ["ruled/*"]), ("d", [one]), ("e", [])):
        site.update("ruled", ident, t=value)
        site.seen("rules on " + value, stream, *((name, UPDATE, ident) for name in names))


def fields(site, _):
    """The names in options are those of now."""
    made = site.collection("fielded", listRule="", fields=[TEXT])
    topics = {key: streams.topic("fielded/*", query=query) for key, query in (
        ("old", {"filter": "t = 'x'"}), ("new", {"filter": "u = 'x'"}), ("one", {"fields": "t"}),
        ("other", {"fields": "u"}), ("all", {}))}
    stream = site.open(*topics.values())
    names = {name: key for key, name in topics.items()}

    def told():
        ident = site.make("fielded", t="x", u="x")
        found = {}
        for event in site.drain(stream):
            record = event.json()["record"]
            found[names[event.name]] = {k: v for k, v in record.items() if k in ("t", "u")}
            site.same("fields: id", record.get("id", ident), ident)
        return found

    site.same("before", told(), {"old": {"t": "x"}, "one": {"t": "x"}, "other": {}, "all": {"t": "x"}})
    for field in made["fields"]:
        if field["name"] == "t":
            field["name"] = "u"
    site.change("fielded", fields=made["fields"])
    site.same("field renamed", told(), {"new": {"u": "x"}, "one": {}, "other": {"u": "x"}, "all": {"u": "x"}})
    for field in made["fields"]:
        if field["name"] == "u":
            field["hidden"] = True
    site.change("fielded", fields=made["fields"])
    site.same("field hidden", told(), {"one": {}, "other": {}, "all": {}})
    site.change("fielded", fields=[f for f in made["fields"] if f["name"] != "u"])
    site.same("field gone", told(), {"one": {}, "other": {}, "all": {}})


def relation_gone(site, _):
    """An expand over a field that is no more is left out; a rule over one cannot be stored."""
    author = site.collection("authors", listRule="", viewRule="", fields=[TEXT])["id"]
    made = site.collection("books", listRule="", fields=[TEXT, {"name": "author", "type": "relation",
                                                                "collectionId": author, "maxSelect": 1}])
    ann = site.make("authors", t="Ann")
    name = streams.topic("books/*", query={"expand": "author"})
    stream = site.open(name)
    site.make("books", author=ann)
    site.same("expand", ["expand" in e.json()["record"] for e in site.drain(stream)], [True])
    site.change("authors", listRule=None, viewRule=None)
    site.make("books", author=ann)
    site.same("expand of what was closed", ["expand" in e.json()["record"] for e in site.drain(stream)], [False])
    site.change("books", fields=[f for f in made["fields"] if f["name"] != "author"])
    site.make("books")
    site.same("expand of what is gone", ["expand" in e.json()["record"] for e in site.drain(stream)], [False])


def cleared(site, _):
    """A change of fields that clears values of records is none of theirs."""
    made = site.collection("cleared", listRule="", fields=[TEXT, {"name": "u", "type": "text"}])
    site.make("cleared", t="x", u="y")
    stream = site.open("cleared/*")
    site.change("cleared", fields=[f for f in made["fields"] if f["name"] != "u"])
    site.seen("a field dropped", stream)


def imported(site, _):
    site.collection("imported", listRule="", fields=[TEXT])
    stream = site.open("imported/*")
    site.must("PUT", "/api/collections/import", {"collections": [{"name": "imported", "type": "base",
                                                                  "listRule": "t = 'x'", "fields": [TEXT]}]})
    ident = site.make("imported", t="x")
    site.make("imported", t="y")
    site.seen("imported", stream, ("imported/*", CREATE, ident))


CASES = (renamed, deleted, made_later, rules, fields, relation_gone, cleared, imported)
