// Groups of collections, each collection in one at most.

import { isObject } from "./values.ts";

export interface Group {
  id: string;
  name: string;
  items: readonly string[]; // ids of collections
}

const mostName = 60;
const isText = (value: unknown): value is string => typeof value === "string";

// What was kept, by whoever.
export const groupsFrom = (value: unknown): Group[] => {
  if (!Array.isArray(value)) return [];
  const seen = new Set<string>();
  const take = (key: string): boolean => !seen.has(key) && Boolean(seen.add(key));
  return value
    .filter(isObject)
    .filter(({ id, name }) => isText(id) && isText(name) && take(`group ${id}`))
    .map(({ id, name, items }) => ({ id: String(id), name: String(name), items: (Array.isArray(items) ? items : []).filter(isText).filter((item) => take(`item ${item}`)) }));
};

export const cleanName = (name: string): string => name.trim().slice(0, mostName);

export const isTaken = (groups: readonly Group[], name: string, but?: string): boolean =>
  groups.some((group) => group.id !== but && group.name.toLowerCase() === cleanName(name).toLowerCase());

export const groupOf = (groups: readonly Group[], item: string): Group | undefined => groups.find(({ items }) => items.includes(item));

// to: a group's id; null: none.
export const moveItem = (groups: readonly Group[], item: string, to: string | null): Group[] =>
  groups.map((group) => {
    const rest = group.items.filter((one) => one !== item);
    return { ...group, items: group.id === to ? [...rest, item] : rest };
  });

export const addGroup = (groups: readonly Group[], name: string, item?: string): Group[] => {
  const taken = new Set(groups.map(({ id }) => id));
  let n = groups.length + 1;
  while (taken.has(`g${n}`)) n++;
  const next = [...groups, { id: `g${n}`, name: cleanName(name), items: [] }];
  return item === undefined ? next : moveItem(next, item, `g${n}`);
};

export const renameGroup = (groups: readonly Group[], id: string, name: string): Group[] => groups.map((group) => (group.id === id ? { ...group, name: cleanName(name) } : group));

export const removeGroup = (groups: readonly Group[], id: string): Group[] => groups.filter((group) => group.id !== id);

// The group before or after that of an item, as they are listed: those in none come last.
export const nextGroup = (groups: readonly Group[], item: string, by: number): string | null => {
  const places = [...groups.map(({ id }) => id), null];
  const at = places.indexOf(groupOf(groups, item)?.id ?? null);
  return places[Math.min(places.length - 1, Math.max(0, at + by))] ?? null;
};
