"""ETags of records, collections and settings, and the conditions that requests make on them."""

import concurrent.futures
import json
import os
import re

import reeve

PEOPLE = "/api/collections/people"
VIEW = PEOPLE + "/records/"
SETTINGS, OWN = "/api/settings", "/api/reeve/settings"
OTHER = "The %s not in the state that the request asks for."
TAG = re.compile(r'^"[\w-]{16}-[\w-]{16}"$')


class Site:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.root = {"Authorization": reeve.token(server.dir, "root")}

    def send(self, method, path, body=None, **headers):
        """(status, JSON or None, headers)"""
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        status, raw, got = self.server.request(method, path, body, headers)
        return status, json.loads(raw) if raw else None, got

    def make(self, **values):
        status, record, _ = self.send("POST", VIEW[:-1], {"name": "n" + os.urandom(8).hex(),
                                                          **values})
        assert status == 200, record
        return record["id"]

    def tag(self, path, **headers):
        return self.send("GET", path, If_None_Match="", **headers)[2].get("ETag")

    def same(self, name, got, wanted):
        return self.tally.check("etags: " + name, got == wanted, "%r, not %r" % (got, wanted))


def unasked(site, wanted):
    """Who sends neither header has a tag only where the setting says so."""
    origin = {"Origin": "http://elsewhere.example"}
    path = VIEW + site.make()
    for method, url, body in (("GET", path, None), ("HEAD", path, None), ("PATCH", path, {"age": 3}),
                              ("POST", VIEW[:-1], {"name": "n" + os.urandom(8).hex()}),
                              ("GET", PEOPLE, None), ("PATCH", PEOPLE, {}), ("GET", SETTINGS, None),
                              ("PATCH", SETTINGS, {}), ("GET", OWN, None), ("PATCH", OWN, {})):
        status, _, headers = site.server.request(method, url, body, {**site.root, **origin})
        site.same("unasked: %s %s" % (method, url.replace(path, VIEW)), [
            status, bool(headers.get("ETag")), headers.get("Access-Control-Expose-Headers")], [
            200, wanted, "ETag" if wanted else None])
    site.same("unasked: lists", [site.server.request("GET", url, None, site.root)[2].get("ETag")
                                 for url in (VIEW[:-1], "/api/collections")], [None, None])


def asked(site):
    """Either header asks for the tag, without a value for nothing else."""
    path = VIEW + site.make(age=1)
    for url in (path, PEOPLE, SETTINGS, OWN):
        tag = site.tag(url, **site.root)
        site.tally.check("etags: form of " + url, tag and TAG.match(tag), tag)
        for headers in ({"If-Match": ""}, {"If-None-Match": ""}, {"if-match": " "}, {"If-Match": "*"},
                        {"If-Match": "", "If-None-Match": ""}, {"If-None-Match": '"x"'}):
            status, body, got = site.send("GET", url, **site.root, **headers)
            site.same("asked with %s: %s" % (headers, url), [status, bool(body), got.get("ETag")],
                      [200, True, tag])
    for headers in ({"If-Match": ""}, {"If-None-Match": ""}):
        for url, body in ((path, {"age": 2}), (PEOPLE, {}), (SETTINGS, {}), (OWN, {})):
            status, _, got = site.send("PATCH", url, body, **site.root, **headers)
            site.same("asked with %s: PATCH %s" % (headers, url), [status, got.get("ETag")],
                      [200, site.tag(url, **site.root)])
        gone = VIEW + site.make()
        site.same("asked with %s: DELETE" % headers, site.send("DELETE", gone, **headers)[0], 204)
    name = {"name": "n" + os.urandom(8).hex()}
    status, _, got = site.send("POST", VIEW[:-1] + "?fields=id", name, If_Match="", Origin="http://a.example")
    site.same("asked where a list is posted to", [status, got.get("Access-Control-Expose-Headers")], [200, "ETag"])


