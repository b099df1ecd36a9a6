// @ts-nocheck: there are no types of node here

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Desk } from "../../src/features/sql/desk.ts";

// What is kept in a browser. hold: until when reads and writes wait.
const browser = () => {
  const kept = new Map();
  const state = { canKeep: true, hold: Promise.resolve(), writes: 0 };
  const store = {
    listDrafts: async (prefix) => {
      const found = [...kept.values()].filter(({ key }) => key.startsWith(prefix));
      await state.hold;
      return found;
    },
    readDraft: async (key) => kept.get(key) ?? null,
    keepDraft: async (draft) => {
      await state.hold;
      state.writes++;
      if (state.canKeep) kept.set(draft.key, draft);
      return state.canKeep;
    },
    dropDraft: async (key) => void kept.delete(key),
  };
  return { state, kept, page: async () => { const desk = new Desk("me sql:", store); await desk.load(); return desk; }, texts: () => [...kept.values()].map(({ values }) => JSON.parse(values).text).sort() };
};
const first = (desk) => desk.queries.peek()[0];
const textsOf = (desk) => desk.queries.peek().map(({ text }) => text).sort();

describe("sql: queries that are kept", () => {
  it("are there again on the next page", async () => {
    const { page, texts } = browser();
    const desk = await page();
    assert.equal(texts().length, 0);
    desk.set(first(desk).id, { text: "select 1" });
    desk.add("select 2");
    await desk.keep();
    assert.deepEqual(textsOf(await page()), ["select 1", "select 2"]);
  });
  it("stay as they are typed while older ones are read", async () => {
    const { page, state } = browser();
    const desk = await page();
    desk.set(first(desk).id, { text: "old" });
    await desk.keep();
    let go;
    state.hold = new Promise((done) => { go = done; });
    const loading = desk.load();
    await Promise.resolve();
    desk.set(first(desk).id, { text: "typed meanwhile" });
    go();
    await loading;
    assert.deepEqual(textsOf(desk), ["typed meanwhile"]);
    await desk.keep();
    assert.deepEqual(textsOf(await page()), ["typed meanwhile"]);
  });
  it("never replace those of another page", async () => {
    const { page, texts } = browser();
    const one = await page();
    one.set(first(one).id, { text: "shared" });
    await one.keep();
    const two = await page();
    two.set(first(two).id, { text: "of two" });
    await two.keep();
    const id = first(one).id;
    one.set(id, { text: "of one" });
    await one.keep();
    assert.deepEqual(texts(), ["of one", "of two"]);
    assert.equal(one.find(id).text, "of one");
    await one.load();
    assert.deepEqual(textsOf(one), ["of one", "of two"]);
    assert.equal(one.find(id).text, "of one");
  });
  it("come back when they were closed", async () => {
    const { page, texts } = browser();
    const desk = await page();
    desk.set(first(desk).id, { text: "closed" });
    await desk.keep();
    const undo = desk.close(first(desk).id);
    await desk.keep();
    assert.deepEqual(texts(), []);
    undo();
    await desk.keep();
    assert.deepEqual(texts(), ["closed"]);
    assert.equal(desk.close("nobody"), null);
  });
  it("are not lost where one is closed that another page has written meanwhile", async () => {
    const { page, texts } = browser();
    const one = await page();
    one.set(first(one).id, { text: "shared" });
    await one.keep();
    const two = await page();
    two.set(first(two).id, { text: "of two" });
    await two.keep();
    const undo = one.close(first(one).id);
    await one.keep();
    assert.deepEqual(texts(), ["of two"]);
    undo();
    await one.keep();
    assert.deepEqual(texts(), ["of two", "shared"]);
    await two.load();
    two.close(two.queries.peek().find(({ text }) => text === "shared").id);
    await two.keep();
    two.set(first(two).id, { text: "of two, kept as it is closed" });
    const keeping = two.keep();
    two.close(first(two).id);
    await keeping;
    await two.keep();
    assert.deepEqual(texts(), []);
  });
  it("say when they cannot be kept, and are kept once they can", async () => {
    const { page, state, texts } = browser();
    const desk = await page();
    state.canKeep = false;
    desk.set(first(desk).id, { text: "mine" });
    await desk.keep();
    assert.equal(desk.isUnkept.peek(), true);
    await desk.load();
    assert.deepEqual(textsOf(desk), ["mine"]);
    state.canKeep = true;
    await desk.keep();
    assert.deepEqual([desk.isUnkept.peek(), texts()], [false, ["mine"]]);
  });
  it("are gone with who signs out", async () => {
    const { page, state } = browser();
    const desk = await page();
    desk.set(first(desk).id, { text: "secret" });
    desk.end();
    await desk.keep();
    assert.equal(state.writes, 0);
  });
  it("takes what somebody else has kept there for nothing", async () => {
    const { page, kept } = browser();
    for (const [n, values] of ["{", "null", "[]", '{"name":1}', { text: "x" }].entries()) kept.set(`me sql:${n}`, { key: `me sql:${n}`, at: n, values });
    assert.deepEqual(textsOf(await page()), [""]);
  });
});
