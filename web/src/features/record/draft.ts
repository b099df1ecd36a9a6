// What is typed as a draft, and a draft as what can be typed on with.

import type { Collection, Field } from "../../api/types.ts";
import { plainKinds } from "../../fields/kinds.ts";
import type { Draft } from "../../lib/drafts.ts";
import { parseJson, printJson } from "../../lib/json.ts";
import { BadDate, isObject, JsonText } from "../../lib/values.ts";
import { print } from "./same.ts";

export type Values = Record<string, unknown>;

export const formFields = ({ fields }: Collection): readonly Field[] => fields.filter(({ name, type }) => type !== "autodate" && name !== "tokenKey");

// Never in a draft.
export const isUnkept = ({ type }: Field, value?: unknown): boolean => type === "password" || type === "file" || value instanceof BadDate;

export const blankValues = (collection: Collection): Values =>
  Object.fromEntries(
    formFields(collection).map((field) => [field.name, field.name === "id" ? "" : Object.hasOwn(plainKinds, field.type) ? plainKinds[field.type].blank(field) : null]),
  );

// Of a draft: one field. Its name may be another one when the draft is read.
export interface Entry {
  id?: string; // of the field
  name: string;
  type?: string;
  value: unknown; // of json its text
  was?: unknown; // what the server had when it was typed
}

const textOf = (value: unknown): string | null => (value === null || value === undefined ? null : value instanceof JsonText ? value.text : printJson(value, 2));

export const entriesOf = (values: Values, was: Values, collection: Collection): Entry[] =>
  formFields(collection)
    .filter((field) => Object.hasOwn(values, field.name) && !isUnkept(field, values[field.name]))
    .map(({ id, name, type }) => ({ id, name, type, value: type === "json" ? textOf(values[name]) : values[name], ...(print(was[name]) === undefined ? {} : { was: was[name] }) }));

// What was offered, and typed over before it was taken: without ids, so that it is read as what has no
// place (`gone`), to be looked at.
export const replaced = (offered: Values, values: Values, collection: Collection): Entry[] => {
  const lost = Object.entries(offered).filter(([name, value]) => Object.hasOwn(values, name) && print(values[name]) !== print(value));
  return entriesOf(Object.fromEntries(lost), {}, collection).map(({ id: _, ...entry }) => entry);
};

// null: there is nothing that may be kept.
export const packDraft = (key: string, at: number, entries: readonly Entry[]): Draft | null => (entries.length > 0 ? { key, at, values: printJson(entries) } : null);

export interface Unpacked {
  values: Values;
  was: Values;
  gone: readonly Entry[]; // of fields that are no longer there, or of another type now
}

const isEntry = (entry: unknown): entry is Entry => isObject(entry) && typeof entry["name"] === "string";

// Older drafts have an object, and the types of its fields beside it.
const read = ({ values, types }: Draft): Entry[] => {
  try {
    const found = typeof values === "string" ? parseJson(values) : values;
    if (Array.isArray(found)) return found.filter(isEntry);
    return isObject(found) ? Object.entries(found).map(([name, value]) => ({ name, value, ...(types?.[name] === undefined ? {} : { type: types[name] }) })) : [];
  } catch {
    return [];
  }
};

export const unpackDraft = (draft: Draft, collection: Collection): Unpacked => {
  const fields = formFields(collection);
  const found: Unpacked & { gone: Entry[] } = { values: {}, was: {}, gone: [] };
  const entries = read(draft);
  const ids = new Set(entries.map(({ id }) => id));
  for (const entry of entries) {
    const field = fields.find(({ id }) => id === entry.id) ?? fields.find(({ id, name }) => name === entry.name && !ids.has(id));
    if (field && (entry.type ?? field.type) === field.type) {
      found.values[field.name] = field.type === "json" && typeof entry.value === "string" ? new JsonText(entry.value) : entry.value;
      if ("was" in entry) found.was[field.name] = entry.was;
    } else found.gone.push(entry);
  }
  return found;
};
