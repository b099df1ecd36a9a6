"""serve.py for a test: started, told its faults, asked what it saw."""

import json
import os
import subprocess
import sys
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))


class S3:
    """A running S3 server; use as a context manager."""

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "serve.py")], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("serve.py ended with %d" % self.process.wait())
        self.ready = json.loads(line)
        self.__dict__.update(self.ready)  # endpoint, bucket, region, key, secret, control
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(60)

    def ask(self, path, value=None):
        data = None if value is None else json.dumps(value).encode()
        with urllib.request.urlopen(self.control + path, data, timeout=120) as reply:
            return json.load(reply)

    def counts(self, kind):
        return self.ask("/counts").get(kind, 0)

    def refused(self):
        return self.ask("/refused")

    def objects(self):
        return self.ask("/objects")

    def faults(self, **members):
        self.ask("/faults", members)

    def remove(self, key):
        self.ask("/remove", {"key": key})

    def reset(self):
        self.ask("/reset", {})

    def settings(self, **other):
        """The member `s3` of the server's settings."""
        return {"enabled": True, "bucket": self.bucket, "region": self.region, "endpoint": self.endpoint,
                "accessKey": self.key, "secret": self.secret, "forcePathStyle": True, **other}
