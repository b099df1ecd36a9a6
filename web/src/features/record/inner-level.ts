// Records over records: the drawer is the first level; what is created or edited in place for a
// relation lies over it.

import { createContext } from "preact";
import { tr } from "../../i18n/t-record.ts";
import type { RecordEdit } from "./edit.ts";

export const mostLevels = 3;

export interface Open {
  key: string; // of its draft
  title: string;
}

// Of the records that are open, the lowest first.
export const Levels = createContext<readonly Open[]>([]);

export const titleOf = (edit: RecordEdit): string => (edit.id === null ? tr.record.newTitle(edit.collection.name) : tr.record.title(edit.collection.name));
