// One record beside the grid: looked at, edited, created, duplicated, deleted.

import type { ComponentType } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { deleteRecord } from "../../api/records.ts";
import type { Collection, Row } from "../../api/types.ts";
import { useSafeDrops } from "../../fields/file/drops.ts";
import { t } from "../../i18n/t.ts";
import { tr } from "../../i18n/t-record.ts";
import { newRecord } from "../../lib/drafts.ts";
import { reloadCollections } from "../../state/instance.ts";
import { isLocked } from "../../state/protect.ts";
import { query, setQuery } from "../../state/router.ts";
import { owner } from "../../state/session.ts";
import { toast } from "../../state/toasts.ts";
import { useCommands } from "../../ui/commands.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { Drawer } from "../../ui/Drawer/Drawer.tsx";
import { useForm } from "../../ui/form.ts";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { ProtectedNotice } from "../../ui/Protected/Protected.tsx";
import { Tabs, type Tab } from "../../ui/Tabs/Tabs.tsx";
import { useIsThere } from "../../ui/there.ts";
import { Account } from "./account.tsx";
import { editOf } from "./busy.ts";
import type { RecordDrawerProps } from "./drawer.tsx";
import { formFields, type RecordEdit, type Values } from "./edit.ts";
import { Footer } from "./footer.tsx";
import { isOfAccount, RecordForm } from "./form.tsx";
import { Level } from "./inner.tsx";
import { RecordJson } from "./json.tsx";
import { enter, isShown, openWith, takeHanded } from "./leave.ts";
import { RecordMenu } from "./menu.tsx";
import { Notices } from "./notices.tsx";
import { freshIn } from "./parcel.ts";
import { Related } from "./related.tsx";
import { loadFor, useOthers, useUnsaved } from "./watch.ts";

const DeleteOne = ({ edit, onClose, onDeleted }: { edit: RecordEdit; onClose: () => void; onDeleted: () => void }) => {
  const form = useForm({});
  const remove = async () => {
    edit.isBusy.value = true; // what is heard of it then is one's own doing
    const isDone = await form.submit(() => deleteRecord(edit.collection.name, edit.id ?? ""));
    if (!isDone) return edit.release();
    const isOpen = isShown(edit);
    await edit.discard();
    toast("ok", t.records.deleted("1"));
    if (isOpen) onDeleted();
  };
  return (
    <Dialog
      title={t.records.deleteTitle("1")}
      onClose={onClose}
      acts={<><Button size="form" onClick={onClose}>{t.common.cancel}</Button><Button size="form" kind="danger" class="button-final" busy={form.isBusy} disabled={edit.isBusy.value && !form.isBusy && t.records.cellSaving} onClick={() => void remove()}>{t.records.deleteAct}</Button></>}
    >
      <p>{t.records.deleteWhy}</p>
      <ErrorNotice error={form.wrong} />
    </Dialog>
  );
};

const Title = ({ edit }: { edit: RecordEdit }) => (
  <>
    {edit.isDirty.value && <span class="record-dot" title={tr.record.unsaved} />}
    {edit.id === null ? tr.record.newTitle(edit.collection.name) : tr.record.title(edit.collection.name)}
  </>
);

type View = "fields" | "related" | "json" | "account";
const setView = (tab: View) => setQuery({ tab: tab === "fields" ? undefined : tab });

const tabsOf = (edit: RecordEdit): Tab<View>[] => {
  const wrong = formFields(edit.collection).filter(({ name }) => edit.errors.value.has(name));
  const badge = (n: number) => (n > 0 ? { badge: String(n) } : {});
  const ofAccount = wrong.filter((field) => isOfAccount(edit, field)).length;
  return [
    { id: "fields", label: tr.record.tabFields, ...badge(wrong.length - ofAccount) },
    { id: "related", label: tr.relations.tab },
    { id: "json", label: tr.record.tabJson },
    ...(edit.collection.type === "auth" ? [{ id: "account" as const, label: tr.record.tabAccount, ...badge(ofAccount) }] : []),
  ];
};

