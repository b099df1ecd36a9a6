// Which records an act is for: those that are selected, or all that pass the filter.

import type { Signal } from "@preact/signals";
import { listRecords } from "../../api/records.ts";
import type { Collection, Row } from "../../api/types.ts";
import { filterOfIds } from "../../lib/copies.ts";
import { lex } from "../../lib/filter/lex.ts";
import { quote } from "../../lib/filter/print.ts";
import type { RowsOf } from "../../state/rows.ts";

// A selection of all that match, loaded or not. What a grid reads of it are the rows that are there:
// one that is taken out leaves a selection of the others.
export class Everything extends Set<string> {
  readonly #loaded: () => Iterable<string>;
  constructor(loaded: () => Iterable<string>) {
    super();
    this.#loaded = loaded;
    Object.defineProperty(this, "size", { value: Number.MAX_SAFE_INTEGER });
  }
  override has(): boolean {
    return true;
  }
  override *[Symbol.iterator](): SetIterator<string> {
    yield* this.#loaded();
  }
}

export const unselect = (selected: Signal<ReadonlySet<string>>, id: string): void => {
  const now = selected.peek();
  if (!(now instanceof Everything) && now.has(id)) selected.value = new Set([...now].filter((one) => one !== id));
};

export function* loadedIds(source: RowsOf<Row>): Generator<string> {
  const { first, last } = source.range();
  for (let at = first; at < last; at++) {
    const row = source.at(at);
    if (row) yield row.id;
  }
}

export interface Chosen {
  collection: Collection;
  filter: string;
  sort: string;
  ids: ReadonlySet<string> | null; // null: all that pass the filter
  n: number | undefined; // of records; undefined while nobody has counted them
}

const perPage = 500;
const perIds = 100;

// A comment would swallow what is added behind it.
const withoutComments = (filter: string): string => [...lex(filter)].map(({ at, end }) => filter.slice(at, end)).join(" ");

export const filterFrom = (filter: string, last: string): string =>
  [filter && `(${withoutComments(filter)})`, last && `id > ${quote(last)}`].filter(Boolean).join(" && ");

// In the order of ids, each page from where the one before ends: what is deleted, or no longer
// passes the filter, moves no other record out of sight.
export async function* idPages({ collection, filter, ids }: Chosen): AsyncGenerator<string[]> {
  if (ids) return yield [...ids];
  for (let last = ""; ; ) {
    const { items } = await listRecords(collection.name, { filter: filterFrom(filter, last), sort: "id", fields: "id", perPage, skipTotal: true });
    const next = items.at(-1)?.id;
    if (next === undefined) return;
    yield items.map(({ id }) => id);
    if (items.length < perPage) return;
    last = next;
  }
}

// Rows of some ids, as far as `fields` says. Without it they are whole, and only then as they are
// stored: where the server picks fields, it rounds long numbers inside of JSON.
export const rowsOfIds = async (collection: string, ids: readonly string[], fields = "", filter = ""): Promise<Row[]> => {
  const rows: Row[] = [];
  const and = filter && `(${withoutComments(filter)}) && `;
  for (let at = 0; at < ids.length; at += perIds) rows.push(...(await listRecords(collection, { filter: `${and}(${filterOfIds(ids.slice(at, at + perIds))})`, perPage: perIds, skipTotal: true, fields })).items);
  return rows;
};

// The ids of a choice that is not large; null where there are more than `most`.
export const fewIds = async (chosen: Chosen, most: number): Promise<string[] | null> => {
  if (chosen.n === undefined || chosen.n > most) return null;
  const found: string[] = [];
  for await (const ids of idPages(chosen)) {
    found.push(...ids);
    if (found.length > most) return null;
  }
  return found;
};

const count = async ({ collection, filter }: Chosen): Promise<number | undefined> =>
  (await listRecords(collection.name, { filter: filterFrom(filter, ""), perPage: 1, fields: "id" })).totalItems;

// The records of a question, as it is asked: those of a selection that are there still, and pass the
// filter, so that nothing is done with what is not shown; of all that
// match, which they are where they are few, else how many.
export const settle = async (chosen: Chosen, most: number): Promise<Chosen> => {
  if (chosen.ids) {
    const ids = (await rowsOfIds(chosen.collection.name, [...chosen.ids], "id", chosen.filter)).map(({ id }) => id);
    return { ...chosen, ids: new Set(ids), n: ids.length };
  }
  const n = await count(chosen);
  const few = await fewIds({ ...chosen, n }, most);
  return few ? { ...chosen, ids: new Set(few), n: few.length } : { ...chosen, n };
};
