#!/usr/bin/env python3
"""connections.py BINARY: connections and descriptors, held by clients or lacking from the start.

Whoever holds connections shuts nobody out and takes no descriptor from the databases; a server with
too few descriptors says so and ends, whatever their number.
"""

import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

ENTRIES = "/api/collections/entries/records"
WANTED = re.compile(r" too few file descriptors: (\d+) may be open, at least (\d+) are needed; .*\(ulimit -n\)\n$")
UPLOADS = 40
ROOM = 180  # connections beside what the server needs for itself
HALF_A_POST = b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{" % ENTRIES.encode()


def main():
    binary = os.path.abspath(sys.argv[1])
    home = reeve.scratch("connections")
    directory = os.path.join(home, "pb_data")
    tally = reeve.Tally()
    try:
        reeve.fresh(binary, directory)
        needed = too_few(binary, directory, tally)
        if needed:
            just_enough(binary, directory, needed, tally)
            with Limited(binary, directory, needed + ROOM) as server:
                silent_clients(server, tally)
                share(server, tally)
                half_uploads(server, tally)
                tally.check("stops cleanly", server.stop(), server.output())
            proxied(binary, directory, needed, tally)
    finally:
        reeve.remove(home)
    return tally.end()


class Limited(reeve.Server):
    """A server that may have so many descriptors."""

    def __init__(self, binary, directory, limit):
        super().__init__(binary, directory)
        self.limit = limit

    def start(self):
        wrapper = os.path.join(self.dir + ".limited")
        with open(wrapper, "w", encoding="ascii") as f:
            f.write("#!/bin/sh\nexec prlimit --nofile=%d:%d %s \"$@\"\n" % (self.limit, self.limit, self.binary))
        os.chmod(wrapper, 0o755)
        self.binary = wrapper
        return super().start()


def too_few(binary, directory, tally):
    """How many it says that it needs."""
    needed = set()
    for limit in [*range(4, 61, 4 if "asan" in binary else 1), 90]:
        done = subprocess.run(
            ["prlimit", "--nofile=%d:%d" % (limit, limit), binary, "serve", "--dir", directory, "--http",
             "127.0.0.1:0"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=reeve.START_S)
        found = WANTED.search(done.stderr)
        if tally.check("%d descriptors" % limit, done.returncode == 1 and found and int(found[1]) == limit,
                       "status %d, printed %r" % (done.returncode, (done.stdout + done.stderr)[-2000:])):
            needed.add(int(found[2]))
    tally.check("one number is needed", len(needed) == 1, needed)
    return needed.pop() if needed else 0


def just_enough(binary, directory, needed, tally):
    with Limited(binary, directory, needed) as server:
        for _ in range(4):
            got = [server.request("GET", ENTRIES)[0], server.request("POST", ENTRIES, {})[0]]
            tally.check("serves with just enough", got == [200, 200], got)
        tally.check("just enough: stops cleanly", server.stop(), server.output())


def connect(server, address="127.0.0.1"):
    return reeve.connected(("127.0.0.1", server.port), source_address=(address, 0))


def ask(sock, method, path, body=b""):
    """The status of an answer on a connection that stays; None: it was closed."""
    try:
        sock.sendall(b"%s %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
            method.encode(), path.encode(), len(body), body))
        got = sock.recv(65536)
    except OSError:
        return None
    return int(got[9:12]) if got else None


def silent_clients(server, tally):
    """More than fit: who has spoken stays and is served, reads and writes; so is who comes anew."""
    spoke = [connect(server) for _ in range(4)]
    tally.check("spoke", [ask(sock, "GET", "/api/health") for sock in spoke] == [200] * 4)
    silent = [connect(server) for _ in range(3 * ROOM)]
    for method, path, body in (("GET", ENTRIES, b""), ("POST", ENTRIES, b"{}"), ("GET", "/api/health", b"")):
        got = [ask(sock, method, path, body) for sock in spoke]
        tally.check("%s %s beside silent clients" % (method, path), got == [200] * 4, got)
        got = [server.request(method, path, body or None, {"content-type": "application/json"})[0] for _ in range(8)]
        tally.check("%s %s of new clients" % (method, path), got == [200] * 8, got)
    before = server.cpu_s()
    time.sleep(1)
    spent = server.cpu_s() - before
    tally.check("silent clients cost nothing", spent < 0.2, "%.2f s of a second" % spent)
    for sock in spoke + silent:
        sock.close()


def hold_half_posts(server, n):
    """So many requests of 127.0.0.1 without their end, up to the first one that is refused."""
    held = []
    while len(held) < n:
        held.append(connect(server))
        held[-1].sendall(HALF_A_POST)
        held[-1].settimeout(0.02)
        try:
            held[-1].recv(100)
            break
        except TimeoutError:
            pass
        except OSError:
            break
    return held


def status_from(server, address):
    with connect(server, address) as sock:
        return ask(sock, "GET", "/api/health")


def share(server, tally):
    """One address that is busy on all it may have leaves as much for others."""
    reeve.until("those before are gone", lambda: server.descriptors() < ROOM // 2)
    held = hold_half_posts(server, ROOM)
    tally.check("half of all for one address", ROOM // 2 <= len(held) <= ROOM // 2 + 20, len(held))
    got = [status_from(server, "127.0.0.1"), status_from(server, "127.0.0.2")]
    tally.check("others are served", got[0] in (503, None) and got[1] == 200, got)
    for sock in held:
        sock.close()
    reeve.until("its share is free again", lambda: status_from(server, "127.0.0.1") == 200)


def half_uploads(server, tally):
    """Files that have come in part keep no descriptor while their client waits."""
    head = (b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            b"Content-Length: 9000000\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"f\"; "
            b"filename=\"f\"\r\n\r\n" % ENTRIES.encode())
    before = server.descriptors()
    held = []
    for n in range(UPLOADS):
        held.append(reeve.connected(("127.0.0.1", server.port), source_address=("127.0.0.%d" % (n % 4 + 1), 0)))
        held[-1].sendall(head + b"z" * 600000)
    reeve.until("the uploads are on disk", lambda: sum(
        "temp" in top and len(names) for top, _, names in os.walk(server.dir)) == UPLOADS)
    reeve.until("nothing is written", lambda: server.descriptors() <= before + UPLOADS + 2)
    more = server.descriptors() - before
    tally.check("half uploads have their sockets only", more <= UPLOADS + 2, "%d descriptors" % more)
    for connection in held:
        connection.close()
    reeve.until("they are gone", lambda: server.descriptors() <= before + 2)


def proxied(binary, directory, needed, tally):
    """Behind a proxy one address is many clients'."""
    reeve.run_sql(directory, "data", "UPDATE _params SET value = json_set(value, '$.trustedProxy.headers', "
                  "json('%s')) WHERE id = 'settings'" % json.dumps(["X-Forwarded-For"]))
    with Limited(binary, directory, needed + ROOM) as server:
        held = hold_half_posts(server, ROOM - 20)
        tally.check("a proxy has no share", len(held) == ROOM - 20, len(held))
        tally.check("and more", status_from(server, "127.0.0.1") == 200)
        for sock in held:
            sock.close()
        tally.check("proxied: stops cleanly", server.stop(), server.output())


if __name__ == "__main__":
    sys.exit(main())
