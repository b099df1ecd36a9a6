// What becomes of an edit whose drawer closes: it is kept, and there is a way back to it.

import { signal } from "@preact/signals";
import { fileTexts } from "../../i18n/t-files.ts";
import { tr } from "../../i18n/t-record.ts";
import type { Collection } from "../../api/types.ts";
import { draftKey, newRecord } from "../../lib/drafts.ts";
import { navigate, path, setQuery } from "../../state/router.ts";
import { owner, session } from "../../state/session.ts";
import { toast } from "../../state/toasts.ts";
import { drawn } from "../../ui/drawn.ts";
import { keepBusy } from "./busy.ts";
import type { RecordEdit } from "./edit.ts";
import type { Typed } from "./typed.ts";

// What the drawer that opens next begins with: the one of that key takes it.
const handed = signal<(Typed & { key: string }) | null>(null);
let shown: RecordEdit | null = null;

export const takeHanded = (collection: Collection, id: string | null): Typed | undefined => {
  const now = handed.peek();
  handed.value = null;
  return now?.key === draftKey(owner(), collection.id, id) ? now : undefined;
};

const show = (collection: Collection, id: string | null): void => {
  const at = `/data/${encodeURIComponent(collection.name)}`;
  const record = id ?? newRecord;
  if (path.peek() === at) setQuery({ record });
  else void navigate(`${at}?record=${encodeURIComponent(record)}`);
};

// Opens a record, or a new one, with what is typed in it already, and what it was typed over.
export const openWith = (collection: Collection, id: string | null, typed: Typed): void => {
  const key = draftKey(owner(), collection.id, id);
  if (shown?.key === key) {
    shown.bring(typed);
    shown.draft.value = null;
    void shown.keep();
    return;
  }
  handed.value = { key, ...typed };
  show(collection, id);
};

// Whether its drawer is the one that is open.
export const isShown = (edit: RecordEdit): boolean => shown === edit;

// What is being saved is told of once it is known what has become of it.
const tell = async (edit: RecordEdit): Promise<void> => {
  let kept = edit.keep();
  if (edit.saving) {
    await edit.saving;
    if (!edit.isDirty.peek() || shown === edit) return;
    kept = edit.keep();
  }
  const { typed } = edit;
  const names = Object.keys(typed.values);
  const undo = { label: tr.record.undo, act: () => openWith(edit.collection, edit.id, typed) };
  const lost = (await kept) ? edit.unkept() : names;
  if (lost.length > 0) toast("error", tr.record.notKept(lost.join(", ")), undo);
  else toast("ok", tr.record.draftKept(names.join(", ")), undo);
};

// What no draft holds can be had back for a while: files, above all.
export const discard = async (edit: RecordEdit): Promise<void> => {
  const { typed } = edit;
  const isLost = edit.unkept().length > 0;
  await edit.discard();
  if (isLost) toast("ok", fileTexts.discarded(Object.keys(typed.values).join(", ")), { label: tr.record.undo, act: () => openWith(edit.collection, edit.id, typed) });
};

const leave = (edit: RecordEdit): void => {
  const isPending = edit.stop();
  keepBusy(edit);
  if (!session.peek()) return;
  if (edit.isDirty.peek()) void tell(edit);
  else if (isPending) void edit.keep();
};

// Until its drawer goes. It is left once its fields, which go after it, have said what they hold.
export const enter = (edit: RecordEdit): (() => void) => {
  shown = edit;
  return () => {
    if (shown === edit) shown = null;
    drawn(() => leave(edit));
  };
};
