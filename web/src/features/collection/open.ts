// The definitions that are being edited: wherever one is shown, it is the same.

import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Collection } from "../../api/types.ts";
import { isLocked } from "../../state/protect.ts";
import { path } from "../../state/router.ts";
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

const mark = "• ";

const useUnsaved = (edit: CollectionEdit): void => {
  const isDirty = edit.isDirty.value;
  useEffect(() => {
    if (!isDirty) return;
    document.title = mark + document.title.replace(mark, "");
    const ask = (event: BeforeUnloadEvent) => (edit.isKept.peek() ? void edit.keep() : event.preventDefault());
    addEventListener("beforeunload", ask);
    return () => {
      document.title = document.title.replace(mark, "");
      removeEventListener("beforeunload", ask);
    };
  }, [edit, isDirty, path.value]);
};

// Whether it may be changed, while it is shown. Who has begun to change something goes on when the instance
// is locked again; what was kept from before the lock is no beginning.
export const useEditing = (edit: CollectionEdit): boolean => {
  const begun = useRef<CollectionEdit | null>(null);
  if (!isLocked.value) begun.current = edit.isDirty.value ? edit : null;
  useUnsaved(edit);
  useEffect(() => () => edit.stop(), [edit]);
  return !isLocked.value || (edit.isDirty.value && begun.current === edit);
};
