"""What docs/security.md says of users, tokens and answers, and no other test shows."""

import base64
import json
import os
import sqlite3
import time
from typing import Any

import reeve
from sink import Sink
from site_of import Site, link

LOGIN = "/api/collections/users/auth-with-password"
NOBODYS_KEY = "k" * 32
HEADERS = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "SAMEORIGIN",
           "Cross-Origin-Opener-Policy": "same-origin"}


def sign_up(site: Site, email: str, password: str) -> int:
    body = {"email": email, "password": password, "passwordConfirm": password}
    return int(site.send("POST", "/api/collections/users/records", body)[0])


def login(site: Site, email: str, password: str = "secret-one", **more: str) -> tuple[int, Any]:
    status, answer = site.auth("auth-with-password", {"identity": email, "password": password, **more})
    return status, answer


def code_of(site: Site, sink: Sink, email: str) -> tuple[str, str]:
    """The id of a new code, and the code."""
    sink.clear()
    ident = site.auth("request-otp", {"email": email})[1]["otpId"]
    (mail,) = sink.wait(1)
    return ident, "".join(c for c in mail.text if c.isdigit())[:8]


def passwords(site: Site, _: Sink) -> None:
    """Of any letters, compared to the last one, up to 71 characters and 72 bytes."""
    for n, password in enumerate(("12345678", "        ", "pass wörd ✓", "Tab\tand\nline", "a" * 71, "ü" * 36)):
        email = "pass%d@example.com" % n
        site.same("%.12r is taken" % password, sign_up(site, email, password), 200)
        others = [password[:-1], " " + password[1:] + "x", password.swapcase() + "x"]
        if len(password.encode()) < 72:
            others.append(password + "x")
        site.same("%.12r and no other" % password, [login(site, email, p)[0] for p in (password, *others)],
                  [200] + [400] * len(others))
    for name, password in (("72 characters", "a" * 72), ("74 bytes", "ü" * 37)):
        site.same(name + " are refused", sign_up(site, "long@example.com", password), 400)


def reset_keeps_the_second_factor(site: Site, sink: Sink) -> None:
    """Who can read the mails has a new password, and is asked for the other factor all the same."""
    site.options(otp={"enabled": True}, mfa={"enabled": True})
    site.add("reset@example.com", verified=True)
    sink.clear()
    site.auth("request-password-reset", {"email": "reset@example.com"})
    (mail,) = sink.wait(1)
    status, answer = site.auth("confirm-password-reset", {
        "token": link(mail)[1], "password": "secret-two", "passwordConfirm": "secret-two"})
    site.same("a reset signs nobody in", (status, answer), (204, None))
    status, answer = login(site, "reset@example.com", "secret-two")
    site.same("half of a login", (status, list(answer)), (401, ["mfaId"]))
    site.options(mfa={"enabled": False})


def codes_of_others(site: Site, sink: Sink) -> None:
    """A code is good with the id that came with it."""
    for name in ("one", "two"):
        site.add("code-%s@example.com" % name, verified=True)
    one = code_of(site, sink, "code-one@example.com")
    again = code_of(site, sink, "code-one@example.com")
    two = code_of(site, sink, "code-two@example.com")
    site.check("codes differ", len({one[1], again[1], two[1]}) == 3)  # three that are alike: once in 10^7 runs
    for name, ident, code in (("another request's", one[0], again[1]), ("another user's", two[0], one[1])):
        site.same(name, site.auth("auth-with-otp", {"otpId": ident, "password": code})[0], 400)
    for name, (ident, code) in (("the first", one), ("the second", again), ("the other user's", two)):
        site.same(name, site.auth("auth-with-otp", {"otpId": ident, "password": code})[0], 200)


