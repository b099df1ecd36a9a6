#!/usr/bin/env python3
"""serve.py [--bucket NAME]

An S3 server for tests, on loopback: moto (tools/moto.sh), and before it a verifier that lets nothing
pass which AWS would not take (sigv4.py), counts requests by kind, and can be slow, unavailable or
break off. Bodies go through in pieces, both ways. Prints one line of JSON when it is ready:

    {"endpoint", "bucket", "region", "key", "secret", "control"}

and ends when its standard input does. `control` is the address of another port, in plain HTTP:

    GET  /counts    {kind: requests}; the kinds are S3's operations (KINDS), `Left`: clients that left
                    in the middle of a body, `Open`: requests in progress
    GET  /refused   the last requests that were refused, and why
    GET  /objects   {key: {"size", "type", "metadata"}} of the bucket
    POST /faults    a JSON object of Faults' members; those that it lacks are as at the start
    POST /remove    {"key"}: that object is lost
    POST /reset     no faults, no counts, an empty bucket
"""

import argparse
import collections
import dataclasses
import http.client
import http.server
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

import sigv4

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REGION = "us-east-1"
PIECE = 64 << 10
TIMEOUT_S = 600
START_S = 120
ERROR = ('<?xml version="1.0" encoding="UTF-8"?>\n'
         "<Error><Code>%s</Code><Message>%s</Message></Error>")
HOP = {"host", "connection", "keep-alive", "expect", "transfer-encoding", "te", "trailer", "upgrade",
       "server", "date"}
# Ends with its standard input, however this program ended.
MOTO = """
import os, sys, threading
from moto.server import main
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
main(["-H", "127.0.0.1", "-p", "0"])
"""
# moto takes any signature, but tells strangers nothing.
ANYBODY = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, "
                            "SignedHeaders=host, Signature=0"}
# method, has a key, a parameter of the query or a header (with `:`) that it must have, its name
KINDS = (
    ("PUT", True, "partNumber", "UploadPart"),
    ("PUT", True, "x-amz-copy-source:", "CopyObject"),
    ("PUT", True, None, "PutObject"),
    ("GET", True, "range:", "GetObjectRange"),
    ("GET", True, None, "GetObject"),
    ("HEAD", True, None, "HeadObject"),
    ("DELETE", True, "uploadId", "AbortMultipartUpload"),
    ("DELETE", True, None, "DeleteObject"),
    ("POST", True, "uploads", "CreateMultipartUpload"),
    ("POST", True, "uploadId", "CompleteMultipartUpload"),
    ("GET", False, "list-type", "ListObjectsV2"),
    ("POST", False, "delete", "DeleteObjects"),
    (None, None, None, "Other"),
)


@dataclasses.dataclass
class Faults:
    delay_s: float = 0  # before an answer begins
    hold: bool = False  # answers begin only when other faults are told
    rate: int = 0  # bytes a second of each body; 0: as fast as it goes
    unavailable: int = 0  # so many requests are answered with 503
    hang_up: bool = False  # connections end without an answer
    cut_at: int = -1  # connections end when so many bytes of a body went by; -1: never


class Cut(Exception):
    """The connection ends here, because of a fault."""


class Left(Exception):
    """The client is gone."""


