#!/usr/bin/env python3
"""run.py MAIL_SEND

mail_send() against a real mail server (sink.py) and against programs that pretend to be sendmail:
what arrives, what is refused and how that is told, and that no server and no program can hold it.
"""

import concurrent.futures
import email
import email.header
import email.policy
import email.utils
import inspect
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from sink import HANG_UP, SILENT, Sink  # noqa: E402

PASSWORD = "pässwörd €1"
LOGIN = ("jörg", PASSWORD)
LIMIT_S = 40  # of each mail_send: an end is what it is about


def send(body="<p>Hello</p>", trust=True, env=None, **options):
    """What it prints, and how long it took. Options: those of mail_send.c; a list for several."""
    words = {"from": "app@example.com", "to": "bob@example.com", "subject": "Subject"}
    words.update((name.rstrip("_"), value) for name, value in options.items())
    arguments = ["%s=%s" % (name, value) for name, values in words.items() if values is not None
                 for value in (values if isinstance(values, list) else [values])]
    given = dict(os.environ, **(env or {}))
    given.pop("SSL_CERT_FILE", None)
    if trust:
        given["SSL_CERT_FILE"] = Sink.ca()
    began = time.monotonic()
    done = subprocess.run([PROGRAM] + arguments, input=body.encode(), env=given, timeout=LIMIT_S,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = done.stdout.decode().strip()
    if done.returncode or done.stderr:
        said += " (exit status %d) %s" % (done.returncode, done.stderr.decode())
    return said, time.monotonic() - began


def to(sink, host="127.0.0.1", **options):
    return dict(options, host=host, port=sink.port, tls=int(sink.tls == "implicit"))


def is_sent(result):
    assert result[0] == "sent", result


def fails(result, kind, *words):
    assert result[0].startswith(kind + " "), result
    for word in words:
        assert word in result[0], (word, result)
    assert PASSWORD not in result[0], result


# --- the ways ---------------------------------------------------------------------------------------


def plain():
    with Sink() as sink:
        is_sent(send(**to(sink)))
        mail, = sink.wait()
        assert mail.sender == "app@example.com" and mail.to == ["bob@example.com"], mail
        assert mail.subject == "Subject" and mail.text.strip() == "Hello", mail
        assert mail.html.strip() == "<p>Hello</p>" and not mail.tls, mail
        assert sink.commands[0][:2] == ("EHLO", "localhost"), sink.commands


def local_name():
    with Sink() as sink:
        is_sent(send(**to(sink, local="app.example.com")))
        assert sink.commands[0][:2] == ("EHLO", "app.example.com"), sink.commands


def by_names_and_addresses():
    for tls in ("none", "implicit"):
        with Sink(tls=tls) as sink:
            is_sent(send(**to(sink, host="localhost")))
        with Sink(tls=tls, address="::1") as sink:
            is_sent(send(**to(sink, host="::1")))


def encrypted():
    for tls in ("starttls", "implicit"):
        with Sink(tls=tls, login=LOGIN) as sink:
            is_sent(send(**to(sink, user=LOGIN[0], password=PASSWORD)))
            mail, = sink.wait()
            assert mail.tls and mail.login == LOGIN[0], (tls, mail)
            assert all(login.tls for login in sink.logins), sink.logins
            assert all(by_tls for name, _, by_tls in sink.commands if name != "EHLO"), sink.commands


def untrusted_certificate():
    for tls in ("starttls", "implicit"):
        with Sink(tls=tls, login=LOGIN) as sink:
            for login in ({}, {"user": LOGIN[0], "password": PASSWORD}):
                fails(send(trust=False, **to(sink, **login)), "E_UNAVAILABLE", "certificate")
            assert not sink.mails and not sink.logins, (sink.mails, sink.logins)


def certificate_of_another_name():
    for tls in ("starttls", "implicit"):
        with Sink(tls=tls, address="127.0.0.2") as sink:
            fails(send(**to(sink, host="127.0.0.2")), "E_UNAVAILABLE", "127.0.0.2")
            assert not sink.mails


# --- logins -----------------------------------------------------------------------------------------


def both_methods():
    for method in (None, "PLAIN", "LOGIN"):
        with Sink(login=LOGIN) as sink:
            is_sent(send(**to(sink, user=LOGIN[0], password=PASSWORD, method=method)))
            assert [login.method for login in sink.logins] == [method or "PLAIN"], sink.logins


def long_passwords():
    login = ("u" * 200, "p" * 900)
    for method in ("PLAIN", "LOGIN"):
        with Sink(login=login) as sink:
            said, _ = send(**to(sink, user=login[0], password=login[1], method=method))
            # The server's own bound for a line is 512 bytes.
            assert said == "sent" or said.startswith("E_BAD_REQUEST"), said


def wrong_password():
    for tls in ("none", "starttls", "implicit"):
        for method in ("PLAIN", "LOGIN"):
            with Sink(tls=tls, login=LOGIN) as sink:
                fails(send(**to(sink, user=LOGIN[0], password="nonesuch", method=method)),
                      "E_BAD_REQUEST", "535", "credentials invalid")
                assert not sink.mails


def login_is_missing():
    with Sink(login=LOGIN) as sink:
        fails(send(**to(sink)), "E_BAD_REQUEST", "530", "Authentication required")


def login_is_not_offered():
    for offered, method in (("PLAIN", "LOGIN"), ("LOGIN", "PLAIN")):
        with Sink(login=LOGIN, methods=(offered,)) as sink:
            fails(send(**to(sink, user=LOGIN[0], password=PASSWORD, method=method)),
                  "E_BAD_REQUEST", "way to log in")
            assert not sink.logins and not sink.mails


def login_may_work_later():
    with Sink(login=LOGIN, at={"AUTH": "454 4.7.0 try again"}) as sink:
        fails(send(**to(sink, user=LOGIN[0], password=PASSWORD)), "E_UNAVAILABLE", "try again")


def no_password_in_clear():
    """A foreign host that offers logins without TLS is told no name and no password."""
    for method in ("PLAIN", "LOGIN"):
        with Sink(login=LOGIN, address="127.0.0.2") as sink:
            fails(send(**to(sink, host="127.0.0.2", user=LOGIN[0], password=PASSWORD, method=method)),
                  "E_BAD_REQUEST", "TLS")
            assert not sink.logins and {name for name, _, _ in sink.commands} <= {"EHLO", "QUIT"}, \
                sink.commands
            sink.login = None
            is_sent(send(**to(sink, host="127.0.0.2")))  # without a password it may


def no_password_by_a_lie():
    """Answers sent ahead of TLS, by whoever is in between, do not count."""
    said = []

    def serve(listener):
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(5)
            connection.sendall(b"220 x\r\n")
            try:
                while True:
                    got = connection.recv(4096)
                    said.append(got)
                    if not got or got.startswith(b"\x16"):
                        break
                    connection.sendall(b"250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n" if got[:4] == b"EHLO" else
                                       b"220 go\r\n250-x\r\n250 AUTH PLAIN\r\n235 in\r\n" if got[:8] == b"STARTTLS"
                                       else b"250 x\r\n")
            except OSError:
                pass

    with socket.create_server(("127.0.0.2", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        fails(send(host="127.0.0.2", port=listener.getsockname()[1], user="user", password=PASSWORD),
              "E_UNAVAILABLE")
        thread.join(10)
    assert not any(b"AUTH" in piece for piece in said), said


# --- what arrives -----------------------------------------------------------------------------------


def several_recipients():
    with Sink() as sink:
        everybody = ["bob@example.com", "ada@example.org", "eve@example.net"]
        is_sent(send(**to(sink, to=everybody)))
        mail, = sink.wait()
        assert mail.to == everybody, mail.to
        assert [a.addr_spec for a in mail.headers["To"].addresses] == everybody, mail.headers["To"]


def one_recipient_is_refused():
    with Sink(refused={"eve@example.net": "550 5.1.1 no such user"}) as sink:
        fails(send(**to(sink, to=["bob@example.com", "eve@example.net"])), "E_BAD_REQUEST", "no such user")
        assert not sink.mails


def sender(raw):
    """Name and address of From. (The newer parser of Python puts blanks between encoded words there.)"""
    name, address = email.utils.parseaddr(email.message_from_bytes(raw)["From"])
    return str(email.header.make_header(email.header.decode_header(name))), address


def other_letters():
    names = ["Jörg Müller", "日本語" * 30, 'A "quoted" \\ name', "a, b", "Ada (x) <y@z>", "=?UTF-8?Q?x?=",
             "😀" * 60, "x" * 300, "a b " * 60 + "."]
    for name in names:
        with Sink() as sink:
            is_sent(send("<p>é 日本 😀</p>", **to(sink, name=name, subject=name)))
            mail, = sink.wait()
            assert mail.subject == name, (name, mail.subject)
            assert sender(mail.raw) == (name, "app@example.com"), (name, mail.raw)
            assert mail.html.strip() == "<p>é 日本 😀</p>" and mail.text.strip() == "é 日本 😀", mail
            mail.raw.decode("ascii")
            assert max(map(len, mail.raw.split(b"\r\n"))) <= 78, mail.raw
            assert b"\n" not in mail.raw.replace(b"\r\n", b"") and b"\r" not in mail.raw.replace(b"\r\n", b"")


def addresses_with_other_letters():
    cases = [{"to": "jörg@example.com"}, {"to": "bob@exämple.com"}, {"from_": "jörg@example.com"},
             {"to": ["ada@example.com", "jörg@example.com"]}]
    for case in cases:
        with Sink() as sink:
            is_sent(send(**to(sink, **case)))
            mail, = sink.wait()
            wanted = case.get("to", "bob@example.com")
            wanted = wanted if isinstance(wanted, list) else [wanted]
            # libcurl may send a domain in its ASCII form.
            assert [a.replace("xn--exmple-cua", "exämple") for a in mail.to] == wanted, (mail.to, wanted)
            assert any(name == "MAIL" and "SMTPUTF8" in words for name, words, _ in sink.commands)
        for tls in ("none", "starttls", "implicit"):
            with Sink(tls=tls, utf8=False) as sink:
                fails(send(**to(sink, **case)), "E_BAD_REQUEST", "SMTPUTF8")
                assert not sink.mails and "DATA" not in [name for name, _, _ in sink.commands]
    with Sink(utf8=False) as sink:
        is_sent(send(**to(sink, name="Jörg")))


def bodies():
    link = "http://localhost:8090/_/#/auth/confirm-verification/" + "eyJ.=3D_-" * 60
    cases = [
        ".\n..\n...\n.\r\n", "a\n.\nb", "x" * 10000 + "\n" + "é" * 10000, "trailing  \n\t\nblanks \t", "a=3Db =\n=",
        '<a class="btn" href="%s">x</a>' % link, "From here\n.\nFrom there", "a\rb\r\nc\n\nd", "\0\x01\x7f\x80é",
        "<p>" + "word " * 200000 + "</p>", "", "\n", ".",
    ]
    with Sink() as sink:
        for body in cases:
            sink.clear()
            is_sent(send(body, text=1, **to(sink)))
            mail, = sink.wait()
            wanted = body.replace("\r\n", "\n").replace("\r", "\n")
            assert mail.text.rstrip("\n") == wanted.rstrip("\n"), (body[:80], mail.raw[-300:])
            mail.raw.decode("ascii")
        sink.clear()
        is_sent(send('<p>Hi</p><a href="%s">Verify</a>' % link, **to(sink)))
        mail, = sink.wait()
        assert 'href="%s"' % link in mail.html and "[Verify](%s)" % link in mail.text, mail


def large_bodies():
    with Sink() as sink:
        is_sent(send("<p>" + "0123456789 é\n" * 80000, **to(sink)))
        mail, = sink.wait(timeout=30)
        assert len(mail.html) > 1000000, len(mail.html)
    fails(send("é" * (12 << 20), host="127.0.0.1", port=1), "E_BAD_REQUEST", "more than")


def ids():
    with Sink() as sink:
        is_sent(send(**to(sink)))
        is_sent(send(**to(sink, id="abc@def")))
        first, second = sink.wait(2)
        name, domain = first.headers["Message-ID"].strip("<>").split("@")
        assert len(name) == 15 and name.isalnum() and domain == "example.com", first.headers["Message-ID"]
        assert second.headers["Message-ID"] == "<abc@def>", second.headers["Message-ID"]
        assert first.headers["Date"].datetime.timestamp() > time.time() - 3600
        assert first.headers["MIME-Version"] == "1.0"


def many_at_once():
    with Sink(tls="starttls", login=LOGIN) as sink:
        said, _ = send(**to(sink, user=LOGIN[0], password=PASSWORD, threads=8))
        assert said.split("\n") == ["sent"] * 8, said
        assert len({mail.headers["Message-ID"] for mail in sink.wait(8)}) == 8


# --- injection --------------------------------------------------------------------------------------


def injection_by_texts():
    evil = "x\r\nBcc: eve@example.com\r\n\r\nbody\r\n.\r\nMAIL FROM:<eve@example.com>"
    for text in (evil, evil.replace("\r", ""), evil.replace("\n", ""), "a\x0b\x0c\x85\u2028Bcc: eve@example.com",
                 "=?UTF-8?Q?a=0D=0ABcc:_eve@example.com?="):
        with Sink() as sink:
            is_sent(send(**to(sink, subject=text, name=text, to_name=text,
                              to="bob@example.com")))
            mail, = sink.wait()
            assert mail.to == ["bob@example.com"] and "Bcc" not in mail.headers, mail.raw
            names = [name for name, _ in mail.headers.items()]
            assert sorted(names) == sorted(["From", "To", "Subject", "Date", "Message-ID", "MIME-Version",
                                            "Content-Type"]), names
            assert [a.addr_spec for a in mail.headers["From"].addresses] == ["app@example.com"], mail.raw


def injection_by_addresses():
    with Sink() as sink:
        for bad in ("a@b.c>\r\nRCPT TO:<eve@example.com", "a@b.c\nX: y", "a@b.c\r", "a@b.c> NOTIFY=NEVER", "a b@c.d",
                    "a@b@c", "@b", "a@", "", "a", "<a@b.c>", "a@b.c,eve@example.com", '"a\r\n"@b.c', "a@b.c\x7f",
                    "a\x85@b.c", "a@[127.0.0.1]", "a" * 400 + "@b.c", "a(x)@b.c"):
            for where in ("to", "from_", "id"):
                if (where, bad) != ("id", ""):  # that makes one
                    fails(send(**to(sink, **{where: bad})), "E_BAD_REQUEST", "mail: ")
        fails(send(**to(sink, to=None)), "E_BAD_REQUEST", "recipients")
        assert not sink.commands, sink.commands


def injection_by_settings():
    with Sink() as sink:
        for name, bad in (("host", "127.0.0.1:25/x"), ("host", "u:p@127.0.0.1"), ("host", "a\r\nb"), ("host", ""),
                          ("local", "x\r\nMAIL FROM:<a@b.c>"), ("local", "x%0d%0aRSET"), ("local", "a/b"),
                          ("port", 0), ("port", 65536), ("user", "a\r\nb"), ("password", "a\nb")):
            options = to(sink, user="u", password="p")
            options[name] = bad
            fails(send(**options), "E_BAD_REQUEST", "mail: ")
        assert not sink.commands, sink.commands


# --- servers that are in trouble --------------------------------------------------------------------


def refusals():
    for command in ("CONNECT", "MAIL", "RCPT", "DATA", "BODY"):
        for answer, kind in (("451 4.3.0 later please", "E_UNAVAILABLE"), ("554 5.7.1 never again", "E_BAD_REQUEST")):
            with Sink(at={command: answer}) as sink:
                fails(send(**to(sink)), kind, answer)
                assert not sink.mails, command
    with Sink(at={"RCPT": "550-5.1.1 first\r\n550 5.1.1 second\x1b[0m"}) as sink:
        fails(send(**to(sink)), "E_BAD_REQUEST", "5.1.1 first 550 5.1.1 second?[0m")
    with Sink(at={"RCPT": "550 " + "x" * 5000}) as sink:
        fails(send(**to(sink)), "E_BAD_REQUEST", "xxx")


def nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    fails(send(host="127.0.0.1", port=port), "E_UNAVAILABLE", "127.0.0.1:%d" % port)
    fails(send(host="nonesuch.invalid", port=25), "E_UNAVAILABLE", "nonesuch.invalid")


def no_mail_server():
    """One that speaks something else, or lines without end."""
    for words in (b"SSH-2.0-x\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220" + b"-x" * 1000000, b"\0" * 100000,
                  b"220-x\r\n" * 100000, b"220 x\r\n" + b"250-x\r\n" * 300000):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                connection, _ = listener.accept()
                try:
                    connection.sendall(words)
                    connection.recv(4096)
                except OSError:
                    pass
                connection.close()

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            said, took = send(host="127.0.0.1", port=listener.getsockname()[1], limit=3000)
            fails((said, took), "E_UNAVAILABLE")
            assert took < 30, took
            thread.join(10)


def hang_ups():
    for command in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY"):
        with Sink(at={command: HANG_UP}) as sink:
            fails(send(**to(sink)), "E_UNAVAILABLE")
    with Sink(at={"QUIT": HANG_UP}) as sink:
        is_sent(send(**to(sink)))


def limits():
    """Silent and dripping servers end at the limit, and it has not gone out."""
    def one(command, what):
        with Sink(at={command: what}) as sink:
            said, took = send(**to(sink, limit=1000))
            fails((said, took), "E_UNAVAILABLE")
            assert 0.9 < took < 20, (command, took)

    cases = [(command, what) for command in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY")
             for what in (SILENT, 10)]
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        list(pool.map(lambda case: one(*case), cases))
    for tls in ("starttls", "implicit"):
        with Sink(tls=tls, at={"MAIL": SILENT}) as sink:
            fails(send(**to(sink, limit=1500)), "E_UNAVAILABLE", "too long")


def silent_good_byes():
    """Who has taken the message is waited for a moment, whatever the limit."""
    for what in (SILENT, 100):
        with Sink(at={"QUIT": what}) as sink:
            said, took = send(**to(sink, limit=50000))
            is_sent((said, took))
            assert took < 20, took
    with Sink(at={"QUIT": SILENT}, utf8=False) as sink:
        said, took = send(**to(sink, limit=50000, to="jörg@example.com"))
        fails((said, took), "E_BAD_REQUEST", "SMTPUTF8")
        assert took < 20, took


def one_that_leaves():
    for at in ({"CONNECT": SILENT}, {"BODY": SILENT}, {"RCPT": 30}):
        with Sink(at=at) as sink:
            said, took = send(**to(sink, limit=50000, gone=300))
            fails((said, took), "E_GONE")
            assert took < 20, took


# --- sendmail ---------------------------------------------------------------------------------------


def script(folder, text, name="sendmail"):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def by_script(commands, *body, **options):
    with tempfile.TemporaryDirectory() as folder:
        result = send(*body, sendmail=script(folder, "cd %s\n%s" % (folder, commands)), **options)
        found = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as f:
                found[name] = f.read()
        return result, found


def sendmail_takes_it():
    result, found = by_script('echo "$@" > arguments; cat > mail', "<p>Hello é\n.\n</p>", name="Jörg")
    is_sent(result)
    mail = email.message_from_bytes(found["mail"], policy=email.policy.default)
    assert found["arguments"] == b"-i -t\n" and b"\r" not in found["mail"], found
    assert mail["To"] == "bob@example.com" and sender(found["mail"]) == ("Jörg", "app@example.com"), mail
    assert mail.get_body(("html",)).get_content().strip() == "<p>Hello é\n.\n</p>", found["mail"]


def sendmail_takes_much():
    text = "0123456789 é\n" * 90000
    result, found = by_script("sleep 0.3; cat > mail", text, text=1)
    is_sent(result)
    mail = email.message_from_bytes(found["mail"], policy=email.policy.default)
    assert mail.get_body(("plain",)).get_content().rstrip("\n") == text.rstrip("\n")


def sendmail_says_much():
    """It may write a megabyte before it reads, and while it reads."""
    noise = "head -c 1000000 /dev/zero | tr '\\0' x >&2; head -c 1000000 /dev/zero"
    result, _ = by_script(noise + "; cat > mail; " + noise, "y" * 1000000)
    is_sent(result)
    result, _ = by_script("echo words first >&2; %s; exit 1" % noise, "y" * 1000000)
    fails(result, "E_BAD_REQUEST", "words first")
    assert len(result[0]) < 2000, len(result[0])


def sendmail_fails():
    for code, kind in ((1, "E_BAD_REQUEST"), (64, "E_BAD_REQUEST"), (75, "E_UNAVAILABLE")):
        result, _ = by_script("cat > mail; echo it is so >&2; printf '\\033[0m\\n' >&2; exit %d" % code)
        fails(result, kind, "exit status %d" % code, "it is so")
        assert "\033" not in result[0], result
    result, _ = by_script("cat > mail; kill -9 $$")
    fails(result, "E_UNAVAILABLE", "signal 9")
    result, _ = by_script("exit 0", "x" * 1000000)
    fails(result, "E_BAD_REQUEST", "not read")


def sendmail_hangs():
    for text in ("sleep 1000", "cat > mail; sleep 1000", "exec 2>&- 0<&-; sleep 1000",
                 "trap '' TERM HUP INT PIPE; cat > mail; while true; do sleep 1; done"):
        result, _ = by_script("echo $$ > pid; " + text, "x" * 1000000, limit=700)
        fails(result, "E_UNAVAILABLE", "too long")
        assert result[1] < 10, result
    result, found = by_script("sleep 1234.5 & echo $! > pid; wait", limit=700)
    fails(result, "E_UNAVAILABLE")
    assert ended(int(found["pid"])), "what it has started goes on"
    result, _ = by_script("sleep 1000", limit=50000, gone=300)
    fails(result, "E_GONE")


def ended(pid):
    """Nothing waits for an orphan here but the system's first process, which may be slow."""
    for _ in range(100):
        try:
            with open("/proc/%d/stat" % pid, encoding="ascii") as f:
                if f.read().rsplit(")", 1)[1].split()[0] in "ZX":
                    return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


def sendmail_leaves_somebody():
    """A daemon that keeps its descriptors is not waited for."""
    result, found = by_script("cat > mail; sleep 30 & echo $! > pid")
    is_sent(result)
    assert result[1] < 20, result
    os.kill(int(found["pid"]), 9)


def sendmail_is_started_clean():
    """No descriptor of ours, no signal that is blocked or ignored."""
    result, found = by_script("cat > mail; ls /proc/self/fd > fds; grep ^Sig /proc/self/status > signals")
    is_sent(result)
    assert set(found["fds"].split()) <= {b"0", b"1", b"2", b"3"}, found
    signals = dict(line.split() for line in found["signals"].decode().splitlines())
    assert int(signals["SigBlk:"], 16) == 0, signals
    assert not int(signals["SigIgn:"], 16) & 1 << 12, signals  # SIGPIPE is 13


def sendmail_is_none():
    fails(send(sendmail="/nonesuch/sendmail"), "E_UNAVAILABLE", "/nonesuch/sendmail", "No such file")


def sendmail_is_found():
    if any(os.access(folder + "/sendmail", os.X_OK) for folder in ("/usr/sbin", "/usr/bin")):
        return  # that would be asked, and would send
    with tempfile.TemporaryDirectory() as folder:
        path = "relative:%s:%s" % (folder, os.environ["PATH"])
        fails(send(env={"PATH": path}), "E_BAD_REQUEST", "failed to locate a sendmail executable path")
        script(folder, "cat > %s/mail" % folder)
        is_sent(send(env={"PATH": path}))
        assert os.path.getsize(folder + "/mail") > 0


CASES = [
    plain, local_name, by_names_and_addresses, encrypted, untrusted_certificate, certificate_of_another_name,
    both_methods, long_passwords, wrong_password, login_is_missing, login_is_not_offered, login_may_work_later,
    no_password_in_clear, no_password_by_a_lie,
    several_recipients, one_recipient_is_refused, other_letters, addresses_with_other_letters, bodies,
    large_bodies, ids, many_at_once,
    injection_by_texts, injection_by_addresses, injection_by_settings,
    refusals, nobody_listens, no_mail_server, hang_ups, limits, silent_good_byes, one_that_leaves,
    sendmail_takes_it, sendmail_takes_much, sendmail_says_much, sendmail_fails, sendmail_hangs,
    sendmail_leaves_somebody, sendmail_is_started_clean, sendmail_is_none, sendmail_is_found,
]


def main():
    failed = 0
    only = sys.argv[2:]
    for case in CASES:
        if only and case.__name__ not in only:
            continue
        try:
            case()
        except (AssertionError, subprocess.TimeoutExpired) as fault:
            failed += 1
            line = inspect.trace()[1].lineno if len(inspect.trace()) > 1 else 0
            print("  FAIL %s, line %d: %s" % (case.__name__, line, str(fault)[:2000]), flush=True)
    count = len(only) or len(CASES)
    print("%d passed, %d failed" % (count - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv[1])
    sys.exit(main())
