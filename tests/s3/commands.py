"""`reeve files` where the files are in S3, or on their way there and back."""

import json
import os
import shutil
import subprocess

import reeve


def command(site, name, *words, code=0, says=()):
    run = subprocess.run([site.server.binary, "files", *words, "--dir", site.server.dir], capture_output=True,
                         text=True, timeout=120)
    site.tally.check("reeve files %s, %s" % (" ".join(words), name), run.returncode == code and all(
        word in run.stdout + run.stderr for word in says), (run.returncode, run.stdout, run.stderr))


def served(site, name, record, data):
    site.same("serves it, " + name, site.get(site.url(record, record["one"]))[1] == data, True)


def commands(site):
    """There and back while the server runs, and what a check finds in a bucket."""
    if site.reference:
        return  # it has none
    site.ask("DELETE", "/api/collections/docs/truncate")
    reeve.until("what other parts have left is gone", lambda: not site.keys())
    shutil.rmtree(os.path.join(site.server.dir, "storage"), ignore_errors=True)
    site.settings(**site.s3.settings(enabled=False))
    data = os.urandom(1 << 20)
    large = os.urandom(20 << 20)
    record = site.make(("one", data, "Ünï 1.bin"), ("many", b"a", "a.txt"), ("many", b"b", "b.txt"))
    other = site.make(("one", large, "large.bin"))
    before = site.local()
    command(site, "first", "move", "--to", "s3", says=["Next: switch the setting s3.enabled on"])
    site.same("moves all", site.keys(), before)
    uploads = site.s3.counts("PutObject")
    command(site, "again", "move", "--to", "s3")
    site.same("moves nothing twice", site.s3.counts("PutObject"), uploads)
    command(site, "in use", "move", "--to", "s3", "--remove", code=1, says=["still in use"])
    site.use_s3()
    served(site, "from there", record, data)
    served(site, "from there, a large one", other, large)
    site.same("its type stays", site.get(site.url(record, record["many"][0]))[2]["Content-Type"],
              "text/plain; charset=utf-8")
    command(site, "then", "move", "--to", "s3", "--remove")
    site.same("keeps nothing here", site.local(), set())
    command(site, "all is well", "check", says=["files without a record: 0", "names without a file: 0"])
    checked(site, record)
    command(site, "back", "move", "--to", "local", says=["Next: switch the setting s3.enabled off"])
    site.settings(enabled=False)
    served(site, "from here", record, data)
    command(site, "and out of there", "move", "--to", "local", "--remove")
    site.same("keeps nothing there", site.keys(), set())


def checked(site, record):
    """A file that was lost in the bucket."""
    lost, kept = record["many"]
    site.s3.remove(site.key(record, lost))
    command(site, "what is amiss", "check", code=1, says=[lost, "names without a file: 1"])
    command(site, "mended", "check", "--fix", says=["(1 taken out)"])
    status, body = site.ask("GET", "/api/collections/docs/records/" + record["id"])
    site.same("the others stay", (status, json.loads(body)["many"]), (200, [kept]))
    site.same("and so do their files", site.key(record, kept) in site.keys(), True)
    command(site, "afterwards", "check", says=["names without a file: 0"])


PARTS = (commands,)
