"""What POST /api/realtime answers: each refusal alone, then which of two comes first."""

import json

import streams

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PARTS = {"Content-Type": "multipart/form-data; boundary=x"}
WRONG = "Something went wrong while processing your request."
NONE = (204, None)
LONG = "a" * 2501


def refused(status, message, **data):
    return status, {"data": data, "message": message, "status": status}


def problem(code, message, **params):
    return {"code": code, "message": message, **({"params": params} if params else {})}


BAD = refused(400, WRONG)
UNKNOWN = refused(404, "Missing or invalid client id.")
ELSEWHERE = refused(400, "Invalid realtime client.")
OTHER = refused(403, "The current and the previous request authorization don't match.")
BLANK = problem("validation_required", "Cannot be blank.")
NO_ID = refused(400, WRONG, clientId=BLANK)
ID_RANGE = problem("validation_length_out_of_range", "The length must be between 1 and 255.", max=255, min=1)
MANY = problem("validation_length_too_long", "The length must be no more than 1000.", max=1000, min=0)
ENTRY = problem("validation_length_too_long", "The length must be no more than 2500.", max=2500, min=0)


def prepare(site):
    site.collection("notes", listRule="", fields=[{"name": "t", "type": "text"}])
    return {name: site.user("users", name)[1] for name in ("anna", "bert")}


def part(name, value):
    return '--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name, value)


def post(site, name, body, headers, wanted):
    return site.same(name, site.send("POST", streams.PATH, body, headers), wanted)


def json_bodies(site, _):
    ident = site.open().id
    for body, wanted in (
            ("", NO_ID), ("{}", NO_ID), ("null", NO_ID), ('{"clientId":null}', NO_ID), ('{"clientId":""}', NO_ID),
            ('{"subscriptions":["a"]}', NO_ID),
            ("{", BAD), ("[]", BAD), ('"x"', BAD), ("1", BAD), ("true", BAD), ("x", BAD),
            ('{"clientId":1}', BAD), ('{"clientId":["x"]}', BAD), ('{"clientId":{}}', BAD),
            ('{"clientId":"x","subscriptions":"a"}', BAD), ('{"clientId":"x","subscriptions":{}}', BAD),
            ('{"clientId":"x","subscriptions":1}', BAD), ('{"clientId":"x","subscriptions":[1]}', BAD),
            ('{"clientId":"x","subscriptions":["a",true]}', BAD), ('{"clientId":"x","subscriptions":[["a"]]}', BAD),
            ('{"clientId":"x","clientId":"x"}', BAD), ('{"clientId":"x","subscriptions":["a"],"subscriptions":[]}',
                                                       BAD),
            ('{"clientId":"x"}', UNKNOWN), ('{"clientId":"x","subscriptions":null}', UNKNOWN),
            ('{"clientId":"x","subscriptions":[null]}', UNKNOWN),  # null is an empty string here
            ('{"clientId":"x","subscriptions":["a"],"more":[1]}', UNKNOWN),
            ('{"clientId":"x"} more', UNKNOWN),  # what follows the value is not read
            ('{"CLIENTID":"x"}', UNKNOWN), ('{"clientid":"x","Subscriptions":[]}', UNKNOWN),  # keys in any case
            ('{"CLIENTID":"@ID","SubScriptions":["a"]}', NONE), ('{"clientId":"@ID"}', NONE),
            ('{"clientId":"@ID","subscriptions":[]}', NONE), ('{"clientId":"@ID","subscriptions":null}', NONE),
            ('{"clientId":"@ID","subscriptions":["",null,"a","a"]}', NONE)):
        post(site, "JSON " + body, body.replace("@ID", ident), JSON, wanted)


def other_bodies(site, _):
    ident = site.open().id
    both = part("clientId", ident) + part("subscriptions", "a") + part("subscriptions", "b") + "--x--\r\n"
    for name, body, headers, wanted in (
            ("empty form", "", FORM, NO_ID), ("form without id", "subscriptions=a", FORM, NO_ID),
            ("form with an unknown id", "clientId=x&subscriptions=a", FORM, UNKNOWN),
            ("form with a broken escape", "clientId=%zz", FORM, BAD),
            ("form", "clientId=%s&subscriptions=a&subscriptions=b" % ident, FORM, NONE),
            ("form without list", "clientId=" + ident, FORM, NONE),
            ("form with an empty entry", "clientId=%s&subscriptions=" % ident, FORM, NONE),
            ("form in which all is wrong", "clientId=%s&subscriptions=%s" % ("x" * 256, LONG), FORM,
             refused(400, WRONG, clientId=ID_RANGE, subscriptions={"0": ENTRY})),
            ("parts", both, PARTS, NONE), ("parts with an unknown id", part("clientId", "x") + "--x--\r\n", PARTS,
                                           UNKNOWN),
            ("parts without any", "--x--\r\n", PARTS, NO_ID),
            ("text", '{"clientId":"%s"}' % ident, {"Content-Type": "text/plain"}, BAD),
            ("no type", '{"clientId":"%s"}' % ident, {}, BAD), ("nothing", None, {}, NO_ID)):
        post(site, name, body, headers, wanted)


