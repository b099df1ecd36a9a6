// What an entry says, whoever has written it: `data` may be anything.

import type { Collection, Field, LogRow } from "../../api/types.ts";
import { tl } from "../../i18n/t-logs.ts";
import { csvLine } from "../../lib/csv.ts";
import { printJson, type Json } from "../../lib/json.ts";
import { isObject } from "../../lib/values.ts";
import type { BadgeKind } from "../../ui/Badge/Badge.tsx";

export interface Level {
  value: number;
  name: string;
  kind: BadgeKind;
}

export const levels: readonly Level[] = [
  { value: -4, name: tl.levels.debug, kind: "plain" },
  { value: 0, name: tl.levels.info, kind: "info" },
  { value: 4, name: tl.levels.warn, kind: "warn" },
  { value: 8, name: tl.levels.error, kind: "danger" },
];

// One between two levels is as severe as the lower one, and says its number.
export const levelOf = (value: number): Level => {
  const nearest = levels.findLast((one) => value >= one.value) ?? (levels[0] as Level);
  return nearest.value === value ? nearest : { ...nearest, value, name: tl.level(nearest.name, value) };
};

export const dataOf = ({ data }: LogRow): Record<string, Json> => (isObject(data) ? (data as Record<string, Json>) : {});

export const textOf = (value: unknown): string => (value === null || value === undefined ? "" : typeof value === "object" ? printJson(value) : String(value));

export const statusOf = (row: LogRow): number | undefined => {
  const { status } = dataOf(row);
  return typeof status === "number" ? status : undefined;
};

export const kindOfStatus = (status: number): BadgeKind => (status >= 500 || status === 0 ? "danger" : status >= 400 ? "warn" : "ok");

export const msOf = (row: LogRow): number | undefined => {
  const ms = Number(textOf(dataOf(row)["execTime"]) || NaN);
  return Number.isFinite(ms) ? ms : undefined;
};

// Who it was: the id where it is logged, else of which collection. "" where it was no request.
export const userOf = (row: LogRow): string => {
  const { auth, authId, type } = dataOf(row);
  const id = textOf(authId);
  return id ? `${textOf(auth)}/${id}` : textOf(auth) || (type === "request" ? tl.guest : "");
};

export const ipOf = (row: LogRow): string => textOf(dataOf(row)["userIP"]);

const dataKeys = ["status", "execTime", "method", "url", "auth", "authId", "userIP", "remoteIP", "userAgent", "referer", "type", "error", "details"];
const field = (name: string, type: Field["type"]): Field => ({ id: name, name, type, system: true, hidden: false });

// For the filter bar.
export const logsCollection: Collection = {
  id: "_logs", name: "logs", type: "base", system: true, indexes: [], listRule: null, viewRule: null, createRule: null, updateRule: null, deleteRule: null, created: "", updated: "",
  fields: [
    field("level", "number"), field("message", "text"), field("data", "json"),
    ...dataKeys.map((key) => field(`data.${key}`, key === "status" || key === "execTime" ? "number" : "text")),
    field("created", "date"), field("id", "text"),
  ],
};

const firstKeys = ["id", "created", "level", "message"] as const;

export type Format = "json" | "csv";

const writers: Record<Format, (rows: readonly LogRow[]) => string> = {
  json: (rows) => `${printJson(rows, 2)}\n`,
  csv: (rows) => {
    const keys = [...new Set(rows.flatMap((row) => Object.keys(dataOf(row))))].sort();
    const lines = rows.map((row) => csvLine([...firstKeys.map((key) => row[key]), ...keys.map((key) => dataOf(row)[key])]));
    return csvLine([...firstKeys, ...keys.map((key) => `data.${key}`)]) + lines.join("");
  },
};

export const fileOf = (rows: readonly LogRow[], format: Format): Blob => new Blob([writers[format](rows)], { type: format === "csv" ? "text/csv" : "application/json" });

// The call again, as far as an entry tells it: its body is not logged. One of this server alone.
export const callOf = (row: LogRow): { method: string; url: string; isPublic: boolean } | undefined => {
  const { url, method, auth } = dataOf(row);
  if (typeof url !== "string" || !url.startsWith("/") || typeof method !== "string" || !/^[A-Z]{1,12}$/.test(method)) return undefined;
  return { method, url, isPublic: !auth };
};
