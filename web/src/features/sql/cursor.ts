// The selection of the editor, or of the text area that stands there until it is fetched.

import type { EditorView } from "@codemirror/view";

export interface Cursor {
  from: number;
  to: number;
}

const area = (): HTMLTextAreaElement | null => document.querySelector('.sql textarea[name="sql"]');

// As EditorView.findFromDOM() finds it, which cannot be imported without another part of the editor that
// is fetched by itself. Where it is not found statements are those at the beginning of the text.
const viewNow = (): EditorView | undefined => {
  const content = document.querySelector('.sql [data-code="sql"]')?.shadowRoot?.querySelector(".cm-content");
  return (content as { cmTile?: { root?: { view?: EditorView } } } | null | undefined)?.cmTile?.root?.view;
};

export const cursorNow = (): Cursor => {
  const view = viewNow();
  if (view) return view.state.selection.main;
  const text = area();
  return { from: text?.selectionStart ?? 0, to: text?.selectionEnd ?? 0 };
};

// Where the cursor is, instead of what is selected. False: there is no editor.
export const insert = (text: string): boolean => {
  const view = viewNow();
  if (view) {
    view.dispatch(view.state.replaceSelection(text));
    view.focus();
    return true;
  }
  const plain = area();
  if (!plain) return false;
  plain.setRangeText(text, plain.selectionStart, plain.selectionEnd, "end");
  plain.dispatchEvent(new InputEvent("input", { bubbles: true }));
  plain.focus();
  return true;
};
