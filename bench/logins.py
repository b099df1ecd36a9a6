"""Logins, refreshes and tokens: reads beside passwords that are hashed, auth-refresh on Reeve and on
PocketBase in turn, and what a token or a rate limit adds to a read.

Reads come at a pace and logins without pause, both from bench/paced; its processor time is printed, for
it shares the machine with the server. What is compared is measured in turn; what counts is the median of
the rounds, of ratios where it is a ratio. An answer that is no success is said and does not count.
"""

import json
import os
import statistics
import subprocess
import time

import batch
import load
import reeve

CLIENTS, READERS, READS = 16, 4, 2000  # who logs in; connections and rate of the reads
WANTED_MS, WANTED_LOGINS = 10, 0.80
WANTED_REFRESH, WANTED_CPU = 8, 14
WANTED_TOKEN_US, WANTED_LIMIT_US = 2, 1
PASSWORD = "a long password"
ROWS = 1000
NOTES = "/api/collections/notes/records"
USERS = "/api/collections/users"
LIMITS = {"enabled": True, "rules": [{"label": "/api/", "maxRequests": 100000000, "duration": 60}]}


def measure(args, binary, paced, home):
    model, token = make(binary, os.path.join(home, "model"))
    beside(args, binary, paced, model, home)
    refreshes(args, binary, model, token, home)
    reads(args, binary, model, token, home)


# --- data ------------------------------------------------------------------------------------------


def make(binary, directory):
    """(a directory with notes for all and with users, a user's token)"""
    reeve.fresh(binary, directory, site=False)
    with reeve.Server(binary, directory) as server:
        root = {"Authorization": reeve.token(directory, "root")}
        ask(server, "POST", "/api/collections", {"name": "notes", "type": "base", "viewRule": "", "fields": [
            {"name": "title", "type": "text"}]}, root)
        ask(server, "PATCH", USERS, {"authAlert": {"enabled": False}}, root)
        for i in range(CLIENTS):
            ask(server, "POST", USERS + "/records", {"email": email(i), "verified": True, "password": PASSWORD,
                                                     "passwordConfirm": PASSWORD}, root)
        token = ask(server, "POST", USERS + "/auth-with-password", login(0))["token"]
    reeve.run_sql(directory, "data", """INSERT INTO notes (id, title) WITH RECURSIVE c(n) AS
        (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d) SELECT printf('%%015d', n), 'note ' || n FROM c""" % ROWS)
    return directory, token


def ask(server, method, path, body, headers=None):
    status, raw, _ = server.request(method, path, body, headers)
    if status != 200:
        raise RuntimeError("%s %s: %r" % (method, path, raw))
    return json.loads(raw)


def email(i):
    return "user%d@example.com" % i


def login(i):
    return {"identity": email(i), "password": PASSWORD}


# --- reads beside logins ---------------------------------------------------------------------------


class Paced:
    """A run of bench/paced; end() waits for it."""

    def __init__(self, paced, server, seconds, rate, connections, requests):
        self.process = subprocess.Popen([paced, str(server.port), str(seconds), str(rate), str(connections), requests],
                                        stdout=subprocess.PIPE, text=True)

    def end(self):
        text = self.process.communicate()[0]
        if self.process.returncode:
            raise RuntimeError("bench/paced failed")
        good, bad, self.seconds, *rest = map(float, text.split())
        self.p50, self.p99, self.longest, self.late = (us / 1000 for us in rest[:4])  # ms
        self.rate, self.cpu = good / self.seconds, rest[4] / 1e6 / self.seconds
        if bad:
            print("  %d answers were no success" % bad)
        return self


def beside(args, binary, paced, model, home):
    guests = write_requests(home, "reads", ("GET %s/%015d HTTP/1.1\r\nHost: a\r\n\r\n" % (NOTES, n + 1)
                                            for n in range(ROWS)))
    users = write_requests(home, "logins", (posted(USERS + "/auth-with-password", login(i)) for i in range(CLIENTS)))
    rounds = []
    with batch.serve(binary, model, home) as server:
        def start(requests, rate, connections, seconds=args.seconds):
            return Paced(paced, server, seconds, rate, connections, requests)
        start(users, 0, CLIENTS, 1).end()  # the threads are there, and from where each comes is known
        for _ in range(args.rounds):
            alone = start(guests, READS, READERS).end()
            logins = start(users, 0, CLIENTS).end()
            both = start(users, 0, CLIENTS, args.seconds + 1)
            time.sleep(0.5)
            rounds.append((alone, start(guests, READS, READERS).end(), logins, both.end()))
    report_beside(rounds)


def write_requests(home, name, requests):
    path = os.path.join(home, name)
    with open(path, "w", encoding="ascii", newline="") as f:
        f.writelines("%d\n%s" % (len(request), request) for request in requests)
    return path


