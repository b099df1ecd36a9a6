"""The topic @oauth2: what GET and POST /api/oauth2-redirect hand to the client whose id is the state."""

import urllib.parse

import streams

TOPIC = "@oauth2"
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


CASES = (handed_over, once, refused, with_options, elsewhere, bound, hung_up)
