"""Signing in through another system: whose account it is, what becomes of it, what a new one is made of.

All of this is true of PocketBase, too, but what says "ours".
"""

import concurrent.futures
import itertools
import os
import sys
import threading

import provider
import reeve
from provider import code
from site_of import Site

PASSWORD = "secret-one"
OWN = "/api/reeve/settings"


class Said(dict):
    """An answer, whose missing members are empty ones."""

    def __init__(self, said):
        super().__init__({k: Said(v) if isinstance(v, dict) else v for k, v in (said or {}).items()})

    def __missing__(self, key):
        return Said({}) if key in ("record", "meta", "data") else None


class Users(Site):
    """`users`, with providers; every user of a case has a name of its own."""

    def __init__(self, server, tally, peer, ours):
        super().__init__(server, tally, "oauth2")
        self.peer, self.ours = peer, ours

    def sign_in(self, user, token=None, createData=None, how=None, name="oidc", query="", headers=None):
        body = {"provider": name, "code": code(user, **(how or {})), "codeVerifier": "v" * 43,
                "redirectURL": "https://app.example.com/back"}
        if createData is not None:
            body["createData"] = createData
        status, said = self.auth("auth-with-oauth2" + query, body, token=token, **(headers or {}))
        return status, Said(said)

    def by_password(self, identity, password=PASSWORD):
        return self.auth("auth-with-password", {"identity": identity, "password": password})

    def links(self, record):
        found = self.rows("_externalAuths", "recordRef%3D'" + record + "'")
        return sorted((row["provider"], row["providerId"]) for row in found)

    def add_link(self, record, name, at):
        self.admin("POST", "/api/collections/_externalAuths/records",
                   {"collectionRef": "_pb_users_auth_", "recordRef": record, "provider": name, "providerId": at})

    def find(self, email):
        return self.rows("users", "email%3D'" + email + "'")


def methods(site):
    status, said = site.send("GET", "/api/collections/users/auth-methods")
    (one,) = said["oauth2"]["providers"]
    (old,) = said["authProviders"]
    site.same("auth-methods", (status, said["oauth2"]["enabled"]), (200, True))
    site.same("its members", list(one), ["name", "displayName", "logo", "state", "authURL", "authUrl", "codeVerifier",
                                         "codeChallenge", "codeChallengeMethod"])
    site.check("its address", one["authURL"].startswith(site.peer.url + "/auth?client_id=an+id&code_challenge=")
               and one["authURL"].endswith("&state=" + one["state"] + "&redirect_uri="), one["authURL"])
    site.same("its texts", (len(one["state"]), len(one["codeVerifier"]), one["codeChallengeMethod"], one["displayName"]),
              (30, 43, "S256", "OIDC"))
    site.same("the same in the old place", {**one, "logo": ""}, old)
    again = site.send("GET", "/api/collections/users/auth-methods")[1]["oauth2"]["providers"][0]
    site.check("another time other ones", again["state"] != one["state"] and again["codeVerifier"] != one["codeVerifier"])


def form(site):
    for body, fields in (({}, {"provider": "validation_required", "code": "validation_required"}),
                         ({"provider": "x" * 101, "code": "1"}, {"provider": "validation_length_too_long"}),
                         ({"provider": "github", "code": "1"}, {"provider": "validation_invalid_provider"}),
                         ({"provider": "nobody", "code": ""},
                          {"provider": "validation_invalid_provider", "code": "validation_required"})):
        status, said = site.auth("auth-with-oauth2", body)
        site.same("form %r" % body, (status, said["message"], {k: v["code"] for k, v in said["data"].items()}),
                  (400, "An error occurred while loading the submitted data.", fields))
    status, said = site.auth("auth-with-oauth2", {"provider": "github", "code": "1"})
    site.same("says which", said["data"]["provider"]["message"], "Provider with name github is missing or is not enabled.")
    for body in ({"provider": 1}, {"createData": []}, {"createData": "x"}):
        status, said = site.auth("auth-with-oauth2", body)
        site.same("no form %r" % body, (status, said["message"], said["data"]),
                  (400, "An error occurred while loading the submitted data.", {}))
    site.same("no such collection", site.auth("auth-with-oauth2", {}, col="nobody")[0], 404)
    site.same("one without users", site.auth("auth-with-oauth2", {}, col="_externalAuths")[0], 404)
    site.same("off", site.auth("auth-with-oauth2", {}, col="_superusers")[0], 403)


