// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../../src/lib/filter/parse.ts";
import { print } from "../../src/lib/filter/print.ts";
import { clean, fromWords, isWords, searchFieldsOf, splitWords } from "../../src/lib/filter/words.ts";

const say = (text, fields) => {
  const node = fromWords(text, fields);
  return node && print(node);
};
const title = [{ path: "title" }];
const two = [{ path: "title" }, { path: "tags.name", multi: true }];

test("words are found in one field or the other, all of them", () => {
  assert.equal(say("red", title), "title ~ 'red'");
  assert.equal(say("red house", title), "title ~ 'red' && title ~ 'house'");
  assert.equal(say("red", two), "title ~ 'red' || tags.name ?~ 'red'");
  assert.equal(say("red house", two), "(title ~ 'red' || tags.name ?~ 'red') && (title ~ 'house' || tags.name ?~ 'house')");
  assert.equal(say('"red house" tree', title), "title ~ 'red house' && title ~ 'tree'");
});

test("nothing in a word has a meaning", () => {
  assert.equal(say("O'Brien", title), "title ~ 'O\\'Brien'");
  assert.equal(say("100%", title), "title ~ '100\\\\%'");
  assert.equal(say("a_b\\", title), "title ~ 'a\\\\_b\\\\\\\\'");
  for (const text of ["O'Brien", "100%", "a\\", "(", "@now", "\\'", "//x", 'a"b', "\ud800"]) assert.ok(parse(say(text, two)).node, text);
});

test("what compares or joins is no word", () => {
  for (const text of ["red house", "O'Brien", "what?!", "rock & roll", "(maybe)", "@now", "a@b.example", "né"]) assert.equal(isWords(text), true, text);
  for (const text of ["", "  ", "a = 1", "a=", "x ~ 'y'", "a && b", "a || b", "a > 1", "// a"]) assert.equal(isWords(text), false, text);
});

test("words are split at blanks, not in quotes", () => {
  assert.deepEqual(splitWords(' a  b\t"c d" "e f'), ["a", "b", "c d", "e f"]);
  assert.deepEqual(splitWords('"" " "'), []);
});

test("more than a filter holds is none", () => {
  assert.equal(say(Array(201).fill("a").join(" "), title), undefined);
  assert.equal(say("a", []), undefined);
  assert.equal(say("x".repeat(1_000_000), two), undefined);
});

test("fields to search are the visible ones that hold text", () => {
  const fields = [{ name: "id", type: "text" }, { name: "n", type: "number" }, { name: "body", type: "editor" }, { name: "tokenKey", type: "text", hidden: true }, { name: "password", type: "password" }];
  assert.deepEqual(searchFieldsOf({ fields }).map(({ path }) => path), ["id", "body"]);
});

test("what no request can carry is replaced", () => {
  assert.equal(clean("a\ud800b\0c😀"), "a\ufffdb\ufffdc😀");
});
