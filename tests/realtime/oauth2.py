"""The topic @oauth2: what GET and POST /api/oauth2-redirect hand to the client whose id is the state."""

import json
import threading
import urllib.parse

import streams

TOPIC = "@oauth2"
PATH = "/api/oauth2-redirect"
FORM = "application/x-www-form-urlencoded"
MIB = 1 << 20
APPLE = '{"name":{"firstName":"A","lastName":"B"}}'
GOOD, BAD = "../_/#/auth/oauth2-redirect-success", "../_/#/auth/oauth2-redirect-failure"


def prepare(site):
    return site.user("users", "anna")[1]


def redirect(site, method="GET", source=None, **values):
    """(status, location)"""
    query = urllib.parse.urlencode(values)
    conn = streams.reeve.Connection("127.0.0.1", site.server.port, timeout=60, source_address=(source, 0) if source
                                    else None)
    try:
        if method == "GET":
            conn.request("GET", "/api/oauth2-redirect?" + query)
        else:
            conn.request(method, "/api/oauth2-redirect", query, {"Content-Type": "application/x-www-form-urlencoded"})
        reply = conn.getresponse()
        reply.read()
        return reply.status, reply.headers.get("Location")
    finally:
        conn.close()


def told(site, stream):
    return [(e.name, e.data, e.id == stream.id) for e in site.drain(stream)]


def handed_over(site, _):
    for method, status in (("GET", 307), ("POST", 303)):
        for values, data, where in (
                ({"code": "c1"}, '"code":"c1"', GOOD), ({"code": 'a"<&>é'}, '"code":"a\\"<&>é"', GOOD),
                ({}, '"code":""', BAD),
                ({"code": ""}, '"code":""', BAD), ({"error": "no"}, '"code":"","error":"no"', BAD),
                ({"code": "c", "error": "no"}, '"code":"c","error":"no"', BAD),
                ({"code": "c", "error": ""}, '"code":"c"', GOOD),
                ({"code": "c", "more": "x"}, '"code":"c"', GOOD)):
            stream = site.open(TOPIC)
            site.same("%s %s: answer" % (method, values), redirect(site, method, state=stream.id, **values),
                      (status, where))
            site.same("%s %s" % (method, values), told(site, stream),
                      [(TOPIC, '{"state":"%s",%s}' % (stream.id, data), True)])
            stream.close()


def once(site, _):
    """The subscription is used up, the others stay."""
    stream = site.open(TOPIC)
    redirect(site, state=stream.id, code="c")
    site.same("once", len(told(site, stream)), 1)
    site.same("twice: answer", redirect(site, state=stream.id, code="d"), (307, BAD))
    site.same("twice", told(site, stream), [])
    site.watch(stream, TOPIC)
    site.same("subscribed again", redirect(site, state=stream.id, code="e"), (307, GOOD))
    site.same("subscribed again: the code", len(told(site, stream)), 1)


def refused(site, _):
    stream = site.open()
    site.watch(stream)
    for name, state in (("no state", ""), ("unknown", "x"), ("not subscribed", stream.id),
                        ("id in capitals", stream.id.upper())):
        site.same(name, redirect(site, state=state, code="c"), (307, BAD))
    for topic in ("oauth2", "@oauth2/*", "@OAUTH2", "@oauth2 "):
        site.watch(stream, topic)
        site.same("topic %r" % topic, redirect(site, state=stream.id, code="c"), (307, BAD))
    site.same("nothing was sent", told(site, stream), [])
    site.watch(stream, TOPIC)
    other = site.open(TOPIC)
    site.same("to one", redirect(site, state=stream.id, code="c"), (307, GOOD))
    site.same("not to the other", [len(told(site, stream)), len(told(site, other))], [1, 0])


def with_options(site, _):
    """Options belong to the name: such a topic is another one."""
    stream = site.open(streams.topic(TOPIC, query={"a": "b"}))
    got = redirect(site, state=stream.id, code="c")
    site.same("with options", [got, told(site, stream)], [(307, BAD), []])


def elsewhere(site, _):
    """From another address: nothing is sent, and the subscription is gone."""
    stream = site.open(TOPIC)
    site.same("elsewhere", redirect(site, source="127.0.0.2", state=stream.id, code="c"), (307, BAD))
    site.same("then from here", redirect(site, state=stream.id, code="c"), (307, BAD))
    site.same("elsewhere: nothing was sent", told(site, stream), [])


def bound(site, headers):
    """Who the client is does not matter."""
    stream = site.open(TOPIC, headers=headers)
    site.same("bound", redirect(site, state=stream.id, code="c"), (307, GOOD))
    site.same("bound: the code", len(told(site, stream)), 1)


def hung_up(site, _):
    stream = site.open(TOPIC)
    stream.close()
    streams.reeve.until("a client that hung up is gone", lambda: redirect(site, state=stream.id,
                                                                          code="c") == (307, BAD))
    site.tally.check("oauth2: hung up", True)


