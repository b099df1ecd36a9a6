// Whether a source was read as a browser reads it. Texts are taken from there, with their entities;
// what a browser reads otherwise is named, and becomes opaque.

import { blockTags, markTags } from "./schema.ts";
import type { Part } from "./source.ts";

const inside: ReadonlySet<string> = new Set([...blockTags, ...Object.keys(markTags)].filter((tag) => !/^(?:script|style|noscript|template|\?|form|fieldset|dialog|search)$/.test(tag)));

const enum Kind { element = 1, text = 3, comment = 8 }

const isText = (part: Part | undefined): boolean => part?.kind === "text";

// One after the other; texts that stand beside each other are one in a document.
export const align = (parts: readonly Part[], nodes: ArrayLike<ChildNode>): boolean => {
  let at = 0;
  const shown = parts.filter(({ kind }) => kind !== "stray");
  for (let n = 0; n < shown.length; n++) {
    const part = shown[n] as Part;
    const node = nodes[at++];
    if (isText(part)) {
      if (node?.nodeType !== Kind.text) return false;
      part.text = node.nodeValue ?? "";
      for (; isText(shown[n + 1]); n++) (shown[n + 1] as Part).text = "";
    } else if (part.kind === "comment") {
      if (node?.nodeType !== Kind.comment) return false;
    } else if (node?.nodeType !== Kind.element || (node as Element).localName !== part.tag) return false;
    else if (inside.has(part.tag) && !align(part.children, node.childNodes)) return false;
  }
  return at === nodes.length;
};

export type Parse = (html: string) => ArrayLike<ChildNode>;

// Runs of what stands in no block, and blocks: what a browser can read apart from the rest.
const piecesOf = (parts: readonly Part[]): Part[][] => {
  const pieces: Part[][] = [];
  let run: Part[] | null = null;
  for (const part of parts) {
    if (part.kind === "element" && blockTags.has(part.tag)) {
      pieces.push([part]);
      run = null;
    } else if (run) run.push(part);
    else pieces.push((run = [part]));
  }
  return pieces;
};

// The parts that are not what a browser reads. Asked for all at once, and piece by piece where that differs.
export const refusedOf = (html: string, parts: readonly Part[], parse: Parse): Set<Part> => {
  if (align(parts, parse(html))) return new Set();
  const refused = piecesOf(parts).filter((piece) => {
    const [first, last] = [piece[0] as Part, piece.at(-1) as Part];
    return !align(piece, parse(html.slice(first.start, last.end)));
  });
  return new Set(refused.flat());
};
