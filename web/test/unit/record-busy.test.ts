// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { editOf, keepBusy } from "../../src/features/record/busy.ts";
import { print, same } from "../../src/features/record/same.ts";
import { JsonText } from "../../src/lib/values.ts";
import { posts, refused, set, world } from "./record-edit-world.ts";

const turns = async () => {
  for (let n = 0; n < 20; n++) await Promise.resolve();
};
const opened = async (reach, id, more = {}) => {
  const edit = editOf({ collection: posts, id, owner: "me", reach, ...more });
  await edit.load(new AbortController().signal);
  return edit;
};

for (const isRefused of [false, true])
  test(`a record that is opened again while it is saved is the same edit (${isRefused ? "refused" : "saved"})`, async () => {
    const { reach, state, drafts, calls } = world();
    const edit = await opened(reach, "r1");
    set(edit, "title", "first");
    state.hold = true;
    if (isRefused) state.fail = [refused(400)];
    const saving = edit.save();
    await turns();
    keepBusy(edit);
    await edit.keep();
    const again = await opened(reach, "r1");
    assert.equal(again, edit);
    set(again, "n", 7);
    await again.keep();
    state.hold = false;
    state.release();
    await saving;
    await turns();
    assert.deepEqual(again.changes.value, isRefused ? { title: "first", n: 7 } : { n: 7 });
    assert.match([...drafts.values()][0].values, /"n"/);
    assert.equal(edit.saving, null);
    assert.notEqual(await opened(reach, "r1"), edit);
    assert.equal(calls.filter(([what]) => what === "read").length, 2);
  });

test("a copy is not the record that is being created", async () => {
  const { reach, state } = world();
  const edit = await opened(reach, null);
  set(edit, "title", "first");
  state.hold = true;
  const saving = edit.save();
  await turns();
  keepBusy(edit);
  assert.equal(await opened(reach, null), edit);
  const copy = await opened(reach, null, { values: { title: "copy" } });
  assert.notEqual(copy, edit);
  assert.notEqual(copy.key, edit.key);
  assert.equal(edit.value("title"), "first");
  state.hold = false;
  state.release();
  assert.ok(await saving);
});

test("a value is printed once, however often it is compared", () => {
  let turns = 0;
  const value = { toJSON: () => ({ n: ++turns }) };
  for (let n = 0; n < 5; n++) same(new JsonText("{}"), value);
  assert.equal(turns, 1);
  assert.equal(print(value), '{"n":2}');
  assert.equal(same(value, new JsonText('{\n  "n": 1\n}')), true);
  assert.equal(turns, 2);
});
