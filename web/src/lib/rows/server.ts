// How the API is asked for rows: by cursor where it knows them, else by page.

import { pageSize, reverseSort, type Ask } from "./plan.ts";
import type { Identified } from "./run.ts";
import type { Answer, Server } from "./rows.ts";

export interface Listed<T> {
  items: T[];
  nextCursor?: string | null;
  prevCursor?: string | null;
  totalItems?: number;
}

export interface RowsQuery {
  filter: string;
  sort: string; // total: no two rows may stand in either order (totalSort)
  fields: string; // "" for all
  expand: string;
}

export type Params = Record<string, string | number>;
export type Fetch<T> = (params: Params, signal: AbortSignal) => Promise<Listed<T>>;

// A sort that says of any two rows which comes first, as pages need it.
export const totalSort = (sort: string, tie: "@rowid" | "id"): string => {
  const keys = sort.split(",").map((key) => key.trim()).filter(Boolean);
  if (keys.some((key) => /^[+-]?(?:@rowid|id)$/.test(key))) return keys.join(",");
  return [...keys, keys.length === 0 || keys.at(-1)?.startsWith("-") ? `-${tie}` : tie].join(",");
};

const first = { page: 1, perPage: pageSize };
const page = (ask: { page: number }): Params => ({ page: ask.page + 1, perPage: pageSize });
const onward = (ask: { cursor: string; n: number }): Params => ({ cursor: ask.cursor, perPage: ask.n });

type Asking = { [K in Ask["kind"]]: (ask: Extract<Ask, { kind: K }>) => Params };

const shared = { page, after: onward, before: onward, "after-page": page, "before-page": page };
const asking: Record<"cursor" | "page", Asking> = {
  cursor: {
    ...shared,
    start: () => ({ cursor: "", perPage: pageSize }),
    end: () => ({ cursor: "last", perPage: pageSize }),
    from: ({ value }) => ({ from: JSON.stringify(value ?? null), perPage: pageSize }),
  },
  page: { ...shared, start: () => first, end: () => first, from: () => first },
};

// The last rows of a list by pages are the first ones of the list turned round.
const isTurned = (ask: Ask, byCursor: boolean): boolean => ask.kind === "end" && !byCursor;

const read = <T>(ask: Ask, byCursor: boolean, { items, nextCursor, prevCursor }: Listed<T>): Answer<T> => {
  const isFull = items.length >= pageSize;
  if (isTurned(ask, byCursor)) return { rows: items.toReversed(), before: isFull ? undefined : null, after: null };
  if (ask.kind === "start" && !byCursor) return { rows: items, before: null, after: isFull ? undefined : null };
  return { rows: items, before: prevCursor, after: nextCursor };
};

export const serverOf = <T extends Identified>(fetch: Fetch<T>, query: RowsQuery, byCursor: boolean, painted: () => Promise<void>): Server<T> => {
  const filter: Params = query.filter ? { filter: query.filter } : {};
  const shape: Params = { ...(query.fields ? { fields: query.fields } : {}), ...(query.expand ? { expand: query.expand } : {}) };
  const list: Server<T>["list"] = async (ask, signal) => {
    const sort = isTurned(ask, byCursor) ? reverseSort(query.sort) : query.sort;
    const params = asking[byCursor ? "cursor" : "page"][ask.kind](ask as never);
    return read(ask, byCursor, await fetch({ ...params, skipTotal: 1, ...(sort ? { sort } : {}), ...filter, ...shape }, signal));
  };
  const count: Server<T>["count"] = async (signal) => (await fetch({ page: 1, perPage: 1, fields: "id", ...filter }, signal)).totalItems ?? 0;
  return { byCursor, list, count, painted };
};
