// Records as values of a filter, found by what they are called.

import { summaryNames, summaryOf } from "../values.ts";
import type { Item } from "./complete.ts";
import { isMultiple, type FilterCollection, type FilterField } from "./fields.ts";
import { print, quote } from "./print.ts";
import { clean, fromWords, literally, searched, splitWords } from "./words.ts";

export interface RecordsWanted {
  collection: FilterCollection;
  text: string;
}

const mostRecords = 8;
const mostText = 200;
const leastOfId = 4; // letters: fewer begin the ids of too many records

const presentable = ({ fields }: FilterCollection): string[] => fields.filter((field) => field.presentable).map(({ name }) => name);

// What records of a collection may be called by, and of that what words are looked for in.
const summaryFields = (collection: FilterCollection): FilterField[] => collection.fields.filter(({ name, presentable: isOwn, type }) => (isOwn || summaryNames.includes(name)) && type !== "password");
const namesOf = (collection: FilterCollection): FilterField[] => {
  const all = summaryFields(collection).filter(({ type }) => searched.includes(type));
  const own = all.filter((field) => field.presentable);
  return own.length > 0 ? own : all;
};

// Undefined: nothing can be found by this text.
const filterFor = (collection: FilterCollection, text: string): string | undefined => {
  if (text.length > mostText) return undefined;
  if (splitWords(text).length === 0) return "";
  const names = namesOf(collection);
  const node = fromWords(text, names.map((field) => ({ path: field.name, multi: isMultiple(field) })));
  const isId = names.length === 0 || (text.length >= leastOfId && /^[\w-]+$/.test(text));
  const parts = [...(node ? [`(${print(node)})`] : []), ...(isId ? [`id ~ ${quote(`${literally(text)}%`)}`] : [])];
  return parts.length > 0 ? parts.join(" || ") : undefined;
};

export const recordsQuery = ({ collection, text }: RecordsWanted): Record<string, string | number> | undefined => {
  const filter = filterFor(collection, clean(text).trim());
  if (filter === undefined) return undefined;
  const fields = [...new Set(["id", ...summaryFields(collection).map(({ name }) => name)])].join(",");
  return { perPage: mostRecords, skipTotal: 1, fields, ...(filter ? { filter } : {}) };
};

export const recordItem = (collection: FilterCollection, row: { id: string }): Item => {
  const label = summaryOf(row, presentable(collection));
  return { label, insert: quote(row.id), kind: "record", ...(label === row.id ? {} : { hint: row.id }) };
};
