"""A provider that is down, slow, endless, or says what no provider says: an error in time, and nothing stored."""

import concurrent.futures
import http.client
import http.server
import json
import socket
import struct
import threading
import time

import reeve
from provider import code
from site_of import Site

LIMIT_S = 30  # that a sign-in may take
SOON_S = 10  # for what does not have to be waited for
BIG = b"x" * (1 << 20)
TOKEN = "Failed to fetch OAuth2 token."
USER = "Failed to fetch OAuth2 user."


class Handler(http.server.BaseHTTPRequestHandler):
    """/CASE/token and /CASE/userinfo, as CASES says."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def plain(self, status, body, kind="application/json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def endless(self, piece, pause_s=0.0):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            while not self.server.over.is_set():
                self.wfile.write(piece)
                self.server.sent += len(piece)
                if pause_s:
                    self.server.over.wait(pause_s)
        except OSError:  # who asks has heard enough
            pass
        self.close_connection = True

    def handle_one(self, part):
        case = self.path.split("/")[1]
        how = CASES[case].get(part)
        if how is not None:
            return how(self)
        if part == "token":
            return self.plain(200, b'{"access_token":"a","token_type":"Bearer"}')
        return self.plain(200, json.dumps({"sub": case, "email": case + "@example.com", "email_verified": True}).encode())

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.handle_one("token")

    def do_GET(self):
        self.handle_one("userinfo")


def says(body, status=200, kind="application/json", **headers):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda handler: handler.plain(status, body, kind, **headers)


def user(**members):
    return says({"sub": "rough", "email": "rough@example.com", "email_verified": True, **members})


def hang(handler):
    handler.server.over.wait(120)
    handler.close_connection = True


# What it says instead of what it should, and what the client reads then.
CASES = {
    "html": {"token": says(b"<html>Sign in</html>", kind="text/html"), "wants": TOKEN},
    "no-token": {"token": says({"token_type": "Bearer"}), "wants": TOKEN},
    "number-token": {"token": says({"access_token": {"a": 1}}), "wants": TOKEN},
    "list-token": {"token": says([1]), "wants": TOKEN},
    "error-token": {"token": says({"error": "invalid_grant", "error_description": "<secret>"}), "wants": TOKEN},
    "line-token": {"token": says({"access_token": "a\r\nX-Other: b"}), "wants": None},
    "refused": {"token": says({"error": "no"}, 401), "wants": TOKEN},
    "broken": {"token": says({"access_token": "a"}, 500), "wants": TOKEN},
    "deep-token": {"token": says(b'{"access_token":' + b"[" * 200000), "wants": TOKEN},
    "huge-token": {"token": lambda h: h.endless(b'{"access_token":"' + BIG), "wants": TOKEN},
    "silent-token": {"token": hang, "wants": TOKEN, "slow": True},
    "trickle-token": {"token": lambda h: h.endless(b" ", 0.5), "wants": TOKEN, "slow": True},
    "html-user": {"userinfo": says(b"<html>", kind="text/html"), "wants": USER},
    "list-user": {"userinfo": says([{"sub": "a"}]), "wants": USER},
    "text-user": {"userinfo": says("sub"), "wants": USER},
    "not-found": {"userinfo": says({"sub": "a"}, 404), "wants": USER},
    "huge-user": {"userinfo": lambda h: h.endless(b'{"sub":"' + BIG), "wants": USER},
    "deep-user": {"userinfo": says(b'{"sub":"a","x":' + b"[" * 200000 + b"]" * 200000 + b"}"), "wants": USER},
    "bad-utf8": {"userinfo": says(b'{"sub":"a\xff\xfe"}'), "wants": None},
    "long-id": {"userinfo": user(sub="x" * 500000), "wants": None},
    "list-id": {"userinfo": user(sub=["a"]), "wants": None},
    "zero-byte": {"userinfo": user(sub="a\0b", name="a\0b"), "wants": None},
    "no-address": {"userinfo": user(email="no address"), "wants": None},
    "long-address": {"userinfo": user(email="x" * 100000 + "@example.com"), "wants": None},
    "loop": {"userinfo": lambda h: h.plain(302, b"", Location=h.path), "wants": USER},
    "to-a-file": {"userinfo": says(b"", 302, Location="file:///etc/passwd"), "wants": USER},
    "to-nowhere": {"userinfo": says(b"", 302, Location="http://127.0.0.1:9/"), "wants": USER},
    "silent-user": {"userinfo": hang, "wants": USER, "slow": True},
    "trickle-user": {"userinfo": lambda h: h.endless(b" ", 0.5), "wants": USER, "slow": True},
}


class RoughServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # they come at once: of more than fit the kernel resets some


def serve():
    server = RoughServer(("127.0.0.1", 0), Handler)
    server.over, server.sent = threading.Event(), 0
    server.url = "http://127.0.0.1:%d" % server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    return server


class Rough(Site):
    def __init__(self, server, tally, peer, idle):
        super().__init__(server, tally, "rough provider")
        self.peer, self.idle = peer, idle

    def conf(self, case):
        return {"name": "oidc", "clientId": "c", "clientSecret": "s", "authURL": self.peer.url + "/auth",
                "tokenURL": "%s/%s/token" % (self.peer.url, case), "userInfoURL": "%s/%s/userinfo" % (self.peer.url, case)}

    def collection(self, case):
        """One for each: they are asked side by side."""
        self.admin("POST", "/api/collections", {"name": "c_" + case.replace("-", "_"), "type": "auth", "createRule": "", "viewRule": "",
                   "oauth2": {"enabled": True, "providers": [self.conf(case)], "mappedFields": {}}})

    def sign_in(self, case):
        began = time.monotonic()
        status, said = self.auth("auth-with-oauth2", {"provider": "oidc", "code": "c"}, col="c_" + case.replace("-", "_"))
        return case, status, said, time.monotonic() - began


def case_is_good(site, case, status, said, took_s):
    wants, slow = CASES[case]["wants"], CASES[case].get("slow")
    if wants:
        site.same(case, (status, said.get("message"), said.get("data")), (400, wants, {}))
    else:
        site.check(case, status in (200, 400), (status, said))
    site.check(case + ": in time", took_s < (LIMIT_S + SOON_S if slow else SOON_S), "%.1f s" % took_s)
    if status != 200:
        rows = site.rows("c_" + case.replace("-", "_"))
        site.same(case + ": nothing is stored", rows, [])


def longest(server, over):
    """Of what others ask again and again until then, in seconds."""
    nobody = {"identity": "nobody@example.com", "password": "12345678"}
    took = []
    while not over.wait(0.25):
        began = time.monotonic()
        server.request("GET", "/api/health")
        server.request("POST", "/api/collections/users/auth-with-password", nobody)
        took.append(time.monotonic() - began)
    return max(took, default=0)


def all_of_them(site):
    for case in CASES:
        site.collection(case)
    before = site.server.rss()
    with concurrent.futures.ThreadPoolExecutor(len(CASES) + 2) as pool:
        over = threading.Event()
        others = [pool.submit(longest, server, over) for server in (site.server, site.idle)]
        tasks = [pool.submit(site.sign_in, case) for case in CASES]
        concurrent.futures.wait(tasks)
        over.set()
    for task in tasks:
        case_is_good(site, *task.result())
    here, idle = (task.result() for task in others)
    # Where even a server that asks nobody takes a second, the machine is busy.
    site.check("others do not wait for it", here < 3 * max(idle, 1), "%.2f s, at a server that asks nobody %.2f s" % (here, idle))
    site.check("what is endless is not kept", site.server.rss() - before < 160 << 20, (site.server.rss() - before) >> 20)
    site.check("it is not read for long", site.peer.sent < 200 << 20, site.peer.sent >> 20)


def down(site):
    port = reeve.free_port()
    site.options("c_html", oauth2={"providers": [{"name": "oidc", "tokenURL": "http://127.0.0.1:%d/token" % port}]})
    _, status, said, took_s = site.sign_in("html")
    site.same("down", (status, said["message"]), (400, TOKEN))
    site.check("down: at once", took_s < SOON_S, took_s)
    site.options("c_html", oauth2={"providers": [{"name": "oidc", "tokenURL": ""}]})
    _, status, said, _ = site.sign_in("html")
    site.same("without an address", (status, said["message"]), (400, TOKEN))
    reeve.until("the log says which", lambda: "127.0.0.1" in json.dumps(
        [row["data"].get("details", row["data"].get("error")) for row in
         site.admin("GET", "/api/logs?perPage=500&filter=data.status%3D400%26%26data.url~'c_html'")["items"]]))


def left(site):
    """Many clients that leave while they wait: their threads are free again soon."""
    body = json.dumps({"provider": "oidc", "code": "c"})
    conns = []
    for _ in range(32):
        conn = http.client.HTTPConnection("127.0.0.1", site.server.port, timeout=20)
        conn.request("POST", "/api/collections/c_silent_token/auth-with-oauth2", body, {"Content-Type": "application/json"})
        conns.append(conn)
    time.sleep(1)
    for conn in conns:  # a plain end may be a client that still wants its answer
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        conn.close()
    began = time.monotonic()
    site.same("the next one", site.sign_in("refused")[1:3], (400, {"data": {}, "message": TOKEN, "status": 400}))
    site.check("is answered soon", time.monotonic() - began < SOON_S, "%.1f s" % (time.monotonic() - began))


def run(binary, base, tally):
    peer = serve()
    try:
        reeve.fresh(binary, base + "-idle", site=False)
        with reeve.Server(binary, base) as server, reeve.Server(binary, base + "-idle") as idle:
            site = Rough(server, tally, peer, idle)
            for part in (all_of_them, down, left):
                part(site)
    finally:
        peer.over.set()
        peer.shutdown()
