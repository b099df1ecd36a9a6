// A new line.

import { baseKeymap, chainCommands } from "prosemirror-commands";
import { splitListItem } from "prosemirror-schema-list";
import type { Command } from "prosemirror-state";
import { nodeType } from "./acts.ts";

const split = chainCommands(splitListItem(nodeType("list_item")), baseKeymap["Enter"] as Command);

// Over several blocks: what is selected goes first, and what is left is split.
export const enter: Command = (state, dispatch, view) => {
  const { $from, $to } = state.selection;
  if ($from.sameParent($to) || !view || !dispatch) return split(state, dispatch, view);
  dispatch(state.tr.deleteSelection().scrollIntoView());
  split(view.state, dispatch, view);
  return true;
};
