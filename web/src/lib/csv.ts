// CSV (RFC 4180). A text that a spreadsheet would take for a formula, also behind white space that it
// leaves out, keeps a tab before it.

import { RawNumber, printJson } from "./json.ts";

const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value.join(", ");
  return typeof value === "object" && !(value instanceof RawNumber) ? printJson(value) : String(value);
};

const isFormula = (text: string): boolean => /^(?:[\t\r]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])/.test(text) && !/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text);

const plain = (text: string): string => (isFormula(text) ? `\t${text}` : text);

const quoted = (text: string): string => (/[",\r\n\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

export const csvLine = (values: readonly unknown[]): string => `${values.map((value) => quoted(plain(textOf(value)))).join(",")}\r\n`;
