// @ts-nocheck: node's own types are not installed here
import assert from "node:assert/strict";
import test from "node:test";
import { parseIndex, printIndex, renameInSql, splitList } from "../../src/lib/index-sql.ts";
import { renameInRule } from "../../src/lib/rename-rule.ts";
import { addField, addIndex, bodyOf, draftOf, freeName, moveField, newDraft, removeField, restoreField, setField, setIndex, setOptions } from "../../src/features/collection/draft.ts";
import { migrationOf } from "../../src/features/collection/migration.ts";
import { changesOf } from "../../src/features/collection/changes.ts";
import { rebase } from "../../src/features/collection/rebase.ts";
import { packEdit, unpackEdit } from "../../src/features/collection/kept.ts";

const field = (name, type = "text", more = {}) => ({ id: `id_${name}`, name, type, system: false, hidden: false, presentable: false, required: false, ...more });
const posts = (more = {}) => ({
  id: "pbc_1", name: "posts", type: "base", system: false, created: "", updated: "",
  listRule: "title != '' && author.name = 'title'", viewRule: null, createRule: null, updateRule: null, deleteRule: null,
  fields: [field("id", "text", { system: true }), field("title"), field("tags", "select", { maxSelect: 3, values: ["a"] }), field("author", "relation")],
  indexes: ["CREATE UNIQUE INDEX idx_title ON posts (title) WHERE title != ''", "create index i2 on posts (lower(title), tags desc)"],
  ...more,
});
const keyOf = (draft, name) => draft.fields.find((one) => one.field.name === name).key;
const body = (draft, before) => bodyOf(draft, before);

test("an index is read as the server reads it", () => {
  assert.deepEqual(parseIndex("create unique index if not exists `main`.\"a b\" on [t] (`x` collate nocase desc, lower(y, ',') ASC)\nwhere (x > 1);"), null); // a blank in a name
  const index = parseIndex("create unique index if not exists `main`.\"ab\" on [t] (`x` collate nocase desc, lower(y, ',') ASC)\nwhere (x > 1)");
  assert.deepEqual(index, {
    isUnique: true, ifMissing: true, schema: "main", name: "ab", table: "t", where: "(x > 1)",
    columns: [{ name: "x", collate: "nocase", sort: "DESC" }, { name: "lower(y, ',')", collate: "", sort: "ASC" }],
  });
  assert.equal(printIndex(index), "CREATE UNIQUE INDEX IF NOT EXISTS `main`.`ab` ON `t` (\n  `x` COLLATE nocase DESC,\n  lower(y, ',') ASC\n) WHERE (x > 1)");
  assert.deepEqual(parseIndex(printIndex(index)), index);
  for (const bad of ["", "create index x on t", "create index on t (x)", "create index i on t ()", "select 1", "create index i on t (x)where x"]) assert.equal(parseIndex(bad), null, bad);
  assert.deepEqual(splitList("a, f(b, ')', c), `d,e`"), ["a", " f(b, ')', c)", " `d,e`"]);
});

test("names are changed where they name a column, not in texts", () => {
  const names = new Map([["title", "name"]]);
  assert.equal(renameInSql("title != 'title' AND `title` > \"TITLE\" || [title] || subtitle", names), "name != 'title' AND `name` > \"name\" || [name] || subtitle");
  assert.equal(
    renameInRule("title = 'title' && author.title != @request.body.title && @request.body.title:isset = true && title:lower ?~ @collection.posts.title // title", names),
    "name = 'title' && author.title != @request.body.name && @request.body.name:isset = true && name:lower ?~ @collection.posts.title // title",
  );
  assert.equal(renameInRule("a 'not closed title", names), "a 'not closed title");
});

test("an edit that changes nothing sends what there was", () => {
  const draft = draftOf(posts());
  const sent = body(draft, draft);
  const { id, system, created, updated, ...rest } = posts();
  assert.deepEqual(sent, rest);
  assert.deepEqual(changesOf(draft, draft, false), []);
});