class Moto:
    """The server behind; its port."""

    def __init__(self):
        python = subprocess.run([os.path.join(TOP, "tools", "moto.sh")], check=True, text=True,
                                stdout=subprocess.PIPE).stdout.strip()
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([python, "-c", MOTO], stdin=subprocess.PIPE, stdout=self.log,
                                        stderr=self.log)
        self.port = self.printed_port()

    def printed_port(self):
        deadline = time.monotonic() + START_S
        while self.process.poll() is None and time.monotonic() < deadline:
            if found := re.search(r"Running on http://127\.0\.0\.1:(\d+)", self.printed()):
                return int(found[1])
            time.sleep(0.02)
        self.stop()
        raise RuntimeError("moto did not start: " + self.printed())

    def printed(self):
        size = os.fstat(self.log.fileno()).st_size
        return os.pread(self.log.fileno(), size, 0).decode("utf-8", "replace")

    def ask(self, method, target, body=None):
        """A request of our own: (status, headers, body)."""
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        try:
            conn.request(method, target, body, ANYBODY)
            reply = conn.getresponse()
            return reply.status, reply.headers, reply.read()
        finally:
            conn.close()

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class State:
    """What all threads share."""

    def __init__(self, moto, bucket):
        self.moto, self.bucket = moto, bucket
        self.key, self.secret = "AKIA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30)
        self.lock = threading.Lock()
        self.refused = collections.deque(maxlen=50)
        self.faults, self.counts = Faults(), collections.Counter()
        self.empty()

    def count(self, kind, by=1):
        with self.lock:
            self.counts[kind] += by

    def unavailable(self):
        with self.lock:
            if self.faults.unavailable > 0:
                self.faults.unavailable -= 1
                return True
            return False

    def reset(self):
        with self.lock:
            self.faults = Faults()
            self.counts = collections.Counter({"Open": self.counts["Open"]})
            self.refused.clear()
        self.empty()

    def empty(self):
        for key in self.sizes():
            self.moto.ask("DELETE", self.target(key))
        status, _, body = self.moto.ask("PUT", "/" + self.bucket)
        if status not in (200, 409):
            raise RuntimeError("no bucket: %d %r" % (status, body))

    def target(self, key):
        return "/%s/%s" % (self.bucket, quote(key))

    def sizes(self):
        """{key: bytes} of the bucket; of none that is not there yet."""
        found, after = {}, ""
        while True:
            status, _, body = self.moto.ask("GET", "/%s?list-type=2&encoding-type=url%s" % (
                self.bucket, after))
            if status == 404:
                return found
            tree = xml.etree.ElementTree.fromstring(body)
            names = tree.tag.removesuffix("ListBucketResult")
            for item in tree.iter(names + "Contents"):
                found[unquote(item.findtext(names + "Key"))] = int(item.findtext(names + "Size"))
            token = tree.findtext(names + "NextContinuationToken")
            if not token:
                return found
            after = "&continuation-token=" + quote(token, safe="")

    def objects(self):
        found = {}
        for key, size in self.sizes().items():
            status, headers, _ = self.moto.ask("HEAD", self.target(key))
            if status == 200:  # else it went meanwhile
                found[key] = {"size": size, "type": headers["Content-Type"], "metadata": {
                    name.lower()[11:]: value for name, value in headers.items()
                    if name.lower().startswith("x-amz-meta-")}}
        return found


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def __init__(self, handler, state):
        super().__init__(("127.0.0.1", 0), handler)
        self.state = state
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Front(http.server.BaseHTTPRequestHandler):
    """One client's connection: verifies its requests, and passes them on."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = TIMEOUT_S

    def log_message(self, *_):
        pass

    def handle_expect_100(self):
        return True  # said when the head was found right

    def serve(self):
        state = self.server.state
        self.left = 0  # of the request's body
        state.count("Open")
        try:
            self.fault_before()
            self.relay()
        except sigv4.Refused as e:
            self.refuse(e)
        except Cut:
            self.close_connection = True
        except (Left, ConnectionError, TimeoutError):
            state.count("Left")
            self.close_connection = True
        finally:
            state.count("Open", -1)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_OPTIONS = do_PATCH = serve

    def target(self):
        return self.requestline.split()[1]  # self.path is not what came

    def fault_before(self):
        if self.server.state.faults.hang_up:
            raise Cut()

    def relay(self):
        state, target, headers = self.server.state, self.target(), self.headers.items()
        self.left = self.length()
        sigv4.verify((self.command, target, headers), {state.key: state.secret}, REGION)
        state.count(kind(self.command, self.path_style(), self.headers))
        time.sleep(state.faults.delay_s)
        while state.faults.hold:
            time.sleep(0.005)
        if state.unavailable():
            raise sigv4.Refused(503, "SlowDown", "told to be unavailable")
        payload = sigv4.Payload(headers)
        if not self.left:
            payload.end()
        elif self.headers["Expect"]:
            self.send_response_only(100)
            self.end_headers()
        conn = http.client.HTTPConnection("127.0.0.1", state.moto.port, timeout=TIMEOUT_S)
        try:
            self.send_request(conn, payload)
            self.send_reply(conn.getresponse())
        finally:
            conn.close()

    def length(self):
        if self.headers["Transfer-Encoding"]:
            self.close_connection = True
            raise sigv4.Refused(501, "NotImplemented", "Transfer-Encoding")
        text = self.headers["Content-Length"]
        if text is None and self.command in ("PUT", "POST"):
            raise sigv4.Refused(411, "MissingContentLength", "no Content-Length")
        return int(text or 0)

    def path_style(self):
        """The target with the bucket in its path, also where it came in the name of the host."""
        bucket = self.server.state.bucket
        virtual = self.headers["Host"].startswith(bucket + ".")
        return "/" + bucket + self.target() if virtual else self.target()

    def send_request(self, conn, payload):
        conn.putrequest(self.command, self.path_style(), skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP:
                conn.putheader(name, value)
        conn.endheaders()
        held = b""  # the last piece waits for the verdict: without it, moto stores nothing
        for piece in self.pieces():
            payload.add(piece)
            if held:
                conn.send(held)
            held = piece
        if held:
            payload.end()
            conn.send(held)

    def pieces(self):
        """The request's body."""
        pace = Pace(self.server.state.faults)
        while self.left:
            piece = self.rfile.read(min(PIECE, self.left))
            if not piece:
                raise Left()
            self.left -= len(piece)
            pace.went(len(piece))
            yield piece

    def send_reply(self, reply):
        body = None
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            if name.lower() not in HOP:
                self.send_header(name, value)
        unsized = reply.headers["Content-Length"] is None and reply.status not in (204, 304)
        if unsized and self.command != "HEAD":
            body = reply.read()
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body is not None:
            self.wfile.write(body)
            return
        pace = Pace(self.server.state.faults)
        while piece := reply.read(PIECE):
            self.wfile.write(piece[:pace.room(len(piece))])
            pace.went(len(piece))

    def refuse(self, why):
        self.server.state.refused.append({"request": self.requestline, "why": str(why)})
        body = (ERROR % (why.code, escape(why.message))).encode()
        if self.left and self.headers["Expect"]:
            self.close_connection = True  # it may or may not come
        else:
            for _ in self.pieces():
                pass
        self.send_response_only(why.status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Pace:
    """Holds one body to the faults' rate, and cuts it."""

    def __init__(self, faults):
        self.faults, self.gone = faults, 0

    def room(self, n):
        """How many of the next n bytes may go."""
        cut = self.faults.cut_at
        return n if cut < 0 else max(0, min(n, cut - self.gone))

    def went(self, n):
        if self.room(n) < n:
            raise Cut()
        self.gone += n
        if self.faults.rate:
            time.sleep(n / self.faults.rate)


def kind(method, target, headers):
    path, _, query = target.partition("?")
    parameters = {pair.partition("=")[0] for pair in query.split("&")}
    has_key = len(path.strip("/").split("/", 1)) == 2
    for a_method, a_key, needs, name in KINDS:
        if a_method not in (method, None) or a_key not in (has_key, None):
            continue
        if needs is None or (needs[:-1] in headers if needs.endswith(":") else needs in parameters):
            return name
    raise AssertionError("KINDS ends with one that takes all")


class Control(http.server.BaseHTTPRequestHandler):
    """What a test asks and tells."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        state = self.server.state
        looks = {"/counts": lambda: dict(state.counts), "/refused": lambda: list(state.refused),
                 "/objects": state.objects}
        self.answer(looks, lambda look: look())

    def do_POST(self):
        state = self.server.state
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))

        def faults():
            state.faults = Faults(**json.loads(body))

        def remove():
            state.moto.ask("DELETE", state.target(json.loads(body)["key"]))

        self.answer({"/faults": faults, "/remove": remove, "/reset": state.reset}, lambda act: act())

    def answer(self, table, call):
        try:
            status, value = (200, call(table[self.path])) if self.path in table else (404, None)
        except (TypeError, ValueError) as e:
            status, value = 400, str(e)
        raw = json.dumps(value).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def main():
    parser = argparse.ArgumentParser(description="An S3 server for tests.")
    parser.add_argument("--bucket", default="files")
    args = parser.parse_args()
    moto = Moto()
    try:
        state = State(moto, args.bucket)
        front, control = Server(Front, state), Server(Control, state)
        print(json.dumps({
            "endpoint": "http://127.0.0.1:%d" % front.server_port, "bucket": state.bucket,
            "region": REGION, "key": state.key, "secret": state.secret,
            "control": "http://127.0.0.1:%d" % control.server_port}), flush=True)
        sys.stdin.buffer.read()
    finally:
        moto.stop()


if __name__ == "__main__":
    main()
