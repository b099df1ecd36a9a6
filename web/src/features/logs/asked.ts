// Which entries are asked for: what the address says, as a filter of the API.

import { printInstant, readInstant } from "../../lib/dates.ts";
import { parse } from "../../lib/filter/parse.ts";
import { quote } from "../../lib/filter/print.ts";
import { RawNumber } from "../../lib/json.ts";

export interface Asked {
  q: string; // a filter
  from: string; // an instant, or one of `spans` before now; "" for all
  to: string; // an instant; "" for now
  superusers: boolean; // their requests too
}

export interface Range {
  from: number | null; // ms since 1970
  to: number | null;
}

const minuteMs = 60_000;
export const spans: Record<string, number> = { "15m": 15 * minuteMs, "1h": 60 * minuteMs, "24h": 24 * 60 * minuteMs, "7d": 7 * 24 * 60 * minuteMs };
export const isSpan = (text: string): boolean => Object.hasOwn(spans, text);

const timeOf = (text: string): number | null => readInstant(text)?.getTime() ?? null;

export const rangeOf = ({ from, to }: Pick<Asked, "from" | "to">, now: number): Range =>
  isSpan(from) ? { from: now - (spans[from] ?? 0), to: null } : { from: timeOf(from), to: timeOf(to) };

const instant = (ms: number): string => quote(printInstant(new Date(ms)));

const texts = /'[^'\\]*(?:\\[^][^'\\]*)*'|"[^"\\]*(?:\\[^][^"\\]*)*"/g;

// As a part of a longer one. A comment at the end of it ends with its line.
const asPart = (filter: string): string => {
  const bare = filter.replace(texts, "");
  const hasComment = bare.includes("//");
  return hasComment || bare.includes("||") ? `(${filter}${hasComment ? "\n" : ""})` : filter;
};

export const both = (...filters: readonly string[]): string => {
  const some = filters.filter((one) => one.trim() !== "");
  return some.length < 2 ? (some[0] ?? "") : some.map(asPart).join(" && ");
};

// With one comparison more, unless it is one of those that all have to hold.
export const narrowed = (q: string, comparison: string): string => {
  const holds = parse(q, Infinity).node;
  const parts = holds?.kind === "group" && holds.op === "&&" ? holds.parts : holds ? [holds] : [];
  return parts.some(({ at, end }) => q.slice(at, end) === comparison) ? q : both(q, comparison);
};

const noSuperusers = "data.auth != '_superusers'";

export const filterOf = ({ q, superusers }: Asked, { from, to }: Range): string =>
  both(superusers ? "" : noSuperusers, from === null ? "" : `created >= ${instant(from)}`, to === null ? "" : `created < ${instant(to)}`, q);

// Entries written after another one, and those that are not.
export const after = (created: string): string => (created ? `created > ${quote(created)}` : "");
export const upTo = (created: string): string => (created ? `created <= ${quote(created)}` : "");

// What the language of filters can name.
export const isName = (key: string): boolean => /^\w+$/.test(key);

const mostCompared = 2000; // letters; a filter has a limit

// Undefined: such a value cannot be compared with.
export const comparisonWith = (path: string, value: unknown): string | undefined => {
  if (typeof value === "string") return value.length <= mostCompared ? `${path} = ${quote(value)}` : undefined;
  if (typeof value === "number" || value instanceof RawNumber) return /^-?\d+(?:\.\d+)?$/.test(String(value)) ? `${path} = ${String(value)}` : undefined;
  return typeof value === "boolean" || value === null ? `${path} = ${String(value)}` : undefined;
};