def forms_subscribe(site, _):
    """That a body is accepted is not enough: its entries must be the client's subscriptions."""
    stream = site.open()
    payload = json.dumps({"clientId": stream.id, "subscriptions": ["notes/*", streams.MARKS]})
    for name, body, headers in (
            ("form", "clientId=%s&subscriptions=notes/*&subscriptions=marks/*" % stream.id, FORM),
            ("escaped form", "clientId=%s&subscriptions=notes%%2F*&subscriptions=marks%%2F%%2A" % stream.id, FORM),
            ("parts", part("clientId", stream.id) + part("subscriptions", "notes/*")
             + part("subscriptions", streams.MARKS) + "--x--\r\n", PARTS),
            ("@jsonPayload", part("@jsonPayload", payload) + "--x--\r\n", PARTS),
            ("null in a list", '{"clientId":"%s","subscriptions":[null,"notes/*","marks/*"]}' % stream.id, JSON)):
        site.subscribe(stream, [])
        post(site, name + " accepted", body, headers, NONE)
        ident = site.make("notes", t=name)
        site.seen(name, stream, ("notes/*", "create", ident))


def limits(site, _):
    ident = site.open().id
    for name, client, topics, wanted in (
            ("id of 255", "x" * 255, [], UNKNOWN), ("id of 256", "x" * 256, [], refused(400, WRONG, clientId=ID_RANGE)),
            ("id of 127 letters in 254 bytes", "é" * 127, [], UNKNOWN),
            ("id of 128 letters in 256 bytes", "é" * 128, [], refused(400, WRONG, clientId=ID_RANGE)),
            ("1000 topics", ident, ["a%d" % i for i in range(1000)], NONE),
            ("1001 topics", ident, ["a"] * 1001, refused(400, WRONG, subscriptions=MANY)),
            ("1001 empty topics", ident, [""] * 1001, refused(400, WRONG, subscriptions=MANY)),
            ("2500 bytes", ident, ["a" * 2500], NONE),
            ("2501 bytes", ident, [LONG], refused(400, WRONG, subscriptions={"0": ENTRY})),
            ("2500 bytes in 1250 letters", ident, ["é" * 1250], NONE),
            ("2502 bytes in 1251 letters", ident, ["é" * 1251], refused(400, WRONG, subscriptions={"0": ENTRY})),
            ("entries", ident, ["a", LONG, "b", LONG], refused(400, WRONG, subscriptions={"1": ENTRY, "3": ENTRY})),
            ("more of them, and longer", ident, [LONG] * 1001, refused(400, WRONG, subscriptions=MANY))):
        post(site, name, {"clientId": client, "subscriptions": topics}, None, wanted)


def order(site, users):
    """Decoding, then both members together, then the id, the address, the user."""
    stream = site.open()
    site.subscribe(stream, [], users["anna"])
    for name, ident, topics, who, source, wanted in (
            ("both members", "", [LONG], None, None, refused(400, WRONG, clientId=BLANK, subscriptions={"0": ENTRY})),
            ("both members, too many", "x" * 256, ["a"] * 1001, None, None,
             refused(400, WRONG, clientId=ID_RANGE, subscriptions=MANY)),
            ("a list before the id", "x", [LONG], None, None, refused(400, WRONG, subscriptions={"0": ENTRY})),
            ("a list before all else", stream.id, [LONG], "bert", "127.0.0.2",
             refused(400, WRONG, subscriptions={"0": ENTRY})),
            ("decoding before all else", stream.id, [1], "bert", "127.0.0.2", BAD),
            ("the id before the address", "x", [], "bert", "127.0.0.2", UNKNOWN),
            ("the address before the user", stream.id, [], "bert", "127.0.0.2", ELSEWHERE),
            ("the address", stream.id, [], "anna", "127.0.0.2", ELSEWHERE),
            ("the user", stream.id, [], "bert", None, OTHER)):
        site.same("order: " + name, site.subscribe(ident, topics, users.get(who), source), wanted)


def addresses(site, _):
    here, there = site.open(), site.open(source="127.0.0.2")
    for name, stream, source, wanted in (
            ("as connected", here, None, NONE), ("from elsewhere", here, "127.0.0.2", ELSEWHERE),
            ("other as connected", there, "127.0.0.2", NONE), ("other from here", there, None, ELSEWHERE)):
        site.same("address: " + name, site.subscribe(stream, ["a"], None, source), wanted)
    site.same("address: still there", site.subscribe(here, ["a"]), NONE)