def new(site):
    user = {"sub": "new-1", "email": "new@example.com", "email_verified": True, "name": "New", "preferred_username": "newbie",
            "n": 1.50, "list": [{"b": 1, "a": None}]}
    status, said = site.sign_in(user, how={"token": {"expires_in": 3600, "refresh_token": "again"}})
    if not site.same("a new user", status, 200):
        return
    record, meta = said["record"], said["meta"]
    site.same("its record", (record["email"], record["verified"], record["name"], record["emailVisibility"]),
              ("new@example.com", True, "New", False))
    site.same("what is told of it", {k: v for k, v in meta.items() if k not in ("expiry", "accessToken")},
              {"avatarURL": "", "avatarUrl": "", "email": "new@example.com", "id": "new-1", "isNew": True, "name": "New",
               "rawUser": user, "refreshToken": "again", "username": "newbie"})
    site.check("until when", len(meta["expiry"]) == 24 and meta["expiry"].endswith("Z"), meta["expiry"])
    site.same("its link", site.links(record["id"]), [("oidc", "new-1")])
    site.same("its token is good", site.send("GET", "/api/collections/users/records/" + record["id"],
                                             token=said["token"])[0], 200)
    status, said = site.sign_in({"sub": "new-1", "email": "other@example.com", "email_verified": True})
    site.same("once more", (status, said["record"]["id"], said["record"]["email"], said["meta"]["isNew"]),
              (200, record["id"], "new@example.com", False))
    site.same("without a time", said["meta"]["expiry"], "")
    site.same("still one link", site.links(record["id"]), [("oidc", "new-1")])
    status, said = site.sign_in({"sub": "new-1"}, query="?fields=meta.id,record.id,token&expand=x")
    site.same("fields", (sorted(said), said["meta"], list(said["record"])), (["meta", "record", "token"], {"id": "new-1"}, ["id"]))
    status, said = site.sign_in({"sub": "new-1"})
    site.same("a code is good once", (status, said["message"]), (400, "Failed to fetch OAuth2 token."))
    status, said = site.sign_in({"sub": "bare"})
    site.same("without an address", (status, said["record"]["email"], said["record"]["verified"]), (200, "", True))
    status, said = site.sign_in({"sub": "unproved", "email": "unproved@example.com", "email_verified": False})
    site.same("an address that is not proved", (status, said["record"]["email"], said["meta"]["email"]), (200, "", ""))
    status, said = site.sign_in({"email": "nobody@example.com", "email_verified": True})
    site.same("who is nobody", (status, said["message"]), (400, "Failed to authenticate."))
    site.same("in what", {k: v["code"] for k, v in said["data"].items()}, {"providerId": "validation_required"})
    site.same("is not stored", site.find("nobody@example.com"), [])


def asked(site):
    """What the provider hears."""
    site.peer.asked.clear()
    site.sign_in({"sub": "new-1", "n": 2})
    (_, path, headers, body), (_, path2, headers2, _) = site.peer.asked
    site.same("token and profile", (path, path2), ("/token", "/userinfo"))
    site.same("the form", {k: v for k, v in body.items() if k != "code"},
              {"grant_type": "authorization_code", "redirect_uri": "https://app.example.com/back", "code_verifier": "v" * 43})
    site.check("who asks", headers.get("Authorization", "").startswith("Basic "), headers)
    site.check("for whom", headers2["Authorization"].startswith("Bearer ey"), headers2)


