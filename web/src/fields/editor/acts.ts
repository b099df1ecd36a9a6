// What can be done to rich text: rows that the toolbar shows, and keys run.

import { lift, setBlockType, toggleMark, wrapIn } from "prosemirror-commands";
import { redo, undo } from "prosemirror-history";
import type { Mark, MarkType, Node, NodeType } from "prosemirror-model";
import { liftListItem, wrapInList } from "prosemirror-schema-list";
import type { Command, EditorState, Transaction } from "prosemirror-state";
import type { EditorView } from "prosemirror-view";
import { te } from "../../i18n/t-editor.ts";
import type { IconName } from "../../ui/Icon/names.ts";
import { setAttr, setStyle } from "./attrs.ts";
import { alignOf, colourOf, dirOf, schema } from "./schema.ts";

export interface Act {
  icon: IconName;
  label: string;
  keys?: string; // as prosemirror-keymap has them
  isOn?: (state: EditorState, view?: EditorView) => boolean;
  can?: (state: EditorState) => boolean;
  why?: string; // it cannot
  run: Command;
}

export const nodeType = (name: string): NodeType => schema.nodes[name] as NodeType;
export const markType = (name: string): MarkType => schema.marks[name] as MarkType;

export const hasMark = (state: EditorState, type: MarkType): boolean => {
  const { from, to, empty, $from } = state.selection;
  return empty ? type.isInSet(state.storedMarks ?? $from.marks()) !== undefined : state.doc.rangeHasMark(from, to, type);
};

const ofMark = (name: string, icon: IconName, label: string, keys?: string): Act => ({
  icon, label, ...(keys ? { keys } : {}), isOn: (state) => hasMark(state, markType(name)), run: toggleMark(markType(name)),
});

// What the beginning of the selection stands in.
type Selected = Pick<EditorState, "selection">;
export const within = (state: Selected, is: (node: Node) => boolean): { node: Node; at: number } | null => {
  const { $from } = state.selection;
  for (let depth = $from.depth; depth > 0; depth--) if (is($from.node(depth))) return { node: $from.node(depth), at: $from.before(depth) };
  return null;
};

const isList = (node: Node): boolean => node.type.name === "bullet_list" || node.type.name === "ordered_list";

// A paragraph that is alone in an item needs no tag.
const withoutTags = (tr: Transaction): Transaction => {
  const { from, to } = tr.selection;
  tr.doc.nodesBetween(from, to, (node, at) => void (node.type.name === "paragraph" && node.attrs["tag"] === "p" && node.attrs["attrs"] === "" && tr.setNodeAttribute(at, "tag", "")));
  return tr;
};

// In a list of the other kind: that list is changed; in one of its kind: lifted out of it.
const toggleList = (name: string): Command => (state, dispatch, view) => {
  const found = within(state, isList);
  if (!found) return wrapInList(nodeType(name))(state, dispatch && ((tr) => dispatch(withoutTags(tr))), view);
  if (found.node.type.name === name) return liftListItem(nodeType("list_item"))(state, dispatch, view);
  dispatch?.(state.tr.setNodeMarkup(found.at, nodeType(name), { attrs: "" }));
  return true;
};

const toggleQuote: Command = (state, dispatch, view) => (within(state, (node) => node.type.name === "quote") ? lift : wrapIn(nodeType("quote")))(state, dispatch, view);

const eachBlock = (state: EditorState, act: (node: Node, at: number) => void): void => {
  for (const { $from, $to } of state.selection.ranges) state.doc.nodesBetween($from.pos, $to.pos, (node, at) => void (node.isTextblock && act(node, at)));
};

// What a browser makes of the block at `at`, whose direction may be that of what stands around it.
const turnOf = (doc: Node, at: number, view?: EditorView): string => {
  const shown = view?.nodeDOM(at);
  if (shown?.nodeType === 1) return getComputedStyle(shown as Element).direction;
  const $at = doc.resolve(at + 1);
  for (let depth = $at.depth; depth > 0; depth--) {
    const own = dirOf(String($at.node(depth).attrs["attrs"] ?? ""));
    if (own) return own;
  }
  return "ltr";
};

const changeAttrs = (change: (attrs: string, turn: string) => string): Command => (state, dispatch, view) => {
  const { tr } = state;
  eachBlock(state, (node, at) => void (typeof node.attrs["attrs"] === "string" && tr.setNodeAttribute(at, "attrs", change(node.attrs["attrs"], turnOf(state.doc, at, view)))));
  dispatch?.(tr);
  return true;
};

const ofBlock = ({ selection: { $from } }: EditorState): string => String($from.parent.attrs["attrs"] ?? "");
const turnOfBlock = ({ doc, selection: { $from } }: EditorState, view?: EditorView): string => ($from.depth > 0 ? turnOf(doc, $from.before(), view) : "ltr");

// Where the lines of a block begin, and end, in its direction.
const sides: Record<string, Record<string, string>> = { ltr: { start: "left", end: "right" }, rtl: { start: "right", end: "left" } };

const names = ["left", "center", "right", "justify"] as const;
export const alignActs: readonly Act[] = names.map((name) => ({
  icon: "text-align-start",
  label: te.aligns[name],
  isOn: (state, view) => {
    const set = alignOf(ofBlock(state)) || "start";
    return (sides[turnOfBlock(state, view)]?.[set] ?? set) === name;
  },
  run: changeAttrs((attrs, turn) => setAttr(setStyle(attrs, "text-align", name === "left" && turn === "ltr" ? null : name), "align", null)),
}));
export const dirActs: readonly Act[] = (["ltr", "rtl"] as const).map((name) => ({
  icon: "pilcrow",
  label: te.directions[name],
  isOn: (state, view) => turnOfBlock(state, view) === name,
  run: changeAttrs((attrs, turn) => setAttr(attrs, "dir", name === turn && dirOf(attrs) === "" && name === "ltr" ? null : name)),
}));

