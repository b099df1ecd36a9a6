#!/usr/bin/env python3
"""run.py BINARY: what a hostile client can send.

Each case is bytes and the statuses that are right for them; None among those means that hanging up
without an answer is right too. After every case the server must still be there and answer others,
and a second round of all of it must leave its memory as the first did. A 5xx is never right.
"""

import json
import os
import select
import socket
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

MB = 1 << 20
MEMORY = 32 * MB  # what a second round may leave with caches and the allocator
MEMORY_ALL = 256 * MB  # and both together
PEOPLE = "/api/collections/people/records"
ENTRIES = "/api/collections/entries/records"
LOGIN = "/api/collections/users/auth-with-password"
HANG_S = 60  # no answer takes that long, on no machine
BAD = (400,)
CLOSED = (400, None)


def get(path, *headers):
    return request("GET", path, b"", *headers)


def request(method, path, body=b"", *headers):
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: x", *headers]
    if body or method in ("POST", "PATCH"):
        lines.append("Content-Length: %d" % len(body))
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape") + body


def post_json(path, body):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return request("POST", path, body, "Content-Type: application/json")


def raw(*lines):
    return "\r\n".join(lines + ("", "")).encode("latin-1")


def chunked(*parts):
    return raw("POST %s HTTP/1.1" % ENTRIES, "Host: x", "Content-Type: application/json",
               "Transfer-Encoding: chunked") + b"".join(parts)


def filtered(text, **more):
    query = urllib.parse.urlencode({"filter": text, **more})
    return get("%s?%s" % (PEOPLE, query))


def http_cases():
    health = "GET /api/health HTTP/1.1"
    post = "POST %s HTTP/1.1" % ENTRIES
    yield "noise", bytes(range(256)) * 40, CLOSED
    yield "tls hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 500 + b"\r\n\r\n", CLOSED
    yield "unknown version", raw("GET / HTTP/9.9", "Host: x"), (400, 505, None)
    yield "no host", raw(health), BAD
    yield "two hosts", raw(health, "Host: a", "Host: b"), BAD
    yield "length and transfer-encoding", raw(post, "Host: x", "Content-Length: 4",
                                              "Transfer-Encoding: chunked") + b"0\r\n\r\n", BAD
    yield "two lengths", raw(post, "Host: x", "Content-Length: 4", "Content-Length: 5"), BAD
    yield "negative length", raw(post, "Host: x", "Content-Length: -1"), BAD
    yield "length is a word", raw(post, "Host: x", "Content-Length: ten"), BAD
    yield "length overflows", raw(post, "Host: x", "Content-Length: 99999999999999999999"), (400, 413)
    yield "length of 100 GB", raw(post, "Host: x", "Content-Length: 100000000000"), (413,)
    yield "unknown transfer-encoding", raw(post, "Host: x", "Transfer-Encoding: gzip"), (400, 501)
    yield "chunk size no number", chunked(b"zz\r\n"), CLOSED
    yield "chunk size overflows", chunked(b"ffffffffffffffffff\r\n"), CLOSED
    yield "chunk without end", chunked(b"2\r\n{}XX\r\n0\r\n\r\n"), (200, 400, None)
    yield "40 MB in chunks", chunked(*([b"100000\r\n" + b" " * MB + b"\r\n"] * 40), b"0\r\n\r\n"), \
        (400, 413, None)
    yield "header without colon", raw(health, "Host: x", "nonsense"), BAD
    yield "space before colon", raw(health, "Host: x", "A : b"), BAD
    yield "folded header", raw(health, "Host: x", "A: b", " c"), (200, 400)
    yield "nul in a header", raw(health, "Host: x", "A: b\0c"), BAD
    yield "bare carriage return", raw(health, "Host: x", "A: b\rc"), BAD
    yield "head of 2 MB", raw(health, "Host: x", "A: " + "b" * (2 * MB)), (431,)
    yield "5000 headers", raw(health, "Host: x", *["A%d: b" % n for n in range(5000)]), (431,)
    yield "target of 2 MB", raw("GET /" + "a" * (2 * MB) + " HTTP/1.1", "Host: x"), (414, 431)
    yield "broken escape", get("/api/%zz"), BAD
    yield "no slash", raw("GET api/health HTTP/1.1", "Host: x"), BAD
    yield "unknown method", raw("BREW /api/health HTTP/1.1", "Host: x"), (400, 404, 405, 501)
    yield "body on a GET", request("GET", "/api/health", b"x" * 1000), (200,)
    yield "upgrade", get("/api/health", "Connection: Upgrade", "Upgrade: h2c"), (200,)
    yield "dots", get("/api/../../../../etc/passwd"), (301, 307, 400, 404)
    yield "encoded dots", get("/%2e%2e/%2e%2e/etc/passwd"), (301, 307, 400, 404)
    yield "nul in a path", get(PEOPLE + "/%00"), (404,)
    yield "no utf-8 in a path", get(PEOPLE + "/%ff%fe"), (400, 404)
    yield "id of 60 KB", get(PEOPLE + "/" + "a" * 60000), (404,)


