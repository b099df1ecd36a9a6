// Undoing: nothing is written over what somebody has written since, and what fails can be tried again.

import { explain } from "../../api/error.ts";
import { stillToUndo, type Change } from "../../lib/undo.ts";
import { rowsOfIds } from "./bulk.ts";
import { runJob } from "./bulk-job.ts";

export interface Undone {
  n: number; // records that are as they were
  changed: number; // since, by somebody: they stay as they are
  left: Change[]; // to be tried again
  why: string; // they are left
}

const mostNamed = 3;

export const undoChanges = async (collection: string, changes: readonly Change[]): Promise<Undone> => {
  try {
    const rows = await rowsOfIds(collection, changes.map(({ id }) => id));
    const { todo, back, changed } = stillToUndo(changes, new Map(rows.map((row) => [row.id, row])));
    const { done, faults, error } = await runJob(collection, [todo], () => undefined, () => false, Infinity);
    const named = faults.slice(0, mostNamed).map(({ id, why }) => `${id}: ${why}`);
    return {
      n: back.length + done.size,
      changed: changed.length,
      left: todo.filter(({ id }) => !done.has(id)),
      why: [...named, faults.length > mostNamed ? "…" : "", error === undefined ? "" : explain(error).what].filter(Boolean).join(" "),
    };
  } catch (error) {
    return { n: 0, changed: 0, left: [...changes], why: explain(error).what };
  }
};
