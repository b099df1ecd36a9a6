// What is chosen in a relation, in its order: one stop of Tab; arrows go from one to the next, Alt with
// arrows moves one, Enter edits its record, Delete removes it. A pointer drags. The list hears for all.

import { useContext, useId, useRef, useState } from "preact/hooks";
import type { Collection, Field, Row } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { tr } from "../../i18n/t-record.ts";
import { oneLine, summaryOf } from "../../lib/values.ts";
import { drawn } from "../../ui/drawn.ts";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { moved } from "../../ui/Select/options.ts";
import { isMultiple } from "../kinds.ts";
import { RelationHelp } from "./help.ts";
import { useRelated } from "./known.ts";
import { presentable } from "./summary.ts";

const shownFirst = 30;
const shownMore = 100; // at a time

export interface RelationChipsProps {
  field: Field;
  collection: Collection | undefined; // that it leads to
  ids: readonly string[];
  row: Row | undefined; // which has the field
  onChange: (ids: string[]) => void;
  onEmpty: () => void; // the last one that had the focus is removed
  onEdit: (id: string) => void;
}

interface Item {
  id: string;
  text: string;
  isGone: boolean;
}

const aside: Record<string, number | undefined> = { ArrowUp: -1, ArrowDown: 1 };

// Back and forth as they are read: the other way round where texts run from the right.
const stepOf = ({ key, currentTarget }: KeyboardEvent): number => {
  const ahead = getComputedStyle(currentTarget as Element).direction === "rtl" ? -1 : 1;
  return aside[key] ?? (key === "ArrowRight" ? ahead : key === "ArrowLeft" ? -ahead : 0);
};

const placeOf = (event: Event): number => Number((event.target as Element).closest("[data-n]")?.getAttribute("data-n") ?? -1);

const useItems = ({ field, collection, ids, row }: RelationChipsProps, shown: number): Item[] => {
  const seen = ids.slice(0, shown);
  const find = useRelated(collection, field, seen, row);
  const names = presentable.value(collection?.id ?? "");
  return seen.map((id) => {
    const found = find(id);
    const short = oneLine(id, 40);
    return { id, isGone: found === null, text: found ? summaryOf(found, names) : found === null ? t.fields.deletedId(short) : short };
  });
};

// What is done with one of them, and what is said of it.
const useActs = ({ ids, onChange, onEmpty }: RelationChipsProps, items: readonly Item[]) => {
  const list = useRef<HTMLUListElement>(null);
  const [at, setAt] = useState(0);
  const [said, say] = useState("");
  const focus = (n: number) => {
    setAt(n);
    drawn(() => list.current?.querySelectorAll<HTMLElement>(".chip-text")[n]?.focus());
  };
  const remove = (n: number) => {
    onChange(ids.filter((_, m) => m !== n));
    say(t.fields.removed(items[n]?.text ?? ""));
    if (ids.length > 1) focus(Math.min(n, items.length - 1, ids.length - 2));
    else onEmpty();
  };
  const move = (from: number, to: number) => {
    if (to < 0 || to >= ids.length || from === to) return;
    onChange(moved(ids, from, to));
    say(t.fields.itemAt(items[from]?.text ?? "", to + 1, ids.length));
  };
  return { list, stop: Math.max(0, Math.min(at, items.length - 1)), setAt, said, focus, remove, move };
};

