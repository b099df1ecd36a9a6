// What of a server needs somebody's attention, and where it is seen to.

import type { Stats } from "../../api/reeve.ts";
import type { Collection, Settings } from "../../api/types.ts";
import { formatBytes, formatNumber } from "../../i18n/format.ts";
import { homeTexts as th } from "../../i18n/t-home.ts";
import { isObject } from "../../lib/values.ts";

export interface Need {
  what: string;
  fix: string; // the words of the link
  at: string; // where it leads
}

const leastFree = 1_000_000_000;
const leastPart = 0.1;
const fullPart = 0.8;
const largeWal = 256_000_000;
const recent = 15; // points that errors are looked for in

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

const checks: readonly ((stats: Stats) => Need | false)[] = [
  ({ now: { disk } }) => (disk.freeBytes < leastFree || disk.freeBytes < disk.bytes * leastPart) && { what: th.disk(formatBytes(disk.freeBytes), formatBytes(disk.bytes)), fix: th.toBackups, at: "#/settings/backups" },
  ({ now: { backups } }) => backups.failed > 0 && { what: th.backupsFailed(backups.failed), fix: th.toBackups, at: "#/settings/backups" },
  ({ now: { jobs } }) => jobs.failed.length > 0 && { what: th.jobsFailed(jobs.failed.join(", ")), fix: th.toCrons, at: "#/settings/crons" },
  ({ points }) => {
    const n = sum(points.failed5xx.slice(-recent));
    return n > 0 && { what: th.errors(formatNumber(n)), fix: th.toLogs, at: `#/logs?q=${encodeURIComponent("data.status >= 500")}` };
  },
  ({ now: { pool } }) => {
    const full = pool.filter(({ queued, places }) => queued > places / 2).map(({ lane }) => lane);
    return full.length > 0 && { what: th.queues(full.join(", ")), fix: th.toLogs, at: "#/logs" };
  },
  ({ now: { process: { descriptors, maxDescriptors } } }) => descriptors > maxDescriptors * fullPart && { what: th.descriptors(formatNumber(descriptors), formatNumber(maxDescriptors)), fix: th.toLogs, at: "#/logs" },
  ({ now: { memory } }) => memory.used > memory.budget * fullPart && { what: th.memory(formatBytes(memory.used), formatBytes(memory.budget)), fix: th.toLogs, at: "#/logs" },
  ({ now: { database } }) => database.walBytes > largeWal && { what: th.wal(formatBytes(database.walBytes)), fix: th.toSql, at: "#/sql" },
  ({ now: { logs } }) => logs.dropped > 0 && { what: th.dropped(formatNumber(logs.dropped)), fix: th.toLogs, at: "#/logs" },
];

export const needsOf = (stats: Stats): Need[] => checks.flatMap((check) => check(stats) || []);

// --- what makes a server easier to break into than it has to be ---

const isOn = (of: unknown): boolean => isObject(of) && of["enabled"] === true;
const writes = ["createRule", "updateRule", "deleteRule"] as const;
const ruleNames: Record<(typeof writes)[number], string> = { createRule: "create", updateRule: "update", deleteRule: "delete" };
const leastPassword = 8;

const open = (one: Collection): Need[] => {
  const names = one.type === "view" ? [] : writes.filter((rule) => one[rule] === "" && !(one.type === "auth" && rule === "createRule"));
  return names.length > 0 ? [{ what: th.open(one.name, names.map((name) => ruleNames[name])), fix: th.toRules, at: `#/data/${encodeURIComponent(one.name)}/rules` }] : [];
};

const shortPasswords = (one: Collection): Need[] => {
  const password = one.type === "auth" && isOn(one["passwordAuth"]) ? one.fields.find(({ name }) => name === "password") : undefined;
  const least = Number(password?.["min"] ?? leastPassword);
  return least < leastPassword ? [{ what: th.shortPasswords(one.name, least), fix: th.toSchema, at: `#/data/${encodeURIComponent(one.name)}/schema` }] : [];
};

const isPlain = (url: string): boolean => /^http:\/\//i.test(url) && !/^http:\/\/(?:localhost|127\.|\[::1\])/i.test(url);

export const weaknessesOf = (all: readonly Collection[], settings: Settings | undefined): Need[] => [
  ...all.filter(({ system }) => !system).flatMap((one) => [...open(one), ...shortPasswords(one)]),
  ...all.filter(({ name, ...one }) => name === "_superusers" && !isOn(one["mfa"])).map(() => ({ what: th.noMfa, fix: th.toSignIn, at: "#/data/_superusers/auth" })),
  ...(settings && !isOn(settings["rateLimits"]) ? [{ what: th.noLimits, fix: th.toLimits, at: "#/settings/limits" }] : []),
  ...(settings && isPlain(settings.meta.appURL) ? [{ what: th.plain(settings.meta.appURL), fix: th.toApp, at: "#/settings/app" }] : []),
];
