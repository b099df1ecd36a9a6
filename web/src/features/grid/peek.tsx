// Space asks for more of the active cell: the whole value, or the record that it points to.

import { useSignal, type Signal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Collection, Field, Row } from "../../api/types.ts";
import { activeCell, theGrid, useRelationCard } from "../../fields/relation/peek.tsx";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import type { ValueCardProps } from "./value-card.tsx";

interface Peek {
  anchor: Element;
  field: Field;
  row: Row;
}

const valueCard: Load<ValueCardProps> = async () => (await import("./value-card.tsx")).ValueCard;

// It alone is drawn again as it comes and goes.
const Peeked = ({ collection, shown }: { collection: Collection; shown: Signal<Peek | null> }) => {
  const onClose = (back: boolean) => {
    shown.value = null;
    if (back) theGrid()?.focus();
  };
  const isShown = shown.value !== null;
  // What has drawn the cell draws another row then.
  useEffect(() => {
    const grid = isShown ? theGrid() : null;
    const close = () => onClose(true);
    grid?.addEventListener("scroll", close, { passive: true });
    return () => grid?.removeEventListener("scroll", close);
  }, [isShown]);
  if (!shown.value) return null;
  const onKey = (key: string) => {
    if (key === " ") onClose(true);
    return key === " ";
  };
  return <Lazy load={valueCard} of={{ ...shown.value, collection, takesFocus: true, onClose, onKey }} />;
};

// `peek`: for the active cell; false where it says all there is. `card` stands after the grid.
export const usePeek = (collection: Collection, fields: readonly Field[], rowAt: (position: number) => Row | undefined): { peek: (row: Row, name: string) => boolean; card: VNode } => {
  const relation = useRelationCard(fields, rowAt);
  const shown = useSignal<Peek | null>(null);
  const peek = (row: Row, name: string) => {
    const field = fields.find((one) => one.name === name);
    const anchor = activeCell();
    if (!field || !anchor || name === "id") return false;
    if (!relation.peek(row, name)) shown.value = { anchor, field, row };
    return true;
  };
  return { peek, card: <>{relation.card}<Peeked collection={collection} shown={shown} /></> };
};
