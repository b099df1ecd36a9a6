import { call, get, part, type Answer, type Query } from "./client.ts";
import type { Page, Row } from "./types.ts";

export const recordsPath = (collection: string, id?: string): string => `collections/${part(collection)}/records${id === undefined ? "" : `/${part(id)}`}`;

export const listRecords = (collection: string, query: Query, signal?: AbortSignal): Promise<Page<Row>> => get<Page<Row>>(recordsPath(collection), query, signal);

export const readRecord = (collection: string, id: string, query: Query = {}, signal?: AbortSignal): Promise<Answer<Row>> =>
  call<Row>({ path: recordsPath(collection, id), query, signal, wantsTag: true });

// body: an object, or FormData where it has files.
export const createRecord = (collection: string, body: unknown, how: { query?: Query; onProgress?: (part: number) => void; signal?: AbortSignal } = {}): Promise<Answer<Row>> =>
  call<Row>({ method: "POST", path: recordsPath(collection), body, ...how });

// etag: of the version that was read; a newer one there is a 412.
export const changeRecord = (collection: string, id: string, body: unknown, how: { query?: Query; etag?: string; onProgress?: (part: number) => void; signal?: AbortSignal } = {}): Promise<Answer<Row>> =>
  call<Row>({ method: "PATCH", path: recordsPath(collection, id), body, ...how });

export const deleteRecord = async (collection: string, id: string): Promise<void> => {
  await call({ method: "DELETE", path: recordsPath(collection, id) });
};

interface Change {
  method: "POST" | "PATCH" | "DELETE";
  url: string;
  body?: unknown;
}

const atOnce = 4;

const oneByOne = async (changes: readonly Change[]): Promise<void> => {
  const left = [...changes];
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) await call({ method: next.method, path: next.url.replace(/^\/api\//, ""), body: next.body });
  };
  await Promise.all(Array.from({ length: atOnce }, work));
};

// perBatch: how many the server takes at once; 0: it takes no batches, then each is a call.
const change = async (changes: readonly Change[], perBatch: number): Promise<void> => {
  if (perBatch <= 0) return oneByOne(changes);
  for (let at = 0; at < changes.length; at += perBatch) await call({ method: "POST", path: "batch", body: { requests: changes.slice(at, at + perBatch) } });
};

export const createRecords = (collection: string, rows: readonly object[], perBatch: number): Promise<void> =>
  change(rows.map((body) => ({ method: "POST", url: `/api/${recordsPath(collection)}`, body })), perBatch);

export const changeRecords = (collection: string, ids: readonly string[], body: object, perBatch: number): Promise<void> =>
  change(ids.map((id) => ({ method: "PATCH", url: `/api/${recordsPath(collection, id)}`, body })), perBatch);

export const deleteRecords = (collection: string, ids: readonly string[], perBatch: number): Promise<void> =>
  change(ids.map((id) => ({ method: "DELETE", url: `/api/${recordsPath(collection, id)}` })), perBatch);
