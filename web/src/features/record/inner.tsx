// A related record that is created or edited in place, over the one that relates to it.

import type { ComponentChildren, RefObject } from "preact";
import { useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Collection, Row } from "../../api/types.ts";
import { RelationHelp, type InnerProps, type PickerProps } from "../../fields/relation/help.ts";
import { fileTexts } from "../../i18n/t-files.ts";
import { t } from "../../i18n/t.ts";
import { tr } from "../../i18n/t-record.ts";
import { draftKey } from "../../lib/drafts.ts";
import { keysOf } from "../../state/commands.ts";
import { reloadCollections } from "../../state/instance.ts";
import { isLocked } from "../../state/protect.ts";
import { owner, session } from "../../state/session.ts";
import { toast } from "../../state/toasts.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { drawn } from "../../ui/drawn.ts";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import { ProtectedNotice } from "../../ui/Protected/Protected.tsx";
import { Tabs } from "../../ui/Tabs/Tabs.tsx";
import { useIsThere } from "../../ui/there.ts";
import { Account } from "./account.tsx";
import { editOf, keepBusy } from "./busy.ts";
import { formFields, type RecordEdit, type Values } from "./edit.ts";
import { Footer } from "./footer.tsx";
import { isOfAccount, RecordForm } from "./form.tsx";
import { InnerFrame } from "./inner-frame.tsx";
import { Levels, mostLevels, titleOf, type Open } from "./inner-level.ts";
import { KeepFocus } from "./keep-focus.tsx";
import { Notices } from "./notices.tsx";
import { freshIn } from "./parcel.ts";
import type { Typed } from "./typed.ts";
import { askBefore, loadFor, useOthers } from "./watch.ts";

interface At {
  id: string | null;
  values?: Values; // typed already
}

// Two new records of a collection, one over the other, have a draft each.
const ownerOf = (collection: Collection, id: string | null, below: readonly { key: string }[]): string => {
  const usual = owner();
  return below.some(({ key }) => key === draftKey(usual, collection.id, id)) ? `${usual} ${below.length}` : usual;
};

// What is left without being saved is kept as a draft, and said to be.
const tellLeft = async (edit: RecordEdit): Promise<void> => {
  const isPending = edit.stop();
  if (!session.peek()) return;
  if (isPending && !edit.isDirty.peek()) await edit.keep();
  if (edit.isBusy.peek()) await edit.saving;
  if (!edit.isDirty.peek()) return;
  const names = Object.keys(edit.typed.values);
  const lost = (await edit.keep()) ? edit.unkept() : names;
  if (lost.length > 0) toast("error", tr.record.notKept(lost.join(", ")));
  else toast("ok", tr.record.draftKept(names.join(", ")));
};

const useEdit = (collection: Collection, at: At): RecordEdit => {
  const below = useContext(Levels);
  const edit = useMemo(() => editOf({ collection, id: at.id, owner: ownerOf(collection, at.id, below), values: at.values, was: {} }), [collection.id, at]);
  useLayoutEffect(() => {
    const stopAsking = askBefore(edit);
    const leave = () => {
      stopAsking();
      keepBusy(edit);
      void tellLeft(edit);
    };
    return () => drawn(leave); // once its fields, which go after it, have said what they hold
  }, [edit]);
  useEffect(() => loadFor(edit), [edit]);
  useEffect(() => {
    if (edit.collection === collection) return;
    edit.adopt(collection);
    void edit.look();
  }, [edit, collection]);
  useEffect(() => {
    if (edit.collection !== collection) void reloadCollections();
  }, [edit.collection]);
  useOthers(edit);
  return edit;
};

const tabs = [{ id: "fields", label: tr.record.tabFields }, { id: "account", label: tr.record.tabAccount }] as const;
type View = (typeof tabs)[number]["id"];

const Body = ({ edit, canWrite, view, onView }: { edit: RecordEdit; canWrite: boolean; view: View; onView: (view: View) => void }) => {
  if (edit.collection.type !== "auth" || !edit.row.value) return <RecordForm edit={edit} canWrite={canWrite} />;
  return <Tabs label={tr.record.tabs} tabs={tabs} current={view} onSelect={onView}>{view === "account" ? <Account edit={edit} canWrite={canWrite} /> : <RecordForm edit={edit} canWrite={canWrite} />}</Tabs>;
};

// What is discarded can be had back for as long as nothing else is typed: files, above all. It is said
// here, for nothing behind this panel can be reached.
const Foot = ({ edit, isSaved, onBack }: { edit: RecordEdit; isSaved: boolean; onBack: () => void }) => {
  const [dropped, drop] = useState<Typed | null>(null);
  const isDirty = edit.isDirty.value;
  const discard = () => {
    drop(edit.typed);
    void edit.discard();
  };
  const undo = () => {
    if (dropped) edit.bring(dropped);
    void edit.keep();
  };
  const said = dropped && !isDirty && !isSaved ? fileTexts.discarded(Object.keys(dropped.values).join(", ")) : "";
  return (
    <Footer edit={edit} isSaved={isSaved} said={said} label={edit.id === null ? tr.relations.createChoose : tr.relations.saveBack} onSave={onBack}>
      {(isDirty || said !== "") && <KeepFocus />}
      {isDirty ? <Button size="form" kind="quiet" disabled={edit.isBusy.value} onClick={discard}>{tr.record.discard}</Button> : said !== "" && <Button size="form" kind="quiet" onClick={undo}>{tr.record.undo}</Button>}
    </Footer>
  );
};

