"""Metrics: who may read them, what is counted and how exactly, what the server's parts tell; stats, minute by minute."""

from __future__ import annotations

import concurrent.futures
import json
import os
import socket
import time
import typing
import urllib.parse

import openmetrics
import reeve

METRICS, STATS, OWN = "/api/reeve/metrics", "/api/reeve/stats", "/api/reeve/settings"
CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TOKEN = "sixteen-letters!"
MINUTE_S = 60

Families = dict[str, openmetrics.Family]
Counts = dict[tuple[str, str, str], float]


class Site:
    def __init__(self, server: reeve.Server, tally: reeve.Tally) -> None:
        self.server, self.tally = server, tally
        self.root = {"Authorization": reeve.token(server.dir, "root")}
        self.anna = {"Authorization": reeve.token(server.dir, "anna")}

    def send(self, method: str, path: str, body: typing.Any = None,
             headers: dict[str, str] | None = None) -> tuple[int, typing.Any]:
        status, raw, _ = self.server.request(method, path, body, self.root if headers is None else headers, timeout=120)
        return status, json.loads(raw) if raw else None

    def must(self, method: str, path: str, body: typing.Any = None) -> typing.Any:
        status, got = self.send(method, path, body)
        if status not in (200, 204):
            raise RuntimeError("%s %s: %d %s" % (method, path, status, got))
        return got

    def same(self, name: str, got: object, wanted: object) -> bool:
        return self.tally.check("metrics: " + name, got == wanted, "%r, not %r" % (got, wanted))

    def is_true(self, name: str, fact: object, why: object = "") -> bool:
        return self.tally.check("metrics: " + name, fact, why)

    def scrape(self, headers: dict[str, str] | None = None) -> Families:
        status, raw, answer = self.server.request("GET", METRICS, None, self.root if headers is None else headers)
        if status != 200 or answer["Content-Type"] != CONTENT_TYPE:
            raise RuntimeError("%d %s: %r" % (status, answer["Content-Type"], raw[:500]))
        return openmetrics.parse(raw.decode())

    def status(self, method: str, path: str, headers: dict[str, str] | None = None) -> int:
        return self.server.request(method, path, None, headers or {})[0]


def value(families: Families, name: str, suffix: str = "", **labels: str) -> float:
    return families[name].samples[suffix, tuple(labels.items())]


def counts(families: Families) -> Counts:
    """{(method, route, status): n}"""
    return {typing.cast("tuple[str, str, str]", tuple(text for _, text in labels)): n
            for (_, labels), n in families["reeve_http_requests"].samples.items()}


def times(families: Families) -> Counts:
    """{(method, route, class): n}"""
    return {typing.cast("tuple[str, str, str]", tuple(text for _, text in labels)): n
            for (suffix, labels), n in families["reeve_http_request_duration_seconds"].samples.items()
            if suffix == "_count"}


def grown(before: Counts, after: Counts) -> Counts:
    return {key: n - before.get(key, 0) for key, n in after.items() if n != before.get(key, 0)}


# --- who may ------------------------------------------------------------------------------------------------------


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": "Bearer " + token}


def access(site: Site) -> None:
    for name, headers, wanted in (("guest", {}, 401), ("user", site.anna, 403), ("superuser", site.root, 200),
                                  ("superuser as a bearer", bearer(site.root["Authorization"]), 200),
                                  ("a token of none", bearer(TOKEN), 401), ("an empty token", bearer(""), 401)):
        for method in ("GET", "HEAD"):
            site.same("%s, %s" % (name, method), site.status(method, METRICS, headers), wanted)
    status, raw, answer = site.server.request("HEAD", METRICS, None, site.root)
    site.same("HEAD has no body", (status, raw, answer["Content-Type"]), (200, b"", CONTENT_TYPE))
    site.same("no POST", site.status("POST", METRICS, site.root), 404)
    site.same("fields pick nothing", site.status("GET", METRICS + "?fields=x", site.root), 200)
    for name, headers, wanted in (("guest", {}, 401), ("user", site.anna, 403), ("superuser", site.root, 200)):
        site.same("stats, %s" % name, site.status("GET", STATS, headers), wanted)


