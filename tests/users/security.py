"""What docs/security.md says of users, tokens and answers, and no other test shows."""

import base64
import concurrent.futures
import json
import os
import socket
import sqlite3
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import reeve
from sink import Sink
from site_of import Site, link

MIB = 1 << 20
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


def stored(directory: str) -> int:
    """Bytes of all files below it."""
    n = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                n += os.stat(os.path.join(folder, name)).st_size
            except FileNotFoundError:  # removed meanwhile
                pass
    return n


def backups_from_elsewhere(site: Site, _: Sink) -> None:
    """A backup is taken without a bound to its size, to the disk, before it is looked at: from listed addresses alone."""
    head = ("POST /api/backups/upload HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Length: %d\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\n\r\n"
            % (site.root["Authorization"], 64 * MIB)).encode()
    site.admin("PATCH", "/api/settings", {"superuserIPs": ["127.0.0.1"]})
    with socket.create_connection(("127.0.0.1", site.server.port), 10, ("127.0.0.2", 0)) as conn:
        conn.sendall(head)
        try:
            told = conn.recv(12)
        except OSError as e:  # not within 10 s
            told = repr(e).encode()
    site.same("from elsewhere it is refused by its head", told, b"HTTP/1.1 403")
    for source, wanted in (("127.0.0.1", 40 * MIB), ("127.0.0.2", 0)):
        before = stored(site.server.dir)
        with socket.create_connection(("127.0.0.1", site.server.port), 10, (source, 0)) as conn:
            try:
                conn.sendall(head)
                for _ in range(48):
                    conn.sendall(bytes(MIB))
            except OSError:  # it is refused before it is through
                pass
            if wanted:
                reeve.until("it is on the disk", lambda: stored(site.server.dir) - before >= wanted)
            grown = stored(site.server.dir) - before
        site.check("from %s on the disk" % source, 0 <= grown - wanted <= (24 if wanted else 1) * MIB, grown)
        reeve.until("what came is removed", lambda: stored(site.server.dir) - before <= MIB)
    site.admin("PATCH", "/api/settings", {"superuserIPs": []})


def networks(site: Site, sink: Sink) -> None:
    """Whoever has a network of IPv6 is one client, whichever of its addresses he takes."""
    def tried(what: str, body: Any, *addresses: str) -> list[int]:
        return [site.auth(what, body, **{"X-Real": ip})[0] for ip in addresses]

    rule = {"label": "*:auth", "maxRequests": 2, "duration": 600, "audience": ""}
    site.admin("PATCH", "/api/settings", {"trustedProxy": {"headers": ["X-Real"]},
                                          "rateLimits": {"enabled": True, "rules": [rule]}})
    wrong = {"identity": "network@example.com", "password": "wrong-password"}
    site.same("a network is one client", tried("auth-with-password", wrong, "2001:db8::1", "2001:db8::2", "2001:db8::3"),
              [400, 400, 429])
    site.same("the next one is another", tried("auth-with-password", wrong, "2001:db8:0:1::1"), [400])
    site.same("addresses of IPv4 are each", tried("auth-with-password", wrong, "10.0.0.1", "10.0.0.2", "10.0.0.3"),
              [400] * 3)
    site.same("however they are written", tried("auth-with-password", wrong, "::ffff:10.0.0.1", "10.0.0.1"), [400, 429])
    site.admin("PATCH", "/api/settings", {"rateLimits": {"enabled": False, "rules": []}})
    site.add("network@example.com", verified=True)
    ident, _ = code_of(site, sink, "network@example.com")
    guess = {"otpId": ident, "password": "x"}
    site.same("tries of a code", tried("auth-with-otp", guess, *("2001:db8::%d" % n for n in range(7))),
              [400] * 5 + [429] * 2)
    site.admin("PATCH", "/api/settings", {"trustedProxy": {"headers": []}})


