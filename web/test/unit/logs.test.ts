// @ts-nocheck: there are no types of node here

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { curl } from "../../src/lib/curl.ts";
import { parse } from "../../src/lib/filter/parse.ts";
import { both, comparisonWith, narrowed, filterOf, rangeOf } from "../../src/features/logs/asked.ts";
import { callOf, fileOf, levelOf, statusOf, userOf } from "../../src/features/logs/entry.ts";
import { logsServer } from "../../src/features/logs/source.ts";
import { barsOf, ticksOf } from "../../src/ui/Chart/bars.ts";

const hour = 3_600_000;
const none = { from: null, to: null };
const asked = { q: "", from: "", to: "", superusers: false };
const row = (data, more = {}) => ({ id: "a", level: 0, message: "GET /", created: "2026-01-02 03:04:05.678Z", data, ...more });

describe("logs: the filter that is sent", () => {
  it("adds a comparison unless it decides already", () => {
    assert.equal(narrowed("", "level = 0"), "level = 0");
    assert.equal(narrowed("level = 0", "level = 0"), "level = 0");
    assert.equal(narrowed("data.status = 4040", "data.status = 404"), "data.status = 4040 && data.status = 404");
    assert.equal(narrowed("level = 0 || level = 8", "level = 0"), "(level = 0 || level = 8) && level = 0");
    assert.equal(narrowed("message = 'x' && level = 0", "level = 0"), "message = 'x' && level = 0");
    assert.equal(narrowed("message = 'a && level = 0'", "level = 0"), "message = 'a && level = 0' && level = 0");
  });
  it("leaves requests of superusers out unless they are asked for", () => {
    assert.equal(filterOf(asked, none), "data.auth != '_superusers'");
    assert.equal(filterOf({ ...asked, superusers: true }, none), "");
  });
  it("keeps what is typed together, and apart from the rest", () => {
    const range = rangeOf({ from: "2026-01-02 03:00:00.000Z", to: "2026-01-02 05:00:00.000Z" }, 0);
    const filter = filterOf({ ...asked, q: "level > 0 || message ~ 'x' // all", superusers: true }, range);
    assert.equal(filter, "created >= '2026-01-02 03:00:00.000Z' && created < '2026-01-02 05:00:00.000Z' && (level > 0 || message ~ 'x' // all\n)");
    assert.equal(parse(filter).fault, undefined);
  });
  it("counts spans from now, and takes strange times for none", () => {
    assert.deepEqual(rangeOf({ from: "1h", to: "2020-01-01" }, 10 * hour), { from: 9 * hour, to: null });
    assert.deepEqual(rangeOf({ from: "constructor", to: "9".repeat(500) }, 0), none);
  });
  it("compares with values of every kind", () => {
    assert.equal(comparisonWith("data.url", "/a'b\\"), "data.url = '/a\\'b\\\\'");
    assert.equal(comparisonWith("data.status", 404), "data.status = 404");
    assert.equal(comparisonWith("data.x", null), "data.x = null");
    assert.equal(comparisonWith("data.x", { a: 1 }), undefined);
    assert.equal(comparisonWith("data.x", "x".repeat(5000)), undefined);
    assert.equal(both("", " ", "a = 1"), "a = 1");
    assert.equal(both("a = 'x || // y'", "b = 'http://c\\''"), "a = 'x || // y' && b = 'http://c\\''");
  });
});