def answer(site, method, query="", body=None, kind=FORM, source=None, **headers):
    """All of an answer but its date and its id: (status, headers, body)"""
    conn = streams.reeve.Connection("127.0.0.1", site.server.port, timeout=60, source_address=(source, 0) if source
                                    else None)
    try:
        if body is not None:
            headers["Content-Type"] = kind
        conn.request(method, PATH + query, body, headers)
        reply = conn.getresponse()
        raw = reply.read()
        return reply.status, sorted(p for p in reply.getheaders() if p[0] not in ("Date", "X-Request-Id")), raw
    finally:
        conn.close()


def location(got):
    return got[0], dict(got[1]).get("Location")


def no_oracle(site, _):
    """Who asks for a client cannot tell one that is there from one that is not."""
    quiet, other = site.open(), site.open(TOPIC)
    site.watch(quiet)
    for method, place in (("GET", lambda text: ("?" + text, None)), ("POST", lambda text: ("", text))):
        unknown = answer(site, method, *place("code=c&state=" + "x" * 40))
        site.same(method + " unknown", location(unknown), (307 if method == "GET" else 303, BAD))
        for name, text, source in (("without the subscription", "code=c&state=" + quiet.id, None),
                                   ("from elsewhere", "code=c&state=" + other.id, "127.0.0.2"),
                                   ("an id too short", "code=c&state=" + other.id[1:], None),
                                   ("no state", "code=c", None), ("nothing", "", None)):
            site.same("%s %s" % (method, name), answer(site, method, *place(text), source=source), unknown)
        site.watch(other, TOPIC)
    site.same("no oracle: nothing was sent", told(site, quiet) + told(site, other), [])


def odd_states(site, _):
    """None of them is the client's id, though some begin or end with it; the subscription stays."""
    stream = site.open(TOPIC)
    for name, state in (("1 MB", "s" * MIB), ("the id and 1 MB", stream.id + "s" * MIB), ("NUL", "\0"),
                        ("NUL behind", stream.id + "\0"), ("NUL before", "\0" + stream.id),
                        ("40 NULs", "\0" * 40), ("NUL inside", stream.id[:20] + "\0" + stream.id[21:]),
                        ("a line", stream.id + "\r\nLocation: http://example.com"), ("a blank", stream.id + " ")):
        if len(state) < MIB:
            site.same("state %s, GET" % name, redirect(site, state=state, code="c"), (307, BAD))
        site.same("state %s, POST" % name, redirect(site, "POST", state=state, code="c"), (303, BAD))
        site.same("state %s, JSON" % name, location(answer(site, "POST", "", json.dumps({"state": state, "code": "c"}),
                                                           "application/json")), (303, BAD))
    site.same("odd states: nothing was sent", told(site, stream), [])
    site.same("odd states: then its id", redirect(site, state=stream.id, code="c"), (307, GOOD))


def injected(site, _):
    """What is sent is one event, and where to is nobody's to say."""
    good = answer(site, "GET", "?code=c&state=" + site.open(TOPIC).id)
    bad = answer(site, "GET", "?error=e&state=" + site.open(TOPIC).id)
    site.same("plain", [location(good), location(bad)], [(307, GOOD), (307, BAD)])
    for text, data in (("c\r\nLocation: http://example.com\r\n\r\n<p>",
                        "c\\r\\nLocation: http://example.com\\r\\n\\r\\n<p>"),
                       ("c\n\nevent:x\ndata:y\n\n", "c\\n\\nevent:x\\ndata:y\\n\\n"), ("a\0b", "a\\u0000b"),
                       ('","state":"x', '\\",\\"state\\":\\"x'), ("\u2028\x7f", "\u2028\x7f")):
        for key, wanted, form in (("code", good, '"code":"%s"'), ("error", bad, '"code":"","error":"%s"')):
            stream = site.open(TOPIC)
            query = "?" + urllib.parse.urlencode({"state": stream.id, key: text})
            site.same("%s %r: answer" % (key, text), answer(site, "GET", query), wanted)
            site.same("%s %r" % (key, text), told(site, stream),
                      [(TOPIC, '{"state":"%s",%s}' % (stream.id, form % data), True)])
            stream.close()
    stream = site.open(TOPIC)
    site.same("other headers", answer(site, "GET", "?code=c&state=" + stream.id, Host="example.com",
                                      Referer="http://example.com/", **{"X-Forwarded-Host": "example.com"}), good)


def no_text(site, _):
    """Nothing is sent, and the subscription is gone."""
    for values in ("code=a%ff", "code=c&error=%c3", "code=%ed%a0%80"):
        stream = site.open(TOPIC)
        site.same(values, location(answer(site, "GET", "?%s&state=%s" % (values, stream.id))), (307, BAD))
        site.same(values + ": then text", redirect(site, state=stream.id, code="c"), (307, BAD))
        site.same(values + ": nothing was sent", told(site, stream), [])
        stream.close()


