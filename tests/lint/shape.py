#!/usr/bin/env python3
"""shape.py SRC: checks what the style guide can count.

- an include points down the order of the folders, never up (ARCHITECTURE.md, folders);
- no function is longer than 80 lines, nine in ten are under 60, no file is longer than 800;
- engines are named in src/db alone, foreign libraries in the one folder that adapts them;
- SQL outside src/db has no name that one engine alone knows;
- functions that are never safe are not called, and memory is asked for in base alone;
- comments are /* */, and a banner is one line.

Prints each finding as FILE:LINE: what; the last line is `N passed, N failed` (files).
"""

import os
import re
import sys

ORDER = ["base", "http", "net", "oauth", "image", "archive", "db", "events", "settings", "jobs", "telemetry", "files", "schema",
         "query", "records", "mail", "auth", "backup", "realtime", "hooks", "api", "cli"]
FUNCTION_MAX, FUNCTION_MOST, FILE_MAX = 80, 60, 800

# Name -> what to use instead.
BANNED = {
    "sprintf": "buf_addf or snprintf", "vsprintf": "vsnprintf", "strcpy": "arena_dup",
    "strcat": "buf_add", "strncpy": "memcpy with a length", "strtok": "str_split", "gets": "fgets",
    "atoi": "base/num", "atol": "base/num", "sscanf": "base/num", "rand": "base/id or base/crypto",
    "srand": "base/crypto", "localtime": "base/date", "gmtime": "base/date", "system": "nothing",
    "alloca": "an arena",
}
HEAP = {"malloc", "calloc", "realloc", "free", "strdup", "strndup"}
# The folders that adapt a foreign library may use its allocator's functions, or the heap for what a
# library keeps longer than any arena lives.
HEAP_FOLDERS = {"base", "http", "db"}
FOREIGN = {  # what names it -> where it may stand
    r"\bsqlite3_|\bsqlite3\b|<sqlite3\.h>": {"db"},
    r"\bPQ[a-z]+\(|\bPGconn\b": {"db"},
    r"\byyjson_|<yyjson\.h>": {"base"},
    r"\bllhttp_|<llhttp\.h>": {"http"},
    r"\buv_[a-z]|<uv\.h>": {"http", "base", "net", "cli"},
    r"\bRE2\b|<re2/": {"base"},
    r"\bEVP_|<openssl/": {"base"},
    r"\bz_stream\b|<zlib.h>": {"base"},
    r"\bcurl_[a-z]|<curl/": {"net"},
    r"\bvips_[a-z]|<vips/": {"image"},
    r"\barchive_(?:read|write|entry|err)[a-z_]*\b|<archive(?:_entry)?\.h>": {"archive"},
}
# In texts outside src/db; words of the filter language, which PocketBase has from SQLite, are none of it.
ENGINE_SQL = re.compile(r"\b(json_each|json_extract|json_array_length|rowid|strftime|iif|printf\(|sqlite_)|\bPRAGMA\b")
FILTER_WORDS = re.compile(r'@rowid|^"strftime"$|\[strftime\]')


def strip(text):
    """The text with the contents of comments and literals blanked, lines kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])

    return re.sub(r"/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", blank, text, flags=re.S)


def functions(lines):
    """(first line, length) of each function by Linux brace style: braces in column 0."""
    start = None
    for number, line in enumerate(lines):
        if line.rstrip() == "{" and number and lines[number - 1].rstrip().endswith(")"):
            start = number
        elif line.startswith("}") and start is not None:
            yield start, number - start - 1
            start = None


def check_file(path, folder, lengths):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    lines = text.split("\n")
    code = strip(text).split("\n")
    if len(lines) > FILE_MAX:
        yield 1, "%d lines; at most %d" % (len(lines), FILE_MAX)
    for start, length in functions(lines):
        lengths.append(length)
        if length > FUNCTION_MAX:
            yield start, "a function of %d lines; at most %d" % (length, FUNCTION_MAX)
    for number, (line, bare) in enumerate(zip(lines, code), 1):
        match = re.match(r'\s*#\s*include "([a-z_]+)/', line)
        if match and match[1] in ORDER and ORDER.index(match[1]) > ORDER.index(folder):
            yield number, "includes upwards: %s from %s" % (match[1], folder)
        if "//" in bare:
            yield number, "a // comment"
        if line.startswith("/* ---") and not line.endswith("*/"):
            yield number, "a banner of two lines"
        for literal in re.findall(r'"(?:\\.|[^"\\\n])*"', line) if folder != "db" and "#include" not in line else ():
            if ENGINE_SQL.search(FILTER_WORDS.sub("", literal)):
                yield number, "SQL of one engine: %s" % literal
        for pattern, places in FOREIGN.items():
            if folder not in places and re.search(pattern, bare + (line if "#" in bare else "")):
                yield number, "a foreign library outside %s: %s" % ("/".join(sorted(places)), line.strip())
        for match in re.finditer(r"(?<![\w.>])([a-z_]+)\s*\(", bare):
            name = match[1]
            if name in BANNED:
                yield number, "%s is banned: use %s" % (name, BANNED[name])
            if name in HEAP and folder not in HEAP_FOLDERS:
                yield number, "%s outside base: use an arena" % name


def main():
    src, found, files, bad, lengths = sys.argv[1], [], 0, set(), []
    for root, _, names in sorted(os.walk(src)):
        for name in sorted(names):
            if name.endswith((".c", ".h")):
                path = os.path.join(root, name)
                folder = os.path.relpath(path, src).split(os.sep)[0]
                files += 1
                for number, what in check_file(path, folder, lengths):
                    found.append("%s:%d: %s" % (os.path.relpath(path), number, what))
                    bad.add(path)
    for line in found:
        print(line)
    lengths.sort()
    if lengths:
        most = lengths[int(len(lengths) * 0.9) - 1]
        print("%d functions: median %d lines, nine in ten within %d, longest %d"
              % (len(lengths), lengths[len(lengths) // 2], most, lengths[-1]))
        if most > FUNCTION_MOST:
            print("nine in ten functions should have at most %d lines" % FUNCTION_MOST)
            bad.add("lengths")
    print("%d passed, %d failed" % (files - len(bad) if files >= len(bad) else 0, len(bad)))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
