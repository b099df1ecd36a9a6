"""Collections with listeners: what server.c makes of their names. Parts of run.py."""

import json
import threading

import reeve

ROUND = ["request", "save", "validate", "execute", "write", "committed"]
INNER = ["save", "execute", "write"]
RAW = "Failed to %s collection. Raw error: \nThrown."
N_THREADS, N_EACH = 4, 10
TWIN = "pbc_twin0000000"
IMPORT = "/api/collections/import"


def create(site, name, **more):
    return site.send("POST", "/api/collections", dict({"name": name, "type": "base"}, **more))


def update(site, name, body):
    return site.send("PATCH", "/api/collections/" + name, body)


def drop(site, name):
    return site.send("DELETE", "/api/collections/" + name)


def put(site, names, delete_missing=False, **more):
    return site.send("PUT", IMPORT, {"deleteMissing": delete_missing, "collections": [
        dict({"name": name, "type": "base", "fields": [{"name": "t", "type": "text"}]}, **more) for name in names]})


def names(site):
    return [row[0] for row in reeve.query(site.server.dir, "SELECT name FROM _collections WHERE name GLOB '[a-z]_*' ORDER BY name")]


def tables(site):
    return [row[0] for row in reeve.query(site.server.dir, "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB '[a-z]_*' ORDER BY name")]


def clear(site):
    for name in names(site):
        reeve.run_sql(site.server.dir, "data", "DROP TABLE IF EXISTS `%s`; DELETE FROM _collections WHERE name = '%s'" % (name, name))
    site.heard()
    # the schema as it is now has been read once a request has seen the version
    site.send("GET", "/api/collections?perPage=1")


def fields(answer):
    return [field["name"] for field in answer["fields"]]


def order(site):
    status, made = create(site, "c_plain")
    site.same("create", [status, made["name"]], [200, "c_plain"])
    site.same("create, heard", site.heard(), [
        ["collection.create", stage, "c_plain", "-", "c_plain" if stage == "committed" else "-"] for stage in ROUND])
    status, changed = update(site, "c_plain", {"name": "c_new"})
    site.same("update", [status, changed["name"], changed["id"]], [200, "c_new", made["id"]])
    site.same("update, heard", site.heard(), [
        ["collection.update", stage, "c_new", "c_plain", "c_new" if stage == "committed" else "-"] for stage in ROUND])
    site.same("both are stored", [names(site), tables(site)], [["c_new"], ["c_new"]])
    site.same("its records", site.make("a", "c_new")[0], 200)
    site.same("delete", drop(site, "c_new"), (204, None))
    site.same("delete, heard", site.heard(), [
        ["collection.delete", stage, "c_new", "c_new", "-"] for stage in ROUND if stage != "validate"])
    site.same("nothing of it is left", [names(site), tables(site)], [[], []])
    status, _ = create(site, "unheard")
    site.same("one that nobody prints", [status, drop(site, "unheard")[0], site.heard()], [200, 204, []])


def refusals(site):
    for stage in ROUND[:5]:
        up_to = ROUND[:ROUND.index(stage) + 1]
        status, answer = create(site, "c_%s_throw" % stage)
        message = "Thrown." if stage == "request" else RAW % "create"
        site.same(stage + " throws", [status, answer], [400, {"data": {}, "message": message, "status": 400}])
        site.same(stage + " throws, heard", site.stages(), up_to + ["failed"] * (stage != "request"))
    site.same("none was stored", [names(site), tables(site)], [[], []])
    for stage in ROUND:
        for what in ("stale", "over"):
            site.same("%s is %s" % (stage, what), create(site, "c_%s_%s" % (stage, what))[0], 503)
            stages = site.stages()
            site.same("%s is %s, once" % (stage, what), len(stages), len(set(stages)))
    site.same("those that were stored", names(site), ["c_committed_over", "c_committed_stale"])
    clear(site)
    status, answer = create(site, "c_validate_item")
    site.same("a finding", [status, answer["message"], list(answer["data"])], [400, "Failed to create collection.", ["title"]])
    site.heard()
    status, answer = create(site, "c_plain", listRule="nope = 1")
    site.same("a finding of the checks", [status, list(answer["data"])], [400, ["listRule"]])
    site.same("is heard of", site.stages(), ["request", "save", "validate", "failed"])
    create(site, "c_plain")
    for stage in ROUND[:5]:
        site.same(stage + " refuses an update", update(site, "c_plain", {"name": "u_%s_throw" % stage})[0], 400)
    site.same("which is as it was", [names(site), tables(site)], [["c_plain"], ["c_plain"]])
    for stage in (stage for stage in ROUND[:5] if stage != "validate"):
        name = "d_%s_throw" % stage
        create(site, name)
        status, answer = drop(site, name)
        message = "Thrown." if stage == "request" else "Failed to delete collection."
        site.same(stage + " refuses a delete", [status, answer["message"], name in names(site), name in tables(site)],
                  [400, message, True, True])
    clear(site)


