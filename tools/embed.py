#!/usr/bin/env python3
"""embed.py OUT FILE...: a C source that holds files, as src/api/page.h declares them.

"?v=HASH" behind a file's name in an HTML file becomes that file's hash, so that caches may keep it.
"""

import hashlib
import os
import re
import sys


def literal(data):
    lines = (data[i:i + 16] for i in range(0, len(data), 16))
    return "\n".join("    " + " ".join("%d," % byte for byte in line) for line in lines)


def main():
    out, paths = sys.argv[1], sys.argv[2:]
    files = {os.path.basename(path): open(path, "rb").read() for path in paths}

    def stamp(found):
        name = found[1].decode()
        return ("%s?v=%s" % (name, hashlib.sha256(files[name]).hexdigest()[:12])).encode()

    for name in files:
        if name.endswith(".html"):
            files[name] = re.sub(rb"([\w.-]+)\?v=HASH", stamp, files[name])
    with open(out, "w", encoding="ascii") as f:
        f.write('#include "api/page.h"\n\n')
        for n, (name, data) in enumerate(files.items()):
            f.write("static const unsigned char file_%d[] = {\n%s\n};\n\n" % (n, literal(data)))
        f.write("const struct page_file page_files[] = {\n")
        for n, name in enumerate(files):
            f.write('    {"%s", file_%d, sizeof(file_%d)},\n' % (name, n, n))
        f.write("    {0},\n};\n")


if __name__ == "__main__":
    main()
