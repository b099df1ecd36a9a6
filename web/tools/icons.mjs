// The sprite: one SVG file with a symbol for each icon that src/ui/Icon/names.ts lists.

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const shapes = (svg) => svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>")).replace(/\s+/g, " ").trim();

export const iconNames = async (web) => {
  const source = await readFile(join(web, "src/ui/Icon/names.ts"), "utf8");
  return [...source.matchAll(/"([a-z0-9-]+)"/g)].map((found) => found[1]);
};

export const makeSprite = async (web, out) => {
  const symbols = [];
  for (const name of await iconNames(web)) {
    const svg = await readFile(join(web, "node_modules/lucide-static/icons", `${name}.svg`), "utf8");
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${shapes(svg)}</symbol>`);
  }
  const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
  const name = `icons-${createHash("sha256").update(sprite).digest("hex").slice(0, 8).toUpperCase()}.svg`;
  await writeFile(join(out, name), sprite);
  return { "icons.svg": name };
};
