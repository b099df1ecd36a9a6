// What the server would refuse, said while it is typed, where that is cheap to know. It is said, no
// more: the server decides, so nothing but `misread` keeps a value from being sent.

import type { Field, FieldType } from "../api/types.ts";
import { t } from "../i18n/t.ts";
import { tr } from "../i18n/t-record.ts";
import { RawNumber } from "../lib/json.ts";
import { jsonFault } from "../lib/json-fault.ts";
import { readInstant } from "../lib/dates.ts";
import { BadDate, countChars, filesOf, isObject, itemsOf, JsonText, NewFile, NewPassword, pointOf } from "../lib/values.ts";
import { faultOf } from "./file/items.ts";
import { maxSelect, plainKinds } from "./kinds.ts";

type Check = (value: unknown, field: Field) => string; // "" where nothing is wrong

const defaultMaxText = 5000;
const defaultMaxPassword = 71;
const mostPasswordBytes = 72;
const mostTold = 1000; // a higher limit is none that anybody meets

export const option = (field: Field, name: string): number => Number(field[name]) || 0;
export const domains = (field: Field, name: string): string[] => itemsOf(field[name]);
export const maxText = (field: Field): number => option(field, "max") || (field.type === "password" ? defaultMaxPassword : defaultMaxText);

// A pattern is in the server's dialect. One that this one does not know, or that could take it very
// long, is left to the server.
const patternOf = (field: Field): RegExp | null => {
  const pattern = field["pattern"];
  if (typeof pattern !== "string" || pattern === "" || /[*+}][^()]*\)+[*+{]|\|[^()]*\)[*+{]/.test(pattern)) return null;
  try {
    return new RegExp(pattern, "u");
  } catch {
    return null;
  }
};

const checkText: Check = (value, field) => {
  if (typeof value !== "string" || value === "") return "";
  const min = option(field, "min");
  const max = maxText(field);
  if (value.length < min * 2 && countChars(value) < min) return t.fields.atLeastChars(min);
  if (value.length > max && countChars(value) > max) return t.fields.atMostChars(max);
  return value.length > 1000 || (patternOf(field)?.test(value) ?? true) ? "" : t.fields.notPattern;
};

const isNumber = (value: unknown): value is number | RawNumber => typeof value === "number" || value instanceof RawNumber;
const limit = (field: Field, name: string): number | null => (isNumber(field[name]) ? Number(field[name]) : null);

// A text that is no number here may be one to the server, such as a hexadecimal one; most are 0 to it.
const checkNumber: Check = (value, field) => {
  if (typeof value === "string") return value.trim() === "" ? "" : t.fields.notNumber;
  if (!isNumber(value)) return "";
  const n = Number(value);
  const min = limit(field, "min");
  const max = limit(field, "max");
  if (n === 0 || Number.isNaN(n)) return "";
  if (field["onlyInt"] === true && !Number.isInteger(n)) return t.fields.wholeOnly;
  if (min !== null && n < min) return t.fields.from(String(min));
  return max !== null && n > max ? t.fields.upTo(String(max)) : "";
};

const checkDomain = (domain: string, field: Field): string => {
  const only = domains(field, "onlyDomains");
  const except = domains(field, "exceptDomains");
  if (only.length > 0 && !only.includes(domain)) return t.fields.onlyDomains(only.join(", "));
  return except.includes(domain) ? t.fields.exceptDomains(except.join(", ")) : "";
};

const checkEmail: Check = (value, field) => {
  if (typeof value !== "string" || value === "") return "";
  if (!/^(?:"[^]*"|[^\s@]+)@[^\s@]+\.[^\s@]+$/.test(value)) return t.fields.notEmail;
  return checkDomain(value.slice(value.lastIndexOf("@") + 1), field);
};

