// @ts-nocheck types of node are not installed
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { faultOf, perishes, refusedAt } from "../../src/features/grid/bulk-fault.ts";
import { isChanged, named, readViews, removed, renamed, saved } from "../../src/features/grid/views-list.ts";
import { csvLine } from "../../src/lib/csv.ts";
import { parseJson, printJson, RawNumber } from "../../src/lib/json.ts";
import { JsonText } from "../../src/lib/values.ts";
import { became, bodyOf, createdAgain, datesOf, holds, lossOf, ofDone, stillToUndo, writtenBack } from "../../src/lib/undo.ts";

const fields = [
  { name: "id", type: "text" },
  { name: "title", type: "text" },
  { name: "cover", type: "file" },
  { name: "gallery", type: "file" },
  { name: "author", type: "relation" },
  { name: "created", type: "autodate" },
];
const row = { id: "r1", collectionId: "c", collectionName: "posts", title: "A", cover: "", gallery: [], author: "u1", created: "2026-01-01", expand: {} };

describe("undo", () => {
  it("says what would be lost", () => {
    assert.equal(lossOf(fields, [row]), null);
    assert.equal(lossOf(fields, [row, { ...row, cover: "a.png" }]), "files");
    assert.equal(lossOf(fields, [{ ...row, gallery: ["a.png"] }]), "files");
    assert.equal(lossOf([...fields, { name: "password", type: "password" }], []), "password");
    assert.deepEqual(datesOf(fields), ["created"]);
  });
  it("creates the same record, without what the server writes", () => {
    assert.deepEqual(bodyOf(fields, row), { id: "r1", title: "A", author: "u1" });
    assert.deepEqual(createdAgain(fields, [row]), [{ id: "r1", method: "POST", body: { id: "r1", title: "A", author: "u1" } }]);
  });
  it("writes back only what was changed, number by number", () => {
    const long = new RawNumber("9007199254740993");
    const plan = writtenBack({ name: "n", type: "number" }, [{ id: "a", n: long }, { id: "b", n: 1 }]);
    assert.deepEqual(ofDone(plan, new Set(["a"]), new Map([["a", { id: "a", n: 5 }]]), { n: "5.0" }), [{ id: "a", method: "PATCH", body: { n: long }, over: { n: 5 } }]);
    assert.deepEqual(ofDone(plan, new Set(["b"]), new Map(), { n: "5.0" })[0].over, { n: "5.0" });
  });
  it("sends JSON as what it is", () => {
    const json = [{ name: "meta", type: "json" }];
    const sent = (meta) => printJson(bodyOf(json, { id: "a", meta: parseJson(meta) }));
    assert.equal(sent('"123"'), '{"meta":"\\"123\\"","id":"a"}');
    if (JSON.rawJSON) assert.equal(sent('{"id":9007199254740993}'), '{"meta":"{\\"id\\":9007199254740993}","id":"a"}');
    assert.equal(sent("null"), '{"meta":null,"id":"a"}');
    assert.equal(printJson(writtenBack(json[0], [{ id: "a", meta: "true" }])[0].body), '{"meta":"\\"true\\""}');
  });
  it("empties afterwards what would be generated", () => {
    const code = [{ name: "code", type: "text", autogeneratePattern: "[a-z]{8}" }, { name: "id", type: "text", autogeneratePattern: "[a-z]{15}" }];
    assert.deepEqual(createdAgain(code, [{ id: "a", code: "" }, { id: "b", code: "x" }]).map(({ then }) => then), [{ code: "" }, undefined]);
  });
});

