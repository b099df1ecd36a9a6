// How many words there are. Of what has not changed they are counted once.

import type { Node } from "prosemirror-model";

const counted = new WeakMap<Node, number>();

export const countWords = (node: Node): number => {
  const known = counted.get(node);
  if (known !== undefined) return known;
  let n = 0;
  if (node.isTextblock) n = node.textBetween(0, node.content.size, " ", " ").match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}'’-]*/gu)?.length ?? 0;
  else node.forEach((child) => void (n += countWords(child)));
  counted.set(node, n);
  return n;
};
