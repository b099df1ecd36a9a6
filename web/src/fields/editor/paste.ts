// Copy, paste and drop. ProseMirror's own reading of HTML asks for what the page's policy refuses.

import { Fragment, Slice, type Node, type NodeType } from "prosemirror-model";
import type { EditorView } from "prosemirror-view";
import { te } from "../../i18n/t-editor.ts";
import { cleanNodes, type Fix } from "./clean.ts";
import { bodyOf, type ReadHtml } from "./parse.ts";
import { printNodes } from "./print.ts";
import { readParts } from "./read.ts";
import { schema } from "./schema.ts";

const mostDeep = 200; // of what is pasted

const depthOf = (nodes: ArrayLike<ChildNode>): number => {
  let most = 0;
  const walk: [ArrayLike<ChildNode>, number][] = [[nodes, 1]];
  for (let next = walk.pop(); next; next = walk.pop()) {
    const [list, depth] = next;
    most = Math.max(most, depth);
    if (most > mostDeep) return most;
    for (const node of Array.from(list)) if (node.childNodes.length > 0) walk.push([node.childNodes, depth + 1]);
  }
  return most;
};

export const sliceOfHtml = (html: string, read: ReadHtml, fix: Fix): Slice | null => {
  const fragment = html.slice(Math.max(0, html.indexOf("<!--StartFragment-->"))).split("<!--EndFragment-->")[0] ?? "";
  const nodes = bodyOf(read, fragment);
  const parts = depthOf(nodes) > mostDeep ? [] : cleanNodes(nodes, fix);
  return parts.length > 0 ? Slice.maxOpen(readParts("", parts).doc.content) : null;
};

// What was copied here keeps all that it has. Any page can write to the clipboard, so nothing is taken from
// there but which copy it is; in another record it is what comes from elsewhere.
interface Copied {
  mark: string;
  slice: Slice;
  record: string;
}
let copied: Copied | null = null;

const makeMark = (): string => `<!--reeve:${Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("")}-->`;
const takeCopied = (html: string, record: string): Slice | null =>
  copied && copied.record === record && html.includes(copied.mark) ? Slice.fromJSON(schema, copied.slice.toJSON()) : null; // new nodes, with no place in the source

const htmlOf = (content: Fragment): string => {
  const parent = content.firstChild?.isInline ? "paragraph" : content.firstChild?.type.name === "table_row" ? "table" : "doc";
  return printNodes((schema.nodes[parent] as NodeType).create(null, content));
};

const p = (content: Node[]): Node => schema.nodes["paragraph"]?.create(null, content) as Node;

// A line is a line, and an empty one ends a paragraph.
export const sliceOfText = (text: string): Slice => {
  const paragraphs = text.replace(/\r\n?/g, "\n").split(/\n{2,}/).map((one) =>
    p(one.split("\n").flatMap((line, n) => [...(n > 0 ? [schema.nodes["hard_break"]?.create() as Node] : []), ...(line ? [schema.text(line)] : [])])),
  );
  return Slice.maxOpen(Fragment.from(paragraphs));
};

const isCode = ({ state }: EditorView): boolean => state.selection.$from.parent.type.spec.code === true;

export interface PasteHow {
  read: ReadHtml;
  fix: Fix;
  record: () => string; // which one is edited
  onSay: (text: string) => void;
}

// null: there is nothing that could be put in, which is said where somebody means files.
const sliceOf = (data: DataTransfer, isPlain: boolean, { read, fix, record, onSay }: PasteHow): Slice | null => {
  const text = data.getData("text/plain");
  const html = isPlain ? "" : data.getData("text/html");
  const slice = html ? (takeCopied(html, record()) ?? sliceOfHtml(html, read, fix)) : null;
  if (!slice && !text && data.files.length > 0) onSay(te.filesElsewhere);
  return slice ?? (text ? sliceOfText(text) : null);
};

const put = (view: EditorView, event: ClipboardEvent, data: DataTransfer, isPlain: boolean, how: PasteHow): void => {
  const text = data.getData("text/plain");
  const { tr, selection } = view.state;
  if (isCode(view) && text) return void view.dispatch(tr.insertText(text.replace(/\r\n?/g, "\n")).scrollIntoView());
  const slice = sliceOf(data, isPlain, how);
  if (!slice || view.someProp("handlePaste", (handle) => handle(view, event, slice))) return;
  // An empty paragraph is replaced by what comes, not filled with it.
  const isEmpty = selection.empty && selection.$from.parent.isTextblock && selection.$from.parent.content.size === 0;
  view.dispatch(tr.replaceSelection(isEmpty ? new Slice(slice.content, 0, 0) : slice).scrollIntoView().setMeta("paste", true));
};

const copy = (view: EditorView, event: ClipboardEvent, isCut: boolean, record: string): boolean => {
  const { selection } = view.state;
  if (selection.empty || !event.clipboardData) return selection.empty;
  event.preventDefault();
  const slice = selection.content(); // of cells: those that are selected, not what lies between them
  copied = { mark: makeMark(), slice, record };
  event.clipboardData.setData("text/html", copied.mark + htmlOf(slice.content));
  event.clipboardData.setData("text/plain", slice.content.textBetween(0, slice.content.size, "\n\n", "\n"));
  if (isCut) view.dispatch(view.state.tr.deleteSelection().scrollIntoView());
  return true;
};

const isPlainKey = (event: KeyboardEvent): boolean => event.shiftKey && (event.ctrlKey || event.metaKey) && (event.code === "KeyV" || event.key.toLowerCase() === "v");

export const pasteHandlers = (how: PasteHow) => {
  let isPlain = false; // from the keys that paste a text until they are let go
  return {
    keydown: (_: EditorView, event: KeyboardEvent): boolean => {
      isPlain = isPlainKey(event);
      return event.key === "Escape"; // for whoever is around: a panel closes, the whole screen is left
    },
    keyup: (): boolean => (isPlain = false),
    copy: (view: EditorView, event: ClipboardEvent): boolean => copy(view, event, false, how.record()),
    cut: (view: EditorView, event: ClipboardEvent): boolean => copy(view, event, true, how.record()),
    paste: (view: EditorView, event: ClipboardEvent): boolean => {
      event.preventDefault();
      if (event.clipboardData) put(view, event, event.clipboardData, isPlain, how);
      isPlain = false;
      return true;
    },
    drop: (view: EditorView, event: DragEvent): boolean => {
      if (view.dragging || !event.dataTransfer) return false; // moved within
      event.preventDefault();
      const at = view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos;
      const slice = sliceOf(event.dataTransfer, false, how);
      if (at === undefined || !slice) return true;
      view.dispatch(view.state.tr.replaceRange(at, at, slice).setMeta("paste", true));
      view.focus();
      return true;
    },
  };
};
