// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesOf, packDraft, unpackDraft } from "../../src/features/record/draft.ts";
import { RawNumber } from "../../src/lib/json.ts";
import { JsonText, NewPassword } from "../../src/lib/values.ts";
import { posts, refused, set, world, wrongField } from "./record-edit-world.ts";

test("only what is changed is sent, under the version that was read", async () => {
  const { open, calls } = world();
  const edit = await open();
  set(edit, "title", "B");
  set(edit, "n", 2);
  set(edit, "n", 1);
  assert.ok(await edit.save());
  assert.deepEqual(calls.at(-1), ["change", { title: "B" }, '"1"']);
  assert.equal(edit.isDirty.value, false);
  assert.equal(edit.value("title"), "B");
});

test("a new record is sent whole, but for an id that is empty, and a password with its confirmation", async () => {
  const { open, calls } = world();
  const edit = await open(null);
  set(edit, "title", "New");
  set(edit, "password", new NewPassword("secret", "secrét"));
  assert.ok(await edit.save());
  assert.deepEqual(calls.at(-1), ["create", { title: "New", n: 0, meta: null, tags: [], password: "secret", passwordConfirm: "secrét" }]);
});

test("what is typed is a draft, and comes back as it was typed", async () => {
  const { open, drafts } = world();
  const edit = await open();
  set(edit, "n", new RawNumber("12345678901234567890"));
  set(edit, "meta", new JsonText('{"a": 1, }'));
  set(edit, "password", new NewPassword("secret", "secret"));
  assert.ok(await edit.keep());
  assert.ok(!JSON.stringify([...drafts.values()]).includes("secret"));
  assert.deepEqual(edit.unkept(), ["password"]);

  const again = await open();
  assert.deepEqual(Object.keys(again.draft.value.values), ["n", "meta"]);
  assert.equal(again.isDirty.value, false);
  again.restore();
  if (JSON.rawJSON) assert.equal(String(again.value("n")), "12345678901234567890");
  assert.ok(again.value("meta") instanceof JsonText);
  assert.equal(again.value("meta").text, '{"a": 1, }');
});

test("a draft that equals the record is none", async () => {
  const { open, drafts, change } = world();
  const edit = await open();
  set(edit, "title", "B");
  set(edit, "meta", new JsonText(JSON.stringify({ b: 2 }, null, 2)));
  await edit.keep();
  change({ title: "B", meta: { b: 2 } });
  const again = await open();
  assert.equal(again.draft.value, null);
  assert.equal(drafts.size, 0);
});

test("what a draft holds of fields that are gone, or of another type, is named and shown", async () => {
  const { open } = world();
  const edit = await open();
  set(edit, "title", "B");
  set(edit, "n", 5);
  set(edit, "tags", ["y"]);
  await edit.keep();
  const changed = { ...posts, fields: posts.fields.filter(({ name }) => name !== "tags").map((one) => (one.name === "n" ? { ...one, type: "text" } : one)) };
  const again = await open("r1", undefined, changed);
  assert.deepEqual(again.gone.value.map(({ name, value }) => [name, value]), [["n", 5], ["tags", ["y"]]]);
  assert.deepEqual(again.draft.value.values, { title: "B" });
});

test("a draft that is offered stays with what is typed beside it", async () => {
  const { open, drafts } = world();
  const edit = await open();
  set(edit, "title", "B");
  await edit.keep();
  const again = await open();
  set(again, "n", 9);
  await again.keep();
  const { values } = unpackDraft([...drafts.values()][0], posts);
  assert.deepEqual(values, { title: "B", n: 9 });
  await again.forget("draft");
  assert.deepEqual(unpackDraft([...drafts.values()][0], posts).values, { n: 9 });
});

test("no draft of any shape throws", () => {
  for (const values of ["", "{", "null", "[1]", "12", {}, { title: {} }, null, 3])
    assert.deepEqual(typeof unpackDraft({ key: "", at: 0, values }, posts).values, "object");
  for (const values of ["[null]", "[[]]", '[{"value":1}]', '[{"name":1}]']) assert.deepEqual(unpackDraft({ key: "", at: 0, values }, posts), { values: {}, was: {}, gone: [] });
  assert.deepEqual(unpackDraft({ key: "", at: 0, values: { title: "old" }, types: { title: "text" } }, posts).values, { title: "old" });
  assert.equal(packDraft("k", 0, entriesOf({ nowhere: 1, password: "x" }, {}, posts)), null);
});

test("a place that keeps no drafts says so", async () => {
  const { open, state } = world();
  const edit = await open();
  state.canKeep = false;
  set(edit, "title", "B");
  assert.equal(await edit.keep(), false);
  assert.equal(edit.isKept.value, false);
  assert.equal(edit.value("title"), "B");
});

test("errors stand at their fields, those of no field apart, and nothing is lost", async () => {
  const { open, state } = world();
  const edit = await open();
  set(edit, "title", "B");
  state.fail = [refused(400, wrongField("title", "passwordConfirm"))];
  assert.equal(await edit.save(), null);
  assert.deepEqual([...edit.errors.value], [["title", "wrong title"], ["password", "wrong passwordConfirm"]]);
  assert.equal(edit.wrong.value, undefined);
  state.fail = [refused(400, wrongField("title", "hook"))];
  await edit.save();
  assert.deepEqual([...edit.others.value], [["hook", "wrong hook"]]);
  assert.equal(edit.wrong.value.status, 400);
  for (const status of [413, 429, 503, 0]) {
    state.fail = [refused(status, {}, 5)];
    assert.equal(await edit.save(), null);
    assert.equal(edit.wrong.value.status, status);
    assert.equal(edit.sentBytes.value > 0, status === 413);
    assert.equal(edit.value("title"), "B");
  }
  set(edit, "title", "C");
  assert.equal(edit.errors.value.size, 0);
  assert.ok(await edit.save());
  assert.equal(edit.wrong.value, undefined);
});

