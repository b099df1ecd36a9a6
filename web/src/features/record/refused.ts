// Why what is typed was not saved, by the names of fields.

import { errorFields } from "../../api/error.ts";
import type { Collection } from "../../api/types.ts";
import { misread } from "../../fields/checks.ts";
import { tr } from "../../i18n/t-record.ts";
import { formFields, type Values } from "./draft.ts";

export type Said = ReadonlyMap<string, string>;

// What nobody sends.
export const misreadIn = (values: Values, collection: Collection): Said =>
  new Map(
    formFields(collection)
      .map((field) => [field.name, Object.hasOwn(values, field.name) ? misread(values[field.name], field) : ""] as const)
      .filter(([, said]) => said !== ""),
  );

// In fields that are called otherwise now: to be looked at, and saved once more.
export const movedIn = (names: readonly string[]): Said => new Map(names.filter(Boolean).map((name) => [name, tr.record.renamed]));

// What the server says, and what of it belongs to no field of the form.
export const saidBy = (error: unknown, collection: Collection): { errors: Said; others: Said } => {
  const known = new Set(formFields(collection).map(({ name }) => name));
  const all = [...errorFields(error)].map(([name, { message }]) => [name.replace(/Confirm$/, ""), message] as const);
  return { errors: new Map(all.filter(([name]) => known.has(name))), others: new Map(all.filter(([name]) => !known.has(name))) };
};
