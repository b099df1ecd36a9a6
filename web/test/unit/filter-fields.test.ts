// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, resolve } from "../../src/lib/filter/fields.ts";
import { parse } from "../../src/lib/filter/parse.ts";
import { comments, scope, users } from "./filter-sample.ts";

const typeOf = (path, of = scope) => {
  const { type, multi, fault } = resolve({ path, at: 0 }, of);
  return fault ? `${fault.what} ${fault.found} at ${fault.at}` : `${type}${multi ? " many" : ""}`;
};

const leads = {
  title: "text", "title:lower": "text", status: "select", kinds: "select", "kinds:each": "select many", "kinds:length": "number", "author.name": "text", "author.boss.boss.name": "text",
  "tags.name": "text many", "comments_via_post.text": "text many", "c4_via_post.text": "text many", "comments_via_post.post.author.email": "email many", "meta.a.0.b": "any", "place.lat": "number",
  "@request.auth.id": "any", "@collection.tags.name": "text many", "@collection.tags:x.name": "text many", "@collection.c3.name": "text many",
  titel: "field titel at 0", "title:nope": "modifier title:nope at 0", "title.x": "path title at 0", "author.nme": "field nme at 7", "author.boss.x.y": "field x at 12", "nope_via_post.x": "collection nope_via_post at 0",
  "comments_via_text.x": "back comments_via_text at 0", "tags_via_name.id": "back tags_via_name at 0", "@collection.nope.x": "collection nope at 12", "@collection.tags.x": "field x at 17",
  "@request.body.kinds:each": "any", "@request.body.title:isset": "bool", "@request.body.title:changed": "bool", "@request.body.title:each": "modifier title:each at 14",
  "@request.query.a:length": "modifier a:length at 15", "@request.query.a:lower": "any", "@request.query.a:nope": "modifier a:nope at 15",
  "author.boss.boss.boss.boss.boss.boss.id": "hops boss at 32",
};

test("paths lead where the server's do", () => {
  for (const [path, found] of Object.entries(leads)) assert.equal(typeOf(path), found, path);
  assert.equal(typeOf("lost.id", { ...scope, collection: comments }), "collection lost at 0");
  assert.equal(typeOf("posts_via_author.title", { ...scope, collection: users }), "text many");
});

test("the first path that leads nowhere is named", () => {
  const fault = (source) => check(parse(source).node, scope);
  assert.equal(fault("title = 'a' && (views > 1 || author.name ~ 'x')"), undefined);
  assert.deepEqual(fault("title = 'a' && nope = 1"), { at: 15, length: 4, what: "field", found: "nope" });
  assert.deepEqual(fault("strftime('%Y', author.born) = '1'"), { at: 22, length: 4, what: "field", found: "born" });
  assert.deepEqual(fault("title = other"), { at: 8, length: 5, what: "field", found: "other" });
});
