// @ts-nocheck: node's types are not there
import assert from "node:assert/strict";
import { test } from "node:test";
import { boxWidth, layOut, mostRows, nextBox, shownFields } from "../../src/lib/diagram.ts";

const one = (id: string, ...to: string[]) => ({ id, fields: [{ name: "title" }, ...to.map((other) => ({ name: `of_${other}`, to: other }))] });
const boxOf = (laid, id) => laid.boxes.find((box) => box.id === id);
const overlap = (a, b) => a.x < b.x + boxWidth && b.x < a.x + boxWidth && a.y < b.y + b.height && b.y < a.y + a.height;
const clear = (laid) => laid.boxes.every((a, n) => laid.boxes.slice(n + 1).every((b) => !overlap(a, b)));

test("diagram: what refers to something stands before it", () => {
  const laid = layOut([one("users"), one("posts", "users"), one("comments", "posts", "users")]);
  assert.deepEqual(laid.boxes.toSorted((a, b) => a.x - b.x).map(({ id }) => id), ["comments", "posts", "users"]);
  assert.deepEqual(laid.lines.map(({ from, to }) => `${from} ${to}`).sort(), ["comments posts", "comments users", "posts users"]);
});

test("diagram: circles, relations to itself, and to what is not there", () => {
  const laid = layOut([one("a", "b"), one("b", "c"), one("c", "a"), one("d", "d"), one("e", "gone")]);
  assert.equal(laid.boxes.length, 5);
  assert.deepEqual(laid.lines.map(({ from, to }) => from + to).sort(), ["ab", "bc", "ca", "dd"]);
  assert.ok(clear(laid));
  for (const { path } of laid.lines) assert.match(path, /^M-?[\d.]+ -?[\d.]+C[-\d. ]+$/);
});

test("diagram: no boxes lie over each other, and the whole is no tower", () => {
  const many = Array.from({ length: 300 }, (_, n) => one(`c${n}`, ...(n % 3 ? [`c${(n * 7) % 300}`, "c0"] : [])));
  const laid = layOut(many);
  assert.equal(laid.boxes.length, 300);
  assert.ok(clear(laid));
  assert.ok(laid.height < laid.width * 3 && laid.width < laid.height * 6, `${laid.width} x ${laid.height}`);
  assert.deepEqual(layOut([]), { boxes: [], lines: [], width: 0, height: 0 });
});

test("diagram: of many fields, relations are shown first", () => {
  const fields = [...Array.from({ length: 40 }, (_, n) => ({ name: `f${n}` })), { name: "owner", to: "users" }];
  assert.equal(shownFields(fields)[0].name, "owner");
  assert.equal(shownFields(fields).length, mostRows);
  assert.equal(layOut([{ id: "a", fields }, one("users")]).lines.length, 1);
});

test("diagram: arrows go where they point", () => {
  const laid = layOut([one("users"), one("posts", "users"), one("likes", "users")]);
  const [upper, lower] = ["posts", "likes"].map((id) => boxOf(laid, id)).toSorted((a, b) => a.y - b.y);
  assert.equal(nextBox(laid.boxes, upper.id, "ArrowDown").id, lower.id);
  assert.equal(nextBox(laid.boxes, lower.id, "ArrowUp").id, upper.id);
  assert.equal(nextBox(laid.boxes, upper.id, "ArrowRight").id, "users");
  assert.equal(nextBox(laid.boxes, "users", "ArrowLeft").x, upper.x);
  assert.equal(nextBox(laid.boxes, "users", "ArrowRight"), undefined);
  assert.equal(nextBox(laid.boxes, "gone", "ArrowRight"), laid.boxes[0]);
});
