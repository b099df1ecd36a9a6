// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { picked } from "../../src/features/record/picker-choice.ts";
import { linkFilter, linksTo, linkValue } from "../../src/features/record/related-links.ts";
import { check, rulesOf } from "../../src/fields/checks.ts";
import { firstChunk } from "../../src/fields/relation/chunks.ts";
import { parse } from "../../src/lib/filter/parse.ts";

const relation = (name, options = {}) => ({ id: name, name, type: "relation", system: false, hidden: false, ...options });
const many = (n, of = (at) => `id${at}`) => Array.from({ length: n }, (_, at) => of(at));

test("ids are asked for in chunks that the server takes", () => {
  assert.deepEqual(firstChunk([]), { ids: [], filter: "" });
  assert.deepEqual(firstChunk(["a", "b"]), { ids: ["a", "b"], filter: "id='a'||id='b'" });
  assert.equal(firstChunk(many(250)).ids.length, 100);
  const long = firstChunk(many(100, (n) => `${n}${"é".repeat(40)}`));
  assert.ok(long.ids.length > 10 && long.ids.length < 100);
  for (const { filter } of [firstChunk(many(250)), long]) {
    assert.ok(new TextEncoder().encode(filter).length <= 3500);
    assert.equal(parse(filter).fault, undefined);
  }
});

test("ids of any letters are no more than ids", () => {
  const strange = ["'", "\\", "a' || 1=1 || id='", "\n", "\0", "\ud800", "%", '"'];
  const { ids, filter } = firstChunk(strange);
  assert.deepEqual(ids, strange);
  assert.equal(parse(filter).node.parts.length, strange.length);
  assert.deepEqual(firstChunk(["x".repeat(10_000), "b"]), { ids: ["b"], filter: "id='b'" });
});

test("what is chosen keeps its order, and the limit", () => {
  const of = (ids, wanted, most) => picked(ids, new Set(wanted), most);
  assert.deepEqual(of(["a", "b"], ["c", "b", "a"], 9), { next: ["a", "b", "c"], isFull: false });
  assert.deepEqual(of(["a", "b"], ["b"], 9), { next: ["b"], isFull: false });
  assert.deepEqual(of(["a", "b"], ["a", "b", "c"], 2), { next: ["a", "b"], isFull: true });
  assert.deepEqual(of(["a"], ["a", "b", "c"], 2), { next: ["a", "b"], isFull: true });
  assert.deepEqual(of(["a", "b", "c"], ["a", "b", "c"], 2), { next: ["a", "b", "c"], isFull: false }, "what is there already stays");
  assert.deepEqual(of(["a"], ["a", "b"], 1), { next: ["b"], isFull: false });
  assert.deepEqual(of(["a"], [], 1), { next: [], isFull: false });
});

test("relations that lead to a collection", () => {
  const people = { id: "p", name: "people", system: false, fields: [relation("boss", { collectionId: "p" }), { ...relation("note"), type: "text" }] };
  const posts = { id: "o", name: "posts", system: false, fields: [relation("author", { collectionId: "p" }), relation("readers", { collectionId: "p", maxSelect: 9 }), relation("other", { collectionId: "x" })] };
  const system = { id: "s", name: "_s", system: true, fields: [relation("of", { collectionId: "p" })] };
  const links = linksTo(people, [system, people, posts]);
  assert.deepEqual(links.map(({ collection, field }) => `${collection.name}.${field.name}`), ["people.boss", "posts.author", "posts.readers", "_s.of"]);
  const [, author, readers] = links;
  assert.deepEqual([linkFilter(author, "a'b"), linkFilter(readers, "ab")], ["author = 'a\\'b'", "readers.id ?= 'ab'"]);
  assert.deepEqual([linkValue(author, "a"), linkValue(readers, "a")], ["a", ["a"]]);
  for (const link of links) assert.equal(parse(linkFilter(link, "a'\\")).fault, undefined);
  assert.deepEqual(linksTo(people, []), []);
});

test("how many may be chosen", () => {
  const field = relation("f", { minSelect: 2, maxSelect: 3 });
  assert.equal(check([], field), "");
  assert.notEqual(check(["a"], field), "");
  assert.equal(check(["a", "b"], field), "");
  assert.notEqual(check(["a", "b", "c", "d"], field), "");
  assert.notEqual(check([], { ...field, required: true }), "");
  assert.equal(check("a", relation("f")), "");
  assert.equal(rulesOf(field).length, 2);
  assert.deepEqual(rulesOf(relation("f", { maxSelect: 2_147_483_647 })), []);
});