def last_of(asked: list[Callable[[], tuple[int, Any]]]) -> tuple[set[int], float]:
    """All but the last at once, then that alone: the statuses, and the seconds that it takes."""
    with concurrent.futures.ThreadPoolExecutor(len(asked)) as pool:
        statuses = {done[0] for done in pool.map(lambda ask: ask(), asked[:-1])}
    begun = time.monotonic()
    return statuses | {asked[-1]()[0]}, time.monotonic() - begun


@contextmanager
def slowed(site: Site) -> Iterator[None]:
    site.admin("PATCH", "/api/reeve/settings", {"passwords": {"slow": True}})
    yield
    site.admin("PATCH", "/api/reeve/settings", {"passwords": {"slow": False}})


def names_of_nobody(site: Site, _: Sink) -> None:
    """Wrong passwords are slowed alike for who is there and who is not, however he is named: of 16 the last waits 2 s
    where they are counted together, of twice 8 they wait 0.5 s."""
    was = site.admin("GET", "/api/collections/users")
    nick = {"name": "nick", "type": "text"}
    site.options(fields=[*was["fields"], nick], passwordAuth={"enabled": True, "identityFields": ["email", "nick"]},
                 indexes=[*(i.replace("(`email`)", "(`email` COLLATE NOCASE)") for i in was["indexes"]),
                          "CREATE UNIQUE INDEX idx_nick ON users (nick) WHERE nick != ''"])
    names = (("cased%d@example.com", "CASED%d@example.com", True, {}), ("nick%d", "NICK%d", True, {}),
             ("named%d@example.com", "named%d@example.com", True, {"identityField": "email"}),
             ("mail%d@example.com", "called%d", False, {}))
    with slowed(site):
        for name, other, together, more in names:
            for n, who in enumerate(("somebody", "nobody")):
                one, two = name % n, other % n
                if who == "somebody":
                    called = "" if "nick" in two else two.replace("@", "-")
                    site.add(one if "@" in one else one + "@example.com", nick=one if "nick" in one else called)
                asked = [partial(login, site, one, "wrong"), partial(login, site, two, "wrong", **more)] * 8
                statuses, seconds = last_of(asked)
                site.same("%s is refused" % one, statuses, {400})
                site.check("%s, %s: %s are counted %s" % (one, who, two, "together" if together else "apart"),
                           (seconds >= 1.9) == together, seconds)
    site.options(passwordAuth=was["passwordAuth"], indexes=was["indexes"], fields=was["fields"])


def new_password(site: Site, path: str, token: str, old: str, batch: bool = False) -> tuple[int, Any]:
    body = {"oldPassword": old, "password": "secret-new", "passwordConfirm": "secret-new"}
    if not batch:
        return tuple(site.send("PATCH", path, body, token))
    return tuple(site.send("POST", "/api/batch", {"requests": [{"method": "PATCH", "url": path, "body": body}]}, token))


def guesses_by_a_token(site: Site, sink: Sink) -> None:
    """Whoever has found somebody's token does not try passwords with it faster than without."""
    site.admin("PATCH", "/api/settings", {"batch": {"enabled": True, "maxRequests": 50, "timeout": 30}})
    with slowed(site):
        for name, batch in (("alone", False), ("in a batch", True)):
            email = "found-%d@example.com" % batch
            path = "/api/collections/users/records/" + site.add(email, verified=True)["id"]
            token = login(site, email)[1]["token"]
            guess = partial(new_password, site, path, token, "wrong-password", batch)
            site.check("%s: what is said" % name, "validation_invalid_old_password" in json.dumps(guess()))
            statuses, seconds = last_of([guess] * 15)
            site.same("%s: old passwords are refused" % name, statuses, {400})
            site.check("%s: later and later" % name, seconds >= 1.9, seconds)
            statuses, seconds = last_of([partial(new_password, site, path, token, "secret-one", batch)])
            site.same("%s: the right one is taken" % name, statuses, {200})
            site.check("%s: at once" % name, seconds < 1.9, seconds)
        site.add("moving@example.com", verified=True)
        token = login(site, "moving@example.com")[1]["token"]
        sink.clear()
        site.auth("request-email-change", {"newEmail": "moved@example.com"}, token=token)
        (mail,) = sink.wait(1)
        body = {"token": link(mail)[1], "password": "wrong-password"}
        statuses, seconds = last_of([partial(site.auth, "confirm-email-change", body)] * 16)
        site.same("passwords for a new address are refused", statuses, {400})
        site.check("later and later, too", seconds >= 1.9, seconds)
        body["password"] = "secret-one"
        site.same("the right one for it", site.auth("confirm-email-change", body)[0], 204)


