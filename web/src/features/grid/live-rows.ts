// What becomes of a row that has changed elsewhere.

import type { Row } from "../../api/types.ts";
import { printJson } from "../../lib/json.ts";

const same = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object") return false;
  try {
    return printJson(a) === printJson(b);
  } catch {
    return false; // nested deeper than can be printed
  }
};

// Related records stay as they were where the relation did: the news may have come without them.
const mergedExpand = (before: Row, after: Row): Row["expand"] => {
  const [was, is] = [before.expand ?? {}, after.expand ?? {}];
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return Object.fromEntries(
    names.flatMap((name) => {
      const found = name in was && (!(name in after) || same(before[name], after[name])) ? was[name] : is[name];
      return found === undefined ? [] : [[name, found]];
    }),
  );
};

// Only what was shown before can be seen to change.
export const mergeRow = (before: Row, after: Row): { row: Row; changed: Set<string> } => {
  const changed = new Set(Object.keys(after).filter((name) => name !== "expand" && name in before && !same(before[name], after[name])));
  const expand = mergedExpand(before, after);
  return { row: { ...before, ...after, ...(before.expand || after.expand ? { expand } : {}) }, changed };
};

// --- marks on what is shown ----------------------------------------------------------------------

export interface Mark {
  changed: ReadonlySet<string>;
  at: number; // ms; cells that are drawn later than `flashMs` after it do not flash
  isGone: boolean;
  pending?: ReadonlySet<string>; // fields that are being saved
}

export const flashMs = 1500;

// A row is replaced whenever it changes, and its mark goes with it.
const marks = new WeakMap<Row, Mark>();
export const markOf = (row: Row): Mark | undefined => marks.get(row);
export const mark = (row: Row, of: Mark): Row => {
  marks.set(row, of);
  return row;
};

const none: ReadonlySet<string> = new Set();
export const goneRow = (row: Row): Row => mark({ ...row }, { changed: none, at: 0, isGone: true });

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, (char) => `\\${char}`)}"`;

// Those of `ids` that match.
export const filterOfIds = (ids: readonly string[], filter: string): string => {
  const wanted = ids.map((id) => `id=${quoted(id)}`).join("||");
  return filter ? `(${filter})&&(${wanted})` : wanted;
};
