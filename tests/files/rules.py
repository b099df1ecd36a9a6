"""Who may not write has nothing stored: where storing would fail, what refuses him is the answer."""

import json
import os

import reeve
from site_docs import form

CLOSED = "/api/collections/closed/records"
FORM = {"content-type": "multipart/form-data; boundary=XX"}
SIZES = (10, 400000)  # in memory, on disk


def refused(site):
    """The collection's folder is a file: whoever gets as far as storing anything is answered 500."""
    status, body, _ = site.server.request("POST", "/api/collections", {
        "name": "closed", "type": "base", "createRule": "title != 'no' && @request.body.one ~ 'fine_'",
        "updateRule": "title = 'open' && @request.body.one ~ 'fine_'", "viewRule": "", "fields": [
            {"name": "title", "type": "text"}, {"name": "one", "type": "file", "maxSize": 1 << 20}]},
        site.root)
    site.tally.check("makes a collection with rules", status == 200, body)
    col = json.loads(body)["id"]
    records = {title: make(site, title) for title in ("open", "shut")}
    folder = os.path.join(site.server.dir, "storage", col)
    os.rename(folder, folder + ".away")
    with open(folder, "w", encoding="ascii"):
        pass
    try:
        for size in SIZES:
            updates(site, records, size)
            creates(site, size)
    finally:
        os.unlink(folder)
        os.rename(folder + ".away", folder)
    site.tally.check("and is taken once it can be stored", send(
        site, "PATCH", CLOSED + "/" + records["open"], "fine.txt", SIZES[1]) == 200)


def make(site, title):
    status, record = site.send("POST", CLOSED, [("title", title), ("one", "x", "fine.txt")])
    site.tally.check("creates what is %s" % title, status == 200, record)
    return record["id"]


def send(site, method, path, name, size, *parts, **headers):
    headers = {key.replace("_", "-"): value for key, value in headers.items()}
    body = form([("one", "x" * size, name), *parts])
    return site.server.request(method, path, body, {**FORM, **headers})[0]


def etags(site, are_on):
    status, body, _ = site.server.request("PATCH", "/api/reeve/settings", {
        "records": {"etags": are_on}}, site.root)
    site.tally.check("sets whether records have tags", status == 200, body)


def updates(site, records, size):
    path = CLOSED + "/" + records["open"]
    for name, status, ask in (
            ("by the stored row", 404, (CLOSED + "/" + records["shut"], "fine.txt")),
            ("by the file's name", 404, (path, "poor.txt")),
            ("by a record that is not there", 404, (CLOSED + "/nosuchrecord000", "fine.txt"))):
        got = send(site, "PATCH", *ask, size)
        site.tally.check("an update is refused %s before it stores" % name, got == status, got)
    etags(site, True)
    got = send(site, "PATCH", path, "fine.txt", size, if_match='"other"')
    site.tally.check("an update is refused by its condition before it stores", got == 412, got)
    etags(site, False)
    got = send(site, "PATCH", path, "fine.txt", size)
    site.tally.check("an update that may be stores", got == 500, got)
    got = site.server.request("PATCH", CLOSED + "/" + records["shut"], form(
        [("one", "x" * size, "poor.txt")]), {**FORM, **site.root})[0]
    site.tally.check("a superuser's does, too", got == 500, got)


def creates(site, size):
    for name, ask in (("by its values", ("fine.txt", size, ("title", "no"))),
                      ("by the file's name", ("poor.txt", size))):
        got = send(site, "POST", CLOSED, *ask)
        site.tally.check("a create is refused %s before it stores" % name, got == 400, got)
    got = send(site, "POST", CLOSED, "fine.txt", size)
    site.tally.check("a create that may be stores", got == 500, got)
