"""Mails that wait: for a server that is down or slow, over a restart; and those that are given up."""

import os
import signal
import time

import reeve
from sink import SILENT, Sink
from site_of import Site, outbox, settle


def shift(directory):
    """Their time has come."""
    reeve.run_sql(directory, "data", "UPDATE _reeve_mail SET due = 0 WHERE open = 1")


def ask(site, email):
    begun = time.monotonic()
    status, _ = site.auth("request-verification", {"email": email})
    return status, time.monotonic() - begun


def delayed(site, sink):
    """A server that says "later" is asked again, and no request waits for it."""
    sink.at = {"RCPT": "451 later"}
    site.add("a@example.com")
    site.same("is answered", ask(site, "a@example.com")[0], 204)
    reeve.until("it was tried", lambda: any(row[5] == 1 and row[4] > time.time() * 1000
                                            for row in outbox(site.server.dir)))
    site.same("it waits", (len(sink.mails), len(outbox(site.server.dir))), (0, 1))
    reeve.until("the log has it", lambda: "mail.delayed" in site.server.output())


def restarted(site, sink):
    """What waits at a stop is sent after it."""
    site.check("ends cleanly", site.server.stop(), site.server.output())
    shift(site.server.dir)
    sink.at = {}
    site.server.start()
    site.same("is sent after the start", sink.wait(1)[0].to, ["a@example.com"])
    reeve.until("the row is closed", lambda: not outbox(site.server.dir))


def killed(site, sink):
    """Answered, then the power goes: it is sent all the same."""
    sink.clear()
    sink.at = {"CONNECT": SILENT}
    site.add("k@example.com")
    site.same("is answered", ask(site, "k@example.com")[0], 204)
    site.server.kill()
    shift(site.server.dir)
    sink.at = {}
    site.server.start()
    site.same("is sent after the start", sink.wait(1)[0].to, ["k@example.com"])


def given_up(site, sink):
    """What is refused for good is said so, and may be asked for again."""
    sink.clear()
    sink.at = {"RCPT": "550 nobody here"}
    site.add("b@example.com")
    ask(site, "b@example.com")
    reeve.until("it is given up", lambda: "mail.given_up" in site.server.output())
    site.check("the log says why", "nobody here" in site.server.output(), site.server.output())
    reeve.until("the row is gone", lambda: not outbox(site.server.dir))
    sink.at = {}
    ask(site, "b@example.com")
    site.same("not again at once", len(settle(sink)), 0)
    reeve.run_sql(site.server.dir, "data", "UPDATE _reeve_mail SET created = created - 200000")
    ask(site, "b@example.com")
    site.same("then the next is sent", sink.wait(1)[0].to, ["b@example.com"])


def odd_rows(site, sink):
    """Rows that another program has written: each is done with once, and holds up nobody."""
    sink.clear()
    user = site.add("odd@example.com")
    row = ("INSERT INTO _reeve_mail VALUES (%s, 'verification', '_pb_users_auth_', '" + user["id"] +
           "', '', %s, %s, %s, %s, %s, %s);")
    most = str(2 ** 63 - 1)
    reeve.run_sql(site.server.dir, "data", row % ("X'00ff01'", 1, most, 1000, 1, 0, 0) +
                  row % ("X'00ff02'", 1, most, 1000, 0, 0, 0) + row % ("'tries'", most, most, most, 1, 0, most) +
                  row % ("'far'", 1, most, 0, 1, most, 0) + row % ("'text'", "'x'", "'y'", "'z'", 1, "'w'", "'v'"))
    reeve.run_sql(site.server.dir, "data", row % ("'least'", "-" + most, "-" + most, "-" + most, 1, "-" + most,
                                                  "-" + most))
    site.add("kick@example.com")
    ask(site, "kick@example.com")
    reeve.until("all are over", lambda: not outbox(site.server.dir))
    took = site.server.cpu_s()
    time.sleep(1)
    site.check("nothing spins", site.server.cpu_s() - took < 0.5)
    to = sorted(mail.to[0] for mail in sink.mails)
    site.same("each was sent once at most", (to.count("kick@example.com"), to.count("odd@example.com") <= 5),
              (1, True))


