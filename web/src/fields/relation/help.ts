// What the input of a relation is given by who knows how records are chosen and edited.

import { createContext, type ComponentType } from "preact";
import type { Collection, Field, Row } from "../../api/types.ts";

export interface PickerProps {
  field: Field;
  collection: Collection; // of what is chosen
  ids: readonly string[];
  row: Row | undefined; // which has the field
  onChange: (ids: string[]) => void;
  onMade: (row: Row) => void; // created, to be chosen; it may come after the picker has closed
  onClose: () => void;
}

// A related record that is created or edited in place.
export interface InnerProps {
  collection: Collection;
  id: string | null; // null: a new one
  onSaved: (row: Row, isNew: boolean) => void; // may come after it has closed
  onClose: () => void;
}

export interface RelationHelp {
  Picker: ComponentType<PickerProps>;
  Inner: ComponentType<InnerProps>;
  whyNot: (collection: Collection, id: string | null) => string; // it cannot be edited in place; "": it can
}

export const RelationHelp = createContext<RelationHelp | null>(null);
