import { call, get, part } from "./client.ts";
import type { Collection, Page } from "./types.ts";

const all = 1000; // a page; more are asked for one page after the other

export const listCollections = async (signal?: AbortSignal): Promise<Collection[]> => {
  const found: Collection[] = [];
  for (let page = 1; ; page++) {
    const { items } = await get<Page<Collection>>("collections", { page, perPage: all, skipTotal: true, sort: "name" }, signal);
    found.push(...items);
    if (items.length < all) return found;
  }
};

export const createCollection = async (body: unknown): Promise<Collection> =>
  (await call<Collection>({ method: "POST", path: "collections", body })).data;

export const importCollections = async (collections: unknown[], deleteMissing = false): Promise<void> => {
  await call({ method: "PUT", path: "collections/import", body: { collections, deleteMissing } });
};

export const deleteCollection = async (name: string): Promise<void> => {
  await call({ method: "DELETE", path: `collections/${part(name)}` });
};

// Deletes all of its records.
export const truncateCollection = async (name: string): Promise<void> => {
  await call({ method: "DELETE", path: `collections/${part(name)}/truncate` });
};

export const countRecords = async (name: string, signal?: AbortSignal): Promise<number> =>
  (await get<Page<unknown>>(`collections/${part(name)}/records`, { perPage: 1, fields: "id" }, signal)).totalItems ?? 0;