def posted(path, body):
    text = json.dumps(body)
    return "POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        path, len(text), text)


def report_beside(rounds):
    for name, runs in (("reads alone", [r[0] for r in rounds]), ("reads beside logins", [r[1] for r in rounds])):
        print("%-24s %7.0f /s  p50 %6.2f  p99 %6.2f  longest %6.1f ms; "
              "their client woke %.2f ms late, %2.0f %% of a processor%s" % (
                  name, *middle(runs, "rate", "p50", "p99", "longest", "late"), 100 * middle(runs, "cpu")[0],
                  "  (wanted: p99 of %d ms or less)" % WANTED_MS if "beside" in name else ""), flush=True)
    logins, both = [r[2] for r in rounds], [r[3] for r in rounds]
    print("%-24s %7.1f /s alone, %.1f /s beside reads: %.0f %%  (wanted: %.0f); their client: %.1f %% of a processor" % (
        "logins, %d clients" % CLIENTS, *middle(logins, "rate"), *middle(both, "rate"),
        100 * statistics.median(b.rate / a.rate for a, b in zip(logins, both)), 100 * WANTED_LOGINS,
        100 * middle(both, "cpu")[0]), flush=True)


def middle(runs, *figures):
    return [statistics.median(getattr(run, figure) for run in runs) for figure in figures]


# --- refreshes -------------------------------------------------------------------------------------


def refreshes(args, binary, model, token, home):
    script = os.path.join(home, "refresh.lua")
    with open(script, "w", encoding="ascii") as f:
        f.write("wrk.method = \"POST\"\nwrk.headers[\"Authorization\"] = \"%s\"\n" % token)
    servers = {"reeve": batch.serve(binary, model, os.path.join(home, "mine"))}
    if args.reference:
        servers["reference"] = batch.serve(os.path.abspath(args.reference), model, os.path.join(home, "its"))
    try:
        for server in servers.values():
            server.start()
        for clients in (1, CLIENTS):
            report_refreshes(clients, in_turn(args, {
                name: lambda s=server: loaded(args, s, USERS + "/auth-refresh", script, clients)
                for name, server in servers.items()}))
    finally:
        for server in servers.values():
            server.stop()


def loaded(args, server, path, script, clients):
    return load.load(args.seconds, server.port, server.process.pid, path, script, clients)


def in_turn(args, kinds):
    """name -> what each round has measured; the order changes from round to round."""
    seen = {name: [] for name in kinds}
    for number in range(args.rounds):
        for name in list(kinds)[::1 if number % 2 == 0 else -1]:
            seen[name].append(kinds[name]())
    return seen


def report_refreshes(clients, seen):
    line = "auth-refresh, %2d clients:" % clients
    for name, rounds in seen.items():
        line += " %s %6.0f /s %6.1f us of CPU;" % (name, *(statistics.median(x) for x in zip(*rounds)))
    if "reference" in seen:
        pairs = list(zip(*seen.values()))
        line += " %.1fx (wanted: %d) for 1/%.1f of the CPU (wanted: 1/%d)" % (
            statistics.median(a[0] / b[0] for a, b in pairs), WANTED_REFRESH,
            statistics.median(b[1] / a[1] for a, b in pairs), WANTED_CPU)
    print(line, flush=True)


# --- what a read costs besides -----------------------------------------------------------------------


def reads(args, binary, model, token, home):
    path = NOTES + "/%015d" % 1
    script = os.path.join(home, "token.lua")
    with open(script, "w", encoding="ascii") as f:
        f.write("wrk.headers[\"Authorization\"] = \"%s\"\n" % token)
    with batch.serve(binary, model, os.path.join(home, "free")) as free, \
            batch.serve(binary, model, os.path.join(home, "limited")) as limited:
        ask(limited, "PATCH", "/api/settings", {"rateLimits": LIMITS},
            {"Authorization": reeve.token(limited.dir, "root")})
        seen = in_turn(args, {"guest": lambda: loaded(args, free, path, None, load.CONNECTIONS),
                              "token": lambda: loaded(args, free, path, script, load.CONNECTIONS),
                              "limited": lambda: loaded(args, limited, path, None, load.CONNECTIONS)})
    cpu = {name: [spent for _, spent in rounds] for name, rounds in seen.items()}
    print("%-24s %7.1f us of CPU" % ("a guest's read by id", statistics.median(cpu["guest"])))
    for name, what, wanted in (("token", "with a valid token", WANTED_TOKEN_US),
                               ("limited", "under a rate limit", WANTED_LIMIT_US)):
        more = statistics.median(b - a for a, b in zip(cpu["guest"], cpu[name]))
        print("%-24s %7.1f us of CPU, %+.1f us  (wanted: %d or less; exact: ./dev test count)" % (
            what, statistics.median(cpu[name]), more, wanted), flush=True)
