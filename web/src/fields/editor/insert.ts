// What is put into a text: links, images, media, tables.

import type { Mark } from "prosemirror-model";
import { NodeSelection, TextSelection, type Command, type EditorState } from "prosemirror-state";
import { hrefOf } from "../../lib/values.ts";
import { markType, nodeType } from "./acts.ts";
import { escapeAttr, getAttr, setAttr } from "./attrs.ts";
import { put } from "./table.ts";
import { schema } from "./schema.ts";

// The address that is meant by what was typed; "" where it is none that may stand here.
export const addressOf = (typed: string): string => {
  const text = typed.trim();
  if (text === "" || /[\s<>"]/.test(text)) return "";
  if (/^(?:mailto:|tel:|[/#?]|\.\.?\/)/i.test(text)) return text;
  if (/^[^/?#:@]+@[^/?#:@]+\.[^/?#:@]+$/.test(text)) return `mailto:${text}`;
  return hrefOf(text) ?? "";
};

export interface LinkAt {
  from: number;
  to: number;
  mark: Mark | null;
  text: string;
}

// The link at the cursor, whole; else what is selected.
export const linkAt = (state: EditorState): LinkAt => {
  const isText = state.selection.$from.parent.inlineContent;
  const { from, to, $from } = isText ? state.selection : TextSelection.between(state.selection.$from, state.selection.$to);
  const type = markType("link");
  const mark = type.isInSet($from.marks()) ?? ($from.nodeAfter && type.isInSet($from.nodeAfter.marks)) ?? null;
  if (!mark) return { from, to, mark: null, text: state.doc.textBetween(from, to, " ") };
  let [start, end] = [from, to];
  $from.parent.forEach((child, offset) => {
    const at = $from.start() + offset;
    if (!mark.isInSet(child.marks)) return;
    if (at + child.nodeSize >= from && at <= to) {
      start = Math.min(start, at);
      end = Math.max(end, at + child.nodeSize);
    }
  });
  return { from: start, to: end, mark, text: state.doc.textBetween(start, end, " ") };
};

export const setLink = (at: LinkAt, href: string, text: string, isNewTab: boolean): Command => (state, dispatch) => {
  const before = String(at.mark?.attrs["attrs"] ?? "");
  const was = getAttr(before, "target") === "_blank";
  let attrs = setAttr(before, "href", href);
  if (isNewTab !== was) attrs = setAttr(setAttr(attrs, "target", isNewTab ? "_blank" : null), "rel", isNewTab ? "noopener" : null);
  const { tr } = state;
  const shown = text || href;
  const end = at.from === at.to || text !== at.text ? at.from + shown.length : at.to;
  if (end !== at.to || text !== at.text) tr.insertText(shown, at.from, at.to);
  if (at.mark) tr.removeMark(at.from, end, markType("link"));
  tr.addMark(at.from, end, markType("link").create({ tag: "a", attrs }));
  dispatch?.(tr.setSelection(TextSelection.create(tr.doc, end)).removeStoredMark(markType("link")).scrollIntoView());
  return true;
};

export const removeLink = ({ from, to }: LinkAt): Command => (state, dispatch) => {
  dispatch?.(state.tr.removeMark(from, to, markType("link")));
  return true;
};

// The attributes of the image that is selected; null: there is none.
export const imageAt = ({ selection }: EditorState): string | null => (selection instanceof NodeSelection && selection.node.type.name === "image" ? String(selection.node.attrs["attrs"]) : null);

// Instead of the one that is selected, which keeps what else it has.
export const insertImage = (src: string, alt: string): Command => (state, dispatch, view) => {
  const attrs = imageAt(state);
  if (attrs === null) return put(nodeType("image").create({ attrs: ` src="${escapeAttr(src)}" alt="${escapeAttr(alt)}"` }))(state, dispatch, view);
  const set = (now: string, name: string, value: string) => ((getAttr(now, name) ?? "") === value ? now : setAttr(now, name, value));
  dispatch?.(state.tr.setNodeAttribute(state.selection.from, "attrs", set(set(attrs, "src", src), "alt", alt)));
  return true;
};

const soundFile = /\.(?:mp3|m4a|ogg|oga|opus|wav|flac|aac)(?:[?#]|$)/i;
const imageFile = /\.(?:jpe?g|png|gif|webp|avif|svg)(?:[?#]|$)/i;

export const insertMedia = (src: string): Command => {
  const tag = soundFile.test(src) ? "audio" : "video";
  return put(nodeType("bit").create({ tag, source: `<${tag} controls="controls" src="${escapeAttr(src)}"></${tag}>` }));
};

// Of a record: what it is decides, and what cannot be shown is a link.
export const insertFile = (src: string, name: string): Command => {
  if (imageFile.test(name)) return insertImage(src, "");
  if (soundFile.test(name) || /\.(?:mp4|m4v|webm|mov|ogv)$/i.test(name)) return insertMedia(src);
  return put(schema.text(name, [markType("link").create({ tag: "a", attrs: ` href="${escapeAttr(src)}"` })]));
};
