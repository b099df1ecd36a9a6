// What stands for a related record.

import { signal } from "@preact/signals";
import type { Field, Row } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { itemsOf, oneLine, summaryOf } from "../../lib/values.ts";
import type { Chip } from "../cell.tsx";
import { lineOf, plainKinds } from "../kinds.ts";

// The fields of a collection that present its records; set by who knows the collections.
export const presentable = signal<(collectionId: string) => readonly string[]>(() => []);

const isRow = (row: unknown): row is Row => typeof row === "object" && row !== null && "id" in row;

// Told of rows for which `names` were asked to be expanded: only of these it is known that an id
// that is not there belongs to no record.
export const markExpanded = (rows: readonly Row[], names: readonly string[]): void => {
  for (const row of rows) {
    row.expand ??= {};
    for (const name of names) row.expand[name] ??= [];
  }
};

const expandedBy = (field: Field, row: Row): Map<string, Row> => {
  const expanded: unknown = row.expand?.[field.name];
  return new Map((Array.isArray(expanded) ? expanded : [expanded]).filter(isRow).map((one) => [one.id, one]));
};

// The record of an id. Null: there is none; undefined: it was not asked for.
export const relatedRow = (field: Field, row: Row, id: string): Row | null | undefined =>
  expandedBy(field, row).get(id) ?? (row.expand?.[field.name] === undefined ? undefined : null);

const mostFacts = 5;
const plain: ReadonlySet<string> = new Set(["text", "number", "bool", "email", "url", "date", "autodate", "select"]);

// The fields that tell more of a record than its summary: those that are not empty, and short.
export const factsOf = (fields: readonly Field[], row: Row, summary: string): Field[] =>
  fields
    .filter(({ name, type, hidden, presentable: isTold }) => plain.has(type) && !hidden && !isTold && name !== "id")
    .filter((field) => !plainKinds[field.type].isEmpty(row[field.name]) && oneLine(lineOf(row[field.name], field), 80) !== summary)
    .slice(0, mostFacts);

export const relationChips = (field: Field, value: unknown, row: Row): Chip[] => {
  const expanded: unknown = row.expand?.[field.name];
  const found = expandedBy(field, row);
  const present = presentable.value(String(field["collectionId"] ?? ""));
  return itemsOf(value).map((id) => {
    const other = found.get(id);
    const short = oneLine(id, 40);
    if (!other) return expanded === undefined ? { text: short } : { text: short, title: t.fields.deletedId(short), isGone: true };
    const text = summaryOf(other, present);
    return { text, title: text === id ? id : `${text}\n${short}` };
  });
};
