// What is typed instead of what the server has, and what it was typed over: somebody else may have
// saved something else there meanwhile, or called the field otherwise.

import type { Collection } from "../../api/types.ts";
import type { Values } from "./draft.ts";
import { same } from "./same.ts";

export interface Typed {
  values: Values;
  was: Values; // of the same names
}

export const nothing: Typed = { values: {}, was: {} };

export const pick = (values: Values, names: readonly string[]): Values => Object.fromEntries(names.filter((name) => Object.hasOwn(values, name)).map((name) => [name, values[name]]));

export const without = (values: Values, names: readonly string[]): Values => Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));

export const unlike = (values: Values, original: Values): Values => Object.fromEntries(Object.entries(values).filter(([name, value]) => !same(value, original[name])));

// As far as it differs from what the server has.
export const typedOver = ({ values, was }: Typed, original: Values): Typed => {
  const left = unlike(values, original);
  const over = (name: string): unknown => (Object.hasOwn(was, name) && !same(was[name], original[name]) ? was[name] : original[name]);
  return { values: left, was: Object.fromEntries(Object.keys(left).map((name) => [name, over(name)])) };
};

// Where something else was typed than each of what was sent.
export const typedSince = (values: Values, sent: readonly Values[]): Values =>
  Object.fromEntries(Object.entries(values).filter(([name, value]) => !sent.every((one) => Object.hasOwn(one, name) && same(one[name], value))));

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

// A list that two have changed: theirs, without what was taken out here, and with what was added here.
export const bothOf = (was: unknown, mine: unknown, theirs: unknown): unknown[] => {
  const has = (list: unknown, one: unknown) => listOf(list).some((other) => same(other, one));
  const kept = listOf(theirs).filter((one) => !has(was, one) || has(mine, one));
  return [...kept, ...listOf(mine).filter((one) => !has(was, one) && !has(kept, one))];
};

// How the fields of a collection are called in a newer definition; null: no longer there.
export type Renames = ReadonlyMap<string, string | null>;

export const renamesOf = (before: Collection, after: Collection): Renames => {
  const now = new Map(after.fields.map((field) => [field.id, field]));
  return new Map(
    before.fields.map(({ id, name, type }) => {
      const found = now.get(id);
      return [name, found?.type === type ? found.name : null];
    }),
  );
};

// What is no field, as the collection's id, is called as before.
export const renamed = (values: Values, names: Renames): Values =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      const now = names.has(name) ? names.get(name) : name;
      return typeof now === "string" ? [[now, value]] : [];
    }),
  );