def guesses_of_others(site: Site, _: Sink) -> None:
    """Whom the rule refuses is not told by the time whether he has guessed."""
    path = "/api/collections/users/records/" + site.add("victim@example.com")["id"]
    with slowed(site):
        for old in ("wrong-password", "secret-one"):
            statuses, seconds = last_of([partial(new_password, site, path, "", old)] * 16)
            site.same("%s is refused" % old, statuses, {404})
            site.check("%s does not wait" % old, seconds < 1.9, seconds)


def versions_offered(hello: bytes) -> list[int]:
    """Of TLS, by the first message of a client (RFC 8446 4.1.2, 4.2.1)."""
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]
    at += 2 + struct.unpack_from(">H", hello, at)[0]
    at += 1 + hello[at]
    end = at + 2 + struct.unpack_from(">H", hello, at)[0]
    at += 2
    while at < end:
        kind, n = struct.unpack_from(">HH", hello, at)
        if kind == 43:
            return [version for version, in struct.iter_unpack(">H", hello[at + 5:at + 4 + n])]
        at += 4 + n
    return [struct.unpack_from(">H", hello, 9)[0]]


def outgoing_tls(site: Site, _: Sink) -> None:
    """No server is offered a TLS before 1.2, though this process's OpenSSL would take older ones (see run())."""
    hellos: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        conn, _ = listener.accept()
        with conn:
            conn.settimeout(60)
            hello = conn.recv(5)
            while len(hello) < 5 + struct.unpack_from(">H", hello, 3)[0]:
                hello += conn.recv(4096)
            hellos.append(hello)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        s3 = {"enabled": True, "bucket": "b", "region": "r", "accessKey": "a", "secret": "s", "forcePathStyle": True,
              "endpoint": "https://127.0.0.1:%d" % listener.getsockname()[1]}
        site.admin("PATCH", "/api/settings", {"backups": {"s3": s3}})
        status, _, _ = site.server.request("POST", "/api/settings/test/s3", {"filesystem": "backups"}, site.root)
        thread.join(60)
    site.same("a server that says nothing", status, 400)
    site.same("versions of TLS that are offered", [versions_offered(hello) for hello in hellos], [[0x304, 0x303]])
    site.admin("PATCH", "/api/settings", {"backups": {"s3": {**s3, "enabled": False}}})