const changeBlock = (name: string, attrs: (old: Node) => Record<string, unknown>): Command => (state, dispatch, view) => {
  if (!setBlockType(nodeType(name))(state) && state.selection.$from.parent.type !== nodeType(name)) return false;
  const { from, to } = state.selection;
  dispatch?.(state.tr.setBlockType(from, to, nodeType(name), attrs).scrollIntoView());
  view?.focus();
  return true;
};

// A code block has lines of text, and no place for anything else.
const isPlain = (state: EditorState): boolean => {
  let is = true;
  eachBlock(state, (node) => node.forEach((child) => void (is &&= child.isText || child.type.name === "hard_break")));
  return is;
};

const kept = (old: Node): Record<string, unknown> => ({ attrs: old.type.name === "code_block" ? "" : (old.attrs["attrs"] ?? "") });
const isBlock = (name: string, level?: number) => ({ selection: { $from } }: EditorState): boolean => $from.parent.type.name === name && (level === undefined || $from.parent.attrs["level"] === level);

export const styleActs: readonly Act[] = [
  { icon: "type", label: te.paragraph, keys: "Mod-Alt-0", isOn: isBlock("paragraph"), run: changeBlock("paragraph", kept) },
  ...[1, 2, 3, 4].map((level): Act => ({ icon: "type", label: te.heading(level), keys: `Mod-Alt-${level}`, isOn: isBlock("heading", level), run: changeBlock("heading", (old) => ({ ...kept(old), level })) })),
  { icon: "square-code", label: te.codeBlock, isOn: isBlock("code_block"), can: isPlain, why: te.noCode, run: (state, dispatch, view) => isPlain(state) && changeBlock("code_block", () => ({}))(state, dispatch, view) },
];

export const markActs: readonly Act[] = [
  ofMark("strong", "bold", te.bold, "Mod-b"),
  ofMark("em", "italic", te.italic, "Mod-i"),
  ofMark("underline", "underline", te.underline, "Mod-u"),
  ofMark("strike", "strikethrough", te.strike, "Mod-Shift-x"),
];

// A link is no format.
const clear: Command = (state, dispatch) => {
  const { from, to } = state.selection;
  const { tr } = state;
  for (const type of Object.values(schema.marks)) if (type.name !== "link") tr.removeMark(from, to, type);
  state.doc.nodesBetween(from, to, (node, at) => void (node.isTextblock && node.attrs["attrs"] && node.type.name !== "code_block" && tr.setNodeAttribute(at, "attrs", setAttr(setStyle(node.attrs["attrs"] as string, "text-align", null), "align", null))));
  dispatch?.(tr.setStoredMarks([]));
  return true;
};

export const moreActs: readonly Act[] = [
  ofMark("sub", "subscript", te.sub),
  ofMark("sup", "superscript", te.sup),
  ofMark("code", "code", te.code, "Mod-e"),
  { icon: "remove-formatting", label: te.clear, keys: "Mod-\\", run: clear },
];

export const blockActs: readonly Act[] = [
  { icon: "list", label: te.bullets, keys: "Mod-Shift-8", isOn: (state) => within(state, isList)?.node.type.name === "bullet_list", run: toggleList("bullet_list") },
  { icon: "list-ordered", label: te.numbers, keys: "Mod-Shift-7", isOn: (state) => within(state, isList)?.node.type.name === "ordered_list", run: toggleList("ordered_list") },
  { icon: "quote", label: te.quote, keys: "Mod-Shift-9", isOn: (state) => within(state, (node) => node.type.name === "quote") !== null, run: toggleQuote },
];

export const historyActs: readonly Act[] = [
  { icon: "undo-2", label: te.undo, keys: "Mod-z", can: (state) => undo(state), run: undo },
  { icon: "redo-2", label: te.redo, keys: "Mod-y", can: (state) => redo(state), run: redo },
];

export const tableAt = (state: Selected): Node | null => within(state, (node) => node.type.name === "table")?.node ?? null;

// "": as usual. A span that was there for its colour alone goes with it.
export const setColour = (colour: string): Command => (state, dispatch) => {
  const type = markType("span");
  const { from, to, empty } = state.selection;
  const made = colour === "" ? null : type.create({ tag: "span", attrs: ` style="color: ${colour.replace(/[^\w#(),.% -]/g, "")};"` });
  if (empty) {
    const others = (state.storedMarks ?? state.selection.$from.marks()).filter((mark) => mark.type !== type || colourOf(mark.attrs["attrs"] as string) === "");
    dispatch?.(state.tr.setStoredMarks(made ? made.addToSet(others) : others));
    return true;
  }
  const { tr } = state;
  state.doc.nodesBetween(from, to, (node, at) => {
    for (const mark of node.isInline ? node.marks : []) if (mark.type === type && colourOf(mark.attrs["attrs"] as string) !== "") uncolour(tr, mark, Math.max(at, from), Math.min(at + node.nodeSize, to));
  });
  dispatch?.(made ? tr.addMark(from, to, made) : tr);
  return true;
};

const uncolour = (tr: Transaction, mark: Mark, from: number, to: number): void => {
  const attrs = setAttr(setStyle(mark.attrs["attrs"] as string, "color", null), "color", null);
  tr.removeMark(from, to, mark);
  if (attrs.trim() !== "") tr.addMark(from, to, mark.type.create({ ...mark.attrs, attrs }));
};

export const allActs: readonly Act[] = [...styleActs, ...markActs, ...moreActs, ...blockActs, ...historyActs];
