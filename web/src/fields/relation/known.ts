// Related records that have been seen: a form shows by them what is chosen and not saved. Those that
// nobody has seen are asked for.

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { isAborted } from "../../api/error.ts";
import { listRecords } from "../../api/records.ts";
import type { Collection, Field, Row } from "../../api/types.ts";
import { summaryNames } from "../../lib/values.ts";
import { firstChunk } from "./chunks.ts";
import { relatedRow } from "./summary.ts";

const mostKnown = 2000;

// By collection and id. Null: there is no such record.
const known = signal<ReadonlyMap<string, Row | null>>(new Map());
const keyOf = (collectionId: string, id: string): string => `${collectionId}/${id}`;

export const remember = (collectionId: string, rows: readonly Row[], missing: readonly string[] = []): void => {
  if (rows.length === 0 && missing.length === 0) return;
  const next = new Map(known.peek());
  const put = (id: string, row: Row | null) => {
    next.delete(keyOf(collectionId, id)); // the youngest stand last
    next.set(keyOf(collectionId, id), row);
  };
  for (const row of rows) put(row.id, row);
  for (const id of missing) put(id, null);
  for (const key of next.keys()) {
    if (next.size <= mostKnown) break;
    next.delete(key);
  }
  known.value = next;
};

// What a record is called by.
export const summaryFields = ({ fields }: Collection): string[] => fields.filter(({ name, presentable, type }) => (presentable || summaryNames.includes(name)) && type !== "password").map(({ name }) => name);

const ask = async (collection: Collection, ids: readonly string[], stop: AbortSignal): Promise<void> => {
  const chunk = firstChunk(ids);
  if (chunk.ids.length === 0) return;
  const fields = [...new Set(["id", "collectionId", "collectionName", ...summaryFields(collection)])].join(",");
  const { items } = await listRecords(collection.name, { perPage: chunk.ids.length, skipTotal: 1, fields, filter: chunk.filter }, stop);
  const found = new Set(items.map(({ id }) => id));
  remember(collection.id, items, chunk.ids.filter((id) => !found.has(id)));
};

const taken = new WeakSet<Row>(); // whose related records are remembered

// The records of ids that are chosen in a field. Null: there is none; undefined: nobody knows yet.
export const useRelated = (collection: Collection | undefined, field: Field, ids: readonly string[], row: Row | undefined): ((id: string) => Row | null | undefined) => {
  const [failed, setFailed] = useState("");
  const shown = known.value;
  const find = (id: string): Row | null | undefined => {
    const seen = collection && shown.get(keyOf(collection.id, id));
    return seen || (row && relatedRow(field, row, id)) || seen;
  };
  const unknown = ids.filter((id) => find(id) === undefined);
  const key = unknown.join();
  // What came with a record is younger than what was seen before it.
  useEffect(() => {
    if (!collection || !row || taken.has(row)) return;
    taken.add(row);
    remember(collection.id, ids.map((id) => relatedRow(field, row, id)).filter((one) => one !== null && one !== undefined));
  }, [collection?.id, row]);
  // One question after the other: an answer leaves fewer that are unknown. One that fails is not put again.
  useEffect(() => {
    if (!collection || key === "" || failed === key) return;
    const stop = new AbortController();
    ask(collection, unknown, stop.signal).catch((error) => isAborted(error) || setFailed(key));
    return () => stop.abort();
  }, [collection?.id, key]);
  return find;
};
