// The cell that is edited.

import type { Signal } from "@preact/signals";
import type { Collection, Field, Row } from "../../api/types.ts";
import { theGrid } from "../../fields/relation/peek.tsx";
import type { RowsOf } from "../../state/rows.ts";
import { positionOf } from "../../ui/Grid/choose.ts";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import { useIsThere } from "../../ui/there.ts";
import type { CellEditProps } from "./cell-edit.tsx";

export interface Cell {
  row: Row;
  field: Field;
  value?: unknown; // typed already
  error?: string;
}

const fetchAfterMs = 1500; // the first rows come first
const cellEdit: Load<CellEditProps> = async () => (await import("./cell-edit.tsx")).CellEdit;
setTimeout(() => void cellEdit().catch(() => undefined), fetchAfterMs); // who edits a cell tries again

// The grid itself knows where the next cell is.
const moveOn = (key: "Enter" | "Tab" | undefined) => {
  const to = key && { Enter: "ArrowDown", Tab: "ArrowRight" }[key];
  if (to) theGrid()?.dispatchEvent(new KeyboardEvent("keydown", { key: to, bubbles: true, cancelable: true }));
};

// As it is drawn now; rows move, and what has drawn one draws another one then.
const elementOf = (source: RowsOf<Row>, id: string, column: number): Element | null => {
  const position = positionOf(source.at, id, source.range());
  return position < 0 ? null : (theGrid()?.querySelector(`[aria-rowindex="${position + 2}"] > [aria-colindex="${column + 2}"]`) ?? null);
};

export const Editing = ({ collection, fields, source, editing }: { collection: Collection; fields: readonly Field[]; source: RowsOf<Row>; editing: Signal<Cell | null> }) => {
  const isThere = useIsThere();
  const now = editing.value;
  if (!now) return null;
  const { row, field, error = "" } = now;
  const close = (key?: "Enter" | "Tab") => {
    if (editing.peek() !== now) return;
    editing.value = null;
    moveOn(key);
  };
  const column = fields.findIndex(({ name }) => name === field.name);
  return (
    <Lazy
      key={`${row.id} ${field.name} ${error}`}
      load={cellEdit}
      of={{ ...now, collection, place: () => elementOf(source, row.id, column), of: { source, editing, isShown: () => isThere.current }, onClose: close }}
    />
  );
};
