// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonFault } from "../../src/lib/json-fault.ts";
import { isExact, parseJson, printJson, RawNumber } from "../../src/lib/json.ts";
import { BadDate, countChars, cut, hrefOf, itemsOf, JsonText, NewPassword, oneLine, plainText, pointOf, readNumber, short, shown, summaryOf, whole, withLineEnds } from "../../src/lib/values.ts";
import { matching, moved, typedAhead } from "../../src/ui/Select/options.ts";

const strange = [undefined, null, true, 0, -0, NaN, Infinity, 1n, "", "\ud800", Symbol("a"), () => 1, [], [[]], {}, { a: { b: [1, null] } }, new RawNumber("1e400"), new JsonText("["), new NewPassword("a", "b"), new BadDate(), new Date(NaN), Object.create(null)];

test("no value throws", () => {
  for (const value of strange) for (const read of [short, shown, whole, itemsOf, pointOf, summaryOf]) read(value);
});

test("a text is cut between characters", () => {
  assert.equal(cut("abc", 3), "abc");
  assert.equal(cut("abcd", 3), "abc…");
  assert.equal(cut("ab😀d", 3), "ab…");
  assert.equal(oneLine("  a\n\tb\u0000c  "), "a b c");
});

test("a large value is printed no further than it is shown", () => {
  const began = performance.now();
  const text = short({ a: "x".repeat(5_000_000), b: Array(1e6).fill(1) });
  assert.ok(text.length <= 301);
  assert.ok(short(Array(1e6).fill({ a: 1 })).endsWith("…"));
  assert.ok(shown("y".repeat(5_000_000)).length <= 301);
  assert.ok(performance.now() - began < 200);
  let deep = [];
  for (let n = 0; n < 100_000; n++) deep = [deep];
  assert.ok(short(deep).startsWith("[[["));
  assert.ok(whole(deep).length > 0);
  const round = {};
  round.round = round;
  assert.ok(short(round).length <= 301);
});

test("short JSON is JSON, with its numbers whole", () => {
  assert.equal(short({ a: [1, "b", null, true], n: new RawNumber("0.10000000000000000555"), o: {} }), '{"a":[1,"b",null,true],"n":0.10000000000000000555,"o":{}}');
});

test("numbers stay as they are written", { skip: JSON.rawJSON ? false : "lack of JSON.rawJSON" }, () => {
  for (const text of ['{"a":1.10,"b":[1.0,-0,1e2,1E+5,0.0000001,9007199254740993],"c":1.5}', "1.10", "[-0]", "0.10"]) assert.equal(printJson(parseJson(text)), text);
  assert.deepEqual(parseJson('{"a":1.5,"b":"1.10","c":[100,-2]}'), { a: 1.5, b: "1.10", c: [100, -2] });
  assert.deepEqual(["1.10", "1e2", "-0", "9007199254740993"].map(isExact), [true, true, true, false]);
});

test("items are read as the server reads them", () => {
  assert.deepEqual(itemsOf("a"), ["a"]);
  assert.deepEqual(itemsOf(["a", "", "a", 1, null, {}]), ["a", "1"]);
  assert.deepEqual(itemsOf(null), []);
});

test("rich text as plain text", () => {
  assert.equal(plainText("<p>a <b>b</b>&amp;&#99;&#x64;&nbsp;e</p><script>x()</script><!-- no -->"), "a b &cd e");
  assert.equal(plainText("1 < 2 and &unknown; &#0; &#99999999;"), "1 < 2 and &unknown; &#0; &#99999999;");
  assert.equal(plainText("<script>" + "x".repeat(9000)), "…");
  assert.ok(plainText(`<p>${"word ".repeat(9000)}</p>`).endsWith("…"));
});

test("what is not typed keeps its line ends", () => {
  for (const [before, typed, after] of [
    ["a\r\nb\r\nc", "a\nb!\nc", "a\r\nb!\r\nc"],
    ["a\r\nb", "a\nb\nc", "a\r\nb\r\nc"],
    ["a\r\nb\nc\rd", "a\nb\nc\nde", "a\r\nb\nc\rde"],
    ["a\r\n\r\nb", "a\nb", "a\r\nb"],
    ["a\r\nb", "", ""],
    ["", "a\nb", "a\nb"],
    ["a\nb", "a\n\nb", "a\n\nb"],
  ])
    assert.equal(withLineEnds(typed, before), after);
  assert.equal(withLineEnds("a\nb", "a", "x\r\ny"), "a\r\nb");
});