def creates(site):
    def make(headers, **values):
        return site.send("POST", VIEW[:-1], {"name": "n" + os.urandom(8).hex(), **values}, **headers)

    for headers in ({"If-Match": ""}, {"If-None-Match": "*"}, {"If-None-Match": '"x"'}):
        status, record, got = make(headers, age=1)
        site.same("create with %s" % headers, [status, got.get("ETag")],
                  [200, site.tag(VIEW + record["id"])])
        status, _, _ = site.send("PATCH", VIEW + record["id"], {"age": 2}, If_Match=got["ETag"])
        site.same("its tag serves an update", status, 200)
    count = reeve.query(site.server.dir, "SELECT count(*) FROM people")
    for value in ("*", '"x"', "broken"):
        site.same("create of what is there: " + value, make({"If-Match": value})[0], 412)
        site.same("an invalid body comes second", make({"If-Match": value}, age=1000)[0], 412)
    site.same("creates nothing", reeve.query(site.server.dir, "SELECT count(*) FROM people"), count)


def views(site):
    path = VIEW + site.make(age=1)
    tag = site.tag(path)
    site.same("the same twice", site.tag(path), tag)
    site.same("of HEAD", site.server.request("HEAD", path, None, {"If-Match": tag})[2].get("ETag"), tag)
    site.same("unchanged for HEAD", site.server.request("HEAD", path, None, {"If-None-Match": tag})[0], 304)
    for value in (tag, "W/" + tag, "*", '"x", ' + tag, ',"x" , ' + tag + ","):
        status, body, headers = site.send("GET", path, If_None_Match=value)
        site.same("unchanged: " + value, [status, body, headers.get("ETag")], [304, None, tag])
    for value in ('"x"', tag.strip('"'), tag[:-1], "", '"%s"' % tag[1:17], "W/", tag + "x"):
        site.same("changed: " + value, site.send("GET", path, If_None_Match=value)[0], 200)
    site.same("If-Match", [site.send("GET", path, If_Match=v)[0] for v in
                           (tag, "*", '"x"', "W/" + tag, '"x",' + tag)], [200, 200, 412, 412, 200])
    site.same("missing", site.send("GET", VIEW + "none", If_None_Match="*", If_Match='"x"')[0], 404)
    site.same("lists have none", site.tag(VIEW[:-1]), None)
    site.send("PATCH", path, {"age": 2})
    site.same("after a change", site.send("GET", path, If_None_Match=tag)[0], 200)
    site.same("back again, but for its time", site.tag(path) == tag, False)


def mixtures(site):
    """What the answer depends on is in the tag, and the row's version stays its first part."""
    path = VIEW + site.make(age=1)
    tags = [site.tag(path), site.tag(path + "?fields=id"), site.tag(path + "?fields=id,age"),
            site.tag(path, **site.root), site.tag(path + "?expand=x")]
    site.same("differ", len(set(tags)), len(tags))
    site.same("one version", len({tag[:17] for tag in tags}), 1)
    post = "/api/collections/posts/records/" + reeve.query(
        site.server.dir, "SELECT id FROM posts WHERE author != '' LIMIT 1")[0][0]
    plain = site.tag(post, **site.root)
    expanded = site.tag(post + "?expand=author", **site.root)
    author = site.send("GET", post, **site.root)[1]["author"]
    site.send("PATCH", "/api/collections/users/records/" + author, {"name": "Another"}, **site.root)
    site.same("expanded content counts", site.tag(post + "?expand=author", **site.root) == expanded,
              False)
    site.same("only where it is expanded", site.tag(post, **site.root), plain)
    before = site.tag(path)
    site.send("PATCH", path, {"secret": "hidden"}, **site.root)
    site.same("hidden fields count", site.tag(path)[:17] == before[:17], False)


def updates(site):
    path = VIEW + site.make(age=1)
    tag = site.tag(path + "?fields=age&expand=x")
    status, record, headers = site.send("PATCH", path, {"age": 2}, If_Match=tag)
    site.same("update of a known version", [status, record["age"]], [200, 2])
    site.same("answers with the next tag", headers.get("ETag"), site.tag(path))
    status, answer, _ = site.send("PATCH", path, {"age": 3}, If_Match=tag)
    site.same("update of another version", [status, answer], [412, {
        "data": {}, "status": 412,
        "message": "The record is not in the state that the request asks for."}])
    site.same("leaves it as it was", site.send("GET", path)[1]["age"], 2)
    tag = headers["ETag"]
    for header, value, status in (("If-Match", "W/" + tag, 412), ("If-Match", "broken", 412),
                                  ("If-None-Match", tag, 412),
                                  ("If-None-Match", "W/" + tag, 412), ("If-None-Match", "*", 412),
                                  ("If-None-Match", '"x"', 200), ("If-Match", "*", 200)):
        got = site.server.request("PATCH", path, {"age": 2}, {header: value})
        site.same("update, %s: %s" % (header, value), got[0], status)
    site.same("an invalid body comes second",
              site.send("PATCH", path, {"age": 1000}, If_Match='"x"')[0], 412)
    site.same("no record", site.send("PATCH", VIEW + "none", {}, If_Match="*")[0], 404)
    locked = "/api/collections/posts/records/" + reeve.query(
        site.server.dir, "SELECT id FROM posts LIMIT 1")[0][0]
    site.same("a rule comes first", site.send("PATCH", locked, {}, If_Match='"x"')[0], 404)