test("a renamed field takes its indexes and rules along", () => {
  const before = draftOf(posts());
  const draft = setField(before, keyOf(before, "title"), { name: "name" });
  const sent = body(draft, before);
  assert.deepEqual(sent.indexes, ["CREATE UNIQUE INDEX `idx_title` ON `posts` (`name`) WHERE name != ''", "CREATE INDEX `i2` ON `posts` (\n  lower(name),\n  `tags` DESC\n)"]);
  assert.equal(sent.listRule, "name != '' && author.name = 'title'");
  assert.deepEqual(changesOf(draft, before, false).map(({ kind, name }) => [kind, name]), [["renamed", "title"], ["indexChanged", "idx_title"], ["indexChanged", "i2"], ["rule", "listRule"]]);
});

test("two names that are swapped", () => {
  const before = draftOf(posts({ listRule: "title = tags" }));
  const draft = setField(setField(before, keyOf(before, "title"), { name: "tags" }), keyOf(before, "tags"), { name: "title" });
  const sent = body(draft, before);
  assert.equal(sent.listRule, "tags = title");
  assert.match(sent.indexes[1], /lower\(tags\),\s+`title` DESC/);
});

test("a field that goes takes its indexes along, and brings them back", () => {
  const before = draftOf(posts());
  const gone = removeField(before, keyOf(before, "tags"));
  assert.deepEqual(body(gone, before).indexes, [posts().indexes[0]]);
  assert.deepEqual(body(gone, before).fields.map(({ name }) => name), ["id", "title", "author"]);
  assert.equal(changesOf(gone, before, false)[0].isLoss, true);
  assert.deepEqual(body(restoreField(gone, keyOf(before, "tags")), before), body(before, before));
});

test("new fields, their order, names that are free", () => {
  const before = draftOf(posts({ fields: [...posts().fields, field("created", "autodate")] }));
  const { draft, key } = addField(before, "number", freeName(before, "title"), {});
  assert.equal(draft.fields.at(-1).field.name, "created");
  assert.equal(body(draft, before).fields.at(-2).name, "title2");
  assert.equal(body(draft, before).fields.at(-2).id, "");
  const moved = moveField(draft, key, 0);
  assert.equal(moved.fields[0].key, key);
  assert.deepEqual(changesOf(moveField(before, keyOf(before, "author"), 1), before, false), [{ kind: "order", name: "" }]);
  assert.equal(removeField(draft, key).fields.length, before.fields.length);
});

test("identity fields and mapped fields follow", () => {
  const users = posts({ type: "auth", passwordAuth: { enabled: true, identityFields: ["email", "title"] }, oauth2: { enabled: false, providers: [], mappedFields: { name: "title", id: "" } }, mfa: { enabled: false, duration: 1, rule: "title = 1" } });
  const before = draftOf(users);
  assert.deepEqual(body(before, before).passwordAuth, users.passwordAuth);
  const sent = body(setField(before, keyOf(before, "title"), { name: "nick" }), before);
  assert.deepEqual(sent.passwordAuth.identityFields, ["email", "nick"]);
  assert.deepEqual(sent.oauth2.mappedFields, { name: "nick", id: "" });
  assert.equal(sent.mfa.rule, "nick = 1");
});

test("indexes that are typed", () => {
  const before = draftOf(posts());
  const { draft, key } = addIndex(before, "create index i3 on posts (author)");
  assert.deepEqual(body(draft, before).indexes.at(-1), "create index i3 on posts (author)");
  assert.equal(body(setIndex(draft, key, "no index"), before).indexes.at(-1), "no index");
  assert.match(body(setField(draft, keyOf(draft, "author"), { name: "writer" }), before).indexes.at(-1), /`writer`/);
});