def json_cases():
    yield "10 MB of [", post_json(ENTRIES, b"[" * (10 * MB)), BAD
    yield "10 MB of nested objects", post_json(ENTRIES, b'{"a":' * (2 * MB)), BAD
    yield "20,000 levels", post_json(ENTRIES, b'{"title":' + b"[" * 20000 + b"]" * 20000 + b"}"), BAD
    yield "5 million values", post_json(ENTRIES, b'{"n":[' + b"0," * 5000000 + b"0]}"), (200, 400, 413)
    yield "2 million keys", post_json(
        ENTRIES, b"{" + b",".join(b'"%x":0' % n for n in range(2000000)) + b"}"), (200, 400, 413)
    yield "40 MB", post_json(ENTRIES, b'{"title":"' + b"a" * (40 * MB) + b'"}'), (413,)
    yield "number of 1 MB", post_json(ENTRIES, b'{"n":' + b"9" * MB + b"}"), BAD
    yield "number out of range", post_json(ENTRIES, b'{"n":1e999}'), BAD
    yield "no utf-8", post_json(ENTRIES, b'{"title":"\xff\xfe"}'), BAD
    yield "overlong utf-8", post_json(ENTRIES, b'{"title":"\xc0\xaf"}'), BAD
    yield "half a surrogate", post_json(ENTRIES, b'{"title":"\\ud800"}'), (200, 400)
    yield "nul byte", post_json(ENTRIES, b'{"title":"a\0b"}'), BAD
    yield "escaped nul", post_json(ENTRIES, b'{"title":"a\\u0000b"}'), (200, 400)
    yield "twice the same key", post_json(ENTRIES, b'{"title":"a","title":"b"}'), BAD
    yield "behind the end", post_json(ENTRIES, b'{"title":"a"} {"title":"b"}'), (200, 400)
    yield "text of 5 MB", post_json(ENTRIES, {"title": "a" * (5 * MB)}), BAD
    yield "pattern on 1 MB", post_json(PEOPLE, {"name": "x", "code": "AB-" + "1" * MB}), BAD
    yield "1 million form pairs", request(
        "POST", ENTRIES, b"&".join(b"a%d=b" % n for n in range(1000000)),
        "Content-Type: application/x-www-form-urlencoded"), (200, 400, 413)
    for path in (ENTRIES, "/api/collections/users/auth-with-password", ENTRIES + "?title=" + "9" * 400):
        yield "a number of 400 digits in a form, " + path[:40], request(
            "POST", path, b"title=" + b"9" * 400 + b"&n=-" + b"9" * 309,
            "Content-Type: application/x-www-form-urlencoded"), (200, 400)
    yield "5 million form pairs for a login", request(
        "POST", "/api/collections/users/auth-with-password", b"a&" * 5000000,
        "Content-Type: application/x-www-form-urlencoded"), BAD
    yield "nested modifiers", post_json(PEOPLE, {"name": "y", "++name": 1, "name+-+": {"a": []}}), \
        (200, 400)
    yield "wrong types", post_json(PEOPLE, {
        "name": {"a": 1}, "age": [1], "tags": {"x": []}, "home": "somewhere", "meta": [[[]]]}), (200, 400)


