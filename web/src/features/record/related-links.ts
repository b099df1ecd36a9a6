// Which relations lead to a collection, and the filters that find their records: pure.

import type { Collection, Field } from "../../api/types.ts";
import { isMultiple } from "../../fields/kinds.ts";
import { quote } from "../../lib/filter/print.ts";

export interface Link {
  collection: Collection;
  field: Field;
}

// Those of the system come last.
export const linksTo = (to: Collection, all: readonly Collection[]): Link[] =>
  [...all]
    .sort((a, b) => Number(a.system) - Number(b.system))
    .flatMap((collection) => collection.fields.filter(({ type, collectionId }) => type === "relation" && collectionId === to.id).map((field) => ({ collection, field })));

export const linkKey = ({ collection, field }: Link): string => `${collection.id}/${field.id}`;

// A field of several compares as the list that it is: one of its records is asked for by its id.
export const linkFilter = ({ field }: Link, id: string): string => `${field.name}${isMultiple(field) ? ".id ?=" : " ="} ${quote(id)}`;

export const linkValue = ({ field }: Link, id: string): unknown => (isMultiple(field) ? [id] : id);