test("what others did stays, and what was changed here, too", () => {
  const before = draftOf(posts());
  let mine = setField(before, keyOf(before, "title"), { name: "name" });
  mine = addField(mine, "json", "meta").draft;
  mine = setOptions(removeField(mine, keyOf(before, "tags")), { viewRule: "" });
  const theirs = draftOf(posts({ fields: [...posts().fields.map((one) => (one.name === "title" ? { ...one, max: 9, name: "head" } : one)), field("extra")], deleteRule: "", indexes: [posts().indexes[0]] }));
  const both = rebase(mine, before, theirs);
  const sent = body(both, theirs);
  assert.deepEqual(sent.fields.map(({ name }) => name), ["id", "name", "author", "meta", "extra"]);
  assert.equal(sent.fields[1].max, 9);
  assert.equal(sent.deleteRule, "");
  assert.equal(sent.viewRule, "");
  assert.equal(sent.indexes.length, 1);
  const less = draftOf(posts({ fields: posts().fields.filter(({ name }) => name !== "title"), indexes: [] }));
  assert.deepEqual(body(rebase(mine, before, less), less).fields.map(({ name }) => name), ["id", "author", "meta"]);
  assert.deepEqual(rebase(before, before, theirs), { ...theirs, indexes: both.indexes.length ? rebase(before, before, theirs).indexes : [] });
});

test("a draft of this browser is read on what there is now, without secrets", () => {
  const users = posts({ authToken: { duration: 1 } });
  const before = draftOf(users);
  const mine = setOptions(setField(before, keyOf(before, "title"), { name: "name" }), { authToken: { duration: 2, secret: "s3cret" }, oauth2: { providers: [{ name: "x", clientSecret: "s3cret" }] } });
  const { kept, isWhole } = packEdit("k", 1, mine, users);
  assert.equal(isWhole, false);
  assert.equal(packEdit("k", 1, before, users).isWhole, true);
  assert.ok(!JSON.stringify(kept).includes("s3cret"));
  const found = unpackEdit(kept, before, false);
  assert.equal(body(found, before).fields[1].name, "name");
  assert.deepEqual(found.options.authToken, { duration: 2 });
  for (const values of ["", "{", "[]", "{\"was\":1,\"draft\":{}}"]) assert.equal(unpackEdit({ key: "k", at: 1, values }, before, false), null);
});

test("of a new one everything is new", () => {
  const draft = newDraft(posts({ id: "", name: "" }));
  assert.ok(draft.fields.every(({ was }) => was === null));
  assert.deepEqual(changesOf(draft, draft, true).map(({ kind }) => kind), ["added", "added", "added", "added", "indexAdded", "indexAdded"]);
});

test("a migration leads there and back", () => {
  const before = draftOf(posts());
  let after = setField(before, keyOf(before, "title"), { name: "name" });
  after = addField(removeField(after, keyOf(before, "tags")), "json", "meta").draft;
  const run = (text, way, collection) => {
    const calls = [];
    const app = { findCollectionByNameOrId: (name) => (calls.push(["find", name]), collection), save: (one) => (calls.push(["save", one]), one), delete: (one) => calls.push(["delete", one]) };
    class Field { constructor(of) { Object.assign(this, of); } }
    class Collection extends Field {}
    const fields = {
      removeById: (id) => { collection.fields = Object.assign(collection.fields.filter((one) => one.id !== id), fields); },
      removeByName: (name) => { collection.fields = Object.assign(collection.fields.filter((one) => one.name !== name), fields); },
      addAt: (at, field) => { const rest = collection.fields.filter((one) => (field.id ? one.id !== field.id : one.name !== field.name)); rest.splice(at, 0, { ...field }); collection.fields = Object.assign(rest, fields); },
    };
    if (collection) Object.assign(collection.fields, fields);
    new Function("migrate", "unmarshal", "Field", "Collection", text)((up, down) => (way === "up" ? up : down)(app), (of, to) => Object.assign(to, of), Field, Collection);
    return calls;
  };
  const text = migrationOf(body(before, before), body(after, before));
  const up = { ...posts(), fields: posts().fields.map((one) => ({ ...one })) };
  run(text, "up", up);
  assert.deepEqual(up.fields.map(({ name }) => name), ["id", "name", "author", "meta"]);
  assert.equal(up.listRule, "name != '' && author.name = 'title'");
  run(text, "down", up);
  assert.deepEqual(up.fields.map(({ name }) => name), ["id", "title", "tags", "author"]);
  assert.deepEqual(up.indexes, posts().indexes);
  assert.equal(run(migrationOf(null, body(before, before)), "up", null)[0][1].name, "posts");
});
