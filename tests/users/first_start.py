"""A first start: the link, the page behind it, the first superuser; and his one-time passwords."""

import gzip
import os
import re
import subprocess

import reeve
from site_of import Site

LINK = re.compile(r"\n(http://127\.0\.0\.1:\d+)/_/#/pbinstall/([\w.-]+)\n")
BODY = {"email": "first@example.com", "password": "first-secret", "passwordConfirm": "first-secret"}


def page(site):
    """What is served below /_/: its own files and no others."""
    status, body, headers = site.server.request("GET", "/_/")
    names = sorted(set(re.findall(r'(?:href|src|content)="([\w-]+\.(?:js|css|svg|woff2))"', body.decode())))
    site.check("the page names its files", {name.split(".")[-1] for name in names} == {"js", "css", "svg", "woff2"}, names)
    for name in ["", *names]:
        whole(site, "/_/" + name)
    status, body, headers = site.server.request("HEAD", "/_/")
    site.same("HEAD", (status, body), (200, b""))
    for path in ("/_/nothing", "/_/../data.db", "/_/%2e%2e/data.db", "/_/index.html/", "/_/index.html%00", "/_/Index.html"):
        site.check("no file " + path, site.server.request("GET", path)[0] in (307, 404))
    frame(site)
    site.same("without its slash", (site.server.request("GET", "/_")[0]), 307)
    status, body, headers = site.server.request("GET", "/_/extensions.js")
    site.same("extensions", (status, body, headers["content-type"]), (200, b"", "text/javascript"))


def frame(site):
    """What others have written is shown in it: no script runs there, and it stands in no page of others."""
    status, body, headers = site.server.request("GET", "/_/frame.html")
    policy = headers["content-security-policy"]
    site.check("the frame", status == 200 and b"<script" not in body and "default-src 'none'" in policy
               and "script-src 'none'" in policy and "frame-ancestors 'self'" in policy, (status, policy))


def whole(site, path):
    """A file in each coding, told by its tag, kept by its name."""
    status, plain, headers = site.server.request("GET", path)
    is_font = path.endswith(".woff2")
    site.check("GET " + path, status == 200 and len(plain) > 100 and "content-encoding" not in headers
               and "frame-ancestors 'none'" in headers["content-security-policy"]
               and "'unsafe" not in headers["content-security-policy"] and headers["referrer-policy"] == "no-referrer", (status, headers))
    site.same("is kept " + path, headers["cache-control"], "no-cache" if path == "/_/" else "public, max-age=31536000, immutable")
    status, body, known = site.server.request("GET", path, headers={"Accept-Encoding": "gzip"})
    site.same("gzip " + path, (known.get("content-encoding"), "Accept-Encoding" in known.get_all("vary", [])), (None, False) if is_font else ("gzip", True))
    site.check("is the same " + path, (body if is_font else gzip.decompress(body)) == plain)
    for accepted, coding in (("gzip, deflate, br", "br"), ("gzip;q=1, br;q=0.5", "gzip"), ("br;q=0, identity", None), ("*", "br"), ("deflate", None)):
        got = site.server.request("GET", path, headers={"Accept-Encoding": accepted})[2]
        site.same(path + " for " + accepted, got.get("content-encoding"), None if is_font else coding)
    for tag, status in ((headers["etag"], 304), (headers["etag"][2:], 304), ('"other"', 200), ("*", 304)):
        got, body, _ = site.server.request("GET", path, headers={"If-None-Match": tag})
        site.same(path + " known as " + tag, (got, body == b""), (status, status == 304))


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
