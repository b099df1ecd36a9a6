#!/usr/bin/env python3
"""start.py BINARY

What a start makes, with which modes, and what it gives up: folders on the way to the data directory;
files that only their owner reads; rights that no server needs; passwords that no process list shows.
"""

import os
import shutil
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

UPLOAD = (b'--x\r\nContent-Disposition: form-data; name="one"; filename="a.txt"\r\n\r\n%s\r\n--x--\r\n')
FORM = {"Content-Type": "multipart/form-data; boundary=x"}
LARGE = 1 << 20  # goes through a temporary file
EMAIL = "second@example.com"
NOBODY = 65534  # a user that root can be instead


def main():
    binary = os.path.abspath(sys.argv[1])
    home = reeve.scratch("start")
    tally = reeve.Tally()
    before = os.umask(0o022)
    try:
        parents(binary, home, tally)
        modes(binary, os.path.join(home, "made"), tally)
        kept_modes(binary, os.path.join(home, "kept"), tally)
        passwords(binary, os.path.join(home, "passwords"), tally)
        privileges(binary, os.path.join(home, "given-up"), tally)
        memory(binary, home, tally)
        threads(binary, home, tally)
    finally:
        os.umask(before)
        reeve.remove(home)
    return tally.end()


def superuser(binary, directory, *words, stdin=b""):
    done = subprocess.run([binary, "superuser", *words, "--dir", directory], input=stdin, capture_output=True,
                          timeout=60)
    return done.returncode, (done.stdout + done.stderr).decode()


def parents(binary, home, tally):
    for name in ("a/b/c/pb_data", "d//e/./pb_data/", "f"):
        status, said = superuser(binary, os.path.join(home, name), "upsert", *reeve.ROOT)
        tally.check("makes " + name, status == 0 and os.path.isfile(os.path.join(home, name, "data.db")), said)
    file = os.path.join(home, "file")
    open(file, "w", encoding="utf-8").close()
    for name, word in (("file/a/pb_data", "%s/a: Not a directory" % file), ("file", "%s is no directory" % file)):
        status, said = superuser(binary, os.path.join(home, name), "upsert", *reeve.ROOT)
        tally.check("says why not " + name, status == 1 and word in said and said.count("\n") == 1, said)


def all_modes(directory):
    """{mode: paths} of folders, and of files. A temporary file may go while it is looked at."""
    folders, files = {}, {}
    for top, _, names in os.walk(directory):
        folders.setdefault(stat.S_IMODE(os.stat(top).st_mode), []).append(top)
        for path in (os.path.join(top, name) for name in names):
            try:
                mode = os.stat(path).st_mode
            except FileNotFoundError:
                continue
            files.setdefault(stat.S_IMODE(mode), []).append(path)
    return folders, files


def use(server, tally):
    """Makes whatever a server makes: logs of the database, stored files, temporary ones."""
    head = {"Authorization": reeve.token(server.dir, "root")}
    status, said, _ = server.request("POST", "/api/collections", {
        "name": "docs", "type": "base", "createRule": "",
        "fields": [{"name": "one", "type": "file", "maxSize": 2 * LARGE}]}, head)
    tally.check("makes a collection", status == 200, said)
    for size in (10, LARGE):
        status, said, _ = server.request("POST", "/api/collections/docs/records", UPLOAD % (b"t" * size), FORM)
        tally.check("stores %d bytes" % size, status == 200, said)


def modes(binary, directory, tally):
    reeve.fresh(binary, directory)
    with reeve.Server(binary, directory) as server:
        use(server, tally)
        folders, files = all_modes(directory)
        tally.check("only the owner enters a folder", set(folders) == {0o700}, repr(folders))
        tally.check("only the owner reads a file", set(files) == {0o600} and len(files[0o600]) >= 8, repr(files))
        names = " ".join(os.path.basename(path) for path in files.get(0o600, ())) + " "
        tally.check("databases and files were seen", all(word in names for word in (
            "data.db", "data.db-wal", "data.db-shm", "auxiliary.db", ".txt ", ".txt.attrs")), names)
        tally.check("stops cleanly", server.stop(), server.output())


def kept_modes(binary, directory, tally):
    """A directory that its owner has opened to others stays open."""
    reeve.fresh(binary, directory)
    os.chmod(directory, 0o755)
    for name in ("data.db", "auxiliary.db"):
        os.chmod(os.path.join(directory, name), 0o644)
    with reeve.Server(binary, directory) as server:
        use(server, tally)
        seen = {name: stat.S_IMODE(os.stat(os.path.join(directory, name)).st_mode)
                for name in (".", "data.db", "data.db-wal", "data.db-shm", "auxiliary.db")}
        tally.check("modes are kept", seen.pop(".") == 0o755 and set(seen.values()) == {0o644}, repr(seen))


