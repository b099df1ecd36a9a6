"""Users that sign in, with listeners. Parts of run.py."""

import os
import sys
import threading

import reeve

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "users"))
from provider import Provider, code  # noqa: E402


def schema_meanwhile(site):
    """A new user, heard of at rest when collections change: stored once, and signed in by what they are then."""
    peer = Provider()
    status, _ = site.send("POST", "/api/collections", {
        "name": "member", "type": "auth", "createRule": "", "fields": [{"name": "title", "type": "text"}],
        "oauth2": {"enabled": True, "providers": [peer.conf()], "mappedFields": {"name": "title"}}})
    site.same("a collection of users", status, 200)
    done = []

    def sign_in():
        done.append(site.send("POST", "/api/collections/member/auth-with-oauth2", {
            "provider": "oidc", "code": code({"sub": "1", "email": "a@example.com", "email_verified": True, "name": "committed:sleep"}),
            "codeVerifier": "v" * 43, "redirectURL": "https://app.example.com/"}, {"x-nobody": "signs in"}))

    slow = threading.Thread(target=sign_in)
    slow.start()
    reeve.until("the listener rests", lambda: ["record.create", "committed", "member"] in [words[:3] for words in site.heard()],
                instead=lambda: "it was answered %s; log: %s" % (done, open(site.server.log, encoding="utf-8").read()[-2000:]))
    for rule in ("id != '1'", "id != '2'"):
        site.same("collections change", site.send("PATCH", "/api/collections/quiet", {"listRule": rule})[0], 200)
    slow.join()
    (status, said), = done
    site.same("it is signed in", [status, said.get("record", {}).get("title"), said.get("meta", {}).get("isNew")],
              [200, "committed:sleep", True])
    site.same("its token is good", site.send("POST", "/api/collections/member/auth-refresh", {},
                                             {"authorization": said.get("token", "")})[0], 200)
    again = [words for words in site.heard() if words[0] == "record.create"]
    site.same("one user, told once", [site.titles("member"), again], [["committed:sleep"], []])
    site.send("DELETE", "/api/collections/member")
    peer.shutdown()
    peer.server_close()


PARTS = (schema_meanwhile,)
