"""Which names and options of a subscription match which records, and what the event is called."""

import json
import urllib.parse

import streams

CREATE, UPDATE, DELETE = "create", "update", "delete"


def prepare(site):
    site.collection("authors", listRule="", viewRule="", fields=[{"name": "name", "type": "text"}])
    site.collection("hidden", listRule=None, viewRule=None, fields=[{"name": "name", "type": "text"}])
    fields = [{"name": "title", "type": "text"}, {"name": "n", "type": "number"}, {"name": "secret", "type": "text",
                                                                                  "hidden": True}]
    for name, target in (("author", "authors"), ("source", "hidden")):
        fields.append({"name": name, "type": "relation", "maxSelect": 1,
                       "collectionId": site.must("GET", "/api/collections/" + target)["id"]})
    col = site.collection("notes", listRule="", viewRule="", fields=fields)
    site.collection("other", listRule="", viewRule="", fields=[{"name": "title", "type": "text"}])
    return col["id"]


def names(site, col):
    """The collection by name or id, letter by letter; the event has the name that was asked for."""
    for name, found in (("notes/*", 1), ("notes", 1), (col + "/*", 1), (col, 1), ("Notes/*", 0), ("NOTES", 0),
                        (col.upper() + "/*", 0), ("notes/", 0), ("/notes/*", 0), ("notes/**", 0), ("notes/*/", 0),
                        ("notes/*/*", 0), (" notes/*", 0), ("notes/* ", 0), ("notes/%2A", 0), ("*", 0), ("*/*", 0),
                        ("nothing/*", 0), ("notes.*", 0), ("n", 0), ("notes/*#x", 0), ("", 0), ("/", 0), ("?", 0)):
        stream = site.open(name)
        ident = site.make("notes", title="x")
        site.seen("name %r" % name, stream, *[(name, CREATE, ident)] * found)
        stream.close()


def one_record(site, col):
    ident, other = site.make("notes", title="x"), site.make("notes", title="y")
    for name, found in (("notes/" + ident, 1), (col + "/" + ident, 1), ("notes/" + ident.upper(), 0),
                        ("notes/%s/" % ident, 0), ("notes/" + ident[:-1], 0), (ident, 0), ("other/" + ident, 0)):
        stream = site.open(name)
        site.update("notes", other, n=1)
        site.update("notes", ident, n=1)
        site.seen("one record by %s" % name.replace(ident, "ID").replace(col, "COL"), stream,
                  *[(name, UPDATE, ident)] * found)
        stream.close()
    chosen = "r" * 15
    stream = site.open("notes/" + chosen)
    site.make("notes", id=chosen)
    site.update("notes", chosen, n=2)
    site.delete("notes", chosen)
    site.seen("one record that is yet to come", stream, *(("notes/" + chosen, action, chosen)
                                                          for action in (CREATE, UPDATE, DELETE)))


def several(site, col):
    """One event for each subscription that matches, none twice."""
    ident = site.make("notes", title="x")
    topics = ["notes", "notes/*", "notes/" + ident, col, col + "/*", col + "/" + ident, "notes/*?", "notes?options=",
              streams.topic("notes/*", query={"x": "1"}), streams.topic("notes/*", query={"x": "2"})]
    stream = site.open(*topics, *topics, "", "", "other/*", "notes/zzz")
    site.update("notes", ident, n=1)
    site.seen("several", stream, *((name, UPDATE, ident) for name in topics))


def deleted(site, _):
    ident = site.make("notes", title="gone")
    stream = site.open("notes/" + ident, "notes/*", streams.topic("notes", query={"filter": "title = 'gone'"}),
                       streams.topic("notes", query={"filter": "title != 'gone'"}))
    site.delete("notes", ident)
    site.seen("deleted", stream, ("notes/" + ident, DELETE, ident), ("notes/*", DELETE, ident),
              (streams.topic("notes", query={"filter": "title = 'gone'"}), DELETE, ident))


def odd_options(site, _):
    """What cannot be read counts as none; the topic still matches, under the whole name."""
    for text in ("", "x", "{", "[]", "[1]", "null", "1", '"x"', "{}", '{"query":1}', '{"query":[]}', '{"query":null}',
                 '{"query":{"filter":null}}', '{"query":{"filter":""}}', '{"query":{"filter":[]}}',
                 '{"query":{"fields":null}}', '{"headers":[]}', '{"headers":"x"}', '{"more":{}}',
                 '{"query":{"a":{"b":1},"c":[1,"x"]},"headers":{"X":1}}',
                 '{"headers":1,"query":{"filter":"title = \'no\'"}}', '{"a":tru,"query":{"filter":"title = \'no\'"}}',
                 '[{"query":{"filter":"title = \'no\'"}}]', '{"Query":{"filter":"title = \'no\'"}}',
                 '{"QUERY":{"filter":"title = \'yes\'"}}', '{"query":{"FILTER":"title = \'no\'"}}'):
        name = "notes/*?options=" + urllib.parse.quote(text)
        stream = site.open(name)
        ident = site.make("notes", title="yes")
        site.seen("options " + text, stream, (name, CREATE, ident))
        stream.close()


