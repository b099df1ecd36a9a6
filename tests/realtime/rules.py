"""Who gets the events of a record: the list rule for many, the view rule for one, as the rules of requests see it.

Each row is a rule, what the subscription carries and who gets a record that was created or changed; a superuser gets
all of them.
"""

import streams

EVERYBODY = "guest anna bert"
NOBODY = ""
TITLE = {"title": "red"}


def prepare(site):
    users = {name: site.user("users", name, name=name.title()) for name in ("anna", "bert")}
    ids = {name: pair[0] for name, pair in users.items()}
    site.change("users", listRule=None, viewRule=None)
    col = site.must("GET", "/api/collections/users")["id"]
    fields = [{"name": "name", "type": "text"}, {"name": "members", "type": "relation", "collectionId": col,
                                                 "maxSelect": 9},
              {"name": "lead", "type": "relation", "collectionId": col, "maxSelect": 1}]
    teams = site.collection("teams", listRule=None, viewRule=None, fields=fields)["id"]
    ids["red"] = site.make("teams", name="red", members=[ids["anna"]], lead=ids["anna"])
    ids["blue"] = site.make("teams", name="blue", members=[ids["anna"], ids["bert"]], lead=ids["bert"])
    notes = site.collection("notes", fields=[
        {"name": "title", "type": "text"}, {"name": "public", "type": "bool"}, {"name": "n", "type": "number"},
        {"name": "secret", "type": "text", "hidden": True}, {"name": "data", "type": "json"},
        {"name": "tags", "type": "select", "values": ["x", "y", "z"], "maxSelect": 3},
        {"name": "owner", "type": "relation", "collectionId": col, "maxSelect": 1},
        {"name": "team", "type": "relation", "collectionId": teams, "maxSelect": 1},
        {"name": "teams", "type": "relation", "collectionId": teams, "maxSelect": 9},
        {"name": "changed", "type": "autodate", "onCreate": True, "onUpdate": True}])["id"]
    site.collection("comments", listRule=None, viewRule=None, fields=[
        {"name": "text", "type": "text"}, {"name": "note", "type": "relation", "collectionId": notes, "maxSelect": 1},
        {"name": "by", "type": "relation", "collectionId": col, "maxSelect": 1}])
    return ids, {"guest": None, "root": site.root, **{name: pair[1] for name, pair in users.items()}}


def listeners(site, who, name):
    return {person: site.open(name, headers=headers) for person, headers in who.items()}


def named(ids, value):
    """@NAME is an id."""
    if isinstance(value, list):
        return [named(ids, item) for item in value]
    return ids[value[1:]] if isinstance(value, str) and value.startswith("@") else value


def check(site, state, what, rule, options, wanted, values, make=None):
    """The rule as the list rule, then as the view rule with the other one closed."""
    ids, who = state
    values = {k: named(ids, v) for k, v in values.items()}
    wanted = sorted([*wanted.split(), "root"])
    name = streams.topic("notes/*", **options)
    site.change("notes", listRule=rule, viewRule=None)
    there = listeners(site, who, name)
    ident = site.make("notes", **values)
    if make:
        make(ident)
        for stream in there.values():
            site.drain(stream)
        site.update("notes", ident, n=1)
    got = sorted(person for person, stream in there.items() if streams.flat(site.drain(stream)))
    site.same("list rule %s %s" % (rule, what), got, wanted)
    site.close()
    site.change("notes", listRule=None, viewRule=rule)
    there = listeners(site, who, streams.topic("notes/" + ident, **options))
    site.update("notes", ident, n=2)
    got = sorted(person for person, stream in there.items() if streams.flat(site.drain(stream)))
    site.same("view rule %s %s" % (rule, what), got, wanted)
    site.close()