def kept(site):
    site.same("request stops", create(site, "c_request_stop"), (204, None))
    site.same("request stops, heard", site.stages(), ["request"])
    for stage in ("save", "execute", "write"):
        status, answer = create(site, "c_%s_stop" % stage)
        site.same(stage + " stops: what was to be", [status, answer["name"]], [200, "c_%s_stop" % stage])
        heard = site.heard()
        site.same(stage + " stops, heard", [words[1] for words in heard], ROUND[:ROUND.index(stage) + 1] + ["committed"])
        site.same(stage + " stops, nothing is stored", heard[-1][-1], "-")
    site.same("none of those is there", [names(site), tables(site)], [[], []])
    site.same("validate stops: no checks", create(site, "c_validate_stop", listRule="nope = 1")[0], 200)
    site.same("which is stored", names(site), ["c_validate_stop"])
    clear(site)
    for stage in ("request", "save", "execute", "write"):
        create(site, "d_%s_stop" % stage)
        site.same(stage + " stops a delete", drop(site, "d_%s_stop" % stage), (204, None))
    site.same("they are all there", len(names(site)), 4)
    clear(site)


def changes(site):
    """What a listener makes of the definition is what is checked, stored and answered."""
    for stage in ROUND[:5]:
        name = "c_%s_change" % stage
        wrong = {"listRule": "nope = 1"} if stage in ROUND[:3] else {}
        status, answer = create(site, name, **wrong)
        site.same(stage + " changes", [status, fields(answer), answer["listRule"]], [200, ["id", "by_" + stage], "id != ''"])
        stored = site.send("GET", "/api/collections/" + name)[1]
        site.same(stage + " changes, stored", stored, answer)
        record = site.send("POST", "/api/collections/%s/records" % name, {"by_" + stage: "x"})[1]
        site.same(stage + " changes, its table", record["by_" + stage], "x")
    clear(site)
    for stage in ROUND[:5]:
        create(site, "c_plain")
        status, answer = update(site, "c_plain", {"name": "u_%s_rename" % stage, "indexes": []})
        site.same(stage + " renames", [status, answer.get("name"), tables(site)], [200, "u_by_" + stage, ["u_by_" + stage]])
        drop(site, "u_by_" + stage)
    clear(site)
    made = create(site, "c_save_change", type="view", viewQuery="SELECT 1 AS id")[1]
    site.same("a view's fields follow from its query", [fields(made), made["listRule"]], [["id"], "id != ''"])
    drop(site, "c_save_change")
    clear(site)


def afterwards(site):
    for stage in ("request", "save", "execute", "committed"):
        name = "c_%s_%s" % (stage, "throw" if stage == "committed" else "after")
        site.same(stage + " fails afterwards", create(site, name)[0], 400)
        site.same(stage + " fails afterwards, heard", site.stages(), ROUND[:5] + [
            {"committed": "committed", "request": "committed"}.get(stage, "failed")])
        site.same("it stays", [name in names(site), name in tables(site)], [True, True])
        site.same("and is known", site.make("a", name)[0], 200)
    site.same("write fails afterwards", create(site, "c_write_after")[0], 400)
    site.same("which is inside", ["c_write_after" in names(site), "c_write_after" in tables(site)], [False, False])
    clear(site)


class Resting:
    """Requests whose listeners rest: {(kind, stage, name): what begins it}, all at once."""

    def __init__(self, site, begins):
        self.done, left = {}, set(begins)
        self.threads = [threading.Thread(target=self.run, args=item) for item in begins.items()]
        for thread in self.threads:
            thread.start()

        def all_rest():
            left.difference_update(tuple(words[:3]) for words in site.heard())
            return not left
        reeve.until("the listeners rest", all_rest, instead=lambda: "%s do not; done: %s" % (sorted(left), self.done))

    def run(self, key, begin):
        self.done[key] = begin()[0]

    def end(self):
        for thread in self.threads:
            thread.join()
        return self.done


