// @ts-nocheck: node's types are not there
import assert from "node:assert/strict";
import { test } from "node:test";
import { asSent, changesOfImport, exportText, readImport, resultOf, strangers, withIds } from "../../src/lib/import.ts";

const field = (id, name, more = {}) => ({ id, name, type: "text", system: false, hidden: false, ...more });
const posts = { id: "p1", name: "posts", type: "base", system: false, fields: [field("f0", "id", { system: true }), field("f1", "title"), field("f2", "body")], indexes: ["CREATE INDEX a ON posts (title)"], listRule: "", viewRule: null, created: "1", updated: "2" };
const users = { id: "u1", name: "users", type: "auth", system: false, fields: [field("g0", "id", { system: true }), field("g1", "name")], indexes: [], oauth2: { enabled: true, providers: [{ name: "google" }], mappedFields: { name: "name" } } };
const system = { id: "s1", name: "_superusers", type: "auth", system: true, fields: [], indexes: [] };
const current = [posts, users, system];
const items = (typed) => readImport(typeof typed === "string" ? typed : JSON.stringify(typed)).items;

test("import: what is exported changes nothing", () => {
  for (const isReplacing of [false, true]) {
    const changes = changesOfImport(items(exportText(current)), current, isReplacing);
    assert.deepEqual(changes, { added: [], changed: [], unchanged: 3, missing: [] });
  }
  assert.equal(exportText(current).includes("google"), false);
  assert.equal(exportText(current).includes("created"), false);
});

test("import: texts that are no list of definitions say why", () => {
  const wrong = (typed) => readImport(typed).wrong;
  assert.equal(wrong("[{").kind, "json");
  assert.deepEqual([wrong('[\n {"name": }]').fault.line, wrong('[\n {"name": }]').fault.column], [2, 11]);
  for (const typed of ["{}", "1", "[]", "null", '{"collections":{}}', '"a"']) assert.equal(wrong(typed).kind, "shape", typed);
  assert.deepEqual(wrong('[{"name":"a"},{}]'), { kind: "item", n: 2 });
  assert.deepEqual(wrong('[{"name":"a"},{"name":"A"}]'), { kind: "twice", name: "A" });
  assert.deepEqual(wrong('[{"id":"a"},{"id":"a","name":"b"}]'), { kind: "twice", name: "b" });
  for (const item of ['{"name":"a","fields":3}', '{"name":"a","fields":{}}', '{"name":"a","fields":[null]}', '{"name":"a","fields":["b"]}', '{"name":"a","indexes":"x"}', '{"name":"a","indexes":[1]}', '{"name":1}', '{"name":"a","type":{}}', '{"name":"a","fields":[{"name":[]}]}', "null", "[]"])
    assert.deepEqual(wrong(`{"collections":[${item}]}`), { kind: "item", n: 1 }, item);
  const deep = (n) => `{"name":"users","x":${"[".repeat(n)}${"]".repeat(n)}}`;
  assert.deepEqual(wrong(`[{"name":"a"},${deep(100_000)}]`), { kind: "item", n: 2 });
  assert.equal(changesOfImport(items(`[${deep(50)}]`), current, false).changed.length, 1);
  assert.deepEqual(items('[{"name":"a","fields":null,"indexes":null}]')[0], { id: "", name: "a", type: "", fields: [], indexes: [] });
});

test("import: what is not named stays, or goes where all is replaced", () => {
  const [item] = items([{ id: "p1", name: "posts", type: "base", fields: [{ id: "f1", name: "headline", type: "text" }] }]);
  assert.deepEqual(resultOf(posts, item, false).fields.map(({ name }) => name), ["headline", "id", "body"]);
  assert.deepEqual(resultOf(posts, item, true).fields.map(({ name }) => name), ["headline", "id"]);
  assert.deepEqual(resultOf(posts, item, true).indexes, posts.indexes);
  const { missing, changed } = changesOfImport([item], current, true);
  assert.deepEqual(missing.map(({ name }) => name), ["users"]);
  assert.equal(changed.length, 1);
});

