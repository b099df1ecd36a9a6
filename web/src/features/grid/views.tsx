// Views: a filter, an order and columns under a name, on this device. The address carries what a
// view sets beside its name, so that a change of it shows, and can be shared without it.

import type { Signal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Collection } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { keptValue } from "../../state/prefs.ts";
import { query, setQuery } from "../../state/router.ts";
import { toast } from "../../state/toasts.ts";
import { useCommands } from "../../ui/commands.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { TextField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { Menu, type MenuGroup, type MenuItem } from "../../ui/Menu/Menu.tsx";
import { isChanged, named, readViews, removed, renamed, saved, type View } from "./views-list.ts";

const noViews: readonly View[] = [];
const keptViews = (collection: Collection): Signal<readonly View[]> => keptValue(`views:${collection.id}`, noViews);

const mostName = 60;

const NameDialog = ({ title, name, views, onName, onClose }: { title: string; name: string; views: readonly View[]; onName: (name: string) => void; onClose: () => void }) => {
  const form = useForm({ name });
  const submit = (event: Event) => {
    event.preventDefault();
    const next = form.draft.name.trim().slice(0, mostName);
    const isTaken = next !== name && named(views, next) !== undefined;
    if (next === "" || isTaken) return form.refuse({ name: isTaken ? t.bulk.viewTaken : t.bulk.viewNameless });
    onName(next);
    onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <TextField {...bind(form, "name")} label={t.bulk.viewName} hint={t.bulk.viewHint} autofocus />
        <div class="dialog-acts">
          <Button size="form" onClick={onClose}>{t.common.cancel}</Button>
          <Button size="form" kind="primary" type="submit">{t.bulk.viewAct}</Button>
        </div>
      </form>
    </Dialog>
  );
};

const RemoveDialog = ({ name, onRemove, onClose }: { name: string; onRemove: () => void; onClose: () => void }) => {
  const remove = () => {
    onRemove();
    onClose();
  };
  return (
    <Dialog title={t.bulk.viewDeleteTitle(name)} onClose={onClose} acts={<><Button size="form" onClick={onClose}>{t.common.cancel}</Button><Button size="form" kind="danger" class="button-final" onClick={remove}>{t.records.deleteAct}</Button></>}>
      <p>{t.bulk.viewDeleteWhy}</p>
    </Dialog>
  );
};

const apply = ({ name, filter, sort, cols }: View, how = { replace: false }): void => setQuery({ view: name, filter, sort, cols: cols.join(",") }, how);

// An address may name a view alone; one that is not here is dropped.
const useNamed = (name: string | undefined, view: View | undefined): void => {
  const isBare = query.value["cols"] === undefined;
  useEffect(() => {
    if (name === undefined) return;
    if (view && isBare) apply(view, { replace: true });
    else if (!view) {
      setQuery({ view: undefined });
      if (isBare) toast("error", t.bulk.viewGone(name));
    }
  }, [name, view, isBare]);
};

type Asking = "save" | "rename" | "remove";

export const ViewsMenu = ({ collection, filter, sort, names }: { collection: Collection; filter: string; sort: string; names: readonly string[] }) => {
  const kept = keptViews(collection);
  const views = useMemo(() => readViews(kept.value), [kept.value]);
  const [asking, ask] = useState<Asking | null>(null);
  const name = query.value["view"];
  const view = name === undefined ? undefined : named(views, name);
  const now: View = { name: name ?? "", filter, sort, cols: names };
  const isOther = view !== undefined && isChanged(view, now);
  useNamed(name, view);
  useCommands(views.map((one) => ({ label: t.bulk.viewShow(one.name), act: () => apply(one) })), [views]);

  const save = (as: string) => {
    kept.value = saved(readViews(kept.peek()), { ...now, name: as });
    apply({ ...now, name: as }, { replace: true });
  };
  const rename = (from: string, to: string) => {
    kept.value = renamed(readViews(kept.peek()), from, to);
    setQuery({ view: to });
  };
  const change: MenuItem[] = view
    ? [
        ...(isOther ? [{ label: t.bulk.viewSave(view.name), icon: "save" as const, act: () => save(view.name) }, { label: t.bulk.viewRestore, icon: "undo-2" as const, act: () => apply(view) }] : []),
        { label: t.bulk.viewRename(view.name), icon: "pencil", act: () => ask("rename") },
        { label: t.bulk.viewDelete(view.name), icon: "trash-2", kind: "danger", act: () => ask("remove") },
        { label: t.bulk.viewLeave, icon: "x", act: () => setQuery({ view: undefined, filter: undefined, sort: undefined, cols: undefined }, { replace: false }) },
      ]
    : [];
  const groups: MenuGroup[] = [
    { title: t.bulk.views, items: views.map((one) => ({ label: one.name, checked: one === view, act: () => apply(one) })) },
    { items: [{ label: t.bulk.viewSaveAs, icon: "plus", act: () => ask("save") }, ...change] },
  ];
  return (
    <>
      <Menu label={t.bulk.views} icon="bookmark" class="views" {...(view ? { text: <span dir="auto">{isOther ? t.bulk.viewChanged(view.name) : view.name}</span> } : {})} groups={groups} />
      {asking === "save" && <NameDialog title={t.bulk.viewSaveAs} name="" views={views} onName={save} onClose={() => ask(null)} />}
      {asking === "rename" && view && <NameDialog title={t.bulk.viewRename(view.name)} name={view.name} views={views} onName={(to) => rename(view.name, to)} onClose={() => ask(null)} />}
      {asking === "remove" && view && <RemoveDialog name={view.name} onRemove={() => { kept.value = removed(readViews(kept.peek()), view.name); setQuery({ view: undefined }); }} onClose={() => ask(null)} />}
    </>
  );
};
