"""The commands of docs/operating.md, as they stand there, from top to bottom, on a server of their own.

Each block of `sh` is run by bash, which ends at the first command that fails. What it needs is in the variables that the
page names. Between them the test does what the page has in `text`: it reloads the server.
"""

import os
import re
import shutil
import signal
import subprocess

import reeve

PAGE = os.path.join(os.path.dirname(reeve.TESTS), "docs", "operating.md")
BLOCK = re.compile(r"^(?:<!-- runs where this answers: (\S+) -->\n)?```sh\n(.*?)^```$", re.M | re.S)
MOST_S = 120

# What has to be in the output of the block that has this in it.
SAYS = (
    ("trustedProxy", r'"headers":\["X-Forwarded-For"\]'),
    ("superuser upsert", r"^Successfully saved superuser"),
    ("auth-with-password", r"^\w+\.\w+\.[\w-]+$"),
    ('{"name": "first.zip"}', r'"key":"first\.zip","size":\d+,"verified":true'),
    ("backup list", r"^second\.zip\t\d+\t\S+ \S+\tverified$"),
    ("cronMaxKeep", r'"cron":"0 3 \* \* \*"'),
    ("backup verify", r'"rows":\d+\}[^"]*"copy\.zip" is good'),
    ("backup restore", r'^"first\.zip" is ready'),
    ("/api/health", r'"canBackup":(true|false)'),
    ('-G "$URL/api/logs"', r'"items":\['),
    ("/api/reeve/crons", r'"id":"__pbLogsCleanup__".*"items":\[\{'),
    ("/api/reeve/advice", r"^[\[{]"),
    ('"rate": 200', r'"rate":200'),
)


def lines(server, event):
    with open(server.log, encoding="utf-8", errors="replace") as log:
        return sum(event in line for line in log)


class Page:
    def __init__(self, binary, server, home, tally):
        self.server, self.home, self.tally = server, home, tally
        self.variables = {**os.environ, "URL": "http://127.0.0.1:%d" % server.port, "DIR": server.dir,
                          "REEVE": os.path.abspath(binary), "TOKEN": reeve.token(server.dir, "root")}
        self.said = set()

    def answers(self, path):
        return self.server.request("GET", path, None, {"Authorization": self.variables["TOKEN"]})[0] != 404

    def is_made(self):
        folder = os.path.join(self.server.dir, "backups")
        may_begin = self.server.request("GET", "/api/health", None, {"Authorization": self.variables["TOKEN"]})[1]
        return b'"canBackup":true' in may_begin and any(name.startswith("@auto_") for name in os.listdir(folder))

    def run(self, number, condition, text):
        name = "operating.md: block %d" % number
        if condition and not self.answers(condition):
            print("   not run: %s, for there is no %s" % (name, condition), flush=True)
            return
        restored = lines(self.server, "restore.done")
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=self.home, env=self.variables,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=MOST_S)
        self.tally.check(name, done.returncode == 0, "%d: %s\n%s%s" % (done.returncode, text, done.stdout, done.stderr))
        for part, says in SAYS:
            if part in text:
                self.said.add(part)
                self.tally.check("%s says so" % name, re.search(says, done.stdout, re.M | re.S), done.stdout + done.stderr)
        if "__pbAutoBackup__" in text:  # in the background: else it would be in the way of the next
            reeve.until("the scheduled backup to be there", self.is_made, MOST_S)
        if "backup restore" in text:
            self.server.process.send_signal(signal.SIGHUP)
        if "restore" in text:
            reeve.until("a restore is done", lambda: lines(self.server, "restore.done") > restored, MOST_S)
            reeve.until("the server answers again", self.server.healthy, MOST_S)


def run(binary, base, tally):
    home = os.path.join(os.path.dirname(base), "operating-page")
    os.makedirs(home)
    directory = os.path.join(home, "pb_data")
    shutil.copytree(base, directory)
    with open(PAGE, encoding="utf-8") as f:
        blocks = BLOCK.findall(f.read())
    with reeve.Server(binary, directory) as server:
        page = Page(binary, server, home, tally)
        for number, (condition, text) in enumerate(blocks, 1):
            page.run(number, condition, text)
        missing = [part for part, _ in SAYS if part not in page.said]
        tally.check("operating.md: it has what the test looks for", not missing, "%r" % missing)
    shutil.rmtree(home)