def kept_files(site: Site, _: Sink) -> None:
    """A shared cache does not hand protected files on."""
    fields = [{"name": name, "type": "file", "maxSelect": 1, "protected": name == "kept"} for name in ("open", "kept")]
    site.admin("POST", "/api/collections", {"name": "papers", "type": "base", "fields": fields, "viewRule": ""})
    form = "".join("--b\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"a.txt\"\r\n\r\ntext\r\n" % name
                   for name in ("open", "kept")) + "--b--\r\n"
    raw = site.server.request("POST", "/api/collections/papers/records", form,
                              {**site.root, "Content-Type": "multipart/form-data; boundary=b"})[1]
    record = json.loads(raw)
    public = "max-age=2592000, stale-while-revalidate=86400"
    for name, wanted in (("open", public), ("kept", "private, " + public)):
        path = "/api/files/papers/%s/%s" % (record["id"], record[name])
        _, _, whole = site.server.request("GET", path)
        heads = [whole] + [site.server.request("GET", path, None, more)[2] for more in (
            {"Range": "bytes=1-2"}, {"If-Modified-Since": whole["Last-Modified"]})]
        site.same(name, [head["Cache-Control"] for head in heads], [wanted] * 3)
    site.admin("DELETE", "/api/collections/papers")


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
    file_token = site.send("POST", "/api/files/token", token=site.root["Authorization"])[1]["token"]
    for address in ("/api/files/users/x/y.txt?thumb=1x1&token=%s", "/api/files/users/x/y.txt?%%74oken=%s&thumb=1x1",
                    "/api/backups/x.zip?token=%s", "/api/health?&&x&to+ken&token=%s&token="):
        site.server.request("GET", address % file_token)
    site.server.request("GET", "/api/health", None, {"Referer": "http://x/api/files/users/x/y.svg?token=" + file_token})
    site.auth("auth-with-password?mfaId=half-logged", {"identity": "logged@example.com", "password": "other-logged"})
    site.server.request("GET", "/api/oauth2-redirect?state=state-logged&code=code-logged")
    site.server.request("GET", "/api/health", None, {
        "Referer": "http://x/api/oauth2-redirect?state=state-logged&code=code-logged"})
    site.server.request("GET", "/api/health?code=page-logged&state=plain-logged&tokens=too-logged")
    last = "/api/health?last=%d" % time.monotonic_ns()
    site.server.request("GET", last)
    reeve.until("the last entry is written", lambda: entries(site.server.dir, "message = 'GET %s'" % last))
    book = entries(site.server.dir)
    site.check("the logins are in the book", sum("auth-with-password" in entry for entry in book) >= 2)
    for name, secret in (("password", "secret-logged"), ("wrong password", "wrong-logged"),
                         ("new password", "other-logged"), ("confirmation", "differs-logged"), ("token", token),
                         ("token's signature", token.split(".")[2]), ("mailed token", reset), ("code", code),
                         ("file token", file_token), ("id of half a login", "half-logged"),
                         ("code of a provider", "code-logged"), ("state of a provider", "state-logged"),
                         ("secret of S3", "s3-logged"), ("password of SMTP", "smtp-logged")):
        site.same("entries with the " + name, [entry for entry in book if secret in entry], [])
        site.check("lines with the " + name, secret not in site.server.output(site.server.begins))
    for name, part in (("what is left of it", "/api/files/users/x/y.txt?thumb=1x1&token=***"),
                       ("however it is written", "/api/files/users/x/y.txt?%74oken=***&thumb=1x1"),
                       ("half a login", "/auth-with-password?mfaId=***"),
                       ("a provider's answer", "/api/oauth2-redirect?state=***&code=***"),
                       ("what is none", "/api/health?code=***&state=plain-logged&tokens=too-logged")):
        site.check("the book has " + name, any(json.dumps(part)[1:-1] in entry for entry in book))


PARTS = (passwords, codes_of_others, reset_keeps_the_second_factor, keys_of_others, addresses_of_superusers,
         backups_from_elsewhere, networks, names_of_nobody, guesses_by_a_token, guesses_of_others, kept_files,
         outgoing_tls, answers, logs)

LENIENT = """openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = defaults
[defaults]
MinProtocol = TLSv1
CipherString = DEFAULT:@SECLEVEL=0
"""


@contextmanager
def lenient_openssl(path: str) -> Iterator[None]:
    """What is started meanwhile has an OpenSSL that takes what is long out of use, unless it is told better."""
    with open(path, "w", encoding="utf-8") as conf:
        conf.write(LENIENT)
    was = os.environ.get("OPENSSL_CONF")
    os.environ["OPENSSL_CONF"] = path
    try:
        yield
    finally:
        del os.environ["OPENSSL_CONF"]
        if was is not None:
            os.environ["OPENSSL_CONF"] = was


def run(binary: str, base: str, tally: reeve.Tally) -> None:
    with lenient_openssl(base + ".cnf"), reeve.Server(binary, base) as server, Sink() as sink:
        site = Site(server, tally, "security")
        site.mail(enabled=True, host="127.0.0.1", port=sink.port)
        site.options(otp={"enabled": True}, authAlert={"enabled": False})
        for part in PARTS:
            sink.clear()
            part(site, sink)
        site.check("ends cleanly", server.stop(), server.output())
