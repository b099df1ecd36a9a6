// The rows of a collection for one query, as signals. A grid reads them by position; see lib/rows.

import { batch, signal, type ReadonlySignal } from "@preact/signals";
import { get } from "../api/client.ts";
import { recordsPath } from "../api/records.ts";
import type { Row } from "../api/types.ts";
import type { Looked } from "../lib/rows/plan.ts";
import { Rows, type JumpTo, type Server, type Target } from "../lib/rows/rows.ts";
import { serverOf, type Fetch, type Listed, type RowsQuery } from "../lib/rows/server.ts";
import type { Identified } from "../lib/rows/run.ts";
import { has } from "./instance.ts";

export interface RowSource<T extends Identified> {
  version: ReadonlySignal<number>; // grows with every change of what follows
  total: ReadonlySignal<number | undefined>;
  error: ReadonlySignal<unknown>;
  isLoading: ReadonlySignal<boolean>;
  looked: ReadonlySignal<Looked>; // the positions that are on the screen
  count: () => number; // of positions; an estimate while the total is unknown
  at: (position: number) => T | undefined;
  range: () => { first: number; last: number }; // of what is there
  moved: () => number; // by how much all positions have moved since the beginning
  isPlaced: () => boolean; // positions are those in the whole list
  isStale: () => boolean; // what is there is being asked for anew
  isOther: () => boolean; // what is there belongs to the query before
  target: () => Target | null; // where the last jump has led
  look: (first: number, last: number) => void;
  jump: (to: JumpTo) => void;
  retry: () => void;
  refresh: () => void;
  patch: (row: T) => void;
  remove: (id: string) => void;
  stop: () => void;
}

export interface RowsOf<T extends Identified> extends RowSource<T> {
  restart: (server: Server<T>) => void;
}

export const rowsOf = <T extends Identified>(server: Server<T>): RowsOf<T> => {
  const version = signal(0);
  const total = signal<number | undefined>(undefined);
  const error = signal<unknown>(undefined);
  const isLoading = signal(false);
  const looked = signal<Looked>({ first: 0, last: 0 });
  const publish = () => {
    total.value = rows.total;
    error.value = rows.error;
    isLoading.value = rows.isLoading;
    version.value++;
  };
  const rows = new Rows<T>(server, () => batch(publish));
  return {
    version,
    total,
    error,
    isLoading,
    looked,
    count: () => rows.count,
    at: (position) => rows.at(position),
    range: () => ({ first: rows.run.start, last: rows.run.end }),
    moved: () => rows.run.moved,
    isPlaced: () => rows.run.isPlaced,
    isStale: () => rows.isStale,
    isOther: () => rows.isOther,
    target: () => rows.target,
    look: (first, last) => {
      looked.value = { first, last };
      rows.look(first, last);
    },
    jump: (to) => rows.jump(to),
    retry: () => rows.retry(),
    refresh: () => rows.refresh(),
    patch: (row) => rows.patch(row),
    remove: (id) => rows.remove(id),
    stop: () => rows.stop(),
    restart: (next) => rows.restart(next),
  };
};

// Two frames: what has changed has been drawn by the second one. A page that is not shown draws
// nothing, and asks when it is.
const painted = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));

const search = (params: Record<string, string | number>): string =>
  new URLSearchParams(Object.entries(params).map(([key, value]) => [key, String(value)])).toString();

// The empty cursor, which begins a list, has to be sent: the query is written here.
const fetchFrom = (collection: string): Fetch<Row> => (params, signal) => get<Listed<Row>>(`${recordsPath(collection)}?${search(params)}`, undefined, signal);

export interface RecordsQuery extends RowsQuery {
  collection: string;
  onRows?: (rows: readonly Row[]) => void; // told of rows before they are shown
}

const listFrom = ({ collection, onRows }: RecordsQuery): Fetch<Row> => async (params, signal) => {
  const listed = await fetchFrom(collection)(params, signal);
  onRows?.(listed.items);
  return listed;
};

export const recordsServer = (query: RecordsQuery): Server<Row> => serverOf(listFrom(query), query, has("cursor") && !/@random/.test(query.sort), painted);

export const recordRows = (query: RecordsQuery): RowsOf<Row> => {
  const source = rowsOf(recordsServer(query));
  source.restart(recordsServer(query));
  return source;
};

// A jump to a value of the first sort key takes cursors.
export const canJumpToValue = (): boolean => has("cursor");
