// The definitions that are being edited: wherever one is shown, it is the same.

import { effect } from "@preact/signals";
import type { Collection } from "../../api/types.ts";
import { isSigned, owner } from "../../state/session.ts";
import { CollectionEdit } from "./edit.ts";

// What was edited and not saved stays as long as its user is signed in.
const open = new Map<string, CollectionEdit>();
effect(() => {
  if (!isSigned.value) open.clear();
});

export const editFor = (of: Collection, isNew: boolean, from = ""): CollectionEdit => {
  const made = new CollectionEdit({ collection: of, isNew, owner: owner(), from });
  const before = open.get(made.key);
  if (before?.isDirty.peek()) return before;
  open.set(made.key, made);
  void made.load();
  return made;
};

export const forget = (edit: CollectionEdit): void => void open.delete(edit.key);
