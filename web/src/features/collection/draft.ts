// The definition of a collection as it is edited. Fields have keys that stay when they are renamed, and
// whatever names a field here (indexes, identity fields, mapped fields) holds its key: what is made
// of it has the names that they have then.

import type { Collection, CollectionType, Field, FieldType } from "../../api/types.ts";
import { parseIndex, printIndex, renameInSql, type Index } from "../../lib/index-sql.ts";
import { renameInRule } from "../../lib/rename-rule.ts";
import { isObject, itemsOf } from "../../lib/values.ts";

export interface FieldDraft {
  key: string;
  field: Field;
  was: Field | null; // as the server has it; null: a new one
  isRemoved: boolean;
}

export interface IndexDraft {
  key: string;
  was: string | null; // its text at the server
  text: string; // as it was typed; what counts where it cannot be read
  index: Index | null; // names of columns are keys where they are fields
  written: ReadonlyMap<string, string>; // names of fields when the text was written, in small letters, and their keys
  isRemoved: boolean;
}

export type Options = Readonly<Record<string, unknown>>;

export interface Draft {
  type: CollectionType;
  name: string;
  fields: readonly FieldDraft[];
  indexes: readonly IndexDraft[];
  options: Options; // rules, the query of a view, how people sign in
}

export const ruleNames = ["listRule", "viewRule", "createRule", "updateRule", "deleteRule", "authRule", "manageRule"] as const;

const notOptions: ReadonlySet<string> = new Set(["id", "name", "type", "system", "fields", "indexes", "created", "updated"]);

const mark = "#"; // begins a key: no name has it
export const keyOf = ({ id }: Field): string => `${mark}${id}`;
let last = 0;
const page = crypto.randomUUID?.() ?? String(Date.now()); // drafts have keys of other pages
export const nextKey = (): string => `${mark}new ${page} ${++last}`;

// --- names and keys ---

const byName = (fields: readonly FieldDraft[]): ReadonlyMap<string, string> => new Map(fields.map(({ key, field, was }) => [(was ?? field).name.toLowerCase(), key]));

const mapColumns = (index: Index, map: (name: string) => string): Index => ({ ...index, columns: index.columns.map((one) => ({ ...one, name: map(one.name) })) });

export const readIndex = (text: string, written: ReadonlyMap<string, string>): Pick<IndexDraft, "index" | "written"> => {
  const index = parseIndex(text);
  return { index: index && mapColumns(index, (name) => written.get(name.toLowerCase()) ?? name), written };
};

// What is called by names of fields in the options of who signs in.
const mapNames = (options: Options, map: (name: string) => string): Options => {
  const made: Record<string, unknown> = { ...options };
  const { passwordAuth, oauth2 } = options;
  if (isObject(passwordAuth)) made["passwordAuth"] = { ...passwordAuth, identityFields: itemsOf(passwordAuth["identityFields"]).map(map).filter(Boolean) };
  if (isObject(oauth2) && isObject(oauth2["mappedFields"]))
    made["oauth2"] = { ...oauth2, mappedFields: Object.fromEntries(Object.entries(oauth2["mappedFields"]).map(([key, name]) => [key, typeof name === "string" && name !== "" ? map(name) : name])) };
  return made;
};

// The name of a field now; of what is no key, itself.
export const nameOf = ({ fields }: Pick<Draft, "fields">, key: string): string => (key.startsWith(mark) ? (fields.find((one) => one.key === key)?.field.name ?? "") : key);

export const isOfRemoved = ({ fields }: Pick<Draft, "fields">, index: Index | null): boolean =>
  index?.columns.some(({ name }) => fields.some(({ key, isRemoved }) => key === name && isRemoved)) ?? false;

