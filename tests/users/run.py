#!/usr/bin/env python3
"""run.py BINARY [PART...]

What an application's users go through, with real mails: they sign up, verify, sign in with passwords, codes and
second factors, recover, change their address; and what is said to somebody who is nobody.
"""

import argparse
import concurrent.futures
import os
import sys

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path[:0] = [os.path.join(TESTS, "support"), os.path.join(TESTS, "mail")]
import first_start  # noqa: E402
import flows  # noqa: E402
import identity  # noqa: E402
import oauth2  # noqa: E402
import outbox  # noqa: E402
import reeve  # noqa: E402
import rough_provider  # noqa: E402
import security  # noqa: E402
import silence  # noqa: E402

MAIN = {"first_start": first_start, "flows": flows, "identity": identity, "outbox": outbox, "silence": silence}
OTHERS = {"oauth2": oauth2, "rough_provider": rough_provider, "security": security}
PARTS = {**MAIN, **OTHERS}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("binary")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[])
    parser.add_argument("--side-by-side", action="store_true")
    args = parser.parse_args()
    home = reeve.scratch("users")
    tally = reeve.Tally()
    try:
        def part(name):
            base = reeve.fresh(args.binary, os.path.join(home, name), site=False)
            PARTS[name].run(args.binary, base, tally)

        if args.side_by_side:
            with concurrent.futures.ThreadPoolExecutor(len(PARTS)) as pool:
                for _ in pool.map(part, args.parts or MAIN):
                    pass
        else:
            for name in args.parts or MAIN:
                part(name)
    finally:
        reeve.remove(home)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
