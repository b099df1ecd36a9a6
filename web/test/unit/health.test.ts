// @ts-nocheck: node's types are not there
import assert from "node:assert/strict";
import { test } from "node:test";
import { needsOf, weaknessesOf } from "../../src/features/home/needs.ts";
import { sparkPath } from "../../src/ui/Spark/Spark.tsx";

const calm = () => ({
  node: "a", started: "", range: "1h", step: 60,
  now: {
    requests: { inFlight: 0, connections: 0 }, process: { rssBytes: 1, cpuMs: 1, descriptors: 9, maxDescriptors: 100 }, memory: { used: 0, budget: 100 },
    database: { fileBytes: 1, walBytes: 1, queued: 0 }, logs: { fileBytes: 0, dropped: 0 }, disk: { bytes: 100e9, freeBytes: 50e9 }, realtime: { clients: 0, subscriptions: 0, waitingBytes: 0 },
    mail: { waiting: 0 }, pool: [{ lane: "work", running: 0, threads: 4, queued: 0, places: 1024 }], jobs: { failed: [], running: 0 }, backups: { running: false, failed: 0, last: null },
  },
  points: { time: [1], ms: [60000], requests: [1], failed4xx: [3], failed5xx: [0], cpuMs: [1], rssBytes: [1], walBytes: [1], clients: [0], p50Ms: [1], p99Ms: [null] },
});

test("health: a calm server needs nothing", () => assert.deepEqual(needsOf(calm()), []));

test("health: each fault leads to where it is seen to", () => {
  const cases = [
    [(now) => (now.disk.freeBytes = 5e9), "#/settings/backups"],
    [(now) => (now.disk.freeBytes = 5e8) && (now.disk.bytes = 1e9), "#/settings/backups"],
    [(now) => (now.backups.failed = 2), "#/settings/backups"],
    [(now) => now.jobs.failed.push("a"), "#/settings/crons"],
    [(now) => (now.pool[0].queued = 600), "#/logs"],
    [(now) => (now.process.descriptors = 90), "#/logs"],
    [(now) => (now.memory.used = 90), "#/logs"],
    [(now) => (now.database.walBytes = 1e9), "#/sql"],
    [(now) => (now.logs.dropped = 1), "#/logs"],
    [(now, points) => (points.failed5xx = [0, 4]), "#/logs?q=data.status%20%3E%3D%20500"],
  ];
  for (const [spoil, at] of cases) {
    const stats = calm();
    spoil(stats.now, stats.points);
    assert.deepEqual(needsOf(stats).map((need) => need.at), [at]);
  }
});

test("health: errors of long ago are nothing to see to", () => {
  const stats = calm();
  stats.points.failed5xx = [9, ...Array(15).fill(0)];
  assert.deepEqual(needsOf(stats), []);
});

const collection = (name, more) => ({ id: name, name, type: "base", system: false, fields: [], indexes: [], listRule: null, viewRule: null, createRule: null, updateRule: null, deleteRule: null, ...more });

test("health: what stands open", () => {
  const settings = { meta: { appURL: "http://example.com" }, batch: {}, rateLimits: { enabled: false } };
  const all = [
    collection("posts", { createRule: "", deleteRule: "" }),
    collection("shut", { createRule: "@request.auth.id != ''" }),
    collection("users", { type: "auth", createRule: "", passwordAuth: { enabled: true }, fields: [{ name: "password", min: 5 }] }),
    collection("seen", { type: "view", createRule: "" }),
    collection("_superusers", { type: "auth", system: true, mfa: { enabled: false } }),
  ];
  assert.deepEqual(weaknessesOf(all, settings).map(({ at }) => at), ["#/data/posts/rules", "#/data/users/schema", "#/data/_superusers/auth", "#/settings/limits", "#/settings/app"]);
  const safe = { meta: { appURL: "https://example.com" }, batch: {}, rateLimits: { enabled: true } };
  assert.deepEqual(weaknessesOf([collection("_superusers", { type: "auth", system: true, mfa: { enabled: true } })], safe), []);
  assert.deepEqual(weaknessesOf([], { meta: { appURL: "http://localhost:8090" }, rateLimits: { enabled: true } }), []);
});

test("health: a line stops where nothing is known", () => {
  assert.equal(sparkPath([]), "");
  assert.match(sparkPath([1, null, 2, 3]), /^M0\.0 [\d.]+M106\.7 [\d.]+L160\.0 2\.0$/);
  assert.doesNotMatch(sparkPath([0, 0]), /NaN/);
});
