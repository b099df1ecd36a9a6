// What refers to a collection, and what of it may be copied.

import type { Collection } from "../../api/types.ts";
import { isObject } from "../../lib/values.ts";

export interface Reference {
  collection: string;
  field: string;
  cascades: boolean; // a record goes with the one that it refers to
}

const isRelationTo = (id: string) => (field: Collection["fields"][number]) => field.type === "relation" && field["collectionId"] === id;

// Relations of other collections.
export const referencesTo = (one: Collection, all: readonly Collection[]): Reference[] =>
  all
    .filter(({ id }) => id !== one.id)
    .flatMap((other) => other.fields.filter(isRelationTo(one.id)).map((field) => ({ collection: other.name, field: field.name, cascades: field["cascadeDelete"] === true })));

const words = (text: string): Set<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []);

// Views whose query has the name in it: maybe as something else, so this is a hint.
export const viewsNaming = (one: Collection, all: readonly Collection[]): string[] =>
  all.filter((other) => other.type === "view" && other.id !== one.id && typeof other["viewQuery"] === "string" && words(other["viewQuery"]).has(one.name.toLowerCase())).map(({ name }) => name);

const isSecret = (key: string): boolean => /secret|password$/i.test(key);

// Settings of tokens have secrets, and so have providers; what they are of stays.
export const withoutSecrets = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isObject(value) || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).filter(([key, part]) => !(isSecret(key) && typeof part === "string")).map(([key, part]) => [key, withoutSecrets(part)]));
};
