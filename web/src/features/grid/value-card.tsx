// What a cell holds, in whole.

import { useEffect, useState } from "preact/hooks";
import { explain, isAborted } from "../../api/error.ts";
import { readRecord } from "../../api/records.ts";
import type { Collection, Field, Row } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { formatExact, formatUtc, parseDate } from "../../i18n/format.ts";
import { printJson } from "../../lib/json.ts";
import { cut, short } from "../../lib/values.ts";
import { htmlLines } from "../../fields/editor/lines.ts";
import { lineOf } from "../../fields/kinds.ts";
import { CopyButton } from "../../ui/Copy/Copy.tsx";
import { Popover, type PopoverProps } from "../../ui/Popover/Popover.tsx";

export interface ValueCardProps extends Omit<PopoverProps, "label" | "children"> {
  collection: Collection;
  field: Field;
  row: Row;
}

const mostShown = 20_000; // characters

const dated = (value: unknown): string => {
  const date = parseDate(String(value ?? ""));
  return date ? `${formatExact(date)}\n${formatUtc(date)}` : "";
};

const asJson = (value: unknown): string => {
  try {
    return value === undefined ? "" : printJson(value, 2);
  } catch {
    return short(value, mostShown); // nested deeper than can be printed
  }
};

const asText = (value: unknown, field: Field): string => (typeof value === "string" ? value : lineOf(value, field));

const texts: Partial<Record<string, (value: unknown, field: Field) => string>> = { date: dated, autodate: dated, json: asJson, editor: (value) => htmlLines(String(value ?? "")).join("\n") };

// A list has only the beginning of what an editor holds, and rounds the numbers of JSON.
const useValue = ({ collection, field, row }: ValueCardProps): { value: unknown; error?: unknown; isComing: boolean } => {
  const [read, setRead] = useState<{ value?: unknown; error?: unknown } | null>(null);
  const isCut = field.type === "editor" || field.type === "json";
  useEffect(() => {
    if (!isCut) return;
    const leaving = new AbortController();
    readRecord(collection.name, row.id, field.type === "json" ? {} : { fields: field.name }, leaving.signal).then(
      ({ data }) => setRead({ value: data[field.name] }),
      (error) => isAborted(error) || setRead({ error }),
    );
    return () => leaving.abort();
  }, [collection.name, row.id, field.name]);
  return isCut ? { value: read?.value, error: read?.error, isComing: read === null } : { value: row[field.name], isComing: false };
};

export const ValueCard = (props: ValueCardProps) => {
  const { collection: _, field, row: __, ...popover } = props;
  const { value, error, isComing } = useValue(props);
  const text = (texts[field.type] ?? asText)(value, field);
  const said = error ? explain(error).what : isComing ? t.common.loading : text === "" ? t.fields.empty : text.length > mostShown ? t.grid.peekCut : "";
  return (
    <Popover {...popover} label={field.name}>
      <p class="popover-head">
        <span class="popover-title" dir="auto">{field.name}</span>
        <CopyButton text={text} />
      </p>
      {text !== "" && <pre class="popover-text" dir="auto" tabIndex={0} aria-label={field.name}>{cut(text, mostShown)}</pre>}
      {said && <p class="popover-meta popover-foot" role="status">{said}</p>}
    </Popover>
  );
};
