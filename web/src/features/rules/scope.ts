// What a rule of a definition that is edited may name.

import type { Collection } from "../../api/types.ts";
import type { Scope } from "../../lib/filter/fields.ts";
import { renamesIn, sentFields, type Draft } from "../collection/draft.ts";

// Names that a rule may have: those of the draft; one that is as it was follows its fields.
export const scopeOf = (draft: Draft, of: Collection, all: readonly Collection[], isAsItWas: boolean): Scope => {
  const names = isAsItWas ? renamesIn(draft) : new Map<string, string>();
  const fields = draft.type === "view" ? of.fields : sentFields(draft).flatMap(({ field, was }) => (was && names.has(was.name) ? [field, was] : field));
  const collection = { id: of.id, name: draft.name || of.name, type: draft.type, fields };
  return { collection, collections: [...all.filter(({ id }) => id !== of.id), collection] };
};

// The fields of a view are made of its query: what they will be is not known here.
export const areFieldsKnown = (draft: Draft, of: Collection, isNew: boolean): boolean => draft.type !== "view" || (!isNew && draft.options["viewQuery"] === of["viewQuery"]);
