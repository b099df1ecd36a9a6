import type { ComponentChildren } from "preact";
import type { Identified } from "../../lib/rows/run.ts";
import type { RowSource } from "../../state/rows.ts";
import type { IconName } from "../Icon/names.ts";

export interface Column<T> {
  key: string;
  title: string;
  icon?: IconName;
  width: number;
  align?: "start" | "end"; // start
  frozen?: boolean; // frozen ones come first
  canSort?: boolean;
  render: (row: T) => ComponentChildren;
  text: (row: T) => string; // the same without markup: for fitting and copying
}

export interface SortKey {
  key: string;
  desc: boolean;
}

export interface GridProps<T extends Identified> {
  label: string;
  source: RowSource<T>;
  columns: readonly Column<T>[];
  sort: readonly SortKey[];
  selected: ReadonlySet<string>;
  open?: string; // id of the row that is shown elsewhere, in a drawer
  summary: (row: T) => string; // the title of a row in a list
  mark?: (row: T, title: string) => ComponentChildren; // how it is shown
  wrap?: boolean; // cells have several lines
  listed?: readonly string[]; // keys of what a list shows below it, the first three that say something else; all
  empty?: ComponentChildren; // where there are no rows
  onOpen: (row: T) => void;
  onSort: (sort: SortKey[]) => void;
  onSelect: (ids: Set<string>) => void;
  onResize: (key: string, width: number) => void;
  onMove?: (key: string, to: number) => void; // a column, before the one that is now at `to`
  onEdit?: (row: T, column: Column<T>) => void;
  onPeek?: (row: T, column: Column<T>) => boolean; // Space shows more of the cell; false: it has no more
}

// A cell: row -1 is the header, column 0 the one with the check boxes.
export interface Cell {
  row: number;
  col: number;
}

export const header = -1;
