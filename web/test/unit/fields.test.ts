// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, rulesOf } from "../../src/fields/checks.ts";
import { lineOf, plainKinds } from "../../src/fields/kinds.ts";
import { factsOf, markExpanded, presentable, relatedRow, relationChips } from "../../src/fields/relation/summary.ts";
import { RawNumber } from "../../src/lib/json.ts";
import { JsonText, NewPassword } from "../../src/lib/values.ts";

const of = (type, options = {}) => ({ id: "f", name: "f", type, system: false, hidden: false, ...options });
const types = Object.keys(plainKinds);
const strange = [undefined, null, true, 0, NaN, 1n, "", "text", Symbol("a"), () => 1, [], [[]], {}, { lat: "x" }, new RawNumber("1e400"), new JsonText("["), new NewPassword("a", "b")];
const oddOptions = { min: {}, max: "x", pattern: "((", values: 12, onlyDomains: {}, exceptDomains: null, maxSelect: "many", maxSize: [], required: true };

test("no value of no type throws, whatever its field's options are", () => {
  for (const type of types)
    for (const field of [of(type), of(type, oddOptions)]) {
      rulesOf(field);
      plainKinds[type].blank(field);
      for (const value of strange) {
        assert.equal(typeof plainKinds[type].text(value, field), "string");
        assert.equal(typeof plainKinds[type].isEmpty(value), "boolean");
        assert.equal(typeof check(value, field), "string");
        assert.equal(typeof lineOf(value, field), "string");
      }
    }
});

test("what is blank is what the server has for nothing", () => {
  const blank = (type, options) => plainKinds[type].blank(of(type, options));
  assert.deepEqual([blank("text"), blank("number"), blank("bool"), blank("json"), blank("geoPoint")], ["", 0, false, null, { lon: 0, lat: 0 }]);
  assert.deepEqual([blank("select", { maxSelect: 1 }), blank("select", { maxSelect: 2 }), blank("file"), blank("relation", { maxSelect: 9 })], ["", [], "", []]);
  for (const type of types) if (type !== "number" && type !== "bool") assert.ok(plainKinds[type].isEmpty(blank(type)), type);
});

test("texts to be copied are whole", () => {
  assert.equal(plainKinds.number.text(new RawNumber("12345678901234567890")), "12345678901234567890");
  assert.equal(plainKinds.select.text(["a", "b"]), "a, b");
  assert.equal(plainKinds.json.text({ a: 1 }), '{"a":1}');
  assert.equal(plainKinds.geoPoint.text({ lon: 1, lat: 2.5 }), "2.5, 1");
  assert.equal(plainKinds.password.text("secret"), "");
  assert.equal(plainKinds.text.text("x".repeat(100_000)).length, 100_000);
});

test("what the server takes is not complained about", () => {
  const fine = [
    [of("text", { min: 3 }), ""],
    [of("text", { min: 2, max: 3 }), "a😀b"],
    [of("text", { required: true, autogeneratePattern: "[a-z]{5}" }), ""],
    [of("text", { pattern: "(?i)^a" }), "b"], // no pattern of this dialect
    [of("number", { min: 5 }), 0],
    [of("number", { onlyInt: true }), new RawNumber("12345678901234567890")],
    [of("email"), '"a b"@example.com'],
    [of("email"), "ä@exämple.org."],
    [of("url"), "localhost:8090"],
    [of("url"), "http://localhost/a"],
    [of("url"), "example.com/a"],
    [of("date", { min: "2026-01-01 00:00:00.000Z" }), ""],
    [of("select", { values: ["a"], maxSelect: 1 }), "a"],
    [of("json"), new JsonText('{"a": 1}')],
    [of("password", { required: true }), ""],
    [of("password"), new NewPassword("a", "a")],
    [of("geoPoint"), { lon: 180, lat: -90 }],
  ];
  for (const [field, value] of fine) assert.equal(check(value, field), "", `${field.type} ${String(value)}`);
});

