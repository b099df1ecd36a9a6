"""provider: an OpenID Connect provider on loopback that believes in its codes.

A code says what it is answered with: code(user, **how). Each is good once. What was asked is kept.
"""

import base64
import http.client
import http.server
import json
import threading
import urllib.parse

PICTURE = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==")


def code(user, **how):
    """how: `token`, members of the token's answer; `n`, which only makes it another one."""
    return base64.urlsafe_b64encode(json.dumps({"user": user, **how}).encode()).decode().rstrip("=")


def spoken(text):
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def note(self, body):
        self.server.asked.append((self.command, self.path, dict(self.headers), body))

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(), True))
        self.note(form)
        try:
            said = spoken(form["code"])
        except (KeyError, ValueError):
            return self.answer(400, {"error": "invalid_grant"})
        if said.get("gate"):
            self.server.waiting.set()
            self.server.gate.wait(20)
        with self.server.lock:
            again = form["code"] in self.server.used
            self.server.used.add(form["code"])
        if again:
            return self.answer(400, {"error": "invalid_grant"})
        return self.answer(200, {"access_token": form["code"], "token_type": "Bearer", **said.get("token", {})})

    def do_GET(self):
        self.note("")
        if self.path.startswith("/picture"):
            return self.answer(200, PICTURE, "image/png")
        try:
            return self.answer(200, spoken(self.headers.get("Authorization", "").rpartition(" ")[2])["user"])
        except (KeyError, ValueError):
            return self.answer(401, {"error": "invalid_token"})


class Proxy(http.server.ThreadingHTTPServer):
    """Carries requests on, and remembers where to; for who brings its password."""

    daemon_threads = True
    request_queue_size = 256  # of more that come at once the kernel resets some

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def carry(self):
            self.server.carried.append((self.path, self.headers.get("Proxy-Authorization")))
            to = urllib.parse.urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            conn = http.client.HTTPConnection(to.hostname, to.port, timeout=20)
            conn.request(self.command, to.path, body, {k: v for k, v in self.headers.items() if not k.startswith("Proxy-")})
            reply = conn.getresponse()
            said = reply.read()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.getheader("Content-Type"))
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)
            conn.close()

        do_GET = do_POST = carry

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Proxy.Handler)
        self.address = "127.0.0.1:%d" % self.server_address[1]
        self.carried = []
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()


class Provider(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # of more that come at once the kernel resets some

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server_address[1]
        self.asked, self.used, self.lock = [], set(), threading.Lock()
        self.gate, self.waiting = threading.Event(), threading.Event()  # of a code that says so
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()

    def conf(self, name="oidc", **more):
        return {"name": name, "clientId": "an id", "clientSecret": "a secret", "authURL": self.url + "/auth",
                "tokenURL": self.url + "/token", "userInfoURL": self.url + "/userinfo", **more}
