#!/usr/bin/env python3
"""mount.py BINARY

storage/ on a file system of its own, to which nothing can be linked or renamed: files are stored,
stored again where a call begins anew, and removed as ever; and on one that is full, nothing is left
of what had no room. Needs root, for a small tmpfs in a mount namespace of its own.
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import races  # noqa: E402
import reeve  # noqa: E402
from site_docs import Site  # noqa: E402

SIZE = 64 << 20
LARGE = 8 << 20
INSIDE = "REEVE_TEST_MOUNTS"


def main():
    binary = os.path.abspath(sys.argv[1])
    if INSIDE not in os.environ:
        if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0:
            os.execvpe("unshare", ["unshare", "-m", sys.executable, os.path.abspath(__file__), binary],
                       {**os.environ, INSIDE: "1"})
        print("not run: a mount namespace of its own could not be had")
        return reeve.Tally().end()
    home = reeve.scratch("mount")
    tally = reeve.Tally()
    directory = reeve.fresh(binary, os.path.join(home, "data"))
    storage = os.path.join(directory, "storage")
    os.makedirs(storage, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % SIZE, "none", storage], check=True)
    try:
        with reeve.Server(binary, directory) as server:
            site = Site(server, tally)
            stored(site)
            anew(site)
            full(site, storage)
            tally.check("stops cleanly", server.stop(), server.output())
    finally:
        subprocess.run(["umount", storage], check=True)
        reeve.remove(home)
    return tally.end()


def stored(site):
    content = os.urandom(LARGE)
    record = site.make(("title", "t"), ("one", content, "large.bin"), ("many", "a", "a.txt"))
    with open(site.path(record, record["one"]), "rb") as f:
        site.tally.check("stores the content", f.read() == content)
    site.tidy("stores what the record names")
    path = "/api/collections/docs/records/" + record["id"]
    status, changed = site.send("PATCH", path, [("one", content[1:], "other.bin")])
    site.tally.check("replaces", status == 200 and changed["one"] != record["one"], changed)
    site.tidy("removes what was replaced")
    site.tally.check("deletes", site.server.request("DELETE", path)[0] == 204)
    site.tidy("removes what was deleted")


def anew(site):
    """What is prepared again is stored again, with the content that came once."""
    large = races.sender(site, "POST", races.RECORDS, ("one", "x" * 400000, "one.txt"))
    races.at_once(site, "creates while the schema changes", large, large, races.alterer(site),
                  fine=races.FINE | races.BUSY)


def full(site, storage):
    """Room for the temporary file, none for the stored one."""
    room = os.statvfs(storage)
    filler = os.path.join(storage, "filler")
    with open(filler, "wb") as f:
        os.posix_fallocate(f.fileno(), 0, room.f_bavail * room.f_frsize - LARGE // 2)
    large = races.sender(site, "POST", races.RECORDS, ("one", "f" * LARGE, "one.txt"))
    got = {large(i) for i in range(3)}
    site.tally.check("has no room for it", got == {503}, got)
    os.unlink(filler)
    site.tidy("keeps nothing of what had no room")
    site.tally.check("has room again", large(0) == 200)
    site.tidy("stores it then")


if __name__ == "__main__":
    sys.exit(main())