test("import: options inside of options are merged", () => {
  const [item] = items([{ name: "Users", oauth2: { enabled: false } }]);
  const after = resultOf(users, item, false);
  assert.deepEqual(after.oauth2, { enabled: false, providers: [{ name: "google" }], mappedFields: { name: "name" } });
  assert.equal(after.id, "u1");
});

test("import: of another server, with its ids or with ours", () => {
  const other = items([
    { id: "x1", name: "posts", type: "base", fields: [{ id: "y1", name: "title", type: "text" }, { id: "y2", name: "author", type: "relation", collectionId: "x2" }] },
    { id: "x2", name: "users", type: "auth", fields: [{ id: "y3", name: "name", type: "text" }] },
    { id: "x3", name: "more", type: "base", fields: [{ id: "y4", name: "post", type: "relation", collectionId: "x1" }] },
  ]);
  assert.deepEqual(strangers(other, current).map(({ name }) => name), ["posts", "users"]);
  const own = withIds(other, current, true);
  assert.deepEqual(own.map(({ id }) => id), ["p1", "u1", "x3"]);
  assert.deepEqual(own[0].fields.map(({ id, collectionId }) => [id, collectionId]), [["f1", undefined], ["y2", "u1"]]);
  assert.equal(own[2].fields[0].collectionId, "p1");
  assert.deepEqual(changesOfImport(own, current, false).added.map(({ name }) => name), ["more"]);
  assert.equal(changesOfImport(other, current, false).added.length, 3);
});

test("import: what is not named is not sent", () => {
  assert.deepEqual(asSent(items('[{"name":"users","listRule":""},{"id":"p1","fields":[{"name":"title","type":"text"}]}]')), [{ name: "users", listRule: "" }, { id: "p1", fields: [{ id: "", name: "title", type: "text" }] }]);
  const [auth, byId] = items('[{"name":"users","listRule":""},{"id":"p1"}]');
  assert.equal(resultOf(users, auth, false).type, "auth");
  assert.equal(resultOf(posts, byId, false).name, "posts");
});

test("import: fields are those of their name and type, or of their ids", () => {
  const kept = { ...posts, fields: [field("text3208210256", "id", { system: true }), field("text724990059", "title"), field("own", "body"), field("text1", "old")] };
  const after = (fields, isReplacing) => resultOf(kept, withIds(items([{ name: "posts", fields }]), [kept], true)[0], isReplacing).fields.map(({ id, name, max = "" }) => `${id} ${name}${max}`);
  const id = "text3208210256 id";
  assert.deepEqual(after([{ name: "Title", type: "text", max: 5 }, { id: "other", name: "body", type: "text", max: 6 }], true), ["text724990059 Title5", "own body6", id]);
  // Of another type another field, which gets its usual id; the one that is there goes.
  assert.deepEqual(after([{ name: "title", type: "number" }], true), ["number724990059 title", id]);
  assert.equal(after([{ name: "title", type: "number" }], false).length, 5);
  // One that is renamed, and a new one of its name.
  assert.deepEqual(after([{ id: "text724990059", name: "headline", type: "text" }, { name: "title", type: "text" }], true), ["text724990059 headline", "text7249900592 title", id]);
  // Twice the same id: one of them.
  assert.deepEqual(after([{ id: "a", name: "a", type: "text" }, { id: "a", name: "b", type: "text" }], true), ["a b", id]);
  // Options that are not named, and were nothing; and kept fields, wherever they stand.
  const plain = [{ name: "posts", fields: [{ name: "body", type: "text" }] }];
  assert.deepEqual(changesOfImport(withIds(items(plain), [kept], true), [kept], false).changed, []);
});

test("import: of another server, a field whose id is here another's is a new one", () => {
  const [own] = withIds(items([{ id: "x1", name: "posts", fields: [{ id: "f1", name: "headline", type: "text" }, { id: "z", name: "title", type: "text" }] }]), current, true);
  assert.deepEqual([own.id, ...own.fields.map(({ id, name }) => [id, name])], ["p1", ["", "headline"], ["f1", "title"]]);
});
