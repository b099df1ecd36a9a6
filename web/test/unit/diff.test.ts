// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { it } from "node:test";
import { around } from "../../src/lib/diff.ts";

const long = "The quick brown fox jumps over the lazy dog";

it("shows two texts from shortly before where they differ", () => {
  assert.deepEqual(around("one", "two", 10), ["one", "two"]);
  assert.deepEqual(around(`${long} now`, `${long} then`, 40), ["…er the lazy dog now", "…er the lazy dog then"]);
  assert.deepEqual(around(long, `${long} again`, 40), ["…ver the lazy dog", "…ver the lazy dog again"]);
  assert.deepEqual(around("", "new", 10), ["", "new"]);
  assert.deepEqual(around("same", "same", 10), ["same", "same"]);
});

it("cuts no character in two", () => {
  const many = "🦊".repeat(20);
  const [was] = around(`${many}a`, `${many}b`, 80);
  assert.ok(was.isWellFormed());
});
