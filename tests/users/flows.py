"""The ways of a user, from signing up to another address."""

import concurrent.futures
import re
import threading

import reeve
from sink import Sink
from site_of import Site, link, settle

PASSWORD = "secret-one"


def login(site, identity, password=PASSWORD, **headers):
    return site.auth("auth-with-password", {"identity": identity, "password": password}, **headers)


# --- signing up ---------------------------------------------------------------------------------------


def verification(site, sink):
    """A mail, its link, and what both are good for."""
    status, ada = site.send("POST", "/api/collections/users/records", {
        "email": "ada@example.com", "password": PASSWORD, "passwordConfirm": PASSWORD, "name": "Ada <b>"})
    site.same("signs up", (status, ada["verified"]), (200, False))
    site.same("asks for verification", site.auth("request-verification", {"email": "ada@example.com"}),
              (204, None))
    (mail,) = sink.wait(1)
    page, token = link(mail)
    site.same("the mail", (mail.to, mail.sender, page),
              (["ada@example.com"], "support@example.com", "confirm-verification"))
    site.check("the mail names the application", "Acme" in mail.subject and "{" not in mail.text, mail.text)
    site.same("asked again soon", site.auth("request-verification", {"email": "ada@example.com"}), (204, None))
    site.same("one mail is enough", len(settle(sink)), 1)
    site.same("another collection's link", site.auth("confirm-verification", {"token": token}, "clients")[1]
              ["data"]["token"]["code"], "validation_token_collection_mismatch")
    site.same("as a password reset", site.auth("confirm-password-reset", {
        "token": token, "password": "x" * 8, "passwordConfirm": "x" * 8})[1]["data"]["token"]["code"],
        "validation_invalid_token")
    site.same("as a login", site.auth("auth-refresh", None, token=token)[0], 401)
    site.same("follows the link", site.auth("confirm-verification", {"token": token}), (204, None))
    site.same("follows it again", site.auth("confirm-verification", {"token": token}), (204, None))
    status, answer = login(site, "ada@example.com")
    site.same("is verified", (status, answer["record"]["verified"]), (200, True))
    sink.clear()
    site.auth("request-verification", {"email": "ada@example.com"})
    site.same("needs no more mails", len(settle(sink)), 0)


def reset(site, sink):
    """Once for each token, and everything else is signed out."""
    site.add("bob@example.com")
    token = login(site, "bob@example.com")[1]["token"]
    site.same("asks", site.auth("request-password-reset", {"email": "bob@example.com"}), (204, None))
    (mail,) = sink.wait(1)
    page, secret = link(mail)
    site.same("the mail", (mail.to, page), (["bob@example.com"], "confirm-password-reset"))
    body = {"token": secret, "password": "secret-two", "passwordConfirm": "secret-two"}
    site.same("passwords that differ", site.auth("confirm-password-reset", {**body, "passwordConfirm": "y"})
              [1]["data"]["passwordConfirm"]["code"], "validation_values_mismatch")
    site.same("a short one", site.auth("confirm-password-reset", {
        **body, "password": "x", "passwordConfirm": "x"})[1]["data"]["password"]["code"],
        "validation_length_out_of_range")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: site.auth("confirm-password-reset", {
            **body, "password": "secret-%03d" % n, "passwordConfirm": "secret-%03d" % n})[0], range(8)))
    site.same("of eight at once one has its way", sorted(answers), [204] + [400] * 7)
    site.same("the old password", login(site, "bob@example.com")[0], 400)
    n = answers.index(204)
    status, answer = login(site, "bob@example.com", "secret-%03d" % n)
    site.same("the new one", (status, answer["record"]["verified"]), (200, True))
    site.same("the old token", site.auth("auth-refresh", None, token=token)[0], 401)
    sink.clear()
    site.auth("request-password-reset", {"email": "bob@example.com"})
    site.same("after a confirm he may ask again", len(sink.wait(1)), 1)


# --- codes --------------------------------------------------------------------------------------------


def code_of(mail):
    return re.search(r"\b(\d{8})\b", mail.text)[1]


def ask_code(site, sink, email):
    sink.clear()
    status, answer = site.auth("request-otp", {"email": email})
    assert status == 200, answer
    (mail,) = sink.wait(1)
    return answer["otpId"], code_of(mail)


