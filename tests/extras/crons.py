"""Scheduled work: what each job of the system does when it is run, how that is told, and over a restart."""

from __future__ import annotations

import os
import sys
import time
import typing

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "realtime"))
import reeve  # noqa: E402
import streams  # noqa: E402

REPORT = "/api/reeve/crons"
OPTIMIZE, MFAS, OTPS = "__pbDBOptimize__", "__pbMFACleanup__", "__pbOTPCleanup__"
LIMITERS = "__pbRateLimitersCleanup__"
MANY = 250  # more than two units delete

Site = streams.Site


def last(site: Site, job: str) -> dict[str, typing.Any] | None:
    return {item["id"]: item["last"] for item in site.must("GET", REPORT)}[job]


def run_job(site: Site, job: str) -> dict[str, typing.Any]:
    """Its result, once there is another than before."""
    before = last(site, job)
    site.must("POST", "/api/crons/" + job)
    reeve.until("%s has a result" % job, lambda: last(site, job) not in (None, before))
    found = last(site, job)
    assert found is not None
    return found


def listed(site: Site) -> list[str]:
    return [item["id"] for item in site.must("GET", "/api/crons")]


def stamp(ago_s: float) -> str:
    then = time.time() - ago_s
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(then)) + ".%03dZ" % (then % 1 * 1000)


def fill(site: Site, table: str, rows: list[tuple[str, str, str]]) -> None:
    """Each: id, collection, created."""
    extra, value = ("password", "'x'") if table == "_otps" else ("method", "'password'")
    values = ", ".join("('%s', '%s', 'user', '%s', %s)" % (*row, value) for row in rows)
    reeve.run_sql(site.server.dir, "data", "DELETE FROM %s; INSERT INTO %s (id, collectionRef, recordRef, created, %s) "
                  "VALUES %s" % (table, table, extra, values))


def left(site: Site, table: str) -> list[str]:
    return sorted(row[0] for row in reeve.query(site.server.dir, "SELECT id FROM %s" % table))


def expired(site: Site) -> None:
    """As PocketBase has it: by each collection's duration, compared as text; what is nobody's stays."""
    ids = dict(reeve.query(site.server.dir, "SELECT name, id FROM _collections"))
    users, roots, posts = ids["users"], ids["_superusers"], ids["posts"]
    body = {"otp": {"enabled": False, "duration": 1000, "length": 8}, "mfa": {"enabled": False, "duration": 1000}}
    site.must("PATCH", "/api/collections/users", body)
    rows = [("new", users, stamp(900)), ("old", users, stamp(1100)), ("root-new", roots, stamp(100)),
            ("root-old", roots, stamp(700)), ("empty", users, ""), ("garbage", users, "garbage"),
            ("later", users, stamp(-1e6)), ("no-auth", posts, stamp(1e6)), ("gone", "nope", stamp(1e6)),
            ("by-name", "users", stamp(1e6))]
    stay = sorted(row[0] for row in rows if row[0] not in ("old", "root-old", "empty"))
    with site.open("_otps/*", "_mfas/*", headers=site.root) as follower:
        for table, job in (("_otps", OTPS), ("_mfas", MFAS)):
            fill(site, table, rows)
            site.same("%s goes well" % job, run_job(site, job)["error"], "")
            site.same("%s stay" % table, left(site, table), stay)
            site.seen("%s are told" % table, follower,
                      *((table + "/*", "delete", ident) for ident in ("empty", "old", "root-old")))
    for table, job in (("_otps", OTPS), ("_mfas", MFAS)):
        fill(site, table, [("row%d" % i, users, "2020-01-01 00:00:00.000Z") for i in range(MANY)])
        run_job(site, job)
        site.same("many of %s" % table, left(site, table), [])


def optimized(site: Site) -> None:
    def log_bytes() -> list[int]:
        return [os.path.getsize(os.path.join(site.server.dir, name)) for name in ("data.db-wal", "auxiliary.db-wal")
                if os.path.exists(os.path.join(site.server.dir, name))]

    for i in range(20):
        site.make("marks", n=i)
    site.same("there is a log", max(log_bytes()) > 50000, True)
    site.same("optimize goes well", run_job(site, OPTIMIZE)["error"], "")
    # the result itself, and what the statistics say, are written after it
    site.same("the log begins anew", max(log_bytes()) < 50000, True)


def limiters(site: Site) -> None:
    def settings(**limits: object) -> None:
        site.must("PATCH", "/api/settings", {"rateLimits": limits} if limits else {"meta": {"appName": "x"}})

    site.same("no limits", LIMITERS in listed(site), False)
    settings(enabled=True, rules=[{"label": "/nope", "duration": 1, "maxRequests": 9}])
    site.server.healthy()
    site.same("no rule has counted", LIMITERS in listed(site), False)
    settings(enabled=True, rules=[{"label": "/api/", "duration": 1, "maxRequests": 99}])
    site.same("superusers are not counted", LIMITERS in listed(site), False)
    site.server.healthy()
    site.same("one has", listed(site)[-1], LIMITERS)
    site.same("it can be run", run_job(site, LIMITERS)["error"], "")
    settings()
    site.same("saved settings begin anew", LIMITERS in listed(site), False)
    settings(enabled=False)


def run(binary: str, base: str, tally: reeve.Tally) -> None:
    with reeve.Server(binary, base) as server:
        site = Site(server, tally, "crons")
        expired(site)
        optimized(site)
        limiters(site)
        before = last(site, OTPS)
    with reeve.Server(binary, base) as server:
        site.server = server
        site.same("results are kept", last(site, OTPS), before)
        site.same("and say where", before and before["node"], os.uname().nodename)
