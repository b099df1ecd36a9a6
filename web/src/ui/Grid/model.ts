// What a grid knows beside its rows: where it is scrolled to, which cell is active, what is drawn.
// Elements are read when they are scrolled or change their size, never while rows are drawn.

import { batch, signal } from "@preact/signals";
import type { Identified } from "../../lib/rows/run.ts";
import type { Target } from "../../lib/rows/rows.ts";
import { idsBetween, nextSort, positionOf, toggled } from "./choose.ts";
import { arranged, clampWidth, columnsInView, placeOf, shapeOf, widthOf, type Shape, type Span, type Widths } from "./shape.ts";
import { Track } from "./track.ts";
import { header, type Cell, type Column, type GridProps } from "./types.ts";

const mostRows = 60; // that are drawn, where a screen has not more
const listBelow = 640; // pixels of width
const listRow = 64;
const wrappedBy = 2 * 20; // pixels: two lines more

export interface Drawn {
  first: number;
  n: number;
  shift: number;
}

// Rows are placed in blocks, so that a change of the shift moves one element and not each row, and
// no distance is too long to be exact.
export const blockOf = (position: number): number => position - (position % 4096);

const sameSpan = (a: Span, b: Span): boolean => a.first === b.first && a.last === b.last;

export class GridModel<T extends Identified> {
  readonly drawn = signal<Drawn>({ first: 0, n: 0, shift: 0 });
  readonly active = signal<Cell>({ row: 0, col: 1 });
  readonly isList = signal(false);
  readonly dropAt = signal(-1); // before which column the one that is dragged would be; none is
  readonly laidOut = signal(0); // grows as columns come into view, or change their width
  readonly track = new Track();
  columns: readonly Column<T>[] = [];
  shape: Shape<T> = { columns: [], hasLead: false };
  span: Span = { first: 0, last: 0 };
  widths: Widths = new Map(); // of columns that have been resized here
  listed: readonly Column<T>[] = []; // what a list shows below the title
  props: GridProps<T>;
  scroller: HTMLElement | null = null;
  #given: readonly Column<T>[] = [];
  #anchor: string | null = null; // the row where a range begins
  #base: ReadonlySet<string> = new Set(); // what was selected before it
  #selected: ReadonlySet<string> = this.#base; // as it was left here
  #source: unknown = null;
  #count = 0;
  #moved = 0;
  #target: Target | null = null;
  #x = 0;
  #width = 0;

  constructor(props: GridProps<T>) {
    this.props = props;
  }

  // Before each drawing.
  take(props: GridProps<T>): void {
    this.props = props;
    if (props.columns !== this.#given) {
      this.columns = arranged(props.columns);
      this.widths = new Map();
      this.listed = props.listed ? this.columns.filter(({ key }) => props.listed?.includes(key)) : this.columns;
    }
    // Whoever else selects, or clears, begins anew.
    if (props.selected !== this.#selected) this.#base = this.#selected = props.selected;
    this.track.count = props.source.count();
    const span = this.#spanNow();
    if (props.columns !== this.#given || !sameSpan(span, this.span)) this.shape = shapeOf(this.columns, span);
    this.span = span;
    this.#given = props.columns;
  }

  // After each drawing, before it is painted: follows what has become of the rows.
  follow(): void {
    const { source } = this.props;
    const isOther = source !== this.#source;
    const by = isOther ? 0 : source.moved() - this.#moved;
    const target = source.target() ?? (isOther ? ({ position: 0, edge: "first" } as const) : null);
    const isResized = this.#count !== this.track.count;
    this.#source = source;
    this.#moved = source.moved();
    this.#count = this.track.count;
    if (target && target !== this.#target) this.#goTo(target);
    else if (by !== 0) this.#shift(by);
    else if (isResized) this.#scrollTo(this.track.go(this.track.y));
    else this.draw();
    this.#target = target;
  }

  // All rows have other positions now; the screen shows what it has shown.
  #shift(by: number): void {
    const { row, col } = this.active.peek();
    batch(() => {
      this.active.value = { row: row === header ? header : Math.max(0, row + by), col };
      this.#scrollTo(this.track.go(this.track.y + by * this.track.rowHeight));
    });
  }

  #goTo({ position, edge }: Target): void {
    const { rowHeight, view } = this.track;
    this.#anchor = this.rowAt(position)?.id ?? null;
    batch(() => {
      const { row, col } = this.active.peek();
      if (row !== header) this.active.value = { row: position, col }; // who sorts from the header stays there
      this.#scrollTo(this.track.go(edge === "first" ? position * rowHeight : (position + 1) * rowHeight - view));
    });
  }

  #scrollTo(top: number): void {
    if (this.scroller && this.scroller.scrollTop !== top) this.scroller.scrollTop = top;
    this.draw();
  }

