// Rules and filters in colours: by the same tokens as they are checked by.

import { type EditorState, type Extension, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";
import { tags, type Tag } from "@lezer/highlight";
import { lex, type Token } from "../lib/filter/lex.ts";
import { colours } from "./look.ts";

const mostLength = 20_000;

const tagOf = ({ kind, value }: Token): Tag | undefined =>
  kind === "text" ? tags.string : kind === "number" ? tags.number : kind === "join" || kind === "call" || /^(?:@|true$|false$|null$)/i.test(value) ? tags.keyword : undefined;

const paint = ({ doc }: EditorState): DecorationSet => {
  if (doc.length > mostLength) return Decoration.none;
  const marks = [...lex(doc.toString())].flatMap((token) => {
    const tag = tagOf(token);
    return tag ? Decoration.mark({ class: colours.style([tag]) ?? "" }).range(token.at, token.end) : [];
  });
  return Decoration.set(marks);
};

export const rule: Extension = StateField.define<DecorationSet>({
  create: paint,
  update: (before, change) => (change.docChanged ? paint(change.state) : before),
  provide: (field) => EditorView.decorations.from(field),
});
