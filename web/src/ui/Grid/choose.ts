// What sorting and selecting come to.

import type { SortKey } from "./types.ts";

// Of one key: up, down, not at all. more: the other keys stay.
export const nextSort = (sort: readonly SortKey[], key: string, more: boolean): SortKey[] => {
  const now = sort.find((one) => one.key === key);
  const next = !now ? [{ key, desc: false }] : now.desc ? [] : [{ key, desc: true }];
  if (!more) return next;
  const at = now ? sort.indexOf(now) : sort.length;
  return [...sort.slice(0, at), ...next, ...sort.slice(at + 1)];
};

export const toggled = (ids: ReadonlySet<string>, id: string): Set<string> => {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
};

// Of a row that is there; -1 where it is not.
export const positionOf = (at: (position: number) => { id: string } | undefined, id: string | null, loaded: { first: number; last: number }): number => {
  for (let position = loaded.first; id !== null && position < loaded.last; position++) if (at(position)?.id === id) return position;
  return -1;
};

// The ids between two positions, as far as they are there.
export const idsBetween = (at: (position: number) => { id: string } | undefined, one: number, other: number, loaded: { first: number; last: number }): string[] => {
  const first = Math.max(Math.min(one, other), loaded.first);
  const last = Math.min(Math.max(one, other), loaded.last - 1);
  const ids: string[] = [];
  for (let position = first; position <= last; position++) {
    const row = at(position);
    if (row) ids.push(row.id);
  }
  return ids;
};
