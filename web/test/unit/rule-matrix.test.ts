// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsOf, stepFrom } from "../../src/features/overview/matrix-rows.ts";

const one = (name, more = {}) => ({ id: name, name, type: "base", system: false, fields: [], indexes: [], listRule: null, viewRule: null, createRule: null, updateRule: null, deleteRule: null, ...more });
const all = [
  one("posts", { listRule: "", createRule: '@request.auth.id != ""', updateRule: "author = @request.auth.id" }),
  one("stats", { type: "view", listRule: "" }),
  one("users", { type: "auth", authRule: "", manageRule: null, mfa: { enabled: true, duration: 1, rule: "verified = true" } }),
  one("_hidden", { system: true }),
];
const wanted = { word: "", isOpen: false, withSystem: false };
const kinds = (row) => Object.fromEntries(row.cells.map(({ rule, kind }) => [rule, kind]));

test("what each collection has, and what not", () => {
  const [posts, stats, users] = rowsOf(all, wanted);
  assert.deepEqual(kinds(posts), { listRule: "everybody", viewRule: "superusers", createRule: "signedIn", updateRule: "rule", deleteRule: "superusers", authRule: "none", manageRule: "none", mfaRule: "none" });
  assert.deepEqual(kinds(stats), { listRule: "everybody", viewRule: "superusers", createRule: "none", updateRule: "none", deleteRule: "none", authRule: "none", manageRule: "none", mfaRule: "none" });
  assert.deepEqual(kinds(users), { listRule: "superusers", viewRule: "superusers", createRule: "superusers", updateRule: "superusers", deleteRule: "superusers", authRule: "everybody", manageRule: "superusers", mfaRule: "rule" });
  assert.equal(posts.cells[3].text, "author = @request.auth.id");
  assert.equal(kinds(rowsOf([one("a", { type: "auth", mfa: { enabled: true } })], wanted)[0]).mfaRule, "everybody");
  assert.equal(kinds(rowsOf([one("b", { type: "auth", mfa: "strange" })], wanted)[0]).mfaRule, "none");
});

test("those that are wanted", () => {
  const names = (change) => rowsOf(all, { ...wanted, ...change }).map((row) => row.one.name);
  assert.deepEqual(names({}), ["posts", "stats", "users"]);
  assert.deepEqual(names({ withSystem: true }), ["posts", "stats", "users", "_hidden"]);
  assert.deepEqual(names({ word: " OST" }), ["posts"]);
  assert.deepEqual(names({ isOpen: true }), ["posts", "stats"], "to sign in opens no records");
});

test("arrows go from chip to chip, over those that are not there", () => {
  const rows = rowsOf(all, wanted);
  assert.deepEqual(stepFrom(rows, [0, 0], [0, 1]), [0, 1]);
  assert.deepEqual(stepFrom(rows, [0, 4], [1, 0]), [2, 4], "a view deletes nothing");
  assert.equal(stepFrom(rows, [0, 4], [0, 1]), null);
  assert.equal(stepFrom(rows, [0, 0], [-1, 0]), null);
  assert.deepEqual(stepFrom(rows, [2, 6], [0, 1]), [2, 7]);
});

test("200 collections are looked through in 20 ms", () => {
  const many = () => Array.from({ length: 200 }, (_, n) => one(`c${n}`, { listRule: `title = '${n}' && author = @request.auth.id`, viewRule: "", createRule: "a = 1 || b = 2" }));
  // The best of some, for others have the processor, too.
  const best = (make, act) => Math.min(...Array.from({ length: 5 }, () => {
    const of = make();
    const begin = performance.now();
    act(of);
    return performance.now() - begin;
  }));
  assert.ok(best(many, (all) => rowsOf(all, wanted)) < 20 * 4);
  const seen = many();
  rowsOf(seen, wanted);
  assert.ok(best(() => seen, (all) => rowsOf(all, { ...wanted, word: "c1" })) < 20);
});
