"""sink: a real mail server (Debian's aiosmtpd) that keeps what it is sent, for any Python test.

    with Sink() as sink:
        ...settings: smtp.host "127.0.0.1", smtp.port sink.port...
        mail, = sink.wait(1)
        assert mail.to == ["ada@example.com"] and "/confirm-verification/" in mail.html

What it should do other than take mail is told by keyword, also while it runs: sink.at = {"RCPT": ...}.

    tls      "none", "starttls" (offered) or "implicit"; the certificate's authority is Sink.ca()
    login    (user, password): asked for, else 530. None: not offered
    methods  of AUTH that are offered
    at       {COMMAND: what}: COMMAND is CONNECT, EHLO, AUTH, MAIL, RCPT, DATA, BODY (the message's
             end) or QUIT; what is an answer to give instead ("451 later"), SILENT, HANG_UP, or
             a number: the seconds by which each line of that answer is late
    refused  {address: answer} for recipients that it does not take
    utf8     whether SMTPUTF8 is offered
"""

import asyncio
import collections
import email
import email.policy
import logging
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import warnings

sys.path.append("/usr/lib/python3/dist-packages")  # Debian's, whichever python3 is the first in PATH
from aiosmtpd import smtp  # noqa: E402

for name in ("mail.log", "mail.debug", "mail.warn"):  # clients that leave or break off are no news
    logging.getLogger(name).setLevel(logging.CRITICAL + 1)
warnings.filterwarnings("ignore", module="aiosmtpd")

SILENT, HANG_UP = object(), object()
COMMANDS = ("EHLO", "HELO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT")

# sender and to: of the envelope; raw: bytes as they came, dots unstuffed; message: email.message
Mail = collections.namedtuple("Mail", "sender to headers subject text html raw message tls login")
Login = collections.namedtuple("Login", "method user password tls")


def part(message, kind):
    found = message.get_body(preferencelist=(kind,))
    return found.get_content().replace("\r\n", "\n") if found else None


class Session(smtp.SMTP):
    """One connection: troubles first, then what aiosmtpd does."""

    def __init__(self, sink, *arguments, **named):
        self.sink, self.greeted = sink, False
        super().__init__(*arguments, **named)

    async def troubled(self, command):
        """Whether that is the answer already."""
        self.late_s = 0
        what = self.sink.at.get(command)
        if isinstance(what, str):
            await super().push(what)
        elif what is SILENT:
            await asyncio.sleep(3600)
        elif what is HANG_UP:
            self.transport.abort()
        elif what is not None:
            self.late_s = what
            return False
        return what is not None

    async def push(self, status):
        if not self.greeted:
            self.greeted = True
            if await self.troubled("CONNECT"):
                return
        if self.late_s:
            await asyncio.sleep(self.late_s)
        await super().push(status)

    def clear(self):
        return self.session.ssl is None and self.sink.tls != "implicit"


def troubled(command):
    usual = getattr(smtp.SMTP, "smtp_" + command)

    async def method(self, argument):
        self.sink.commands.append((command, argument, not self.clear()))
        if not await self.troubled(command):
            await usual(self, argument)

    method.__doc__ = usual.__doc__
    return method


for name in COMMANDS:
    setattr(Session, "smtp_" + name, troubled(name))


class Keeper:
    """aiosmtpd's handler: what becomes of a message."""

    def __init__(self, sink):
        self.sink = sink

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.sink.refused:
            return self.sink.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        raw = envelope.original_content
        message = email.message_from_bytes(raw, policy=email.policy.default)
        mail = Mail(envelope.mail_from, list(envelope.rcpt_tos), message, message["subject"],
                    part(message, "plain"), part(message, "html"), raw, message, not server.clear(),
                    session.auth_data.login.decode() if session.authenticated else None)
        if await server.troubled("BODY"):
            return smtp.MISSING  # answered
        with self.sink.came:
            self.sink.mails.append(mail)
            self.sink.came.notify_all()
        return "250 OK"