ROWS = (
    (None, {}, NOBODY, TITLE),
    ("", {}, EVERYBODY, TITLE),
    # who asks
    ('@request.auth.id != ""', {}, "anna bert", TITLE),
    ('@request.auth.id = ""', {}, "guest", TITLE),
    ("owner = @request.auth.id", {}, "anna", {"owner": "@anna"}),
    ("owner = @request.auth.id", {}, "bert", {"owner": "@bert"}),
    # As in lists, an empty relation is equal to nobody's id.
    ("owner = @request.auth.id", {}, "guest", {}),
    ("public = true || owner = @request.auth.id", {}, EVERYBODY, {"public": True}),
    ("public = true || owner = @request.auth.id", {}, "anna", {"owner": "@anna"}),
    ('@request.auth.name = "Anna"', {}, "anna", TITLE),
    ('@request.auth.collectionName = "users"', {}, "anna bert", TITLE),
    ('@request.auth.email = "bert@example.com"', {}, "bert", TITLE),
    ("@request.auth.verified = false", {}, "anna bert", TITLE),
    ('@request.auth.nothing = ""', {}, EVERYBODY, TITLE),
    ('@request.auth.nothing != ""', {}, NOBODY, TITLE),
    # the record
    ('title = "red"', {}, EVERYBODY, TITLE),
    ('title = "blue"', {}, NOBODY, TITLE),
    ('secret = "s"', {}, EVERYBODY, {"secret": "s"}),
    ('secret = "s"', {}, NOBODY, {"secret": "t"}),
    ('data.a.0 = "b"', {}, EVERYBODY, {"data": {"a": ["b"]}}),
    ('tags:each ~ "x"', {}, EVERYBODY, {"tags": ["x"]}),
    ('tags:each = "x"', {}, NOBODY, {"tags": ["x", "y"]}),
    ('tags:each ?= "y"', {}, EVERYBODY, {"tags": ["x", "y"]}),
    ("tags:length = 2", {}, EVERYBODY, {"tags": ["x", "y"]}),
    ("tags:length = 2", {}, NOBODY, {"tags": ["x"]}),
    ('title:lower = "red"', {}, EVERYBODY, {"title": "RED"}),
    ("changed > @todayStart", {}, EVERYBODY, TITLE),
    ("changed > @todayEnd", {}, NOBODY, TITLE),
    # what the subscription carries
    ('@request.query.k = "v"', {"query": {"k": "v"}}, EVERYBODY, TITLE),
    ('@request.query.k = "v"', {}, NOBODY, TITLE),
    ('@request.query.k = title', {"query": {"k": "red"}}, EVERYBODY, TITLE),
    ('@request.query.k = "1"', {"query": {"k": 1}}, EVERYBODY, TITLE),
    ('@request.query.k = n', {"query": {"k": 1}}, NOBODY, {"n": 7}),
    ('@request.query.k:isset = true', {"query": {"k": ""}}, EVERYBODY, TITLE),
    ('@request.query.k:isset = true', {}, NOBODY, TITLE),
    ('@request.query.filter != ""', {"query": {"filter": "id != ''"}}, EVERYBODY, TITLE),
    ('@request.query.expand = "owner"', {"query": {"expand": "owner"}}, EVERYBODY, TITLE),
    ('@request.query.options:isset = true', {"query": {"k": "v"}}, NOBODY, TITLE),
    ('@request.headers.x_token = "t"', {"headers": {"X-Token": "t"}}, EVERYBODY, TITLE),
    ('@request.headers.x_token = "t"', {"headers": {"X-Token": "u"}}, NOBODY, TITLE),
    ('@request.headers.x_token = "t"', {"headers": {"x-token": "t"}}, EVERYBODY, TITLE),
    ('@request.headers.x_token = "t"', {"headers": {"x_token": "t"}}, EVERYBODY, TITLE),
    ('@request.headers.x_token = "t"', {"query": {"x_token": "t"}}, NOBODY, TITLE),
    ('@request.headers.host:isset = true', {}, NOBODY, TITLE),
    ('@request.headers.authorization:isset = true', {}, NOBODY, TITLE),
    # how it is asked
    ('@request.method = "GET"', {}, EVERYBODY, TITLE),
    ('@request.method = "POST"', {}, NOBODY, TITLE),
    ('@request.context = "realtime"', {}, EVERYBODY, TITLE),
    ('@request.context = "default"', {}, NOBODY, TITLE),
    # what was submitted: nothing, neither by the subscriber nor by who wrote the record
    ("@request.body.title:isset = false", {}, EVERYBODY, TITLE),
    ("@request.body.title:isset = true", {}, NOBODY, TITLE),
    ("@request.body.clientId:isset = true", {}, NOBODY, TITLE),
    ("@request.body.title:changed = false", {}, EVERYBODY, TITLE),
    ("@request.body.title:changed = true", {}, NOBODY, TITLE),
    ('@request.body.title = "red"', {}, NOBODY, TITLE),
    ('@request.body.title = ""', {}, EVERYBODY, TITLE),
    ('@request.body.tags:each ?= "x"', {}, NOBODY, {"tags": ["x"]}),
    ("@request.body.tags:length = 0", {}, EVERYBODY, {"tags": ["x"]}),
    ('@request.body.team.name = "red"', {}, NOBODY, {"team": "@red"}),
    # relations, there and back; closed rules of what is passed do not matter
    ('team.name = "red"', {}, EVERYBODY, {"team": "@red"}),
    ('team.name = "red"', {}, NOBODY, {"team": "@blue"}),
    ("team.lead = @request.auth.id", {}, "anna", {"team": "@red"}),
    ("team.lead.name = @request.auth.name", {}, "bert", {"team": "@blue"}),
    # Without .id it is the list itself, which no id is equal to.
    ("team.members ?= @request.auth.id", {}, NOBODY, {"team": "@red"}),
    ("team.members.id ?= @request.auth.id", {}, "anna bert", {"team": "@blue"}),
    ("team.members.id = @request.auth.id", {}, NOBODY, {"team": "@blue"}),
    ("team.members.id = @request.auth.id", {}, "anna", {"team": "@red"}),
    ('teams.name ?= "blue"', {}, EVERYBODY, {"teams": ["@red", "@blue"]}),
    ('teams.name = "blue"', {}, NOBODY, {"teams": ["@red", "@blue"]}),
    ("teams.members.id ?= @request.auth.id", {}, "anna", {"teams": ["@red"]}),
    ('@request.auth.teams_via_lead.name ?= title', {}, "anna", TITLE),
    ("@request.auth.teams_via_members.id ?= team", {}, "anna bert", {"team": "@blue"}),
    ('comments_via_note.text ?= "x"', {}, NOBODY, TITLE),
    # other collections
    ("@collection.teams.name ?= title", {}, EVERYBODY, TITLE),
    ("@collection.teams.name ?= title", {}, NOBODY, {"title": "green"}),
    ("@collection.teams.name ?= title && @collection.teams.lead ?= @request.auth.id", {}, "anna", TITLE),
    ("@collection.teams.name = title", {}, NOBODY, TITLE),
    ("@collection.teams:a.name ?= title && @collection.teams:b.lead ?= @request.auth.id", {}, "anna bert", TITLE),
    # a filter narrows what the rule lets through
    ("owner = @request.auth.id", {"query": {"filter": "title = 'red'"}}, "anna", {"owner": "@anna", **TITLE}),
)


