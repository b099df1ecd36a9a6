// What all pages that change settings have: what stands above the fields, and the bar below them.

import type { ComponentChildren } from "preact";
import { ts } from "../../i18n/t-settings.ts";
import { t } from "../../i18n/t.ts";
import { reloadSettings, settings } from "../../state/instance.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { useCommands } from "../../ui/commands.ts";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { ProtectedNotice } from "../../ui/Protected/Protected.tsx";
import { focusWrong } from "../collection/focus.ts";
import { labelOf, words } from "./controls.tsx";
import type { SettingsEdit } from "./edit.ts";
import { Editing, useCanWrite, useHeldFocus, useUnsaved } from "./engine.ts";

const Notices = ({ edit }: { edit: SettingsEdit }) => {
  const wrong = edit.wrong.value;
  const moved = edit.moved.value;
  const elsewhere = edit.elsewhere();
  const isPlaced = edit.errors.value.size > 0 && elsewhere.length === 0;
  return (
    <>
      {moved.length > 0 && (
        <Notice kind="warn" title={ts.moved}>
          <p>{ts.movedWhy}</p>
          {moved.map(({ path, was, now }) => <p key={path}>{ts.movedFrom(labelOf(path), words(was), words(now))}</p>)}
        </Notice>
      )}
      {elsewhere.length > 0 && <Notice kind="danger" title={ts.elsewhere}>{elsewhere.map(([path, message]) => <p key={path}>{path} – {message}</p>)}</Notice>}
      {Boolean(wrong) && !isPlaced && elsewhere.length === 0 && <ErrorNotice error={wrong} />}
    </>
  );
};

// check: whether it may be saved at once; who says no asks first, and saves then.
const Bar = ({ edit, check }: { edit: SettingsEdit; check: () => boolean }) => {
  const n = edit.changes.value.size;
  const bar = useHeldFocus<HTMLElement>([n, edit.dropped.value, edit.isSaved.value]);
  const save = () => {
    if (!edit.isDirty.peek() || !check()) return;
    void edit.save().then((isSaved) => isSaved || focusWrong());
  };
  useCommands([{ label: ts.save, keys: "mod+s", isQuiet: true, act: save }], [edit, check]);
  const isDropped = edit.dropped.value.size > 0;
  return (
    <footer ref={bar} class="def-bar" role="group" aria-label={ts.changes} tabIndex={-1}>
      <span class="def-said" role="status">{edit.moved.value.length > 0 ? ts.moved : n > 0 ? ts.changed(n) : isDropped ? ts.discarded : edit.isSaved.value ? ts.saved : ""}</span>
      {isDropped && n === 0 && <Button size="form" icon="undo-2" onClick={() => edit.undoDiscard()}>{t.bulk.undo}</Button>}
      {n > 0 && <Button size="form" kind="quiet" onClick={() => edit.discard()}>{ts.discard}</Button>}
      <Button size="form" kind="primary" busy={edit.isBusy.value} disabled={n === 0 && ts.nothingChanged} onClick={save}>{ts.save}</Button>
    </footer>
  );
};

const always = () => true;

// children: the fields; more: what changes nothing, or does so by itself.
export const SettingsForm = ({ edit, children, more, before, check = always }: { edit: SettingsEdit; children: ComponentChildren; more?: ComponentChildren; before?: ComponentChildren; check?: () => boolean }) => {
  const canWrite = useCanWrite(edit);
  useUnsaved(edit);
  if (!settings.data.value)
    return <div class="def-page">{Boolean(settings.error.value) && <ErrorNotice error={settings.error.value} onRetry={() => void reloadSettings()} />}</div>;
  return (
    <div class="def">
      <div class="def-page">
        {!canWrite && <ProtectedNotice />}
        <Notices edit={edit} />
        {before}
        <Editing.Provider value={edit}>
          <fieldset class="def-cards" disabled={!canWrite} aria-label={ts.title}>{children}</fieldset>
        </Editing.Provider>
        {more}
      </div>
      {canWrite && <Bar edit={edit} check={check} />}
    </div>
  );
};
