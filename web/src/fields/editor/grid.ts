// Cells: what selects them, goes from one to the next, and puts more into them.

import { keymap } from "prosemirror-keymap";
import { Plugin, type EditorState, type Transaction } from "prosemirror-state";
import { CellSelection, goToNextCell, tableEditing, TableMap } from "prosemirror-tables";
import { tableAt } from "./acts.ts";

// Rows that are not equally long, spans that reach out of the table: it is shown and typed in, and what it
// lacks is not put in, so nothing is done that needs a grid.
export const isGrid = (state: Pick<EditorState, "selection">): boolean => {
  const table = tableAt(state);
  return table !== null && !TableMap.get(table).problems;
};

export const tablePlugins = (): Plugin[] => {
  const { spec } = tableEditing();
  const { handlePaste, ...props } = spec.props ?? {};
  const editing: Plugin = new Plugin({
    ...spec,
    props: { ...props, handlePaste: (view, event, slice) => isGrid(view.state) && handlePaste?.call(editing, view, event, slice) === true },
    // With the state that it is, nothing has changed that would have to be made a grid.
    appendTransaction: (trs, _, state) => spec.appendTransaction?.call(editing, trs, state, state),
    filterTransaction: ({ selection }: Transaction) => !(selection instanceof CellSelection) || isGrid({ selection }),
  });
  return [keymap({ Tab: goToNextCell(1), "Shift-Tab": goToNextCell(-1) }), editing];
};