const checkUrl: Check = (value, field) => {
  if (typeof value !== "string" || value === "") return "";
  const host = /^(?:ftp|tcp|udp|wss?|https?):\/\/(?:[^/?#@]*@)?([^/?#]*)/i.exec(value)?.[1];
  if (value.length <= 3 || countChars(value) >= 2083 || value.startsWith(".") || /\s/.test(value) || (host === undefined ? !/[.:]/.test(value) : host === "")) return t.fields.notUrl;
  return checkDomain(host ?? "", field);
};

const checkDate: Check = (value, field) => {
  if (value instanceof BadDate) return t.fields.notDate;
  const date = readInstant(value);
  const min = readInstant(field["min"]);
  const max = readInstant(field["max"]);
  if (!date) return "";
  if (min && date < min) return t.fields.notBefore(String(field["min"]));
  return max && date > max ? t.fields.notAfter(String(field["max"])) : "";
};

const checkSelect: Check = (value, field) => {
  const values = new Set(itemsOf(field["values"]));
  const chosen = itemsOf(value);
  const strange = chosen.find((item) => !values.has(item));
  if (chosen.length > maxSelect(field)) return t.fields.atMostItems(maxSelect(field));
  return strange === undefined ? "" : t.fields.notChoice(strange.slice(0, 80));
};

// Fewer than the least are refused only where there are any.
const checkRelation: Check = (value, field) => {
  const { length } = itemsOf(value);
  if (length > maxSelect(field)) return t.fields.atMostItems(maxSelect(field));
  return length > 0 && length < option(field, "minSelect") ? tr.relations.atLeast(option(field, "minSelect")) : "";
};

const checkJson: Check = (value, field) => {
  if (!(value instanceof JsonText)) return "";
  const text = value.toString();
  const max = option(field, "maxSize");
  if (max > 0 && text.length * 3 > max && new TextEncoder().encode(text).length > max) return t.fields.tooManyBytes(max);
  if (field.required && /^(?:null|""|\[\s*\]|\{\s*\}|)$/.test(text)) return t.fields.needed;
  const fault = text === "" ? null : jsonFault(text);
  return fault ? t.fields.jsonFault(fault.line, fault.column) : "";
};

// What the server takes, but stores as something else than was typed: a number that it cannot read
// as 0, JSON that is broken as a string, half a date as none. Nobody sends such a value.
export const misread: Check = (value, field) => {
  if (value instanceof BadDate) return t.fields.notDate;
  if (field.type === "number" && typeof value === "string") return checkNumber(value, field);
  if (field.type === "geoPoint") return isObject(value) && !pointOf(value) ? t.fields.notNumber : "";
  if (field.type !== "json" || !(value instanceof JsonText) || value.toString() === "") return "";
  const fault = jsonFault(value.toString());
  return fault ? t.fields.jsonFault(fault.line, fault.column) : "";
};

const defaultMaxEditor = 5 << 20;
const checkEditor: Check = (value, field) => {
  if (typeof value !== "string") return "";
  const max = option(field, "maxSize") || defaultMaxEditor;
  return value.length * 3 > max && new TextEncoder().encode(value).length > max ? t.fields.tooManyBytes(max) : "";
};

const checkPassword: Check = (value, field) => {
  if (!(value instanceof NewPassword)) return "";
  const { password, confirm } = value;
  if (new TextEncoder().encode(password).length > mostPasswordBytes) return t.fields.tooManyBytes(mostPasswordBytes);
  return checkText(password, field) || (password === confirm ? "" : t.fields.notSame);
};

const nothing: Check = () => "";

const checkPoint: Check = (value) => {
  const point = pointOf(value);
  if (isObject(value) && !point) return t.fields.notNumber;
  if (!point) return "";
  if (Math.abs(Number(point.lat)) > 90) return t.fields.between("-90", "90");
  return Math.abs(Number(point.lon)) > 180 ? t.fields.between("-180", "180") : "";
};

const checkFile: Check = (value, field) => {
  const files = filesOf(value);
  if (files.length > maxSelect(field)) return t.fields.atMostItems(maxSelect(field));
  return files.map((file) => (file instanceof NewFile ? faultOf(file, field) : "")).find(Boolean) ?? "";
};

const checks: Record<FieldType, Check> = {
  text: checkText,
  editor: checkEditor,
  number: checkNumber,
  bool: nothing,
  email: checkEmail,
  url: checkUrl,
  date: checkDate,
  autodate: nothing,
  select: checkSelect,
  file: checkFile,
  relation: checkRelation,
  json: checkJson,
  geoPoint: checkPoint,
  password: checkPassword,
};

const isGenerated = (field: Field): boolean => typeof field["autogeneratePattern"] === "string" && field["autogeneratePattern"] !== "";

// What is said of a value that is missing where one is required.
const missing = (value: unknown, field: Field): string => {
  if (!field.required || (field.type === "text" && isGenerated(field))) return "";
  if (field.type === "bool") return value === true ? "" : t.fields.neededTrue;
  if (field.type === "number") return !isNumber(value) ? (value === "" ? t.fields.notZero : "") : Number(value) === 0 ? t.fields.notZero : "";
  // A password that is there already is not shown.
  return field.type !== "password" && plainKinds[field.type].isEmpty(value) ? t.fields.needed : "";
};

export const check = (value: unknown, field: Field): string => missing(value, field) || checks[field.type](value, field);

// What to know before one types, one sentence for each rule.
export const rulesOf = (field: Field): string[] => {
  const said: (string | false)[] = [];
  const min = limit(field, "min");
  const max = limit(field, "max");
  if (field.type === "text" || field.type === "password") {
    const pattern = field["pattern"];
    said.push(option(field, "min") > 0 && t.fields.atLeastChars(option(field, "min")), option(field, "max") > 0 && t.fields.atMostChars(option(field, "max")));
    said.push(typeof pattern === "string" && pattern !== "" && t.fields.pattern(pattern.slice(0, 200)), field.type === "text" && isGenerated(field) && t.fields.generated);
  }
  if (field.type === "number") {
    said.push(min !== null && max !== null ? t.fields.between(String(min), String(max)) : min !== null ? t.fields.from(String(min)) : max !== null && t.fields.upTo(String(max)));
    said.push(field["onlyInt"] === true && t.fields.wholeOnly);
  }
  if (field.type === "date") {
    for (const [name, say] of [["min", t.fields.notBefore], ["max", t.fields.notAfter]] as const) said.push(readInstant(field[name]) !== null && say(String(field[name])));
  }
  if (field.type === "email" || field.type === "url") {
    for (const [name, say] of [["onlyDomains", t.fields.onlyDomains], ["exceptDomains", t.fields.exceptDomains]] as const) said.push(domains(field, name).length > 0 && say(domains(field, name).join(", ")));
  }
  if (field.type === "select" && maxSelect(field) > 1) said.push(maxSelect(field) < itemsOf(field["values"]).length && t.fields.atMostItems(maxSelect(field)));
  if (field.type === "relation" && maxSelect(field) > 1) {
    said.push(option(field, "minSelect") > 0 && tr.relations.atLeast(option(field, "minSelect")), maxSelect(field) < mostTold && t.fields.atMostItems(maxSelect(field)));
  }
  return said.filter((one) => one !== false);
};