def token(site: Site) -> None:
    def change(text: object) -> tuple[int, typing.Any]:
        return site.send("PATCH", OWN, {"metrics": {"token": text}})

    for text, code in ((TOKEN[1:], "validation_length_out_of_range"), ("x" * 256, "validation_length_out_of_range"),
                       ("with a space in it", "validation_match_invalid"), ("ü" * 16, "validation_match_invalid"),
                       ("new\nline" * 3, "validation_match_invalid")):
        status, answer = change(text)
        site.same("no token: %.20r" % text, (status, answer["data"]["metrics"]["token"]["code"]), (400, code))
    site.same("a token of another type", change(["x"])[0], 400)
    site.same("nothing was set", site.status("GET", METRICS, bearer(TOKEN)), 401)
    status, answer = change(TOKEN)
    site.same("a token is set, and not sent back", (status, "metrics" in answer, TOKEN in json.dumps(answer)),
              (200, False, False))
    site.same("nor when it is asked for", TOKEN in json.dumps(site.must("GET", OWN)), False)
    for name, headers, wanted in (("it", bearer(TOKEN), 200), ("lower case", {"Authorization": "bearer " + TOKEN}, 200),
                                  ("without Bearer", {"Authorization": TOKEN}, 401), ("its beginning", bearer(TOKEN[:-1]), 401),
                                  ("more of it", bearer(TOKEN + "x"), 401), ("another", bearer("X" + TOKEN[1:]), 401),
                                  ("none", {}, 401), ("empty", bearer(""), 401), ("user", site.anna, 403),
                                  ("superuser", site.root, 200)):
        site.same("with a token: %s" % name, site.status("GET", METRICS, headers), wanted)
    for path in (STATS, OWN, "/api/collections", "/api/logs"):
        site.same("the token is for nothing else: %s" % path, site.status("GET", path, bearer(TOKEN)), 401)
    site.is_true("what the token reads is whole", value(site.scrape(bearer(TOKEN)), "reeve_start_time_seconds") > 1e9)
    site.send("PATCH", OWN, {"records": {"etags": False}})
    site.same("it is kept when it is left out", site.status("GET", METRICS, bearer(TOKEN)), 200)
    change("")
    site.same("it is cleared", [site.status("GET", METRICS, bearer(text)) for text in (TOKEN, "")], [401, 401])


# --- requests -----------------------------------------------------------------------------------------------------


def exactly(site: Site) -> None:
    """So many requests, over several connections: so many are counted, and nothing else."""
    known = {
        ("GET", "/api/health", None, False): (10, ("GET", "/api/health", "200")),
        ("HEAD", "/api/health", None, False): (3, ("GET", "/api/health", "200")),
        ("GET", "/api/collections/lines/records", None, True): (5, ("GET", "/api/collections/{collection}/records", "200")),
        ("GET", "/api/collections/nope/records", None, True): (4, ("GET", "/api/collections/{collection}/records", "404")),
        ("GET", "/api/collections/lines/records?filter=x(", None, True):
            (2, ("GET", "/api/collections/{collection}/records", "400")),
        ("GET", "/api/collections/lines/records/nope", None, True):
            (6, ("GET", "/api/collections/{collection}/records/{id}", "404")),
        ("POST", "/api/collections/lines/records", b'{"title": "t"}', True):
            (3, ("POST", "/api/collections/{collection}/records", "200")),
        ("POST", "/api/collections/lines/records", b"{", True): (2, ("POST", "/api/collections/{collection}/records", "400")),
        ("GET", "/api/collections", None, False): (7, ("GET", "/api/collections", "401")),
        ("GET", "/api/nothing/here", None, True): (4, ("none", "none", "404")),
        ("PUT", "/api/health", None, True): (2, ("none", "none", "404")),
        ("GET", "/api/reeve/export/lines?format=csv", None, True): (2, ("GET", "/api/reeve/export/{collection}", "200")),
        ("GET", METRICS, None, False): (3, ("GET", METRICS, "401")),
    }
    jobs = [key for key, (n, _) in known.items() for _ in range(n)]
    wanted: Counts = {("GET", METRICS, "200"): 1}  # the first of the two that look
    for n, series in known.values():
        wanted[series] = wanted.get(series, 0) + n

    def one(job: tuple[str, str, typing.Any, bool]) -> int:
        method, path, body, is_root = job
        headers = {"Content-Type": "application/json"} if isinstance(body, bytes) else {}
        return site.server.request(method, path, body, {**headers, **(site.root if is_root else {})})[0]

    before = site.scrape()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(one, jobs))
    after = site.scrape()
    site.same("statuses are those that were meant", [str(s) for s in statuses], [known[job][1][2] for job in jobs])
    site.same("each request is counted once", grown(counts(before), counts(after)), wanted)
    classes: Counts = {}
    for (method, route, status), n in wanted.items():
        key = method, route, status[0] + "xx"
        classes[key] = classes.get(key, 0) + n
    site.same("... and timed once", grown(times(before), times(after)), classes)
    labels = {"method": "GET", "route": "/api/health", "class": "2xx"}
    spent = [value(f, "reeve_http_request_duration_seconds", "_sum", **labels) for f in (before, after)]
    site.is_true("time passes", 0 < spent[1] - spent[0] < 60, spent)


