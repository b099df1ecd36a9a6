"""A strict reader of OpenMetrics 1.0 text: what it takes, every scraper takes."""

from __future__ import annotations

import re
import typing

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
PLAIN = LABEL.pattern.replace("((?:", "(?:(?:").replace("([", "(?:[")
SAMPLE = re.compile(r"(%s)(?:\{(%s(?:,%s)*)\})? (\S+)" % (NAME, PLAIN, PLAIN))
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
BOUND = re.compile(r"(?:0|[1-9][0-9]*)\.[0-9]+|\+Inf")
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "info": ("_info",), "histogram": ("_bucket", "_sum", "_count")}
UNITS = ("seconds", "bytes")

Labels = tuple[tuple[str, str], ...]


class Broken(Exception):
    pass


class Family(typing.NamedTuple):
    type: str
    unit: str
    samples: dict[tuple[str, Labels], float]  # by the name's end and the labels, in their order
    series: set[tuple[str, frozenset[tuple[str, str]]]]  # the same in any order


def need(fact: object, what: str, line: str = "") -> None:
    if not fact:
        raise Broken("%s: %r" % (what, line) if line else what)


def labels_of(text: str | None) -> Labels:
    pairs = tuple((m[1], re.sub(r"\\(.)", lambda c: "\n" if c[1] == "n" else c[1], m[2]))
                  for m in LABEL.finditer(text or ""))
    need(len({name for name, _ in pairs}) == len(pairs), "a label twice", text or "")
    return pairs


def parse(text: str) -> dict[str, Family]:
    """Families by their names; Broken where it is not as it should be."""
    need(text.endswith("# EOF\n"), "no end")
    lines = text.split("\n")[:-2]
    families: dict[str, Family] = {}
    at = 0
    while at < len(lines):
        at = family(lines, at, families)
    return families


def describe(lines: list[str], at: int, word: str) -> tuple[str, str] | None:
    match = re.fullmatch(r"# %s (%s) (.+)" % (word, NAME), lines[at]) if at < len(lines) else None
    return (match[1], match[2]) if match else None


def family(lines: list[str], at: int, families: dict[str, Family]) -> int:
    """Reads one, in the order TYPE, UNIT, HELP, samples; where the next one begins."""
    head = describe(lines, at, "TYPE")
    if head is None:
        raise Broken("no TYPE: %r" % lines[at])
    name, kind = head
    need(kind in SUFFIXES, "an unknown type", lines[at])
    need(not any(name == other or name.startswith(other + "_") and name[len(other):] in SUFFIXES[made.type]
                 for other, made in families.items()), "a family twice, or a name of two", lines[at])
    at += 1
    unit = describe(lines, at, "UNIT")
    if unit:
        need(unit[0] == name and unit[1] in UNITS and name.endswith("_" + unit[1]), "another unit", lines[at])
        at += 1
    need(unit or not name.endswith(tuple("_" + u for u in UNITS)), "no UNIT", name)
    text = describe(lines, at, "HELP")
    need(text and text[0] == name, "no HELP", lines[at] if at < len(lines) else name)
    need("\\" not in (text or ("", ""))[1], "an escape in HELP")
    at += 1
    found = Family(kind, unit[1] if unit else "", {}, set())
    while at < len(lines) and not lines[at].startswith("#"):
        sample(lines[at], name, found)
        at += 1
    if kind == "histogram":
        histogram(name, found)
    families[name] = found
    return at


def sample(line: str, name: str, to: Family) -> None:
    match = SAMPLE.fullmatch(line)
    if match is None:
        raise Broken("no sample: %r" % line)
    need(match[1].startswith(name) and match[1][len(name):] in SUFFIXES[to.type], "of another family", line)
    need(NUMBER.fullmatch(match[3]), "no number", line)
    key = match[1][len(name):], labels_of(match[2])
    series = key[0], frozenset(key[1])
    need(series not in to.series, "a series twice", line)
    value = float(match[3])
    need(to.type == "gauge" or value >= 0, "below 0", line)
    need(to.type != "info" or value == 1, "an info is 1", line)
    need(to.type == "histogram" or "le" not in dict(key[1]), "le is for buckets", line)
    to.series.add(series)
    to.samples[key] = value


