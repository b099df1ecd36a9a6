#!/usr/bin/env python3
"""with_s3.py COMMAND...

Runs a command beside an S3 server of its own; REEVE_S3 tells it, in JSON, what serve.py prints, and
REEVE_TEST_S3_… the same in variables of their own. Its exit status is the command's.
"""

import json
import os
import subprocess
import sys

import s3


def main():
    with s3.S3() as server:
        ready = server.ready
        return subprocess.call(sys.argv[1:], env={
            **os.environ, "REEVE_S3": json.dumps(ready),
            **{"REEVE_TEST_S3_" + name.upper(): ready[name] for name in ("endpoint", "bucket", "key", "secret")}})


if __name__ == "__main__":
    sys.exit(main())
