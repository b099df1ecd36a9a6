// The text of a piece of HTML with its lines, to be read.

import { plainText } from "../../lib/values.ts";

const mostRead = 256_000;
const pieceLength = 3500; // plainText looks no further than a little more

const block = /<(?:br|hr)\b[^>]*>|<\/(?:p|div|li|ul|ol|tr|table|h[1-6]|blockquote|pre|figure|section|article)\s*>/gi;
const unread = /<(script|style)\b[^]*?(?:<\/\1\s*>|$)/gi;

// Cut behind a tag or a run of text, so that no tag is taken for text.
const piecesOf = (line: string): string[] => {
  if (line.length <= pieceLength) return [line];
  const pieces: string[] = [];
  let now = "";
  for (const token of line.match(/<[^>]{0,3500}>|<?[^<]{1,3500}|</g) ?? []) {
    if (now.length + token.length > pieceLength) {
      pieces.push(now);
      now = "";
    }
    now += token;
  }
  return [...pieces, now];
};

export const htmlLines = (html: string): string[] => {
  const lines = html.slice(0, mostRead).replace(unread, " ").split(block);
  const texts = lines.map((line) => piecesOf(line).map((piece) => plainText(piece, pieceLength)).filter(Boolean).join(" "));
  const last = texts.findLastIndex((text) => text !== "");
  const kept = texts.slice(0, last + 1).filter((text, n) => text !== "" || (n > 0 && texts[n - 1] !== ""));
  return html.length > mostRead ? [...kept, "…"] : kept;
};
