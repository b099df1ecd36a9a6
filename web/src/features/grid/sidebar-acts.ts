// What the list of collections hears for its items: which one is meant, its menu, being dragged,
// and the arrows.

import { useComputed, useSignal, type Signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { collection } from "../../state/instance.ts";
import { drawn } from "../../ui/drawn.ts";
import { dropOn, stepGroup } from "./groups.tsx";

export interface Active {
  isOn: (id: string) => boolean;
}

const dragType = "application/x-reeve-collection";

const closest = (event: Event, selector: string): HTMLElement | null => (event.target instanceof Element ? event.target.closest<HTMLElement>(selector) : null);
const itemOf = (event: Event): HTMLElement | null => closest(event, ".side-item");
const idOf = (event: Event): string => itemOf(event)?.dataset["id"] ?? "";

const stepTo: Record<string, (at: number, n: number) => number> = {
  ArrowDown: (at, n) => Math.min(at + 1, n - 1),
  ArrowUp: (at) => Math.max(at - 1, 0),
  Home: () => 0,
  End: (_, n) => n - 1,
};

// Between the links and the titles of sections that are shown.
const step = (list: HTMLElement, event: KeyboardEvent): void => {
  const stops = [...list.querySelectorAll<HTMLElement>("summary, .side-item > a")].filter((stop) => stop.checkVisibility());
  const at = stops.indexOf(event.target as HTMLElement);
  const next = at < 0 ? undefined : stepTo[event.key]?.(at, stops.length);
  if (next === undefined) return;
  event.preventDefault();
  stops[next]?.focus();
};

// Where it has just been moved to.
const focusAgain = (list: HTMLElement, id: string): void => {
  drawn(() => list.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] > a`)?.focus());
};

const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLElement }): void => {
  if (closest(event, ".menu, .menu-place") || event.ctrlKey || event.metaKey) return;
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const one = event.altKey && by ? collection(idOf(event)) : undefined;
  if (one && by) {
    event.preventDefault();
    stepGroup(one, by);
    focusAgain(event.currentTarget, one.id);
  } else if (!event.altKey) step(event.currentTarget, event);
};

const useDrag = (over: Signal<string>) => {
  const sectionOf = (event: DragEvent): string => (event.dataTransfer?.types.includes(dragType) ? (closest(event, "[data-section]")?.dataset["section"] ?? "") : "");
  return {
    onDragStart: (event: DragEvent) => {
      const id = idOf(event);
      if (id) event.dataTransfer?.setData(dragType, id);
    },
    onDragOver: (event: DragEvent) => {
      over.value = sectionOf(event);
      if (over.value) event.preventDefault();
    },
    onDragLeave: (event: DragEvent & { currentTarget: HTMLElement }) => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) over.value = "";
    },
    onDragEnd: () => { over.value = ""; },
    onDrop: (event: DragEvent) => {
      const section = sectionOf(event);
      over.value = "";
      const one = collection(event.dataTransfer?.getData(dragType) ?? "");
      if (!section || !one) return;
      event.preventDefault();
      dropOn(one, section);
    },
  };
};

export const useListActs = () => {
  const pointed = useSignal("");
  const focused = useSignal("");
  const over = useSignal(""); // the section that something is dragged over
  const isCoarse = useMemo(() => matchMedia("(pointer: coarse)").matches, []); // nothing is pointed at
  const both = useComputed(() => [pointed.value, focused.value]);
  const active: Active = { isOn: (id) => isCoarse || both.value.includes(id) };
  const isMenuOpen = (list: HTMLElement) => list.querySelector(".menu") !== null;
  return {
    active,
    over,
    onKeyDown,
    ...useDrag(over),
    onPointerOver: (event: PointerEvent & { currentTarget: HTMLElement }) => {
      if (!isMenuOpen(event.currentTarget)) pointed.value = idOf(event);
    },
    onPointerLeave: (event: PointerEvent & { currentTarget: HTMLElement }) => {
      if (!isMenuOpen(event.currentTarget)) pointed.value = "";
    },
    onFocusIn: (event: FocusEvent) => { focused.value = idOf(event); },
    onFocusOut: (event: FocusEvent & { currentTarget: HTMLElement }) => {
      if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget as Node)) focused.value = "";
    },
    // By the pointer, by a finger that stays, by its keys; the browser's own with Shift.
    onContextMenu: (event: MouseEvent) => {
      const item = itemOf(event);
      if (!item || closest(event, ".menu") || (event.shiftKey && event.button === 2)) return;
      event.preventDefault();
      pointed.value = idOf(event);
      requestAnimationFrame(() => item.querySelector<HTMLElement>('[aria-haspopup="menu"][aria-expanded="false"]')?.click());
    },
  };
};
