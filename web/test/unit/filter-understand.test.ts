// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { oneLine, understand } from "../../src/lib/filter/understand.ts";
import { scope } from "./filter-sample.ts";

const say = (text, paths) => {
  const { kind, filter, fault, isUnfinished } = understand(text, scope, paths);
  return fault ? `${isUnfinished ? "unfinished" : "fault"}: ${fault.what}` : filter === undefined ? kind : `${kind}: ${filter}`;
};

test("a text is nothing, a filter, words or a fault", () => {
  assert.equal(say("  "), "none");
  assert.equal(say(' title="a" '), 'filter: title="a"');
  assert.equal(say("red", ["title", "tags.name"]), "words: title ~ 'red' || tags.name ?~ 'red'");
  assert.equal(say("red", []), "fault: nowhere");
  assert.equal(say("a ".repeat(500)), "fault: manyWords");
  assert.equal(say("x".repeat(3400)), "fault: long");
  assert.equal(say("x".repeat(1_000_000)), "fault: long");
  assert.equal(say("titel = 'a'"), "fault: field");
});

test("what the next letters may mend is not finished", () => {
  for (const text of ["title =", "title = 'a", "title = 'a' &", "title = 'a' &&", "(title = 'a'", "title = tit"]) assert.match(say(text), /^unfinished/, text);
  for (const text of ["title == 'a'", "title = 'a' 'b'", "titel = 'a' && title = 'b'", "title = 'a')"]) assert.match(say(text), /^fault/, text);
});

test("halves of pairs never reach a request", () => {
  const { filter } = understand("title = '\ud800'", scope);
  encodeURIComponent(filter);
  encodeURIComponent(understand("\udc00 x", scope).filter);
});

test("a filter of many lines becomes one that means the same", () => {
  assert.equal(oneLine("title = 'a' // first\n&& views = 1"), "title = 'a' && views = 1");
  assert.equal(oneLine("title =\r\n'a"), "title = 'a");
  assert.equal(oneLine("title='a'"), "title='a'");
});