// As it is sent: its expressions follow the names of their fields.
export const indexText = (draft: Draft, { was, text, index, written }: IndexDraft): string => {
  if (!index) return text;
  const renames = new Map([...written].map(([name, key]) => [name, nameOf(draft, key)] as const).filter(([name, now]) => now !== "" && now.toLowerCase() !== name));
  const called = (name: string): string => (name.startsWith(mark) ? nameOf(draft, name) : renameInSql(name, renames));
  const now = mapColumns({ ...index, table: draft.name || index.table, where: renameInSql(index.where, renames) }, called);
  // Written otherwise it would be the same: then it stays as it was written.
  const saysSo = (one: string): boolean => {
    const read = parseIndex(one);
    return read !== null && read.table === now.table && printIndex(read) === printIndex(now);
  };
  return [was ?? "", text].find(saysSo) ?? printIndex(now);
};

// --- made of a collection, and one made of it ---

export const draftOf = (one: Collection): Draft => {
  const fields = one.fields.map((field) => ({ key: keyOf(field), field, was: field, isRemoved: false }));
  const names = byName(fields);
  return {
    type: one.type,
    name: one.name,
    fields,
    indexes: one.indexes.map((text, n) => ({ key: `${mark}${n}`, was: text, text, ...readIndex(text, names), isRemoved: false })),
    options: mapNames(Object.fromEntries(Object.entries(one).filter(([name]) => !notOptions.has(name))), (name) => names.get(name.toLowerCase()) ?? name),
  };
};

// Of a new collection: nothing of it is at the server, and what cannot be missing is there.
export const newDraft = (scaffold: Collection): Draft => {
  const draft = draftOf(scaffold);
  return { ...draft, fields: draft.fields.map((one) => ({ ...one, was: null })), indexes: draft.indexes.map((one) => ({ ...one, was: null })) };
};

export const renamesIn = ({ fields }: Draft): ReadonlyMap<string, string> =>
  new Map(fields.filter(({ was, field, isRemoved }) => was && !isRemoved && was.name !== field.name && field.name !== "").map(({ was, field }) => [(was as Field).name, field.name]));

// Rules that are as they were follow the names of their fields.
const followRules = (options: Options, original: Options | null, renames: ReadonlyMap<string, string>): Options => {
  const rules = ruleNames.filter((name) => original && typeof options[name] === "string" && options[name] === original[name]);
  const { mfa } = options;
  const made: Record<string, unknown> = { ...options };
  for (const name of rules) made[name] = renameInRule(String(options[name]), renames);
  const mfaBefore = original?.["mfa"];
  if (isObject(mfa) && typeof mfa["rule"] === "string" && isObject(mfaBefore) && mfaBefore["rule"] === mfa["rule"]) made["mfa"] = { ...mfa, rule: renameInRule(mfa["rule"], renames) };
  return made;
};

export interface Body {
  name: string;
  type: CollectionType;
  fields?: readonly Field[];
  indexes: readonly string[];
  [option: string]: unknown;
}

// The whole definition, as it is sent; original: as the server has it.
export const bodyOf = (draft: Draft, original: Draft | null): Body => ({
  name: draft.name,
  type: draft.type,
  ...(draft.type === "view" ? {} : { fields: sentFields(draft).map(({ field }) => field) }), // those of a view are made of its query
  indexes: sentIndexes(draft).map((one) => indexText(draft, one)),
  ...followRules(mapNames(draft.options, (name) => nameOf(draft, name)), original?.options ?? null, renamesIn(draft)),
});

// In the order in which the server names them in what it refuses.
export const sentFields = ({ fields }: Draft): readonly FieldDraft[] => fields.filter(({ isRemoved }) => !isRemoved);
export const sentIndexes = (draft: Draft): readonly IndexDraft[] => draft.indexes.filter(({ isRemoved, index }) => !isRemoved && !isOfRemoved(draft, index));

// --- changes ---

export const setField = (draft: Draft, key: string, change: Partial<Field>): Draft => ({
  ...draft,
  fields: draft.fields.map((one) => (one.key === key ? { ...one, field: { ...one.field, ...change } as Field } : one)),
});

