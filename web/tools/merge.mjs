// Fewer files: what the bundler has split off, although whoever needs it has fetched the rest anyway,
// becomes part of that again. Others find it in a table that is left behind, not by a file's name, so
// that a file which has not changed keeps its own.

import { createHash } from "node:crypto";
import { appendFile, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const smallBytes = 6000; // before compression
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

// groups: [{ table, parts, file }]; file: what leaves the table behind, where that is not there before.
const fromTables = (text, groups) => {
  const head = headOf(text);
  const taking = [];
  const fetching = new Set();
  const kept = head.replace(staticImport, (statement, names, file) => {
    const group = groups.find(({ parts }) => parts.includes(file));
    if (!group) return statement;
    if (group.file) fetching.add(`import"./${group.file}";`);
    if (names) taking.push(`const{${taken(names)}}=${group.table}[${group.parts.indexOf(file)}];`);
    return "";
  });
  return [...fetching, kept, ...taking].join("") + text.slice(head.length);
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

// Small parts that several pages have in common: apart they would be larger than together. Who needs one
// of them fetches them all. but: what takes only what it needs.
const smallOf = (texts, others, but) => {
  const asked = new Set([...texts.values()].flatMap((text) => [...text.matchAll(dynamicImport)].map((found) => found[1])));
  let found = others.filter((name) => !asked.has(name) && !but.has(name) && texts.get(name).length < smallBytes && !texts.get(name).match(dynamicImport));
  // They name nothing that names them.
  for (let n = -1; n !== found.length; ) {
    n = found.length;
    found = found.filter((name) => importsOf(texts.get(name)).every((other) => found.includes(other) || !others.includes(other)));
  }
  return found;
};

// One file of a head, where there is one, and its parts, which leaves the table behind.
const bundleGroup = async (out, { head, table, parts }, external) => {
  const imports = parts.map((file, n) => `import * as p${n} from "./${file}";`).join("");
  const [before, after] = head ? [`import "./${head}";`, `export * from "./${head}";`] : ["", ""];
  const made = await build({
    stdin: { contents: `${before}${imports}${table}=[${parts.map((_, n) => `p${n}`)}];${after}${external.hasDefault ? `export { default } from "./${head}";` : ""}`, resolveDir: out, loader: "js" },
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    external: external.names.map((name) => `./${name}`),
    write: false,
    legalComments: "none",
  });
  for (const name of head ? [head, ...parts] : parts) await rm(join(out, name));
  const text = made.outputFiles[0].text;
  const now = hashed(head ?? "part-00000000.js", text);
  await writeFile(join(out, now), text);
  return now;
};

// Two files are made whole: the entry, of what every page needs, or both `page` and who is not signed in
// (`guest`), and `page`, of what it needs itself. A page that has something in common with that one
// fetches it first, by a function of the entry's: no file names one that names it. What other pages have
// in common is one file as far as it is small; those of `apart` take no part. Resolves to their new names.
export const mergeScripts = async (out, { entry, page, guest, apart }) => {
  const names = (await readdir(out)).filter((name) => name.endsWith(".js"));
  const texts = new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(out, name), "utf8")])));
  const ofPage = closureOf(texts, page);
  const ofGuest = [...closureOf(texts, guest)].filter((name) => name !== guest && ofPage.has(name));
  const first = { head: entry, table: tableOf("Parts"), parts: [...new Set([...closureOf(texts, entry), ...ofGuest])].filter((name) => name !== entry) };
  const inFirst = new Set([entry, ...first.parts]);
  const elsewhere = reachedFrom(texts, entry, page);
  const second = { head: page, table: tableOf("PageParts"), parts: [...ofPage].filter((name) => name !== page && !inFirst.has(name)) };
  const inSecond = new Set([page, ...second.parts]);
  const rest = names.filter((name) => !inFirst.has(name) && !inSecond.has(name));
  const third = { table: tableOf("SmallParts"), parts: smallOf(texts, rest, new Set([guest, ...apart].flatMap((name) => [...closureOf(texts, name)]))) };
  const inThird = new Set(third.parts);
  for (const name of third.parts) await writeFile(join(out, name), fromTables(texts.get(name), [first, second]));
  third.file = await bundleGroup(out, third, { names: [] });

  const renamed = new Map();
  const needsSecond = (file) => elsewhere.has(file) && [...closureOf(texts, file)].some((name) => inSecond.has(name) || inThird.has(name));
  const fetching = (file) => `${needsSecond(file) ? `${fetchPage}().then(()=>` : ""}import("./${renamed.get(file) ?? file}")${needsSecond(file) ? ")" : ""}`;
  const withNames = (text) =>
    text.replace(dynamicImport, (all, file) => fetching(file)).replace(headOf(text), (head) => head.replace(staticImport, (all, _, file) => all.replace(file, renamed.get(file) ?? file)));

  // What is named by others has its name before they do.
  for (const name of inOrder(texts, rest.filter((one) => !inThird.has(one)))) {
    const text = withNames(fromTables(texts.get(name), [first, second, third]));
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