// What no draft may hold would be lost.
const Unkept = ({ names, onStay, onLeave }: { names: readonly string[]; onStay: () => void; onLeave: () => void }) => (
  <Dialog
    title={`${tr.relations.leave}?`}
    onClose={onStay}
    acts={<><Button size="form" onClick={onStay}>{t.common.cancel}</Button><Button size="form" kind="danger" class="button-final" onClick={onLeave}>{tr.relations.leave}</Button></>}
  >
    <p>{tr.record.notKept(names.join(", "))}</p>
  </Dialog>
);

type After = "stay" | "back";

const useSave = (edit: RecordEdit, { onSaved, onClose }: InnerProps, open: (at: At) => void, onWrong: () => void) => {
  const [saved, setSaved] = useState<RecordEdit | null>(null);
  const isOpen = useIsThere();
  const save = async (after: After, over = false) => {
    const isNew = edit.id === null;
    if (!isNew && !edit.isDirty.peek()) return after === "back" ? onClose() : undefined;
    const row: Row | null = await edit.save(over);
    if (row) onSaved(row, isNew);
    if (!isOpen.current) return row ? toast("ok", isNew ? tr.record.created : tr.record.saved) : undefined;
    if (!row) return onWrong();
    setSaved(edit);
    // What was typed meanwhile stays to be saved.
    if (Object.keys(edit.left).length > 0) open({ id: row.id, values: edit.left });
    else if ((isNew || after === "back") && !edit.isDirty.peek()) onClose();
  };
  return { save, isSaved: saved === edit };
};

const focusWrong = (panel: RefObject<HTMLDialogElement | null>): void => {
  requestAnimationFrame(() => requestAnimationFrame(() => panel.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-wrong], .record-others, .notice-danger button')?.focus()));
};

const keys: Record<string, After> = { "mod+s": "stay", "mod+enter": "back" };

export const Inner = (props: InnerProps) => {
  const { collection, onClose } = props;
  const below = useContext(Levels);
  const panel = useRef<HTMLDialogElement>(null);
  const [at, open] = useState<At>({ id: props.id });
  const [view, setView] = useState<View>("fields");
  const [isLeaving, leave] = useState(false);
  const edit = useEdit(collection, at);
  const canWrite = collection.type !== "view" && (!isLocked.value || edit.isDirty.value);
  const { save, isSaved } = useSave(edit, props, open, () => {
    const wrong = formFields(edit.collection).find(({ name }) => edit.errors.peek().has(name));
    if (wrong) setView(isOfAccount(edit, wrong) ? "account" : "fields");
    focusWrong(panel);
  });
  // Not while files are sent, which Cancel stops. What is being saved is not lost by leaving it.
  const back = () => {
    if (edit.sender.progress.peek()) return;
    if (edit.unkept().length > 0 && !edit.saving) leave(true);
    else onClose();
  };
  const again = () => {
    const values = { ...edit.copy(), ...freshIn(edit.changes.peek()) };
    void edit.discard().then(() => open({ id: null, values: { ...values, id: edit.id } }));
  };
  const onKey = (event: KeyboardEvent) => {
    const after = canWrite ? keys[keysOf(event)] : undefined;
    if (!after || event.isComposing) return;
    event.preventDefault();
    void save(after);
  };
  return (
    <InnerFrame
      panel={panel}
      below={below}
      title={<>{edit.isDirty.value && <span class="record-dot" title={tr.record.unsaved} />}{titleOf(edit)}</>}
      onBack={back}
      whyNotBack={edit.sender.progress.value ? fileTexts.uploading : ""}
      onKey={onKey}
      {...(canWrite && edit.isReady.value ? { footer: <Foot key={edit.key} edit={edit} isSaved={isSaved} onBack={() => void save("back")} /> } : {})}
    >
      <Notices edit={edit} onSave={(over) => void save("stay", over)} onAgain={again} />
      {collection.type !== "view" && !canWrite && <ProtectedNotice />}
      {edit.isReady.value && <Level edit={edit}><Body edit={edit} canWrite={canWrite} view={view} onView={setView} /></Level>}
      {isLeaving && <Unkept names={edit.unkept()} onStay={() => leave(false)} onLeave={onClose} />}
    </InnerFrame>
  );
};

const picker: Load<PickerProps> = async () => (await import("./picker.tsx")).Picker;
const Picker = (props: PickerProps) => <Lazy load={picker} of={props} />;

const helpOf = (levels: readonly Open[]): RelationHelp => ({
  Picker,
  Inner,
  whyNot: (collection, id) => {
    if (levels.length >= mostLevels) return tr.relations.deepest;
    if (id === null) return collection.type === "view" ? tr.record.readonlyView : isLocked.value ? t.protect.title : "";
    return levels.some(({ key }) => key === draftKey(owner(), collection.id, id)) ? tr.relations.isBelow : "";
  },
});

// Around the fields of a record: what their relations need.
export const Level = ({ edit, children }: { edit: RecordEdit; children: ComponentChildren }) => {
  const below = useContext(Levels);
  const title = titleOf(edit);
  const levels = useMemo(() => [...below, { key: edit.key, title }], [below, edit, title]);
  const help = useMemo(() => helpOf(levels), [levels]);
  return (
    <Levels.Provider value={levels}>
      <RelationHelp.Provider value={help}>{children}</RelationHelp.Provider>
    </Levels.Provider>
  );
};
