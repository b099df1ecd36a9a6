// Definitions that come as a text, what they would make of those that are there, and the other way
// round: those that are there as a text for elsewhere.

import { jsonFault, type JsonFault } from "./json-fault.ts";
import { parseJson, printJson } from "./json.ts";

export interface DefinedField {
  id: string;
  name: string;
  type: string;
  system?: boolean;
  [option: string]: unknown;
}

export interface Definition {
  id: string;
  name: string;
  type: string;
  system?: boolean;
  fields?: DefinedField[]; // not named: as they are, or as a new one has them
  indexes?: string[];
  [option: string]: unknown;
}

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
const text = (value: unknown): string => (typeof value === "string" ? value : "");

const moments: ReadonlySet<string> = new Set(["created", "updated"]);

// --- as a text ---

const withoutProviders = (value: unknown): unknown => (isTree(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => name !== "providers")) : value);

// Without what is this server's alone: moments, and providers with what they know it by.
export const exported = (one: Tree): Tree =>
  Object.fromEntries(Object.entries(one).filter(([name]) => !moments.has(name)).map(([name, value]) => [name, name === "oauth2" ? withoutProviders(value) : value]));

export const exportText = (some: readonly Tree[]): string => printJson(some.map(exported), 2);

// --- read ---

export type ImportFault = { kind: "json"; fault: JsonFault } | { kind: "shape" } | { kind: "item"; n: number } | { kind: "twice"; name: string };

export type Read = { items: Definition[] } | { wrong: ImportFault };

const isTextOrNone = (value: unknown): boolean => value == null || typeof value === "string";
const isListOf = (value: unknown, is: (one: unknown) => boolean): boolean => value == null || (Array.isArray(value) && value.every(is));
const areTexts = (of: Tree): boolean => ["id", "name", "type"].every((key) => isTextOrNone(of[key]));

// As it is written: what is not named is not made up.
const withTexts = (value: Tree): Tree & { id: string; name: string; type: string } => ({ ...value, id: text(value["id"]), name: text(value["name"]), type: text(value["type"]) });

// What cannot be written as it was read is too deep for anybody.
const isWritable = (value: unknown): boolean => {
  try {
    printJson(value);
    return true;
  } catch {
    return false;
  }
};

const readItem = (value: unknown): Definition | null => {
  if (!isTree(value) || !isWritable(value) || !areTexts(value) || (!value["name"] && !value["id"])) return null;
  const { fields, indexes } = value;
  if (!isListOf(fields, (one) => isTree(one) && areTexts(one)) || !isListOf(indexes, isTextOrNone)) return null;
  return {
    ...withTexts(value),
    ...(fields === undefined ? {} : { fields: ((fields ?? []) as Tree[]).map(withTexts) }),
    ...(indexes === undefined ? {} : { indexes: ((indexes ?? []) as unknown[]).map(text) }),
  };
};

// What is sent: an empty name would be taken for one.
export const asSent = (items: readonly Definition[]): Tree[] => items.map((item) => Object.fromEntries(Object.entries(item).filter(([key, value]) => value !== "" || !["id", "name", "type"].includes(key))));

// A list of definitions, or an object that has it as `collections`.
export const readImport = (typed: string): Read => {
  const fault = jsonFault(typed);
  if (fault) return { wrong: { kind: "json", fault } };
  const value = parseJson(typed) as unknown;
  const list = isTree(value) ? value["collections"] : value;
  if (!Array.isArray(list) || list.length === 0) return { wrong: { kind: "shape" } };
  const items = list.map(readItem);
  const bad = items.indexOf(null);
  if (bad >= 0) return { wrong: { kind: "item", n: bad + 1 } };
  const found = items as Definition[];
  const twice = found.find((item, n) => found.slice(0, n).some((one) => (item.name !== "" && sameName(one, item)) || (item.id !== "" && one.id === item.id)));
  return twice ? { wrong: { kind: "twice", name: twice.name || twice.id } } : { items: found };
};

// --- against what is there ---

const fieldsOf = ({ fields }: Definition): readonly DefinedField[] => fields ?? [];

const sameName = (a: { name: string }, b: { name: string }): boolean => a.name.toLowerCase() === b.name.toLowerCase();

const found = (item: Definition, current: readonly Definition[]): Definition | undefined =>
  item.id ? current.find(({ id }) => id === item.id) : current.find((one) => sameName(one, item));

// Those that have the name of one that is there, and another id: the server takes them for new ones.
export const strangers = (items: readonly Definition[], current: readonly Definition[]): Definition[] =>
  items.filter((item) => item.id !== "" && !found(item, current) && current.some((one) => sameName(one, item)));