describe("logs: bars", () => {
  it("has a bar for each hour, also the empty ones", () => {
    const bars = barsOf([{ at: 1 * hour, n: 3 }, { at: 4 * hour, n: 2 }, { at: NaN, n: 9 }, { at: 99 * hour, n: 9 }], 1 * hour, 5 * hour - 1);
    assert.deepEqual(bars.map(({ n }) => n), [3, 0, 0, 2]);
    assert.deepEqual([bars[0].from, bars.at(-1).to], [hour, 5 * hour]);
  });
  it("puts hours together where there are many, and loses none", () => {
    const counted = Array.from({ length: 1000 }, (_, n) => ({ at: n * hour, n: 1 }));
    const bars = barsOf(counted, 0, 1000 * hour);
    assert.ok(bars.length <= 168);
    assert.equal(bars.reduce((sum, { n }) => sum + n, 0), 1000);
  });
  it("takes no range, a broken one, and one of a thousand years", () => {
    assert.equal(barsOf([], 5, 5).length, 1);
    assert.deepEqual(barsOf([], NaN, 5), []);
    assert.ok(barsOf([], 0, 1000 * 8766 * hour).length <= 168);
    assert.deepEqual(ticksOf([]), []);
  });
  it("labels midnights where a clock changes", () => {
    // Two weeks around the last Sunday of March and of October, wherever this runs.
    for (const begin of [Date.UTC(2026, 2, 22), Date.UTC(2026, 9, 18)]) {
      const ticks = ticksOf(barsOf([], begin, begin + 14 * 24 * hour));
      assert.ok(ticks.length >= 4 && ticks.length <= 8, String(ticks.length));
      for (const { at, isDay } of ticks) assert.deepEqual([new Date(at).getHours(), isDay], [0, true]);
    }
  });
  it("goes on over the hour that a clock shows twice", () => {
    const begin = Date.UTC(2026, 9, 24, 20);
    const ticks = ticksOf(barsOf([], begin, begin + 10 * hour), 12);
    assert.equal(new Set(ticks.map(({ at }) => at)).size, ticks.length);
    assert.ok(ticks.length >= 9);
  });
});

describe("logs: entries", () => {
  it("reads what anybody has logged", () => {
    assert.equal(userOf(row({ type: "request", auth: "" })), "guest");
    assert.equal(userOf(row({ auth: "users", authId: "u1" })), "users/u1");
    assert.equal(userOf(row(null)), "");
    assert.equal(statusOf(row({ status: "200" })), undefined);
    assert.deepEqual([-9, 0, 5, 12].map((n) => levelOf(n).kind), ["plain", "info", "warn", "danger"]);
    assert.equal(levelOf(5).name, "Warn (5)");
    assert.equal(callOf(row({ url: "/api", method: "GET; rm" })), undefined);
    for (const url of ["https://elsewhere.example/x", "elsewhere", "", "\\\\elsewhere"]) assert.equal(callOf(row({ url, method: "GET", auth: "users" })), undefined, url);
    assert.equal(callOf(row({ url: "//elsewhere.example/[", method: "GET", auth: "users" })).url, "//elsewhere.example/[");
    assert.match(curl({ url: "http://h/api/x?filter={a,b}[1-3]" }), /^curl -g 'http:\/\/h\/api\/x\?filter=\{a,b\}\[1-3\]'/, "one call, not several");
    assert.deepEqual(callOf(row({ url: "/api/x", method: "GET", auth: "users" })), { method: "GET", url: "/api/x", isPublic: false });
  });
  it("writes CSV with all keys", async () => {
    const text = await fileOf([row({ b: 1 }), row({ a: "x,y" })], "csv").text();
    assert.equal(text.split("\r\n")[0], "id,created,level,message,data.a,data.b");
    assert.match(text, /"x,y",\r\n/);
  });
});

describe("logs: asked page by page", () => {
  const listOf = (sent) => (params) => {
    sent.push(params);
    return Promise.resolve({ items: [row({})], totalItems: 7 });
  };
  const signal = new AbortController().signal;
  it("is bounded by the newest entry of the first answer", async () => {
    const sent = [];
    const { server, countNewer } = logsServer("level > 0", false, listOf(sent));
    assert.equal(await countNewer(signal), 0);
    await server.list({ kind: "start" }, signal);
    await server.list({ kind: "page", page: 2 }, signal);
    await server.count(signal);
    assert.equal(await countNewer(signal), 7);
    assert.deepEqual(sent.map(({ filter }) => filter), ["level > 0", "level > 0 && created <= '2026-01-02 03:04:05.678Z'", "level > 0 && created <= '2026-01-02 03:04:05.678Z'", "level > 0 && created > '2026-01-02 03:04:05.678Z'"]);
  });
  it("leaves the bound to the cursor", async () => {
    const sent = [];
    const { server } = logsServer("", true, listOf(sent));
    await server.list({ kind: "start" }, signal);
    await server.list({ kind: "after", cursor: "c", n: 100 }, signal);
    assert.deepEqual(sent.map(({ filter, cursor }) => [filter, cursor]), [[undefined, ""], [undefined, "c"]]);
  });
});
