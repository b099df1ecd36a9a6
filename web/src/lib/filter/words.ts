// Plain words, "red house", as the filter that finds them: each word in one of the fields at least.

import type { FilterCollection, FilterField } from "./fields.ts";
import { mostBytes, mostComparisons, type Compare, type Group, type Joiner, type Node } from "./parse.ts";

export interface SearchField {
  path: string;
  multi?: boolean; // it has many values, one of which is enough
}

export const searched: readonly string[] = ["text", "editor", "email", "url", "select"];

// The fields that a person's words are looked for in, where nobody has chosen others.
export const searchFieldsOf = (collection: Pick<FilterCollection, "fields">): SearchField[] =>
  collection.fields.filter((field: FilterField) => searched.includes(field.type) && !field.hidden).map((field) => ({ path: field.name }));

// What compares or joins makes a filter of it, if a wrong one. All else is words.
export const isWords = (text: string): boolean => /\S/.test(text) && !/[=<>~]|&&|\|\||^\s*\/\//.test(text);

// "red house" in quotes is one word. Nobody needs to close the last one.
export const splitWords = (text: string): string[] =>
  [...text.matchAll(/"([^"]*)"?|[^\s"]+/g)].map(([whole, quoted]) => (quoted ?? whole).trim()).filter((word) => word !== "");

// What a pattern gives a meaning to is taken as it is written.
export const literally = (word: string): string => word.replace(/[\\%_]/g, "\\$&");

const nowhere = { at: 0, end: 0 };
const compare = ({ path, multi }: SearchField, word: string): Compare => ({
  kind: "compare",
  left: { kind: "path", path, ...nowhere },
  op: multi ? "?~" : "~",
  right: { kind: "text", text: literally(word), ...nowhere },
  ...nowhere,
});

const join = (op: Joiner, parts: Node[]): Node | undefined => (parts.length > 1 ? ({ kind: "group", op, parts, ...nowhere } satisfies Group) : parts[0]);

// Undefined: no words, nowhere to look for them, or more than a filter can hold.
export const fromWords = (text: string, fields: readonly SearchField[]): Node | undefined => {
  if (text.length > mostBytes || fields.length === 0) return undefined;
  const words = splitWords(text);
  if (words.length * fields.length > mostComparisons) return undefined;
  const parts = words.map((word) => join("||", fields.map((field) => compare(field, word)))).filter((part) => part !== undefined);
  return join("&&", parts);
};

// A text that can be sent: no half of a surrogate pair, which no UTF-8 has, and no NUL.
export const clean = (text: string): string => text.replace(/\p{Surrogate}|\0/gu, "\ufffd");
