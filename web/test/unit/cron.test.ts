// @ts-nocheck: node's own types are not installed here
import assert from "node:assert/strict";
import test from "node:test";
import { cron as texts } from "../../src/i18n/en/settings-pages.ts";
import { cronWords, isCron, nextRuns, parseCron } from "../../src/lib/cron.ts";

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const lists = new Intl.ListFormat("en", { type: "conjunction" });
const words = { ...texts.words, list: (items) => lists.format(items), weekday: (n) => weekdays[n], month: (n) => new Intl.DateTimeFormat("en", { month: "long", timeZone: "UTC" }).format(Date.UTC(2023, n - 1, 1)) };
const say = (text) => cronWords(parseCron(text), words);
const next = (text, after, n = 3) => nextRuns(parseCron(text), Date.parse(after), n).map((ms) => new Date(ms).toISOString().slice(0, 16));

test("expressions in words", () => {
  for (const [text, said] of [
    ["* * * * *", "every minute"],
    ["*/5 * * * *", "every 5 minutes"],
    ["0 * * * *", "every hour, on the hour"],
    ["@hourly", "every hour, on the hour"],
    ["2 * * * *", "every hour at minute 2"],
    ["0 0 * * *", "at 00:00, every day"],
    ["0 */6 * * *", "every 6 hours, every day"],
    ["15 3 * * 0", "at 03:15, on Sunday"],
    ["0 9,17 * * 1-5", "at 09:00 and 17:00, on Monday to Friday"],
    ["0 0 1,15 * *", "at 00:00, on day 1 and 15 of the month"],
    ["0 0 13 * 5", "at 00:00, on day 13 of the month if it is Friday"],
    ["0 0 1 1 *", "at 00:00, on day 1 of the month, in January"],
    ["*/10 8-18 * * *", "every 10 minutes, in hour 8 to 18, every day"],
    ["*/7 * * * *", "every 7 minutes"],
  ]) assert.equal(say(text), said, text);
});

test("what is no expression says which part is wrong", () => {
  for (const [text, part] of [["", null], ["* * * *", null], ["*  * * * *", null], ["@weekday", null], ["60 * * * *", "minutes"], ["* 24 * * *", "hours"], ["* * 0 * *", "days"], ["* * * 13 *", "months"], ["* * * * 7", "weekdays"], ["5/10 * * * *", "minutes"], ["*/0 * * * *", "minutes"], ["5-1 * * * *", "minutes"], ["1, * * * *", "minutes"], ["-0 * * * *", "minutes"], ["0--0 * * * *", "minutes"], ["-0-5 * * * *", "minutes"], ["* * * jan *", "months"], ["* * * * 1-3-5", "weekdays"]])
    assert.equal(parseCron(text), part, text);
  assert.ok(isCron(parseCron("0,30 0-23/2 1-31 */3 0,6")));
  assert.equal(isCron(parseCron("🦆 ".repeat(9999))), false);
});

test("next runs: after, never at, that minute", () => {
  assert.deepEqual(next("0 0 * * *", "2026-01-01T00:00:00Z"), ["2026-01-02T00:00", "2026-01-03T00:00", "2026-01-04T00:00"]);
  assert.deepEqual(next("0 0 * * *", "2025-12-31T23:59:59Z", 1), ["2026-01-01T00:00"]);
  assert.deepEqual(next("30 8,20 * * *", "2026-05-05T09:00:00Z"), ["2026-05-05T20:30", "2026-05-06T08:30", "2026-05-06T20:30"]);
  assert.deepEqual(next("*/20 23 * * 6", "2026-01-01T00:00:00Z", 4), ["2026-01-03T23:00", "2026-01-03T23:20", "2026-01-03T23:40", "2026-01-10T23:00"]);
});

test("leap years, and days that no month has", () => {
  assert.deepEqual(next("0 0 29 2 *", "2026-01-01T00:00:00Z", 2), ["2028-02-29T00:00", "2032-02-29T00:00"]);
  assert.deepEqual(next("0 0 29 2 *", "2096-03-01T00:00:00Z", 1), ["2104-02-29T00:00"]); // 2100 has none
  assert.deepEqual(next("0 0 29 2 1", "2026-01-01T00:00:00Z", 1), ["2044-02-29T00:00"]);
  assert.deepEqual(next("0 0 31 * *", "2026-01-31T00:00:00Z"), ["2026-03-31T00:00", "2026-05-31T00:00", "2026-07-31T00:00"]);
  assert.deepEqual(next("0 0 31 2 *", "2026-01-01T00:00:00Z"), []);
});

test("clocks that are put forward or back change nothing: it is UTC", () => {
  const runs = nextRuns(parseCron("30 1 * * *"), Date.parse("2026-03-27T12:00:00Z"), 5);
  assert.ok(runs.every((ms, n) => n === 0 || ms - runs[n - 1] === 86_400_000));
  const berlin = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", timeStyle: "short" });
  assert.deepEqual(runs.map((ms) => berlin.format(ms)), ["02:30", "03:30", "03:30", "03:30", "03:30"]);
  assert.deepEqual(next("30 1 * * *", "2026-10-24T12:00:00Z", 2), ["2026-10-25T01:30", "2026-10-26T01:30"]);
});
