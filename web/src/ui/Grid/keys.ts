// What keys do in a grid: a row of the table for each. False: the key is not for the grid.

import { t } from "../../i18n/t.ts";
import type { Identified } from "../../lib/rows/run.ts";
import type { Command } from "../../state/commands.ts";
import type { GridModel } from "./model.ts";
import { header } from "./types.ts";

type Model = GridModel<Identified>;
type Act = (grid: Model, event: KeyboardEvent) => boolean | void;

const resizeBy = 16;

const isTurned = (grid: Model): boolean => grid.scroller !== null && getComputedStyle(grid.scroller).direction === "rtl";

// By rows; with Shift the range grows.
const down = (by: (grid: Model) => number): Act => (grid, event) => {
  const { row, col } = grid.active.peek();
  if (event.altKey) return false;
  if (event.shiftKey && row !== header && !event.ctrlKey) {
    const to = Math.max(0, Math.min(grid.track.count - 1, row + by(grid)));
    grid.go(to, col);
    grid.extend(to);
    return;
  }
  const to = row + by(grid);
  grid.go(Math.abs(by(grid)) > 1 ? Math.max(0, to) : to, col);
  grid.begin(grid.active.peek().row);
};

const across = (by: 1 | -1): Act => (grid, event) => {
  const { row, col } = grid.active.peek();
  const step = isTurned(grid) ? -by : by;
  const column = grid.activeColumn;
  if (event.altKey) {
    if (row !== header || !column) return false;
    if (event.shiftKey) {
      if (col + step < 1 || col + step > grid.columns.length) return;
      grid.move(column, step > 0 ? col + 1 : col - 2);
      return grid.go(row, col + step);
    }
    grid.resize(column, grid.widthOf(column) + step * resizeBy, true);
    return;
  }
  if (grid.isList.peek()) return false;
  grid.go(row, col + step);
};

const toStart: Act = (grid, event) => {
  const { row, col } = grid.active.peek();
  if (!event.ctrlKey && !event.metaKey) return grid.go(row, 0);
  if (grid.props.source.isPlaced()) grid.go(0, col);
  else grid.props.source.jump("start");
  grid.begin(0);
};

// The last row, which is asked for where it is not there yet.
const toEnd: Act = (grid, event) => {
  const { source } = grid.props;
  const { row, col } = grid.active.peek();
  if (!event.ctrlKey && !event.metaKey) return grid.go(row, grid.columns.length);
  const last = grid.track.count - 1;
  if (source.at(last)) grid.go(last, col);
  else source.jump("end");
  grid.begin(last);
};

const enter: Act = (grid) => {
  const { row } = grid.active.peek();
  if (row === header) return grid.sort(grid.activeColumn, false);
  const found = grid.activeRow;
  if (found) grid.props.onOpen(found);
};

// A cell that has more to show than there is room for.
const peek = ({ activeRow, activeColumn, props, isList }: Model): boolean =>
  !isList.peek() && activeRow !== undefined && activeColumn !== undefined && props.onPeek?.(activeRow, activeColumn) === true;

const select: Act = (grid, event) => {
  const { row, col } = grid.active.peek();
  if (row === header) return col === 0 ? grid.toggleAll() : grid.sort(grid.activeColumn, event.shiftKey);
  if (event.shiftKey) grid.extend(row);
  else if (event.ctrlKey || event.metaKey || !peek(grid)) grid.toggle(row);
};

const edit: Act = (grid) => {
  const { onEdit } = grid.props;
  const row = grid.activeRow;
  const column = grid.activeColumn;
  if (!onEdit || !row || !column) return false;
  onEdit(row, column);
};

const sort: Act = (grid, event) => (event.ctrlKey || event.metaKey || event.altKey ? false : grid.sort(grid.activeColumn, event.shiftKey));

const all: Act = (grid, event) => (event.ctrlKey || event.metaKey ? grid.toggleAll() : false);

const clear: Act = (grid) => {
  if (grid.props.selected.size === 0) return false;
  grid.clear();
};

const acts: Record<string, Act> = {
  ArrowDown: down(() => 1),
  ArrowUp: down(() => -1),
  PageDown: down((grid) => grid.screen),
  PageUp: down((grid) => -grid.screen),
  ArrowRight: across(1),
  ArrowLeft: across(-1),
  Home: toStart,
  End: toEnd,
  Enter: enter,
  " ": select,
  F2: edit,
  s: sort,
  S: sort,
  a: all,
  A: all,
  Escape: clear,
};

// What they do, for who asks for help: a grid hears them itself.
export const gridKeys: readonly Command[] = Object.entries(t.grid.keys).map(([keys, label]) => ({ keys, label, isQuiet: true }));

export const onKey = (grid: Model, event: KeyboardEvent): void => {
  if (event.target !== event.currentTarget || event.isComposing) return; // an editor inside has its own keys
  const act = Object.hasOwn(acts, event.key) ? acts[event.key] : undefined;
  if (act && act(grid, event) !== false) event.preventDefault();
};
