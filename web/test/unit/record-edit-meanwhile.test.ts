// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { misread } from "../../src/fields/checks.ts";
import { takesOwnId } from "../../src/features/record/new-id.ts";
import { BadDate, JsonText } from "../../src/lib/values.ts";
import { field, posts, refused, set, world, wrongField } from "./record-edit-world.ts";

const turns = async () => {
  for (let n = 0; n < 10; n++) await Promise.resolve();
};

// Holds a save until what comes meanwhile has been done.
const during = async (state, edit, act) => {
  state.hold = true;
  const saving = edit.save();
  await turns();
  await act();
  state.hold = false;
  state.release();
  return saving;
};

test("what is typed while a save is under way stays, and is a draft", async () => {
  const { open, state, drafts } = world();
  const edit = await open();
  set(edit, "title", "B");
  set(edit, "n", 2);
  const row = await during(state, edit, () => {
    set(edit, "title", "BC");
    set(edit, "tags", ["y"]);
  });
  assert.equal(row.title, "B");
  assert.deepEqual(edit.changes.value, { title: "BC", tags: ["y"] });
  assert.deepEqual([edit.original("title"), edit.value("n"), edit.clashes.value.size], ["B", 2, 0]);
  assert.equal(drafts.size, 1);
  assert.ok(await edit.save());
  assert.deepEqual([state.row.title, state.row.tags, edit.isDirty.value, drafts.size], ["BC", ["y"], false, 0]);
});

test("what may have been missed is read once it is free: a record that is deleted is not asked for", async () => {
  const { open, change, calls } = world();
  const edit = await open();
  edit.isBusy.value = true;
  change({ n: 7 });
  const before = calls.length;
  await edit.look();
  assert.equal(calls.length, before);
  edit.release();
  await turns();
  assert.deepEqual([edit.value("n"), calls.length], [7, before + 1]);
  edit.release();
  assert.equal(calls.length, before + 1, "once");
});

test("what may have been missed while it was saved is read, though the save has failed", async () => {
  const { open, state, change } = world();
  const edit = await open();
  set(edit, "title", "B");
  await during(state, edit, async () => {
    edit.hear({ action: "update", record: { ...state.row } }); // which says nothing new
    change({ n: 7 });
    await edit.look();
    state.fail = [refused(400)];
  });
  await turns();
  assert.equal(edit.value("n"), 7);
});

test("what is typed back while it is saved is a change of what is saved", async () => {
  const { open, state } = world();
  const edit = await open();
  set(edit, "title", "B");
  await during(state, edit, () => set(edit, "title", "A"));
  assert.deepEqual([edit.changes.value, edit.original("title")], [{ title: "A" }, "B"]);
  set(edit, "title", "C");
  state.fail = [refused(503)];
  await during(state, edit, () => set(edit, "title", "B"));
  assert.equal(edit.isDirty.value, false);
});

test("what the server would read as something else is not sent", async () => {
  const dated = { ...posts, fields: [...posts.fields, field("due", "date")] };
  const { open, calls, state } = world();
  state.row.due = "";
  const edit = await open("r1", undefined, dated);
  const sent = calls.length;
  set(edit, "n", "1,5");
  set(edit, "meta", new JsonText('{"a": 1,}'));
  set(edit, "due", new BadDate());
  set(edit, "title", "B");
  assert.equal(await edit.save(), null);
  assert.deepEqual([[...edit.errors.value.keys()], calls.length, edit.isBusy.value], [["n", "meta", "due"], sent, false]);
  assert.deepEqual(edit.unkept(), ["due"]);
  await edit.keep();
  assert.deepEqual(Object.keys((await open("r1", undefined, dated)).draft.value.values), ["title", "n", "meta"]);
  set(edit, "n", 1.5);
  set(edit, "meta", new JsonText('{"a": 1}'));
  set(edit, "due", "2026-01-02 00:00:00.000Z");
  assert.ok(await edit.save());
});

