// The options of each type of field (collections.md 4): how one is edited, and what it means.

import type { Field, FieldType } from "../../api/types.ts";
import { td } from "../../i18n/t-def.ts";

export type OptionKind = "count" | "bytes" | "number" | "text" | "pattern" | "bool" | "lines" | "date" | "collection";

export interface Option {
  name: string;
  kind: OptionKind;
  label: string;
  hint: string;
}

const words = td.options;

const option = (kind: OptionKind, name: string, as = name): Option => ({ name, kind, label: words.labels[as] ?? name, hint: words.hints[as] ?? "" });

const domains = [option("lines", "onlyDomains"), option("lines", "exceptDomains")];

const byType: Record<FieldType, readonly Option[]> = {
  text: [option("count", "min", "minChars"), option("count", "max", "maxChars"), option("pattern", "pattern"), option("pattern", "autogeneratePattern")],
  editor: [option("bytes", "maxSize", "maxSizeEditor"), option("bool", "convertURLs")],
  number: [option("number", "min"), option("number", "max"), option("bool", "onlyInt")],
  bool: [],
  email: domains,
  url: domains,
  date: [option("date", "min", "minDate"), option("date", "max", "maxDate")],
  autodate: [option("bool", "onCreate"), option("bool", "onUpdate")],
  select: [option("lines", "values"), option("count", "maxSelect")],
  file: [option("count", "maxSelect", "maxFiles"), option("bytes", "maxSize", "maxSizeFile"), option("lines", "mimeTypes"), option("lines", "thumbs"), option("bool", "protected")],
  relation: [option("collection", "collectionId"), option("count", "minSelect"), option("count", "maxSelect"), option("bool", "cascadeDelete")],
  json: [option("bytes", "maxSize", "maxSizeJson")],
  geoPoint: [],
  password: [option("count", "min", "minChars"), option("count", "max", "maxPassword"), option("pattern", "pattern"), option("count", "cost")],
};

const requiredHint = (type: FieldType): string => words.required[type] ?? words.required["other"] ?? "";

const common = (type: FieldType): readonly Option[] => [
  ...(type === "autodate" ? [] : [{ ...option("bool", "required"), hint: requiredHint(type) }]),
  option("bool", "hidden"),
  option("bool", "presentable"),
  ...(type === "autodate" ? [] : [option("text", "help")]),
];

// What the server sets itself in its own fields.
const ownFlags: ReadonlySet<string> = new Set(["required", "hidden", "onCreate", "onUpdate"]);

export const optionsOf = ({ type, system }: Field): readonly Option[] =>
  Object.hasOwn(byType, type) ? [...byType[type], ...common(type)].filter(({ name }) => !system || !ownFlags.has(name)) : [];

// A count, a size: whole, from 0. A text that is none stays a text, which nobody sends.
export const readCount = (text: string): number | string => (/^\d{1,15}$/.test(text.trim()) ? Number(text) : text.trim() === "" ? 0 : text);

export const readLines = (text: string): string[] => [...new Set(text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean))];

// What a new field of a type begins with; what is not here is as the server has it.
export const beginnings: Partial<Record<FieldType, Partial<Field>>> = {
  autodate: { onCreate: true, onUpdate: false },
  select: { maxSelect: 1, values: [] },
  file: { maxSelect: 1, mimeTypes: [], thumbs: [] },
  relation: { maxSelect: 1, collectionId: "" },
};

// What fields for files usually take.
export const mimePresets: Record<string, readonly string[]> = {
  images: ["image/jpeg", "image/png", "image/webp", "image/gif", "image/svg+xml", "image/avif"],
  documents: ["application/pdf", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.oasis.opendocument.text", "text/plain", "text/csv"],
  audio: ["audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav"],
  video: ["video/mp4", "video/webm", "video/quicktime"],
  archives: ["application/zip", "application/x-7z-compressed", "application/gzip"],
};
