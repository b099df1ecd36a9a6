// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { addDays, fromLocal, printInstant, readInstant, toLocal } from "../../src/lib/dates.ts";

process.env.TZ = "Europe/Berlin";
const iso = (text) => readInstant(text)?.toISOString() ?? null;

test("instants are read as the server writes them, and printed so", () => {
  assert.equal(iso("2026-01-02 03:04:05.678Z"), "2026-01-02T03:04:05.678Z");
  assert.equal(iso("2026-01-02"), "2026-01-02T00:00:00.000Z");
  assert.equal(iso("2026-01-02 03:04:05"), "2026-01-02T03:04:05.000Z");
  assert.equal(iso("2026-01-02T03:04:05+02:00"), "2026-01-02T01:04:05.000Z");
  assert.equal(iso("0001-01-01 00:00:00.000Z"), "0001-01-01T00:00:00.000Z");
  for (const text of ["", "tomorrow", "2026-13-01 00:00:00.000Z", "12", null, 12, {}, "2026-01-02 " + "0".repeat(1000)]) assert.equal(readInstant(text), null);
  assert.equal(printInstant(new Date("2026-01-02T03:04:05.678Z")), "2026-01-02 03:04:05.678Z");
  assert.equal(printInstant(new Date(NaN)), "");
  assert.equal(printInstant(new Date(Date.UTC(10000, 0))), "");
});

test("local time keeps seconds, and thousandths where there are any", () => {
  assert.equal(toLocal(new Date("2026-07-01T10:00:05Z")), "2026-07-01T12:00:05");
  assert.equal(toLocal(new Date("2026-01-01T10:00:05.070Z")), "2026-01-01T11:00:05.070");
  for (const text of ["2026-07-01T12:00:05", "2026-01-01T11:00:05.070", "0050-03-01T00:00:00"]) assert.equal(toLocal(fromLocal(text)), text);
  for (const text of ["", "2026-07-01", "20260-07-01T12:00", "nonsense"]) assert.equal(fromLocal(text), null, text);
});

test("an hour that a clock leaves out is the one after it", () => {
  assert.equal(fromLocal("2026-03-29T02:30:00").toISOString(), "2026-03-29T01:30:00.000Z");
  assert.equal(toLocal(fromLocal("2026-03-29T02:30:00")), "2026-03-29T03:30:00");
});

test("an hour that a clock shows twice stays the one that it is", () => {
  const second = new Date("2026-10-25T01:30:00.000Z");
  assert.equal(toLocal(second), "2026-10-25T02:30:00");
  assert.equal(fromLocal("2026-10-25T02:30:00", second).toISOString(), "2026-10-25T01:30:00.000Z");
  assert.equal(fromLocal("2026-10-25T02:30:00").toISOString(), "2026-10-25T00:30:00.000Z");
});

test("what is typed over an hour that a clock shows twice stays in the one of the two", () => {
  const second = new Date("2026-10-25T01:30:00.000Z");
  const first = new Date("2026-10-25T00:30:00.000Z");
  assert.equal(fromLocal("2026-10-25T02:31:00", second).toISOString(), "2026-10-25T01:31:00.000Z");
  assert.equal(fromLocal("2026-10-25T02:31:00", first).toISOString(), "2026-10-25T00:31:00.000Z");
  assert.equal(fromLocal("2026-10-26T02:31:00", first).toISOString(), "2026-10-26T01:31:00.000Z");
  assert.equal(fromLocal("2026-03-29T02:30:00", second).toISOString(), "2026-03-29T01:30:00.000Z");
});

test("a day later is the same time by the clock", () => {
  assert.equal(addDays(new Date("2026-03-28T11:00:00Z"), 1).toISOString(), "2026-03-29T10:00:00.000Z");
  assert.equal(addDays(new Date("2026-10-24T10:00:00Z"), 1).toISOString(), "2026-10-25T11:00:00.000Z");
  assert.equal(addDays(new Date("2026-12-31T10:00:00Z"), 1).toISOString(), "2027-01-01T10:00:00.000Z");
});
