"""What the benchmarks share: a filled directory, load from wrk, processor time of a server.

Load is one thread of wrk with keep-alive connections. tests/support has to be on the path.
"""

import json
import os
import re
import subprocess

import reeve

RECORDS = "/api/collections/entries/records"
LIST = RECORDS + "?perPage=30&skipTotal=1"
CONNECTIONS = 64
READ_BODY, INSERT_BODY = 60, 500  # bytes of the field `body`


def filled(binary, directory, rows):
    """A fresh data directory with so many rows in `entries`, whose id is their number."""
    reeve.fresh(binary, directory)
    reeve.run_sql(directory, "data", """WITH RECURSIVE c(n) AS
        (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d)
        INSERT INTO entries (id, title, body, n, created, updated)
        SELECT printf('%%015d', n), 'title ' || n, printf('%%0%dd', n), n,
            '2025-01-01 10:00:00.000Z', '2025-01-01 10:00:00.000Z' FROM c;""" % (rows, READ_BODY))
    return directory


def load(seconds, port, pid, path, script, connections=CONNECTIONS):
    before = cpu_s(pid)
    command = ["wrk", "-t1", "-c%d" % connections, "-d%gs" % seconds]
    if script:
        command += ["-s", script]
    text = subprocess.run(command + ["http://127.0.0.1:%d%s" % (port, path)], check=True,
                          capture_output=True, text=True).stdout
    spent = cpu_s(pid) - before
    if "Non-2xx" in text or "Socket errors" in text:
        print("  not clean: " + " ".join(re.findall(r"(?:Non-2xx|Socket errors).*", text)))
    count = int(re.search(r"(\d+) requests in", text)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    return rate, spent * 1e6 / max(1, count)


def cpu_s(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        words = f.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def point_script(home, rows):
    path = os.path.join(home, "point.lua")
    with open(path, "w", encoding="ascii") as f:
        f.write("""request = function()
    return wrk.format("GET", string.format("%s/%%015d", math.random(%d)))
end
""" % (RECORDS, rows))
    return path


def insert_script(home):
    path = os.path.join(home, "insert.lua")
    body = json.dumps({"title": "a title", "body": "x" * INSERT_BODY, "n": 1})
    with open(path, "w", encoding="ascii") as f:
        f.write("wrk.method = \"POST\"\nwrk.body = '%s'\n"
                "wrk.headers[\"Content-Type\"] = \"application/json\"\n" % body)
    return path
