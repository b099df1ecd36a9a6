// What a mouse or a finger does in a grid, heard by the grid alone.

import type { Identified } from "../../lib/rows/run.ts";
import type { GridModel } from "./model.ts";
import { header, type Cell, type Column } from "./types.ts";

type Model = GridModel<Identified>;

const holdMs = 500;
const holdWithin = 8; // pixels
const dragFrom = 6; // pixels

const numberOf = (element: Element | null, name: string): number => Number(element?.getAttribute(name) ?? NaN);

// Where an event happened. The header is row -1; undefined: beside all cells.
const cellOf = (event: Event): Cell | undefined => {
  const cell = (event.target as Element).closest("[aria-colindex]");
  const row = numberOf(cell?.closest("[aria-rowindex]") ?? null, "aria-rowindex") - 2;
  const col = numberOf(cell, "aria-colindex") - 1;
  return Number.isNaN(row) || Number.isNaN(col) ? undefined : { row, col };
};

// Something inside of a cell that has acts of its own.
const isControl = (event: Event): boolean => (event.target as Element).closest("a, button, input, select, textarea, [contenteditable]") !== null;

const handled = (grid: Model, event: Event): Column<Identified> | undefined => {
  const isHandle = (event.target as Element).closest(".grid-handle") !== null;
  const cell = isHandle ? cellOf(event) : undefined;
  return cell && grid.columns[cell.col - 1];
};

export const onClick = (grid: Model, event: MouseEvent): void => {
  const cell = cellOf(event);
  if (!cell || isControl(event) || handled(grid, event)) return;
  const { row, col } = cell;
  if (row === header) {
    if (col === 0) grid.toggleAll();
    else grid.sort(grid.columns[col - 1], event.shiftKey);
    grid.active.value = cell;
    return;
  }
  const found = grid.rowAt(row);
  grid.active.value = cell; // where it is: what is clicked does not move
  if (event.shiftKey) return grid.extend(row);
  if (col === 0 || event.ctrlKey || event.metaKey) return grid.toggle(row);
  grid.begin(row);
  if (!grid.isList.peek() || !found) return;
  if (grid.props.selected.size > 0) grid.toggle(row);
  else grid.props.onOpen(found);
};

export const onDoubleClick = (grid: Model, event: MouseEvent): void => {
  const cell = cellOf(event);
  if (!cell || isControl(event)) return;
  const wide = handled(grid, event);
  if (wide) return grid.fit(wide);
  const row = grid.rowAt(cell.row);
  const column = grid.columns[cell.col - 1];
  if (!row || !column || grid.isList.peek()) return;
  if (grid.props.onEdit) grid.props.onEdit(row, column);
  else grid.props.onOpen(row);
};

const dragWidth = (grid: Model, column: Column<Identified>, event: PointerEvent): void => {
  const element = event.target as HTMLElement;
  const from = event.clientX;
  const width = grid.widthOf(column);
  const sign = getComputedStyle(element).direction === "rtl" ? -1 : 1;
  const stop = new AbortController();
  const to = (now: PointerEvent, isDone: boolean) => grid.resize(column, width + sign * (now.clientX - from), isDone);
  element.setPointerCapture(event.pointerId);
  element.addEventListener("pointermove", (now) => to(now, false), { signal: stop.signal });
  element.addEventListener("lostpointercapture", () => stop.abort(), { signal: stop.signal });
  element.addEventListener("pointerup", (now) => now.clientX !== from && to(now, true), { signal: stop.signal });
  event.preventDefault(); // no text is selected
};

// Where the column under the pointer would be pushed on by one that is dropped there.
const dropOf = (grid: Model, x: number): number => {
  const titles = [...(grid.scroller?.querySelectorAll<HTMLElement>(".grid-title:not(.grid-check)") ?? [])];
  const isTurned = grid.scroller !== null && getComputedStyle(grid.scroller).direction === "rtl";
  const middle = (title: HTMLElement) => {
    const { left, width } = title.getBoundingClientRect();
    return left + width / 2;
  };
  const next = titles.find((title) => (isTurned ? x > middle(title) : x < middle(title)));
  const col = numberOf(next ?? titles.at(-1) ?? null, "aria-colindex") - 2;
  return next ? col : col + 1;
};

// A title that is dragged takes its column with it; one that stays where it is sorts.
const dragColumn = (grid: Model, column: Column<Identified>, event: PointerEvent): void => {
  const stop = new AbortController();
  const options = { signal: stop.signal };
  const end = () => {
    stop.abort();
    grid.dropAt.value = -1;
  };
  addEventListener("pointermove", (now) => {
    if (grid.dropAt.peek() >= 0 || Math.abs(now.clientX - event.clientX) > dragFrom) grid.dropAt.value = dropOf(grid, now.clientX);
  }, options);
  addEventListener("pointerup", () => {
    const to = grid.dropAt.peek();
    end();
    if (to < 0) return;
    addEventListener("click", (click) => click.stopPropagation(), { capture: true, once: true, signal: AbortSignal.timeout(0) }); // of this drag
    grid.move(column, to);
  }, options);
  addEventListener("keydown", (key) => key.key === "Escape" && end(), { ...options, capture: true });
  addEventListener("pointercancel", end, options);
};

// A finger that stays where it is selects the row.
const hold = (grid: Model, row: number, event: PointerEvent): void => {
  const stop = new AbortController();
  const options = { signal: stop.signal };
  const timer = setTimeout(() => {
    grid.toggle(row);
    stop.abort();
    // the click that follows is of the same touch
    addEventListener("click", (click) => click.stopPropagation(), { capture: true, once: true, signal: AbortSignal.timeout(1000) });
  }, holdMs);
  const end = () => stop.abort();
  stop.signal.addEventListener("abort", () => clearTimeout(timer));
  addEventListener("pointermove", (now) => Math.hypot(now.clientX - event.clientX, now.clientY - event.clientY) > holdWithin && end(), options);
  addEventListener("pointerup", end, options);
  addEventListener("pointercancel", end, options);
};

export const onPointerDown = (grid: Model, event: PointerEvent): void => {
  const column = handled(grid, event);
  if (column) return dragWidth(grid, column, event);
  const cell = cellOf(event);
  const title = cell?.row === header ? grid.columns[cell.col - 1] : undefined;
  if (title && grid.props.onMove && event.pointerType !== "touch" && event.button === 0) return dragColumn(grid, title, event);
  if (cell && cell.row !== header && event.pointerType === "touch" && event.isPrimary) hold(grid, cell.row, event);
};
