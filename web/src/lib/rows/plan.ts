// Which rows to ask for next: the run that is there, and what is looked at, decide it.

import type { Identified, Run } from "./run.ts";

export const pageSize = 100;
export const mostKept = 5000;
const mostAtOnce = 1000; // that the API gives in one answer

// What is asked, in words that both ways of paging understand.
export type Ask =
  | { kind: "start" }
  | { kind: "end" }
  | { kind: "from"; value: unknown } // of the first key of the sort
  | { kind: "page"; page: number } // counted from 0
  | { kind: "after"; cursor: string; n: number }
  | { kind: "before"; cursor: string; n: number }
  | { kind: "after-page"; page: number; skip: number } // the rest of a page whose first rows are there
  | { kind: "before-page"; page: number; take: number };

export interface Looked {
  first: number;
  last: number; // behind the last one
}

const whole = (rows: number): number => Math.min(mostAtOnce, Math.max(1, Math.ceil(rows / pageSize)) * pageSize);

const onward = <T extends Identified>(run: Run<T>, missing: number): Ask | null => {
  if (typeof run.after === "string") return { kind: "after", cursor: run.after, n: whole(missing) };
  if (run.after === null || !run.isPlaced) return null;
  const from = run.end + run.ahead;
  return { kind: "after-page", page: Math.floor(from / pageSize), skip: from % pageSize };
};

const backward = <T extends Identified>(run: Run<T>, missing: number): Ask | null => {
  if (typeof run.before === "string") return { kind: "before", cursor: run.before, n: whole(missing) };
  const to = run.start - run.behind;
  if (run.before === null || !run.isPlaced || to <= 0) return null;
  const page = Math.floor((to - 1) / pageSize);
  return { kind: "before-page", page, take: to - page * pageSize };
};

// How far from a run one asks onward from it; farther rows are asked for by their position.
const reach = (way: unknown): number => (typeof way === "string" ? mostAtOnce - pageSize : pageSize);

const isFar = <T extends Identified>(run: Run<T>, { first, last }: Looked): boolean =>
  first > run.end + reach(run.after) || last < run.start - reach(run.before);

// Of a run without positions, the place that `at` of `count` comes nearest to.
const guess = <T extends Identified>(run: Run<T>, at: number, count: number, total: number | undefined): Ask => {
  if (total === undefined) return at < run.start ? { kind: "start" } : { kind: "end" };
  return { kind: "page", page: Math.floor(((at / Math.max(count, 1)) * total) / pageSize) };
};

// null: all that is looked at is there, and two screens to each side.
export const plan = <T extends Identified>(run: Run<T>, looked: Looked, count: number, total: number | undefined): Ask | null => {
  if (run.pieces.length === 0) return { kind: "start" };
  if (isFar(run, looked)) return run.isPlaced ? { kind: "page", page: Math.floor(looked.first / pageSize) } : guess(run, looked.first, count, total);
  const ahead = 2 * (looked.last - looked.first);
  const missingAfter = Math.min(looked.last + ahead, count) - run.end;
  const missingBefore = run.start - Math.max(looked.first - ahead, 0);
  const after = missingAfter > 0 ? onward(run, missingAfter) : null;
  const before = missingBefore > 0 ? backward(run, missingBefore) : null;
  // What is seen goes before what may be.
  return looked.first < run.start ? (before ?? after) : (after ?? before);
};

// "-created,id" from its other end.
export const reverseSort = (sort: string): string =>
  sort
    .split(",")
    .map((key) => key.trim())
    .filter(Boolean)
    .map((key) => (key.startsWith("-") ? key.slice(1) : `-${key.replace(/^\+/, "")}`))
    .join(",");
