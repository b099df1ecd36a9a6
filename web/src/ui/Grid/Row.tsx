// A row, drawn again only when what it shows has changed.

import { Component, type ComponentChildren, type VNode } from "preact";
import type { Identified } from "../../lib/rows/run.ts";
import type { Shape } from "./shape.ts";
import type { Column } from "./types.ts";

export interface RowProps<T extends Identified> {
  row: T | undefined;
  position: number;
  place: number; // pixels from the top of the spacer
  shape: Shape<T>;
  activeCol: number; // -1: the active cell is elsewhere
  activeId: string;
  isSelected: boolean;
  isOpen: boolean;
}

// One flat list, so that a cell which stays is found by its key.
export const withLead = <T extends Identified>({ columns, hasLead }: Shape<T>, draw: (of: Shape<T>["columns"][number]) => VNode): VNode[] => {
  const cells = columns.map(draw);
  if (hasLead) cells.splice(columns.filter(({ isFrozen }) => isFrozen).length, 0, <div key=" lead" role="presentation" />);
  return cells;
};

export const frozenAt = (at: number) => ({ insetInlineStart: `var(--frozen-${at})` });

const classes = (name: string, { row, isSelected, isOpen }: { row: unknown; isSelected: boolean; isOpen: boolean }): string =>
  `${name}${row ? "" : " grid-absent"}${isSelected ? " grid-selected" : ""}${isOpen ? " grid-open" : ""}`;

abstract class Kept<P extends object> extends Component<P> {
  override shouldComponentUpdate(next: Readonly<P>): boolean {
    const now = this.props as Record<string, unknown>;
    for (const key in next) if (now[key] !== next[key]) return true;
    return false;
  }
}

interface CellProps<T extends Identified> {
  row: T | undefined;
  column: Column<T>;
  at: number;
  isFrozen: boolean;
  id: string | undefined; // of the active one
}

class Cell<T extends Identified> extends Kept<CellProps<T>> {
  override render({ row, column, at, isFrozen, id }: CellProps<T>) {
    return (
      <div
        role="gridcell"
        id={id}
        class={`grid-cell${isFrozen ? " grid-frozen" : ""}${column.align === "end" ? " grid-end" : ""}${id ? " grid-active" : ""}`}
        aria-colindex={at + 1}
        style={isFrozen ? frozenAt(at) : undefined}
      >
        {row ? column.render(row) : <span class="grid-bone" />}
      </div>
    );
  }
}

export class GridRow<T extends Identified> extends Kept<RowProps<T>> {
  override render({ row, position, place, shape, activeCol, activeId, isSelected, isOpen }: RowProps<T>) {
    const idOf = (col: number) => (col === activeCol ? activeId : undefined);
    return (
      <div role="row" class={classes("grid-row", { row, isSelected, isOpen })} aria-rowindex={position + 2} aria-selected={isSelected} style={{ transform: `translateY(${place}px)` }}>
        <div role="gridcell" id={idOf(0)} class={`grid-cell grid-check grid-frozen${activeCol === 0 ? " grid-active" : ""}`} aria-colindex={1}><span class="grid-box" /></div>
        {withLead(shape, ({ column, at, isFrozen }) => <Cell key={column.key} row={row} column={column} at={at} isFrozen={isFrozen} id={idOf(at)} />)}
      </div>
    );
  }
}

export interface ListRowProps<T extends Identified> extends Omit<RowProps<T>, "shape" | "activeCol"> {
  isActive: boolean;
  summary: (row: T) => string;
  mark: ((row: T, title: string) => ComponentChildren) | undefined;
  columns: readonly Column<T>[]; // below the title
}

const mostListed = 3;

// What says more than the title does.
const more = <T extends Identified>(row: T, title: string, columns: readonly Column<T>[]): { column: Column<T>; text: string }[] =>
  columns.map((column) => ({ column, text: column.text(row) })).filter(({ text }) => text !== "" && text !== title).slice(0, mostListed);

// The same where there is little room: a title, and some of the columns below it.
export class ListRow<T extends Identified> extends Kept<ListRowProps<T>> {
  override render({ row, position, place, isActive, activeId, isSelected, isOpen, summary, mark, columns }: ListRowProps<T>) {
    const title = row ? summary(row) : "";
    return (
      <div role="row" class={classes("grid-item", { row, isSelected, isOpen })} aria-rowindex={position + 2} aria-selected={isSelected} style={{ transform: `translateY(${place}px)` }}>
        <div role="gridcell" id={isActive ? activeId : undefined} class={`grid-item-cell${isActive ? " grid-active" : ""}`} aria-colindex={2}>
          <div class="grid-item-text">
            <p class="grid-item-title" dir="auto">{row ? (mark?.(row, title) ?? title) : <span class="grid-bone" />}</p>
            <p class="grid-item-more">{row ? more(row, title, columns).map(({ column, text }) => <span key={column.key} title={column.title} dir="auto">{text}</span>) : <span class="grid-bone" />}</p>
          </div>
          {isSelected && <span class="grid-box" />}
        </div>
      </div>
    );
  }
}
