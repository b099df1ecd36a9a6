// A browser that puts text over a selection gives it the style of what was there, as an attribute that the
// policy refuses, and joins blocks with the looks of the first. With a key the editor does it; without one
// (a panel of emoji, a correction, the keyboard of a phone) it is done here.

import { TextSelection } from "prosemirror-state";
import type { EditorView } from "prosemirror-view";

const isTyped = ({ inputType }: InputEvent): boolean => inputType === "insertText" || inputType === "insertReplacementText";

const selectionOf = (view: EditorView, range: StaticRange) => {
  const place = (node: Node, offset: number) => view.state.doc.resolve(view.posAtDOM(node, offset));
  return TextSelection.between(place(range.startContainer, range.startOffset), place(range.endContainer, range.endOffset));
};

export const typedOver = (view: EditorView, event: InputEvent): boolean => {
  const text = isTyped(event) ? (event.data ?? event.dataTransfer?.getData("text/plain")) : undefined;
  const [range] = event.getTargetRanges(); // the editor's own selection may be a moment behind
  if (text == null || !range || range.collapsed || event.isComposing || !view.editable) return false;
  if (!view.dom.contains(range.startContainer) || !view.dom.contains(range.endContainer)) return false;
  event.preventDefault();
  const { state } = view;
  const selection = state.selection instanceof TextSelection ? selectionOf(view, range) : state.selection;
  view.dispatch(state.tr.setSelection(selection).insertText(text).scrollIntoView());
  return true;
};