def large(site, sink):
    """A mail that grows beyond its bound is given up, not sent without its words."""
    sink.clear()
    site.options(fields=site.admin("GET", "/api/collections/users")["fields"] + [
        {"name": "bio", "type": "text", "max": 2000000}])
    template = site.admin("GET", "/api/collections/users")["verificationTemplate"]
    site.options(verificationTemplate={**template, "body": "{RECORD:bio}" * 200})
    site.add("large@example.com", bio="<" * 1000000)
    before = site.server.rss()
    ask(site, "large@example.com")
    reeve.until("the log says so", lambda: "the mail has more than" in site.server.output())
    site.same("nothing is sent", len(settle(sink)), 0)
    site.check("it takes no memory to speak of", site.server.rss() - before < 100 << 20, site.server.rss() - before)
    site.options(verificationTemplate=template)


def ignored_children(binary, base, tally):
    """Started by somebody who ignores the ends of his children: what sendmail did is known all the same."""
    folder = os.path.join(base, "..", "programs")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "sendmail"), "w", encoding="ascii") as f:
        f.write("#!/bin/sh\ncat > /dev/null\n")
    os.chmod(os.path.join(folder, "sendmail"), 0o755)
    path, before = os.environ["PATH"], signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    os.environ["PATH"] = folder + ":" + path
    try:
        server = reeve.Server(binary, base).start()
    finally:
        signal.signal(signal.SIGCHLD, before)
        os.environ["PATH"] = path
    site = Site(server, tally, "outbox")
    if not os.path.exists("/usr/sbin/sendmail"):
        begun = time.monotonic()
        site.same("by sendmail", site.send("POST", "/api/settings/test/email", {
            "email": "a@example.com", "template": "otp"}, site.root["Authorization"]), (204, None))
        site.check("it was not waited for in vain", time.monotonic() - begun < 25, time.monotonic() - begun)
    site.check("ends cleanly", server.stop(), server.output())


def names(site, sink):
    """Reeve's own tables are nobody's collections, also before they are there."""
    status, answer = site.send("POST", "/api/collections", {"name": "_REEVE_anything", "type": "base"},
                               site.root["Authorization"])
    site.same("a name of ours", (status, answer["data"]["name"]["code"]),
              (400, "validation_collection_name_invalid"))


def code_given_up(site, sink):
    """A code that nobody got is none."""
    site.options(otp={"enabled": True})
    sink.at = {"RCPT": "451 later"}
    site.add("c@example.com")
    status, answer = site.auth("request-otp", {"email": "c@example.com"})
    site.same("is answered", (status, len(answer["otpId"])), (200, 15))
    reeve.until("the code is gone", lambda: not site.rows("_otps"))
    sink.at = {}
    site.same("and not sent later", [mail.to for mail in settle(sink) if mail.to == ["c@example.com"]], [])


def slow(site, sink):
    """A server that takes 10 s a line holds nobody up, and other work goes on; so does the stop."""
    sink.clear()
    sink.at = {command: 10 for command in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY")}
    took = []
    for n in range(8):
        site.add("slow%d@example.com" % n)
        status, seconds = ask(site, "slow%d@example.com" % n)
        took.append(seconds)
        assert status == 204
    site.check("requests are answered", max(took) < 5, took)
    begun = time.monotonic()
    site.check("ends cleanly", site.server.stop(), site.server.output())
    site.check("and soon", time.monotonic() - begun < 15, time.monotonic() - begun)
    site.same("nothing is lost", len(outbox(site.server.dir)), 8)
    shift(site.server.dir)
    sink.at = {}
    site.server.start()
    site.same("all are sent", sorted(mail.to[0] for mail in sink.wait(8)),
              ["slow%d@example.com" % n for n in range(8)])


def run(binary, base, tally):
    ignored_children(binary, base, tally)
    with reeve.Server(binary, base) as server, Sink() as sink:
        site = Site(server, tally, "outbox")
        site.mail(enabled=True, host="127.0.0.1", port=sink.port)
        for part in (delayed, restarted, killed, given_up, odd_rows, large, names, code_given_up, slow):
            part(site, sink)
        site.check("ends cleanly", server.stop(), server.output())
