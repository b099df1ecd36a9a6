#!/usr/bin/env python3
"""security.py [FILE]: holds docs/security.md against the repository and against the numbering of OWASP ASVS 5.0.

- a requirement's number is one of ASVS, stands in the chapter of its own, once and in order; the chapters that are told
  whole have all of theirs;
- what is said of it begins with "met", "not applicable, because" or "not yet:";
- "met" names what shows it: a path, or "not tested", or "this page";
- each path that is named exists, and each case or function behind a path, `path` (`name`, `name`), is defined in there.

Prints each finding as FILE:LINE: what; the last line is `N passed, N failed` (rows and references).
"""

import os
import re
import sys
from collections.abc import Iterator

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = os.path.join(TOP, "docs", "security.md")

# How many requirements each section of ASVS 5.0.0 has.
SECTIONS = {
    1: (2, 10, 12, 3, 3), 2: (3, 3, 5, 2), 3: (1, 3, 5, 8, 8, 1, 5), 4: (5, 5, 2, 4), 5: (1, 6, 3, 3),
    6: (3, 12, 8, 6, 8, 4, 2, 4), 7: (3, 4, 2, 5, 3, 2), 8: (4, 4, 3, 2), 9: (3, 4), 10: (2, 3, 5, 16, 5, 2, 3),
    11: (4, 5, 5, 4, 2, 2, 2), 12: (5, 2, 5), 13: (4, 6, 4, 7), 14: (2, 8, 3), 15: (5, 5, 7, 4), 16: (1, 5, 4, 3, 4),
    17: (2, 8, 2),
}
WHOLE = (6, 7, 9, 10)
STATES = ("met", "not applicable, because ", "not yet: ")
NUMBER = r"(\d+)\.(\d+)\.(\d+)"
ROW = re.compile(r"\| *(\d+\.\d+\.\d+[^|]*?) *\| *([^|]*?) *\| *([^|]*?) *\| *([^|]*?) *\|")
PATH = re.compile(r"`((?:\.\./)?(?:tests|src|docs|web|tools|bench)/[^`\s]+)`(?: \(((?:`[^`]+`(?:, )?)+)\))?")

Number = tuple[int, int, int]
Finding = tuple[int, str]


def numbers_of(cell: str) -> list[Number]:
    """Of "6.2.1", or of a range inside one section, "10.4.1–10.4.16"; none where it is neither."""
    found = re.fullmatch(NUMBER + "(?:–" + NUMBER + ")?", cell)
    if not found:
        return []
    chapter, section, first, *to = (int(n) if n else 0 for n in found.groups())
    if not found[4]:
        return [(chapter, section, first)]
    if (chapter, section) != (to[0], to[1]) or to[2] <= first:
        return []
    return [(chapter, section, n) for n in range(first, to[2] + 1)]


def is_known(number: Number) -> bool:
    chapter, section, n = number
    sections = SECTIONS.get(chapter, ())
    return 1 <= section <= len(sections) and 1 <= n <= sections[section - 1]


def defines(path: str, name: str) -> bool:
    """Whether the file has that case or function: not only a word of a comment, where its form tells."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    word = re.escape(name)
    if path.endswith(".json"):
        return re.search(r'"(?:id|about)": *"%s"' % word, text) is not None
    if path.endswith(".py"):
        return re.search(r"^ *(?:def|class) %s\b" % word, text, re.M) is not None
    if path.endswith(".c"):
        return re.search(r"^(?!\s).*\b%s\(" % word, text, re.M) is not None
    return re.search(r"(?<![\w-])%s(?![\w-])" % word, text) is not None


def check_paths(line: str) -> Iterator[str]:
    """What is wrong with each reference; an empty text where nothing is."""
    for found in PATH.finditer(line):
        path = os.path.join(TOP, found[1])
        names = re.findall(r"`([^`]+)`", found[2] or "")
        if not os.path.exists(path):
            yield "there is no %s" % found[1]
        elif names and not os.path.isfile(path):
            yield "%s is no file that could have %s" % (found[1], ", ".join(names))
        else:
            yield ""
            for name in names:
                yield "" if defines(path, name) else "%s has no %s" % (found[1], name)


def check_row(cells: tuple[str, ...], chapter: int, told: list[Number]) -> str:
    """What is wrong with it; its numbers are added to those that were told."""
    numbers = numbers_of(cells[0])
    if not numbers or not all(is_known(number) for number in numbers):
        return "%s is no number of ASVS" % cells[0]
    wrong = ""
    if numbers[0][0] != chapter:
        wrong = "%s stands in chapter V%d" % (cells[0], chapter)
    elif told and told[-1] >= numbers[0]:
        wrong = "%s comes behind %d.%d.%d" % ((cells[0], *told[-1]))
    told += numbers
    if wrong:
        return wrong
    if not cells[1]:
        return "%s: what is asked for?" % cells[0]
    if cells[2] != "met" and not cells[2].startswith(("met;", "met,", *STATES[1:])):
        return "%s begins with none of: %s" % (cells[0], ", ".join(STATES))
    if cells[2].startswith("met") and not PATH.search(cells[3]) and cells[3] not in ("not tested", "this page"):
        return "%s is met, but what shows it?" % cells[0]
    return ""


def check(text: str) -> Iterator[Finding]:
    """Each row and each reference with what is wrong with it, or an empty text."""
    chapter, told = 0, list[Number]()
    for n, line in enumerate(text.split("\n"), 1):
        heading = re.match(r"#+ V(\d+)\b", line)
        chapter = int(heading[1]) if heading else chapter
        row = ROW.fullmatch(line)
        if row:
            yield n, check_row(row.groups(), chapter, told)
        elif re.match(r"\| *\d", line):
            yield n, "a row of other than four cells"
        for wrong in check_paths(line):
            yield n, wrong
    for whole in WHOLE:
        for section, count in enumerate(SECTIONS[whole], 1):
            for number in range(1, count + 1):
                yield 1, "" if (whole, section, number) in told else "%d.%d.%d is missing" % (whole, section, number)


def main() -> int:
    page = sys.argv[1] if len(sys.argv) > 1 else PAGE
    with open(page, encoding="utf-8") as f:
        findings = list(check(f.read()))
    bad = [(n, wrong) for n, wrong in findings if wrong]
    for n, wrong in bad:
        print("%s:%d: %s" % (os.path.relpath(page, TOP), n, wrong))
    print("%d passed, %d failed" % (len(findings) - len(bad), len(bad)))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
