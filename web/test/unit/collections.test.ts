// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { topicOf } from "../../src/api/realtime.ts";
import { sectionsOf } from "../../src/features/grid/groups.ts";
import { referencesTo, viewsNaming, withoutSecrets } from "../../src/features/grid/header-facts.ts";
import { warningsOf } from "../../src/features/grid/sidebar-facts.ts";
import { addGroup, groupOf, groupsFrom, isTaken, moveItem, nextGroup, removeGroup, renameGroup } from "../../src/lib/groups.ts";

const of = (name, more = {}) => ({ id: `id_${name}`, name, type: "base", system: false, fields: [], createRule: null, updateRule: null, deleteRule: null, ...more });

test("groups that were kept by anybody are read", () => {
  for (const strange of [undefined, null, 1, "a", {}, [null, 1, {}, { id: 1, name: "a" }, [[]]]]) assert.deepEqual(groupsFrom(strange), []);
  assert.deepEqual(groupsFrom([{ id: "a", name: "A", items: ["x", 1, "x", "y"] }, { id: "b", name: "B", items: ["y", "z"] }, { id: "a", name: "again" }, { id: "c", name: "C" }]), [
    { id: "a", name: "A", items: ["x", "y"] },
    { id: "b", name: "B", items: ["z"] },
    { id: "c", name: "C", items: [] },
  ]);
});

test("a collection is in one group at most", () => {
  let groups = addGroup([], " Shop ", "x");
  groups = addGroup(groups, "Blog");
  assert.deepEqual(groups.map(({ id, name }) => [id, name]), [["g1", "Shop"], ["g2", "Blog"]]);
  groups = moveItem(groups, "x", "g2");
  assert.equal(groupOf(groups, "x").name, "Blog");
  assert.equal(groups.filter(({ items }) => items.includes("x")).length, 1);
  assert.equal(groupOf(moveItem(groups, "x", null), "x"), undefined);
  assert.ok(isTaken(groups, "shop ") && !isTaken(groups, "shop", "g1"));
  groups = renameGroup(removeGroup(groups, "g1"), "g2", "News");
  assert.equal(addGroup(groups, "Other")[1].id, "g3");
  assert.equal(groups[0].name, "News");
});

test("keys go from group to group, and stop at both ends", () => {
  const groups = [{ id: "a", name: "A", items: ["x"] }, { id: "b", name: "B", items: [] }];
  assert.deepEqual([nextGroup(groups, "x", -1), nextGroup(groups, "x", 1), nextGroup(groups, "y", -1), nextGroup(groups, "y", 1), nextGroup([], "x", -1)], ["a", "b", "b", null, null]);
});

test("each collection is in one section; empty groups are there unless something is looked for", () => {
  const all = [of("a"), of("b"), of("c", { type: "view" }), of("_d", { system: true }), of("e")];
  const groups = [{ id: "g1", name: "One", items: ["id_b", "id_a", "id_gone"] }, { id: "g2", name: "Two", items: [] }];
  const sections = sectionsOf(all, ["id_a"], groups, false);
  assert.deepEqual(sections.map(({ key, items }) => [key, ...items.map(({ name }) => name)]), [["pinned", "a"], ["group:g1", "b"], ["group:g2"], ["none", "e"], ["views", "c"], ["system", "_d"]]);
  assert.ok(!sectionsOf(all, [], groups, true).some(({ key }) => key === "group:g2"));
});

test("rules that let everyone write, and OAuth2 without a provider, are said", () => {
  assert.deepEqual(warningsOf(of("a")), []);
  assert.deepEqual(warningsOf(of("a", { createRule: "", deleteRule: "", updateRule: "id != ''" })), ["Public create", "Public delete"]);
  assert.deepEqual(warningsOf(of("a", { type: "view", createRule: "" })), []);
  assert.deepEqual(warningsOf(of("a", { type: "auth", oauth2: { enabled: true, providers: [] } })), ["OAuth2 is on without a provider"]);
  assert.deepEqual(warningsOf(of("a", { type: "auth", oauth2: { enabled: true, providers: [{ name: "x" }] } })), []);
  for (const oauth2 of [null, 1, [], { enabled: true }]) warningsOf(of("a", { type: "auth", oauth2 }));
});

test("what refers to a collection is named", () => {
  const to = of("posts");
  const relation = (name, more = {}) => ({ name, type: "relation", collectionId: to.id, ...more });
  const all = [to, of("comments", { fields: [relation("post", { cascadeDelete: true }), { name: "text", type: "text" }] }), of("other", { fields: [relation("x")] }), of("v", { type: "view", viewQuery: "SELECT id FROM Posts" }), of("w", { type: "view", viewQuery: "SELECT id FROM posts2" })];
  assert.deepEqual(referencesTo({ ...to, fields: [relation("self")] }, all), [{ collection: "comments", field: "post", cascades: true }, { collection: "other", field: "x", cascades: false }]);
  assert.deepEqual(viewsNaming(to, all), ["v"]);
});

test("a copy of a collection has no secrets", () => {
  const copy = withoutSecrets({ authToken: { secret: "s", duration: 1 }, oauth2: { providers: [{ clientId: "a", clientSecret: "b" }] }, passwordAuth: { enabled: true }, fields: [{ name: "secret", type: "password" }] });
  assert.deepEqual(copy, { authToken: { duration: 1 }, oauth2: { providers: [{ clientId: "a" }] }, passwordAuth: { enabled: true }, fields: [{ name: "secret", type: "password" }] });
});

test("a topic has only the options that say something", () => {
  assert.equal(topicOf("a/*", { filter: "", expand: "" }), "a/*");
  assert.equal(topicOf("a/*", { fields: "id", expand: "" }), `a/*?options=${encodeURIComponent('{"query":{"fields":"id"}}')}`);
  assert.equal(topicOf("a/*", { fields: "x".repeat(5000), expand: "b" }), `a/*?options=${encodeURIComponent('{"query":{"expand":"b"}}')}`);
  assert.equal(topicOf("a/*", { fields: "x", filter: "\ud83d\ude00".repeat(5000) }), "a/*");
});
