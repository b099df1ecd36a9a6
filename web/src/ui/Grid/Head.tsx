import type { Identified } from "../../lib/rows/run.ts";
import { t } from "../../i18n/t.ts";
import { Icon } from "../Icon/Icon.tsx";
import { frozenAt, withLead } from "./Row.tsx";
import type { Shape } from "./shape.ts";
import type { Column, SortKey } from "./types.ts";

export interface HeadProps<T extends Identified> {
  shape: Shape<T>;
  sort: readonly SortKey[];
  activeCol: number; // -1: the active cell is elsewhere
  activeId: string;
  isSelected: boolean; // all that is loaded
  dropAt: number; // before which column the one that is dragged would be; -1: none is
}

const Order = ({ sort, at }: { sort: readonly SortKey[]; at: number }) => {
  const key = sort[at];
  return key ? <span class="grid-order"><Icon name={key.desc ? "arrow-down" : "arrow-up"} size={14} />{sort.length > 1 && <span>{at + 1}</span>}</span> : null;
};

const sortWord = (key: SortKey | undefined): "ascending" | "descending" | undefined => key && (key.desc ? "descending" : "ascending");

interface TitleProps<T extends Identified> {
  column: Column<T>;
  at: number;
  isFrozen: boolean;
  sort: readonly SortKey[];
  id: string | undefined;
  drop: "" | " grid-drop-before" | " grid-drop-behind";
}

const Title = <T extends Identified>({ column, at, isFrozen, sort, id, drop }: TitleProps<T>) => {
  const order = sort.findIndex(({ key }) => key === column.key);
  return (
    <div
      role="columnheader"
      id={id}
      class={`grid-title${isFrozen ? " grid-frozen" : ""}${column.align === "end" ? " grid-end" : ""}${column.canSort ? " grid-can-sort" : ""}${id ? " grid-active" : ""}${drop}`}
      aria-colindex={at + 1}
      aria-sort={sortWord(sort[order])}
      style={isFrozen ? frozenAt(at) : undefined}
      title={column.title}
    >
      {column.icon && <Icon name={column.icon} size={14} />}
      <span class="grid-title-text" dir="auto">{column.title}</span>
      <Order sort={sort} at={order} />
      <span class="grid-handle" />
    </div>
  );
};

export const Head = <T extends Identified>({ shape, sort, activeCol, activeId, isSelected, dropAt }: HeadProps<T>) => {
  const last = shape.columns.at(-1)?.at;
  const dropOf = (at: number) => (at === dropAt + 1 ? " grid-drop-before" : at === last && at === dropAt ? " grid-drop-behind" : "");
  const idOf = (col: number) => (col === activeCol ? activeId : undefined);
  return (
    <div role="rowgroup" class="grid-head">
      <div role="row" class={`grid-titles${isSelected ? " grid-selected" : ""}`} aria-rowindex={1}>
        <div role="columnheader" id={idOf(0)} class={`grid-title grid-check grid-frozen${activeCol === 0 ? " grid-active" : ""}`} aria-colindex={1} aria-label={t.grid.select} title={t.grid.selectLoaded}><span class="grid-box" /></div>
        {withLead(shape, ({ column, at, isFrozen }) => <Title key={column.key} column={column} at={at} isFrozen={isFrozen} sort={sort} id={idOf(at)} drop={dropOf(at)} />)}
      </div>
    </div>
  );
};
