// @ts-nocheck: node's types are not there
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { actIds, actOf } from "../../src/lib/api-acts.ts";
import { sampleBody, sampleRecord, sentFields } from "../../src/lib/api-sample.ts";

const field = (name, type, more = {}) => ({ id: name, name, type, system: false, hidden: false, ...more });

// Names that mean something where they are put: to a shell, to Dart, to JavaScript.
const posts = {
  id: "pbc_1", name: "it's $posts", type: "base", listRule: "", viewRule: null,
  fields: [
    field("id", "text"), field("title", "text", { required: true }), field("cost", "number"), field("kinds", "select", { values: ["a'b", "$c"], maxSelect: 2 }),
    field("author", "relation", { maxSelect: 1 }), field("files", "file", { maxSelect: 9 }), field("where", "geoPoint"), field("extra", "json"), field("created", "autodate"), field("secret", "text", { hidden: true }),
  ],
};
const users = {
  id: "pbc_2", name: "users", type: "auth", passwordAuth: { enabled: true }, oauth2: { enabled: false }, otp: { enabled: false }, mfa: { enabled: false },
  fields: [field("id", "text"), field("email", "email"), field("password", "password", { hidden: true }), field("tokenKey", "text", { hidden: true }), field("verified", "bool"), field("name", "text")],
};
const view = { ...posts, type: "view" };
const at = { base: "http://127.0.0.1:8090", id: "abc", canBatch: true };

const acts = (one, where = at) => actIds(one).map((id) => actOf(id, one, where));

test("api: each type has its calls, and no others", () => {
  assert.deepEqual(actIds(view), ["list", "view"]);
  assert.equal(actIds(posts).length, 7);
  assert.equal(actIds(users).length, 15);
  assert.equal(actOf("create", view, at), null);
  assert.equal(actOf("password", posts, at), null);
  assert.equal(actOf("create", posts, at).calls[0].path, "/api/collections/it's%20%24posts/records");
});

test("api: what is off says why", () => {
  const off = (one, where) => acts(one, where).filter((act) => act.off).map(({ id }) => id);
  assert.deepEqual(off(users), ["oauth2", "otp"]);
  assert.deepEqual(off(posts, { ...at, canBatch: false }), ["batch"]);
});

test("api: what is sent has no files as JSON, and of a new user the password twice", () => {
  assert.deepEqual(Object.keys(sampleBody(posts, true)), ["title", "cost", "kinds", "author", "where", "extra", "secret"]);
  assert.deepEqual(sampleBody(posts, true).kinds, ["a'b"]);
  assert.deepEqual(sampleBody(users, true), { email: "test@example.com", password: "12345678", name: "test", passwordConfirm: "12345678" });
  assert.deepEqual(sampleBody(users, false), { email: "test@example.com", name: "test" });
  assert.ok(sentFields(posts, true).some(({ name }) => name === "files"));
});

test("api: what is sent is within the bounds of its fields", () => {
  const fields = [{ name: "short", type: "text", max: 3 }, { name: "long", type: "text", min: 6, max: 0 }, { name: "low", type: "number", max: 10 }, { name: "high", type: "number", min: 200, max: null }, { name: "zero", type: "number", max: 0 }, { name: "pw", type: "password", min: 10, max: 71 }];
  assert.deepEqual(sampleBody({ id: "o", name: "o", type: "base", fields }, true), { short: "tes", long: "testxx", low: 10, high: 200, zero: 0, pw: "12345678xx" });
});

test("api: an answer has no hidden fields, and no password", () => {
  assert.deepEqual(Object.keys(sampleRecord(users)), ["collectionId", "collectionName", "id", "email", "verified", "name"]);
  assert.equal("secret" in sampleRecord(posts), false);
});

const AsyncFunction = (async () => {}).constructor;

test("api: examples can be run as they are", () => {
  for (const act of [...acts(posts), ...acts(users), ...acts(view)]) {
    assert.ok(new AsyncFunction(act.snippets.js.replace(/^import .*$/m, "")));
    execFileSync("bash", ["-n"], { input: act.snippets.curl });
    assert.doesNotMatch(act.snippets.dart.replaceAll("\\$", ""), /\$/);
  }
});

test("api: examples that change something name no record that there is", () => {
  for (const id of ["update", "delete", "batch"]) for (const text of Object.values(actOf(id, posts, at).snippets)) assert.ok(text.includes("RECORD_ID") && !text.includes(at.id), id);
  assert.ok(actOf("view", posts, at).snippets.js.includes(at.id));
});