const views: Record<View, ComponentType<{ edit: RecordEdit; canWrite: boolean }>> = {
  fields: RecordForm,
  related: Related,
  json: ({ edit }) => (edit.row.value ? <RecordJson row={edit.row.value} /> : null),
  account: Account,
};

const Body = ({ edit, canWrite }: { edit: RecordEdit; canWrite: boolean }) => {
  const tabs = tabsOf(edit);
  const view = tabs.find(({ id }) => id === query.value["tab"])?.id ?? "fields";
  const Shown = views[view];
  if (!edit.row.value) return <RecordForm edit={edit} canWrite={canWrite} />;
  return (
    <Tabs label={tr.record.tabs} tabs={tabs} current={view} onSelect={setView}>
      <Shown edit={edit} canWrite={canWrite} />
    </Tabs>
  );
};

// To what has to be seen first: the first field that is wrong, on whatever tab, or what others did.
const showWrong = (edit: RecordEdit) => {
  const wrong = formFields(edit.collection).find(({ name }) => edit.errors.peek().has(name));
  if (wrong && edit.id !== null) setView(isOfAccount(edit, wrong) ? "account" : "fields");
  const what = wrong ? '.drawer [aria-invalid="true"], .drawer [data-wrong]' : ".record-others, .drawer .notice-danger button";
  requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector<HTMLElement>(what)?.focus()));
};

// A new edit for each record, and another one each time that one begins again.
const useEdit = (collection: Collection, id: string | null) => {
  const [turn, setTurn] = useState(0);
  const edit = useMemo(() => editOf({ collection, id, owner: owner(), ...takeHanded(collection, id) }), [collection.id, id, turn]);
  useLayoutEffect(() => enter(edit), [edit]);
  useEffect(() => loadFor(edit), [edit]);
  useEffect(() => {
    if (edit.collection === collection) return;
    edit.adopt(collection);
    void edit.look();
  }, [edit, collection]);
  // The edit has found out by itself: others do not know yet.
  useEffect(() => {
    if (edit.collection !== collection) void reloadCollections();
  }, [edit.collection]);
  return { edit, beginAgain: () => setTurn(turn + 1) };
};

type After = "stay" | "close" | "more";

// Said in the drawer where that stays.
const useSave = ({ onClose, onCreated, onChanged }: RecordDrawerProps, edit: RecordEdit, beginAgain: () => void) => {
  const [saved, setSaved] = useState<RecordEdit | null>(null);
  const isNew = edit.id === null;
  const isThere = useIsThere();
  const then: Record<After, (row: Row) => void> = {
    stay: (row) => isNew && setQuery({ record: row.id }),
    close: onClose,
    more: () => (isNew ? beginAgain() : setQuery({ record: newRecord, tab: undefined })),
  };
  const save = async (after: After, over = false) => {
    if (!isNew && !edit.isDirty.peek()) return edit.row.peek() ? then[after](edit.row.peek() as Row) : undefined;
    const row = await edit.save(over);
    if (row) {
      (isNew ? onCreated : onChanged)(row);
      if (after === "stay" && !isNew && isShown(edit) && isThere.current) setSaved(edit);
      else toast("ok", isNew ? tr.record.created : tr.record.saved);
    }
    // By then another record may be open, or the same one again. One that was typed in meanwhile stays.
    if (!isShown(edit)) return;
    if (!row) showWrong(edit);
    else if (Object.keys(edit.left).length > 0) openWith(edit.collection, row.id, { values: edit.left, was: {} });
    else if (!edit.isDirty.peek()) then[isThere.current ? after : "stay"](row);
  };
  return { save, isSaved: saved === edit };
};

const Foot = ({ edit, isSaved, save }: { edit: RecordEdit; isSaved: boolean; save: (after: After) => Promise<void> }) => {
  const isNew = edit.id === null;
  return (
    <Footer edit={edit} isSaved={isSaved} label={isNew ? tr.record.create : tr.record.save} isOff={!isNew && !edit.isDirty.value} onSave={() => void save(isNew ? "close" : "stay")}>
      {isNew && <Button size="form" disabled={edit.isBusy.value} onClick={() => void save("more")}>{tr.record.createMore}</Button>}
    </Footer>
  );
};

