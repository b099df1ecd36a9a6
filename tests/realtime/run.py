#!/usr/bin/env python3
"""run.py BINARY [--in-order] [PART...]

Realtime: streams, subscriptions, what is delivered to whom and in which form. Knows of nothing that Reeve adds, so
the reference server passes it too (with REEVE_TEST_TMP outside of /tmp, where it behaves differently). But for the
parts of OURS, which are run with --in-order or by name.

--in-order: events also come in the order in which they happened, which the reference server does not promise.
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import changes  # noqa: E402
import connect  # noqa: E402
import events  # noqa: E402
import lifetime  # noqa: E402
import load  # noqa: E402
import oauth2  # noqa: E402
import reeve  # noqa: E402
import replay  # noqa: E402
import rooms  # noqa: E402
import rules  # noqa: E402
import slow  # noqa: E402
import streams  # noqa: E402
import subscribe  # noqa: E402
import topics  # noqa: E402

PARTS = {part.__name__: part for part in (connect, subscribe, topics, rules, events, lifetime, changes, oauth2, load)}
OURS = {"replay": replay, "rooms": rooms, "slow": slow}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("binary")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS, *OURS], default=[])
    parser.add_argument("--in-order", action="store_true")
    args = parser.parse_args()
    home = reeve.scratch("realtime")
    tally = reeve.Tally()
    try:
        parts = {**PARTS, **OURS}
        for name in args.parts or (parts if args.in_order else PARTS):
            streams.run_part(parts[name], args.binary, home, tally, args.in_order)
    finally:
        reeve.remove(home)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
