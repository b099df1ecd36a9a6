"""PocketBase itself, where ./dev differ has installed it: what it makes of a directory of ours, and we of its."""

import os
import tempfile

import reeve

VERSION = "0.40.6"


def program():
    """Its executable; None where it is not installed."""
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    path = os.path.join(data, "reeve", "reference", "bin", "pocketbase")
    return path if os.access(path, os.X_OK) else None


def missing(what):
    print("   not run, for PocketBase %s is not installed (./dev differ does it): %s" % (VERSION, what), flush=True)


def scratch():
    """A place for its directories: below the system's temporary one it behaves differently."""
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "reeve")
    os.makedirs(cache, exist_ok=True)
    return tempfile.mkdtemp(prefix="reference-", dir=cache)


class Server(reeve.Server):
    """It does not say which port the system gave it, so it is given one; and its own flags only."""

    def __init__(self, directory, port=None):
        super().__init__(program(), directory, port=port or reeve.free_port())
        self.args = []

    def printed_port(self):
        return self.wanted_port
