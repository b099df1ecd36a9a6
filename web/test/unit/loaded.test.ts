// @ts-nocheck types of node are not installed
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loaded } from "../../src/state/loaded.ts";

const later = <T>() => {
  let tell = (_: T): void => undefined;
  const promise = new Promise<T>((done) => { tell = done; });
  return { promise, tell };
};
const turns = async () => { for (let n = 0; n < 10; n++) await Promise.resolve(); };

describe("what is loaded", () => {
  it("is there once it was waited for, though another question has replaced it", async () => {
    const value = loaded<string>();
    const [first, second] = [later<string>(), later<string>()];
    let isDone = false;
    const waits = value.load(() => first.promise).then(() => { isDone = true; });
    const replaced = value.load(() => second.promise);
    first.tell("old");
    await turns();
    assert.deepEqual([isDone, value.data.value, value.isLoading.value], [false, undefined, true]);
    second.tell("new");
    await Promise.all([waits, replaced]);
    assert.deepEqual([value.data.value, value.isLoading.value], ["new", false]);
  });

  it("stays as it was where the last question fails", async () => {
    const value = loaded<string>();
    await value.load(async () => "was");
    await value.load(async () => { throw new Error("no"); });
    assert.deepEqual([value.data.value, String(value.error.value), value.isLoading.value], ["was", "Error: no", false]);
  });
});
