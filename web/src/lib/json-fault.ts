// Where a text stops being JSON: engines say it each in another way, or not at all.

import { parseJson } from "./json.ts";

export interface JsonFault {
  at: number;
  line: number;
  column: number; // both from 1
}

const space = /[ \t\n\r]*/y;
const scalar = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

type Wanted = "value" | "first item" | "key" | "first key" | "colon" | "next" | "end";

interface Scan {
  text: string;
  at: number;
  open: ("[" | "{")[];
}

const take = (scan: Scan, token: string): boolean => {
  if (scan.text[scan.at] !== token) return false;
  scan.at++;
  return true;
};

const takeScalar = (scan: Scan, isKey: boolean): boolean => {
  scalar.lastIndex = scan.at;
  const found = scalar.exec(scan.text)?.[0];
  if (found === undefined || (isKey && !found.startsWith('"'))) return false;
  scan.at += found.length;
  return true;
};

const after = (scan: Scan): Wanted => (scan.open.length > 0 ? "next" : "end");

const close = (scan: Scan): Wanted | null => {
  if (!take(scan, scan.open.at(-1) === "[" ? "]" : "}")) return null;
  scan.open.pop();
  return after(scan);
};

const openOne = (scan: Scan, kind: "[" | "{"): Wanted | null => {
  if (!take(scan, kind)) return null;
  scan.open.push(kind);
  return kind === "[" ? "first item" : "first key";
};

const value = (scan: Scan): Wanted | null => openOne(scan, "[") ?? openOne(scan, "{") ?? (takeScalar(scan, false) ? after(scan) : null);
const key = (scan: Scan): Wanted | null => (takeScalar(scan, true) ? "colon" : null);

// What may come, and what is wanted after it; null: something else is there.
const steps: Record<Exclude<Wanted, "end">, (scan: Scan) => Wanted | null> = {
  value,
  key,
  "first item": (scan) => close(scan) ?? value(scan),
  "first key": (scan) => close(scan) ?? key(scan),
  colon: (scan) => (take(scan, ":") ? "value" : null),
  next: (scan) => (take(scan, ",") ? (scan.open.at(-1) === "[" ? "value" : "key") : close(scan)),
};

const faultAt = (text: string): number => {
  const scan: Scan = { text, at: 0, open: [] };
  for (let wanted: Wanted = "value"; ; ) {
    space.lastIndex = scan.at;
    scan.at += space.exec(text)?.[0].length ?? 0;
    const next: Wanted | null = wanted === "end" ? null : steps[wanted](scan);
    if (next === null) return scan.at;
    wanted = next;
  }
};

// Null where it is JSON.
export const jsonFault = (text: string): JsonFault | null => {
  try {
    parseJson(text);
    return null;
  } catch {
    const at = faultAt(text);
    const lines = text.slice(0, at).split("\n");
    return { at, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
  }
};
