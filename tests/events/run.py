#!/usr/bin/env python3
"""run.py SERVER [PART ...]: records and collections with listeners. SERVER is the program of server.c, which says what a title
makes a listener do.

Each stage in its order, what a listener may change, refuse or keep from being done there, what is
told once a transaction has come to its end, and who waits for whom. The last line is `N passed, N
failed`.
"""

import json
import os
import re
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import of_collections  # noqa: E402
import of_users  # noqa: E402
import reeve  # noqa: E402

ROUND = ["request", "save", "validate", "execute", "write", "committed"]
SLEEP_S = 3
N_THREADS, N_EACH = 6, 40
MANY = 4100  # more than a cascade looks at in one question
THROWN = {"data": {}, "message": "Thrown.", "status": 400}


class Site:
    def __init__(self, server, tally):
        self.server, self.tally = server, tally
        self.root = {"authorization": reeve.token(server.dir, "root")}
        self.seen = 0

    def send(self, method, path, body=None, headers=None):
        status, text, _ = self.server.request(method, path, body, headers or self.root)
        return status, json.loads(text) if text else None

    def make(self, title, collection="watched", **more):
        return self.send("POST", "/api/collections/%s/records" % collection, dict(more, title=title))

    def change(self, key, body, collection="watched"):
        return self.send("PATCH", "/api/collections/%s/records/%s" % (collection, key), body)

    def drop(self, key, collection="watched"):
        return self.send("DELETE", "/api/collections/%s/records/%s" % (collection, key))

    def titles(self, collection="watched"):
        return sorted(row[0] for row in reeve.query(self.server.dir, "SELECT title FROM " + collection))

    def heard(self):
        """What was heard since the last time: lists of words."""
        with open(self.server.log, encoding="utf-8") as log:
            lines = re.findall(r"^heard (.*)\n", log.read(), re.M)  # the last one may still be written
        news, self.seen = lines[self.seen:], len(lines)
        return [line.split(" ") for line in news]

    def stages(self):
        return [words[1] for words in self.heard()]

    def same(self, what, got, expected):
        self.tally.check(what, got == expected, "%s, not %s" % (got, expected))


def collections(site):
    text, number = {"name": "title", "type": "text"}, {"name": "n", "type": "number", "max": 50}
    file = {"name": "file", "type": "file", "maxSelect": 1}

    def relation(**options):
        target = site.send("GET", "/api/collections/watched")[1]["id"]
        return dict({"name": "of", "type": "relation", "collectionId": target, "maxSelect": 1}, **options)

    for name, fields in (("watched", lambda: [text, number, file]),
                         ("child", lambda: [text, relation(cascadeDelete=True)]),
                         ("loose", lambda: [text, relation()]), ("quiet", lambda: [text])):
        status, answer = site.send("POST", "/api/collections", {"name": name, "type": "base", "fields": fields()})
        assert status == 200, answer


def order(site):
    status, made = site.make("plain")
    site.same("create", [status, made["title"]], [200, "plain"])
    site.same("create, heard", site.heard(), [
        ["record.create", stage, "watched", "plain", "-", "plain" if stage == "committed" else "-"]
        for stage in ROUND])
    status, changed = site.change(made["id"], {"title": "new"})
    site.same("update", [status, changed["title"]], [200, "new"])
    site.same("update, heard", site.heard(), [
        ["record.update", stage, "watched", "new", "plain", "new" if stage == "committed" else "-"]
        for stage in ROUND])
    site.same("delete", site.drop(made["id"])[0], 204)
    site.same("delete, heard", site.heard(), [
        ["record.delete", stage, "watched", "new", "new", "-"] for stage in ROUND if stage != "validate"])
    site.same("nothing of it is left", site.titles(), [])
    site.make("nobody", "quiet")
    site.same("others are not heard", site.heard(), [])


