// docs/dashboard.md as the page that `?` leads to. Its pictures are left out: the program would
// carry them.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { marked } from "marked";

const picture = /^!\[[^\]]*\]\([^)]*\)\n*/gm;

export const helpOf = async (web) => {
  const text = await readFile(join(web, "..", "docs", "dashboard.md"), "utf8");
  return marked.parse(text.replace(picture, ""));
};
