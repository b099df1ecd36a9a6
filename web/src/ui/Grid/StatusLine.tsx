// Below a grid: which rows are seen, of how many, and what is selected.

import type { ComponentChildren } from "preact";
import type { Identified } from "../../lib/rows/run.ts";
import { formatNumber } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import type { RowSource } from "../../state/rows.ts";
import { Button } from "../Button/Button.tsx";

// The total is unknown for a moment, and stays so where counting takes long.
const rangeText = <T extends Identified>(source: RowSource<T>): string => {
  const { first, last } = source.looked.value;
  const total = source.total.value;
  const { first: from, last: to } = source.range();
  const n = formatNumber;
  if (to === from) return source.isLoading.value ? t.common.loading : total === 0 ? t.grid.none : "";
  if (!source.isPlaced()) return total === undefined ? t.grid.unplacedOnly(n(to - from)) : t.grid.unplaced(n(to - from), n(total));
  return total === undefined ? t.grid.atLeast(n(to)) : t.grid.range(n(Math.min(first + 1, total)), n(Math.min(last, total)), n(total));
};

export const StatusLine = <T extends Identified>({ source, selected = 0, onClear, children }: { source: RowSource<T>; selected?: number; onClear?: () => void; children?: ComponentChildren }) => {
  void source.version.value;
  return (
    <div class="status-line" data-t="status">
      <span class="status-range" dir="auto">{rangeText(source)}</span>
      <span class="status-selected" role="status">{selected > 0 ? t.grid.selected(selected, formatNumber(selected)) : ""}</span>
      {selected > 0 && onClear && <Button kind="quiet" icon="x" label={t.grid.clear} onClick={onClear} />}
      {children && <span class="status-acts">{children}</span>}
    </div>
  );
};
