#!/usr/bin/env python3
"""numbers.py BINARY: numbers of a schema and of the settings that are as large or small as they can be stored.

Whoever wrote them (an older version, another program, a superuser by mistake), the server may refuse
what they make impossible, but it neither ends nor computes with what has overflown: a file field's
size times its count once was a body limit that no buffer took. The last line is `N passed, N failed`.
"""

import concurrent.futures
import json
import os
import shutil
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402

EXTREMES = (9007199254740991, -9007199254740991, 9223372036854775807, -1)
FIELD_KEYS = ("min", "max", "maxSize", "maxSelect", "minSelect", "cost")
OPTION_KEYS = ("duration", "length")
SETTING_KEYS = ("maxRequests", "timeout", "maxBodySize", "maxDays", "minLevel", "cronMaxKeep", "port",
                "duration")
FILE_FIELD = {"hidden": False, "id": "file1", "maxSelect": 99, "maxSize": 100, "mimeTypes": [], "name": "doc",
              "presentable": False, "protected": False, "required": False, "system": False, "thumbs": [],
              "type": "file", "help": ""}


def main():
    home = reeve.scratch("numbers")
    tally = reeve.Tally()
    try:
        model = make(os.path.join(home, "model"))
        cases = [(where, key, value) for where, keys in (
            ("fields", FIELD_KEYS), ("options", OPTION_KEYS), ("settings", SETTING_KEYS))
            for key in keys for value in EXTREMES]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for (where, key, value), why in zip(cases, pool.map(lambda c: serve(home, model, *c), cases)):
                tally.check("%s: %s of %d" % (where, key, value), why is None, why)
    finally:
        reeve.remove(home)
    return tally.end()


def make(directory):
    reeve.fresh(sys.argv[1], directory)
    fields = json.loads(reeve.query(directory, "SELECT fields FROM _collections WHERE name = 'entries'")[0][0])
    reeve.run_sql(directory, "data", "UPDATE _collections SET fields = '%s' WHERE name = 'entries'; "
                  "ALTER TABLE entries ADD COLUMN doc JSON DEFAULT '[]' NOT NULL" % (
                      json.dumps(fields + [FILE_FIELD]).replace("'", "''")))
    reeve.set_batch(directory, enabled=True)
    return directory


def spoil(doc, key, value):
    """Every number of that name, however deep."""
    if isinstance(doc, list):
        return [spoil(item, key, value) for item in doc]
    if not isinstance(doc, dict):
        return doc
    return {k: value if k == key and isinstance(v, (int, float)) and not isinstance(v, bool)
            else spoil(v, key, value) for k, v in doc.items()}


def rewrite(directory, table, column, key, value):
    for ident, text in reeve.query(directory, "SELECT id, %s FROM %s" % (column, table)):
        changed = json.dumps(spoil(json.loads(text), key, value)).replace("'", "''")
        reeve.run_sql(directory, "data", "UPDATE %s SET %s = '%s' WHERE id = '%s'" % (
            table, column, changed, ident))


def serve(home, model, where, key, value):
    """None, or what went wrong."""
    directory = os.path.join(home, "%s-%s%d" % (where, key, value))
    shutil.copytree(model, directory)
    try:
        if where == "settings":
            rewrite(directory, "_params", "value", key, value)
        else:
            rewrite(directory, "_collections", where, key, value)
        with reeve.Server(sys.argv[1], directory) as server:
            requests(server, directory)
            if not server.alive():
                return "the server ended: " + server.output()
            if not server.stop():
                return "it did not stop well: " + server.output()
    except Exception as e:  # one broken case must not end the run
        return "%s: %s" % (type(e).__name__, e)
    finally:
        reeve.remove(directory)
    return None


def requests(server, directory):
    """Any answer will do, but each has to come."""
    for token in (reeve.token(directory, "root"), reeve.token(directory, "anna")):
        head = {"Authorization": token}
        server.request("POST", "/api/collections/people/records", {"name": "n", "age": 1}, head)
        server.request("PATCH", "/api/collections/users/records/reeveanna000000", {"name": "n"}, head)
        server.request("POST", "/api/collections/users/auth-refresh", headers=head)
    server.request("POST", "/api/collections/users/auth-with-password",
                   {"identity": "anna@example.com", "password": "1234567890"})
    server.request("GET", "/api/collections/users/auth-methods")
    server.request("POST", "/api/batch", {"requests": [
        {"method": "POST", "url": "/api/collections/entries/records", "body": {"title": "t"}}]})
    for path in ("/api/collections/entries/records", "/api/batch"):
        chunked(server.port, path)


def chunked(port, path):
    """A body without a length: only the limit says how much memory it may take."""
    body = b'{"title":"x","body":"' + b"y" * 300 + b'"}'
    with socket.create_connection(("127.0.0.1", port), timeout=30) as s:
        s.sendall(b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n"
                  b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (path.encode(), len(body), body))
        if not s.recv(1):
            raise RuntimeError("no answer to a chunked body")


if __name__ == "__main__":
    sys.exit(main())
