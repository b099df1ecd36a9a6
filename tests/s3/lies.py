"""Storage that tells of a file, and then has something else to say; in place of a bucket."""

import contextlib
import http.server
import os
import threading

import reeve

SIZE = 32 << 20  # more than lies between storage and a client that does not read


class Liar(http.server.ThreadingHTTPServer):
    """Knows one file under every name; `data`."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Lie)
        self.data = os.urandom(SIZE)
        self.lock = threading.Lock()
        self.begin()

    def begin(self, refused=0, status=503, tags=None, longer=0, hold=None):
        """refused: so many GETs are answered with `status`; tags: of one answer each, the last of all
        that follow; longer: bytes more than asked for; hold: that method has no answer."""
        self.refused, self.status, self.tags, self.longer, self.hold = refused, status, tags or ["a"], longer, hold
        self.n_gets = self.n_open = 0

    def handle_error(self, *_):
        pass  # who asked has left


class Lie(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, size, tag=None):
        self.send_response(status)
        self.send_header("Content-Length", str(size))
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Last-Modified", "Sat, 01 Jan 2022 00:00:00 GMT")
        if tag:
            self.send_header("ETag", tag)
        self.end_headers()

    def do_HEAD(self):
        with self.counted():
            self.answer(200, SIZE)

    def do_GET(self):
        with self.server.lock:
            self.server.n_gets += 1
        with self.counted():
            self.get()

    @contextlib.contextmanager
    def counted(self):
        server = self.server
        with server.lock:
            server.n_open += 1
        try:
            if server.hold == self.command:
                self.connection.settimeout(30)
                self.rfile.read(1)  # nothing comes but the end
            yield
        finally:
            with server.lock:
                server.n_open -= 1

    def get(self):
        server = self.server
        if server.n_gets <= server.refused:
            self.answer(server.status, 0)
            return
        first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
        body = server.data[first:last + 1] + b"x" * server.longer
        self.answer(206, len(body), server.tags[min(server.n_gets, len(server.tags)) - 1])
        self.wfile.write(body)


@contextlib.contextmanager
def lying(site):
    """(the liar, the path of its file)"""
    record = site.make(("one", b"there", "there.bin"))
    with Liar() as liar:
        thread = threading.Thread(target=liar.serve_forever)
        thread.start()
        try:
            site.use_s3(endpoint="http://127.0.0.1:%d" % liar.server_port)
            yield liar, site.url(record, record["one"])
        finally:
            liar.shutdown()
            thread.join()
            site.use_s3()


def logged(site):
    return site.server.output().count("files.fetch.failed")


def told_of(site):
    """What is not there after all is not found, and no download is empty."""
    with lying(site) as (liar, path):
        for what, ranged in (("all", {}), ("a part", {"Range": "bytes=5-9"}), ("parts", {"Range": "bytes=0-1,5-9"})):
            for lie, gets in (({"refused": 9}, 2), ({"refused": 9, "status": 403}, 1),
                              ({"refused": 9, "status": 404}, 1), ({"longer": 9}, 1)):
                liar.begin(**lie)
                site.same("%s, %r" % (what, lie), (site.get(path, **ranged)[0], liar.n_gets), (404, gets))
            liar.begin(refused=1)
            site.same(what + ", at the second try", site.get(path, **ranged)[0], 206 if ranged else 200)
        site.tally.check("the log says so", logged(site), site.server.output())
        liar.begin(refused=9)
        site.same("HEAD asks for nothing of it", (site.get(path, "HEAD")[0], liar.n_gets), (200, 0))


def asked_again(site):
    """Who has read too slowly gets the rest of the same file, or none."""
    with lying(site) as (liar, path):
        for what, lie, whole in (("the same", {}, True), ("another", {"tags": ["a", "b"]}, False)):
            liar.begin(**lie)
            with site.download(path) as s, s.makefile("rb") as reply:
                reeve.until("it is asked for", lambda: liar.n_gets == 1)
                reeve.until("storage is let go of", lambda: liar.n_open == 0)
                got = reply.read().partition(b"\r\n\r\n")[2]
            site.tally.check("asks again, " + what, liar.n_gets > 1, liar.n_gets)
            site.same("what was sent is of one file, " + what, got == liar.data[:len(got)], True)
            site.same("all of it is sent, " + what, len(got) == SIZE, whole)


def left_early(site):
    """A client that leaves before there is an answer leaves nothing in progress."""
    with lying(site) as (liar, path):
        for method in ("HEAD", "GET"):
            liar.begin(hold=method)
            clients = [site.download(path) for _ in range(4)]
            reeve.until("it is asked for", lambda: liar.n_open == 4)
            for s in clients:
                s.close()
            try:
                reeve.until("fetches end with their clients, " + method, lambda: liar.n_open == 0)
            except RuntimeError as e:
                site.tally.check("fetches end with their clients, " + method, False, e)
        liar.begin()
        site.same("serves others then", site.get(path)[0], 200)


PARTS = (told_of, asked_again, left_early)