class Sink:
    def __init__(self, tls="none", login=None, methods=("PLAIN", "LOGIN"), at=None, refused=None,
                 utf8=True, address="127.0.0.1"):
        self.tls, self.login, self.methods, self.utf8 = tls, login, methods, utf8
        self.at, self.refused, self.address = dict(at or {}), dict(refused or {}), address
        self.mails = []     # Mail, as they came
        self.commands = []  # (command, argument, whether by TLS)
        self.logins = []    # Login, also those that failed
        self.came = threading.Condition()
        self.port = None

    # --- certificates -----------------------------------------------------------------------------

    folder = None

    @classmethod
    def certificates(cls):
        """A folder with ca.pem, key.pem, certificate.pem (localhost, 127.0.0.1, ::1); made once."""
        if cls.folder:
            return cls.folder.name
        cls.folder = tempfile.TemporaryDirectory(prefix="sink-")
        where = cls.folder.name

        def openssl(*words):
            subprocess.run(("openssl",) + words, check=True, cwd=where, stderr=subprocess.DEVNULL)

        ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl("req", "-x509", *ec, "-days", "2", "-subj", "/CN=Sink authority", "-keyout", "ca.key",
                "-out", "ca.pem")
        with open(os.path.join(where, "names"), "w", encoding="ascii") as f:
            f.write("subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n")
        openssl("req", *ec, "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "request")
        openssl("x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
                "-CAcreateserial", "-extfile", "names", "-out", "certificate.pem")
        return where

    @classmethod
    def ca(cls):
        """The path of the authority's certificate."""
        return os.path.join(cls.certificates(), "ca.pem")

    def context(self):
        where = self.certificates()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(where, "certificate.pem"), os.path.join(where, "key.pem"))
        return context

    # --- its thread -------------------------------------------------------------------------------

    def check_login(self, server, session, envelope, method, given):
        user, password = given.login.decode(), given.password.decode()
        self.logins.append(Login(method, user, password, not server.clear()))
        if (user, password) == self.login:
            return smtp.AuthResult(success=True, auth_data=given)
        return smtp.AuthResult(success=False, handled=False)  # else aiosmtpd never answers

    def make_session(self):
        named = {"hostname": "sink", "loop": self.loop, "enable_SMTPUTF8": self.utf8, "ident": "sink"}
        if self.tls == "starttls":
            named.update(tls_context=self.tls_context)
        if self.login:
            named.update(authenticator=self.check_login, auth_required=True, auth_require_tls=False,
                         auth_exclude_mechanism=[m for m in ("PLAIN", "LOGIN") if m not in self.methods])
        return Session(self, Keeper(self), **named)

    def run(self, started):
        asyncio.set_event_loop(self.loop)
        self.loop.set_exception_handler(lambda loop, context: None)
        self.server = self.loop.run_until_complete(self.loop.create_server(
            self.make_session, self.address, 0,
            ssl=self.tls_context if self.tls == "implicit" else None))
        self.port = self.server.sockets[0].getsockname()[1]
        started.set()
        self.loop.run_forever()
        self.server.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()

    def __enter__(self):
        started = threading.Event()
        self.tls_context = self.context() if self.tls != "none" else None
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run, args=(started,), daemon=True)
        self.thread.start()
        if not started.wait(10):
            raise RuntimeError("the sink does not listen")
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    # --- for tests --------------------------------------------------------------------------------

    def wait(self, n=1, timeout=10):
        """The mails once there are n of them; fails when they do not come."""
        until = time.monotonic() + timeout
        with self.came:
            while len(self.mails) < n:
                left = until - time.monotonic()
                if left <= 0:
                    raise AssertionError("%d of %d mails within %g s" % (len(self.mails), n, timeout))
                self.came.wait(left)
            return list(self.mails)

    def clear(self):
        """Forgets what has come."""
        with self.came:
            self.mails.clear()
            self.commands.clear()
            self.logins.clear()