def codes(site, sink):
    """Good for one login; proves the address, so whoever else has set the password is out."""
    site.same("off at first", site.auth("request-otp", {"email": "x@example.com"})[0], 403)
    site.options(otp={"enabled": True})
    site.add("cid@example.com")
    ident, code = ask_code(site, sink, "cid@example.com")
    reeve.until("the code knows where it was sent", lambda: site.rows("_otps")[0]["sentTo"])
    site.same("the wrong code", site.auth("auth-with-otp", {"otpId": ident, "password": "12345678"})[0], 400)
    site.same("no such id", site.auth("auth-with-otp", {"otpId": "x" * 15, "password": code}),
              (400, {"data": {}, "message": "Invalid or expired OTP.", "status": 400}))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: site.auth("auth-with-otp", {"otpId": ident, "password": code}),
                                range(4)))
    good = [answer for status, answer in answers if status == 200]
    site.same("of four at once one is in", len(good), 1)
    site.same("is verified by it", good[0]["record"]["verified"], True)
    site.same("his token is good", site.auth("auth-refresh", None, token=good[0]["token"])[0], 200)
    site.same("whose password nobody proved", login(site, "cid@example.com")[0], 400)
    site.same("the code is used up", site.rows("_otps"), [])


def attempts(site, sink):
    """Five for each record and address in three minutes, whichever code they are about."""
    site.add("dora@example.com", verified=True)
    ident, code = ask_code(site, sink, "dora@example.com")
    answers = [site.auth("auth-with-otp", {"otpId": ident, "password": "12345678"})[0] for _ in range(5)]
    site.same("five are looked at", answers, [400] * 5)
    site.same("the next is not", site.auth("auth-with-otp", {"otpId": ident, "password": code}),
              (429, {"data": {}, "message": "Too many attempts, please try again later with a new OTP.",
                     "status": 429}))
    other, code = ask_code(site, sink, "dora@example.com")
    site.same("nor one with a new code", site.auth("auth-with-otp", {"otpId": other, "password": code})[0], 429)
    site.admin("PATCH", "/api/settings", {})
    site.same("saved settings clear them", site.auth("auth-with-otp", {"otpId": other, "password": code})[0], 200)


def many_codes(site, sink):
    """Ten are enough: then the newest one's id is told."""
    site.add("eve@example.com")
    sink.clear()
    idents = [site.auth("request-otp", {"email": "eve@example.com"})[1]["otpId"] for _ in range(12)]
    site.same("ten ids", (len(set(idents)), idents[9], idents[10]), (10, idents[11], idents[11]))
    site.same("ten mails", len(sink.wait(10)) + len(settle(sink, 0.2)), 20)


def second_factor(site, sink):
    """Two methods in any order, one session for one login."""
    site.add("fay@example.com", verified=True)
    site.options(mfa={"enabled": True})
    status, answer = login(site, "fay@example.com")
    site.same("the first answer", (status, list(answer)), (401, ["mfaId"]))
    mfa = answer["mfaId"]
    site.same("the same method", site.auth("auth-with-password", {
        "identity": "fay@example.com", "password": PASSWORD, "mfaId": mfa})[1]["message"],
        "A different authentication method is required.")
    ident, code = ask_code(site, sink, "fay@example.com")
    status, answer = site.auth("auth-with-otp?mfaId=" + mfa, {"otpId": ident, "password": code})
    site.same("both", (status, answer.get("record", {}).get("email")), (200, "fay@example.com"))
    ident, code = ask_code(site, sink, "fay@example.com")
    site.same("the session is over", site.auth("auth-with-otp", {
        "otpId": ident, "password": code, "mfaId": mfa})[1]["message"], "Invalid or expired MFA session.")
    ident, code = ask_code(site, sink, "fay@example.com")
    status, answer = site.auth("auth-with-otp", {"otpId": ident, "password": code})
    site.same("the other way round", status, 401)
    status, answer = site.auth("auth-with-password", {
        "identity": "fay@example.com", "password": PASSWORD, "mfaId": answer["mfaId"]})
    site.same("and in", status, 200)
    site.options(mfa={"enabled": False})


def changing_schema(site, sink):
    """A login by code goes on under a schema that changes: no code is used up for nothing."""
    over = threading.Event()

    def change():
        n = 0
        while not over.wait(0.05):
            n += 1
            site.options("clients", authToken={"duration": 100000 + n})

    site.options(mfa={"enabled": False})
    site.add("ida@example.com", verified=True)
    said = []
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        changing = pool.submit(change)
        try:
            for _ in range(12):
                ident, code = ask_code(site, sink, "ida@example.com")
                site.admin("PATCH", "/api/settings", {})  # attempts are not what this is about
                for _ in range(20):
                    status, answer = site.auth("auth-with-otp", {"otpId": ident, "password": code})
                    if status != 503:
                        break
                said.append(status)
        finally:
            over.set()
        changing.result()
    site.same("each code is good for a login", said, [200] * 12)


