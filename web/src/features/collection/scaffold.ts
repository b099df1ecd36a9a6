// What a new collection begins with.

import type { Collection, Field } from "../../api/types.ts";
import { parseIndex, printIndex } from "../../lib/index-sql.ts";

const dateOf = (name: string, onUpdate: boolean): Field => ({ id: "", name, type: "autodate", system: false, hidden: false, presentable: false, onCreate: true, onUpdate });

// When its records were made and changed: nearly everybody wants to know.
export const beginningOf = (scaffold: Collection): Collection =>
  scaffold.type === "base" && !scaffold.fields.some(({ type }) => type === "autodate")
    ? { ...scaffold, fields: [...scaffold.fields, { ...dateOf("created", false), id: "autodate2990389176" }, { ...dateOf("updated", true), id: "autodate3332085495" }] }
    : scaffold;

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";

// No two indexes of a database have one name.
export const indexName = (): string => `idx_${[...crypto.getRandomValues(new Uint8Array(10))].map((n) => letters[n % letters.length]).join("")}`;

const renamedIndex = (text: string): string => {
  const index = parseIndex(text);
  return index ? printIndex({ ...index, name: indexName() }) : text;
};

// Another collection like one that is there, without its records.
export const copyOf = (one: Collection, scaffold: Collection): Collection => ({ ...one, id: "", name: `${one.name}_copy`, system: false, created: "", updated: "", fields: one.fields.map((field) => ({ ...field, system: field.system && scaffold.fields.some(({ name }) => name === field.name) })), indexes: one.indexes.map(renamedIndex) });