def refusals(site):
    """What throws before the rest of the chain, or keeps it from happening, leaves no row."""
    for stage in ROUND[:5]:
        up_to = ROUND[:ROUND.index(stage) + 1]
        status, answer = site.make(stage + ":throw")
        site.same(stage + " throws", [status, answer], [400, THROWN])
        site.same(stage + " throws, heard", site.stages(), up_to + ["failed"] * (stage != "request"))
    site.same("none was stored", site.titles(), [])
    for stage in ROUND:
        for what in ("stale", "over"):
            site.same("%s is %s" % (stage, what), site.make("%s:%s" % (stage, what))[0], 503)
            stages = site.stages()
            site.same("%s is %s, once" % (stage, what), len(stages), len(set(stages)))
    clear(site)
    status, answer = site.make("validate:item")
    site.same("a finding", [status, answer["message"], list(answer["data"])],
              [400, "Failed to create record.", ["title"]])
    site.heard()
    site.same("request stops", site.make("request:stop"), (204, None))
    site.same("request stops, heard", site.stages(), ["request"])
    for stage in ("save", "execute"):
        site.same(stage + " stops", site.make(stage + ":stop")[0], 204)
        site.same(stage + " stops, heard", site.stages(), ROUND[:ROUND.index(stage) + 1] + ["committed"])
    site.same("write stops: what was to be", site.make("write:stop")[1]["title"], "write:stop")
    site.heard()
    site.same("none of those either", site.titles(), [])
    site.same("validate stops: no checks", site.make("validate:stop")[0], 200)
    site.same("which is stored", site.titles(), ["validate:stop"])
    key = site.make("stays")[1]["id"]
    site.same("write stops an update", site.change(key, {"title": "write:stop"})[0], 200)
    site.same("which stays as it was", site.titles(), ["stays", "validate:stop"])
    clear(site)


def kept(site):
    for many in (MANY, MANY - 100):
        kept_of(site, many)


def kept_of(site, many):
    """Records that listeners keep, of many: each is asked about once."""
    parent = site.make("parent")[1]["id"]
    script = """WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d)
      INSERT INTO %s (id, title, "of") SELECT printf('k%%014d', n), '%s', '%s' FROM c"""
    for collection, title in (("child", "execute:stop"), ("loose", "save:stop")):
        reeve.run_sql(site.server.dir, "data", script % (many, collection, title, parent))
    site.heard()
    site.same("a delete with many that stay", site.drop(parent)[0], 204)
    told = [words[0] + " " + words[2] for words in site.heard() if words[1] == "save"]
    site.same("each is asked once, of %d" % many, [told.count("record.delete child"), told.count("record.update loose")], [many, many])
    clear(site)
    parent = site.make("parent")[1]["id"]
    reeve.run_sql(site.server.dir, "data", script % (many, "child", "plain", parent))
    reeve.run_sql(site.server.dir, "data", "UPDATE child SET title = 'save:stop' WHERE id <= 'k00000000000010'")
    reeve.run_sql(site.server.dir, "data", script % (25, "loose", "plain", parent))
    site.same("some stay", site.drop(parent)[0], 204)
    site.same("and the others lose it", reeve.query(site.server.dir, "SELECT count(*) FROM loose WHERE \"of\" != ''"), [(0,)])
    site.same("but for those", len(site.titles("child")), 10)
    reeve.run_sql(site.server.dir, "data", "UPDATE child SET title = 'x'; UPDATE child SET title = 'save:stop' "
                  "WHERE id = 'k00000000000007'")
    site.same("truncate", site.send("DELETE", "/api/collections/child/truncate")[0], 204)
    site.same("but for the one that stays", site.titles("child"), ["save:stop"])
    clear(site)


def files_of_those(site):
    """What nobody names is not left behind."""
    def upload(title, n=1, method="POST", key=""):
        form = ("--b\r\nContent-Disposition: form-data; name=title\r\n\r\n%s\r\n--b\r\nContent-Disposition: "
                "form-data; name=n\r\n\r\n%d\r\n--b\r\nContent-Disposition: "
                "form-data; name=file; filename=a.txt\r\n\r\nhello\r\n--b--\r\n" % (title, n))
        headers = dict(site.root, **{"content-type": "multipart/form-data; boundary=b"})
        status, text, _ = site.server.request(method, "/api/collections/watched/records" + key, form, headers)
        return status, json.loads(text) if text else None

    def stored():
        return sum(name.endswith(".txt") for _, _, names in os.walk(
            os.path.join(site.server.dir, "storage")) for name in names)

    for title, status, files in (("plain", 200, 1), ("request:stop", 204, 1), ("save:stop", 204, 1),
                                 ("execute:throw", 400, 1), ("validate:change", 200, 2),
                                 ("write:stop", 200, 2), ("save:empty", 200, 2), ("save:move", 400, 2)):
        site.same("an upload, " + title, upload(title, 99 if title == "validate:change" else 1)[0], status)
        reeve.until("%d files are stored, after %s" % (files, title), lambda: stored() == files)
    record = upload("plain")[1]
    site.same("an update that stays as it was", upload("write:stop", method="PATCH", key="/" + record["id"])[0], 200)
    reeve.until("its new file is gone, the old one there", lambda: stored() == 3)
    row = site.send("GET", "/api/collections/watched/records/" + record["id"])[1]
    site.same("and its file, too", row["file"], record["file"])
    clear(site)


