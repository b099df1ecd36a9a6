// What is known of each type apart from how it looks: pure, so that it runs without a page.

import type { Field, FieldType } from "../api/types.ts";
import { isObject, itemsOf, JsonText, NewPassword, plainText, pointOf, whole } from "../lib/values.ts";

export interface PlainKind {
  text: (value: unknown, field: Field) => string; // whole, to be copied
  blank: (field: Field) => unknown; // of a new record
  isEmpty: (value: unknown) => boolean;
}

export const maxSelect = (field: Field): number => Math.max(1, Number(field["maxSelect"]) || 1);
export const isMultiple = (field: Field): boolean => maxSelect(field) > 1;

const isNone = (value: unknown): boolean => value === null || value === undefined || value === "";
const isNoItem = (value: unknown): boolean => isNone(value) || (Array.isArray(value) && value.length === 0);
const noItems = (field: Field): unknown => (isMultiple(field) ? [] : "");
// A value that is no list, and no item either, is shown as what it is.
const items = (value: unknown): string => (Array.isArray(value) ? itemsOf(value).join(", ") : whole(value));

const words: PlainKind = { text: whole, blank: () => "", isEmpty: isNone };
const lists: PlainKind = { text: items, blank: noItems, isEmpty: isNoItem };

const isNullIsland = (value: unknown): boolean => {
  const point = pointOf(value);
  return point !== null && Number(point.lat) === 0 && Number(point.lon) === 0;
};

export const plainKinds: Record<FieldType, PlainKind> = {
  text: words,
  editor: words,
  number: { ...words, blank: () => 0 },
  bool: { ...words, blank: () => false },
  email: words,
  url: words,
  date: words,
  autodate: words,
  select: lists,
  file: lists,
  relation: lists,
  json: { ...words, blank: () => null, isEmpty: (value) => isNone(value) || (value instanceof JsonText && value.toString() === "") },
  geoPoint: {
    text: (value) => {
      const point = pointOf(value);
      return point ? `${point.lat}, ${point.lon}` : whole(value);
    },
    blank: () => ({ lon: 0, lat: 0 }),
    // The server has no other way to say that there is none.
    isEmpty: (value) => isNone(value) || isNullIsland(value),
  },
  password: { text: () => "", blank: () => "", isEmpty: (value) => isNone(value) || (value instanceof NewPassword && value.password === "") },
};

// The text of a value in one line, for titles and lists.
export const lineOf = (value: unknown, field: Field): string =>
  field.type === "editor" && typeof value === "string" ? plainText(value) : isObject(value) && field.type === "password" ? "" : plainKinds[field.type].text(value, field);
