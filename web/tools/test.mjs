// test.mjs [NAME…]: the unit tests, test/unit/*.test.ts, or those whose names hold one of NAME.

import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const web = resolve(dirname(fileURLToPath(import.meta.url)), "..");

const run = (files) =>
  new Promise((done, failed) => {
    const tests = spawn(process.execPath, ["--test", "--test-reporter=tap", ...files], { stdio: ["ignore", "inherit", "inherit"] });
    tests.on("error", failed);
    tests.on("close", (status) => done(status ?? 1));
  });

const main = async (wanted) => {
  const names = (await readdir(join(web, "test/unit"))).filter((name) => name.endsWith(".test.ts")).sort();
  const chosen = names.filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  if (chosen.length === 0) throw new Error(`no test in test/unit is named ${wanted.join(", ")}`);
  const out = await mkdtemp(join(tmpdir(), "web-test-"));
  try {
    await build({
      absWorkingDir: web,
      entryPoints: chosen.map((name) => join("test/unit", name)),
      outdir: out,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      platform: "node",
      format: "esm",
      jsx: "automatic",
      jsxImportSource: "preact",
      sourcemap: "inline",
      logLevel: "warning",
    });
    return await run(chosen.map((name) => join(out, name.replace(/\.ts$/, ".mjs"))));
  } finally {
    await rm(out, { recursive: true, force: true });
  }
};

process.exitCode = await main(process.argv.slice(2));