test("half a date is no value, and prints as none", () => {
  assert.notEqual(misread(new BadDate(), field("due", "date")), "");
  assert.equal(misread("", field("due", "date")), "");
  assert.equal(JSON.stringify({ due: new BadDate() }), "{}");
});

const renamedTo = (name) => ({ ...posts, fields: posts.fields.map((one) => (one.name === "title" ? { ...one, name } : one)) });
const renameIn = (state, name) => {
  const { title, ...row } = state.row;
  state.row = { ...row, [name]: title };
  state.turn++;
  state.collection = renamedTo(name);
};

for (const hasEtags of [true, false])
  test(`what is typed in a field goes with it when it is renamed (${hasEtags ? "by its tag" : "read again"})`, async () => {
    const { open, state } = world({ hasEtags });
    const edit = await open();
    set(edit, "title", "typed");
    set(edit, "n", 5);
    renameIn(state, "headline");
    assert.equal(await edit.save(), null);
    assert.deepEqual(edit.changes.value, { headline: "typed", n: 5 });
    assert.deepEqual([[...edit.errors.value.keys()], edit.clashes.value.size], [["headline"], 0]);
    assert.ok(await edit.save());
    assert.deepEqual([state.row.headline, state.row.n, state.row.title, edit.isDirty.value], ["typed", 5, undefined, false]);
  });

test("an answer without what was sent is not a save of it", async () => {
  const { open, state } = world();
  const edit = await open();
  set(edit, "title", "typed");
  set(edit, "n", 5);
  renameIn(state, "headline");
  state.turn--; // nothing else says that the record is another one
  assert.equal(await edit.save(), null);
  assert.deepEqual([edit.changes.value, state.row.n, [...edit.errors.value.keys()]], [{ headline: "typed" }, 5, ["headline"]]);
  assert.ok(await edit.save());
  assert.equal(state.row.headline, "typed");
});

test("where the collection cannot be read what was not taken stays typed", async () => {
  const { open, state } = world();
  const edit = await open();
  set(edit, "title", "typed");
  renameIn(state, "headline");
  state.turn--;
  state.collection = null;
  assert.equal(await edit.save(), null);
  assert.deepEqual([edit.changes.value, [...edit.errors.value.keys()]], [{ title: "typed" }, ["title"]]);
});

test("a field that an answer leaves out by itself is saved", async () => {
  const { open, state, calls } = world();
  const edit = await open();
  set(edit, "title", "typed");
  delete state.row.title;
  state.collection = { ...posts };
  assert.ok(await edit.save());
  assert.equal(calls.at(-1)[0], "collection");
});

test("a new definition is taken as it comes, whatever changes places", async () => {
  const { open, drafts } = world();
  const edit = await open();
  set(edit, "title", "typed");
  set(edit, "tags", ["y"]);
  const swapped = { ...posts, fields: posts.fields.filter(({ name }) => name !== "tags").map((one) => ({ ...one, name: { title: "n", n: "title" }[one.name] ?? one.name })) };
  assert.deepEqual(edit.adopt(swapped), ["title", "tags"]);
  assert.deepEqual([edit.changes.value, edit.original("n"), edit.original("title")], [{ n: "typed" }, "A", 1]);
  assert.deepEqual(edit.gone.value.map(({ name, value }) => [name, value]), [["tags", ["y"]]]);
  await edit.keep();
  const again = await open(null, undefined, swapped);
  assert.equal(again.gone.value.length, 0);
  await edit.forget("gone");
  assert.ok(![...drafts.values()][0].values.includes("tags"));
});

test("a draft finds its field by the field's id", async () => {
  const { open, state, drafts } = world();
  const edit = await open();
  set(edit, "title", "typed");
  await edit.keep();
  renameIn(state, "headline");
  const again = await open("r1", undefined, state.collection);
  assert.deepEqual([again.draft.value.values, again.gone.value], [{ headline: "typed" }, []]);
  const without = { ...posts, fields: posts.fields.filter(({ name }) => name !== "title") };
  const last = await open("r1", undefined, without);
  assert.deepEqual([last.draft.value, last.gone.value.map(({ value }) => value), drafts.size], [null, ["typed"], 1]);
  set(last, "n", 7);
  await last.keep();
  assert.deepEqual((await open("r1", undefined, without)).gone.value.map(({ value }) => value), ["typed"]);
});

