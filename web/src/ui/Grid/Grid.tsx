// Rows and columns, as many as there are, of which only those in view are drawn. One stop of Tab:
// the active cell is told by aria-activedescendant, so that scrolling it away loses no focus.

import { useEffect, useId, useLayoutEffect, useRef } from "preact/hooks";
import type { Identified } from "../../lib/rows/run.ts";
import { density } from "../../state/prefs.ts";
import { useCommands } from "../commands.ts";
import { ErrorNotice } from "../Notice/Notice.tsx";
import { Head } from "./Head.tsx";
import { gridKeys, onKey } from "./keys.ts";
import { blockOf, GridModel } from "./model.ts";
import { onClick, onDoubleClick, onPointerDown } from "./pointer.ts";
import { GridRow, ListRow } from "./Row.tsx";
import { layoutOf } from "./shape.ts";
import { header, type GridProps } from "./types.ts";

const positions = (first: number, n: number, count: number): number[] => Array.from({ length: Math.max(0, Math.min(n, count - first)) }, (_, at) => first + at);

// A place in the page is used again by the row that comes into view as another one leaves it.
const Rows = <T extends Identified>({ grid, activeId, of }: { grid: GridModel<T>; activeId: string; of: GridProps<T>; version: number; layout: number }) => {
  const { source, selected, open, summary, mark } = of;
  const { first, n, shift } = grid.drawn.value;
  const active = grid.active.value;
  const { rowHeight } = grid.track;
  const block = blockOf(first);
  return (
    <div role="presentation" style={{ transform: `translateY(${block * rowHeight - shift}px)` }}>
      {positions(first, n, grid.track.count).map((position) => {
        const row = source.at(position);
        const isActive = position === active.row;
        const shared = { row, position, place: (position - block) * rowHeight, activeId, isSelected: row !== undefined && selected.has(row.id), isOpen: row !== undefined && row.id === open };
        return grid.isList.value ? (
          <ListRow key={position % n} {...shared} isActive={isActive} summary={summary} mark={mark} columns={grid.listed} />
        ) : (
          <GridRow key={position % n} {...shared} shape={grid.shape} activeCol={isActive ? active.col : -1} />
        );
      })}
    </div>
  );
};

const useMeasured = <T extends Identified>(grid: GridModel<T>): void => {
  useLayoutEffect(() => {
    const { scroller } = grid;
    if (!scroller) return;
    const measure = () => grid.measure(scroller.clientWidth, scroller.clientHeight);
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(scroller);
    scroller.addEventListener("scrollend", grid.rested);
    return () => {
      watch.disconnect();
      scroller.removeEventListener("scrollend", grid.rested);
    };
  }, [grid]);
  // The page has its density a moment after the signal does.
  useEffect(() => {
    const { scroller } = grid;
    if (scroller) grid.measure(scroller.clientWidth, scroller.clientHeight);
  }, [grid, density.value, grid.props.wrap]);
};

const Failed = ({ error, retry }: { error: unknown; retry: () => void }) => (
  <div class="grid-failed">
    <ErrorNotice error={error} onRetry={retry} />
  </div>
);

const isAllSelected = <T extends Identified>({ source, selected }: GridProps<T>): boolean => {
  const { first, last } = source.range();
  if (last === first || selected.size < last - first) return false;
  for (let at = first; at < last; at++) if (!selected.has(source.at(at)?.id ?? "")) return false;
  return true;
};

// Whether the active cell is drawn, and so can be told.
const isDrawn = <T extends Identified>(grid: GridModel<T>): boolean => {
  const { row, col } = grid.active.value;
  const { first, n } = grid.drawn.value;
  if (row !== header && (row < first || row >= Math.min(first + n, grid.track.count))) return false;
  return grid.isList.value ? row !== header : col === 0 || grid.shape.columns.some(({ at }) => at === col);
};

const labels = <T extends Identified>({ props, columns, isList }: GridModel<T>) => ({
  "aria-label": props.label,
  "aria-multiselectable": true,
  "aria-rowcount": props.source.isPlaced() && props.source.total.value !== undefined ? props.source.total.value + 1 : -1,
  "aria-colcount": isList.value ? 2 : columns.length + 1,
  "aria-busy": props.source.isLoading.value,
});

export const Grid = <T extends Identified>(props: GridProps<T>) => {
  const id = useId();
  const kept = useRef<GridModel<T> | null>(null);
  const grid = (kept.current ??= new GridModel(props));
  const { source, empty, sort } = props;
  const version = source.version.value;
  const layout = grid.laidOut.value;
  grid.take(props);
  useMeasured(grid);
  useCommands(gridKeys, []);
  useLayoutEffect(() => grid.follow(), [version, source]);
  const shared = grid as unknown as GridModel<Identified>;
  const activeId = `${id}-active`;
  const active = grid.active.value;
  const isEmpty = grid.track.count === 0 && !source.isLoading.value && !source.error.value;
  return (
    <div class={`grid-frame${source.isStale() ? " grid-stale" : ""}`}>
      <div
        ref={(element) => { grid.scroller = element; }}
        class={grid.isList.value ? "grid grid-list" : props.wrap ? "grid grid-wrap" : "grid"}
        role="grid"
        tabIndex={0}
        {...labels(grid)}
        aria-activedescendant={isDrawn(grid) ? activeId : undefined}
        data-t="grid"
        style={layoutOf(grid.columns, grid.span, grid.shape, grid.widths)}
        onScroll={grid.scrolled}
        onKeyDown={(event) => onKey(shared, event)}
        onClick={(event) => onClick(shared, event)}
        onDblClick={(event) => onDoubleClick(shared, event)}
        onPointerDown={(event) => onPointerDown(shared, event)}
      >
        {!grid.isList.value && <Head shape={grid.shape} sort={sort} activeCol={active.row === header ? active.col : -1} activeId={activeId} isSelected={isAllSelected(props)} dropAt={grid.dropAt.value} />}
        <div role="rowgroup" class="grid-body" style={{ blockSize: `${grid.track.spacer}px` }}><Rows grid={grid} activeId={activeId} of={props} version={version} layout={layout} /></div>
      </div>
      {isEmpty && empty && <div class="grid-empty">{empty}</div>}
      {Boolean(source.error.value) && <Failed error={source.error.value} retry={source.retry} />}
    </div>
  );
};