def multipart_cases():
    def form(boundary, body):
        return request("POST", ENTRIES, body, "Content-Type: multipart/form-data" + boundary)

    part = b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\n%s\r\n'
    yield "no boundary", form("", b"--b--"), BAD
    yield "boundary of 5000 letters", form("; boundary=" + "b" * 5000, b"--b--"), BAD
    yield "no end", form("; boundary=b", part % b"x"), BAD
    yield "no name", form("; boundary=b", b"--b\r\n\r\nx\r\n--b--"), (200, 400)
    yield "100,000 parts", form("; boundary=b", (part % b"x") * 100000 + b"--b--"), (200, 400, 413)
    yield "headers of 5 MB", form("; boundary=b", b"--b\r\nA: " + b"c" * (5 * MB) + b"\r\n\r\n\r\n--b--"), (200, 400, 413)
    whole = part % b"x" + b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n' \
        b"Content-Type: text/plain\r\n\r\ny\r\n--b--"
    for n in range(1, len(whole)):
        yield "cut at %d" % n, form("; boundary=b", whole[:n]), BAD
        yield "a NUL at %d" % n, form("; boundary=b", whole[:n] + b"\0" + whole[n + 1:]), (200, 400)
    yield "a line that goes on for 60 KB", form("; boundary=b", (part % b"x").replace(
        b"; name", b";" + b"\r\n " * 20000 + b" name") + b"--b--"), (200, 400)
    yield "broken payload", form("; boundary=b", (part % b"x").replace(b"title", b"@jsonPayload")
                                 + b"--b--"), BAD


def query_cases():
    many = "&&".join(["name = 'a'"] * 20000)
    yield "filter of 900 KB", filtered("name = '%s'" % ("a" * 900000)), BAD
    yield "filter over the head's limit", filtered(many * 10), (414, 431)
    yield "1000 brackets", filtered("(" * 1000 + "name = 'a'" + ")" * 1000), (200, 400)
    yield "1000 brackets without end", filtered("(" * 1000 + "name = 'a'"), BAD
    yield "1700 brackets", filtered("(" * 1700 + "a=1" + ")" * 1700), (200, 400)
    yield "10,000 brackets", filtered("(" * 10000 + "name = 'a'" + ")" * 10000), BAD
    yield "20,000 expressions", filtered(many), BAD
    yield "nul in a filter", filtered("name = 'a\0b'"), (200, 400)
    yield "no utf-8 in a filter", get(PEOPLE + "?filter=name%20%3D%20%27%ff%fe%27"), (200, 400)
    for name in ("#x", "_", "@", ":", "x:", "title#"):
        yield "a name that is none, " + name, filtered(name + " = 1"), BAD
    yield "quote", filtered("name = 'a' OR 1=1 --"), BAD
    yield "sql in a name", filtered("name; DROP TABLE people = 1"), BAD
    yield "sql in a value", filtered("name = \"'; DROP TABLE people; --\""), (200,)
    yield "backtick in a name", filtered("`name` = 1"), BAD
    yield "wildcards", filtered("name ~ '%s'" % ("%a" * 800)), (200, 400)
    yield "deep path", filtered("meta." + ".".join("a" * 500) + " = 1"), (200, 400)
    yield "functions in functions", filtered("strftime(" * 50 + "'%Y'" + ")" * 50 + " = '1'"), BAD
    yield "number too long", filtered("age = " + "9" * 3000), (200, 400)
    yield "only operators", filtered("&& || = != ~ ?="), BAD
    yield "sort of 500 KB", get(PEOPLE + "?sort=" + "name," * 100000), BAD
    yield "expand of 500 KB", get(PEOPLE + "?expand=" + "a.b.c," * 80000), (200, 400)
    yield "fields of 500 KB", get(PEOPLE + "?fields=" + "a.b.c," * 80000), (200, 400)
    yield "deep expand", get(PEOPLE + "?expand=" + ".".join(["posts_via_likes"] * 500)), (200, 400)
    yield "endless page", get(PEOPLE + "?page=99999999999999999999"), BAD
    yield "greatest page", get(PEOPLE + "?page=9223372036854775807&perPage=1000"), (200, 400)
    yield "negative", get(PEOPLE + "?page=-5&perPage=-5"), (200, 400)
    yield "100,000 parameters", get(PEOPLE + "?" + "&".join("a%d=1" % n for n in range(100000))), BAD
    yield "1000 parameters", get(PEOPLE + "?a" + "&a" * 999), (200,)
    yield "1001 parameters", get(PEOPLE + "?a" + "&a" * 1000), BAD
    yield "10,001 form values", request("POST", ENTRIES, b"&".join([b"a=1"] * 10001),
                                        "Content-Type: application/x-www-form-urlencoded"), BAD
    yield "fields of nothing but commas", get(PEOPLE + "?fields=" + "," * 900000), BAD
    yield "expand of nothing but commas", get(PEOPLE + "?expand=" + "," * 900000), (200,)
    yield "unknown collection", get("/api/collections/nothing/records"), (404,)
    yield "sqlite's own table", get("/api/collections/sqlite_master/records"), (404,)
    yield "internal table", get("/api/collections/_params/records"), (404,)
    yield "write to an unknown collection", post_json("/api/collections/nothing/records", {}), (404,)


