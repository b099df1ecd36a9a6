// Rules of the sources that no compiler knows (web/README.md says why each is there).

import { readFile, readdir } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";

const mostLines = 300;
const mostDeclaration = 60;

// A folder imports from itself and from those before it.
export const order = ["lib", "i18n", "api", "state", "ui", "code", "fields", "features", "gallery"];

// What never stands in a source, and what is wrong with it.
const refused = [
  [/\.tsx?$/, /(?:[:<|&]|\bas|\bextends)\s*any\b/, "any is no type"],
  [/\.tsx?$/, /\b(?:innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write)\b/, "makes HTML of texts"],
  [/\.tsx?$/, /\beval\(|new Function\(/, "runs texts"],
  [/^(?!features\/.*page\.tsx$).*\.tsx?$/, /^export default\b/, "only pages have a default export"],
  [/\.tsx$/, /\sstyle="/, "a style as a text is refused by the policy of the page"],
  [/\.css$/, /(?:^|[\s;{-])(?:left|right)\s*:|(?:margin|padding|border)-(?:left|right)\b|text-align:\s*(?:left|right)\b|float\s*:/, "only logical properties"],
  [/^(?!style\/tokens\.css$).*\.css$/, /#[0-9a-fA-F]{3,8}\b|\brgba?\(/, "colours are tokens"],
];

const rank = (path) => {
  const folder = path.split("/")[0];
  return path.includes("/") ? order.indexOf(folder) : order.length;
};

const checkImports = (path, text) => {
  const faults = [];
  for (const [, to] of text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
    const target = relative(".", resolve("/", dirname(path), to).slice(1));
    if (rank(target) > rank(path)) faults.push(`${path}: imports ${target}, which stands above it`);
  }
  return faults;
};

// From a line that begins at the margin to the one that closes it there.
const checkLengths = (path, lines) => {
  const faults = [];
  let begin = -1;
  lines.forEach((line, n) => {
    if (/^(?:export )?(?:default )?(?:async )?(?:function|const|class)\b/.test(line)) begin = n;
    if (/^[}\])]/.test(line) && begin >= 0) {
      if (n - begin + 1 > mostDeclaration && !/^export const \w+ = [[{]/.test(lines[begin]) && !lines[begin].startsWith("export class"))
        faults.push(`${path}:${begin + 1}: ${n - begin + 1} lines in one piece, ${mostDeclaration} are allowed`);
      begin = -1;
    }
  });
  if (lines.length > mostLines) faults.push(`${path}: ${lines.length} lines, ${mostLines} are allowed`);
  return faults;
};

const checkSource = (path, text) => {
  const lines = text.trimEnd().split("\n");
  const faults = path.startsWith("i18n/") ? [] : checkLengths(path, lines);
  if (/\.tsx?$/.test(path)) faults.push(...checkImports(path, text));
  lines.forEach((line, n) => {
    for (const [files, what, why] of refused)
      if (files.test(path) && what.test(line.replace(/\/\/ .*$/, ""))) faults.push(`${path}:${n + 1}: ${why}`);
  });
  return faults;
};

export const checkSources = async (web) => {
  const src = join(web, "src");
  const paths = (await readdir(src, { recursive: true })).filter((path) => /\.(?:tsx?|css)$/.test(path)).sort();
  const faults = await Promise.all(paths.map(async (path) => checkSource(path, await readFile(join(src, path), "utf8"))));
  return faults.flat();
};
