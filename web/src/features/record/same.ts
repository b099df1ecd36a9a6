// When two values are one, and how they are sent.

import type { Collection, Field } from "../../api/types.ts";
import { printJson } from "../../lib/json.ts";
import { JsonText, NewPassword } from "../../lib/values.ts";
import type { Values } from "./draft.ts";

const printOf = (value: unknown, indent: number | undefined): string | undefined => {
  try {
    return printJson(value, indent);
  } catch {
    return undefined;
  }
};

// Values are compared with each key that is typed, and nobody changes one in place: each is printed once.
const printed = new WeakMap<object, Map<number | undefined, string | undefined>>();

// undefined: nested deeper than can be printed, so equal to nothing but itself.
export const print = (value: unknown, indent?: number): string | undefined => {
  if (typeof value !== "object" || value === null) return printOf(value, indent);
  const known = printed.get(value) ?? new Map<number | undefined, string | undefined>();
  if (!known.has(indent)) printed.set(value, known.set(indent, printOf(value, indent)));
  return known.get(indent);
};

// A text of JSON is the value only as long as it reads as the form prints the value.
export const same = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (typeof a === "string" && typeof b === "string") return false;
  if (a instanceof JsonText) return a.text === (b instanceof JsonText ? b.text : print(b, 2));
  if (b instanceof JsonText) return same(b, a);
  if (b === undefined) return a === "" || a === null;
  const text = print(a);
  return text !== undefined && text === print(b);
};

// A value of a record as it would be typed: sent by itself, a string of a json field would be read
// as JSON.
export const asTyped = ({ type }: Field, value: unknown): unknown => {
  const text = type === "json" && value !== null && value !== undefined && !(value instanceof JsonText) ? print(value, 2) : undefined;
  return text === undefined ? value : new JsonText(text);
};

export const expandAll = ({ fields }: Collection): { expand?: string } => {
  const names = fields.filter(({ type }) => type === "relation").map(({ name }) => name);
  return names.length > 0 ? { expand: names.join(",") } : {};
};

// What is sent for what was typed: a password goes with its confirmation.
export const bodyOf = (values: Values): Values => {
  const body: Values = {};
  for (const [name, value] of Object.entries(values)) {
    body[name] = value instanceof NewPassword ? value.password : value;
    if (value instanceof NewPassword) body[`${name}Confirm`] = value.confirm;
  }
  return body;
};