def token_cases(directory):
    good = reeve.token(directory, "anna")
    claims, secret = reeve.token_parts(directory, "anna")
    head, payload, mark = good.split(".")

    def refresh(token):
        return request("POST", "/api/collections/users/auth-refresh", b"", "Authorization: " + token)

    yield "good token", refresh(good), (200,)
    yield "token without an expiry", refresh(  # PocketBase takes it: only we could have signed it
        reeve.sign({k: v for k, v in claims.items() if k != "exp"}, secret)), (200, 401)
    for name, token in {
        "no token": "",
        "truncated": good[:-5],
        "without signature": head + "." + payload + ".",
        "two parts": head + "." + payload,
        "four parts": good + ".a",
        "signature of another": head + "." + payload + "." + reeve.token(directory, "ben").split(".")[2],
        "other claims": head + "." + reeve.b64(json.dumps(dict(claims, id="x")).encode()) + "." + mark,
        "forged": reeve.sign(claims, secret + "x"),
        "expired": reeve.sign(dict(claims, exp=1), secret),
        "expiry is a word": reeve.sign(dict(claims, exp="never"), secret),
        "another type": reeve.sign(dict(claims, type="file"), secret),
        "no type": reeve.sign({k: v for k, v in claims.items() if k != "type"}, secret),
        "unknown user": reeve.sign(dict(claims, id="nosuchuser00000"), secret),
        "unknown collection": reeve.sign(dict(claims, collectionId="nosuch"), secret),
        "claims of other types": reeve.sign({k: [] for k in claims}, secret),
        "claims are a list": reeve.sign([1], secret),
        "algorithm none": reeve.sign(claims, secret, {"alg": "none"}).rpartition(".")[0] + ".",
        "algorithm RS256": reeve.sign(claims, secret, {"alg": "RS256"}),
        "head is no JSON": reeve.b64(b"nonsense") + "." + payload + "." + mark,
        "no base64": "!!!.???.***",
        "no utf-8": "\udcff\udcfe",
        "500 KB": head + "." + "a" * 500000 + "." + mark,
        "a million dots": "." * 900000,
    }.items():
        yield name, refresh(token), (400, 401)
    yield "password of 1 MB", post_json(LOGIN, {"identity": "anna@example.com", "password": "x" * MB}), BAD
    yield "identity of 1 MB", post_json(LOGIN, {"identity": "x" * MB, "password": "x"}), BAD
    yield "identity is a list", post_json(LOGIN, {"identity": ["a"], "password": {}}), BAD
    yield "unknown identity field", post_json(
        LOGIN, {"identity": "a", "password": "b", "identityField": "tokenKey"}), BAD
    yield "nul in a password", post_json(LOGIN, {"identity": "anna@example.com",
                                                 "password": "1234567890\0x"}), BAD


