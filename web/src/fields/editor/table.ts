// Lines, and tables as they are put in.

import type { Node } from "prosemirror-model";
import { TextSelection, type Command } from "prosemirror-state";
import { nodeType } from "./acts.ts";

export const put = (node: Node): Command => (state, dispatch) => {
  dispatch?.(state.tr.replaceSelectionWith(node, false).scrollIntoView());
  return true;
};

export const insertRule: Command = put(nodeType("rule").create());

const size = 3;

// The first row is a header; the cursor goes to its first cell.
export const insertTable: Command = (state, dispatch) => {
  const row = (cell: string, section: string) => nodeType("table_row").create({ section }, Array.from({ length: size }, () => nodeType(cell).createAndFill() as Node));
  const table = nodeType("table").create(null, [row("table_header", "tbody"), ...Array.from({ length: size - 1 }, () => row("table_cell", "tbody"))]);
  const { tr } = state;
  tr.replaceSelectionWith(table);
  let at = -1;
  tr.doc.nodesBetween(Math.max(0, state.selection.from - 2), Math.min(tr.doc.content.size, state.selection.from + table.nodeSize + 2), (node, place) => {
    if (at < 0 && node === table) at = place;
  });
  if (at >= 0) tr.setSelection(TextSelection.near(tr.doc.resolve(at + 1)));
  dispatch?.(tr.scrollIntoView());
  return true;
};

