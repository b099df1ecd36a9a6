// Builds the dashboard into a folder, and again whenever one of its sources has changed.

import { watch as watchFolder } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { bundle } from "./build.mjs";

const settleMs = 100;
const web = resolve(dirname(fileURLToPath(import.meta.url)), "..");

const build = async (files) => {
  try {
    await bundle(files, { gallery: true, minify: false, sourcemap: "inline" });
    console.log(`built ${new Date().toLocaleTimeString()}`);
  } catch {
    // esbuild has said what is wrong
  }
};

export const watch = async (files) => {
  let timer;
  await build(files);
  watchFolder(join(web, "src"), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => void build(files), settleMs);
  });
};