test("a server that is busy is read again, later and later", async () => {
  const { open, state } = world();
  state.fail = [refused(503), refused(502), refused(503)];
  const edit = await open();
  assert.deepEqual(state.waits, [1000, 2000, 4000]);
  assert.equal(edit.failed.value, undefined);
  assert.equal(edit.value("title"), "A");
  state.fail = [refused(500)];
  assert.equal((await open()).failed.value.status, 500);
});

test("what somebody else changes is taken, but for what is edited here", async () => {
  const { open, change, calls } = world();
  const edit = await open();
  set(edit, "title", "Mine");
  change({ title: "Theirs", n: 7 });
  await edit.look();
  assert.deepEqual([edit.value("title"), edit.original("title"), edit.value("n")], ["Mine", "Theirs", 7]);
  assert.deepEqual([[...edit.news.value], [...edit.clashes.value]], [["title", "n"], ["title"]]);
  const sent = calls.length;
  assert.equal(await edit.save(), null);
  assert.equal(calls.length, sent);
  assert.ok(await edit.save(true));
  assert.deepEqual(calls.at(-1), ["change", { title: "Mine" }, '"2"']);
  assert.deepEqual([edit.news.value.length, edit.clashes.value.size], [0, 0]);
});

test("theirs can be taken, and a change to the same is no clash", async () => {
  const { open, change } = world();
  const edit = await open();
  set(edit, "title", "Same");
  set(edit, "n", 3);
  change({ title: "Same", n: 4 });
  await edit.look();
  assert.deepEqual([...edit.clashes.value], ["n"]);
  edit.takeTheirs(["n"]);
  assert.deepEqual([edit.isDirty.value, edit.value("n"), edit.value("title")], [false, 4, "Same"]);
  assert.equal(edit.clashes.value.size, 0);
});

test("mine can be kept field by field, and of lists both", async () => {
  const { open, change, calls } = world();
  const edit = await open();
  set(edit, "title", "Mine");
  set(edit, "tags", ["y", "z"]); // x is taken out
  change({ title: "Theirs", tags: ["w", "x", "y"] });
  await edit.look();
  assert.deepEqual([...edit.clashes.value].sort(), ["tags", "title"]);
  assert.deepEqual([edit.canTakeBoth("tags"), edit.canTakeBoth("title")], [true, false]);
  edit.keepMine(["title"]);
  assert.deepEqual([...edit.clashes.value], ["tags"]);
  edit.takeBoth("tags");
  assert.equal(edit.clashes.value.size + edit.news.value.length, 0);
  assert.deepEqual(edit.value("tags"), ["w", "y", "z"]);
  assert.ok(await edit.save());
  assert.deepEqual(calls.at(-1)[1], { title: "Mine", tags: ["w", "y", "z"] });
});

for (const hasEtags of [true, false])
  test(`a save that meets a newer version shows it first (${hasEtags ? "by its tag" : "read again"})`, async () => {
    const { open, change, calls } = world({ hasEtags });
    const edit = await open();
    set(edit, "title", "Mine");
    change({ title: "Theirs" });
    assert.equal(await edit.save(), null);
    assert.equal(edit.wrong.value, undefined);
    assert.deepEqual([...edit.clashes.value], ["title"]);
    assert.ok(await edit.save(true));
    assert.equal(calls.at(-1)[0], "change");
  });

test("a newer version in which nothing differs that is shown is no question", async () => {
  const { open, change, calls } = world();
  const edit = await open();
  set(edit, "title", "Mine");
  change({});
  assert.ok(await edit.save());
  assert.deepEqual(calls.map(([what]) => what), ["read", "change", "read", "change"]);
});

test("a record that was deleted is kept here, and can be made again", async () => {
  const { open, state, calls } = world();
  const edit = await open();
  set(edit, "title", "Mine");
  state.row = null;
  assert.equal(await edit.save(), null);
  assert.equal(edit.isGone.value, true);
  assert.deepEqual(edit.copy(), { title: "Mine", n: 1, meta: new JsonText('{\n  "a": 1\n}'), tags: ["x"] });
  const again = await open(null, { ...edit.copy(), id: "r1" });
  assert.ok(again.isDirty.value);
  assert.ok(await again.save());
  assert.equal(calls.at(-1)[1].id, "r1");
});

test("a change that is one's own is not read again", async () => {
  const { open, calls, state, change } = world();
  const edit = await open();
  set(edit, "title", "B");
  const saving = edit.save();
  await Promise.resolve();
  edit.hear({ action: "update", record: { ...state.row } });
  assert.ok(await saving);
  edit.hear({ action: "update", record: { ...state.row, expand: {} } });
  assert.deepEqual(calls.map(([what]) => what), ["read", "change"]);
  change({ n: 8 });
  edit.hear({ action: "update", record: { ...state.row } });
  await new Promise((done) => setTimeout(done, 5));
  assert.deepEqual([edit.value("n"), [...edit.news.value]], [8, ["n"]]);
  edit.hear({ action: "delete", record: { ...state.row } });
  assert.equal(edit.isGone.value, true);
});

test("values handed over are unsaved only where they differ", async () => {
  const { open } = world();
  const edit = await open("r1", { title: "A", n: 5 });
  assert.deepEqual(edit.changes.value, { n: 5 });
});
