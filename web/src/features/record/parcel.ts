// What is sent for what was typed: JSON, or a form where there are new files. All but the files goes
// as JSON there, too, so that it means exactly the same.
//
// A server puts new files behind the names that stay, in the order in which they were sent: it takes
// no order of both. Where another one is shown, a second call (`orderOf`) puts them there.

import { ApiError } from "../../api/error.ts";
import type { Collection, Row } from "../../api/types.ts";
import { isMultiple } from "../../fields/kinds.ts";
import { fileTexts } from "../../i18n/t-files.ts";
import { printJson } from "../../lib/json.ts";
import { filesOf, itemsOf, NewFile, whole, type FileItem } from "../../lib/values.ts";
import type { Values } from "./draft.ts";
import { bodyOf } from "./same.ts";

interface Upload {
  name: string; // of the field
  shown: readonly FileItem[];
  kept: readonly string[];
  fresh: readonly NewFile[];
}

export interface Parcel {
  body: Values | FormData;
  uploads: readonly Upload[];
  bytes: number;
}

const sizeOf = (text: string): number => new TextEncoder().encode(text).length;

// had: what the server has. A name that is gone there would be refused, with all that is sent beside it.
export const pack = (values: Values, had: Values, collection: Collection): Parcel => {
  const body = bodyOf(values);
  const uploads: Upload[] = [];
  for (const field of collection.fields.filter(({ name, type }) => type === "file" && Object.hasOwn(values, name))) {
    const there = new Set(itemsOf(had[field.name]));
    const all = filesOf(values[field.name]).filter((item) => item instanceof NewFile || there.has(item));
    const shown = isMultiple(field) ? all : all.slice(-1);
    const kept = shown.filter((item) => typeof item === "string");
    const fresh = shown.filter((item) => item instanceof NewFile);
    body[field.name] = isMultiple(field) ? kept : (kept[0] ?? "");
    if (fresh.length > 0) uploads.push({ name: field.name, shown, kept, fresh });
  }
  const text = whole(body);
  if (uploads.length === 0) return { body, uploads, bytes: sizeOf(text) };
  const form = new FormData();
  form.append("@jsonPayload", printJson(body));
  // A part without a name of a file would be a text.
  for (const { name, fresh } of uploads) for (const { file } of fresh) form.append(name, file, file.name || "file");
  return { body: form, uploads, bytes: uploads.reduce((sum, { fresh }) => sum + fresh.reduce((all, { file }) => all + file.size, 0), sizeOf(text)) };
};

// How each new file is called now; none of a field in which the answer has not what was sent.
export const placesOf = (uploads: readonly Upload[], data: Row): Map<NewFile, string> => {
  const found = new Map<NewFile, string>();
  for (const { name, kept, fresh } of uploads) {
    const stored = itemsOf(data[name]);
    if (stored.length === kept.length + fresh.length) fresh.forEach((file, n) => found.set(file, stored[kept.length + n] ?? ""));
  }
  return found;
};

// The names as they are to stand, of the fields in which they do not yet.
export const orderOf = (uploads: readonly Upload[], data: Row): Values => {
  const places = placesOf(uploads, data);
  const orders = uploads
    .map(({ name, shown }) => [name, shown.flatMap((item) => (typeof item === "string" ? item : (places.get(item) ?? [])))] as const)
    .filter(([name, names]) => names.length === itemsOf(data[name]).length && names.join("/") !== itemsOf(data[name]).join("/"));
  return Object.fromEntries(orders);
};

// What was new, by the names that it has now.
export const placed = (values: Values, places: ReadonlyMap<NewFile, string>): Values => {
  const put = (item: unknown): unknown => (item instanceof NewFile ? (places.get(item) ?? item) : item);
  return places.size === 0 ? values : Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? value.map(put) : put(value)]));
};

// What is new, for another record.
export const freshIn = (values: Values): Values => {
  const isFresh = (item: unknown) => item instanceof NewFile;
  const lists = Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? value.filter(isFresh) : value] as const);
  return Object.fromEntries(lists.filter(([, value]) => (Array.isArray(value) ? value.length > 0 : isFresh(value))));
};

// A file may have been moved or written to since it was chosen: then a browser sends nothing, and says
// nothing of why.
export const needReadable = async (uploads: readonly Upload[]): Promise<void> => {
  const isReadable = (file: File) => file.slice(0, 1).arrayBuffer().then(() => true, () => false);
  const data: Record<string, unknown> = {};
  for (const { name, fresh } of uploads)
    for (const { file } of fresh) if (!(await isReadable(file))) data[name] = { code: "unreadable", message: fileTexts.unreadable(file.name) };
  if (Object.keys(data).length > 0) throw new ApiError({ status: 400, message: "", data, retryAfter: 0, requestId: "" });
};
