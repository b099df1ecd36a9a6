// What is done with many records, as far as it is in the page from the beginning: exports.

import { useEffect, useRef, useState } from "preact/hooks";
import { explain, isAborted } from "../../api/error.ts";
import { formatNumber } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import type { Change } from "../../lib/undo.ts";
import { toast } from "../../state/toasts.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Menu } from "../../ui/Menu/Menu.tsx";
import { idPages, type Chosen } from "./bulk.ts";
import type { Outcome } from "./bulk-job.ts";
import { exportRows, formats, saveAs, type Export, type Format } from "./export.ts";
import type { Result } from "./undo.tsx";

export interface ActProps {
  chosen: Chosen;
  onClose: () => void;
  onDone: (result: Result, outcome: Outcome) => void;
}

export const countText = (n: number | undefined): string => (n === undefined ? "" : formatNumber(n));

export async function* changesOf(chosen: Chosen, change: (id: string) => Change): AsyncGenerator<Change[]> {
  for await (const ids of idPages(chosen)) yield ids.map(change);
}

const fileName = (collection: string, format: Format): string => `${collection}-${new Date().toISOString().slice(0, 10)}.${format}`;

const titleOf = ({ ids, n }: Chosen): string => (ids ? t.records.exportSelected(countText(n)) : n === undefined ? t.records.exportAll : t.bulk.exportMatching(countText(n)));

export const ExportMenu = ({ what, chosen, onDone }: { what: Export; chosen: Chosen; onDone: (text: string) => void }) => {
  const [done, setDone] = useState<number | null>(null);
  const running = useRef<AbortController | null>(null);
  const total = chosen.n;
  useEffect(() => () => running.current?.abort(), []);
  const run = async (format: Format) => {
    const mine = new AbortController();
    running.current = mine;
    setDone(0);
    try {
      const { blob, n: rows, isCut } = await exportRows(what, format, setDone, mine.signal);
      saveAs(blob, fileName(what.collection, format));
      if (isCut) toast("error", t.records.exportCut(formatNumber(rows)));
      else onDone(t.records.exported(formatNumber(rows)));
    } catch (error) {
      if (!isAborted(error)) toast("error", explain(error).what);
    }
    setDone(null);
  };
  if (done !== null)
    return (
      <span class="data-progress" role="status">
        {total === undefined ? t.records.exporting(formatNumber(done)) : t.bulk.progress(formatNumber(done), formatNumber(total))}
        <Button kind="quiet" icon="x" label={t.common.cancel} onClick={() => running.current?.abort()} />
      </span>
    );
  return (
    <Menu
      label={t.records.exportAct}
      icon="download"
      placement="top-end"
      groups={[{ title: titleOf(chosen), items: formats.map((format) => ({ label: t.records.formats[format] ?? format, act: () => void run(format) })) }]}
    />
  );
};