def schema_meanwhile(site):
    """A schema that changes while a listener rests does not make listeners run twice."""
    for stage in ("request", "save", "validate", "execute"):
        done = []
        slow = threading.Thread(target=lambda: done.append(site.make(stage + ":sleep")[0]))
        slow.start()
        reeve.until("the listener rests", lambda: "create %s watched" % stage in open(
            site.server.log, encoding="utf-8").read()[-200:])
        status, _ = site.send("PATCH", "/api/collections/quiet", {"listRule": "title != '%s'" % stage})
        slow.join()
        stages = site.stages()
        site.same("none runs twice: " + stage, [status, done, len(stages), stages[-1]],
                  [200, [503], len(set(stages)), "failed"] if done == [503] else [200, [200], 6, "committed"])
    clear(site)


def changes(site):
    for stage in ROUND[:5]:
        status, made = site.make(stage + ":change", n=1)
        site.same(stage + " changes", [status, made["title"]], [200, "by " + stage])
        status, again = site.change(made["id"], {"title": stage + ":change"})
        site.same(stage + " changes an update", [status, again["title"], again["n"]], [200, "by " + stage, 1])
    site.same("all are stored so", site.titles(), sorted("by " + stage for stage in ROUND[:5]))
    clear(site)


def afterwards(site):
    """What fails after the row was written does not take it away, but inside the unit."""
    for stage in ("request", "save", "execute", "committed"):
        status, answer = site.make(stage + (":throw" if stage == "committed" else ":after"))
        site.same(stage + " fails afterwards", [status, answer], [400, THROWN])
        site.same(stage + " fails afterwards, heard", site.stages(), ROUND[:5] + [
            {"committed": "committed", "request": "committed"}.get(stage, "failed")])
    site.same("the rows stay", site.titles(), sorted(["request:after", "save:after", "execute:after", "committed:throw"]))
    clear(site)
    site.same("write fails afterwards", site.make("write:after"), (400, THROWN))
    site.same("which is inside", site.titles(), [])
    site.heard()


def clear(site):
    """Away with all of it; nothing is to happen because of their titles."""
    for collection in ("child", "loose", "watched"):
        reeve.run_sql(site.server.dir, "data", "UPDATE %s SET title = 'x'" % collection)
        status, _ = site.send("DELETE", "/api/collections/%s/truncate" % collection)
        assert status == 204, status
    site.heard()


def others_meanwhile(site):
    """A row that another has changed while a listener rests keeps what was changed there."""
    made = site.make("a")[1]
    slow = threading.Thread(target=site.change, args=(made["id"], {"title": "save:sleep"}))
    slow.start()
    reeve.until("the listener rests", lambda: "save:sleep" in " ".join(map(" ".join, site.heard())))
    site.same("another changes it", site.change(made["id"], {"n": 7})[1]["n"], 7)
    slow.join()
    row = site.send("GET", "/api/collections/watched/records/" + made["id"])[1]
    site.same("both changes are there", [row["title"], row["n"]], ["save:sleep", 7])
    clear(site)


def nobody_waits(site):
    """Outside of the unit a listener may rest: other writers go on, heard or not."""
    stages = ["request", "save", "execute", "committed"]
    resting = of_collections.Resting(site, {
        ("record.create", stage, "watched"): lambda stage=stage: site.make(stage + ":sleep") for stage in stages})
    quick = [site.make("quick")[0], site.make("quick", "quiet")[0]]
    site.same("beside those that rest", [quick, resting.done], [[200, 200], {}])
    site.same("which are done in the end", sorted(resting.end().values()), [200] * len(stages))
    site.same("and stored", site.titles(), sorted([stage + ":sleep" for stage in stages] + ["quick"]))
    clear(site)


