"""Backups in a bucket of their own settings: made, listed, fetched, verified, removed, out of reach."""

import io
import json
import os
import time
import zipfile

import reeve

BACKUPS = "/api/backups"


def use(site, **other):
    body = {"backups": {"s3": site.s3.settings(**other)}}
    site.same("backups go to a bucket", site.ask("PATCH", "/api/settings", body)[0], 200)


def backups(site):
    """The same answers as on the disk, and nothing on the disk."""
    if site.reference:
        return
    site.settings(enabled=False)
    use(site)
    with open(os.path.join(site.server.dir, "large.bin"), "wb") as f:
        f.write(os.urandom(40 << 20))  # more than one part
    site.same("a backup", site.ask("POST", BACKUPS, {"name": "kept.zip"}), (204, b""))
    os.unlink(os.path.join(site.server.dir, "large.bin"))
    site.same("is in the bucket", "kept.zip" in site.keys(), True)
    site.same("and on no disk", os.path.exists(os.path.join(site.server.dir, "backups", "kept.zip")), False)
    listed = json.loads(site.ask("GET", BACKUPS)[1])
    site.same("is listed", [(i["key"], i["verified"]) for i in listed], [("kept.zip", True)])
    token = json.loads(site.ask("POST", "/api/files/token")[1])["token"]
    status, raw, _ = site.get("%s/kept.zip?token=%s" % (BACKUPS, token))
    site.same("comes back", (status, len(raw)), (200, listed[0]["size"]))
    with zipfile.ZipFile(io.BytesIO(raw)) as z:
        site.same("whole", (z.testzip(), z.namelist()[:2]), (None, ["data.db", "auxiliary.db"]))
    site.same("once", site.ask("POST", BACKUPS, {"name": "kept.zip"})[0], 400)
    site.same("is good", site.ask("POST", "/api/reeve/backups/kept.zip/verify")[0], 200)
    site.same("no other is", site.ask("POST", "/api/reeve/backups/nope.zip/verify")[0], 404)
    site.same("goes", (site.ask("DELETE", BACKUPS + "/kept.zip")[0], site.keys()), (204, set()))
    use(site, endpoint="http://127.0.0.1:1")
    site.same("out of reach, it is told", site.ask("POST", BACKUPS, {"name": "lost.zip"}),
              (400, b'{"data":{},"message":"Failed to create backup.","status":400}'))
    site.same("... and listed nowhere", site.ask("GET", BACKUPS)[0], 400)
    use(site, enabled=False)
    site.same("on the disk again", site.ask("POST", BACKUPS, {"name": "here.zip"})[0], 204)
    failed = json.loads(site.ask("GET", "/api/reeve/backups")[1])["failed"]
    site.same("what failed is told", [f["key"] for f in failed], ["lost.zip"])
    site.ask("DELETE", BACKUPS + "/here.zip")
    site.use_s3()


def scheduled(site):
    """The newest stay by their times in the bucket, whatever the application is called by then."""
    if site.reference:
        return
    site.settings(enabled=False)
    use(site)
    for name in ("Zeta", "Alpha", "Beta"):
        site.ask("PATCH", "/api/settings", {"meta": {"appName": name}, "backups": {"cron": "0 0 1 1 *", "cronMaxKeep": 1}})
        site.same("it runs", site.ask("POST", "/api/crons/__pbAutoBackup__")[0], 204)
        wanted = "@auto_pb_backup_%s_" % name.lower()
        reeve.until("that of %s to be the only one" % name,
                    lambda: len(site.keys()) == 1 and all(key.startswith(wanted) for key in site.keys()))
        time.sleep(1.1)  # times in a list have a second
    for key in site.keys():
        site.ask("DELETE", BACKUPS + "/" + key)
    site.ask("PATCH", "/api/settings", {"backups": {"cron": ""}})
    use(site, enabled=False)
    site.use_s3()


PARTS = (backups, scheduled)
