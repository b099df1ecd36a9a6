// After a call whose answer did not come: what became of its records is looked at before it is told.

import { ApiError } from "../../api/error.ts";
import type { Row } from "../../api/types.ts";
import { became, type Became, type Change } from "../../lib/undo.ts";
import { rowsOfIds } from "./bulk.ts";

// What the server has refused, it has not done.
export const isLost = (error: unknown): boolean => error instanceof ApiError && !(error.status >= 400 && error.status < 500);

// It may be at it still. One that says that it is busy has done nothing.
const waitsMs = (error: unknown): readonly number[] => (error instanceof ApiError && error.status === 503 ? [0] : [300, 1500]);

export const whatBecame = async (collection: string, changes: readonly Change[], error: unknown): Promise<Became & { rows: ReadonlyMap<string, Row> }> => {
  const ids = changes.map(({ id }) => id);
  let now: Became & { rows: ReadonlyMap<string, Row> } = { done: [], unknown: ids, rows: new Map() };
  for (const ms of waitsMs(error)) {
    await new Promise((go) => setTimeout(go, ms));
    try {
      const rows = new Map((await rowsOfIds(collection, ids)).map((row) => [row.id, row]));
      now = { ...became(changes, rows), rows };
      if (now.done.length === ids.length) break;
    } catch {
      now = { ...now, unknown: ids.filter((id) => !now.done.includes(id)) };
    }
  }
  return now;
};