def histogram(name: str, found: Family) -> None:
    """Series come whole: buckets that grow, sum, count."""
    left = list(found.samples.items())
    while left:
        labels = left[0][0][1][:-1]
        n, last, bound = 0, 0.0, -1.0
        for (suffix, own), value in left:
            if suffix != "_bucket":
                break
            need(own[:-1] == labels and own[-1:] and own[-1][0] == "le" and BOUND.fullmatch(own[-1][1]),
                 "a bucket's labels", name)
            need(float(own[-1][1]) > bound and value >= last and value == int(value), "buckets that grow", name)
            bound, last, n = float(own[-1][1]), value, n + 1
        need(n > 0 and bound == float("inf"), "no +Inf", name)
        need([key for key, _ in left[n:n + 2]] == [("_sum", labels), ("_count", labels)], "sum and count", name)
        need(left[n + 1][1] == last, "the count is not the last bucket", name)
        left = left[n + 2:]


def self_test() -> list[str]:
    """What is taken and should not be, or the other way round."""
    head = "# TYPE a counter\n# HELP a Words.\n"
    hist = "# TYPE h_seconds histogram\n# UNIT h_seconds seconds\n# HELP h_seconds Words.\n"
    good = [head + "a_total 1\n", head, head + 'a_total{x="\\"\\\\\\n"} 1.5\na_total{x="}, "} 0\n',
            hist + 'h_seconds_bucket{le="0.1"} 1\nh_seconds_bucket{le="+Inf"} 2\nh_seconds_sum 0.5\nh_seconds_count 2\n',
            "# TYPE i info\n# HELP i Words.\ni_info{v=\"1\"} 1\n"]
    bad = ["a_total 1\n", head + "a 1\n", head + "a_total 01\n", head + "a_total -1\n", head + "a_total  1\n", head + "\n",
           head + "a_total 1\na_total 2\n", head + 'a_total{x="1",x="2"} 1\n', head + 'a_total{x="\\t"} 1\n',
           head + 'a_total{x="1",y="2"} 1\na_total{y="2",x="1"} 1\n', head + 'a_total{x="1" } 1\n', head + "a_total{} 1\n",
           head + "b_total 1\n", head + head, "# HELP a Words.\n# TYPE a counter\n", "# TYPE a_bytes gauge\n# HELP a_bytes Words.\n",
           "# TYPE a counter\na_total 1\n", "# TYPE a thing\n# HELP a Words.\n", head + "a_total 1\r\n", head + "a_total NaN\n",
           "# TYPE a gauge\n# UNIT a seconds\n# HELP a Words.\n", "# TYPE i info\n# HELP i Words.\ni_info 2\n",
           hist + 'h_seconds_bucket{le="+Inf"} 2\nh_seconds_sum 0.5\nh_seconds_count 3\n',
           hist + 'h_seconds_bucket{le="0.1"} 2\nh_seconds_sum 0.5\nh_seconds_count 2\n',
           hist + 'h_seconds_bucket{le="0.1"} 3\nh_seconds_bucket{le="+Inf"} 2\nh_seconds_sum 0.5\nh_seconds_count 2\n',
           hist + 'h_seconds_bucket{le="1"} 1\nh_seconds_bucket{le="+Inf"} 2\nh_seconds_sum 0.5\nh_seconds_count 2\n',
           hist + 'h_seconds_bucket{le="0.2"} 1\nh_seconds_bucket{le="0.1"} 1\nh_seconds_bucket{le="+Inf"} 2\n'
           "h_seconds_sum 0.5\nh_seconds_count 2\n",
           hist + 'h_seconds_bucket{le="+Inf"} 2\nh_seconds_count 2\n']
    wrong = []
    for text, is_good in [(t + "# EOF\n", True) for t in good] + [(t + "# EOF\n", False) for t in bad] + [
            (good[0], False), (good[0] + "# EOF", False), (good[0] + "# EOF\nx\n", False), ("", False)]:
        try:
            parse(text)
            taken = True
        except Broken:
            taken = False
        if taken != is_good:
            wrong.append(text)
    return wrong