def broken_options(site, _):
    """What stands before the place where they cannot be read any more counts, if it is a whole member."""
    for text in ('{"query":%s', '{"query":%s,', '{"query":%s} x', '{"query":%s,"headers":1}', '{"query":%s,"query":{}}',
                 '{"query":%s,"headers":{"a":"b"},"more":tru}'):
        for value, found in (("yes", 1), ("no", 0)):
            name = "notes/*?options=" + urllib.parse.quote(text % json.dumps({"filter": "title = '%s'" % value}))
            stream = site.open(name)
            ident = site.make("notes", title="yes")
            site.seen("broken options %s, %s" % (text, value), stream, *[(name, CREATE, ident)] * found)
            stream.close()


def values(site, _):
    """Numbers and booleans become text; null, lists and objects the empty one. Headers are named in snake case."""
    for query, headers, text, found in (
            ({"k": 1.5}, {}, "query.k = '1.5'", 1), ({"k": 12345678901}, {}, "query.k = '12345678901'", 1),
            ({"k": 10**21}, {}, "query.k = '1%s'" % ("0" * 21), 1), ({"k": True}, {}, "query.k = 'true'", 1),
            ({"k": None}, {}, "query.k = ''", 1), ({"k": None}, {}, "query.k:isset = true", 1),
            ({}, {}, "query.k:isset = true", 0), ({"k": [1]}, {}, "query.k = ''", 1),
            ({"k": [1, 2]}, {}, "query.k = '[1,2]'", 0),
            ({"k": {"a": 1}}, {}, "query.k = ''", 1), ({"K": "a"}, {}, "query.k = 'a'", 0),
            ({}, {"X-Token": "t"}, "headers.x_token = 't'", 1), ({}, {"XToken": "t"}, "headers.xtoken = 't'", 1),
            ({}, {"XToken": "t"}, "headers.x_token = 't'", 0), ({}, {"x": 1}, "headers.x = '1'", 1),
            ({}, {"x": None}, "headers.x = ''", 1), ({}, {}, "headers.host:isset = true", 0),
            ({}, {}, "headers.authorization:isset = true", 0)):
        name = streams.topic("notes/*", query={**query, "filter": "@request." + text}, headers=headers)
        stream = site.open(name, headers=site.root)
        ident = site.make("notes", title="yes")
        site.seen("values %s %s: %s" % (query, headers, text), stream, *[(name, CREATE, ident)] * found)
        stream.close()


def written_options(site, _):
    """How the options are written in the name does not matter, and other parameters do not either."""
    some = json.dumps({"query": {"filter": "title = 'yes'"}})
    escaped = urllib.parse.quote(some)
    for name, found in (
            ("notes/*?options=" + escaped, "yes"), ("notes/*?options=" + urllib.parse.quote_plus(some), "yes"),
            ("notes/*?options=" + some, "yes"), ("notes/*?a=b&options=" + escaped + "&c=d", "yes"),
            ("notes/*?options=%s&options=%s" % (escaped, urllib.parse.quote("{}")), "yes"),
            ("notes/*?options=%s&options=%s" % (urllib.parse.quote("{}"), escaped), "both"),
            ("notes/*?OPTIONS=" + escaped, "both"), ("notes/*?option=" + escaped, "both"),
            ("notes/*?filter=title='yes'", "both"), ("notes/*?" + escaped, "both"),
            ("notes/*?options=" + urllib.parse.quote(escaped), "both"), ("notes/*?options=%zz", "both"),
            ("notes?options=" + escaped, "yes")):
        stream = site.open(name)
        yes, no = site.make("notes", title="yes"), site.make("notes", title="no")
        site.seen("written as " + name, stream, (name, CREATE, yes), *[(name, CREATE, no)] * (found == "both"))
        stream.close()


def filters(site, _):
    """Read as the filter of a list is; one that is none delivers nothing."""
    site.make("other", title="here")
    author, source = site.make("authors", name="Ann"), site.make("hidden", name="src")
    for who, rows in ((None, GUEST_FILTERS), (site.root, ROOT_FILTERS)):
        for text, found in rows:
            name = streams.topic("notes/*", query={"filter": text})
            stream = site.open(name, headers=who)
            ident = site.make("notes", title="yes", n=5, author=author, source=source, secret="s")
            site.seen("%s's filter %r" % ("root" if who else "guest", text), stream, *[(name, CREATE, ident)] * found)
            stream.close()
    for text in ("source.name = 'src'", "secret = 's'"):
        path = "/api/collections/notes/records?filter=" + urllib.parse.quote(text + " && id = '%s'" % ident)
        site.same("root's list with %r" % text, site.must("GET", path)["totalItems"], 1)


