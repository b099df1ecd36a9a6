"""What is said to somebody who is nobody, and what it costs: as much as for somebody who is."""

import json
import time

import reeve
from sink import Sink
from site_of import Site, outbox

# of each request: the body for an address or id, and what is answered to both alike
ASKED = {
    "request-verification": lambda email: {"email": email},
    "request-password-reset": lambda email: {"email": email},
    "request-otp": lambda email: {"email": email},
    "auth-with-password": lambda email: {"identity": email, "password": "wrong-password"},
}


def count(directory, table):
    try:
        return reeve.query(directory, "SELECT COUNT(*) FROM " + table)[0][0]
    except Exception:  # no such table yet
        return 0


def rows(directory):
    """That a request has written: mails, and what stands for them."""
    return count(directory, "_reeve_mail") + count(directory, "_otps")


def answers(site, sink):
    """Words are the same; so are the rows that are written, and when there are none."""
    sink.at = {"CONNECT": 600}  # what is claimed stays where it is
    site.add("known@example.com")
    for what, body in ASKED.items():
        said, written = [], []
        for email in ("known@example.com", "unknown@example.com"):
            for _ in range(2):
                before = rows(site.server.dir)
                status, answer = site.auth(what, body(email))
                said.append((status, sorted(answer or {}), (answer or {}).get("message")))
                written.append(rows(site.server.dir) - before)
        site.same(what + " says the same", said[:2], said[2:])
        site.same(what + " writes the same", written[:2], written[2:])


def repeated_codes(site, sink):
    """Ten codes, then the newest once more: for nobody as for somebody."""
    for email in ("ten@example.com", "noten@example.com"):
        if email == "ten@example.com":
            site.add(email)
        idents = [site.auth("request-otp", {"email": email})[1]["otpId"] for _ in range(12)]
        site.same("ids for " + email, (len(set(idents)), idents[9] == idents[10] == idents[11]), (10, True))


def tried_codes(site, sink):
    """An id that stands for nobody is tried like a code: so many times, each as long as a hash takes."""
    said = {}
    site.add("tried@example.com")
    for email in ("tried@example.com", "nottried@example.com"):
        ident = site.auth("request-otp", {"email": email})[1]["otpId"]
        before = site.server.cpu_s()
        tries = [site.auth("auth-with-otp", {"otpId": ident, "password": "00000000"}) for _ in range(7)]
        said[email] = [(status, answer["message"]) for status, answer in tries]
        said[email + " took"] = site.server.cpu_s() - before
    site.same("the same is said", said["tried@example.com"], said["nottried@example.com"])
    site.same("five are looked at", [status for status, _ in said["tried@example.com"]], [400] * 5 + [429] * 2)
    site.check("hashes are compared", said["nottried@example.com took"] > said["tried@example.com took"] / 3, said)


def refused_codes(site, sink):
    """Nor does it tell when mails are refused, or addresses compared without their case."""
    indexes = site.admin("GET", "/api/collections/users")["indexes"]
    site.options(indexes=[i.replace("(`email`)", "(`email` COLLATE NOCASE)") for i in indexes])
    sink.at = {"RCPT": "550 nobody here"}
    site.add("refused@example.com")
    for who in ("refused", "notrefused"):
        idents = []
        for n in range(12):
            idents.append(site.auth("request-otp", {"email": who + "@example.com" if n % 2 else
                                                    who.upper() + "@example.com"})[1]["otpId"])
            if n == 5:
                reeve.until("no code is left", lambda: not outbox(site.server.dir))
        site.same("ids for " + who, (len(set(idents)), idents[9] == idents[10] == idents[11]), (10, True))
    site.options(indexes=indexes)


def costs(site, sink):
    """CPU time, where hashes are: one for each."""
    for what in ("auth-with-password", "request-otp"):
        used = {}
        for who in ("somebody", "nobody"):
            emails = ["%s-%s%d@example.com" % (who, what, n) for n in range(6)]
            for email in emails if who == "somebody" else ():
                site.add(email)
            before = site.server.cpu_s()
            for email in emails:
                site.auth(what, ASKED[what](email))
            used[who] = site.server.cpu_s() - before
        site.check("%s costs the same" % what, 0.5 < used["somebody"] / max(used["nobody"], 0.01) < 2, used)


def slowed(site, sink):
    """Where the settings say so: wrong passwords are answered later and later, right ones at once."""
    def seconds(identity, password):
        begun = time.monotonic()
        status, _ = site.auth("auth-with-password", {"identity": identity, "password": password})
        return status, time.monotonic() - begun

    site.add("slow@example.com")
    site.admin("PATCH", "/api/reeve/settings", {"passwords": {"slow": True}})
    for who in ("slow@example.com", "nobody-slow@example.com"):
        took = [seconds(who, "wrong-password") for _ in range(11)]
        site.same("none is refused for " + who, {status for status, _ in took}, {400})
        site.check("they are slowed for " + who, min(s for _, s in took[5:10]) >= 0.5 and took[10][1] >= 1, took)
    status, right = seconds("slow@example.com", "secret-one")
    site.check("the right one is not", status == 200 and right < took[10][1], (status, right))
    site.admin("PATCH", "/api/reeve/settings", {"passwords": {"slow": False}})
    site.check("off again", seconds("slow@example.com", "wrong-password")[1] < 1)


def tokens(site, sink):
    """Whatever is wrong with a token, it is good for nothing, and no more is said."""
    claims, secret = reeve.token_parts(site.server.dir, "root")
    none = reeve.b64(b'{"alg":"none","typ":"JWT"}') + "." + reeve.b64(json.dumps(claims).encode()) + "."
    bad = {
        "alg none": none,
        "alg none, signed": reeve.sign(claims, secret, {"alg": "none"}),
        "alg HS512": reeve.sign(claims, secret, {"alg": "HS512", "typ": "JWT"}),
        "another secret": reeve.sign(claims, secret + "x"),
        "another type": reeve.sign({**claims, "type": "file"}, secret),
        "issued later": reeve.sign({**claims, "iat": int(time.time()) + 3600}, secret),
        "not yet": reeve.sign({**claims, "nbf": int(time.time()) + 3600}, secret),
        "no more": reeve.sign({**claims, "exp": int(time.time()) - 1}, secret),
        "another record": reeve.sign({**claims, "id": "x" * 15}, secret),
        "no record": reeve.sign({k: v for k, v in claims.items() if k != "id"}, secret),
        "100 kB of claims": reeve.sign({**claims, **{"c%d" % n: "x" * 90 for n in range(1000)}}, "wrong"),
    }
    for name, token in bad.items():
        site.same(name, site.send("GET", "/api/collections", token=token)[0], 401)
    mailed = reeve.sign({"type": "verification", "email": "a@example.com"}, "x")
    for name, token, code in (("no such token", mailed, "validation_invalid_token"),
                              ("a broken head", " " + mailed, "validation_invalid_token_claims"),
                              ("no address", none, "validation_invalid_token_claims")):
        site.same(name, site.auth("confirm-verification", {"token": token})[1]["data"]["token"]["code"], code)


def run(binary, base, tally):
    with reeve.Server(binary, base) as server, Sink() as sink:
        site = Site(server, tally, "silence")
        site.mail(enabled=True, host="127.0.0.1", port=sink.port)
        site.options(otp={"enabled": True})
        for part in (answers, repeated_codes, tried_codes, costs, slowed, tokens, refused_codes):
            part(site, sink)
        sink.at = {}
        site.check("ends cleanly", server.stop(), server.output())
