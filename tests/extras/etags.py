"""ETags of records and the conditions that requests make on them."""

import concurrent.futures
import json
import os
import re

import reeve

VIEW = "/api/collections/people/records/"
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
        return self.send("GET", path, **headers)[2].get("ETag")

    def same(self, name, got, wanted):
        return self.tally.check("etags: " + name, got == wanted, "%r, not %r" % (got, wanted))


def off(site):
    path = VIEW + site.make()
    for header in ("If-None-Match", "If-Match"):
        for method, status in (("GET", 200), ("PATCH", 200)):
            got = site.server.request(method, path, {} if method == "PATCH" else None,
                                      {header: '"x"', "Origin": "http://elsewhere.example"})
            site.same("off: %s with %s" % (method, header), got[0], status)
            site.same("off: no tag", [got[2].get("ETag"),
                                      got[2].get("Access-Control-Expose-Headers")], [None, None])
    site.same("off: any deletes", site.send("DELETE", path, If_Match='"x"')[0], 204)


def views(site):
    path = VIEW + site.make(age=1)
    tag = site.tag(path)
    site.tally.check("etags: form", tag and TAG.match(tag), tag)
    site.same("the same twice", site.tag(path), tag)
    site.same("of HEAD", site.server.request("HEAD", path)[2].get("ETag"), tag)
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
                                  ("If-Match", "", 412), ("If-None-Match", tag, 412),
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
    status, col, _ = site.send("GET", "/api/collections/people", **site.root)
    fields = col["fields"] + [{"name": "later", "type": "text"}]
    status, _, _ = site.send("PATCH", "/api/collections/people", {"fields": fields}, **site.root)
    site.same("the schema changes", status, 200)
    site.same("and the tag with it", site.send("PATCH", path, {}, If_Match=tag)[0], 412)


def origins(site):
    path = VIEW + site.make()
    headers = site.send("GET", path, Origin="http://elsewhere.example")[2]
    site.same("shown to other origins", headers.get("Access-Control-Expose-Headers"), "ETag")
    asked = site.server.request("OPTIONS", path, None, {
        "Origin": "http://elsewhere.example", "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "if-match"})
    site.same("If-Match from there", asked[2].get("Access-Control-Allow-Headers"), "if-match")


def batches(site):
    path = VIEW + site.make()
    status, answer, _ = site.send("POST", "/api/batch", {"requests": [
        {"method": "PATCH", "url": path, "body": {"age": 5}, "headers": {"If-Match": '"x"'}}]},
        If_Match='"x"')
    site.same("a batch has no conditions", status, 200)


def run(binary, base, tally):
    with reeve.Server(binary, base) as server:
        site = Site(server, tally)
        off(site)
        site.send("PATCH", "/api/settings", {"batch": {"enabled": True}}, **site.root)
        site.same("are switched on", site.send("PATCH", "/api/reeve/settings", {
            "records": {"etags": True}}, **site.root)[1]["records"], {"etags": True})
        for part in (views, mixtures, updates, deletes, races, origins, batches, schemas):
            part(site)
        path = VIEW + site.make()
        tag = site.tag(path)
        tally.check("etags: stops cleanly", server.stop(), server.output())
    with reeve.Server(binary, base) as server:
        Site(server, tally).same("outlives the server", Site(server, tally).tag(path), tag)
        tally.check("etags: stops cleanly", server.stop(), server.output())
