"""site: a server whose users get their mails from a sink."""

import json
import re
import time

import reeve

LINK = re.compile(r'href="http://localhost:8090/_/#/auth/([\w-]+)/([\w.-]+)"')


class Site:
    """Requests to one server; `users` is the collection."""

    def __init__(self, server, tally, part):
        self.server, self.tally, self.part = server, tally, part
        self.root = {"Authorization": reeve.token(server.dir, "root")}

    def check(self, name, ok, why=""):
        return self.tally.check("%s: %s" % (self.part, name), ok, why)

    def same(self, name, got, wanted):
        return self.check(name, got == wanted, "%r, not %r" % (got, wanted))

    def send(self, method, path, body=None, token=None, **headers):
        """(status, JSON or None)"""
        if token:
            headers["Authorization"] = token
        status, raw, _ = self.server.request(method, path, body, headers)
        return status, json.loads(raw) if raw else None

    def auth(self, what, body, col="users", token=None, **headers):
        return self.send("POST", "/api/collections/%s/%s" % (col, what), body, token, **headers)

    def admin(self, method, path, body=None):
        status, raw, _ = self.server.request(method, path, body, self.root)
        assert status < 300, (method, path, status, raw)
        return json.loads(raw) if raw else None

    def options(self, col="users", **options):
        """Members of a collection's options."""
        return self.admin("PATCH", "/api/collections/" + col, options)

    def mail(self, **smtp):
        self.admin("PATCH", "/api/settings", {"smtp": smtp})

    def add(self, email, password="secret-one", **more):
        body = {"email": email, "password": password, "passwordConfirm": password, **more}
        return self.admin("POST", "/api/collections/users/records", body)

    def rows(self, col, where=""):
        return self.admin("GET", "/api/collections/%s/records?perPage=500&filter=%s" % (col, where))["items"]


def link(mail):
    """(page, token) of the mail's button."""
    (found,) = LINK.findall(mail.html)
    return found


def outbox(directory):
    """Rows that are still to be sent."""
    try:
        return reeve.query(directory, "SELECT id, kind, collection, record, due, tries FROM _reeve_mail "
                           "WHERE open = 1")
    except Exception:  # no table yet
        return []


def settle(sink, seconds=0.5):
    """Waits a while for mails that must not come."""
    time.sleep(seconds)
    return list(sink.mails)