GUEST_FILTERS = (
    ("title = 'yes'", 1), ("title = 'no'", 0), ("n > 4 && n < 6", 1), ("n > 5", 0), ("title ~ 'y' || n = 7", 1),
    ("author.name = 'Ann'", 1), ("author.name = 'Bob'", 0), ("source.name = 'src'", 0), ("secret = 's'", 0),
    ("secret != 'x'", 0), ("@collection.other.title ?= 'here'", 0), ("@request.method = 'GET'", 0),
    ("@request.auth.id = ''", 0), ("n =", 0), ("nothing = 1", 0), ("((", 0), ("1 = 1", 1), ("1 = 2", 0), (" ", 0),
    ("n = 5 // that is it", 1), ("title:lower = 'yes'", 1), ("@now > '2020-01-01 00:00:00.000Z'", 1), (5, 0),
    (True, 0), ("5", 0), ("true", 0))
ROOT_FILTERS = (
    ("title = 'yes'", 1), ("title = 'no'", 0), ("author.name = 'Ann'", 1),
    # A list shows these two to a superuser, realtime does not.
    ("source.name = 'src'", 0), ("secret = 's'", 0), ("secret != 'x'", 0),
    ("@collection.other.title ?= 'here'", 1), ("@collection.other.title ?= 'there'", 0),
    ("@request.method = 'GET'", 1), ("@request.context = 'realtime'", 1), ("@request.context = 'default'", 0),
    ("@request.auth.id != ''", 1), ("@request.query.filter != ''", 1), ("n =", 0), ("nothing = 1", 0))


def fields(site, _):
    """Of the record only: the keys around it stay. Their order is not told."""
    author = site.make("authors", name="Ann")
    for query, wanted in (
            ({"fields": "id"}, {"id": "ID"}), ({"fields": "title,n"}, {"title": "a long title", "n": 5}),
            ({"fields": "id,nothing"}, {"id": "ID"}), ({"fields": "nothing"}, {}),
            ({"fields": " id , n "}, {"id": "ID", "n": 5}),
            ({"fields": "title:excerpt(6)"}, {"title": "a long"}),
            ({"fields": "title:excerpt(6,true)"}, {"title": "a long..."}),
            ({"fields": "secret"}, {}), ({"fields": "record.id"}, {}), ({"fields": "action"}, {}),
            ({"fields": "id,expand.author.name", "expand": "author"},
             {"id": "ID", "expand": {"author": {"name": "Ann"}}}),
            ({"fields": "id", "expand": "author"}, {"id": "ID"}), ({"fields": 5}, {})):
        name = streams.topic("notes/*", query=query)
        stream = site.open(name)
        ident = site.make("notes", title="a long title", n=5, author=author)
        got = [e.json() for e in site.drain(stream)]
        wanted = json.loads(json.dumps(wanted).replace('"ID"', json.dumps(ident)))
        site.same("fields %s" % query, got, [{"record": wanted, "action": CREATE}])
        stream.close()
    for text in ("*", "", "title:nothing(1)", "title:excerpt", "("):
        name = streams.topic("notes/*", query={"fields": text})
        stream = site.open(name)
        ident = site.make("notes", title="x")
        got = [sorted(e.json()["record"]) for e in site.drain(stream)]
        site.same("fields %r" % text, got, [sorted(("author", "collectionId", "collectionName", "id", "n", "source",
                                                    "title"))])
        stream.close()


def expands(site, _):
    """With the rules of whoever subscribed; what may not be seen or is not there is left out."""
    author, source = site.make("authors", name="Ann"), site.make("hidden", name="src")
    for who, text, wanted in (
            (None, "author", {"author": "Ann"}), (None, "source", None), (None, "author,source", {"author": "Ann"}),
            (site.root, "author,source", {"author": "Ann", "source": "src"}), (None, "nothing", None),
            (None, "title", None),
            (None, "", None), (None, "author,nothing", {"author": "Ann"}), (None, 5, None)):
        name = streams.topic("notes/*", query={"expand": text})
        stream = site.open(name, headers=who)
        site.make("notes", title="x", author=author, source=source)
        expand = [e.json()["record"].get("expand") for e in site.drain(stream)]
        got = [e and {k: v["name"] for k, v in e.items()} for e in expand]
        site.same("%s's expand %r" % ("root" if who else "guest", text), got, [wanted])
        stream.close()
    name = streams.topic("notes/*", query={"expand": "author"})
    ident = site.make("notes", title="x", author=author)
    stream = site.open(name)
    site.delete("notes", ident)
    got = [e.json()["record"].get("expand", {}).get("author", {}).get("name") for e in site.drain(stream)]
    site.same("expand of what is deleted", got, ["Ann"])


def back_expands(site, _):
    author = site.make("authors", name="Ann")
    note = site.make("notes", title="x", author=author)
    name = streams.topic("authors/*", query={"expand": "notes_via_author"})
    stream = site.open(name)
    site.update("authors", author, name="Anne")
    got = [[n["id"] for n in e.json()["record"].get("expand", {}).get("notes_via_author", [])]
           for e in site.drain(stream)]
    site.same("expand back", got, [[note]])


CASES = (names, one_record, several, deleted, odd_options, broken_options, values, written_options, filters, fields,
         expands, back_expands)
