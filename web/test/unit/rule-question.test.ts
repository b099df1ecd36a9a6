// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyFault, bodyOf, lackOf, pairsIn } from "../../src/features/rules/question.ts";

const none = { who: "guest", at: "users", user: "", record: "", body: "", query: "", headers: "" };

test("pairs, one in a line", () => {
  assert.deepEqual(pairsIn("a=1\r\n b = 2=3 \n\nc", "="), { a: "1", b: "2=3", c: "" });
  assert.deepEqual(pairsIn("X-Key: a:b", ":"), { "X-Key": "a:b" });
  assert.deepEqual(pairsIn("", "="), {});
  assert.deepEqual(pairsIn("__proto__=1", "=")["a"], undefined);
});

test("what cannot be sent says so", () => {
  assert.equal(bodyFault(""), "");
  assert.equal(bodyFault('{"a": 1}'), "");
  for (const text of ["{", "[1]", "7", "null", "{\n\n'a'}"]) assert.notEqual(bodyFault(text), "", text);
  assert.equal(lackOf("listRule", none), "");
  assert.notEqual(lackOf("viewRule", none), "");
  assert.notEqual(lackOf("listRule", { ...none, who: "user" }), "");
  assert.notEqual(lackOf("createRule", { ...none, body: "{" }), "");
  assert.equal(lackOf("listRule", { ...none, body: "{" }), "", "it is not sent");
});

test("what is asked", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(bodyOf("c", "listRule", "a = 1", none, "me"))), { collection: "c", action: "list", rule: "a = 1", as: null });
  assert.deepEqual(JSON.parse(JSON.stringify(bodyOf("c", "updateRule", undefined, { ...none, who: "user", user: " u1 ", record: " r1 ", body: '{"a": 1}', query: "q=1", headers: "X: y" }, "me"))), { collection: "c", action: "update", rule: null, as: "users/u1", record: "r1", body: { a: 1 }, query: { q: "1" }, headers: { X: "y" } });
  assert.equal(bodyOf("c", "viewRule", "", { ...none, who: "superuser", record: "r" }, "me").as, "_superusers/me");
});
