// A related record, at a glance.

import { useEffect, useState } from "preact/hooks";
import { explain, isAborted } from "../../api/error.ts";
import { readRecord } from "../../api/records.ts";
import type { Collection, Field, Row } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { oneLine, summaryOf } from "../../lib/values.ts";
import { Popover, type PopoverProps } from "../../ui/Popover/Popover.tsx";
import { kindOf } from "../index.ts";
import { factsOf, presentable } from "./summary.ts";

export interface RelationCardProps extends Omit<PopoverProps, "label" | "children"> {
  collection: Collection; // of the related record
  id: string;
  row: Row | undefined; // the record; it is asked for where it is not there yet
  n: number; // among those of the cell
  of: number;
}

interface Read {
  row?: Row;
  error?: unknown;
}

const useRead = (collection: Collection, id: string, row: Row | undefined): Read => {
  const [read, setRead] = useState<Read & { id?: string }>({});
  useEffect(() => {
    if (row) return;
    const stop = new AbortController();
    readRecord(collection.name, id, {}, stop.signal).then(
      ({ data }) => setRead({ id, row: data }),
      (error) => {
        if (!isAborted(error)) setRead({ id, error });
      },
    );
    return () => stop.abort();
  }, [collection.name, id, row]);
  return row ? { row } : read.id === id ? read : {};
};

const Facts = ({ fields, row }: { fields: readonly Field[]; row: Row }) => (
  <dl class="popover-facts">
    {fields.map((field) => {
      const { Cell } = kindOf(field.type);
      return [<dt key={`${field.name} `} title={field.name}>{field.name}</dt>, <dd key={field.name}><Cell field={field} value={row[field.name]} row={row} /></dd>];
    })}
  </dl>
);

const Wrong = ({ error }: { error: unknown }) => {
  const { what, why } = explain(error);
  return <p class="popover-meta popover-foot" role="status">{[what, why].filter(Boolean).join(" – ")}</p>;
};

export const RelationCard = ({ collection, id, row: known, n, of, ...popover }: RelationCardProps) => {
  const { row, error } = useRead(collection, id, known);
  const short = oneLine(id, 40);
  const title = row ? summaryOf(row, presentable.value(collection.id)) : short;
  const facts = row ? factsOf(collection.fields, row, title) : [];
  const href = `#/data/${encodeURIComponent(collection.name)}?record=${encodeURIComponent(id)}`;
  return (
    <Popover {...popover} label={t.fields.recordCard(title)}>
      <p class="popover-head">
        <span class="popover-title" dir="auto">{title}</span>
        {of > 1 && <span class="popover-meta" role="status" dir="auto">{t.fields.nOf(n + 1, of)}</span>}
      </p>
      <p class="popover-meta"><code dir="ltr">{short}</code> · <span dir="auto">{collection.name}</span></p>
      {facts.length > 0 && row && <Facts fields={facts} row={row} />}
      {!row && !error && <p class="popover-meta popover-foot" role="status">{t.common.loading}</p>}
      {Boolean(error) && <Wrong error={error} />}
      <p class="popover-foot"><a href={href} onClick={() => popover.onClose(false)}>{t.fields.openLink}</a></p>
    </Popover>
  );
};