  scrolled = (): void => {
    const { scroller } = this;
    if (!scroller) return;
    const { scrollTop, scrollLeft } = scroller;
    this.#x = Math.abs(scrollLeft);
    const top = this.track.scrolled(scrollTop);
    batch(() => {
      if (!sameSpan(this.#spanNow(), this.span)) this.laidOut.value++;
      if (top !== scrollTop) this.#scrollTo(top);
      else this.draw();
    });
  };

  rested = (): void => {
    const top = this.track.rested();
    if (top !== undefined) this.#scrollTo(top);
  };

  // The scroller has another size, or rows another height.
  measure = (width: number, height: number): void => {
    const { scroller, track } = this;
    if (!scroller) return;
    const isList = width < listBelow;
    const before = track.rowHeight;
    const row = parseFloat(getComputedStyle(scroller).getPropertyValue("--row")) || 32;
    track.rowHeight = isList ? listRow : this.props.wrap ? row + wrappedBy : row;
    track.view = Math.max(track.rowHeight, height - (isList ? 0 : row));
    this.#width = width;
    batch(() => {
      this.isList.value = isList;
      this.laidOut.value++;
      this.#scrollTo(track.go((track.y / before) * track.rowHeight));
    });
  };

  // Decides which rows are drawn. A few more than are seen, in steps, so that not each scroll draws.
  draw(): void {
    const { track } = this;
    const seen = Math.ceil(track.view / track.rowHeight) + 1;
    const over = Math.max(1, Math.min(6, Math.floor((mostRows - seen) / 2)));
    const step = over >= 4 ? 4 : 1;
    const first = Math.max(0, Math.floor((track.first - over) / step) * step);
    const now = this.drawn.peek();
    const next = { first, n: seen + 2 * over, shift: track.shift };
    if (next.first !== now.first || next.n !== now.n || next.shift !== now.shift) this.drawn.value = next;
    const { looked, look } = this.props.source;
    const { first: top, last } = track;
    if (looked.peek().first !== top || looked.peek().last !== last) look(top, Math.max(top + 1, last));
  }

  rowAt(position: number): T | undefined {
    return this.props.source.at(position);
  }

  get activeRow(): T | undefined {
    return this.rowAt(this.active.peek().row);
  }

  get activeColumn(): Column<T> | undefined {
    return this.columns[this.active.peek().col - 1];
  }

  get screen(): number {
    return Math.max(1, Math.floor(this.track.view / this.track.rowHeight) - 1);
  }

  // Another active cell, seen whole.
  go(row: number, col: number): void {
    const least = this.isList.peek() ? 0 : header;
    const cell = { row: Math.max(least, Math.min(this.track.count - 1, row)), col: Math.max(0, Math.min(this.columns.length, col)) };
    batch(() => {
      this.active.value = cell;
      const top = cell.row >= 0 ? this.track.reveal(cell.row) : undefined;
      if (top !== undefined) this.#scrollTo(top);
      this.#revealColumn(cell.col);
    });
  }

  // The check boxes are always seen: who goes to them wants to see what comes next.
  #columnTo(col: number): number {
    const column = this.columns[col - 1];
    if (!column || column.frozen) return col === 0 ? 0 : this.#x;
    const { x, width, frozen } = placeOf(this.columns, this.widths, col - 1);
    const seen = this.#width - frozen;
    return x < this.#x ? x : x + width > this.#x + seen ? Math.min(x, x + width - seen) : this.#x;
  }

  #revealColumn(col: number): void {
    const to = this.#columnTo(col);
    if (to === this.#x || !this.scroller || this.isList.peek()) return;
    const isTurned = getComputedStyle(this.scroller).direction === "rtl";
    this.scroller.scrollLeft = isTurned ? -to : to;
    this.#x = to;
    if (!sameSpan(this.#spanNow(), this.span)) this.laidOut.value++;
  }

  #spanNow(): Span {
    return columnsInView(this.columns, this.widths, this.#x, this.#width, this.span);
  }

  // A range goes from where it began to `row`; it is added to what was selected before.
  begin(row: number): void {
    this.#anchor = this.rowAt(row)?.id ?? null;
    this.#base = this.props.selected;
  }

  #select(ids: Set<string>): void {
    this.#selected = ids;
    this.props.onSelect(ids);
  }

  // An anchor that is not there any more: the range is that row.
  extend(row: number): void {
    const { source } = this.props;
    if (source.isOther()) return; // of what another query has found nothing is selected
    const from = positionOf(source.at, this.#anchor, source.range());
    if (from < 0) this.begin(row);
    this.#select(new Set([...this.#base, ...idsBetween(source.at, from < 0 ? row : from, row, source.range())]));
  }

  toggle(row: number): void {
    const found = this.rowAt(row);
    if (!found || this.props.source.isOther()) return;
    const next = toggled(this.props.selected, found.id);
    this.#anchor = found.id;
    this.#base = next;
    this.#select(next);
  }

  clear(): void {
    this.#base = new Set();
    this.#select(new Set());
  }

  // All that is loaded, or nothing where that is selected already.
  toggleAll(): void {
    const { source, selected } = this.props;
    if (source.isOther()) return;
    const { first, last } = source.range();
    const ids = idsBetween(source.at, first, last, { first, last });
    this.#base = ids.every((id) => selected.has(id)) ? new Set() : new Set([...selected, ...ids]);
    this.#select(new Set(this.#base));
  }

  sort(column: Column<T> | undefined, more: boolean): void {
    if (column?.canSort) this.props.onSort(nextSort(this.props.sort, column.key, more));
  }

  // isDone: told to who keeps widths.
  resize(column: Column<T>, width: number, isDone: boolean): void {
    this.widths = new Map(this.widths).set(column.key, clampWidth(width));
    this.laidOut.value++;
    if (isDone) this.props.onResize(column.key, clampWidth(width));
  }

  // Before the one that is at `to` now.
  move(column: Column<T> | undefined, to: number): void {
    const from = column ? this.columns.indexOf(column) : -1;
    if (column && to >= 0 && to <= this.columns.length && to !== from && to !== from + 1) this.props.onMove?.(column.key, to);
  }

  widthOf(column: Column<T>): number {
    return widthOf(column, this.widths);
  }

  // As wide as what is drawn needs.
  fit(column: Column<T>): void {
    const pen = document.createElement("canvas").getContext("2d");
    if (!pen || !this.scroller) return;
    pen.font = `600 13px ${getComputedStyle(this.scroller).fontFamily}`;
    let widest = pen.measureText(column.title).width + (column.icon ? 22 : 0) + (column.canSort ? 22 : 0);
    pen.font = pen.font.replace(/^\S+/, "400");
    const { first, n } = this.drawn.peek();
    for (let at = first; at < first + n; at++) {
      const row = this.rowAt(at);
      if (row) widest = Math.max(widest, pen.measureText(column.text(row).slice(0, 400)).width);
    }
    this.resize(column, Math.ceil(widest) + 24, true);
  }
}
