#!/usr/bin/env python3
"""run.py BINARY [PART...]

What PocketBase lacks: entity tags, lists by cursor, groups, exports, a look at realtime.
Settings with their effects, rate limits, downloads, thumbs. All of these, or the parts named:
`operating` stands for what an administrator works with (the log book, scheduled work, metrics, the
console, a site's own files), `recovery` for backups and what becomes of a directory.
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import reeve  # noqa: E402
import advice  # noqa: E402
import backups  # noqa: E402
import backups_rough  # noqa: E402
import crons  # noqa: E402
import cursors  # noqa: E402
import directories  # noqa: E402
import docs_operating  # noqa: E402
import downloads  # noqa: E402
import drill  # noqa: E402
import etags  # noqa: E402
import exports  # noqa: E402
import groups  # noqa: E402
import logs  # noqa: E402
import metrics  # noqa: E402
import public  # noqa: E402
import rates  # noqa: E402
import realtime  # noqa: E402
import restore  # noqa: E402
import rules_test  # noqa: E402
import settings  # noqa: E402
import sql  # noqa: E402
import thumbs  # noqa: E402
import totals  # noqa: E402

PARTS = (etags, cursors, groups, exports, settings, rates, downloads, thumbs, totals,
         advice, realtime)
OPERATING = (logs, crons, metrics, sql, public, rules_test)
RECOVERY = (backups, backups_rough, restore, directories, drill, docs_operating)


def wanted(names):
    if not names:
        return PARTS
    known = {part.__name__: (part,) for part in PARTS + OPERATING + RECOVERY}
    known.update(operating=OPERATING, recovery=RECOVERY)
    return [part for name in names for part in known[name]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("binary")
    parser.add_argument("parts", nargs="*")
    args = parser.parse_args()
    home = reeve.scratch("extras")
    tally = reeve.Tally()
    try:
        for part in wanted(args.parts):
            base = reeve.fresh(args.binary, os.path.join(home, part.__name__))
            part.run(args.binary, base, tally)
    finally:
        reeve.remove(home)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