def nobody_waits(site):
    """But for WRITE, who listens keeps nobody from writing records or collections."""
    stages = ["request", "save", "validate", "execute", "committed"]
    create(site, "d_save_sleep")
    site.heard()
    begins = {("collection.create", stage, "c_%s_sleep" % stage): lambda stage=stage: create(site, "c_%s_sleep" % stage)
              for stage in stages}
    begins["collection.delete", "save", "d_save_sleep"] = lambda: drop(site, "d_save_sleep")
    begins["collections.import", "request", "1"] = lambda: put(site, ["i_request_sleep"])
    begins["collection.update", "committed", "u_committed_sleep"] = lambda: put(site, ["u_committed_sleep"])
    put(site, ["u_committed_sleep"])
    site.heard()
    resting = Resting(site, begins)
    status = [site.make("quick")[0], site.make("quick", "quiet")[0], create(site, "c_beside")[0],
              site.make("quick", "c_beside")[0], drop(site, "c_beside")[0]]
    known = [site.make("a", "c_%s_sleep" % stage)[0] for stage in stages]
    table = site.send("POST", "/api/collections/u_committed_sleep/records", {"t": "a"})[1]
    site.same("beside those that rest", [status, resting.done], [[200, 200, 200, 200, 204], {}])
    site.same("what is committed is known while who is told rests", known, [404, 404, 404, 404, 200])
    site.same("an import's, too", table["t"], "a")
    site.same("all are done in the end", resting.end(), {
        key: 204 if "delete" in key[0] or "import" in key[0] or "update" in key[0] else 200 for key in begins})
    site.same("and stored", names(site), sorted(["c_%s_sleep" % stage for stage in stages] + ["i_request_sleep", "u_committed_sleep"]))
    clear(site)


def others_meanwhile(site):
    """What another has made of the collection meanwhile is not undone."""
    create(site, "c_changed")
    create(site, "c_gone")
    site.heard()
    changed, gone, twin = (("collection.update", "save", "u_save_sleep"), ("collection.update", "execute", "u_execute_sleep"),
                           ("collection.create", "execute", "c_execute_sleep"))
    resting = Resting(site, {changed: lambda: update(site, "c_changed", {"name": "u_save_sleep"}),
                             gone: lambda: update(site, "c_gone", {"name": "u_execute_sleep"}),
                             twin: lambda: create(site, "c_execute_sleep")})
    update(site, "c_changed", {"fields": [{"name": "more", "type": "text"}]})
    drop(site, "c_gone")
    create(site, "c_twin", id=TWIN)
    update(site, "c_twin", {"name": "c_execute_sleep"})
    done = resting.end()
    site.same("changed meanwhile", done[changed], 503)
    site.same("it is as the other has made it", fields(site.send("GET", "/api/collections/c_changed")[1]), ["id", "more"])
    site.same("gone meanwhile", done[gone], 404)
    site.same("a twin meanwhile", [done[twin], names(site)], [400, ["c_changed", "c_execute_sleep"]])
    site.same("which stays the first one", site.send("GET", "/api/collections/c_execute_sleep")[1]["id"], TWIN)
    clear(site)


def imports(site):
    site.same("an import", put(site, ["c_one", "c_two"]), (204, None))
    heard = site.heard()
    site.same("an import, heard", heard, [["collections.import", "request", "2", "0"]] + [
        ["collection.create", stage, name, "-", "-"] for name in ("c_one", "c_two") for stage in INNER] + [
            ["collection.create", "committed", name, "-", name] for name in ("c_one", "c_two")])
    site.same("records of it", site.make("a", "c_two")[0], 200)
    site.same("one that changes", put(site, ["c_one"], listRule="")[0], 204)
    site.same("is heard of", [words[:4] for words in site.heard()[1:]], [["collection.update", stage, "c_one", "c_one"] for stage in INNER + ["committed"]])
    for stage in INNER:
        status, answer = put(site, ["c_three", "c_%s_throw" % stage])
        site.same(stage + " refuses an import", [status, answer["data"]["collections"]["message"]], [
            400, 'Failed to import the collections configuration. Raw error:\nfailed to save collection "c_%s_throw": Thrown.' % stage])
        told = [words[:3] for words in site.heard() if words[1] in ("committed", "failed")]
        site.same("who has heard of it is told: " + stage, told, [
            ["collection.create", "failed", "c_three"], ["collection.create", "failed", "c_%s_throw" % stage]])
    site.same("nothing of it is there", [names(site), tables(site)], [["c_one", "c_two"], ["c_one", "c_two"]])
    site.same("check fails", put(site, ["c_three"], listRule="nope = 1")[0], 400)
    site.same("and is told", [words[1] for words in site.heard()], ["request"] + INNER + ["failed"])
    site.same("a listener changes one", put(site, ["c_save_change"])[0], 204)
    site.same("which is stored", fields(site.send("GET", "/api/collections/c_save_change")[1]), ["id", "t", "by_save"])
    put(site, ["c_plain"])
    key = site.send("GET", "/api/collections/c_plain")[1]["id"]
    for stage in INNER:
        site.same("a listener renames one", [put(site, ["u_%s_rename" % stage], id=key)[0], "u_by_" + stage in tables(site)], [204, True])
    site.same("and it can go", drop(site, "u_by_write")[0], 204)
    site.same("a listener keeps one", [put(site, ["c_save_stop", "c_three"])[0], names(site)], [204, ["c_one", "c_save_change", "c_three", "c_two"]])
    site.same("one that throws afterwards", put(site, ["c_committed_throw", "c_four"]), (
        400, {"data": {}, "message": "Thrown.", "status": 400}))
    site.same("is stored", "c_four" in names(site) and "c_committed_throw" in tables(site), True)
    clear(site)