test("what the server refuses is said where that is cheap", () => {
  const wrong = [
    [of("text", { required: true }), ""],
    [of("text", { min: 3 }), "😀a"],
    [of("text", { max: 2 }), "abc"],
    [of("text"), "x".repeat(5001)],
    [of("text", { pattern: "^a" }), "b"],
    [of("number", { required: true }), 0],
    [of("number"), "1,5"],
    [of("number", { onlyInt: true }), 1.5],
    [of("number", { min: 5 }), 4],
    [of("number", { max: 5 }), new RawNumber("12345678901234567890")],
    [of("bool", { required: true }), false],
    [of("email"), "a@b"],
    [of("email", { onlyDomains: ["a.b"] }), "x@c.d"],
    [of("url"), "http://"],
    [of("url", { onlyDomains: ["a.b"] }), "http://a.b:80/"],
    [of("date", { max: "2026-01-01 00:00:00.000Z" }), "2026-01-01 00:00:00.001Z"],
    [of("select", { values: ["a"], maxSelect: 2 }), ["b"]],
    [of("json", { required: true }), new JsonText("[ ]")],
    [of("json"), new JsonText("{a}")],
    [of("json", { maxSize: 3 }), new JsonText('"ää"')],
    [of("password"), new NewPassword("a", "b")],
    [of("password"), new NewPassword("x".repeat(72), "x".repeat(72))],
    [of("password", { max: 100 }), new NewPassword("ä".repeat(40), "ä".repeat(40))],
    [of("geoPoint"), { lon: 0, lat: 91 }],
  ];
  for (const [field, value] of wrong) assert.notEqual(check(value, field), "", `${field.type} ${String(value)}`);
});

test("a pattern that could run for very long is left to the server", () => {
  const began = performance.now();
  for (const pattern of ["^(a+)+$", "^(a|a)*$", "^((a+))*$", "^(a*){20}$"]) check(`${"a".repeat(40)}!`, of("text", { pattern }));
  assert.ok(performance.now() - began < 100);
});

test("related records are called by what stands for them; ids that belong to none are said to be gone", () => {
  const field = of("relation", { name: "author", collectionId: "c", maxSelect: 3 });
  const row = { id: "r", collectionId: "x", collectionName: "x" };
  const chips = (value) => relationChips({ ...field, name: "author" }, value, row).map(({ text, isGone }) => (isGone ? `-${text}` : text));
  assert.deepEqual(chips(["a", "b"]), ["a", "b"]); // nobody has asked
  markExpanded([row], ["author"]);
  assert.deepEqual(chips(["a", "b"]), ["-a", "-b"]);
  row.expand.author = [{ id: "a", name: "Ada", city: "London" }];
  assert.deepEqual(chips(["b", "a"]), ["-b", "Ada"]);
  presentable.value = () => ["city"];
  assert.deepEqual(chips("a"), ["London"]);
  for (const expand of [null, "text", [null, 1], { author: null }]) relationChips(field, [1, {}, "a"], { ...row, expand });
});

test("a related record is there, gone, or was not asked for", () => {
  const field = { ...of("relation", { collectionId: "c" }), name: "author" };
  const row = { id: "r", collectionId: "x", collectionName: "x" };
  assert.equal(relatedRow(field, row, "a"), undefined);
  assert.equal(relatedRow(field, { ...row, expand: { author: [] } }, "a"), null);
  assert.equal(relatedRow(field, { ...row, expand: { author: { id: "a" } } }, "a").id, "a");
  assert.equal(relatedRow(field, { ...row, expand: { author: [{ id: "b" }, { id: "a" }] } }, "a").id, "a");
  for (const expand of [null, "text", [null, 1], { author: null }, { author: [null, "a"] }]) relatedRow(field, { ...row, expand }, "a");
});

test("the facts of a record are short, not empty, and not its summary again", () => {
  const field = (name, type, more = {}) => ({ ...of(type, more), name });
  const fields = [
    field("id", "text"), field("title", "text"), field("shown", "text", { presentable: true }), field("token", "text", { hidden: true }), field("pass", "password"), field("body", "editor"), field("n", "number"), field("isOn", "bool"),
    field("none", "text"), field("mail", "email"), field("kinds", "select"), field("meta", "json"), field("when", "date"), field("late", "text"),
  ];
  const row = { id: "a", title: "Title ", shown: "s", token: "t", body: "<p>b</p>", n: 0, isOn: false, none: "", mail: "a@b.c", kinds: ["x"], meta: { a: 1 }, when: "2026-01-01 00:00:00.000Z", late: "x" };
  assert.deepEqual(factsOf(fields, row, "Title").map(({ name }) => name), ["n", "isOn", "mail", "kinds", "when"]);
  for (const strange of [{ n: {}, mail: [1], kinds: "a", when: 3 }, {}]) factsOf(fields, strange, "");
});
