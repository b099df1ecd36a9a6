// The list of a file field: pure.

import type { Field, Row } from "../../api/types.ts";
import { formatBytes, formatNumber } from "../../i18n/format.ts";
import { fileTexts } from "../../i18n/t-files.ts";
import { t } from "../../i18n/t.ts";
import { filesOf, itemsOf, NewFile, oneLine, type FileItem } from "../../lib/values.ts";
import { isMultiple, maxSelect } from "../kinds.ts";

const usualMaxSize = 5_242_880; // of the server, where a field names none

export const maxSize = (field: Field): number => Number(field["maxSize"]) || usualMaxSize;
export const mimeTypes = (field: Field): string[] => itemsOf(field["mimeTypes"]);

export const nameOf = (item: FileItem, most = 120): string => oneLine(typeof item === "string" ? item : item.file.name, most);

// Where a browser and a server find the same type under another name, or by other means.
const sameTypes: Record<string, string> = { "image/jpg": "image/jpeg", "image/x-icon": "image/vnd.microsoft.icon", "audio/mp3": "audio/mpeg", "audio/x-wav": "audio/wav", "video/ogg": "application/ogg", "audio/ogg": "application/ogg" };
const plainType = (type: string): string => {
  const name = type.split(";")[0]?.trim().toLowerCase() ?? "";
  return sameTypes[name] ?? name;
};
const media = /^(?:image|audio|video|font)\//;

// A browser goes by the name, a server by what is in it. Only where neither can mean the other it is
// sure: an image, a sound or a film is no document, and the other way round.
export const isOfType = (type: string, allowed: readonly string[]): boolean => {
  const own = plainType(type);
  const known = allowed.map(plainType);
  if (own === "" || known.length === 0 || known.includes(own)) return true;
  return !media.test(own) && known.some((one) => !media.test(one));
};

// To the byte where they would read the same.
const sizesOf = (size: number, most: number): [string, string] => {
  const isClose = formatBytes(size) === formatBytes(most);
  return isClose ? [fileTexts.bytes(formatNumber(size)), fileTexts.bytes(formatNumber(most))] : [formatBytes(size), formatBytes(most)];
};

// Why a file would be refused, with the limit.
export const faultOf = ({ file }: NewFile, field: Field): string => {
  const name = oneLine(file.name, 80);
  if (file.size > maxSize(field)) return fileTexts.tooLarge(name, ...sizesOf(file.size, maxSize(field)));
  return isOfType(file.type, mimeTypes(field)) ? "" : fileTexts.wrongType(name, file.type, mimeTypes(field).join(", "));
};

// Said before anything is chosen.
export const allowedIn = (field: Field): string => {
  const types = mimeTypes(field);
  const some = types.length > 0 ? types.map((type) => type.replace(/^(?:image|audio|video|text|application)\//, "").replace(/^(?:x-|vnd\.)/, "").replace(/\+xml$/, "").toUpperCase()).join(", ") : fileTexts.anyType;
  return fileTexts.allowed(some, formatBytes(maxSize(field)), isMultiple(field) ? maxSelect(field) : 1);
};

export interface Added {
  items: FileItem[];
  faults: string[];
}

const mostFaults = 4;

// Files that are chosen: behind those that are there, or instead of one of them (`at`).
export const withFiles = (items: readonly FileItem[], files: readonly File[], field: Field, at?: number): Added => {
  const made = files.map((file) => new NewFile(file));
  const faults = made.map((file) => faultOf(file, field)).filter(Boolean);
  const good = made.filter((file) => faultOf(file, field) === "");
  const isInstead = at !== undefined || !isMultiple(field);
  const place = at ?? (isMultiple(field) ? items.length : 0);
  if (isInstead && good.length > 1) good.length = 1;
  const room = isInstead ? 1 : Math.max(0, maxSelect(field) - items.length);
  const left = good.slice(room).map(({ file }) => oneLine(file.name, 80));
  if (left.length > 0) faults.push(fileTexts.tooMany(maxSelect(field), left.slice(0, mostFaults).join(", "), left.length));
  const taken = good.slice(0, room);
  const rest = isInstead && taken.length === 0 ? items : [...items.slice(0, place), ...taken, ...items.slice(isInstead ? place + 1 : place)];
  return { items: [...rest], faults: faults.length > mostFaults ? [...faults.slice(0, mostFaults), t.fields.moreItems(faults.length - mostFaults)] : faults };
};

// As it is sent: a single field has one, or none.
export const valueOf = (items: readonly FileItem[], field: Field): unknown => (isMultiple(field) ? [...items] : (items.at(-1) ?? ""));

export interface Shown {
  item: FileItem;
  at: number; // in the value; -1: removed
}

// What was there stays in its place, struck, until it is saved.
export const shownOf = (items: readonly FileItem[], before: readonly FileItem[]): Shown[] => {
  const at = new Map(items.map((item, n) => [item, n]));
  const shown: FileItem[] = [...items];
  before.forEach((item, n) => {
    if (!at.has(item)) shown.splice(n === 0 ? 0 : shown.indexOf(before[n - 1] ?? "") + 1, 0, item);
  });
  return shown.map((item) => ({ item, at: at.get(item) ?? -1 }));
};

// Where one that is brought back goes: behind those that stand before it.
export const restoredAt = (shown: readonly Shown[], item: FileItem): number => {
  let place = 0;
  for (const one of shown) {
    if (one.item === item) return place;
    if (one.at >= 0) place++;
  }
  return place;
};

// Of a record: a name that it does not have any more cannot be kept.
export const isLost = (item: FileItem, row: Row | undefined, field: Field): boolean => typeof item === "string" && !filesOf(row?.[field.name]).includes(item);