def existing(site):
    ada = site.add("ada@example.com", verified=True)
    user = {"sub": "ada", "email": "ada@example.com", "email_verified": True, "name": "Other"}
    before = site.by_password("ada@example.com")[1]["token"]
    status, said = site.sign_in(user)
    site.same("by its address", (status, said["record"]["id"], said["record"]["name"], said["meta"]["isNew"]),
              (200, ada["id"], "", False))
    site.same("verified before: the password stays", site.by_password("ada@example.com")[0], 200)
    site.same("so do its tokens", site.auth("auth-refresh", {}, token=before)[0], 200)
    site.same("linked", site.links(ada["id"]), [("oidc", "ada")])
    bob = site.add("bob@example.com")
    site.add_link(bob["id"], "github", "bob at github")
    before = site.by_password("bob@example.com")[1]["token"]
    status, said = site.sign_in({"sub": "bob", "email": "bob@example.com", "email_verified": True})
    site.same("not verified before", (status, said["record"]["id"], said["record"]["verified"]), (200, bob["id"], True))
    site.same("the password is nobody's", site.by_password("bob@example.com")[0], 400)
    site.same("nor are its tokens", site.auth("auth-refresh", {}, token=before)[0], 401)
    site.same("nor its links", site.links(bob["id"]), [("oidc", "bob")])
    eve = site.add("eve@example.com")
    site.add_link(eve["id"], "oidc", "eve")
    site.add_link(eve["id"], "github", "eve at github")
    status, said = site.sign_in({"sub": "eve", "email": "eve.other@example.com", "email_verified": True})
    site.same("linked, with another address", (status, said["record"]["email"], said["record"]["verified"]),
              (200, "eve@example.com", False))
    site.same("its password", site.by_password("eve@example.com")[0], 400)
    site.same("its links", site.links(eve["id"]), [("oidc", "eve")])
    hal = site.add("hal@example.com")
    site.add_link(hal["id"], "github", "hal at github")
    token = site.by_password("hal@example.com")[1]["token"]
    status, said = site.sign_in({"sub": "hal", "email": "hal.other@example.com", "email_verified": True}, token=token)
    site.same("its own token, another address", (status, said["record"]["verified"]), (200, False))
    site.same("then its links", site.links(hal["id"]), [("oidc", "hal")])
    site.same("but its password", site.by_password("hal@example.com")[0], 200)
    status, said = site.sign_in({"sub": "hal", "email": "hal@example.com", "email_verified": True}, token=token)
    site.same("its own token, its own address", (status, said["record"]["verified"]), (200, True))
    site.same("then the links are", site.links(hal["id"]), [("oidc", "hal")])


def caller(site):
    dan = site.add("dan@example.com")
    token = site.by_password("dan@example.com")[1]["token"]
    status, said = site.sign_in({"sub": "dan", "email": "elsewhere@example.com", "email_verified": True}, token=token)
    site.same("who is signed in", (status, said["record"]["id"], said["record"]["email"], said["record"]["verified"]),
              (200, dan["id"], "dan@example.com", False))
    site.same("keeps the password", site.by_password("dan@example.com")[0], 200)
    status, said = site.sign_in({"sub": "dan", "email": "dan@example.com", "email_verified": True}, token=token)
    site.same("its own address", (status, said["record"]["verified"]), (200, True))
    site.same("still with the password", site.by_password("dan@example.com")[0], 200)
    site.same("linked once", site.links(dan["id"]), [("oidc", "dan")])
    status, said = site.sign_in({"sub": "dan 2"}, token=site.by_password("dan@example.com")[1]["token"])
    site.same("another link of the same provider", (status, said["message"]), (400, "Failed to authenticate."))
    site.same("is refused", site.links(dan["id"]), [("oidc", "dan")])
    fay = site.add("fay@example.com", verified=True)
    token = site.by_password("fay@example.com")[1]["token"]
    status, said = site.sign_in({"sub": "dan"}, token=token)
    site.same("a link before who is signed in", (status, said["record"]["id"]), (200, dan["id"]))
    site.same("that one is left alone", site.links(fay["id"]), [])
    status, said = site.sign_in({"sub": "by root"}, token=site.root["Authorization"])
    site.same("a superuser is not of the collection", (status, said["meta"]["isNew"]), (200, True))


def revoked(site):
    """A token that is good no more once the provider has answered links nothing."""
    if not site.ours:  # PocketBase goes by what the token was
        return
    jim = site.add("jim@example.com", verified=True)
    token = site.by_password("jim@example.com")[1]["token"]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        site.peer.gate.clear()
        task = pool.submit(site.sign_in, {"sub": "jim's thief"}, token=token, how={"gate": True})
        site.check("the provider is asked", site.peer.waiting.wait(20))
        site.admin("PATCH", "/api/collections/users/records/" + jim["id"], {"password": "secret-two", "passwordConfirm": "secret-two"})
        site.peer.gate.set()
        status, said = task.result()
    site.same("a revoked token", (status, said["message"]), (400, "Failed to authenticate."))
    site.same("links nothing", site.links(jim["id"]), [])


