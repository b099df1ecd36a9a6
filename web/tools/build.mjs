// build.mjs [--out DIR] [--gallery]: the dashboard as the server embeds it.
//
// Types and the rules of check.mjs are looked at, sources bundled, compressed and packed: OUT holds
// the files as they are (OUT/files), and what the C build takes in (assets.pack, assets.c; see
// pack.mjs). A build whose files are larger than budget.mjs allows fails.

import { spawn } from "node:child_process";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

import { checkBudgets } from "./budget.mjs";
import { checkSources, order } from "./check.mjs";
import { helpOf } from "./help.mjs";
import { makeSprite } from "./icons.mjs";
import { fetchedWith, mergeScripts } from "./merge.mjs";
import { writePack } from "./pack.mjs";

const web = resolve(dirname(fileURLToPath(import.meta.url)), "..");

// Style sheets in the order in which they count: what is shared first, as the folders stand.
const sheets = async () => {
  const all = (await readdir(join(web, "src"), { recursive: true })).filter((path) => path.endsWith(".css"));
  const shared = ["style/tokens.css", "style/base.css"];
  const rank = (path) => order.indexOf(path.split("/")[0]);
  return [...shared, ...all.filter((path) => !shared.includes(path)).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))];
};

const styles = {
  name: "styles",
  setup(plugin) {
    plugin.onResolve({ filter: /^all-styles\.css$/ }, (args) => ({ path: args.path, namespace: "styles" }));
    plugin.onLoad({ filter: /.*/, namespace: "styles" }, async () => ({
      contents: (await sheets()).map((path) => `@import "./${path}";`).join("\n"),
      resolveDir: join(web, "src"),
      loader: "css",
    }));
  },
};

// The bundler keeps the words of all dialects of SQL, as texts put together might do something while they
// are: so each becomes a function that is not called unless its dialect is used.
const dialects = {
  name: "dialects",
  setup(plugin) {
    plugin.onLoad({ filter: /@codemirror[\\/]lang-sql[\\/]dist[\\/]index\.js$/ }, async ({ path }) => {
      let n = 0;
      const contents = (await readFile(path, "utf8")).replace(/\/\*@__PURE__\*\/(SQLDialect\.define\(\{\n[^]*?\n\}\));/g, (_, call) => {
        n++;
        return `/*@__PURE__*/(() => ${call})();`;
      });
      if (n === 0) throw new Error(`${path} defines its dialects otherwise than it did`);
      return { contents, loader: "js" };
    });
  },
};

export const options = {
  absWorkingDir: web,
  bundle: true,
  format: "esm",
  splitting: true,
  minify: true,
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".woff2": "file" },
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  assetNames: "[name]-[hash]",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  plugins: [styles, dialects],
};

// tsc's complaints; empty where there are none.
const checkTypes = () =>
  new Promise((done, failed) => {
    const tsc = spawn(process.execPath, [join(web, "node_modules/typescript/bin/tsc"), "--project", web]);
    let said = "";
    tsc.stdout.on("data", (text) => (said += text));
    tsc.stderr.on("data", (text) => (said += text));
    tsc.on("error", failed);
    tsc.on("close", (status) => done(status === 0 ? "" : said || `tsc ended with ${status}`));
  });

// The name under which an entry came out: { "main.js": "main-ABC.js", … }.
const outputs = (meta, out) => {
  const names = {};
  for (const [path, { entryPoint }] of Object.entries(meta.outputs)) {
    const name = relative(out, resolve(web, path));
    if (entryPoint) names[name.replace(/-[A-Z0-9]{8}(\.\w+)$/, "$1")] = name;
    else if (name.endsWith(".woff2")) names[name.replace(/-[A-Z0-9]{8}(\.\w+)$/, "$1")] = name;
  }
  return names;
};

const pageOf = (meta, out, source) => {
  const [path] = Object.entries(meta.outputs).find(([, { entryPoint }]) => entryPoint === source);
  return relative(out, resolve(web, path));
};

const page = async (file, names) => {
  const html = await readFile(join(web, file), "utf8");
  return html.replace(/\{\{([\w.-]+)\}\}/g, (_, name) => {
    if (!names[name]) throw new Error(`${file} names ${name}, which the build does not make`);
    return names[name];
  });
};

// What is fetched on need and has a budget of its own.
const parts = { code: "src/code/Editor.tsx", rich: "src/fields/editor/rich.tsx" };

// Resolves to the scripts that are fetched at first, and for rows; null of a gallery.
export const bundle = async (out, { gallery = false, ...more } = {}) => {
  const entryPoints = [{ in: "src/main.tsx", out: "main" }, { in: "all-styles.css", out: "style" }];
  if (gallery) entryPoints.push({ in: "src/gallery/gallery.tsx", out: "gallery" });
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const made = await build({ ...options, entryPoints, outdir: out, ...more });
  const names = { ...outputs(made.metafile, out), ...(await makeSprite(web, out)) };
  const of = (source) => pageOf(made.metafile, out, source);
  const apart = Object.values(parts).map(of);
  const merged = gallery ? null : await mergeScripts(out, { entry: names["main.js"], page: of("src/features/grid/page.tsx"), guest: of("src/features/auth/pages.tsx"), apart });
  if (merged) names["main.js"] = merged.entry;
  names.help = await helpOf(web);
  for (const file of ["index.html", "frame.html", "help.html"]) await writeFile(join(out, file), await page(file, names));
  if (gallery) await writeFile(join(out, "gallery.html"), await page("gallery.html", names));
  if (!merged) return null;
  const later = Object.entries(parts).map(async ([name, source]) => [name, await fetchedWith(out, merged.nameOf(of(source)))]);
  return { entry: [merged.entry], grid: await fetchedWith(out, merged.page), ...Object.fromEntries(await Promise.all(later)) };
};

const main = async () => {
  const { values } = parseArgs({ options: { out: { type: "string" }, gallery: { type: "boolean" } } });
  const out = resolve(values.out ?? join(web, "..", "build", "web"));
  const files = join(out, "files");
  const [types, scripts, rules] = await Promise.all([checkTypes(), bundle(files, { gallery: values.gallery }), checkSources(web)]);
  const faults = [types.trim(), ...rules];
  const sizes = await writePack(files, out);
  if (!values.gallery) faults.push(...checkBudgets(scripts, sizes));
  for (const fault of faults.filter(Boolean)) console.error(fault);
  if (faults.some(Boolean)) process.exitCode = 1;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
