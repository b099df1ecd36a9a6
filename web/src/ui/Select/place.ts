// Lists that float beside what opens them.

import { autoUpdate, computePosition, flip, offset, shift, size } from "@floating-ui/dom";

const leastHeight = 120;
const mostHeight = 320;

// As wide as `anchor` at least. Physical sides, since that is what is computed, in either direction.
export const placeList = (anchor: HTMLElement, list: HTMLElement): (() => void) => {
  const limits = size({
    padding: 8,
    apply: ({ rects, availableHeight }) => {
      list.style.minInlineSize = `${rects.reference.width}px`;
      list.style.maxBlockSize = `${Math.max(leastHeight, Math.min(mostHeight, availableHeight))}px`;
    },
  });
  return autoUpdate(anchor, list, () => {
    void computePosition(anchor, list, { placement: "bottom-start", strategy: "fixed", middleware: [offset(4), flip(), shift({ padding: 8 }), limits] }).then(({ x, y }) => {
      list.style.left = `${x}px`;
      list.style.top = `${y}px`;
    });
  });
};
