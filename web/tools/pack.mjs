// What the C build takes in: assets.pack, the files' bytes one after the other, and assets.c, the
// table that says where each lies (src/api/dashboard.h declares it).

import { createHash } from "node:crypto";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

export const types = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
const compressed = new Set([".css", ".html", ".js", ".svg"]);
const hashed = /-[A-Z0-9]{8}\.\w+$/;

const brotli = (bytes) =>
  brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });

const quote = (text) => JSON.stringify(text);

// Resolves to { name: { plain, gzip, br } } in bytes; gzip and br are 0 of what is not compressed.
export const writePack = async (files, out) => {
  const names = (await readdir(files)).filter((name) => name !== "gallery.html").sort();
  const pieces = [];
  const rows = [];
  const sizes = {};
  let at = 0;

  const add = (bytes) => {
    const place = `{${at}, ${bytes.length}}`;
    pieces.push(bytes);
    at += bytes.length;
    return place;
  };

  for (const name of names) {
    const ending = extname(name);
    const bytes = await readFile(join(files, name));
    if (!types[ending]) throw new Error(`${name}: no content type is known`);
    const gzip = compressed.has(ending) ? gzipSync(bytes, { level: 9 }) : null;
    const br = compressed.has(ending) ? brotli(bytes) : null;
    const tag = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
    sizes[name] = { plain: bytes.length, gzip: gzip?.length ?? 0, br: br?.length ?? 0 };
    rows.push(
      `    {${quote(name)}, ${quote(types[ending])}, ${quote(tag)}, ${hashed.test(name)}, ${bytes.length},\n` +
        `     ${gzip ? "{0, 0}" : add(bytes)}, ${gzip ? add(gzip) : "{0, 0}"}, ${br ? add(br) : "{0, 0}"}},`,
    );
  }
  await writeFile(join(out, "assets.pack"), Buffer.concat(pieces));
  await writeFile(
    join(out, "assets.c"),
    `#include "api/dashboard.h"\n\nconst struct dashboard_file dashboard_files[] = {\n${rows.join("\n")}\n};\n` +
      `const size_t dashboard_n_files = ${rows.length};\n`,
  );
  return sizes;
};