def keys_of_others(site: Site, _: Sink) -> None:
    """A token brings no key along, and is good for the record whose key it is signed with."""
    claims, secret = reeve.token_parts(site.server.dir, "root")
    site.same("the right key", site.send("GET", "/api/collections", token=reeve.sign(claims, secret))[0], 200)
    jwk = {"kty": "oct", "k": reeve.b64(NOBODYS_KEY.encode())}
    for name, more in (("jwk", {"jwk": jwk}), ("jku", {"jku": "http://127.0.0.1:%d/" % site.server.port}),
                       ("kid", {"kid": "../../../dev/null"}), ("nothing", {})):
        header = {"alg": "HS256", "typ": "JWT", **more}
        for key in (NOBODYS_KEY, "", "\n"):
            token = reeve.sign(claims, key, header)
            site.same("%s, key %.4r" % (name, key), site.send("GET", "/api/collections", token=token)[0], 401)
    user = site.add("keys@example.com", verified=True)
    token = login(site, "keys@example.com")[1]["token"]
    own = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    site.same("whose it is", own["id"], user["id"])
    (key,), = reeve.query(site.server.dir, "SELECT tokenKey FROM users WHERE id = ?", user["id"])
    (options,), = reeve.query(site.server.dir, "SELECT options FROM _collections WHERE name = 'users'")
    kinds = json.loads(options)
    for kind, wanted in (("authToken", 200), ("fileToken", 401), ("verificationToken", 401),
                         ("passwordResetToken", 401), ("emailChangeToken", 401)):
        signed = reeve.sign(own, key + kinds[kind]["secret"])
        site.same("a login signed with the %s's secret" % kind, site.auth("auth-refresh", None, token=signed)[0], wanted)


def addresses_of_superusers(site: Site, _: Sink) -> None:
    """From where superusers may not come their tokens are good for nothing; users do not notice."""
    site.add("here@example.com", verified=True)
    token = login(site, "here@example.com")[1]["token"]
    root = site.root["Authorization"]
    file_token = site.admin("POST", "/api/files/token")["token"]
    site.admin("PATCH", "/api/settings", {"superuserIPs": ["127.0.0.1"]})

    def ask(source: str, method: str, path: str, body: Any = None, token: str = "") -> int:
        connection = reeve.Connection("127.0.0.1", site.server.port, timeout=60, source_address=(source, 0))
        try:
            connection.request(method, path, json.dumps(body) if body else None,
                               {"Content-Type": "application/json", **({"Authorization": token} if token else {})})
            reply = connection.getresponse()
            reply.read()
            return reply.status
        finally:
            connection.close()

    own = "/api/collections/users/auth-refresh"
    sign_in = {"identity": reeve.ROOT[0], "password": reeve.ROOT[1]}
    for name, wanted_here, wanted_there, asked in (
            ("settings", 200, 403, ("GET", "/api/settings", None, root)),
            ("any route", 200, 403, ("GET", "/api/health", None, root)),
            ("signing in", 200, 403, ("POST", LOGIN.replace("users", "_superusers"), sign_in)),
            ("a backup by its token", 404, 403, ("GET", "/api/backups/x.zip?token=" + file_token)),
            ("a user", 200, 200, ("POST", own, None, token)), ("a guest", 200, 200, ("GET", "/api/health"))):
        site.same(name, [ask(source, *asked) for source in ("127.0.0.1", "127.0.0.2")], [wanted_here, wanted_there])
    site.admin("PATCH", "/api/settings", {"superuserIPs": []})