def identities(site, users):
    """Guest to user once; then only this user, whatever is asked for. A refusal changes nothing."""
    anna, bert, root = users["anna"], users["bert"], site.root
    stream = site.open()
    for name, who, wanted in (
            ("guest", None, NONE), ("guest again", None, NONE),
            ("a bad token is a guest's", {"Authorization": "x"}, NONE),
            ("user", anna, NONE), ("the same", anna, NONE), ("with Bearer", {
                "Authorization": "Bearer " + anna["Authorization"]}, NONE),
            ("another session of the same", {
                "Authorization": site.login("users", "anna@example.com")}, NONE),
            ("another", bert, OTHER), ("superuser", root, OTHER), ("guest after user", None, OTHER),
            ("a bad token after user", {"Authorization": "x"}, OTHER), ("the first one", anna, NONE)):
        site.same("identity: " + name, site.subscribe(stream, ["a"], who), wanted)
    stream = site.open("notes/*", headers=anna)
    site.same("identity: refused", site.subscribe(stream, [], bert), OTHER)
    ident = site.make("notes", t="x")
    site.seen("identity: a refusal keeps the list", stream, ("notes/*", "create", ident))
    site.same("list: refused", site.subscribe(stream, [LONG], anna)[0], 400)
    ident = site.make("notes", t="x")
    site.seen("list: a refusal keeps the list", stream, ("notes/*", "create", ident))
    stream = site.open()
    site.same("identity: superuser", site.subscribe(stream, ["a"], root), NONE)
    site.same("identity: superuser, then user", site.subscribe(stream, ["a"], anna), OTHER)
    site.same("identity: superuser, then guest", site.subscribe(stream, ["a"]), OTHER)


def replaces(site, _):
    stream = site.open("notes/*")
    site.watch(stream, "notes")
    ident = site.make("notes", t="x")
    site.seen("a list replaces the one before", stream, ("notes", "create", ident))


def large(site, _):
    """The default limit of a body holds here too; it is refused by its head."""
    with streams.Stream(site.server.port, method="POST", greet=False, headers={
            "Content-Type": "application/json", "Content-Length": str((32 << 20) + 1)}) as asked:
        site.same("a body over 32 MiB", (asked.status, json.loads(asked.body())),
                  refused(413, "Request entity too large."))


def proxied(site, users):
    """The address that binds a client is the one that the trusted header tells."""
    def forwarded(ip):
        return {"X-Forwarded-For": ip}

    site.must("PATCH", "/api/settings", {"trustedProxy": {"headers": ["X-Forwarded-For"], "useLeftmostIP": False}})
    try:
        stream = streams.Stream(site.server.port, headers=forwarded("10.0.0.1"))
        site.open_streams.append(stream)
        for name, headers, source, wanted in (
                ("the same", forwarded("10.0.0.1"), None, NONE), ("over another proxy", forwarded("10.0.0.1"),
                                                                  "127.0.0.2", NONE),
                ("the rightmost", forwarded("10.0.0.9, 10.0.0.1"), None, NONE),
                ("another", forwarded("10.0.0.2"), None, ELSEWHERE), ("none", {}, None, ELSEWHERE)):
            site.same("proxy: " + name, site.subscribe(stream, ["a"], headers, source), wanted)
    finally:
        site.must("PATCH", "/api/settings", {"trustedProxy": {"headers": [], "useLeftmostIP": False}})


def rates(site, _):
    """Both methods are plain routes of the rate limiter."""
    rule = {"label": "POST /api/realtime", "audience": "", "duration": 3600, "maxRequests": 2}
    stream = site.open()
    site.must("PATCH", "/api/settings", {"rateLimits": {"enabled": True, "rules": [rule]}})
    try:
        site.same("rates: POST", [site.subscribe(stream, ["a"])[0] for _ in range(3)], [204, 204, 429])
        site.same("rates: the answer", site.subscribe("", []), refused(429, "Too Many Requests."))
        rule["label"] = "GET /api/realtime"
        site.must("PATCH", "/api/settings", {"rateLimits": {"enabled": True, "rules": [rule]}})
        statuses = []
        for _ in range(3):
            with streams.Stream(site.server.port) as another:
                statuses.append(another.status)
        site.same("rates: GET", statuses, [200, 200, 429])
    finally:
        site.must("PATCH", "/api/settings", {"rateLimits": {"enabled": False}})


CASES = (json_bodies, other_bodies, forms_subscribe, limits, order, addresses, identities, replaces, large, proxied,
         rates)