def send(port, data):
    """Sends all of it unless the server answers first; the status, or None for no answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=HANG_S) as s:
        view, answer = memoryview(data), b""
        s.setblocking(False)
        deadline = time.monotonic() + HANG_S
        while time.monotonic() < deadline:
            try:
                if view:
                    view = view[s.send(view[:1 << 16]):]
            except BlockingIOError:
                time.sleep(0.0005)
            except OSError:
                view = memoryview(b"")
            try:
                got = s.recv(1 << 16)
                if not got:
                    break
                answer += got
                if b"\r\n\r\n" in answer and not answer.startswith(b"HTTP/1.1 100"):
                    break
            except BlockingIOError:
                if not view:
                    time.sleep(0.0005)
            except OSError:
                break
        else:
            return "nothing: waited %d s for an answer or the end, %d bytes came" % (HANG_S, len(answer))
    words = answer.split(None, 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else None


def pipelined(server, tally):
    one = get("/api/health")
    answer, how = b"", ""
    with socket.create_connection(("127.0.0.1", server.port), timeout=HANG_S) as s:
        s.sendall(one * 500 + request("GET", "/api/health", b"", "Connection: close"))
        try:
            while got := s.recv(1 << 16):
                answer += got
        except TimeoutError:
            how = ", then nothing for %d s" % HANG_S
    n = answer.count(b"HTTP/1.1 200")
    tally.check("500 pipelined requests", n == 501 and not how, "%d answers%s" % (n, how))


def long_queries(server, tally):
    """What a query is made of costs no more than its length: the same in one value is the measure."""
    def cpu_s(query):
        begin = server.cpu_s()
        for _ in range(60):
            server.request("GET", PEOPLE + "?perPage=1&" + query)
        return server.cpu_s() - begin

    measure = cpu_s("a=" + "a" * 900000)
    for name, query in (("parameters", "&a" * 450000), ("fields", "fields=" + "," * 900000),
                        ("expand", "expand=" + "," * 900000), ("sort", "sort=" + "," * 900000)):
        spent = cpu_s(query)
        tally.check("cost of as many %s as there may come" % name, spent < 3 * measure + 0.1,
                    "60 requests: %.0f ms of CPU, and %.0f ms with one parameter" % (spent * 1e3, measure * 1e3))


def many_logins(server, tally):
    """Wrong passwords without end must not keep others waiting: who reads is answered while there are
    logins that came before and are not."""
    login = post_json(LOGIN, {"identity": "anna@example.com", "password": "wrong-password"})
    sockets = []
    for _ in range(300):
        s = socket.create_connection(("127.0.0.1", server.port), timeout=HANG_S)
        s.sendall(login)
        sockets.append(s)
    status = server.request("GET", PEOPLE + "?perPage=1")[0]
    answered = len(select.select(sockets, [], [], 0)[0])
    for s in sockets:
        s.close()
    tally.check("reads while 300 log in", status == 200 and answered < len(sockets),
                "%d after %d logins were answered" % (status, answered))


def main():
    home = reeve.scratch("hostile")
    tally = reeve.Tally()
    try:
        directory = reeve.fresh(sys.argv[1], os.path.join(home, "data"))
        with reeve.Server(sys.argv[1], directory) as server:
            attack(server, directory, tally)
            tally.check("stops cleanly", server.stop(), server.output())
    finally:
        reeve.remove(home)
    return tally.end()


def attack(server, directory, tally):
    for n in range(200):  # warm
        server.request("GET", "%s?perPage=%d" % (PEOPLE, n % 40 + 1))
    begin = server.rss()
    one_round(server, directory, tally)
    first = server.rss()
    one_round(server, directory, tally)
    grown = server.rss() - first
    with open("/proc/%d/maps" % server.process.pid, encoding="utf-8") as maps:
        sanitized = "libasan" in maps.read()  # keeps freed memory back on purpose
    tally.check("memory stays bounded", sanitized or grown < MEMORY and server.rss() - begin < MEMORY_ALL,
                "%d MiB at first, then %d, then %d more" % (begin >> 20, first >> 20, grown >> 20))
    pipelined(server, tally)
    long_queries(server, tally)
    many_logins(server, tally)


def one_round(server, directory, tally):
    for cases in (http_cases(), json_cases(), multipart_cases(), query_cases(), token_cases(directory)):
        for name, data, right in cases:
            status = send(server.port, data)
            well = server.alive() and server.healthy()
            tally.check(name, status in right and well, "answered %s%s" % (
                status, "" if well else ", and is no longer well: " + server.output()))
            if not server.alive():
                server.start()


if __name__ == "__main__":
    sys.exit(main())
