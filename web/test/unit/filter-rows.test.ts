// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../../src/lib/filter/parse.ts";
import { print } from "../../src/lib/filter/print.ts";
import { fromRows, isNull, signsFor, toRows, valueOf } from "../../src/lib/filter/rows.ts";

const rows = (text) => toRows(parse(text).node);
const back = (text) => print(fromRows(rows(text)));

test("rows say what the text says", () => {
  for (const text of ["a = 'x'", "a = 1 && b != null", "a = 1 || (b ?~ 'x' && c < @now)", "a.b:lower = 'x' && (c = true || (d = 1 && e = 2))", "(a = 1 && b = 1) && c = 1"]) assert.equal(back(text), text);
  assert.deepEqual(rows("a = 1"), { kind: "group", op: "&&", parts: [{ kind: "row", path: "a", op: "=", value: { kind: "number", text: "1" } }] });
  assert.deepEqual(toRows(undefined), { kind: "group", op: "&&", parts: [] });
});

test("what rows cannot show is none", () => {
  for (const text of ["a = b", "1 = a", "strftime('%Y', a) = '1'", "a = 1 && (b = 1 || c = d)", "@now > a"]) assert.equal(rows(text), null, text);
});

test("groups without rows vanish", () => {
  const empty = { kind: "group", op: "||", parts: [] };
  assert.equal(fromRows(empty), null);
  assert.equal(fromRows({ ...empty, parts: [empty, { kind: "row", path: "", op: "=", value: { kind: "text", text: "" } }] }), null);
  assert.equal(print(fromRows({ ...empty, parts: [empty, ...rows("a = 1").parts] })), "a = 1");
});

test("typed values are what the type makes of them", () => {
  assert.deepEqual(valueOf("12.5", "number"), { kind: "number", text: "12.5" });
  assert.deepEqual(valueOf("1e5", "number"), { kind: "text", text: "1e5" });
  assert.deepEqual(valueOf("12", "text"), { kind: "text", text: "12" });
  assert.deepEqual(valueOf("@now", "date"), { kind: "macro", text: "@now" });
  assert.deepEqual(valueOf("@now", "text"), { kind: "text", text: "@now" });
  assert.deepEqual(valueOf("true", "bool"), { kind: "literal", text: "true" });
  assert.deepEqual(valueOf("null", "text"), { kind: "text", text: "null" });
  for (const text of ["'", "\\", "' || 1 = '1", "1 || a = 1", "@now = 1"]) for (const type of ["text", "number", "date", "bool", "json", "any"]) {
    const value = valueOf(text, type);
    const read = parse(print(fromRows({ kind: "row", path: "a", op: "=", value }))).node;
    assert.equal(read.kind, "compare");
    assert.equal(read.right.text, text);
  }
  assert.equal(isNull({ kind: "literal", text: "NULL" }), true);
});

test("operators of many values come first where there are many", () => {
  assert.deepEqual(signsFor("bool", false), ["=", "!="]);
  assert.equal(signsFor("text", true)[0], "?~");
});