const Chip = ({ item, n, isStop, hint, canOrder, whyNot }: { item: Item; n: number; isStop: boolean; hint: string; canOrder: boolean; whyNot: string }) => (
  <li class={`chip relation-chip${item.isGone ? " chip-gone" : ""}`} draggable={canOrder} data-n={n}>
    <button type="button" class="chip-text" tabIndex={isStop ? 0 : -1} aria-describedby={hint} title={[item.text === item.id ? "" : oneLine(item.id, 80), whyNot].filter(Boolean).join("\n") || undefined}>
      <span dir="auto">{item.text}</span>
    </button>
    {!item.isGone && !whyNot && (
      <button type="button" class="chip-remove" data-act="edit" tabIndex={-1} aria-label={t.records.editAs(item.text)} title={t.records.editAs(item.text)}><Icon name="pencil" size={14} /></button>
    )}
    <button type="button" class="chip-remove" data-act="remove" tabIndex={-1} aria-label={t.fields.removeItem(item.text)} title={t.fields.removeItem(item.text)}><Icon name="x" size={14} /></button>
  </li>
);

type Acts = ReturnType<typeof useActs>;

// The keys of a chip; those of its buttons are the browser's.
const onKeyDown = (event: KeyboardEvent, { focus, remove, move }: Acts, n: number, of: number, canOrder: boolean): void => {
  if (n < 0 || !(event.target as Element).matches(".chip-text") || event.ctrlKey || event.metaKey) return;
  const to = event.key === "Home" ? 0 : event.key === "End" ? of - 1 : n + stepOf(event);
  if (event.key === "Delete" || event.key === "Backspace") remove(n);
  else if (to === n) return;
  else if (to >= 0 && to < of) {
    if (event.altKey && canOrder) move(n, to);
    focus(to);
  }
  event.preventDefault(); // Alt with arrows goes to another record elsewhere
};

const List = ({ label, items, acts, canOrder, whyNot, onOpen }: { label: string; items: readonly Item[]; acts: Acts; canOrder: boolean; whyNot: (id: string) => string; onOpen: (n: number) => void }) => {
  const dragged = useRef(-1);
  const hint = useId();
  const { list, stop, setAt, remove, move } = acts;
  const isTarget = (event: Event) => dragged.current >= 0 && placeOf(event) >= 0;
  return (
    <ul
      ref={list}
      class="chips"
      role="list"
      aria-label={label}
      hidden={items.length === 0}
      onKeyDown={(event) => onKeyDown(event, acts, placeOf(event), items.length, canOrder)}
      onClick={(event) => {
        const n = placeOf(event);
        if (n >= 0 && (event.target as Element).closest('[data-act="remove"]')) remove(n);
        else if (n >= 0) onOpen(n);
      }}
      onFocusIn={(event) => setAt(Math.max(0, placeOf(event)))}
      onDragStart={(event) => {
        dragged.current = placeOf(event);
        event.dataTransfer?.setData("text/plain", items[dragged.current]?.text ?? "");
      }}
      onDragEnd={() => (dragged.current = -1)}
      onDragOver={(event) => isTarget(event) && event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        if (isTarget(event)) move(dragged.current, placeOf(event));
      }}
    >
      {items.map((item, n) => <Chip key={item.id} item={item} n={n} isStop={n === stop} hint={hint} canOrder={canOrder} whyNot={whyNot(item.id)} />)}
      <li id={hint} hidden>{tr.relations.keys}</li>
    </ul>
  );
};

export const RelationChips = (props: RelationChipsProps) => {
  const { field, collection, ids, onEdit } = props;
  const help = useContext(RelationHelp);
  const [shown, show] = useState(shownFirst);
  const items = useItems(props, shown);
  const acts = useActs(props, items);
  const whyNot = (id: string) => (help && collection ? help.whyNot(collection, id) : tr.relations.gone);
  const open = (n: number) => {
    const item = items[n];
    if (item && !item.isGone && !whyNot(item.id)) onEdit(item.id);
  };
  return (
    <>
      <List label={field.name} items={items} acts={acts} canOrder={isMultiple(field) && ids.length > 1} whyNot={whyNot} onOpen={open} />
      {ids.length > shown && <button type="button" class="chip-more" onClick={() => show(shown + shownMore)}>{t.fields.moreItems(ids.length - shown)}</button>}
      <span class="aside" role="status">{acts.said}</span>
    </>
  );
};
