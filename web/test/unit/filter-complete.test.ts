// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { accept, complete } from "../../src/lib/filter/complete.ts";
import { parse } from "../../src/lib/filter/parse.ts";
import { recordItem, recordsQuery } from "../../src/lib/filter/records.ts";
import { scope, tags, users } from "./filter-sample.ts";

// `¦` is the cursor.
const at = (marked, of = scope) => {
  const cursor = marked.indexOf("¦");
  const text = marked.replace("¦", "");
  return { text, ...complete(text, cursor, of) };
};
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
  const found = at(marked);
  const item = found.items.find((one) => one.label === label);
  assert.ok(item, `${marked}: no ${label} in ${found.items.map((one) => one.label).join(" ")}`);
  const { text, cursor } = accept(found.text, found, item);
  return `${text.slice(0, cursor)}¦${text.slice(cursor)}`;
};

test("fields, relations and back relations stand at the beginning", () => {
  has("¦", "title", "author", "author.", "comments_via_post.", "strftime(", "meta.");
  has("ti¦", "title");
  lacks("ti¦", "views", "=");
  has("title = 'a' && ¦", "title");
  has("(¦", "title");
  has("author.¦", "name", "email", "tokenKey", "boss.", "posts_via_author.");
  lacks("author.¦", "password", "title");
  has("author.posts_via_author.ti¦", "title");
  has("comments_via_post.¦", "text", "post.");
  has("place.¦", "lon", "lat");
  lacks("author.boss.boss.boss.¦", "boss.");
  assert.deepEqual(labels("title.¦"), []);
});

test("modifiers are those of the field", () => {
  assert.deepEqual(labels("title:¦"), [":lower"]);
  assert.deepEqual(labels("tags:¦"), [":each", ":length", ":lower"]);
  has("kinds¦", "kinds:each", "kinds:length");
  has("@request.body.title:¦", ":isset", ":changed");
  assert.equal(take("tags:le¦", ":length"), "tags:length ¦");
});

test("macros and what else begins with @", () => {
  has("@¦", "@now", "@request.", "@collection.");
  has("created > @to¦", "@todayStart");
  has("@collection.¦", "tags.");
  has("@collection.tags.¦", "name");
  has("@request.¦", "auth.", "method");
  has("@request.auth.¦", "id", "name");
});

test("operators follow an operand, by its type", () => {
  has("title ¦", "~", "=");
  lacks("isPinned ¦", "~", ">");
  has("tags.name ¦", "?=", "?~");
  lacks("title ¦", "?=", "title");
  has("created >¦", ">=");
  assert.equal(take("created >¦", ">="), "created >= ¦");
  has("strftime('%Y', created) ¦", "=");
});

test("values follow an operator, by the type of what is left of it", () => {
  assert.deepEqual(labels("status = ¦"), ["draft", "it's live", "null"]);
  assert.equal(take("status = ¦", "it's live"), "status = 'it\\'s live' ¦");
  assert.equal(take("status = 'dr¦", "draft"), "status = 'draft' ¦");
  assert.equal(take("status = 'dr¦ && x = 1", "draft"), "status = 'draft' ¦&& x = 1");
  has("isPinned = ¦", "true", "false");
  has("created >= ¦", "@now", "@todayStart");
  has("isPinned = t¦", "true");
  assert.equal(labels("created > @todayS¦").filter((label) => label === "@todayStart").length, 1);
  lacks("status ~ ¦", "null");
  has("author.name = ti¦", "title");
});

test("joins follow a comparison", () => {
  assert.deepEqual(labels("title = 'a' ¦"), ["&&", "||"]);
  assert.deepEqual(labels("(title = 'a' ¦"), ["&&", "||", ")"]);
  assert.equal(take("title = 'a' &¦", "&&"), "title = 'a' && ¦");
});

test("what is taken replaces what is typed, and no more", () => {
  assert.equal(take("ti¦", "title"), "title ¦");
  assert.equal(take("ti¦ = 'a'", "title"), "title ¦= 'a'");
  assert.equal(take("auth¦", "author."), "author.¦");
  assert.equal(take("author.na¦", "name"), "author.name ¦");
});