def cascades(site):
    parent = site.make("parent")[1]["id"]
    site.make("goes", "child", of=parent)
    site.make("loses", "loose", of=parent)
    site.heard()
    site.same("a cascade", site.drop(parent)[0], 204)
    heard = site.heard()
    site.same("each is told once it is committed", sorted(words[:4] for words in heard if words[1] == "committed"), [
        ["record.delete", "committed", "child", "goes"], ["record.delete", "committed", "watched", "parent"],
        ["record.update", "committed", "loose", "loses"]])
    site.same("inner ones have their stages", [words[1] for words in heard if words[2] == "child"],
              ["save", "execute", "write", "committed"])
    site.same("what is left", [site.titles(), site.titles("child"), site.titles("loose")], [[], [], ["loses"]])
    parent = site.make("parent")[1]["id"]
    site.make("goes", "child", of=parent)
    key = site.make("plain", "child", of=parent)[1]["id"]
    reeve.run_sql(site.server.dir, "data", "UPDATE child SET title = 'save:throw' WHERE id = '%s'" % key)
    site.heard()
    site.same("one that refuses", site.drop(parent), (400, THROWN))
    told = [words[:3] for words in site.heard() if words[1] in ("committed", "failed")]
    site.same("nothing of it is committed", [words for words in told if words[1] == "committed"], [])
    site.same("and who had gone is told", ["record.delete", "failed", "child"] in told, True)
    site.same("all are there", [site.titles(), site.titles("child")], [["parent"], ["goes", "save:throw"]])
    clear(site)


def batches(site):
    def batch(*titles):
        return site.send("POST", "/api/batch", {"requests": [
            {"method": "POST", "url": "/api/collections/watched/records", "body": {"title": title}} for title in titles]})

    status, answers = batch("a", "b")
    site.same("a batch", [status, [a["body"]["title"] for a in answers]], [200, ["a", "b"]])
    stages = site.stages()
    site.same("is told at its end", [stages[:10], stages[10:]], [ROUND[:5] * 2, ["committed"] * 2])
    site.same("one that throws afterwards", batch("c", "save:after")[0], 400)
    stages = site.stages()
    site.same("takes all back", [site.titles(), stages.count("committed"), stages.count("failed")], [["a", "b"], 0, 2])
    site.same("committed throws", batch("d", "committed:throw"), (400, THROWN))
    site.same("and all of it stays", site.titles(), ["a", "b", "committed:throw", "d"])
    clear(site)


def crowd(site):
    """What is told is what was committed, whatever comes together."""
    counts, lock = {"made": 0, "dropped": 0, "refused": 0}, threading.Lock()

    def work(number):
        mine = {"made": 0, "dropped": 0, "refused": 0}
        for i in range(N_EACH):
            status, made = site.make(["plain", "save:throw", "write:throw", "by %d" % number][i % 4])
            mine["made" if status == 200 else "refused"] += 1
            if status == 200 and i % 8 == 0:
                status, _ = site.drop(made["id"])
                mine["dropped"] += status == 204
        with lock:
            for key, n in mine.items():
                counts[key] += n

    threads = [threading.Thread(target=work, args=(number,)) for number in range(N_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    heard = site.heard()
    told = {(kind, stage): 0 for kind in ("create", "delete") for stage in ("committed", "failed")}
    for words in heard:
        if words[1] in ("committed", "failed"):
            told[words[0].split(".")[1], words[1]] += 1
    site.same("committed as often as it was answered", told, {
        ("create", "committed"): counts["made"], ("create", "failed"): counts["refused"],
        ("delete", "committed"): counts["dropped"], ("delete", "failed"): 0})
    site.same("and stored so often", len(site.titles()), counts["made"] - counts["dropped"])
    clear(site)


def main():
    binary = sys.argv[1]
    home = reeve.scratch("events")
    tally = reeve.Tally()
    try:
        directory = reeve.fresh(binary, os.path.join(home, "data"))
        reeve.set_batch(directory, enabled=True, maxRequests=50, timeout=60)
        with reeve.Server(binary, directory) as server:
            site = Site(server, tally)
            collections(site)
            for part in (order, refusals, kept, files_of_those, changes, afterwards, others_meanwhile, schema_meanwhile, nobody_waits, cascades, batches, crowd) + of_collections.PARTS + of_users.PARTS:
                if sys.argv[2:] and "%s.%s" % (part.__module__, part.__name__) not in sys.argv[2:]:
                    continue
                begin = time.monotonic()
                part(site)
                if time.monotonic() - begin > 10 * SLEEP_S:
                    print("%s took %.0f s" % (part.__name__, time.monotonic() - begin))
            tally.check("stops cleanly", server.stop(), server.output())
    finally:
        reeve.remove(home)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