def grows(site: Site) -> None:
    """Writes: units, groups, the log."""
    before = site.scrape()
    for i in range(30):
        site.must("POST", "/api/collections/lines/records", {"title": "x" * 1000})
    after = site.scrape()
    size = os.path.getsize(os.path.join(site.server.dir, "data.db-wal"))
    wal = [value(f, "reeve_db_wal_bytes", database="data") for f in (before, after)]
    site.is_true("the log grows", wal[1] >= wal[0] + 30 * 4096 and wal[1] == size, (wal, size))
    site.same("so many units", value(after, "reeve_db_units", "_total") - value(before, "reeve_db_units", "_total"), 30)
    site.same("one after the other", value(after, "reeve_db_groups", "_total") - value(before, "reeve_db_groups", "_total"), 30)
    site.is_true("CPU is used", value(after, "reeve_cpu_seconds", "_total") > value(before, "reeve_cpu_seconds", "_total"))


def gauges(site: Site) -> None:
    now = site.scrape()
    disk = os.statvfs(site.server.dir)
    site.is_true("memory", 0.5 < value(now, "reeve_resident_memory_bytes") / site.server.status("VmRSS") < 2)
    site.is_true("within its budget", 0 < value(now, "reeve_memory_used_bytes") < value(now, "reeve_memory_budget_bytes"))
    site.is_true("descriptors", abs(value(now, "reeve_descriptors") - site.server.descriptors()) < 8,
                 (value(now, "reeve_descriptors"), site.server.descriptors()))
    site.same("the disk", value(now, "reeve_disk_bytes"), disk.f_blocks * disk.f_frsize)
    site.is_true("what is free of it", abs(value(now, "reeve_disk_free_bytes") - disk.f_bavail * disk.f_frsize) < 1 << 30)
    site.same("files", value(now, "reeve_db_file_bytes", database="data"),
              os.path.getsize(os.path.join(site.server.dir, "data.db")))
    site.is_true("this request is in flight", value(now, "reeve_http_requests_in_flight") >= 1)
    site.is_true("it began", 0 <= time.time() - value(now, "reeve_start_time_seconds") < 600)
    build, = now["reeve_build"].samples
    about = site.must("GET", "/api/reeve")
    site.same("the build", dict(build[1]), {"version": about["version"], "engine": about["engine"]})
    site.is_true("the features", {"metrics", "stats"} <= set(about["features"]))
    lanes = {dict(labels)["lane"]: n for (_, labels), n in now["reeve_pool_running"].samples.items()}
    site.is_true("lanes", {"work", "slow", "hash", "image", "lease", "mail", "remote", "console"} <= set(lanes)
                 and lanes["console"] >= 1 and sum(lanes.values()) < 3, lanes)
    site.same("names", [name for name in now if not name.startswith("reeve_")], [])


def listens(site: Site) -> None:
    before = site.scrape()
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=20) as stream:
        stream.sendall(b"GET /api/realtime HTTP/1.1\r\nHost: x\r\n\r\n")
        reeve.until("a client is counted", lambda: value(site.scrape(), "reeve_realtime_clients") == 1)
        now = site.scrape()
        site.is_true("its connection, too", value(now, "reeve_http_connections") >= 2)
        site.same("its request is counted while its stream is open",
                  grown(counts(before), counts(now)).get(("GET", "/api/realtime", "200")), 1)
        site.same("stats know it", site.must("GET", STATS)["now"]["realtime"]["clients"], 1)
    reeve.until("it has left", lambda: value(site.scrape(), "reeve_realtime_clients") == 0)


# --- what is stored -----------------------------------------------------------------------------------------------