// With the ids that are there: of collections of another server where that is wanted, and of fields
// that are of no other name and type, for servers differ in what they take these for. What is then
// none of them is new, whatever has its id here.
export const withIds = (items: readonly Definition[], current: readonly Definition[], hasOwnIds: boolean): Definition[] => {
  const others = new Map((hasOwnIds ? strangers(items, current) : []).map((item) => [item.id, current.find((one) => sameName(one, item)) as Definition]));
  return items.map((item) => {
    const own = others.get(item.id) ?? found(item, current);
    if (!own || !item.fields) return item;
    const isKnown = ({ id }: DefinedField) => !others.has(item.id) && fieldsOf(own).some((one) => one.id === id);
    const named = new Set(item.fields.filter(isKnown).map(({ id }) => id));
    const twin = (field: DefinedField) => fieldsOf(own).find((one) => sameName(one, field) && one.type === field.type && !named.has(one.id))?.id;
    const taken = new Set(item.fields.map(twin));
    const idOf = (field: DefinedField) => twin(field) ?? (taken.has(field.id) && !isKnown(field) ? "" : field.id);
    return { ...item, fields: item.fields.map((field) => ({ ...field, id: idOf(field) })) };
  }).map((item) => {
    const own = others.get(item.id);
    const fields = item.fields?.map((field: DefinedField) => {
      const target = others.get(text(field["collectionId"]));
      return target ? { ...field, collectionId: target.id } : field;
    });
    return { ...item, ...(own ? { id: own.id } : {}), ...(fields ? { fields } : {}) };
  });
};

const merged = (before: unknown, after: unknown): unknown =>
  isTree(before) && isTree(after) ? Object.fromEntries(Object.keys({ ...before, ...after }).map((name) => [name, name in after ? merged(before[name], after[name]) : before[name]])) : after;

// The id that a field without one gets: its type, and the CRC-32 of its name.
const usualId = ({ type, name }: DefinedField): string => {
  let crc = -1;
  for (const byte of new TextEncoder().encode(name)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return type + (~crc >>> 0);
};

// As the server does it: one of that id, or of that name where it has none, is another text of it.
const withField = (list: readonly DefinedField[], field: DefinedField): DefinedField[] => {
  const at = list.findIndex((one) => (field.id ? one.id === field.id : one.name === field.name));
  const usual = usualId(field);
  let id = field.id || list[at]?.id || usual;
  for (let n = 2; at < 0 && !field.id && list.some((one) => one.id === id); n++) id = usual + n;
  return at < 0 ? [...list, { ...field, id }] : list.with(at, { ...field, id });
};

// An option that is not named is nothing; where it was, that is no change.
const isNothing = (value: unknown): boolean => !value || (Array.isArray(value) && value.length === 0);
const withNothing = (field: DefinedField, was: DefinedField | undefined): DefinedField => (was?.type === field.type ? { ...Object.fromEntries(Object.entries(was).filter(([, value]) => isNothing(value))), ...field } : field);

const namedIn = (item: Definition): DefinedField[] => fieldsOf(item).reduce<DefinedField[]>(withField, []);

// What the server makes of one that is there: options that are not named stay, fields that are not
// named stay unless everything is replaced.
export const resultOf = (before: Definition, item: Definition, isReplacing: boolean): Definition => {
  const named = namedIn(item);
  const kept = fieldsOf(before).filter(({ id, system }) => (system || !isReplacing) && !named.some((one) => one.id === id));
  const fields = [...named, ...kept];
  const rest = Object.fromEntries(Object.entries(item).filter(([name]) => !moments.has(name) && name !== "fields"));
  return { ...(merged(before, rest) as Definition), id: before.id, name: item.name || before.name, type: item.type || before.type, fields: fields.map((field) => withNothing(field, fieldsOf(before).find(({ id }) => id === field.id))) };
};

const byKey = (of: object): object => Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)));

const comparable = (one: Definition): string => printJson(byKey({ ...Object.fromEntries(Object.entries(one).filter(([name]) => !moments.has(name))), fields: fieldsOf(one).map(byKey) }));

// Those that are not named come last; that they do is no change.
const keptLast = (one: Definition, item: Definition): Definition => {
  const named = new Set(namedIn(item).map(({ id }) => id));
  return { ...one, fields: [...fieldsOf(one)].sort((a, b) => Number(!named.has(a.id)) - Number(!named.has(b.id))) };
};

export interface ImportChanges {
  added: Definition[];
  changed: { before: Definition; after: Definition }[];
  unchanged: number;
  missing: Definition[]; // goes where everything is replaced, unless it is kept
}

export const changesOfImport = (items: readonly Definition[], current: readonly Definition[], isReplacing: boolean): ImportChanges => {
  const pairs = items.map((item) => ({ item, before: found(item, current) }));
  const changed = pairs.flatMap(({ item, before }) => {
    const after = before && resultOf(before, item, isReplacing);
    return before && after && comparable(keptLast(before, item)) !== comparable(after) ? [{ before, after }] : [];
  });
  const there = new Set(pairs.map(({ before }) => before?.id));
  return {
    added: pairs.filter(({ before }) => !before).map(({ item }) => item),
    changed,
    unchanged: pairs.filter(({ before }) => before).length - changed.length,
    missing: current.filter(({ id, system }) => !system && !there.has(id)),
  };
};