// A new one goes, another one is marked.
export const removeField = (draft: Draft, key: string): Draft => ({
  ...draft,
  fields: draft.fields.flatMap((one) => (one.key !== key ? one : one.was ? { ...one, isRemoved: true } : [])),
});

export const restoreField = (draft: Draft, key: string): Draft => ({ ...draft, fields: draft.fields.map((one) => (one.key === key ? { ...one, isRemoved: false } : one)) });

const isDate = ({ field }: FieldDraft): boolean => field.type === "autodate";

// New fields stand before the dates that usually end a collection.
export const addField = (draft: Draft, type: FieldType, name: string, options: Partial<Field> = {}): { draft: Draft; key: string } => {
  const key = nextKey();
  const field = { hidden: false, presentable: false, required: false, ...options, id: "", name, type, system: false } as Field;
  const dates = [...draft.fields].reverse().findIndex((one) => !isDate(one));
  const at = type === "autodate" ? draft.fields.length : draft.fields.length - Math.max(0, dates);
  return { draft: { ...draft, fields: [...draft.fields.slice(0, at), { key, field, was: null, isRemoved: false }, ...draft.fields.slice(at)] }, key };
};

export const moveField = (draft: Draft, key: string, to: number): Draft => {
  const from = draft.fields.findIndex((one) => one.key === key);
  const moved = draft.fields[from];
  if (!moved) return draft;
  const others = draft.fields.filter((one) => one !== moved);
  const at = Math.max(0, Math.min(to, others.length));
  return { ...draft, fields: [...others.slice(0, at), moved, ...others.slice(at)] };
};

export const setOptions = (draft: Draft, change: Options): Draft => ({ ...draft, options: { ...draft.options, ...change } });

export const addIndex = (draft: Draft, text: string): { draft: Draft; key: string } => {
  const key = nextKey();
  return { draft: { ...draft, indexes: [...draft.indexes, { key, was: null, text, ...readCurrent(draft, text), isRemoved: false }] }, key };
};

// Read with the names that fields have now.
const readCurrent = (draft: Draft, text: string) => readIndex(text, new Map(sentFields(draft).map(({ key, field }) => [field.name.toLowerCase(), key])));

export const setIndex = (draft: Draft, key: string, text: string): Draft => ({
  ...draft,
  indexes: draft.indexes.map((one) => (one.key === key ? { ...one, text, ...readCurrent(draft, text) } : one)),
});

export const removeIndex = (draft: Draft, key: string): Draft => ({
  ...draft,
  indexes: draft.indexes.flatMap((one) => (one.key !== key ? one : one.was !== null ? { ...one, isRemoved: true } : [])),
});

export const restoreIndex = (draft: Draft, key: string): Draft => ({ ...draft, indexes: draft.indexes.map((one) => (one.key === key ? { ...one, isRemoved: false } : one)) });

// A name that no field has yet.
export const freeName = ({ fields }: Draft, wanted: string): string => {
  const taken = new Set(fields.map(({ field }) => field.name.toLowerCase()));
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}${n}`;
    if (!taken.has(name.toLowerCase())) return name;
  }
};

// Another definition, as changes of the one that is there now.
export const draftTo = (to: Draft, now: Draft): Draft => {
  const fields = new Map(now.fields.map(({ key, field }) => [key, field]));
  const kept = to.fields.map((one) => ({ ...one, was: fields.get(one.key) ?? null }));
  const gone = now.fields.filter(({ key }) => !kept.some((one) => one.key === key)).map((one) => ({ ...one, isRemoved: true }));
  const texts = new Set(now.indexes.map(({ was }) => was));
  const indexes = to.indexes.map((one) => ({ ...one, key: nextKey(), was: texts.has(one.was) ? one.was : null }));
  const without = now.indexes.filter(({ was }) => !indexes.some((one) => one.was === was)).map((one) => ({ ...one, key: nextKey(), isRemoved: true }));
  return { type: now.type, name: to.name, fields: [...kept, ...gone], indexes: [...indexes, ...without], options: to.options };
};
