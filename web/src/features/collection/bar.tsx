// What is changed in a definition, and the ways on from there.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Collection } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { td } from "../../i18n/t-def.ts";
import { toast } from "../../state/toasts.ts";
import { useCommands } from "../../ui/commands.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { changesOf } from "./changes.ts";
import { faultsOf } from "./check.ts";
import { focusWrong } from "./focus.ts";
import type { CollectionEdit } from "./edit.ts";
import { Review } from "./review.tsx";

const Discard = ({ edit, onClose }: { edit: CollectionEdit; onClose: () => void }) => (
  <Dialog
    title={td.def.discardTitle}
    onClose={onClose}
    acts={<><Button size="form" onClick={onClose}>{t.common.cancel}</Button><Button size="form" kind="danger" class="button-final" onClick={() => { void edit.discard(); onClose(); }}>{td.def.discard}</Button></>}
  >
    <p>{td.def.discardWhy}</p>
  </Dialog>
);

export const Bar = ({ edit, onSaved }: { edit: CollectionEdit; onSaved: (collection: Collection) => void }) => {
  const [asked, ask] = useState<"review" | "discard" | null>(null);
  const [said, say] = useState("");
  const isNew = edit.id === null;
  const n = edit.isDirty.value || isNew ? changesOf(edit.draft.value, edit.before, isNew).length : 0;
  const review = () => {
    if (!edit.isDirty.peek() && !isNew) return;
    const faults = faultsOf(edit.draft.peek());
    edit.errors.value = faults;
    edit.wrong.value = undefined;
    if (faults.size === 0) ask("review");
    else focusWrong();
  };
  useCommands([{ label: td.def.review, keys: "mod+s", isQuiet: true, act: review }], [edit]);
  const done = (collection: Collection, text = td.def.saved) => {
    ask(null);
    say(isNew ? "" : text);
    if (isNew) toast("ok", td.def.created(collection.name));
    onSaved(collection);
  };
  // Where that loses something it is looked at first, as any change is.
  const takeBack = async () => {
    edit.stageUndo();
    if (changesOf(edit.draft.peek(), edit.before, false).some(({ isLoss }) => isLoss)) return ask("review");
    const collection = await edit.save(false);
    if (collection) done(collection, td.def.takenBack);
    else focusWrong();
  };
  const bar = useRef<HTMLElement>(null);
  // What had the focus may have gone with what was done.
  useEffect(() => {
    const frame = requestAnimationFrame(() => document.activeElement === document.body && bar.current?.focus());
    return () => cancelAnimationFrame(frame);
  }, [edit.past.value, asked, edit.draft.value]);
  const text = edit.isDirty.value ? td.def.changed(n) : said;
  return (
    <footer ref={bar} class="def-bar" role="group" aria-label={td.def.changesLabel} tabIndex={-1}>
      <span class="def-said" role="status">{text}</span>
      {edit.past.value && !edit.isDirty.value && <Button size="form" icon="undo-2" onClick={() => void takeBack()}>{t.bulk.undo}</Button>}
      {edit.isDirty.value && <Button size="form" kind="quiet" onClick={() => ask("discard")}>{td.def.discard}</Button>}
      <Button size="form" kind="primary" busy={edit.isBusy.value} disabled={!edit.isDirty.value && !isNew} onClick={review}>{isNew ? td.def.reviewNew : td.def.review}</Button>
      {asked === "review" && <Review edit={edit} onClose={() => ask(null)} onSaved={done} />}
      {asked === "discard" && <Discard edit={edit} onClose={() => ask(null)} />}
    </footer>
  );
};