# --- where from ---------------------------------------------------------------------------------------


def alerts(site, sink):
    """Not of the first login, and not twice of the same place; one that was not sent leaves it unknown."""
    site.add("gil@example.com")
    sink.clear()

    def come(agent):
        status, _ = login(site, "gil@example.com", **{"User-Agent": agent})
        assert status == 200
        return len(sink.mails)

    site.same("first, again", [come("one"), come("one")], [0, 0])
    site.same("elsewhere, again", [come("two <i>"), come("two <i>")], [1, 1])
    mail = sink.mails[0]
    site.check("the mail", mail.to == ["gil@example.com"] and "127.0.0.1 two &lt;i&gt;" in mail.html, mail.html)
    sink.at = {"RCPT": "451 later"}
    site.same("not sent", come("three"), 1)
    sink.at = {}
    site.same("so sent the next time", come("three"), 2)
    site.options(authAlert={"enabled": False})
    site.same("off", come("four"), 2)
    site.options(authAlert={"enabled": True})


def address(site, sink):
    """The mail goes to the new address; the password is asked for, and everybody is signed out."""
    site.add("hal@example.com")
    site.add("taken@example.com")
    token = login(site, "hal@example.com")[1]["token"]
    sink.clear()
    ask = {"newEmail": "new@example.com"}
    site.same("a guest", site.auth("request-email-change", ask)[0], 401)
    site.same("taken", site.auth("request-email-change", {"newEmail": "taken@example.com"}, token=token)[1]
              ["data"]["newEmail"]["code"], "validation_invalid_new_email")
    site.same("his own", site.auth("request-email-change", {"newEmail": "hal@example.com"}, token=token)[1]
              ["data"]["newEmail"]["code"], "validation_not_in_invalid")
    sink.at = {"MAIL": "550 no"}
    site.same("a mail that is refused", site.auth("request-email-change", ask, token=token),
              (400, {"data": {}, "message": "Failed to request email change.", "status": 400}))
    sink.at = {}
    site.same("asks", site.auth("request-email-change", ask, token=token), (204, None))
    (mail,) = sink.wait(1)
    page, secret = link(mail)
    site.same("the mail", (mail.to, page), (["new@example.com"], "confirm-email-change"))
    body = {"token": secret, "password": PASSWORD}
    site.same("the wrong password", site.auth("confirm-email-change", {**body, "password": "nope"})[1]["data"],
              {"password": {"code": "validation_invalid_password",
                            "message": "Missing or invalid auth record password."}})
    site.same("confirms", site.auth("confirm-email-change", body), (204, None))
    site.same("once", site.auth("confirm-email-change", body)[1]["data"]["token"]["code"],
              "validation_invalid_token")
    site.same("is signed out", site.auth("auth-refresh", None, token=token)[0], 401)
    status, answer = login(site, "new@example.com")
    site.same("signs in", (status, answer["record"]["verified"]), (200, True))


def test_mails(site, sink):
    """POST /api/settings/test/email: each template, and what is wrong."""
    sink.clear()
    for n, name in enumerate(("verification", "password-reset", "email-change", "otp", "login-alert")):
        site.admin("POST", "/api/settings/test/email", {"email": "t@example.com", "template": name,
                                                        "collection": "users"})
        site.same("test mail " + name, (len(sink.wait(n + 1)), sink.mails[n].to), (n + 1, ["t@example.com"]))
    site.check("their placeholders", "123456" in sink.mails[3].html and
               "TEST_IP TEST_USER_AGENT" in sink.mails[4].html, sink.mails[4].html)
    sink.at = {"RCPT": "550 nobody here"}
    status, raw, _ = site.server.request("POST", "/api/settings/test/email", {
        "email": "t@example.com", "template": "otp"}, site.root)
    site.check("what the server said", status == 400 and b"nobody here" in raw, raw)
    sink.at = {}


def run(binary, base, tally):
    with reeve.Server(binary, base) as server, Sink() as sink:
        site = Site(server, tally, "flows")
        site.mail(enabled=True, host="127.0.0.1", port=sink.port)
        site.admin("POST", "/api/collections", {"name": "clients", "type": "auth"})
        for part in (verification, reset, codes, attempts, many_codes, second_factor, changing_schema, alerts, address,
                     test_mails):
            sink.clear()
            part(site, sink)
        site.check("ends cleanly", server.stop(), server.output())