def passwords(binary, directory, tally):
    reeve.fresh(binary, directory, site=False)
    with reeve.Server(binary, directory) as server:
        for number, (command, text, password) in enumerate((
                ("create", b"first-password\nsecond line\n", "first-password"),
                ("update", b" with spaces \r\n", " with spaces "),
                ("upsert", "kein-Zeilenende-ü".encode(), "kein-Zeilenende-ü"))):
            status, said = superuser(binary, directory, command, EMAIL, "-", stdin=text)
            tally.check("%s reads a password" % command, status == 0 and EMAIL in said, said)
            status, said, _ = server.request("POST", "/api/collections/_superusers/auth-with-password",
                                             {"identity": EMAIL, "password": password})
            tally.check("the password of line %d is taken" % number, status == 200, said)
    none = os.path.join(directory, "none")
    for name, text, word in (("nothing", b"", "no password"), ("an empty line", b"\nnot-this-one\n", "no password"),
                             ("too much", b"p" * 1025, "1024 bytes"), ("no end", b"p" * (1 << 20), "1024 bytes")):
        status, said = superuser(binary, none, "upsert", EMAIL, "-", stdin=text)
        tally.check("refuses %s" % name, status == 1 and word in said and said.count("\n") == 1, said)
    tally.check("a refusal makes nothing", not os.path.exists(none))
    status, said = superuser(binary, directory, "upsert", EMAIL, "-", stdin=b"p" * 1024 + b"\n")
    tally.check("bcrypt's limit is said", status == 1 and "72 bytes" in said, said)
    status, said = superuser(binary, directory, "upsert", EMAIL, "-", "more", stdin=b"first-password\n")
    tally.check("a word too many is refused", status == 1, said)


def memory(binary, home, tally):
    """The files in /proc of a process whose memory is nobody's business are root's; so root looks at
    one of another user's."""
    other = os.geteuid() or NOBODY
    directory, copy = os.path.join(home, "of-another"), os.path.join(home, "reeve")
    shutil.copy(binary, copy)
    os.chmod(home, 0o755)
    os.mkdir(directory)
    if other == NOBODY:
        os.chown(directory, other, other)
    for arguments, private in (([], True), (["--dev"], False)):
        with subprocess.Popen([copy, "serve", "--dir", directory, "--http", "127.0.0.1:0", *arguments],
                              user=other if other == NOBODY else None, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.readline()
            owner = os.stat("/proc/%d/environ" % process.pid).st_uid
            process.terminate()
            said = process.communicate(timeout=reeve.STOP_S)[1]
        tally.check("memory is private %r" % arguments, owner == (0 if private else other), str(owner))
        tally.check("ends cleanly %r" % arguments, process.returncode == 0 and b"is_root" not in said, said)


def threads(binary, home, tally):
    """Where the system has few threads for us the server does with them, or says why it does not
    start; a thread that cannot be had later ends nothing. A user that runs nothing else is needed."""
    if os.geteuid() != 0:
        print("not run, since it needs root: few threads")
        return
    directory, copy = os.path.join(home, "of-another"), os.path.join(home, "reeve")
    statuses = []
    for most in range(2, 24):
        with subprocess.Popen(["prlimit", "--nproc=%d:%d" % (most, most), copy, "serve", "--dir", directory,
                               "--http", "127.0.0.1:0"], user=NOBODY, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            started = process.stdout.readline()
            if started:
                process.terminate()
            said = process.communicate(timeout=reeve.STOP_S)[1]
        statuses.append(process.returncode)
        good = process.returncode == 0 if started else process.returncode == 1 and b"no thread left" in said
        tally.check("%d threads" % most, good, "%d: %s" % (process.returncode, said))
    tally.check("few threads are refused, more are enough", statuses[0] == 1 and statuses[-1] == 0, statuses)


def privileges(binary, directory, tally):
    reeve.fresh(binary, directory, site=False)
    with reeve.Server(binary, directory) as server:
        tally.check("no new privileges", server.status("NoNewPrivs") == 1)
        warned = server.output(server.begins).count(" warn process.is_root ")
        tally.check("root is warned", warned == (os.geteuid() == 0), server.output(server.begins))
        tally.check("figures are seen", server.cpu_s() >= 0 and server.rss() > 0)
        tally.check("stops cleanly", server.stop(), server.output())


if __name__ == "__main__":
    sys.exit(main())
