// Which columns are drawn, and where they lie.

import type { Column } from "./types.ts";

export const checkWidth = 40;
export const leastWidth = 48;
export const mostWidth = 1200;
const allUpTo = 20; // columns: beyond that, only those in view
const beside = 2; // columns more, on each side of the view
const mostBeside = 6; // that stay while they are of no use

// For rows: it stays the same object as long as the same columns are drawn.
export interface Shape<T> {
  columns: readonly { column: Column<T>; at: number; isFrozen: boolean }[]; // at: among all, from 1
  hasLead: boolean; // an empty cell stands for those before the first one that is not frozen
}

export type Widths = ReadonlyMap<string, number>;

export const clampWidth = (width: number): number => Math.round(Math.min(mostWidth, Math.max(leastWidth, width)));

export const widthOf = <T>(column: Column<T>, widths: Widths): number => clampWidth(widths.get(column.key) ?? column.width);

// Frozen ones first.
export const arranged = <T>(columns: readonly Column<T>[]): Column<T>[] => [...columns.filter(({ frozen }) => frozen), ...columns.filter(({ frozen }) => !frozen)];

export interface Span {
  first: number;
  last: number; // behind the last
}

// Of the columns behind the frozen ones, those between x and x + view; `now` for as long as it will do.
export const columnsInView = <T>(columns: readonly Column<T>[], widths: Widths, x: number, view: number, now?: Span): Span => {
  const nFrozen = columns.filter(({ frozen }) => frozen).length;
  if (columns.length <= allUpTo) return { first: nFrozen, last: columns.length };
  let at = 0;
  let first = -1;
  let last = nFrozen;
  for (let n = nFrozen; n < columns.length; n++) {
    const width = widthOf(columns[n] as Column<T>, widths);
    if (first < 0 && at + width > x) first = n;
    if (at < x + view) last = n + 1;
    at += width;
  }
  if (first < 0) first = Math.max(nFrozen, columns.length - 1);
  const isGood = now && now.first >= nFrozen && now.first <= first && now.last >= last && now.last <= columns.length && now.last - now.first <= last - first + mostBeside;
  return isGood ? now : { first: Math.max(nFrozen, first - beside), last: Math.min(columns.length, last + beside) };
};

export const shapeOf = <T>(columns: readonly Column<T>[], { first, last }: Span): Shape<T> => {
  const nFrozen = columns.filter(({ frozen }) => frozen).length;
  const all = columns.map((column, n) => ({ column, at: n + 1, isFrozen: n < nFrozen }));
  return { columns: all.filter(({ isFrozen }, n) => isFrozen || (n >= first && n < last)), hasLead: first > nFrozen };
};

// Custom properties that lay rows out: a change of width touches no row.
export const layoutOf = <T>(columns: readonly Column<T>[], { first }: Span, shape: Shape<T>, widths: Widths): Record<string, string> => {
  const layout: Record<string, string> = {};
  const px = (n: number) => `${n}px`;
  let x = checkWidth;
  let lead = 0;
  const tracks = [px(checkWidth)];
  columns.forEach((column, n) => {
    const width = widthOf(column, widths);
    if (column.frozen) layout[`--frozen-${n + 1}`] = px(x);
    else if (n < first) lead += width;
    x += width;
  });
  shape.columns.forEach(({ column, isFrozen }, n) => {
    const isFirst = !isFrozen && (n === 0 || shape.columns[n - 1]?.isFrozen);
    if (isFirst && shape.hasLead) tracks.push(px(lead));
    tracks.push(px(widthOf(column, widths)));
  });
  return { ...layout, "--tracks": tracks.join(" "), "--width": px(x) };
};

// Where a column lies: from the inline start of all that is not frozen.
export const placeOf = <T>(columns: readonly Column<T>[], widths: Widths, at: number): { x: number; width: number; frozen: number } => {
  let x = 0;
  let frozen = checkWidth;
  columns.forEach((column, n) => {
    const width = widthOf(column, widths);
    if (column.frozen) frozen += width;
    else if (n < at) x += width;
  });
  const column = columns[at];
  return { x, width: column ? widthOf(column, widths) : 0, frozen };
};