def jobs(site: Site) -> None:
    job = "__pbOTPCleanup__"
    site.same("no job has run", site.scrape()["reeve_job_last_success"].samples, {})
    began = time.time()
    site.must("POST", "/api/crons/" + job)
    reeve.until("the job's result is there", lambda: site.scrape()["reeve_job_last_success"].samples)
    now = site.scrape()
    site.same("it went well", now["reeve_job_last_success"].samples, {("", (("id", job),)): 1})
    site.is_true("just now", -5 < value(now, "reeve_job_last_start_timestamp_seconds", id=job) - began < 60)
    site.is_true("quickly", 0 <= value(now, "reeve_job_last_duration_seconds", id=job) < 20)
    reeve.until("it runs no more", lambda: value(site.scrape(), "reeve_job_running", id=job) == 0)
    reeve.run_sql(site.server.dir, "data", "UPDATE _reeve_crons SET error = 'x'")
    site.same("one that fails", site.scrape()["reeve_job_last_success"].samples, {("", (("id", job),)): 0})
    site.same("stats name it", site.must("GET", STATS)["now"]["jobs"], {"failed": [job], "running": 0})


def backups(site: Site) -> None:
    site.same("no backup", ("reeve_backup_last_success_bytes" in site.scrape(), site.must("GET", STATS)["now"]["backups"]),
              (False, {"running": False, "failed": 0, "last": None}))
    began = time.time()
    site.must("POST", "/api/backups", {"name": "one.zip"})
    now = site.scrape()
    size = site.must("GET", "/api/backups")[0]["size"]
    site.same("a backup's size", value(now, "reeve_backup_last_success_bytes"), size)
    site.is_true("... and time", -5 < value(now, "reeve_backup_last_success_timestamp_seconds") - began < 120)
    site.same("none has failed", [value(now, "reeve_backup_" + name) for name in
                                  ("failures", "failures_since_success", "running")], [0, 0, 0])
    reeve.run_sql(site.server.dir, "data", "INSERT INTO _reeve_backups SELECT 'two.zip', node, '2090-01-01 00:00:00.000Z', 1, "
                  "0, 0, 0, 'no' FROM _reeve_backups; INSERT INTO _reeve_backups SELECT 'old.zip', node, "
                  "'2020-01-01 00:00:00.000Z', 1, 0, 0, 0, 'no' FROM _reeve_backups WHERE key = 'one.zip'")
    now = site.scrape()
    site.same("two have failed, one of them since", [value(now, "reeve_backup_" + name) for name in
                                                     ("failures", "failures_since_success")], [2, 1])
    site.same("the good one is still the last", value(now, "reeve_backup_last_success_bytes"), size)
    last = site.must("GET", STATS)["now"]["backups"]
    site.same("stats say the same", (last["failed"], last["last"]["bytes"]), (1, size))


def mail(site: Site) -> None:
    site.same("no mail", value(site.scrape(), "reeve_mail_waiting"), 0)
    due = int((time.time() + 3600) * 1000)
    reeve.run_sql(site.server.dir, "data", """CREATE TABLE IF NOT EXISTS _reeve_mail (id TEXT PRIMARY KEY NOT NULL,
        kind TEXT NOT NULL, collection TEXT NOT NULL, record TEXT NOT NULL, data TEXT NOT NULL, created BIGINT NOT NULL,
        until BIGINT NOT NULL, keep BIGINT NOT NULL, open INTEGER NOT NULL, due BIGINT NOT NULL, tries INTEGER NOT NULL);
        INSERT INTO _reeve_mail VALUES ('one', 'x', '', '', '', 1, %d, 1, 1, %d, 0), ('two', 'x', '', '', '', 1, %d, 1, 1, %d,
        0), ('sent', 'x', '', '', '', 1, %d, 1, 0, %d, 0)""" % ((due,) * 6))
    site.same("two mails wait", (value(site.scrape(), "reeve_mail_waiting"), site.must("GET", STATS)["now"]["mail"]),
              (2, {"waiting": 2}))


def quiet(site: Site) -> None:
    """What goes well is not in the log, what fails is."""
    for path in (METRICS, STATS):
        site.same("well", site.status("GET", path + "?quiet=well", site.root), 200)
        site.same("not well", site.status("GET", path + "?quiet=not"), 401)
    site.status("GET", "/api/health?quiet=last")

    def urls() -> list[str]:
        found = site.must("GET", "/api/logs?perPage=100&filter=" + urllib.parse.quote("data.url ~ 'quiet='"))["items"]
        return sorted(item["data"]["url"] for item in found)

    last = "/api/health?quiet=last"
    reeve.until("the log is written", lambda: last in urls())
    site.same("only what fails is logged", urls(), [last, METRICS + "?quiet=not", STATS + "?quiet=not"])


