"""How long a client stays who it is: until its record, or what its tokens hang on, changes. It is never told."""

import streams

WHO, FREE = "own/*", "free/*"


def prepare(site):
    site.collection("own", listRule="@request.auth.id != ''", fields=[{"name": "t", "type": "text"}])
    site.collection("named", listRule="@request.auth.name = t", fields=[{"name": "t", "type": "text"}])
    site.collection("free", listRule="", fields=[{"name": "t", "type": "text"}])
    site.change("users", listRule="", viewRule="", updateRule="id = @request.auth.id",
                deleteRule="id = @request.auth.id")
    site.must("POST", "/api/collections", {"name": "staff", "type": "auth", "listRule": ""})


def state(site, stream):
    """user, guest: which of the two events it gets."""
    site.drain(stream)
    site.make("own", t="x")
    site.make("free", t="x")
    got = sorted(e.name for e in site.drain(stream))
    return {(FREE,): "guest", (FREE, WHO): "user"}.get(tuple(got), got)


def listener(site, name, collection="users", **values):
    ident, headers = site.user(collection, name, **values)
    stream = site.open(WHO, FREE, headers=headers)
    site.same(name + ": before", state(site, stream), "user")
    return ident, headers, stream


def may_bind(site, name, stream, headers, wanted):
    status = site.subscribe(stream, [WHO, FREE, streams.MARKS], headers)[0]
    site.same(name, status, wanted)


def updated(site, _):
    """Rules see the record as it is now, whoever changed it."""
    ident, headers = site.user("users", "upd", name="old")
    stream = site.open("named/*", headers=headers)

    def named():
        for text in ("old", "new", "newer"):
            site.make("named", t=text)
        return sorted(e.json()["record"]["t"] for e in site.drain(stream))

    site.same("updated: before", named(), ["old"])
    site.must("PATCH", "/api/collections/users/records/" + ident, {"name": "new"}, headers)
    site.same("updated by itself", named(), ["new"])
    site.update("users", ident, name="newer")
    site.same("updated by a superuser", named(), ["newer"])
    site.same("updated: the same may bind", site.subscribe(stream, ["named/*"], headers)[0], 204)


def password(site, _):
    ident, headers, stream = listener(site, "pass")
    site.update("users", ident, password="another1234", passwordConfirm="another1234")
    site.same("password", state(site, stream), "guest")
    # The old token is a guest's now, which is what the client is.
    may_bind(site, "password: the old token", stream, headers, 204)
    site.same("password: with the old token", state(site, stream), "guest")
    may_bind(site, "password: another user", stream, site.user("users", "passother")[1], 204)
    site.same("password: as another user", state(site, stream), "user")
    fresh = {"Authorization": site.login("users", "pass@example.com", "another1234")}
    may_bind(site, "password: then the first one", stream, fresh, 403)


def password_and_back(site, _):
    ident, _, stream = listener(site, "passback")
    site.update("users", ident, password="another1234", passwordConfirm="another1234")
    may_bind(site, "again: the new token", stream, {"Authorization": site.login("users", "passback@example.com",
                                                                                "another1234")}, 204)
    site.same("again: as before", state(site, stream), "user")


def several(site, _):
    """What happens to a record is of all of its clients, and of no others: also once they have changed sides."""
    ident, headers, one = listener(site, "several")
    two = site.open(WHO, FREE, headers=headers)
    other_ident, other_headers, other = listener(site, "severalother")
    third = site.open(WHO, FREE, headers=other_headers)

    def those(name, *wanted):
        site.same("several: " + name, [state(site, s) for s in (one, two, other, third)], list(wanted))

    site.update("users", ident, name="x")
    those("another name", "user", "user", "user", "user")
    site.update("users", ident, password="another1234", passwordConfirm="another1234")
    those("password", "guest", "guest", "user", "user")
    fresh = {"Authorization": site.login("users", "several@example.com", "another1234")}
    may_bind(site, "several: one with the new token", one, fresh, 204)
    may_bind(site, "several: two as the other", two, other_headers, 204)
    those("bound anew", "user", "user", "user", "user")
    site.update("users", other_ident, tokenKey="o" * 40)
    those("the other's key", "user", "guest", "guest", "guest")
    may_bind(site, "several: two as one", two, fresh, 204)
    site.subscribe(third, [FREE, streams.MARKS], fresh)
    third.close()
    site.delete("users", ident)
    site.same("several: deleted", [state(site, s) for s in (one, two, other)], ["guest"] * 3)
    site.delete("users", other_ident)
    site.same("several: both deleted", [state(site, s) for s in (one, two, other)], ["guest"] * 3)


def email(site, _):
    ident, _, stream = listener(site, "mail")
    site.update("users", ident, email="mail2@example.com")
    site.same("email", state(site, stream), "guest")


def token_key(site, _):
    ident, _, stream = listener(site, "key")
    site.update("users", ident, tokenKey="k" * 40)
    site.same("tokenKey", state(site, stream), "guest")


def verified(site, _):
    ident, _, stream = listener(site, "veri")
    site.update("users", ident, verified=True)
    site.same("verified", state(site, stream), "user")


