// @ts-nocheck: types of node are not installed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { idsBetween, nextSort, toggled } from "../../src/ui/Grid/choose.ts";
import { arranged, columnsInView, layoutOf, placeOf, shapeOf } from "../../src/ui/Grid/shape.ts";
import { Track, mostHeight } from "../../src/ui/Grid/track.ts";

const trackOf = (count, view = 640) => Object.assign(new Track(), { count, view });

test("a list that fits the spacer is scrolled as it is", () => {
  const track = trackOf(1000);
  assert.equal(track.spacer, 32_000);
  assert.equal(track.scrolled(320), 320);
  assert.deepEqual([track.first, track.last, track.shift], [10, 30, 0]);
  assert.equal(track.reveal(15), undefined);
  assert.equal(track.reveal(5), 160);
  assert.equal(track.reveal(999), 32_000 - 640);
  assert.equal(track.last, 1000);
});

test("a list that is higher: every pixel, both ends, and all rows can be reached", () => {
  const track = trackOf(1_000_000);
  assert.equal(track.spacer, mostHeight);
  let top = track.scrolled(0);
  for (let y = 60; y <= 30_000; y += 60) {
    top = track.scrolled(top + 60);
    assert.equal(track.y, y);
  }
  top = track.go(track.y);
  assert.equal(track.y, 30_000);
  assert.ok(Math.abs(top - 7500) < 10);
  // back by hand: the spacer's beginning comes before the list's, and is moved on
  for (let n = 0; track.y > 0; n++) {
    const before = track.y;
    top = track.scrolled(Math.max(0, top - 60));
    assert.ok(n < 600 && before - track.y > 0 && before - track.y <= 60);
  }
  assert.equal(track.first, 0);
  top = track.scrolled(mostHeight - 640);
  assert.equal(track.last, 1_000_000);
  top = track.scrolled(top / 2);
  assert.ok(Math.abs(track.first - 500_000) < 20);
  for (const row of [0, 1, 20_000, 777_777, 999_999]) {
    track.reveal(row);
    assert.ok(track.first <= row && row < track.last);
    assert.ok(track.top >= 0 && track.top <= mostHeight - 640);
  }
});

test("an empty list, and one that shrinks below where one is", () => {
  const track = trackOf(0);
  assert.equal(track.scrolled(0), 0);
  assert.deepEqual([track.first, track.last, track.spacer], [0, 0, 0]);
  track.count = 1000;
  track.go(30_000);
  track.count = 10;
  assert.equal(track.go(track.y), 0);
});

const columns = Array.from({ length: 30 }, (_, n) => ({ key: `c${n}`, title: "", width: 100, frozen: n === 3, render: () => null, text: () => "" }));

test("of many columns only those in view are drawn, frozen ones always", () => {
  const all = arranged(columns);
  assert.equal(all[0].key, "c3");
  const span = columnsInView(all, new Map(), 1000, 500);
  const shape = shapeOf(all, span);
  assert.equal(shape.columns[0].column.key, "c3");
  assert.ok(shape.hasLead && shape.columns.length < 15);
  const layout = layoutOf(all, span, shape, new Map([["c3", 200]]));
  assert.equal(layout["--width"], `${40 + 200 + 2900}px`);
  assert.equal(layout["--tracks"].split(" ").length, 1 + shape.columns.length + 1);
  assert.equal(layout["--frozen-1"], "40px");
  assert.deepEqual(placeOf(all, new Map(), 11), { x: 1000, width: 100, frozen: 140 });
  assert.deepEqual(columnsInView(all.slice(0, 5), new Map(), 0, 10), { first: 1, last: 5 });
  assert.deepEqual(columnsInView([], new Map(), 0, 10), { first: 0, last: 0 });
  assert.ok(columnsInView(all, new Map(), 1e9, 500).last === 30);
});

test("sorting goes up, down and off; others stay on request", () => {
  const up = nextSort([], "a", false);
  assert.deepEqual(up, [{ key: "a", desc: false }]);
  assert.deepEqual(nextSort(up, "a", false), [{ key: "a", desc: true }]);
  assert.deepEqual(nextSort([{ key: "a", desc: true }], "a", false), []);
  const two = nextSort(up, "b", true);
  assert.deepEqual(two.map(({ key }) => key), ["a", "b"]);
  assert.deepEqual(nextSort(two, "a", true), [{ key: "a", desc: true }, { key: "b", desc: false }]);
  assert.deepEqual(nextSort(two, "c", false), [{ key: "c", desc: false }]);
});

test("a selection takes what is there", () => {
  assert.deepEqual([...toggled(new Set(["a"]), "a")], []);
  const at = (n) => (n === 4 ? undefined : { id: `r${n}` });
  assert.deepEqual(idsBetween(at, 5, 2, { first: 0, last: 100 }), ["r2", "r3", "r5"]);
  assert.deepEqual(idsBetween(at, 0, 1e12, { first: 98, last: 100 }), ["r98", "r99"]);
});