def bodies(site, _):
    """Of a POST what its body says counts; of one that cannot be read nothing does, and the subscription stays."""
    parts = "".join('--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair
                    for pair in (("code", "c"), ("state", "ID"))) + "--x--\r\n"
    for name, query, body, kind in (
            ("JSON", "", '{"state":"ID","code":"c"}', "application/json"),
            ("multipart", "", parts, "multipart/form-data; boundary=x"),
            ("beside a query", "?code=q&state=q", "state=ID&code=c", FORM),
            ("the first counts", "", "state=ID&code=c&code=d&state=e", FORM),
            ("Apple's name", "", "state=ID&code=c&user=" + urllib.parse.quote(APPLE), FORM),
            ("Apple's name, broken", "", "state=ID&code=c&user=%7B%22", FORM),
            ("Apple's name, 1 MB", "", "state=ID&code=c&user=" + "u" * MIB, FORM),
            ("Apple's name, JSON", "", '{"state":"ID","code":"c","user":%s}' % APPLE, "application/json")):
        stream = site.open(TOPIC)
        got = answer(site, "POST", query, body.replace("ID", stream.id), kind)
        site.same(name + ": answer", location(got), (303, GOOD))
        site.same(name, told(site, stream), [(TOPIC, '{"state":"%s","code":"c"}' % stream.id, True)])
        stream.close()
    for name, query, body, kind in (
            ("the query alone", "?state=ID&code=c", None, FORM),
            ("no type", "", "state=ID&code=c", ""), ("text", "", "state=ID&code=c", "text/plain"),
            ("broken JSON", "", '{"state":"ID","code":"c"', "application/json"),
            ("a number", "", '{"state":"ID","code":1}', "application/json"),
            ("no text in JSON", "", '{"state":"ID","code":"\\ud800"}', "application/json"),
            ("a broken escape", "", "state=ID&code=%zz", FORM), ("a semicolon", "", "state=ID&code=a;b", FORM)):
        stream = site.open(TOPIC)
        got = answer(site, "POST", query.replace("ID", stream.id), body and body.replace("ID", stream.id), kind)
        site.same(name + ": answer", location(got), (303, BAD))
        site.same(name + ": nothing was sent", told(site, stream), [])
        site.same(name + ": then a good one", redirect(site, state=stream.id, code="c"), (307, GOOD))
        stream.close()


def head(site, _):
    """It hands over as well, and is no GET where the status is chosen."""
    stream = site.open(TOPIC)
    site.same("HEAD: answer", location(answer(site, "HEAD", "?code=c&state=" + stream.id)), (303, GOOD))
    site.same("HEAD: the code", len(told(site, stream)), 1)


def others_stay(site, headers):
    """The client hears what it heard before, as who it was."""
    site.collection("notes", listRule="@request.auth.id != ''", viewRule="", fields=[{"name": "n", "type": "number"}])
    stream = site.open("notes/*", TOPIC, "notes", headers=headers)
    guest = site.open("notes/*", TOPIC)
    for each in (stream, guest):
        site.same("others stay: answer", redirect(site, state=each.id, code="c"), (307, GOOD))
        site.same("others stay: the code", len(told(site, each)), 1)
    ident = site.make("notes", n=1)
    site.seen("others stay", stream, ("notes/*", "create", ident), ("notes", "create", ident))
    site.seen("others stay: a guest's", guest)
    alone = site.open()
    site.subscribe(alone, [TOPIC])
    site.same("the last one: answer", redirect(site, state=alone.id, code="c"), (307, GOOD))
    site.watch(alone, "notes/*", headers=headers)
    site.same("the last one: the code", [e[0] for e in told(site, alone)], [TOPIC])
    ident = site.make("notes", n=2)
    site.seen("the last one: others later", alone, ("notes/*", "create", ident))


def at_once(site, _):
    """As many are told that it went well as codes come; with --in-order one, while the reference server looks first and
    takes the subscription away afterwards."""
    for _ in range(10):
        stream = site.open(TOPIC)
        got = []
        threads = [threading.Thread(target=lambda n=n: got.append(redirect(site, state=stream.id, code="c%d" % n)))
                   for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        good = got.count((307, GOOD))
        site.same("at once: answers", [len(got), good + got.count((307, BAD))], [8, 8])
        site.same("at once: codes", len(told(site, stream)), good)
        site.tally.check("oauth2: at once: good ones", good == 1 or (good > 1 and not site.in_order), str(good))
        stream.close()


CASES = (handed_over, once, refused, with_options, elsewhere, bound, hung_up, no_oracle, odd_states, injected, no_text,
         bodies, head, others_stay, at_once)