def import_requests(site):
    for what, status in (("throw", 400), ("stop", 204), ("spoil", 400), ("stale", 503), ("after", 400)):
        site.same("request, " + what, put(site, ["i_request_" + what, "c_x"])[0], status)
        stages = [words for words in site.heard() if words[0] == "collections.import"]
        site.same("once, " + what, len(stages), 1)
        site.same("stored, " + what, names(site), ["c_x", "i_request_after"] if what == "after" else [])
    clear(site)
    site.same("request replaces", [put(site, ["i_request_replace"])[0], names(site)], [204, ["c_other"]])
    clear(site)


def missing(site):
    """deleteMissing raises the deletes of what goes."""
    create(site, "d_plain")
    create(site, "d_save_stop")
    keep = [row[0] for row in reeve.query(site.server.dir, "SELECT name FROM _collections WHERE NOT system AND name NOT GLOB 'd_*'")]
    listed = [site.send("GET", "/api/collections/" + name)[1] for name in keep]
    site.heard()
    status, answer = site.send("PUT", IMPORT, {"deleteMissing": True, "collections": listed})
    site.same("an import with deletes", [status, answer], [204, None])
    heard = [words for words in site.heard() if words[0] == "collection.delete"]
    site.same("deletes, heard", sorted(words[1:3] for words in heard), sorted(
        [[stage, "d_plain"] for stage in INNER + ["committed"]] + [["save", "d_save_stop"], ["committed", "d_save_stop"]]))
    site.same("but for the one that stays", names(site), ["d_save_stop"])
    clear(site)


def plans(site):
    """What is only planned is not heard of."""
    status, _ = site.send("POST", "/api/reeve/schema/plan", {"collections": [{"name": "c_one", "type": "base"}]})
    site.same("a plan", [status, site.heard(), names(site)], [status, [], []])


def auth(site):
    """Secrets go the way that they go unheard."""
    def secret():
        return json.loads(reeve.query(site.server.dir, "SELECT options FROM _collections WHERE name = 'c_auth'")[0][0])["authToken"]["secret"]

    status, made = create(site, "c_auth", type="auth")
    site.same("an auth collection", [status, "email" in fields(made), len(made["indexes"])], [200, True, 2])
    first = secret()
    site.same("another rule of reading", [update(site, "c_auth", {"listRule": ""})[0], secret()], [200, first])
    site.same("another rule of logins", [update(site, "c_auth", {"authRule": "verified = true"})[0], secret() != first], [200, True])
    site.same("a name that its indexes follow", update(site, "c_auth", {"name": "u_auth"})[1]["indexes"],
              [index.replace("`c_auth`", "`u_auth`") for index in made["indexes"]])
    clear(site)


def crowd(site):
    """What is told is what was committed, whatever comes together."""
    counts, lock = {200: 0, 204: 0}, threading.Lock()

    def work(number):
        for i in range(N_EACH):
            name = "c_%d_%d" % (number, i)
            made = create(site, name)[0]
            site.make("x", name)
            changed = update(site, name, {"listRule": "id != '%d'" % i})[0]
            gone = drop(site, name)[0]
            with lock:
                for status in (made, changed, gone):
                    counts[status] = counts.get(status, 0) + 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(N_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [words[0] for words in site.heard() if words[1] == "committed"]
    site.same("each is done", counts, {200: 2 * N_THREADS * N_EACH, 204: N_THREADS * N_EACH})
    site.same("and told once", [told.count("collection." + what) for what in ("create", "update", "delete")], [N_THREADS * N_EACH] * 3)
    site.same("nothing is left", [names(site), tables(site)], [[], []])


PARTS = (order, refusals, kept, changes, afterwards, nobody_waits, others_meanwhile, imports, import_requests, missing, plans, auth, crowd)
