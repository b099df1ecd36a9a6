// Records as a file: a page at a time, so that no list is too long to begin with.

import { get } from "../../api/client.ts";
import { listRecords, recordsPath } from "../../api/records.ts";
import type { Page, Row } from "../../api/types.ts";
import { filterOfIds } from "../../lib/copies.ts";
import { csvLine } from "../../lib/csv.ts";
import { printJson } from "../../lib/json.ts";
import { has } from "../../state/instance.ts";

export type Format = "json" | "ndjson" | "csv";
export const formats: readonly Format[] = ["json", "ndjson", "csv"];

const mostPaged = 50_000; // a page is the slower the farther it is from the first one
const perPage = 1000;

const types: Record<Format, string> = { json: "application/json", ndjson: "application/x-ndjson", csv: "text/csv" };

export interface Export {
  collection: string;
  filter: string;
  sort: string;
  names: readonly string[]; // of the columns, for csv
  json?: readonly string[]; // those whose values are JSON
  ids?: ReadonlySet<string>; // of what is selected; all that passes the filter without them
}

// JSON stays JSON, where a list of anything else is written as its items.
const valueOf = (row: Row, name: string, json: readonly string[]): unknown => {
  const value = row[name];
  return value !== null && value !== undefined && json.includes(name) ? printJson(value) : value;
};

const writers: Record<Format, (rows: readonly Row[], what: Export, isFirst: boolean) => string> = {
  json: (rows, _, isFirst) => (isFirst ? "[\n" : ",\n") + rows.map((row) => printJson(row)).join(",\n"),
  ndjson: (rows) => rows.map((row) => `${printJson(row)}\n`).join(""),
  csv: (rows, { names, json = [] }, isFirst) => (isFirst ? csvLine(names) : "") + rows.map((row) => csvLine(names.map((name) => valueOf(row, name, json)))).join(""),
};

const idsPerCall = 100;

// fields: all without it, and only then as they are stored.
interface Listing extends Export {
  fields?: string;
}

// The empty cursor, which begins a list, has to be sent: the query is written here.
async function* byCursor({ collection, filter, sort, fields }: Listing, signal: AbortSignal): AsyncGenerator<Row[]> {
  for (let cursor: string | null | undefined = ""; typeof cursor === "string"; ) {
    const query: string = new URLSearchParams({ cursor, perPage: String(perPage), skipTotal: "1", sort, ...(filter ? { filter } : {}), ...(fields ? { fields } : {}) }).toString();
    const page: Page<Row> = await get<Page<Row>>(`${recordsPath(collection)}?${query}`, undefined, signal);
    yield page.items;
    cursor = page.nextCursor;
  }
}

async function* byPage({ collection, filter, sort, fields }: Listing, signal: AbortSignal): AsyncGenerator<Row[]> {
  for (let page = 1; (page - 1) * perPage < mostPaged; page++) {
    const { items } = await listRecords(collection, { page, perPage, skipTotal: true, filter, sort, fields }, signal);
    yield items;
    if (items.length < perPage) return;
  }
}

// Ids in the order of the whole list, which is gone through until all are found. Those that are not
// in it, as they no longer pass the filter, come last.
const inOrder = async (what: Export, ids: ReadonlySet<string>, isByCursor: boolean, signal: AbortSignal): Promise<string[]> => {
  const found = new Set<string>();
  if (ids.size > idsPerCall)
    for await (const rows of (isByCursor ? byCursor : byPage)({ ...what, fields: "id" }, signal)) {
      for (const { id } of rows) if (ids.has(id)) found.add(id);
      if (found.size === ids.size) break;
    }
  return [...found, ...[...ids].filter((id) => !found.has(id))];
};

async function* chosen(what: Export, some: ReadonlySet<string>, isByCursor: boolean, signal: AbortSignal): AsyncGenerator<Row[]> {
  const ids = await inOrder(what, some, isByCursor, signal);
  for (let at = 0; at < ids.length; at += idsPerCall)
    yield (await listRecords(what.collection, { filter: filterOfIds(ids.slice(at, at + idsPerCall)), perPage: idsPerCall, skipTotal: true, sort: what.sort }, signal)).items;
}

const pagesOf = (what: Export, isByCursor: boolean, signal: AbortSignal): AsyncGenerator<Row[]> =>
  what.ids ? chosen(what, what.ids, isByCursor, signal) : (isByCursor ? byCursor : byPage)(what, signal);

// Each page is handed to the browser, which may keep it on the disk. isCut: there may be more.
export const exportRows = async (what: Export, format: Format, onRows: (n: number) => void, signal: AbortSignal): Promise<{ blob: Blob; n: number; isCut: boolean }> => {
  const isByCursor = has("cursor") && !/@random/.test(what.sort);
  const parts: Blob[] = [];
  const write = (text: string) => parts.push(new Blob([text]));
  let n = 0;
  for await (const rows of pagesOf(what, isByCursor, signal)) {
    if (rows.length > 0) write(writers[format](rows, what, n === 0));
    n += rows.length;
    onRows(n);
  }
  if (format === "json") write(n === 0 ? "[]\n" : "\n]\n");
  if (format === "csv" && n === 0) write(csvLine(what.names));
  return { blob: new Blob(parts, { type: types[format] }), n, isCut: !what.ids && !isByCursor && n >= mostPaged };
};

export const saveAs = (blob: Blob, name: string): void => {
  const link = document.createElement("a");
  const url = URL.createObjectURL(blob);
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
};