def deletes(site):
    """Of a record that others refer to, too: its unit is leased."""
    for path in (VIEW + site.make(), "/api/collections/users/records/reevecora000000"):
        tag = site.tag(path, **site.root)

        def delete(**headers):
            return site.send("DELETE", path, **site.root, **headers)[0]

        site.same("delete of another version", delete(If_Match='"x"'), 412)
        site.same("delete unless it is this", delete(If_None_Match=tag), 412)
        site.same("it is there", site.send("GET", path, **site.root)[0], 200)
        site.same("delete of this version", delete(If_Match=tag), 204)
        site.same("it is gone", delete(If_Match=tag), 404)


def races(site):
    """Of many who change what they have seen, one wins."""
    path = VIEW + site.make(age=1)
    for turn in range(5):
        tag = site.tag(path)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = sorted(pool.map(
                lambda age: site.send("PATCH", path, {"age": age}, If_Match=tag)[0], range(8)))
        site.same("race %d" % turn, statuses, [200] + [412] * 7)


def schemas(site):
    path = VIEW + site.make()
    tag = site.tag(path)
    other = site.send("POST", "/api/collections", {"name": "elsewhere", "type": "base"}, **site.root)
    site.same("another collection is made", other[0], 200)
    for method, body in (("PATCH", {"listRule": ""}), ("PATCH", {"fields": [{"name": "t", "type": "text"}]}),
                         ("DELETE", None)):
        status, _, _ = site.send(method, "/api/collections/elsewhere", body, **site.root)
        site.same("%s of another collection" % method, [status // 100, site.tag(path)], [2, tag])
    site.same("the tag still serves", site.send("PATCH", path, {}, If_Match=tag)[0], 200)
    tag = site.tag(path)
    status, col, _ = site.send("GET", "/api/collections/people", **site.root)
    fields = col["fields"] + [{"name": "later", "type": "text"}]
    status, _, _ = site.send("PATCH", "/api/collections/people", {"fields": fields}, **site.root)
    site.same("the schema changes", status, 200)
    site.same("and the tag with it", site.send("PATCH", path, {}, If_Match=tag)[0], 412)


def origins(site):
    path = VIEW + site.make()
    headers = site.send("GET", path, If_Match="", Origin="http://elsewhere.example")[2]
    site.same("shown to other origins", headers.get("Access-Control-Expose-Headers"), "ETag")
    asked = site.server.request("OPTIONS", path, None, {
        "Origin": "http://elsewhere.example", "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "if-match"})
    site.same("If-Match from there", asked[2].get("Access-Control-Allow-Headers"), "if-match")


def seen_through(site):
    """A view's records have tags: of the view's own rows."""
    status, made, _ = site.send("POST", "/api/collections", {
        "name": "ages", "type": "view", "viewRule": "", "viewQuery": "SELECT id, age FROM people"}, **site.root)
    site.same("a view is made", status, 200)
    key = site.make(age=1)
    path = "/api/collections/ages/records/" + key
    tag = site.tag(path)
    site.tally.check("etags: of a view's record", tag and TAG.match(tag), tag)
    site.same("of a view's record, unchanged", site.send("GET", path, If_None_Match=tag)[0], 304)
    site.same("of a view's record, other", site.send("GET", path, If_Match='"x"')[0], 412)
    site.send("PATCH", VIEW + key, {"name": "n" + os.urandom(8).hex()})
    site.same("what the view leaves out leaves it", site.tag(path), tag)
    site.send("PATCH", VIEW + key, {"age": 2})
    site.same("what it shows does not", site.tag(path)[:17] == tag[:17], False)


def of_collections(site):
    other = OTHER % "collection is"
    url = "/api/collections/tagged"
    status, made, headers = site.send("POST", "/api/collections", {"name": "tagged", "type": "base"},
                                      If_None_Match="*", **site.root)
    tag = site.tag(url, **site.root)
    site.same("collection: created with its tag", [status, headers.get("ETag")], [200, tag])
    site.same("collection: created where one is asked for", site.send(
        "POST", "/api/collections", {"name": "tagged2", "type": "base"}, If_Match="*", **site.root)[0], 412)

    def send(method, body=None, **headers):
        return site.send(method, url, body, **site.root, **headers)

    site.same("collection: unchanged", send("GET", If_None_Match=tag)[0], 304)
    site.same("collection: by its id", site.tag("/api/collections/" + made["id"], **site.root), tag)
    site.same("collection: If-Match", [send("GET", If_Match=v)[0] for v in (tag, "*", "W/" + tag, '"x"')],
              [200, 200, 412, 412])
    site.same("collection: what is seen counts", site.tag(url + "?fields=id", **site.root)[:17] == tag[:17]
              and site.tag(url + "?fields=id", **site.root) != tag, True)
    site.same("collection: nobody else", site.send("GET", url, If_None_Match=tag)[0], 401)
    site.same("collection: access comes first", site.send("PATCH", url, {}, If_Match='"x"')[0], 401)
    site.same("collection: none", [site.send(m, url + "x", {}, If_Match=tag, **site.root)[0]
                                   for m in ("GET", "PATCH", "DELETE")], [404] * 3)
    site.send("PATCH", PEOPLE, {"deleteRule": ""}, **site.root)
    site.same("collection: another's change leaves it", site.tag(url, **site.root), tag)
    status, _, headers = send("PATCH", {"listRule": ""}, If_Match=tag)
    site.same("collection: changed", [status, headers.get("ETag")], [200, site.tag(url, **site.root)])
    for body in ({"listRule": None}, {"name": "?"}, {"fields": 1}, "{", "null"):
        status, answer, _ = send("PATCH", body, If_Match=tag)
        site.same("collection: changed by another, %s" % body, [status, answer],
                  [412, {"data": {}, "status": 412, "message": other}])
    site.same("collection: stays as it was", send("GET")[1]["listRule"], "")
    tag = headers["ETag"]
    status, _, headers = send("PATCH", {}, If_Match=tag)
    site.same("collection: nothing but its date", [status, headers["ETag"] == tag], [200, False])
    site.same("collection: refused", send("PATCH", {"name": "?"}, If_Match=headers["ETag"])[0], 400)
    site.same("collection: left as it was", site.tag(url, **site.root), headers["ETag"])
    for method, path in (("DELETE", url), ("DELETE", url + "/truncate")):
        status, answer, _ = site.send(method, path, If_Match=tag, **site.root)
        site.same("collection: not %s %s" % (method, path), [status, answer["message"]], [412, other])
    site.same("collection: deleted unless it is this", send("DELETE", If_None_Match=headers["ETag"])[0], 412)
    site.same("collection: one that is referred to", [
        site.send("DELETE", "/api/collections/users", If_Match=v, **site.root)[0] for v in ('"x"', "*")], [412, 400])
    site.same("collection: emptied", site.send("DELETE", url + "/truncate", If_Match=headers["ETag"],
                                               **site.root)[0], 204)
    site.same("collection: deleted", send("DELETE", If_Match=headers["ETag"])[0], 204)
    site.same("collection: gone", send("DELETE", If_Match="*")[0], 404)


def of_settings(site):
    for url, change, wrong in ((SETTINGS, {"meta": {"appName": "A"}}, {"meta": {"appName": ""}}),
                               (OWN, {"thumbs": {"maxPixels": 9}}, {"thumbs": {"maxPixels": -1}})):
        def send(method, body=None, **headers):
            return site.send(method, url, body, **site.root, **headers)

        tag = site.tag(url, **site.root)
        site.same("settings: unchanged", send("GET", If_None_Match=tag)[0], 304)
        site.same("settings: If-Match", [send("GET", If_Match=v)[0] for v in (tag, "*", '"x"')], [200, 200, 412])
        site.same("settings: access comes first", [site.send(m, url, {}, If_Match='"x"')[0]
                                                   for m in ("GET", "PATCH")], [401, 401])
        status, before, _ = send("GET")
        status, after, headers = send("PATCH", change, If_Match=tag)
        site.same("settings: changed", [status, before == after, headers.get("ETag") == tag,
                                        headers.get("ETag")], [200, False, False, site.tag(url, **site.root)])
        for body in (change, wrong, "{", "null", {"meta": 1, "thumbs": 1}):
            status, answer, _ = send("PATCH", body, If_Match=tag)
            site.same("settings: changed by another, %s" % body, [status, answer], [
                412, {"data": {}, "status": 412, "message": OTHER % "settings are"}])
        site.same("settings: stay as they were", send("GET")[1], after)
        site.same("settings: refused", send("PATCH", wrong, If_Match=headers["ETag"])[0], 400)
        site.same("settings: the same again", send("PATCH", change, If_None_Match='"x"')[2]["ETag"], headers["ETag"])
    tag, own = site.tag(SETTINGS, **site.root), site.tag(OWN, **site.root)
    site.send("PATCH", SETTINGS, {"smtp": {"password": "secret"}}, **site.root)
    site.same("settings: a secret counts", site.tag(SETTINGS, **site.root)[:17] == tag[:17], False)
    site.same("settings: the others do not", site.tag(OWN, **site.root), own)


def races_elsewhere(site):
    """Of two who change a collection, or settings, one wins."""
    site.send("POST", "/api/collections", {"name": "raced", "type": "base"}, **site.root)
    for url, change in (("/api/collections/raced", lambda n: {"listRule": "id != '%d'" % n}),
                        (SETTINGS, lambda n: {"meta": {"appName": "App %d" % n}}),
                        (OWN, lambda n: {"thumbs": {"maxPixels": 1000 + n}})):
        for turn in range(5):
            tag = site.tag(url, **site.root)
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                statuses = sorted(pool.map(lambda n: site.send(
                    "PATCH", url, change(turn * 4 + n), If_Match=tag, **site.root)[0], range(4)))
            site.same("race %d of %s" % (turn, url), statuses, [200] + [412] * 3)
    tag = site.tag("/api/collections/raced", **site.root)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(lambda method: site.send(
            method, "/api/collections/raced", {"listRule": None}, If_Match=tag, **site.root)[0], ("PATCH", "DELETE")))
    site.tally.check("etags: a change against a removal", statuses in ([200, 412], [404, 204]), statuses)


def batches(site):
    path = VIEW + site.make(age=1)
    site.make()

    def send(*items, **headers):
        return site.send("POST", "/api/batch", {"requests": list(items)}, **headers)

    def patch(age, **headers):
        return {"method": "PATCH", "url": path, "body": {"age": age}, "headers": headers}

    status, answer, headers = send(patch(2), If_Match='"x"', If_None_Match="*")
    site.same("a batch's own headers are no conditions", [status, headers.get("ETag")], [200, None])
    tag = site.tag(path)
    refused = {"code": "batch_request_failed", "message": "Batch request failed.", "response": {
        "data": {}, "status": 412, "message": OTHER % "record is"}}
    for wrong in ({"If-Match": '"x"'}, {"if-match": "W/" + tag}, {"If-None-Match": "*"}, {"If-Match": "broken"}):
        status, answer, _ = send({"method": "POST", "url": VIEW[:-1], "body": {"name": "batched"}}, patch(3, **wrong))
        site.same("an item's condition: %s" % wrong, [status, answer["data"]["requests"]], [400, {"1": refused}])
    site.same("an item's condition comes before its body", send(patch(1000, **{"If-Match": '"x"'}))[1][
        "data"]["requests"], {"0": refused})
    site.same("nothing of it is left", [site.tag(path), reeve.query(
        site.server.dir, "SELECT count(*) FROM people WHERE name = 'batched'")[0][0]], [tag, 0])
    site.same("an item's is satisfied", send(patch(3, **{"If-Match": tag}))[0], 200)
    site.same("it is another one by then", send(patch(4), patch(5, **{"If-Match": site.tag(path)}))[1][
        "data"]["requests"], {"1": refused})
    site.same("an item's is empty", send(patch(4, **{"If-Match": "", "If-None-Match": None}))[0], 200)
    key = path[len(VIEW):]

    def put(key, **headers):
        return {"method": "PUT", "url": VIEW[:-1], "headers": headers,
                "body": {"id": key, "name": "n" + os.urandom(8).hex()}}

    site.same("upserts", [send(put(*item))[0] if len(item) == 1 else send(put(item[0], **item[1]))[0] for item in (
        (key, {"If-None-Match": "*"}), (key, {"If-Match": '"x"'}), (key, {"If-Match": "*"}),
        ("upserted0000000", {"If-Match": "*"}), ("upserted0000000", {"If-None-Match": "*"}),
        ("upserted0000000", {"If-None-Match": "*"}))], [400, 400, 200, 400, 200, 400])
    tag = site.tag(path)
    delete = {"method": "DELETE", "url": path}
    site.same("deletes", [send({**delete, "headers": {"If-Match": v}})[0] for v in ('"x"', tag)], [400, 200])


def heard(binary, base, tally):
    """What somebody listens to is compared again where it is done: binary is tests/events/server.c."""
    with reeve.Server(binary, base) as server:
        site = Site(server, tally)
        for name in ("watched", "u_tagged", "u_execute_sleep"):
            site.same(name + " is made", site.send("POST", "/api/collections", {
                "name": name, "type": "base", "fields": [{"name": "title", "type": "text"}]},
                **site.root)[0], 200)
        for path, make, change in (
                ("/api/collections/watched/records", "watched", {"title": "other"}),
                ("/api/collections", "u_tagged", {"listRule": ""})):
            body = {"title": make} if make == "watched" else {"name": "c_tagged", "type": "base"}
            status, made, headers = site.send("POST", path, body, If_Match="", **site.root)
            url = path + "/" + made["id"]
            tag = site.tag(url, **site.root)
            site.same("heard: made " + make, [status, headers.get("ETag")], [200, tag])
            site.same("heard: other " + make, [site.send(m, url, change, If_Match='"x"', **site.root)[0]
                                               for m in ("PATCH", "DELETE")], [412, 412])
            status, _, headers = site.send("PATCH", url, change, If_Match=tag, **site.root)
            site.same("heard: changed " + make, [status, headers.get("ETag")], [200, site.tag(url, **site.root)])
            site.same("heard: stale " + make, site.send("PATCH", url, change, If_Match=tag, **site.root)[0], 412)
            site.same("heard: deleted " + make, [site.send("DELETE", url, If_Match=v, **site.root)[0]
                                                 for v in (tag, headers["ETag"])], [412, 204])
        heard_races(site)
        tally.check("etags: stops cleanly", server.stop(), server.output())


def heard_races(site):
    """Between the first look and the change a listener takes its time, and all have had that look."""
    status, made, _ = site.send("POST", "/api/collections/watched/records", {"title": "x"}, **site.root)
    for url, change in (("/api/collections/u_execute_sleep", {"listRule": "", "deleteRule": ""}),
                        ("/api/collections/watched/records/" + made["id"], {"title": "execute:sleep"})):
        tag = site.tag(url, **site.root)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            statuses = sorted(pool.map(lambda _: site.send("PATCH", url, change, If_Match=tag, **site.root)[0], "abc"))
        site.same("heard: race of " + url, statuses, [200, 412, 412])


PARTS = (asked, creates, views, mixtures, updates, deletes, races, origins, batches, schemas, seen_through,
         of_collections, of_settings, races_elsewhere)


def run(binary, base, tally):
    with reeve.Server(binary, base) as server:
        site = Site(server, tally)
        site.send("PATCH", "/api/settings", {"batch": {"enabled": True}}, **site.root)
        unasked(site, False)
        for part in PARTS:
            part(site)
        unasked(site, False)
        site.same("are switched on", site.send("PATCH", OWN, {"records": {"etags": True}},
                                               **site.root)[1]["records"], {"etags": True})
        unasked(site, True)
        for part in (asked, updates):
            part(site)
        paths = [VIEW + site.make(), PEOPLE, SETTINGS, OWN]
        tags = [site.tag(path, **site.root) for path in paths]
        tally.check("etags: stops cleanly", server.stop(), server.output())
    with reeve.Server(binary, base) as server:
        site = Site(server, tally)
        site.same("outlive the server", [site.tag(path, **site.root) for path in paths], tags)
        tally.check("etags: stops cleanly", server.stop(), server.output())
    heard(os.path.join(os.path.dirname(binary), "tests", "events_server"), base, tally)