def deleted(site, _):
    ident, headers, stream = listener(site, "gone")
    site.delete("users", ident)
    site.same("deleted", state(site, stream), "guest")
    may_bind(site, "deleted: its token", stream, headers, 204)
    may_bind(site, "deleted: another", stream, site.user("users", "goneother")[1], 204)
    site.same("deleted: as another", state(site, stream), "user")


def own_deletion(site, _):
    """The last that it hears as a user is that it is none: the event of its own deletion goes by its former rights."""
    ident, headers = site.user("users", "self")
    site.change("users", listRule="id = @request.auth.id", viewRule="id = @request.auth.id")
    stream = site.open("users/*", "users/" + ident, headers=headers)
    site.update("users", ident, name="x")
    site.seen("own update", stream, ("users/*", "update", ident), ("users/" + ident, "update", ident))
    site.must("DELETE", "/api/collections/users/records/" + ident, None, headers)
    site.seen("own deletion", stream, ("users/*", "delete", ident), ("users/" + ident, "delete", ident))
    site.change("users", listRule="", viewRule="")


def own_password(site, _):
    """The update that ends the binding is not told to it any more."""
    ident, headers = site.user("users", "selfpass")
    site.change("users", listRule="id = @request.auth.id", viewRule="id = @request.auth.id")
    stream = site.open("users/*", headers=headers)
    site.update("users", ident, password="another1234", passwordConfirm="another1234")
    site.seen("own password", stream)
    site.change("users", listRule="", viewRule="")


def rolled_back(site, _):
    """A change that was undone changes nothing."""
    ident, _, stream = listener(site, "undo")
    site.must("PATCH", "/api/settings", {"batch": {"enabled": True, "maxRequests": 9, "timeout": 9}})
    url = "/api/collections/users/records/"
    status, _ = site.send("POST", "/api/batch", {"requests": [
        {"method": "PATCH", "url": url + ident, "body": {"tokenKey": "u" * 40}},
        {"method": "DELETE", "url": url + ident}, {"method": "DELETE", "url": url + "nothing"}]}, site.root)
    site.same("undone: answer", status, 400)
    site.same("undone", state(site, stream), "user")


def secret(site, _):
    """All of the collection are guests; those of another one are not touched."""
    _, headers, stream = listener(site, "secr", "staff")
    _, _, other = listener(site, "secrother")
    site.change("staff", name="staff", listRule=None)
    site.same("a rule of its collection", state(site, stream), "user")
    site.change("staff", authToken={"duration": 1000, "secret": "s" * 50})
    site.same("secret", state(site, stream), "guest")
    site.same("secret: other collection", state(site, other), "user")
    may_bind(site, "secret: the old token", stream, headers, 204)
    site.same("secret: with the old token", state(site, stream), "guest")
    may_bind(site, "secret: a new token", stream, {"Authorization": site.login("staff", "secr@example.com")}, 204)
    site.same("secret: with a new token", state(site, stream), "user")


def duration(site, _):
    _, _, stream = listener(site, "dura", "staff")
    site.change("staff", authToken={"duration": 2000})
    site.same("duration", state(site, stream), "user")


def renamed(site, _):
    _, headers, stream = listener(site, "rena", "staff")
    site.change("staff", name="people")
    site.same("collection renamed", state(site, stream), "user")
    may_bind(site, "collection renamed: again", stream, headers, 204)
    site.change("people", name="staff")


def collection_deleted(site, _):
    site.must("POST", "/api/collections", {"name": "brief", "type": "auth"})
    _, headers, stream = listener(site, "brie", "brief")
    site.must("DELETE", "/api/collections/brief")
    site.same("collection deleted", state(site, stream), "guest")
    may_bind(site, "collection deleted: its token", stream, headers, 204)


def emptied(site, _):
    site.must("POST", "/api/collections", {"name": "brief", "type": "auth"})
    _, _, stream = listener(site, "empt", "brief")
    site.must("DELETE", "/api/collections/brief/truncate")
    site.same("collection emptied", state(site, stream), "guest")


def superuser(site, _):
    """The same for superusers."""
    values = {"password": streams.PASSWORD, "passwordConfirm": streams.PASSWORD}
    site.collection("closed", listRule=None, fields=[{"name": "t", "type": "text"}])
    ident = site.make("_superusers", email="two@example.com", **values)
    stream = site.open("closed/*", headers={"Authorization": site.login("_superusers", "two@example.com")})
    made = site.make("closed", t="x")
    site.seen("superuser", stream, ("closed/*", "create", made))
    site.delete("_superusers", ident)
    site.make("closed", t="x")
    site.seen("superuser deleted", stream)


def refreshed(site, _):
    """A new token of the same session changes nothing."""
    _, headers, stream = listener(site, "refr")
    got = site.must("POST", "/api/collections/users/auth-refresh", None, headers)
    site.same("refreshed", state(site, stream), "user")
    may_bind(site, "refreshed: the new token", stream, {"Authorization": got["token"]}, 204)


CASES = (updated, password, password_and_back, several, email, token_key, verified, deleted, own_deletion, own_password,
         rolled_back, secret,
         duration, renamed, collection_deleted, emptied, superuser, refreshed)
