// A directory of 60 collections, one of which has a million rows: each page is there within a second.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";
import { startMillion } from "../million.mjs";
import { isReference, root } from "../server.mjs";

const limit = limitOf(240_000);
const mostMs = 1000;
const slack = 3; // of what is aimed at: this machine may be busy
const many = 60;

// What is there when a page is.
const pages = [
  ["/data/million", '[role="row"][aria-rowindex="2"]'],
  ["/data/many07", '[data-t="grid"]'],
  ["/data/many07/schema", ".def-field"],
  ["/data/many07/rules", '[data-rule="listRule"]'],
  ["/data/many07/api", ".api-act pre"],
  ["/overview/rules", ".matrix tbody tr"],
  ["/overview/diagram", ".dia-box"],
  ["/logs", ".data-head"],
  ["/sql", ".data-head"],
  ["/settings/app", ".def-card"],
  ["/settings/backups", ".def-page"],
  ["/settings/export", ".transfer-names .check"],
  ["/settings/import", '[name="definitions"], [data-code="definitions"]'],
  ...(isReference ? [] : [["/home", ".home-tile"]]),
  ["/advisor", ".home-needs, .notice"],
];

describe("a large directory", limit, () => {
  const flow = useFlow({
    start: startMillion,
    prepare: async ({ call }) => {
      const collections = Array.from({ length: many }, (_, n) => ({
        id: `many_${String(n).padStart(10, "0")}`,
        name: `many${String(n).padStart(2, "0")}`,
        type: "base",
        listRule: n % 3 ? "@request.auth.id != ''" : "",
        fields: [{ name: "title", type: "text" }, { name: "score", type: "number" }, ...(n > 0 ? [{ name: "next", type: "relation", collectionId: `many_${String(n - 1).padStart(10, "0")}`, maxSelect: 1 }] : [])],
      }));
      await call("PUT", "collections/import", { collections, deleteMissing: false });
    },
  });

  it("is administered without waiting", limit, async () => {
    const { page, signIn, close } = await flow.browser.open(flow.server.url, { query: "#/data/many07" });
    await signIn(root);
    await page.locator('[data-t="grid"]').waitFor();
    const slow = [];
    for (const [at, what] of pages) {
      let least = Infinity;
      // Each is left in between; the first time its parts are fetched, too.
      for (let turn = 0; turn < 2; turn++) {
        await page.evaluate(() => { location.hash = "#/data/many01"; });
        await page.waitForFunction(() => document.querySelector("h1")?.textContent === "many01");
        const begun = Date.now();
        await page.evaluate((to) => { location.hash = `#${to}`; }, at);
        await page.locator(what).first().waitFor();
        least = Math.min(least, Date.now() - begun);
      }
      if (least > mostMs * slack) slow.push(`${at}: ${least} ms`);
      if (process.env.WEB_TIMES) console.log(at, least);
    }
    assert.deepEqual(slow, []);
    await close();
  });

  it("finds any of them by its name", limit, async () => {
    const { page, signIn, close } = await flow.browser.open(flow.server.url, { query: "#/data/many07" });
    await signIn(root);
    await page.locator('[data-t="grid"]').waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Go to, or do" }).fill("many42");
    await page.getByRole("option", { name: "many42" }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector("h1")?.textContent === "many42");
    await close();
  });
});
