// @ts-nocheck: the types of node are not installed
// What is read anew beside what is saved or deleted: nothing that was told is lost, nothing older replaces
// what is newer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { posts, refused, set, world } from "./record-edit-world.ts";

const turns = async () => {
  for (let n = 0; n < 20; n++) await Promise.resolve();
};

// Reads are answered when they are let go, in any order, with what was there when they were asked for.
const slow = async () => {
  const one = world();
  const read = one.reach.readRecord;
  const waits = [];
  let isSlow = false;
  one.reach.readRecord = async (...of) => {
    const answer = await read(...of).then((found) => () => found, (error) => () => { throw error; });
    if (isSlow) await new Promise((done) => waits.push(done));
    return answer();
  };
  const edit = await one.open();
  isSlow = true;
  const letGo = async (n) => {
    waits[n]();
    await turns();
  };
  return { ...one, edit, letGo, quick: () => { isSlow = false; } };
};

test("a delete that is told of while one's own gets no answer: it is gone", async () => {
  const { open, state } = world();
  const edit = await open();
  edit.isBusy.value = true;
  state.row = null;
  edit.hear({ action: "delete", record: { id: "r1" } });
  edit.release();
  await turns();
  assert.equal(edit.isGone.value, true);
});

test("a change that is told of while a delete is refused is read", async () => {
  const { open, change, state } = world();
  const edit = await open();
  edit.isBusy.value = true;
  change({ n: 7 });
  edit.hear({ action: "update", record: { ...state.row } });
  edit.release();
  await turns();
  assert.equal(edit.value("n"), 7);
});

test("what was being read as a delete began is read again where that is refused", async () => {
  const { edit, change, letGo, quick } = await slow();
  change({ n: 7 });
  void edit.look();
  await turns();
  edit.isBusy.value = true;
  quick();
  await letGo(0);
  assert.equal(edit.value("n"), 1);
  edit.release();
  await turns();
  assert.equal(edit.value("n"), 7);
});

test("what was being read as a save began is read again where that is refused", async () => {
  const { edit, change, state, letGo, quick } = await slow();
  change({ n: 7 });
  void edit.look();
  await turns();
  set(edit, "title", "B");
  state.fail = [refused(400)];
  const saving = edit.save();
  quick();
  assert.equal(await saving, null);
  await turns();
  assert.equal(edit.value("n"), 7);
  await letGo(0);
  assert.deepEqual([edit.value("n"), edit.value("title")], [7, "B"]);
});

test("who deletes a record is not told that others have", async () => {
  const { edit, state, letGo } = await slow();
  state.row = null;
  void edit.look();
  await turns();
  edit.isBusy.value = true;
  await letGo(0);
  assert.equal(edit.isGone.value, false);
});

test("one's own change that is told does not stand for what was missed", async () => {
  const { open, reach, state, change } = world();
  let answer;
  reach.changeRecord = async (_collection, _id, body) => {
    change(body);
    const found = { data: { ...state.row }, etag: `"${state.turn}"` };
    await new Promise((done) => { answer = done; });
    return found;
  };
  const edit = await open();
  set(edit, "title", "B");
  const saving = edit.save();
  await turns();
  edit.hear({ action: "update", record: { ...state.row } });
  change({ n: 7 });
  await edit.look();
  answer();
  assert.ok(await saving);
  await turns();
  assert.equal(edit.value("n"), 7);
});

test("what changes faster than it is read is seen nevertheless, and read as often as it is answered", async () => {
  const { edit, change, state, letGo, calls } = await slow();
  const seen = [];
  const before = calls.filter(([what]) => what === "read").length;
  for (let n = 100; n < 110; n++) {
    change({ n });
    edit.hear({ action: "update", record: { ...state.row } });
    await turns();
    if (n % 2 === 1) await letGo((n - 101) / 2);
    seen.push(edit.value("n"));
  }
  assert.deepEqual(seen, [1, 100, 100, 101, 101, 103, 103, 105, 105, 107]);
  assert.equal(calls.filter(([what]) => what === "read").length - before, 6);
});

test("what is changed back while it is read is read again", async () => {
  const { edit, state, letGo, quick } = await slow();
  state.row = { ...state.row, n: 7 };
  edit.hear({ action: "update", record: { ...state.row } });
  await turns();
  state.row = { ...state.row, n: 1 };
  edit.hear({ action: "update", record: { ...state.row } });
  await turns();
  quick();
  await letGo(0);
  assert.equal(edit.value("n"), 1);
});

test("what was told while a look found no answer is read after it", async () => {
  const { edit, state, change, letGo, quick } = await slow();
  state.fail = [refused(429)];
  void edit.look();
  await turns();
  change({ n: 7 });
  edit.hear({ action: "update", record: { ...state.row } });
  await turns();
  quick();
  await letGo(0);
  assert.equal(edit.value("n"), 7);
});

// The collection of posts, with its title called otherwise.
const renamed = { ...posts, fields: posts.fields.map((one) => (one.name === "title" ? { ...one, name: "heading" } : one)) };

test("what was read under former names is not taken, whether it can be read again or not", async () => {
  const { edit, state, letGo, quick } = await slow();
  set(edit, "title", "B");
  void edit.look();
  await turns();
  const { title, ...others } = state.row;
  state.row = { ...others, heading: title };
  edit.adopt(renamed);
  void edit.look();
  state.fail = [refused(429)];
  quick();
  await letGo(0);
  assert.deepEqual([edit.original("heading"), edit.value("heading"), edit.clashes.value.size], ["A", "B", 0]);
});

test("a record that is not there under a former name is not gone", async () => {
  const { edit, state, letGo, quick } = await slow();
  const { row } = state;
  state.row = null;
  void edit.look();
  await turns();
  state.row = row;
  edit.adopt({ ...posts, name: "articles" });
  void edit.look();
  quick();
  await letGo(0);
  assert.equal(edit.isGone.value, false);
});

test("a look without an answer does not hold up others for good", async (context) => {
  const ends = [];
  context.mock.method(AbortSignal, "timeout", () => {
    const left = new AbortController();
    ends.push(() => left.abort());
    return left.signal;
  });
  const { open, reach, change, state } = world();
  const edit = await open();
  const read = reach.readRecord;
  reach.readRecord = (_name, _id, _query, signal) => new Promise((_, failed) => signal.addEventListener("abort", () => failed(refused(0))));
  void edit.look();
  change({ n: 7 });
  edit.hear({ action: "update", record: { ...state.row } });
  await turns();
  reach.readRecord = read;
  ends[0]();
  await turns();
  assert.equal(edit.value("n"), 7);
});

test("what was read before a save does not replace what is saved", async () => {
  const { edit, state, letGo } = await slow();
  void edit.look();
  await turns();
  set(edit, "title", "B");
  assert.ok(await edit.save());
  await letGo(0);
  assert.deepEqual([edit.original("title"), state.row.title], ["B", "B"]);
});
