#!/usr/bin/env python3
"""A sink for tests in other languages: prints its port, then each mail as a line of JSON, until its input ends."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "mail"))
import sink  # noqa: E402


def main():
    with sink.Sink() as server:
        print(server.port, flush=True)
        seen = 0
        while True:
            with server.came:
                server.came.wait(0.1)
                fresh, seen = server.mails[seen:], len(server.mails)
            for mail in fresh:
                print(json.dumps({"to": mail.to, "subject": mail.subject, "text": mail.text,
                                  "html": mail.html}), flush=True)
            if os.getppid() == 1:  # who started it is gone
                return


if __name__ == "__main__":
    main()
