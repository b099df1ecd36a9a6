// What is edited, put on a newer definition: what was not changed here is as it is there now.

import type { Field } from "../../api/types.ts";
import { parseIndex } from "../../lib/index-sql.ts";
import { printJson } from "../../lib/json.ts";
import { isObject } from "../../lib/values.ts";
import { nextKey, type Draft, type FieldDraft, type IndexDraft, type Options } from "./draft.ts";

export const same = (a: unknown, b: unknown): boolean => a === b || (a !== undefined && b !== undefined && printJson(a) === printJson(b));

const isTree = (value: unknown): value is Options => isObject(value) && Object.getPrototypeOf(value) === Object.prototype;

// Lists of things that have names, such as providers.
const named = (value: unknown): Map<string, Options> | null =>
  Array.isArray(value) && value.every((one) => isTree(one) && typeof one["name"] === "string") ? new Map(value.map((one: Options) => [String(one["name"]), one])) : null;

const mergeNamed = (mine: Map<string, Options>, before: Map<string, Options>, theirs: Map<string, Options>): unknown[] => [
  ...[...theirs].flatMap(([name, one]) => {
    const own = mine.get(name);
    const was = before.get(name);
    if (!own) return was ? [] : [one];
    return [was ? mergeTrees(own, was, one) : own];
  }),
  ...[...mine].filter(([name]) => !theirs.has(name) && !before.has(name)).map(([, one]) => one),
];

const mergeValues = (mine: unknown, before: unknown, theirs: unknown): unknown => {
  if (same(mine, before)) return theirs;
  if (isTree(mine) && isTree(before) && isTree(theirs)) return mergeTrees(mine, before, theirs);
  const [a, b, c] = [named(mine), named(before), named(theirs)];
  return a && b && c ? mergeNamed(a, b, c) : mine;
};

const mergeTrees = (mine: Options, before: Options, theirs: Options): Options =>
  Object.fromEntries(
    Object.keys({ ...theirs, ...mine }).flatMap((name) => {
      const value = Object.hasOwn(mine, name) ? mergeValues(mine[name], before[name], theirs[name]) : Object.hasOwn(before, name) ? undefined : theirs[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

const fieldOf = (mine: FieldDraft | undefined, theirs: FieldDraft): FieldDraft => {
  if (!mine?.was) return theirs;
  return { key: theirs.key, field: mergeTrees(mine.field, mine.was, theirs.field) as Field, was: theirs.field, isRemoved: mine.isRemoved };
};

const keys = (fields: readonly { key: string }[]): string[] => fields.map(({ key }) => key);

// New ones stand where they stood: behind the one that they followed.
const withNew = <T extends { key: string }>(fields: T[], mine: readonly T[], isNew: (one: T) => boolean): T[] => {
  const made = [...fields];
  for (const [n, one] of mine.entries()) {
    if (!isNew(one)) continue;
    const before = mine.slice(0, n).reverse().find(({ key }) => made.some((other) => other.key === key));
    made.splice(before ? made.findIndex(({ key }) => key === before.key) + 1 : made.length, 0, one);
  }
  return made;
};

const mergeFields = (mine: Draft, before: Draft, theirs: Draft): FieldDraft[] => {
  const byKey = new Map(mine.fields.map((one) => [one.key, one]));
  const found = theirs.fields.map((one) => fieldOf(byKey.get(one.key), one));
  const isMoved = !same(keys(mine.fields.filter(({ was }) => was)), keys(before.fields));
  const place = new Map(mine.fields.map(({ key }, n) => [key, n]));
  const sorted = isMoved ? [...found].sort((a, b) => (place.get(a.key) ?? Infinity) - (place.get(b.key) ?? Infinity) || 0) : found;
  return withNew(sorted, mine.fields, ({ was }) => was === null);
};

const isTouched = ({ was, text, isRemoved }: IndexDraft): boolean => was !== text || isRemoved;

// One that they have written otherwise, too, is found by its name.
const mergeIndexes = (mine: Draft, theirs: Draft): IndexDraft[] => {
  const nameIn = (text: string | null): string | undefined => (text === null ? undefined : parseIndex(text)?.name.toLowerCase());
  const own = mine.indexes.filter(({ was }) => was !== null);
  const found = theirs.indexes.map((one) => {
    const match = own.find(({ was }) => was === one.was) ?? own.find(({ was }) => nameIn(was) !== undefined && nameIn(was) === nameIn(one.was));
    if (!match) return { ...one, key: nextKey() };
    return isTouched(match) ? { ...match, was: one.was } : { ...one, key: match.key };
  });
  return [...found, ...mine.indexes.filter(({ was }) => was === null)];
};

export const rebase = (mine: Draft, before: Draft, theirs: Draft): Draft => ({
  type: theirs.type,
  name: mine.name === before.name ? theirs.name : mine.name,
  fields: mergeFields(mine, before, theirs),
  indexes: mergeIndexes(mine, theirs),
  options: mergeTrees(mine.options, before.options, theirs.options),
});

// What was edited here of fields that are no longer there.
export const droppedBy = (mine: Draft, theirs: Draft): string[] =>
  mine.fields.filter(({ key, was, field, isRemoved }) => was && !isRemoved && !same(field, was) && !theirs.fields.some((one) => one.key === key)).map(({ field }) => field.name);