def at_once(site: Site) -> None:
    """Many who look, while others ask: each answer is whole, no count goes back or is lost."""
    before = counts(site.scrape())
    went_back = []

    def look(_: int) -> None:
        last: Counts = {}
        for _ in range(6):
            now = counts(site.scrape())
            went_back.extend(key for key, n in last.items() if now[key] < n)
            last = now
            site.must("GET", STATS + "?range=24h")

    def ask(_: int) -> None:
        for _ in range(40):
            site.status("GET", "/api/health")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        work = [pool.submit(job, i) for i in range(4) for job in (look, ask)]
        for one in work:
            one.result()
    site.same("no count goes back", went_back, [])
    site.same("none is lost", grown(before, counts(site.scrape())),
              {("GET", "/api/health", "200"): 160, ("GET", METRICS, "200"): 25, ("GET", STATS, "200"): 24})


# --- stats --------------------------------------------------------------------------------------------------------


def stats(site: Site) -> None:
    for text, step in (("", 60), ("?range=1h", 60), ("?range=6h", 60), ("?range=24h", 240)):
        got = site.must("GET", STATS + text)
        lengths = {len(column) for column in got["points"].values()}
        site.is_true("columns of %r" % text, got["step"] == step and len(lengths) == 1 and 0 not in lengths
                     and got["range"] == (text[7:] or "1h") and all(t % step == 0 for t in got["points"]["time"]), got)
    for text in ("2h", "1", "1h1h", "%00"):
        status, answer = site.send("GET", STATS + "?range=" + text)
        site.same("no range: %s" % text, (status, answer["data"]["range"]["code"]), (400, "validation_in_invalid"))
    site.same("an empty one is none", site.must("GET", STATS + "?range=")["range"], "1h")


def minutes(site: Site) -> None:
    """All that was counted since the start is in some minute, also when one is over."""
    for _ in range(20):
        site.status("GET", "/api/health")
        site.status("GET", "/api/collections")
    begun = len(site.must("GET", STATS)["points"]["time"])
    reeve.until("a minute is over", lambda: len(site.must("GET", STATS)["points"]["time"]) > begun, MINUTE_S + 10)
    for attempt in range(3):  # unless a minute ends between the two
        counted = counts(site.scrape())
        got = site.must("GET", STATS)
        points = got["points"]
        sums = [sum(points[name]) for name in ("requests", "failed4xx", "failed5xx")]
        wanted = [sum(counted.values()) + 1, sum(n for (_, _, s), n in counted.items() if s[0] == "4"),
                  sum(n for (_, _, s), n in counted.items() if s[0] == "5")]
        if sums == wanted:
            break
    site.same("all requests, and those that failed", sums, wanted)
    site.is_true("times in between", points["time"] == sorted(set(points["time"])) and all(
        b - a == MINUTE_S for a, b in zip(points["time"], points["time"][1:])), points["time"])
    site.is_true("a minute's length", all(abs(ms - 60000) < 5000 for ms in points["ms"][1:-1]) and sum(points["ms"])
                 <= (time.time() + 5) * 1000 - points["time"][0] * 1000, points["ms"])
    site.is_true("quantiles", all(n == 0 and p50 is None or 0 < p50 <= p99 for n, p50, p99 in
                                  zip(points["requests"], points["p50Ms"], points["p99Ms"])), points)
    site.is_true("levels", all(n > 1 << 20 for n in points["rssBytes"]) and max(points["walBytes"]) > 0
                 and max(points["units"]) > 0 and sum(points["cpuMs"]) > 0, points)
    day = site.must("GET", STATS + "?range=24h")["points"]
    site.is_true("a day has the same", sum(day["requests"]) >= sums[0] and len(day["time"]) <= 360)


def run(binary: str, base: str, tally: reeve.Tally) -> None:
    tally.check("metrics: the reader is strict", not openmetrics.self_test(), openmetrics.self_test())
    with reeve.Server(binary, base, "--threads", "3") as server:
        site = Site(server, tally)
        site.must("POST", "/api/collections", {"name": "lines", "type": "base", "fields": [{"name": "title", "type": "text"}]})
        for part in (access, token, exactly, grows, gauges, listens, jobs, backups, mail, quiet, at_once, stats, minutes):
            part(site)
        tally.check("metrics: stops cleanly", server.stop(), server.output())