def answers(site: Site, _: Sink) -> None:
    """No cookie, no name of the program, no echo; what browsers are told."""
    site.add("answers@example.com", verified=True)
    seen = {}
    for name, method, path, body in (
            ("a login", "POST", LOGIN, {"identity": "answers@example.com", "password": "secret-one"}),
            ("a refusal", "POST", LOGIN, {"identity": "answers@example.com", "password": "wrong"}),
            ("no route", "GET", "/api/nothing", None), ("health", "GET", "/api/health", None)):
        status, _, headers = site.server.request(method, path, body, {"Origin": "http://other.example"})
        seen[name] = status
        site.same(name + ": what browsers are told", {key: headers[key] for key in HEADERS}, HEADERS)
        site.same(name + ": to other origins", (headers["Access-Control-Allow-Origin"],
                                                headers["Access-Control-Allow-Credentials"]), ("*", None))
        site.same(name + ": no cookie, no name", (headers["Set-Cookie"], headers["Server"], headers["X-Powered-By"]),
                  (None, None, None))
    site.same("statuses", seen, {"a login": 200, "a refusal": 400, "no route": 404, "health": 200})
    for method in ("TRACE", "TRACK", "DEBUG"):
        status, body, _ = site.server.request(method, "/api/health", None, {"X-Secret": "echo-me"})
        site.same(method, (status, b"echo-me" in body), (404, False))


def entries(directory: str, where: str = "1") -> list[str]:
    """The log book, an entry a text."""
    db = sqlite3.connect(os.path.join(directory, "auxiliary.db"))
    try:
        return [message + data for message, data in db.execute("SELECT message, data FROM _logs WHERE " + where)]
    finally:
        db.close()


def logs(site: Site, sink: Sink) -> None:
    """Neither passwords nor tokens of logins and of mails are in the log book, or in what is printed."""
    site.options(otp={"enabled": True})
    site.add("logged@example.com", "secret-logged", verified=True)
    sink.clear()
    token = login(site, "logged@example.com", "secret-logged")[1]["token"]
    login(site, "logged@example.com", "wrong-logged")
    site.auth("auth-refresh", None, token=token)
    site.auth("auth-refresh", None, token=token + "x")
    site.auth("request-password-reset", {"email": "logged@example.com"})
    (mail,) = sink.wait(1)
    reset = link(mail)[1]
    body = {"token": reset, "password": "other-logged", "passwordConfirm": "other-logged"}
    site.auth("confirm-password-reset", {**body, "passwordConfirm": "differs-logged"})
    site.auth("confirm-password-reset", body)
    ident, code = code_of(site, sink, "logged@example.com")
    for password in ("99999999", code):
        site.auth("auth-with-otp", {"otpId": ident, "password": password})
    site.admin("PATCH", "/api/settings", {"s3": {"secret": "s3-logged"}, "smtp": {"password": "smtp-logged"}})
    site.admin("PATCH", "/api/settings", {"s3": {"secret": ""}, "smtp": {"password": ""}})
    last = "/api/health?last=%d" % time.monotonic_ns()
    site.server.request("GET", last)
    reeve.until("the last entry is written", lambda: entries(site.server.dir, "message = 'GET %s'" % last))
    book = entries(site.server.dir)
    site.check("the logins are in the book", sum("auth-with-password" in entry for entry in book) >= 2)
    for name, secret in (("password", "secret-logged"), ("wrong password", "wrong-logged"),
                         ("new password", "other-logged"), ("confirmation", "differs-logged"), ("token", token),
                         ("token's signature", token.split(".")[2]), ("mailed token", reset), ("code", code),
                         ("secret of S3", "s3-logged"), ("password of SMTP", "smtp-logged")):
        site.same("entries with the " + name, [entry for entry in book if secret in entry], [])
        site.check("lines with the " + name, secret not in site.server.output(site.server.begins))


PARTS = (passwords, codes_of_others, reset_keeps_the_second_factor, keys_of_others, addresses_of_superusers, answers,
         logs)


def run(binary: str, base: str, tally: reeve.Tally) -> None:
    with reeve.Server(binary, base) as server, Sink() as sink:
        site = Site(server, tally, "security")
        site.mail(enabled=True, host="127.0.0.1", port=sink.port)
        site.options(otp={"enabled": True}, authAlert={"enabled": False})
        for part in PARTS:
            sink.clear()
            part(site, sink)
        site.check("ends cleanly", server.stop(), server.output())