test("a draft over what somebody else has changed since is a clash", async () => {
  const { open, change, calls } = world();
  const edit = await open();
  set(edit, "title", "old draft");
  set(edit, "n", 5);
  await edit.keep();
  change({ title: "written since" });
  const again = await open();
  assert.equal(again.clashes.value.size, 0);
  again.restore();
  assert.deepEqual([[...again.clashes.value], again.news.value], [["title"], ["title"]]);
  const sent = calls.length;
  assert.equal(await again.save(), null);
  assert.equal(calls.length, sent);
  await again.keep();
  const third = await open(); // not decided yet
  third.restore();
  assert.deepEqual([...third.clashes.value], ["title"]);
  third.takeTheirs();
  assert.deepEqual([third.changes.value, third.news.value], [{ n: 5 }, []]);
});

test("so is what is brought back after its drawer was closed", async () => {
  const { open, change } = world();
  const edit = await open();
  set(edit, "title", "typed");
  const { values, was } = edit.typed;
  change({ title: "written since" });
  const again = await open("r1", values, posts, was);
  assert.deepEqual([...again.clashes.value], ["title"]);
  assert.ok(await again.save(true));
});

const own = { ...posts, fields: posts.fields.map((one) => (one.name === "id" ? { ...one, pattern: "^[a-z0-9]+$", autogeneratePattern: "[a-z0-9]{15}", min: 15, max: 15 } : one)) };
const lost = refused(0);

test("a new record whose creation was not answered is not made twice", async () => {
  const { open, state, calls } = world();
  const edit = await open(null, undefined, own);
  set(edit, "title", "one");
  state.fail = [lost];
  assert.equal(await edit.save(), null);
  const first = calls.at(-1)[1];
  assert.match(first.id, /^[a-z0-9]{15}$/);
  state.row = { ...first, id: first.id };
  set(edit, "n", 4); // typed since
  state.fail = [refused(400, wrongField("id"))];
  const row = await edit.save();
  assert.deepEqual(calls.slice(-2).map(([what]) => what), ["create", "read"]);
  assert.equal(calls.at(-2)[1].id, first.id);
  assert.deepEqual([row.id, edit.left, edit.isDirty.value], [first.id, { n: 4 }, false]);
});

test("an id that is refused without that is what it seems", async () => {
  const { open, state } = world();
  const edit = await open(null, undefined, own);
  state.fail = [refused(400, wrongField("id"))];
  assert.equal(await edit.save(), null);
  assert.deepEqual([...edit.errors.value.keys()], ["id"]);
  set(edit, "id", "abc");
  state.fail = [lost];
  await edit.save();
  state.fail = [refused(400, wrongField("id"))];
  assert.equal(await edit.save(), null);
});

test("what is typed while a record is created is handed on", async () => {
  const { open, state, drafts } = world();
  const edit = await open(null, undefined, own);
  set(edit, "title", "one");
  const row = await during(state, edit, () => set(edit, "title", "one more"));
  assert.deepEqual([row.title, edit.left, edit.isDirty.value, drafts.size], ["one", { title: "one more" }, false, 0]);
});

test("ids are made here only where they are those that a collection begins with", () => {
  assert.equal(takesOwnId(own), true);
  assert.equal(takesOwnId(posts), false);
  for (const more of [{ pattern: "^\\d+$" }, { autogeneratePattern: "[a-z]{15}" }, { min: 20 }, { max: 10 }])
    assert.equal(takesOwnId({ ...own, fields: own.fields.map((one) => ({ ...one, ...more })) }), false);
});
