"""A first start: the link, the page behind it, the first superuser; and his one-time passwords."""

import os
import re
import subprocess

import reeve
from site_of import Site

LINK = re.compile(r"\n(http://127\.0\.0\.1:\d+)/_/#/pbinstall/([\w.-]+)\n")
BODY = {"email": "first@example.com", "password": "first-secret", "passwordConfirm": "first-secret"}


def page(site):
    """What is served below /_/: its own files and no others."""
    for path, kind in (("/_/", "text/html"), ("/_/page.js", "text/javascript"), ("/_/page.css", "text/css")):
        status, body, headers = site.server.request("GET", path)
        site.check("GET " + path, status == 200 and len(body) > 100 and headers["content-type"].startswith(kind)
                   and "frame-ancestors 'none'" in headers["content-security-policy"], (status, headers))
        site.check("it is kept, but for the page: " + path, ("cache-control" in headers) == (path != "/_/"))
        for name in re.findall(rb'"([\w.]+\?v=\w+)"', body) if path == "/_/" else ():
            site.same("the page's " + name.decode(), site.server.request("GET", "/_/" + name.decode())[0], 200)
    status, body, headers = site.server.request("HEAD", "/_/")
    site.same("HEAD", (status, body), (200, b""))
    for path in ("/_/nothing", "/_/../data.db", "/_/%2e%2e/data.db", "/_/page.js/", "/_/page.js%00"):
        site.check("no file " + path, site.server.request("GET", path)[0] in (307, 404))
    site.same("without its slash", (site.server.request("GET", "/_")[0]), 307)


def first(site, link):
    """The link makes one superuser, and is good for nothing once there is one."""
    status, made = site.send("POST", "/api/collections/_superusers/records", BODY, link)
    site.same("is made", (status, made["email"], made["verified"]), (200, "first@example.com", True))
    site.same("no other", site.send("POST", "/api/collections/_superusers/records",
                                    {**BODY, "email": "second@example.com"}, link)[0], 403)
    status, answer = site.auth("auth-with-password", {"identity": BODY["email"], "password": BODY["password"]},
                               "_superusers")
    site.same("signs in", status, 200)
    site.root = {"Authorization": answer["token"]}
    site.same("he is alone", [row["email"] for row in site.rows("_superusers")], ["first@example.com"])


def command(site, *words):
    done = subprocess.run([site.server.binary, "superuser", *words, "--dir", site.server.dir], timeout=60,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def codes(site):
    """superuser otp: told on the terminal, good for one login, where a second factor is asked for, too."""
    site.check("off", "OTP auth is not enabled for the _superusers collection" in
               command(site, "otp", "first@example.com")[1])
    site.options("_superusers", otp={"enabled": True}, mfa={"enabled": True})
    site.check("no address", "invalid or missing email address" in command(site, "otp")[1])
    site.check("nobody", "superuser with email \"x@example.com\" doesn't exist" in
               command(site, "otp", "x@example.com")[1])
    code, text = command(site, "otp", "first@example.com")
    found = re.fullmatch('Successfully created OTP for superuser "first@example.com":\n├─ Id:    (\\w{15})\n'
                         "├─ Pass:  (\\d{8})\n└─ Valid: 180s\n\n", text)
    if not site.check("a code", code == 0 and found, text):
        return
    body = {"otpId": found[1], "password": found[2]}
    status, answer = site.auth("auth-with-otp", body, "_superusers")
    site.same("the first half", (status, list(answer)), (401, ["mfaId"]))
    site.same("the code is used up", site.auth("auth-with-otp", body, "_superusers")[0], 400)
    status, answer = site.auth("auth-with-password", {"identity": BODY["email"], "password": BODY["password"],
                                                      "mfaId": answer["mfaId"]}, "_superusers")
    site.same("and in", status, 200)


def run(binary, base, tally):
    directory = os.path.join(os.path.dirname(base), "empty")
    with reeve.Server(binary, directory) as server:
        found = reeve.until("the link is printed", lambda: LINK.search(server.output()))
        link = found[2]
        site = Site.__new__(Site)  # there is nobody yet whose token it could make
        site.server, site.tally, site.part, site.root = server, tally, "first start", {}
        site.same("where", found[1], "http://127.0.0.1:%d" % server.port)
        page(site)
        site.check("ends cleanly", server.stop(), server.output())
        server.start()
        link = reeve.until("the link is printed again", lambda: LINK.search(server.output(server.begins)))[2]
        first(site, link)
        codes(site)
        site.check("ends cleanly", server.stop(), server.output())
        server.start()
        site.check("no link any more", "pbinstall" not in server.output(server.begins))
        site.check("ends cleanly", server.stop(), server.output())