describe("what became of changes", () => {
  it("is seen in the records", () => {
    const rows = new Map([["a", { id: "a", n: 5, d: "2026-01-02 00:00:00.000Z" }], ["b", { id: "b", n: 6, d: "" }]]);
    const of = (method, body) => became(["a", "b", "c"].map((id) => ({ id, method, body })), rows);
    assert.deepEqual(of("DELETE"), { done: ["c"], unknown: [] });
    assert.deepEqual(of("POST", {}), { done: ["a", "b"], unknown: [] });
    assert.deepEqual(of("PATCH", { n: 5 }), { done: ["a"], unknown: [] });
    assert.deepEqual(of("PATCH", { n: "5.0" }), { done: ["a"], unknown: ["b"] });
    assert.deepEqual(of("PATCH", { d: "2026-01-02" }), { done: ["a"], unknown: [] });
    assert.deepEqual(of("PATCH", { "tokenKey:autogenerate": "" }), { done: [], unknown: ["a", "b"] });
  });
  it("compares what is stored with what was sent", () => {
    for (const [stored, sent] of [[5, "5"], [{ a: 1 }, new JsonText('{ "a": 1 }')], ["", null], [null, new JsonText("null")], ["x", "x"], [[], []]]) assert.ok(holds(stored, sent), String(sent));
    for (const [stored, sent] of [[0, ""], [5, "6"], ["5", 5], ["123", new JsonText("123")], [{}, new JsonText("{")], ["x", undefined], [undefined, "x"]]) assert.ok(!holds(stored, sent), String(sent));
  });
  it("leaves to be undone what nobody has touched since", () => {
    const rows = new Map([["a", { id: "a", n: 1 }], ["b", { id: "b", n: 2 }], ["c", { id: "c", n: 0 }]]);
    const { todo, back, changed } = stillToUndo(["a", "b", "c", "d"].map((id) => ({ id, method: "PATCH", body: { n: 0 }, over: { n: 1 } })), rows);
    assert.deepEqual([todo.map(({ id }) => id), back, changed], [["a"], ["c"], ["b", "d"]]);
    const created = stillToUndo(["a", "x"].map((id) => ({ id, method: "POST", body: { id }, then: { n: 0 } })), rows);
    assert.deepEqual(created.todo.map(({ id, method }) => [id, method]), [["a", "PATCH"], ["x", "POST"]]);
  });
});

describe("refusals of a batch", () => {
  const response = { data: { title: { code: "validation_required", message: "Cannot be blank." } }, message: "Failed to create record.", status: 400 };
  it("are of one record", () => {
    assert.deepEqual(refusedAt({ requests: { 2: { code: "batch_request_failed", message: "Batch request failed.", response } } }), { at: 2, why: "title: Cannot be blank." });
    assert.equal(refusedAt({ requests: { 0: { message: "Batch request failed.", response: { message: "Gone.", data: {} } } } }).why, "Gone.");
  });
  it("of another shape are nobody's", () => {
    for (const data of [null, 1, "x", [], {}, { requests: null }, { requests: [] }, { requests: { x: {} } }, { requests: { "-1": {} } }]) assert.equal(refusedAt(data), null);
    assert.deepEqual(refusedAt({ requests: { 1: null } }), { at: 1, why: "" });
    for (const said of [null, 1, [], { data: 3 }, { data: { a: null } }]) assert.equal(faultOf(said), "");
  });
  it("of the server itself end it", () => assert.deepEqual([0, 400, 401, 403, 404, 429, 503].map(perishes), [true, false, true, false, false, true, true]));
});

describe("views", () => {
  const one = { name: "b", filter: "x = 1", sort: "-x", cols: ["id", "x"] };
  it("are read from whatever is kept", () => {
    assert.deepEqual(readViews([one, null, 3, { name: "" }, { ...one, cols: [1] }, { ...one, filter: "twice" }]), [one]);
    for (const kept of [null, {}, "x", 1]) assert.deepEqual(readViews(kept), []);
  });
  it("are saved, renamed and removed", () => {
    const all = saved(saved([], one), { ...one, name: "a" });
    assert.deepEqual(all.map(({ name }) => name), ["a", "b"]);
    assert.equal(named(saved(all, { ...one, sort: "" }), "b").sort, "");
    assert.deepEqual(renamed(all, "a", "c").map(({ name }) => name), ["b", "c"]);
    assert.deepEqual(removed(all, "b").map(({ name }) => name), ["a"]);
    assert.equal(isChanged(one, { ...one, name: "other" }), false);
    assert.equal(isChanged(one, { ...one, cols: ["x", "id"] }), true);
  });
});

describe("csv", () => {
  it("quotes what needs it", () => assert.equal(csvLine(["a", "b,c", 'd"e', "f\ng", null, undefined, true, ["x", "y"], { k: 1 }]), 'a,"b,c","d""e","f\ng",,,true,"x, y","{""k"":1}"\r\n'));
  it("takes the force from formulas, not from numbers", () => assert.equal(csvLine(["=1+1", "-5", "@x", new RawNumber("9007199254740993")]), '"\t=1+1",-5,"\t@x",9007199254740993\r\n'));
  it("takes it from lists, and from what white space hides", () => assert.equal(csvLine([["=HYPERLINK(1)"], "\n=1+1", "  +1", "\r", "\uff1d1", " -5", "-5e3", "+5", "a=1"]), '"\t=HYPERLINK(1)","\t\n=1+1","\t  +1","\t\r","\t\uff1d1","\t -5",-5e3,"\t+5",a=1\r\n'));
});
