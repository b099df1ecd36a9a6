// @ts-nocheck: the types of node are not installed
// Rows that change elsewhere while they are being read.
import assert from "node:assert/strict";
import { test } from "node:test";
import { effect } from "@preact/signals";
import { LiveRows } from "../../src/features/grid/live-source.ts";
import { rowsOf } from "../../src/state/rows.ts";

const later = (ms = 0) => new Promise((done) => setTimeout(done, ms));
const gathered = () => later(80);

// A server whose answers are on their way until they are let go.
const world = async () => {
  const waiting = [];
  const server = { byCursor: true, painted: () => new Promise(() => undefined), count: () => new Promise(() => undefined), list: () => new Promise((done, failed) => waiting.push({ done, failed })) };
  const source = rowsOf(server);
  const gone = [];
  const live = new LiveRows(source, { id: "c1", name: "posts" }, { filter: "", sort: [{ key: "n" }], records: { filter: "", fields: "", expand: "" } }, (id) => gone.push(id));
  const stop = effect(() => {
    void source.version.value;
    live.settle();
  });
  const answer = async (rows, more = { before: null, after: null }) => {
    waiting.shift().done({ rows, ...more });
    await later();
  };
  const end = () => {
    stop();
    live.stop();
    source.stop();
  };
  source.restart(server);
  await answer([{ id: "a", title: "A" }, { id: "b", title: "B" }]);
  const titles = () => [0, 1, 2].map((at) => source.at(at)?.title).filter(Boolean);
  return { source, live, server, waiting, answer, end, titles, gone };
};

test("what changes between the reading of rows and their coming is not lost", async () => {
  const { live, answer, end, titles } = await world();
  live.refresh();
  live.take({ action: "update", record: { id: "a", title: "A2" } });
  await gathered();
  assert.deepEqual(titles(), ["A2", "B"]);
  await answer([{ id: "a", title: "A" }, { id: "b", title: "B" }]);
  await gathered();
  assert.deepEqual(titles(), ["A2", "B"]);
  end();
});

test("what is made while rows are read again is counted", async () => {
  const { live, answer, end } = await world();
  live.refresh();
  live.take({ action: "create", record: { id: "c", title: "C" } });
  await gathered();
  live.take({ action: "update", record: { id: "a", title: "A2" } });
  await gathered();
  await answer([{ id: "a", title: "A" }, { id: "b", title: "B" }]);
  await gathered();
  assert.deepEqual([...live.fresh.value], ["c"]);
  end();
});

test("rows that more has come for than is remembered are said to be old", async () => {
  for (const [count, isOld] of [[900, false], [1100, true]]) {
    const { live, answer, end } = await world();
    live.refresh();
    for (let n = 0; n < count; n++) live.take({ action: "update", record: { id: "a", title: `A${n}` } });
    await gathered();
    await answer([{ id: "a", title: "A" }, { id: "b", title: "B" }]);
    await gathered();
    assert.equal(live.isStale.value, isOld);
    end();
  }
});

test("what came for another filter says nothing of what this one finds", async () => {
  const { live, source, server, waiting, answer, end } = await world();
  live.refresh();
  live.take({ action: "create", record: { id: "c", title: "C" } });
  await gathered();
  live.asked = { filter: "x", sort: [], records: { filter: "x", fields: "", expand: "" } };
  source.restart(server);
  waiting.shift();
  await answer([{ id: "a", title: "A" }]);
  await gathered();
  assert.equal(live.fresh.value.size, 0);
  end();
});

test("rows that are read again unasked stay where a jump has led", async () => {
  const { live, source, waiting, answer, end, titles } = await world();
  live.reread();
  assert.equal(waiting.length, 1);
  await answer([{ id: "a", title: "A" }, { id: "b", title: "B" }]);
  assert.deepEqual([titles(), live.isStale.value], [["A", "B"], false]);
  source.jump({ from: "M" });
  await answer([{ id: "m", title: "M" }], { before: { cursor: "b" }, after: { cursor: "a" } });
  waiting.length = 0;
  const { first } = source.range();
  live.reread();
  assert.deepEqual([waiting.length, source.at(first)?.id, live.isStale.value], [0, "m", true]);
  live.refresh();
  assert.deepEqual([waiting.length, live.isStale.value], [1, false]);
  end();
});
