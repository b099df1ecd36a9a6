// One card for all the chips of a grid, which hears for them: a chip that is pointed at, or the
// active cell when Space asks for more.

import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { VNode } from "preact";
import type { Field, Row } from "../../api/types.ts";
import { itemsOf } from "../../lib/values.ts";
import { collection } from "../../state/instance.ts";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import type { RelationCardProps } from "./card.tsx";
import { relatedRow } from "./summary.ts";

const restMs = 300; // of the pointer on a chip
const leaveMs = 200; // on its way to the card

interface Peek {
  anchor: Element;
  field: Field;
  row: Row;
  ids: readonly string[]; // of those that are there
  n: number;
  isKeyed: boolean;
}

const relationCard: Load<RelationCardProps> = async () => (await import("./card.tsx")).RelationCard;

export const theGrid = (): HTMLElement | null => document.querySelector('[data-t="grid"]');

export const activeCell = (): HTMLElement | null => document.getElementById(theGrid()?.getAttribute("aria-activedescendant") ?? "");

const peekInto = (anchor: Element, field: Field, row: Row, wanted: string | undefined, isKeyed: boolean): Peek | null => {
  const ids = collection(String(field["collectionId"] ?? "")) ? itemsOf(row[field.name]).filter((id) => relatedRow(field, row, id) !== null) : [];
  const n = wanted === undefined ? 0 : ids.indexOf(wanted);
  return ids[n] === undefined ? null : { anchor, field, row, ids, n, isKeyed };
};

// What is shown in a chip of a cell: the columns are `fields`, after the one with the check boxes.
const chipAt = (event: Event, fields: readonly Field[], rowAt: (position: number) => Row | undefined): Peek | null => {
  const chip = (event.target as Element).closest(".badge");
  const cell = chip?.closest("[aria-colindex]");
  const field = fields[Number(cell?.getAttribute("aria-colindex")) - 2];
  const row = rowAt(Number(cell?.closest("[aria-rowindex]")?.getAttribute("aria-rowindex")) - 2);
  if (!chip || !cell || !row || field?.type !== "relation") return null;
  const id = itemsOf(row[field.name])[[...cell.querySelectorAll(".badge")].indexOf(chip)];
  return id === undefined ? null : peekInto(chip, field, row, id, false);
};

// timer: of what is to happen unless the pointer goes elsewhere first.
const usePointer = (timer: { current: number | undefined }, find: (event: Event) => Peek | null, open: (peek: Peek) => void, leave: () => void, close: () => void): void => {
  const now = useRef({ find, open, leave, close });
  now.current = { find, open, leave, close };
  useEffect(() => {
    const grid = theGrid();
    if (!grid) return;
    const stop = new AbortController();
    const options = { signal: stop.signal, passive: true };
    const later = (act: () => void, ms: number) => {
      clearTimeout(timer.current);
      timer.current = setTimeout(act, ms);
    };
    grid.addEventListener("pointerover", (event) => {
      const chip = (event.target as Element).closest(".badge");
      if (!chip || event.pointerType === "touch" || event.buttons > 0 || chip.contains(event.relatedTarget as Node | null)) return;
      const peek = now.current.find(event);
      if (peek) later(() => now.current.open(peek), restMs);
    }, options);
    grid.addEventListener("pointerout", (event) => {
      const chip = (event.target as Element).closest(".badge");
      if (chip && !chip.contains(event.relatedTarget as Node | null)) later(() => now.current.leave(), leaveMs);
    }, options);
    const end = () => {
      clearTimeout(timer.current);
      now.current.close();
    };
    grid.addEventListener("scroll", end, options);
    grid.addEventListener("pointerdown", end, options);
    return () => {
      clearTimeout(timer.current);
      stop.abort();
    };
  }, []);
};

const steps: Record<string, 1 | -1> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

// It alone is drawn again as cards come and go: not the grid.
const Peeked = ({ shown, onClose, onPoint }: { shown: Signal<Peek | null>; onClose: (back: boolean) => void; onPoint: (isOver: boolean) => void }) => {
  if (!shown.value) return null;
  const { anchor, field, row, ids, n, isKeyed } = shown.value;
  const to = collection(String(field["collectionId"]));
  const id = ids[n];
  if (!to || id === undefined) return null;
  const onKey = (key: string) => {
    const step = steps[key];
    if (!isKeyed || (!step && key !== " ")) return false;
    if (step) shown.value = { anchor, field, row, ids, n: (n + step + ids.length) % ids.length, isKeyed };
    else onClose(true);
    return true;
  };
  return <Lazy load={relationCard} of={{ anchor, takesFocus: isKeyed, collection: to, id, row: relatedRow(field, row, id) ?? undefined, n, of: ids.length, onClose, onPoint, onKey }} />;
};

// `peek`: for the active cell; false where there is nothing to see. `card`: stands after the grid.
export const useRelationCard = (fields: readonly Field[], rowAt: (position: number) => Row | undefined): { peek: (row: Row, name: string) => boolean; card: VNode } => {
  const shown = useSignal<Peek | null>(null);
  const timer = useRef<number | undefined>(undefined);
  const close = (back: boolean) => {
    shown.value = null;
    if (back) theGrid()?.focus();
  };
  const leave = () => {
    if (!shown.peek()?.isKeyed) shown.value = null;
  };
  usePointer(timer, (event) => chipAt(event, fields, rowAt), (peek) => { if (!shown.peek()?.isKeyed) shown.value = peek; }, leave, () => close(shown.peek()?.isKeyed === true));
  const peek = (row: Row, name: string) => {
    const field = fields.find((one) => one.name === name);
    const cell = activeCell();
    const next = cell && field?.type === "relation" ? peekInto(cell, field, row, undefined, true) : null;
    if (next) shown.value = next;
    return next !== null;
  };
  const onPoint = (isOver: boolean) => {
    clearTimeout(timer.current);
    if (!isOver) timer.current = setTimeout(leave, leaveMs);
  };
  return { peek, card: <Peeked shown={shown} onClose={close} onPoint={onPoint} /> };
};
