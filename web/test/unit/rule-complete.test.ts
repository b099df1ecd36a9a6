// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { completeRule } from "../../src/lib/rule-complete.ts";
import { scope } from "./filter-sample.ts";

// `¦` is the cursor.
const at = (marked) => completeRule(marked.replace("¦", ""), marked.indexOf("¦"), scope);
const labels = (marked) => at(marked).items.map(({ label }) => label);
const has = (marked, ...wanted) => {
  const found = labels(marked);
  for (const label of wanted) assert.ok(found.includes(label), `${marked}: no ${label} in ${found.join(" ")}`);
};
const lacks = (marked, ...unwanted) => {
  const found = labels(marked);
  for (const label of unwanted) assert.ok(!found.includes(label), `${marked}: ${label}`);
};
const take = (marked, label) => {
  const text = marked.replace("¦", "");
  const { from, to, items } = at(marked);
  const found = items.find((one) => one.label === label);
  assert.ok(found, `${marked}: no ${label} in ${items.map((one) => one.label).join(" ")}`);
  return text.slice(0, from) + found.insert + text.slice(to);
};

test("at the beginning: fields, the request, other collections, functions", () => {
  has("¦", "title", "author.", "comments_via_post.", "@request.auth.", "@request.body.", "@request.method", "@collection.", "geoDistance(", "strftime(");
  has("title = 'a' && ¦", "title", "@request.auth.");
  has("@¦", "@now", "@todayStart", "@request.auth.", "@collection.");
  has("@req¦", "@request.auth.", "@request.headers.");
  lacks("@req¦", "title", "@request.");
  has("author.boss.¦", "name", "boss.");
});

test("who asks: fields of all that may sign in, and paths from there", () => {
  has("@request.¦", "auth.", "body.", "query.", "headers.", "method", "context");
  has("@request.auth.¦", "id", "email", "boss.", "posts_via_author.", "collectionName");
  lacks("@request.auth.¦", "password", "title", "geoDistance(");
  has("@request.auth.boss.na¦", "name");
  has("@request.auth.posts_via_author.¦", "title", "status");
  assert.equal(take("@request.auth.bo¦", "boss."), "@request.auth.boss.");
  assert.equal(take("title = @request.auth.na¦ && x = 1", "name"), "title = @request.auth.name && x = 1");
});

test("what is sent: fields, their modifiers, paths through relations", () => {
  has("@request.body.¦", "title", "author", "author.");
  // What the server takes, no more.
  assert.deepEqual(labels("@request.body.title:¦"), [":isset", ":changed", ":lower"]);
  assert.deepEqual(labels("@request.body.tags:¦"), [":isset", ":changed", ":each", ":length", ":lower"]);
  assert.deepEqual(labels("@request.body.other:¦"), [":isset", ":lower"]);
  assert.deepEqual(labels("@request.query.expand:¦"), [":isset", ":lower"]);
  assert.deepEqual(labels("@request.headers.x:¦"), [":isset", ":lower"]);
  assert.deepEqual(labels("@request.body.author.name:¦"), [":lower"]);
  assert.equal(take("@request.body.title:i¦", ":isset"), "@request.body.title:isset");
  has("@request.body.title¦", "title:isset", "title:changed");
  has("@request.body.author.¦", "name", "boss.");
  assert.deepEqual(labels("@request.body.title.¦"), []);
  has("@request.headers.¦", "user_agent");
  has("@request.query.ex¦", "expand");
});

test("values of the other side", () => {
  has("@request.method = ¦", "GET", "POST", "DELETE");
  assert.equal(take("@request.method = 'PA¦", "PATCH"), "@request.method = 'PATCH'");
  has("@request.context = ¦", "default", "realtime", "oauth2", "protectedFile");
  has("@request.auth.collectionName = ¦", "users");
  has('@request.auth.id != ¦', '""');
  has("@request.body.title:isset = ¦", "true", "false");
  assert.equal(labels("author = ¦")[0], "@request.auth.id");
  assert.equal(labels("id = ¦")[0], "@request.auth.id");
  has("status = ¦", "draft", "@request.auth.");
  assert.notEqual(labels("title = ¦")[0], "@request.auth.id");
});

test("other collections, and what stands between", () => {
  has("@collection.¦", "tags.", "users.");
  has("@collection.tags.¦", "name");
  has("title ¦", "=", "~");
  lacks("title ¦", "@request.auth.");
  assert.deepEqual(labels("title = 'a' ¦"), ["&&", "||"]);
  assert.deepEqual(labels("author =¦").filter((label) => label.startsWith("@")), []);
});

test("no text is too strange", () => {
  for (const text of ["@request", "@request.", "@request..", "@request.auth..x", "((((", "'", "@request.body.:", "=".repeat(50), "x".repeat(20_000), "@request.auth." + "boss.".repeat(500), "\0\ud800", "a = '\ud800"])
    for (const cursor of [0, 1, Math.floor(text.length / 2), text.length]) assert.ok(Array.isArray(completeRule(text, cursor, scope).items), text.slice(0, 30));
});
