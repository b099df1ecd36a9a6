// Whether records can be brought back, asked before they go.

import { listRecords } from "../../api/records.ts";
import type { Collection, Field } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { createdAgain, datesOf, lossOf, mostUndone, ofDone, writtenBack, type Change, type Values } from "../../lib/undo.ts";
import { collections } from "../../state/instance.ts";
import { fewIds, rowsOfIds, type Chosen } from "./bulk.ts";
import type { Outcome } from "./bulk-job.ts";
import { undoChanges } from "./bulk-undo.ts";
import type { Result } from "./undo.tsx";

export type Plan = { changes: Change[]; said: string } | { changes: null; said: string };

const no = (said: string): Plan => ({ changes: null, said });

// The collections of records that refer to some of these, and would be changed as they go.
const referrers = async (to: Collection, ids: readonly string[]): Promise<string[]> => {
  const found = new Set<string>();
  const relations = (collections.data.peek() ?? []).filter(({ type }) => type !== "view").flatMap((one) => one.fields.filter((field) => field.type === "relation" && field["collectionId"] === to.id).map((field) => ({ one, field })));
  const perCall = 100;
  for (const { one, field } of relations)
    for (let at = 0; at < ids.length && !found.has(one.name); at += perCall) {
      const filter = ids.slice(at, at + perCall).map((id) => `${field.name}.id ?= ${JSON.stringify(id)}`).join(" || ");
      const { items } = await listRecords(one.name, { filter, fields: "id", perPage: 1, skipTotal: true });
      if (items.length > 0) found.add(one.name);
    }
  return [...found];
};

const read = async (chosen: Chosen): Promise<Plan> => {
  const { collection } = chosen;
  if (lossOf(collection.fields, []) === "password") return no(t.bulk.noUndo.password);
  const ids = await fewIds(chosen, mostUndone);
  if (!ids) return no(t.bulk.noUndo.many);
  const rows = await rowsOfIds(collection.name, ids);
  const loss = lossOf(collection.fields, rows);
  if (loss) return no(t.bulk.noUndo[loss]);
  const names = await referrers(collection, ids);
  if (names.length > 0) return no(t.bulk.noUndo.references(names.join(", ")));
  const dates = datesOf(collection.fields);
  return { changes: createdAgain(collection.fields, rows), said: dates.length > 0 ? t.bulk.canUndoDates(dates.join(", ")) : t.bulk.canUndo };
};

export const planDelete = (chosen: Chosen): Promise<Plan> => read(chosen).catch(() => no(t.bulk.noUndo.unread));

// field: of which the values are written back.
export const planSet = async (chosen: Chosen, field: Field): Promise<Plan> => {
  try {
    const ids = await fewIds(chosen, mostUndone);
    if (!ids) return no(t.bulk.noUndo.many);
    return { changes: writtenBack(field, await rowsOfIds(chosen.collection.name, ids, field.type === "json" ? "" : `id,${field.name}`)), said: t.bulk.canUndo };
  } catch {
    return no(t.bulk.noUndo.unread);
  }
};

// sent: what was written, where nobody has said how it was stored. What may be done is undone too:
// undoing looks first.
export const resultOf = (text: string, plan: Plan | null, outcome: Outcome, sent: Values = {}): Result => {
  const undo = plan?.changes ? ofDone(plan.changes, new Set([...outcome.done, ...outcome.unknown]), outcome.rows, sent) : [];
  return { text, undo, by: undoChanges, isKept: undo.length > 0 && !outcome.isWhole };
};
