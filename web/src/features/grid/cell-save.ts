// A value that was edited in its cell, on its way to the server: one after the other for each
// record, and never over what somebody else has made of it meanwhile.

import type { Signal } from "@preact/signals";
import { ApiError, errorFields, explain } from "../../api/error.ts";
import { changeRecord, readRecord } from "../../api/records.ts";
import type { Collection, Field, Row } from "../../api/types.ts";
import { lineOf } from "../../fields/kinds.ts";
import { theGrid } from "../../fields/relation/peek.tsx";
import { t } from "../../i18n/t.ts";
import { cut } from "../../lib/values.ts";
import type { RowsOf } from "../../state/rows.ts";
import { toast } from "../../state/toasts.ts";
import { positionOf } from "../../ui/Grid/choose.ts";
import { openWith } from "../record/leave.ts";
import { same } from "../record/same.ts";
import { expandOf } from "./columns.tsx";
import type { Cell } from "./editing.tsx";
import { mark, markOf } from "./live-rows.ts";

export interface CellChange {
  collection: Collection;
  row: Row; // as it was when its value was edited
  field: Field;
  value: unknown;
}

// Where it is shown.
export interface CellPlace {
  source: RowsOf<Row>;
  editing: Signal<Cell | null>;
  isShown: () => boolean;
}

class ChangedMeanwhile extends Error {
  readonly row: Row;
  constructor(row: Row) {
    super("changed meanwhile");
    this.row = row;
  }
}

const mostTurns = 3; // of a save that finds a newer version in which the value is as it was
const none: ReadonlySet<string> = new Set();

// What is under way for a record: one save after the other.
interface Pending {
  row: Row; // as the server has it, as far as that is known
  values: Map<string, unknown>; // by field: what it will have
  last: Promise<unknown>;
}

const pending = new Map<string, Pending>(); // by collection and id

const keyOf = (row: Row): string => `${String(row["collectionId"])}/${row.id}`;

addEventListener("beforeunload", (event) => {
  if (pending.size > 0) event.preventDefault();
});

const send = async ({ collection, row, field, value }: CellChange, of: Pending): Promise<Row> => {
  const query = { expand: expandOf(collection.fields) };
  for (let turn = 1; ; turn++) {
    const { data: now, etag } = await readRecord(collection.name, row.id, query);
    const isOther = !same(now[field.name], of.row[field.name]);
    of.row = now;
    if (same(now[field.name], value)) return now; // by a save that was not answered
    if (isOther) throw new ChangedMeanwhile(now);
    try {
      of.row = (await changeRecord(collection.name, row.id, { [field.name]: value }, { query, ...(etag ? { etag } : {}) })).data;
      return of.row;
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 412) || turn === mostTurns) throw error;
    }
  }
};

// A row as it will be when all that is under way has been saved.
const shownRow = (row: Row): Row => {
  const values = pending.get(keyOf(row))?.values;
  return values?.size ? mark({ ...row, ...Object.fromEntries(values) }, { changed: none, at: 0, isGone: false, ...markOf(row), pending: new Set(values.keys()) }) : row;
};

const whyOf = (error: unknown, field: Field): string => {
  if (error instanceof ChangedMeanwhile) return t.records.cellChanged(cut(lineOf(error.row[field.name], field), 80));
  const { what, why } = explain(error);
  return errorFields(error).get(field.name)?.message ?? [what, why].filter(Boolean).join(" – ");
};

const isFree = (editing: Signal<Cell | null>): boolean => {
  const { activeElement } = document;
  return editing.peek() === null && (activeElement === document.body || activeElement === theGrid());
};

// Nobody is interrupted who types elsewhere: then it is told, with a way to the record.
const refused = ({ collection, row, field, value }: CellChange, { source, editing, isShown }: CellPlace, error: unknown, stored: Row): void => {
  const why = whyOf(error, field);
  const now = source.at(positionOf(source.at, row.id, source.range()));
  const theirs = { ...(now ?? row), [field.name]: stored[field.name] };
  if (now) source.patch(shownRow(error instanceof ChangedMeanwhile ? { ...now, ...stored } : theirs));
  if (isShown() && now && isFree(editing)) editing.value = { row: theirs, field, value, error: why };
  else tellRefused(collection, theirs, field, value, why);
};

// With a way to the record, where it is typed already.
export const tellRefused = (collection: Collection, row: Row, field: Field, value: unknown, why: string): void =>
  toast("error", t.records.cellRefused(field.name, why), { label: t.records.cellAgain, act: () => openWith(collection, row.id, { values: { [field.name]: value }, was: { [field.name]: row[field.name] } }) });

// Shown at once as it was typed; a value that is refused comes back to its cell.
export const saveShown = (change: CellChange, place: CellPlace): void => {
  const { row, field, value } = change;
  const key = keyOf(row);
  const of: Pending = pending.get(key) ?? { row, values: new Map<string, unknown>(), last: Promise.resolve() };
  pending.set(key, of);
  of.values.set(field.name, value);
  place.source.patch(shownRow(row));
  const ended = () => {
    if (of.values.get(field.name) === value) of.values.delete(field.name);
    if (of.values.size === 0) pending.delete(key);
  };
  const run = async () => {
    try {
      const saved = await send(change, of);
      ended();
      place.source.patch(shownRow(saved));
    } catch (error) {
      ended();
      refused(change, place, error, of.row);
    }
  };
  of.last = of.last.then(run);
};