def table(site, state):
    for rule, options, wanted, values in ROWS:
        check(site, state, "%s %s" % (options, values), rule, options, wanted, values)


def commented(site, state):
    """Back relations to what was written after the record."""
    ids, _ = state

    def comment(note):
        site.make("comments", text="x", note=note, by=ids["bert"])

    for rule, wanted in (('comments_via_note.text ?= "x"', EVERYBODY), ('comments_via_note.text ?= "y"', NOBODY),
                         ("comments_via_note.by ?= @request.auth.id", "bert")):
        check(site, state, "commented", rule, {}, wanted, TITLE, comment)


def narrowed(site, state):
    """The superuser passes the rules, not the filter."""
    _, who = state
    site.change("notes", listRule=None)
    there = listeners(site, who, streams.topic("notes/*", query={"filter": "title = 'blue'"}))
    site.make("notes", title="red")
    for person, stream in there.items():
        site.seen("filter of " + person, stream)


def both_rules(site, state):
    """Each kind of topic by its own rule, in one client."""
    ids, who = state
    site.change("notes", listRule="public = true", viewRule="owner = @request.auth.id")
    mine, shared = site.make("notes", owner=ids["anna"]), site.make("notes", public=True, owner=ids["bert"])
    one, other = "notes/" + mine, "notes/" + shared
    stream = site.open("notes/*", one, other, headers=who["anna"])
    site.update("notes", mine, n=1)
    site.update("notes", shared, n=1)
    site.seen("both rules", stream, (one, "update", mine), ("notes/*", "update", shared))


def stops_matching(site, _):
    """The new state decides: who no longer may see it hears nothing, who may see it now hears of an update."""
    site.change("notes", listRule="public = true", viewRule="")
    ident = site.make("notes", public=True)
    stream = site.open("notes/*", "notes/" + ident)
    site.update("notes", ident, public=False)
    site.seen("stops matching", stream, ("notes/" + ident, "update", ident))
    site.update("notes", ident, n=3)
    site.seen("does not match", stream, ("notes/" + ident, "update", ident))
    site.update("notes", ident, public=True)
    site.seen("matches again", stream, ("notes/" + ident, "update", ident), ("notes/*", "update", ident))
    site.update("notes", ident, public=False)
    site.drain(stream)
    site.delete("notes", ident)
    site.seen("is deleted", stream, ("notes/" + ident, "delete", ident))


def others_change(site, state):
    """A rule over other records sees them as they are when the event happens."""
    ids, who = state
    site.change("notes", listRule="team.members.id ?= @request.auth.id")
    team = site.make("teams", name="t", members=[ids["anna"]])
    ident = site.make("notes", team=team)
    there = {name: site.open("notes/*", headers=who[name]) for name in ("anna", "bert")}
    site.update("teams", team, members=[ids["bert"]])
    site.update("notes", ident, n=1)
    site.seen("no longer a member", there["anna"])
    site.seen("a member now", there["bert"], ("notes/*", "update", ident))


def deleted_together(site, _):
    """A rule over records that go with the one that is deleted, and theirs over it: both still hold for the events."""
    notes = site.must("GET", "/api/collections/notes")["id"]
    site.collection("remarks", listRule='note.title = "red"', fields=[
        {"name": "text", "type": "text"},
        {"name": "note", "type": "relation", "collectionId": notes, "maxSelect": 1, "cascadeDelete": True}])
    site.change("notes", listRule='remarks_via_note.text ?= "x"')
    note, other = site.make("notes", title="red"), site.make("notes", title="red")
    remark = site.make("remarks", text="x", note=note)
    stream = site.open("notes/*", "remarks/*")
    site.delete("notes", note)
    site.delete("notes", other)
    site.seen("deleted together", stream, ("notes/*", "delete", note), ("remarks/*", "delete", remark))


CASES = (deleted_together, table, commented, narrowed, both_rules, stops_matching, others_change)