def created(site):
    own = {"name": "Own", "email": "own@example.com", "emailVisibility": True, "password": "x1234567", "passwordConfirm": "x1234567"}
    user = {"sub": "own", "email": "theirs@example.com", "email_verified": True, "name": "Theirs"}
    status, said = site.sign_in(user, createData=own)
    site.same("of its own", (status, said["record"]["name"], said["record"]["email"], said["record"]["verified"],
                             said["record"]["emailVisibility"]), (200, "Own", "own@example.com", False, True))
    site.same("with its own password", site.by_password("own@example.com", "x1234567")[0], 200)
    for data, fields in (({"password": "x1234567"}, {"passwordConfirm": "validation_required"}),
                         ({"password": "", "passwordConfirm": "a"}, None),
                         ({"email": "no address"}, {"email": "validation_is_email"}),
                         ({"password": "short", "passwordConfirm": "short"}, {"password": "validation_min_text_constraint"}),
                         ({"verified": True}, {"verified": "validation_values_mismatch"})):
        status, said = site.sign_in({"sub": "refused", "n": str(data)}, createData=data)
        got = {k: v["code"] for k, v in said["data"].items()}
        site.check("refused %r" % data, status == 400 and said["message"] == "Failed to create record."
                   and (fields is None or got == fields), (status, said))
    site.same("nothing is left of them", site.rows("_externalAuths", "providerId%3D'refused'"), [])
    status, said = site.sign_in({"sub": "no mail", "email": "nm@example.com", "email_verified": True}, createData={"email": 5})
    site.same("what is no address is none", (status, said["record"]["email"]), (200, "nm@example.com"))
    status, said = site.sign_in({"sub": "confirm only"}, createData={"passwordConfirm": "a", "unknown": 1, "id": "a23456789012345"})
    site.same("a confirmation alone", (status, said.get("record", said).get("id")), (200, "a23456789012345"))


RULES = [  # the rule, what is asked with, may one
    (None, {}, False),
    ('@request.context = "oauth2"', {}, True),
    ('@request.context = "default"', {}, False),
    ('@request.method = "POST"', {}, True),
    ('@request.query.q = "1"', {"query": "?q=1"}, False),
    ('@request.headers.x_a = "1"', {"headers": {"x-a": "1"}}, True),
    ('@request.auth.id != ""', {}, False),
    ('@request.auth.id = ""', {}, True),
    ('@request.body.name = "New"', {}, True),
    ('@request.body.email:isset = true', {}, True),
    ('@request.body.password:isset = true && @request.body.passwordConfirm:isset = true', {}, True),
    ('@request.body.password = @request.body.passwordConfirm', {}, True),
    ('@request.body.extra = "x"', {"createData": {"extra": "x"}}, True),
    ('name = "New"', {}, True),
    ('email = "rules@example.com"', {}, True),
    ('verified = true', {}, False),
]


def rules(site):
    for i, (rule, how, may) in enumerate(RULES):
        site.options(createRule=rule)
        user = {"sub": "rule %d" % i, "name": "New", "email": "rules@example.com", "email_verified": True}
        status, said = site.sign_in(user, **how)
        wanted = 200 if may else 403 if rule is None else 400
        if site.same("create rule %s" % rule, status, wanted) and may:
            site.admin("DELETE", "/api/collections/users/records/" + said["record"]["id"])
        if not may:
            site.same("its words %s" % rule, said["message"],
                      "Only superusers can perform this action." if rule is None else "Failed to create record.")
    status, said = site.sign_in({"sub": "by root 2"}, token=site.root["Authorization"])
    site.same("rules are not for superusers", status, 200)
    site.options(createRule=None)
    status, said = site.sign_in({"sub": "by root 3"}, token=site.root["Authorization"])
    site.same("nor is none", status, 200)
    site.options(createRule="")
    site.options(authRule="verified = true && name != 'Barred'")
    status, said = site.sign_in({"sub": "barred", "name": "Barred"})
    site.same("the auth rule", (status, said["message"]),
              (403, "The request doesn't satisfy the collection requirements to authenticate."))
    site.same("was asked last", len(site.rows("_externalAuths", "providerId%3D'barred'")), 1)
    site.options(authRule="")


