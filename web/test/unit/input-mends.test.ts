// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { withToken } from "../../src/fields/file/fresh-link.ts";
import { downloadOf, isHarmless } from "../../src/fields/file/source.ts";
import { readPair } from "../../src/fields/geoPoint/pair.ts";
import { formatJson } from "../../src/fields/json/format.ts";
import { jsonFault } from "../../src/lib/json-fault.ts";
import { print } from "../../src/features/record/same.ts";

test("only what runs nothing is opened from this page", () => {
  for (const type of ["image/png", "image/jpeg", "application/pdf", "video/mp4", "audio/x-wav"]) assert.ok(isHarmless(type), type);
  for (const type of ["", "text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "video/x+xml", "image/png; a=text/html", "text/plain"]) assert.ok(!isHarmless(type), type);
  const svg = new File(["<svg/>"], "a.svg", { type: "image/svg+xml" });
  assert.deepEqual([downloadOf(svg).type, downloadOf(svg).size], ["application/octet-stream", 6]);
  const png = new File(["x"], "a.png", { type: "image/png" });
  assert.equal(downloadOf(png), png);
});

test("a link gets another token, and keeps the rest", () => {
  assert.equal(withToken("http://a/api/files/c/r/n.txt?token=old&download=true", "new"), "http://a/api/files/c/r/n.txt?token=new&download=true");
  assert.equal(withToken("http://a/x?token=old", ""), "http://a/x?token=old");
});

test("a pair is two numbers; a decimal comma is none", () => {
  for (const text of ["42.69, 23.32", "[42.69 23.32]", " (42.69;23.32) ", "42.69,23.32", "42.69,23"]) assert.equal(readPair(text)?.length, 2, text);
  assert.deepEqual(readPair("52, 5"), ["52", "5"]);
  assert.deepEqual(readPair("-52 +5"), ["-52", "+5"]);
  for (const text of ["52,5", "13,405", "-1,5", "", "a, b", "1,2,3", "52.5"]) assert.equal(readPair(text), null, text);
});

test("JSON is laid out as it would be printed, and loses nothing", () => {
  for (const value of [{ a: 1, b: [1, { c: [] }, {}], d: "x \" \\ {,}" }, [], [[]], "text", null, -1.5e30]) assert.equal(formatJson(JSON.stringify(value)), print(value, 2));
  assert.equal(formatJson('{"a":1,"a":2,"b":1.10,"c":"\\u00e9"}'), '{\n  "a": 1,\n  "a": 2,\n  "b": 1.10,\n  "c": "\\u00e9"\n}');
  const deep = "[".repeat(20_000) + "]".repeat(20_000);
  const made = formatJson(deep);
  assert.equal(made.replace(/\s/g, ""), deep);
  assert.ok(made.length < 100_000);
  assert.equal(jsonFault(formatJson(`${'{"a":['.repeat(200)}1,2${"]}".repeat(200)}`)), null);
  for (const text of ["", "]]]", '"abc', "{", "{]}", '"\\', "a b"]) assert.equal(typeof formatJson(text), "string");
});
