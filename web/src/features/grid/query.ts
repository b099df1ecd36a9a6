// What the grid asks for: the address's filter and sort, and the columns that are shown.

import { useEffect, useRef } from "preact/hooks";
import type { Collection, Field, Row } from "../../api/types.ts";
import { markExpanded } from "../../fields/relation/summary.ts";
import { totalSort } from "../../lib/rows/server.ts";
import { query } from "../../state/router.ts";
import { recordRows, recordsServer, type RecordsQuery, type RowsOf } from "../../state/rows.ts";
import type { SortKey } from "../../ui/Grid/types.ts";
import { expandOf, fieldsOf, parseSort, printSort } from "./columns.tsx";

export interface Asked {
  filter: string;
  sort: SortKey[];
  records: RecordsQuery;
}

// Views have no order of their own; the newest come first elsewhere.
const tie = (collection: Collection): "id" | "@rowid" => (collection.type === "view" ? "id" : "@rowid");

export const useAsked = (collection: Collection, fields: readonly Field[]): Asked => {
  const filter = query.value["filter"] ?? "";
  const relations = fields.filter(({ type }) => type === "relation").map(({ name }) => name);
  const sort = parseSort(query.value["sort"] ?? "", collection.fields);
  return {
    filter,
    sort,
    records: {
      collection: collection.name,
      filter,
      sort: totalSort(printSort(sort, collection.fields), tie(collection)),
      fields: fieldsOf(fields),
      expand: expandOf(fields),
      onRows: (rows) => markExpanded(rows, relations),
    },
  };
};

// One source for as long as the collection is shown; a new question replaces what it shows.
export const useRows = (asked: RecordsQuery): RowsOf<Row> => {
  const kept = useRef<RowsOf<Row> | null>(null);
  const key = JSON.stringify(asked);
  const shown = useRef(key);
  const source = (kept.current ??= recordRows(asked));
  useEffect(() => {
    if (shown.current === key) return;
    shown.current = key;
    source.restart(recordsServer(asked));
  }, [key]);
  useEffect(() => () => source.stop(), []);
  return source;
};