test("200 collections are looked through in 5 ms", () => {
  const fields = (n) => Array.from({ length: 40 }, (_, k) => (k % 4 ? { name: `field${k}`, type: "text" } : { name: `rel${k}`, type: "relation", collectionId: `c${(n * 7 + k) % 200}`, maxSelect: k }));
  const collections = Array.from({ length: 200 }, (_, n) => ({ id: `c${n}`, name: `name${n}`, type: "base", fields: fields(n) }));
  const of = { collection: collections[0], collections };
  complete("rel0.", 5, of);
  for (const text of ["", "f", "rel0.rel4.rel8.", "@collection.", "field1 = ", "field1 = 'a' && "]) {
    const begin = performance.now();
    for (let n = 0; n < 20; n++) complete(text, text.length, of);
    assert.ok((performance.now() - begin) / 20 < 5, text);
  }
});

test("no text and no place of the cursor throws", () => {
  const strange = ["(".repeat(9_000), "'".repeat(9_999), "x".repeat(1_000_000), "\ud800 = '", ")))", "a = = b", "strftime(", "strftime('a', ", "@", "@request..", "a..b.", ":", "a:b:c", "//", "\0", "@collection.:."];
  for (const text of strange) for (const cursor of [-1, 0, 1, Math.floor(text.length / 2), text.length, text.length + 5]) complete(text, cursor, scope);
});

test("records are wanted where a relation or an id is compared", () => {
  const wanted = (marked) => {
    const { records, from, to } = at(marked);
    return records ? [records.collection.name, records.text, from, to] : null;
  };
  assert.deepEqual(wanted("author = ¦"), ["users", "", 9, 9]);
  assert.deepEqual(wanted('author = "an¦"'), ["users", "an", 9, 13]);
  assert.deepEqual(wanted("author = 'an¦ && x = 1"), ["users", "an", 9, 12]);
  assert.deepEqual(wanted("author != O\u2019N¦"), null);
  assert.deepEqual(wanted("author = 'O\\'N¦'"), ["users", "O'N", 9, 15]);
  assert.deepEqual(wanted("author = an¦"), ["users", "an", 9, 11]);
  assert.deepEqual(wanted("author.id ?= 'a¦'"), ["users", "a", 13, 16]);
  assert.deepEqual(wanted("tags:each ?= ¦"), ["tags", "", 13, 13]);
  assert.deepEqual(wanted("author.boss = ¦"), ["users", "", 14, 14]);
  assert.deepEqual(wanted("comments_via_post.id ?= ¦"), ["comments", "", 24, 24]);
  assert.deepEqual(wanted("@collection.tags.id = ¦"), ["tags", "", 22, 22]);
  assert.deepEqual(wanted("id = ¦"), ["posts", "", 5, 5]);
  for (const none of ["title = ¦", "tags:length = ¦", "id:lower:x = ¦", "author ¦", "author = 'a' ¦", "author = @n¦", "author = boss.n¦", "lost = ¦", "@request.auth.id = ¦"]) assert.equal(wanted(none), null, none);
});

test("a record is taken as its id", () => {
  const found = at('author = "an¦" && title = 1');
  const item = recordItem(found.records.collection, { id: "u1", name: "Ann" });
  assert.deepEqual(item, { label: "Ann", insert: "'u1'", kind: "record", hint: "u1" });
  assert.deepEqual(accept(found.text, found, item), { text: "author = 'u1' && title = 1", cursor: 14 });
  assert.deepEqual(recordItem(tags, { id: "t1" }), { label: "t1", insert: "'t1'", kind: "record" });
});

test("records are asked for by what they are called", () => {
  const named = { ...users, fields: users.fields.map((field) => ({ ...field, presentable: field.name === "boss" || field.name === "name" })) };
  const query = (text, collection = users) => recordsQuery({ collection, text });
  assert.deepEqual(query(""), { perPage: 8, skipTotal: 1, fields: "id,email,name" });
  assert.deepEqual(query("an"), { perPage: 8, skipTotal: 1, fields: "id,email,name", filter: "(email ~ 'an' || name ~ 'an')" });
  assert.equal(query("Ann O'Hara%", named).filter, "(name ~ 'Ann' && name ~ 'O\\'Hara\\\\%')");
  assert.equal(query("abcd", named).filter, "(name ~ 'abcd') || id ~ 'abcd%'");
  assert.equal(query("a_", { ...tags, fields: [] }).filter, "id ~ 'a\\\\_%'");
  const many = { ...tags, fields: [{ name: "kinds", type: "select", maxSelect: 3, presentable: true }] };
  assert.equal(query("a", many).filter, "(kinds ?~ 'a')");
  for (const strange of ["\0", "\ud800", '"', "%", "x ".repeat(90), "'".repeat(150)]) {
    const { filter = "" } = query(strange);
    assert.equal(filter === "" || !parse(filter).fault, true, filter);
  }
  assert.equal(query("x".repeat(201)), undefined);
});
