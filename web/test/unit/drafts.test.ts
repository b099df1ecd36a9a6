// @ts-nocheck: there are no types of node here

import assert from "node:assert/strict";
import { it } from "node:test";
import { dropDraft, keepDraft } from "../../src/lib/drafts.ts";

// A store whose requests succeed, and whose transactions end as they are told to.
const browser = (end) => {
  const later = (of, name, result) => queueMicrotask(() => { of.result = result; of[name]?.(); });
  const transaction = () => {
    const made = { objectStore: () => ({ put: request, delete: request }) };
    const request = () => {
      const asked = { transaction: made };
      later(asked, "onsuccess");
      setTimeout(() => made[end]?.());
      return asked;
    };
    return made;
  };
  globalThis.indexedDB = { open: () => { const asked = {}; later(asked, "onsuccess", { transaction }); return asked; } };
};

it("a draft is kept once its transaction has ended, not before", async () => {
  const how = { end: "onabort" };
  browser(how.end);
  assert.equal(await keepDraft({ key: "a", at: 1, values: "x" }), false, "a full disk is met at the end");
  await dropDraft("a");
});