def mapped(site):
    col = site.admin("GET", "/api/collections/users")
    col["fields"].append({"name": "username", "type": "text", "max": 8, "pattern": "^[a-z]+$", "autogeneratePattern": "gen[a-z]{5}"})
    col["fields"].append({"name": "outside", "type": "text"})
    col["indexes"].append("CREATE UNIQUE INDEX `idx_username` ON `users` (`username` COLLATE NOCASE) WHERE `username` != ''")
    col["oauth2"]["mappedFields"] = {"id": "outside", "name": "name", "username": "username", "avatarURL": "avatar"}
    site.admin("PATCH", "/api/collections/users", {k: col[k] for k in ("fields", "indexes", "oauth2")})
    for sub, name, wanted in (("m1", "tom", "tom"), ("m2", "tom", "gen"), ("m3", "toolongfor", "gen"), ("m4", "Upper", "gen"),
                              ("m5", "", "gen")):
        status, said = site.sign_in({"sub": sub, "preferred_username": name})
        site.check("username %r" % name, status == 200 and said["record"]["username"].startswith(wanted)
                   and said["record"]["outside"] == sub, (status, said))
    status, said = site.sign_in({"sub": "m6", "preferred_username": "theirs"}, createData={"username": "mine", "outside": ""})
    site.same("what is said itself", (status, said["record"]["username"], said["record"]["outside"]), (200, "mine", ""))
    site.peer.asked.clear()
    status, said = site.sign_in({"sub": "m7", "picture": site.peer.url + "/picture.png"})
    site.same("a picture at a private address", (status, said["record"]["avatar"]), (200, ""))
    site.same("is not asked for", [path for _, path, _, _ in site.peer.asked if "picture" in path], [])
    site.same("but told", said["meta"]["avatarURL"], site.peer.url + "/picture.png")
    site.options(oauth2={"mappedFields": {"avatarURL": "outside", "id": ""}})
    status, said = site.sign_in({"sub": "m8", "picture": "http://127.0.0.1:1/x.png", "preferred_username": "uu"})
    site.same("a picture's address", (status, said["record"]["outside"]), (200, "http://127.0.0.1:1/x.png"))
    site.options(oauth2={"mappedFields": {"avatarURL": "", "username": "", "id": ""}})


def factors(site):
    gil = site.add("gil@example.com", verified=True)
    site.options(mfa={"enabled": True, "duration": 600})
    user = {"sub": "gil", "email": "gil@example.com", "email_verified": True}
    status, said = site.sign_in(user)
    site.same("a second factor is wanted", (status, list(said)), (401, ["mfaId"]))
    status, said = site.auth("auth-with-password", {"identity": "gil@example.com", "password": PASSWORD, "mfaId": said["mfaId"]})
    site.same("by password", (status, said.get("record", {}).get("id"), "meta" in said), (200, gil["id"], False))
    status, said = site.by_password("gil@example.com")
    site.same("the other way", (status, list(said)), (401, ["mfaId"]))
    first = said["mfaId"]
    status, said = site.sign_in({**user, "n": 2}, query="?mfaId=" + first)
    site.same("by code", (status, said.get("record", {}).get("id"), said.get("meta", {}).get("id")), (200, gil["id"], "gil"))
    status, said = site.sign_in({**user, "n": 3}, query="?mfaId=" + first)
    site.same("it is used up", status, 400)
    site.options(mfa={"enabled": False})


def namesakes(site):
    """Many who are called the same, at once: one has the name, the others one that is made."""
    col = site.admin("GET", "/api/collections/users")
    col["oauth2"]["mappedFields"] = {"id": "", "name": "name", "username": "username", "avatarURL": ""}
    site.admin("PATCH", "/api/collections/users", {"oauth2": col["oauth2"]})
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: site.sign_in({"sub": "same %d" % n, "preferred_username": "sam"}), range(8)))
    site.same("all of them are in", [status for status, _ in done], [200] * 8)
    if site.ours:
        site.same("one has the name: ours", sum(said["record"]["username"] == "sam" for _, said in done), 1)
    site.options(oauth2={"mappedFields": {"username": ""}})


