// Fewer files: what the bundler has split off, although whoever needs it has fetched the rest anyway,
// becomes part of that again. Others find it in a table that is left behind, not by a file's name, so
// that a file which has not changed keeps its own.

import { createHash } from "node:crypto";
import { appendFile, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const fetchPage = "globalThis.reevePage";
const tableOf = (group) => `globalThis.reeve${group}`;
const staticImport = /import(?:\{([^}]*)\}from)?"\.\/([\w-]+\.js)";?/g;
const dynamicImport = /import\("\.\/([\w-]+\.js)"\)/g;

// Imports stand at the head of a file, where nothing else looks like them.
const headOf = (text) => /^(?:import[^;]*;)*/.exec(text)[0];
const importsOf = (text) => [...headOf(text).matchAll(staticImport)].map((found) => found[2]);

const closureOf = (texts, name, seen = new Set()) => {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const other of importsOf(texts.get(name))) closureOf(texts, other, seen);
  return seen;
};

// "a as b,c" of an import, as what takes a part of an object.
const taken = (names) =>
  names
    .split(",")
    .map((one) => one.trim().split(/\s+as\s+/))
    .map(([from, as]) => (as ? `${from}:${as}` : from))
    .join(",");

// groups: [{ table, parts }].
const fromTables = (text, groups) => {
  const head = headOf(text);
  const taking = [];
  const kept = head.replace(staticImport, (statement, names, file) => {
    const group = groups.find(({ parts }) => parts.includes(file));
    if (!group) return statement;
    if (names) taking.push(`const{${taken(names)}}=${group.table}[${group.parts.indexOf(file)}];`);
    return "";
  });
  return kept + taking.join("") + text.slice(head.length);
};

const hashed = (name, text) => name.replace(/-[A-Z0-9]{8}\.js$/, `-${createHash("sha256").update(text).digest("hex").slice(0, 8).toUpperCase()}.js`);

// Of files that name each other, those first that name none of the others.
const inOrder = (texts, names) => {
  const seen = new Set();
  const done = [];
  const visit = (name) => {
    if (seen.has(name) || !names.includes(name)) return;
    seen.add(name);
    importsOf(texts.get(name)).forEach(visit);
    for (const [, other] of texts.get(name).matchAll(dynamicImport)) visit(other);
    done.push(name);
  };
  names.forEach(visit);
  return done;
};

// All that may ever be fetched from a file on, but by way of `but`.
const reachedFrom = (texts, name, but, seen = new Set()) => {
  if (seen.has(name) || name === but) return seen;
  seen.add(name);
  for (const other of importsOf(texts.get(name))) reachedFrom(texts, other, but, seen);
  for (const [, other] of texts.get(name).matchAll(dynamicImport)) reachedFrom(texts, other, but, seen);
  return seen;
};

// One file of a head and its parts, which leaves the table behind.
const bundleGroup = async (out, { head, table, parts }, external) => {
  const imports = parts.map((file, n) => `import * as p${n} from "./${file}";`).join("");
  const made = await build({
    stdin: { contents: `import "./${head}";${imports}${table}=[${parts.map((_, n) => `p${n}`)}];export * from "./${head}";${external.hasDefault ? `export { default } from "./${head}";` : ""}`, resolveDir: out, loader: "js" },
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    external: external.names.map((name) => `./${name}`),
    write: false,
    legalComments: "none",
  });
  for (const name of [head, ...parts]) await rm(join(out, name));
  const text = made.outputFiles[0].text;
  const now = hashed(head, text);
  await writeFile(join(out, now), text);
  return now;
};

// Two files are made whole: the entry, of what every page needs, and `page`, of what it needs itself. A
// page that has something in common with that one fetches it first, by a function of the entry's: no
// file names one that names it. Resolves to their new names.
export const mergeScripts = async (out, entry, page) => {
  const names = (await readdir(out)).filter((name) => name.endsWith(".js"));
  const texts = new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(out, name), "utf8")])));
  const first = { head: entry, table: tableOf("Parts"), parts: [...closureOf(texts, entry)].filter((name) => name !== entry) };
  const inFirst = new Set([entry, ...first.parts]);
  const elsewhere = reachedFrom(texts, entry, page);
  const second = { head: page, table: tableOf("PageParts"), parts: [...closureOf(texts, page)].filter((name) => name !== page && !inFirst.has(name)) };
  const inSecond = new Set([page, ...second.parts]);
  const renamed = new Map();
  const needsSecond = (file) => elsewhere.has(file) && [...closureOf(texts, file)].some((name) => inSecond.has(name));
  const fetching = (file) => `${needsSecond(file) ? `${fetchPage}().then(()=>` : ""}import("./${renamed.get(file) ?? file}")${needsSecond(file) ? ")" : ""}`;
  const withNames = (text) =>
    text.replace(dynamicImport, (all, file) => fetching(file)).replace(headOf(text), (head) => head.replace(staticImport, (all, _, file) => all.replace(file, renamed.get(file) ?? file)));

  // What is named by others has its name before they do.
  const others = names.filter((name) => !inFirst.has(name) && !inSecond.has(name));
  for (const name of inOrder(texts, others)) {
    const text = withNames(fromTables(texts.get(name), [first, second]));
    renamed.set(name, hashed(name, text));
    await rm(join(out, name));
    await writeFile(join(out, renamed.get(name)), text);
  }
  for (const name of inSecond) await writeFile(join(out, name), withNames(fromTables(texts.get(name), [first])));
  renamed.set(page, await bundleGroup(out, second, { names: [...renamed.values()], hasDefault: true }));
  for (const name of inFirst) await writeFile(join(out, name), withNames(texts.get(name)));
  await appendFile(join(out, entry), `${fetchPage}=()=>import("./${renamed.get(page)}");`);
  return { entry: await bundleGroup(out, first, { names: [...renamed.values()] }), page: renamed.get(page), nameOf: (name) => renamed.get(name) ?? name };
};

// All that is fetched with a file: itself, and what it imports.
export const fetchedWith = async (out, name) => {
  const texts = new Map();
  const read = async (file) => {
    if (texts.has(file)) return;
    texts.set(file, await readFile(join(out, file), "utf8"));
    for (const other of importsOf(texts.get(file))) await read(other);
  };
  await read(name);
  return [...texts.keys()];
};