test("a typed number is kept as it was meant", () => {
  assert.equal(readNumber(""), 0);
  assert.equal(readNumber(" 1.50 "), 1.5);
  assert.equal(readNumber("+5"), 5);
  assert.equal(readNumber(".5"), 0.5);
  assert.equal(readNumber("5."), 5);
  assert.equal(readNumber("1e3"), 1000);
  assert.equal(readNumber("-"), "-");
  assert.equal(readNumber("1_000"), "1_000");
  assert.equal(String(readNumber("12345678901234567890")), "12345678901234567890");
  assert.equal(String(readNumber("1e400")), "1e400");
});

test("characters are counted, not units", () => {
  assert.equal(countChars("a😀b"), 3);
  assert.equal(countChars("\ud83d"), 1);
});

test("a json value is sent as the text that was typed", () => {
  assert.equal(printJson({ meta: new JsonText(" [1.0, 12345678901234567890] ") }), '{"meta":"[1.0, 12345678901234567890]"}');
  assert.equal(printJson({ password: new NewPassword("a", "b") }), '{"password":"a"}');
});

test("where a text stops being JSON", () => {
  const at = (text) => jsonFault(text)?.at ?? null;
  assert.equal(at('{"a": [1, 2.5e3, "\\u00e9", null]}'), null);
  assert.equal(at(""), 0);
  assert.equal(at("abc"), 0);
  assert.equal(at('{"a": tru}'), 6);
  assert.equal(at('{"a": 1,}'), 8);
  assert.equal(at("[1, 2"), 5);
  assert.equal(at("[1 2]"), 3);
  assert.equal(at('{"a" 1}'), 5);
  assert.equal(at("{a: 1}"), 1);
  assert.equal(at("[1}"), 2);
  assert.equal(at("1 1"), 2);
  assert.equal(at('["a\nb"]'), 1);
  assert.deepEqual(jsonFault('{\n  "a": x\n}'), { at: 9, line: 2, column: 8 });
  assert.equal(at("[".repeat(100_000)), 100_000);
});

test("how a record is called", () => {
  assert.equal(summaryOf({ id: "r", title: "", name: "Ada" }), "Ada");
  assert.equal(summaryOf({ id: "r", name: "Ada", age: 36, city: "" }, ["age", "city"]), "36");
  assert.equal(summaryOf({ id: "r", a: "A", b: "B" }, ["b", "a"]), "B, A");
  assert.equal(summaryOf({ id: "r", title: { not: "a word" } }), "r");
  assert.equal(summaryOf({ id: "r", name: " \n " }), "r");
  assert.equal(summaryOf("text"), "text");
});

test("only what opens a page is a link", () => {
  assert.equal(hrefOf("https://a.b/c"), "https://a.b/c");
  assert.equal(hrefOf("example.com:8080/a"), "https://example.com:8080/a");
  for (const text of ["javascript:alert(1)", " https://a b", "data:text/html,x", "ftp://", "a", "mailto:a@b.c", "javascript:a.b", "//evil.com", "/a.b"]) assert.equal(hrefOf(text), undefined, text);
});

test("choices are found by their words, and typed ahead", () => {
  const options = ["Étain", "Bronze", "Light bronze", "Eisen"].map((label) => ({ value: label, label }));
  assert.deepEqual(matching(options, "bronze").map(({ label }) => label), ["Bronze", "Light bronze"]);
  assert.deepEqual(matching(options, "etain").map(({ label }) => label), ["Étain"]);
  assert.equal(matching(options, " ").length, 4);
  assert.equal(typedAhead(options, "e", 0), 3);
  assert.equal(typedAhead(options, "ee", 3), 0);
  assert.equal(typedAhead(options, "br", 1), 1);
  assert.equal(typedAhead(options, "x", 1), -1);
  assert.equal(typedAhead([], "x", -1), -1);
  assert.deepEqual(moved(["a", "b", "c"], 0, 2), ["b", "c", "a"]);
  assert.deepEqual(moved(["a", "b", "c"], 9, 0), ["a", "b", "c"]);
});