def many(site):
    """The same somebody at once: one account."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: site.sign_in({"sub": "many", "email": "many@example.com", "email_verified": True, "n": n}),
                             range(8)))
    site.same("one account", len(site.find("many@example.com")), 1)
    if site.ours:
        site.same("for all of them: ours", {(status, said.get("record", {}).get("email")) for status, said in done},
                  {(200, "many@example.com")})
        site.same("made once: ours", sum(said["meta"]["isNew"] for _, said in done), 1)


def proxied(site):
    """Providers are asked through a proxy, pictures are not: only there it is seen where they come from."""
    if not site.ours:
        return
    proxy = provider.Proxy()
    for value in ("x", "ftp://a.b", "https://a.b:1", "http://", "http://u:a%00b@127.0.0.1:1", "http://u%7F@127.0.0.1:1", "http://u:p@127.0.0.1:99999",
                  "http://u:p@q@127.0.0.1:1", "http://u:p@127.0.0.1:1/x", 5):
        site.same("no proxy: %r" % value, site.send("PATCH", OWN, {"net": {"proxy": value}}, token=site.root["Authorization"])[0], 400)
    site.admin("PATCH", OWN, {"net": {"proxy": "http://us:a%%20word@%s" % proxy.address}})
    site.options(oauth2={"mappedFields": {"avatarURL": "avatar"}})
    status, said = site.sign_in({"sub": "proxied", "picture": site.peer.url + "/picture.png"})
    site.same("through a proxy", (status, said["meta"]["id"], said["record"]["avatar"]), (200, "proxied", ""))
    site.same("both requests, with its password", proxy.carried, [(site.peer.url + path, "Basic dXM6YSB3b3Jk") for path in ("/token", "/userinfo")])
    proxy.shutdown()
    proxy.server_close()
    status, said = site.sign_in({"sub": "proxied", "n": 2})
    site.same("one that is down", (status, said["message"]), (400, "Failed to fetch OAuth2 token."))
    site.admin("PATCH", OWN, {"net": {"proxy": ""}})
    site.same("and none again", site.sign_in({"sub": "proxied", "n": 3})[0], 200)


def changing(site):
    """Collections change all the time: a login begins anew where it was, and a code is asked for once."""
    site.options(mfa={"enabled": True, "duration": 600})
    site.add("ida@example.com", verified=True)
    over = threading.Event()

    def change():
        names = itertools.cycle("ab")
        made = site.admin("POST", "/api/collections", {"name": "changes", "type": "base"})["id"]
        while not over.wait(1):
            site.admin("PATCH", "/api/collections/" + made, {"name": "changes_" + next(names)})

    def one(n):
        status, said = site.by_password("ida@example.com")
        if status != 401:
            return status, str(said)
        status, said = site.sign_in({"sub": "ida", "email": "ida@example.com", "email_verified": True, "n": n},
                                    query="?mfaId=" + said["mfaId"])
        return status, said["message"]

    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        changes = pool.submit(change)
        done = list(pool.map(one, range(100, 116)))
        over.set()
        changes.result()
    site.same("while collections change", {d for d in done if d != (200, None)}, set())
    site.options(mfa={"enabled": False})


def run(binary, base, tally, ours=True):
    peer = provider.Provider()
    with reeve.Server(binary, base, *([] if ours else ["--dev"]), port=0 if ours else reeve.free_port()) as server:
        site = Users(server, tally, peer, ours)
        fields = site.admin("GET", "/api/collections/users")["fields"]
        for field in fields:
            if field["name"] == "email":
                field["required"] = False
        site.options(fields=fields, oauth2={"enabled": True, "providers": [peer.conf()], "mappedFields": {"name": "name", "avatarURL": "avatar"}})
        for part in (methods, form, new, asked, existing, caller, revoked, created, rules, mapped, factors, many, namesakes, proxied, changing):
            part(site)


if __name__ == "__main__":  # oauth2.py POCKETBASE: whether it is true of that
    counts = reeve.Tally()
    home = reeve.scratch("oauth2")
    run(sys.argv[1], reeve.fresh(sys.argv[1], os.path.join(home, "data"), site=False), counts, ours=False)
    reeve.remove(home)
    sys.exit(counts.end())