interface Acts {
  save: (after: After, over?: boolean) => Promise<void>;
  duplicate: () => void;
  step: (by: number) => void;
}

const useKeys = (acts: Acts, canWrite: boolean) => {
  const latest = useRef(acts);
  latest.current = acts;
  const key = (label: string, keys: string, act: (now: Acts) => unknown) => ({ label, keys, isQuiet: true, act: () => void act(latest.current) });
  useCommands(
    [
      ...(canWrite ? [
        key(tr.record.save, "mod+s", ({ save }) => save("stay")),
        key(tr.record.saveClose, "mod+enter", ({ save }) => save("close")),
        key(tr.record.saveMore, "mod+shift+enter", ({ save }) => save("more")),
        key(tr.record.duplicate, "mod+d", ({ duplicate }) => duplicate()),
      ] : []),
      key(tr.record.previous, "alt+arrowup", ({ step }) => step(-1)),
      key(tr.record.next, "alt+arrowdown", ({ step }) => step(1)),
    ],
    [canWrite],
  );
};

export const RecordPanel = (given: RecordDrawerProps) => {
  const { collection, id, onStep } = given;
  const withoutTab = (act: () => void) => () => {
    setQuery({ tab: undefined });
    act();
  };
  const props = { ...given, onClose: withoutTab(given.onClose), onDeleted: withoutTab(given.onDeleted) };
  const { edit, beginAgain } = useEdit(collection, id);
  const [isDeleting, setDeleting] = useState(false);
  const isView = collection.type === "view";
  // Who has begun to type goes on; what was typed before the lock is no beginning.
  const begun = useRef<RecordEdit | null>(null);
  if (!isLocked.value) begun.current = edit.isDirty.value ? edit : null;
  const canWrite = !isView && (!isLocked.value || (edit.isDirty.value && begun.current === edit));
  const { save, isSaved } = useSave(props, edit, beginAgain);
  const copy = (values: Values) => openWith(collection, null, { values, was: {} });
  const duplicate = () => edit.row.peek() && copy(edit.copy());
  const again = () => {
    const values = { ...edit.copy(), ...freshIn(edit.changes.peek()) };
    void edit.discard().then(() => copy({ ...values, id: edit.id }));
  };
  // The button that had the focus has gone with what can be done.
  useLayoutEffect(() => {
    if (document.activeElement === document.body) document.querySelector<HTMLElement>(".drawer")?.focus();
  }, [canWrite]);
  useKeys({ save, duplicate, step: onStep }, canWrite);
  useOthers(edit);
  useUnsaved(edit);
  useSafeDrops();
  const acts = (
    <>
      {id !== null && <Button kind="quiet" icon="chevron-up" label={tr.record.previous} onClick={() => onStep(-1)} />}
      {id !== null && <Button kind="quiet" icon="chevron-down" label={tr.record.next} onClick={() => onStep(1)} />}
      <RecordMenu edit={edit} canWrite={canWrite} onDuplicate={duplicate} onDelete={() => setDeleting(true)} />
    </>
  );
  return (
    <Drawer
      title={<Title edit={edit} />}
      acts={acts}
      onClose={props.onClose}
      {...(canWrite && edit.isReady.value ? { footer: <Foot edit={edit} isSaved={isSaved} save={save} /> } : {})}
    >
      <Notices edit={edit} onSave={(over) => void save("stay", over)} onAgain={again} />
      {isView && <p class="field-hint">{tr.record.readonlyView}</p>}
      {!isView && !canWrite && <ProtectedNotice />}
      {edit.isReady.value && <Level edit={edit}><Body edit={edit} canWrite={canWrite} /></Level>}
      {isDeleting && <DeleteOne edit={edit} onClose={() => setDeleting(false)} onDeleted={props.onDeleted} />}
    </Drawer>
  );
};
