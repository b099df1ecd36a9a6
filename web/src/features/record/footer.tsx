// What stands below a record that is edited: whether it is saved, and how far the files of it are.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { formatBytes } from "../../i18n/format.ts";
import { fileTexts } from "../../i18n/t-files.ts";
import { tr } from "../../i18n/t-record.ts";
import { Button } from "../../ui/Button/Button.tsx";
import type { RecordEdit } from "./edit.ts";

const saidOf = (edit: RecordEdit, isSaved: boolean): string => {
  const n = edit.errors.value.size + edit.others.value.size;
  const stopped = edit.sender.stopped.value;
  if (edit.sender.progress.value) return fileTexts.uploading;
  if (n > 0) return tr.record.wrongFields(n);
  if (stopped !== "") return stopped === "all" ? fileTexts.stoppedAll : fileTexts.stoppedPart;
  return edit.isDirty.value ? tr.record.unsaved : isSaved ? tr.record.saved : "";
};

const Upload = ({ edit }: { edit: RecordEdit }) => {
  const now = edit.sender.progress.value;
  if (!now) return null;
  return (
    <>
      <progress class="record-progress" aria-label={fileTexts.uploading} max={now.of} value={now.sent} />
      <span class="record-bytes">{fileTexts.uploaded(formatBytes(now.sent), formatBytes(now.of))}</span>
      <Button size="form" onClick={() => edit.sender.stop()}>{fileTexts.stopUpload}</Button>
    </>
  );
};

export interface FooterProps {
  edit: RecordEdit;
  isSaved: boolean;
  label: string; // of what saves it
  isOff?: boolean; // there is nothing to be saved
  said?: string; // where nothing else is said
  onSave: () => void;
  children?: ComponentChildren; // what else can be done, but while files are sent
}

export const Footer = ({ edit, isSaved, label, isOff = false, said = "", onSave, children }: FooterProps) => {
  const save = useRef<HTMLButtonElement>(null);
  const isSending = edit.sender.progress.value !== null;
  const wasSending = useRef(false);
  // `Cancel` has the focus, and goes.
  useLayoutEffect(() => {
    if (wasSending.current && !isSending && document.activeElement === document.body) save.current?.focus();
    wasSending.current = isSending;
  }, [isSending]);
  return (
    <>
      <span class="record-said" role="status">{saidOf(edit, isSaved) || said}</span>
      <Upload edit={edit} />
      {!isSending && children}
      <Button buttonRef={save} size="form" kind="primary" busy={edit.isBusy.value} disabled={isOff} onClick={onSave}>{label}</Button>
    </>
  );
};
