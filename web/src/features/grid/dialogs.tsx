// Questions about collections and their groups: fetched when one of them is asked.

import { useEffect, useState } from "preact/hooks";
import { countRecords, deleteCollection, truncateCollection } from "../../api/collections.ts";
import type { Collection } from "../../api/types.ts";
import { formatNumber } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { addGroup, cleanName, isTaken, renameGroup } from "../../lib/groups.ts";
import { groups, setGroups } from "../../state/groups.ts";
import { collections, reloadCollections } from "../../state/instance.ts";
import { navigate, path } from "../../state/router.ts";
import { toast } from "../../state/toasts.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { TextField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import type { Naming } from "./groups.tsx";
import type { Asking } from "./header.tsx";
import { referencesTo, viewsNaming, type Reference } from "./header-facts.ts";
import { forgetCount } from "./sidebar-facts.ts";

// undefined: being counted; null: could not be.
const useCounted = (one: Collection): number | null | undefined => {
  const [n, setN] = useState<number | null | undefined>(undefined);
  useEffect(() => {
    const leaving = new AbortController();
    countRecords(one.name, leaving.signal).then(setN, () => leaving.signal.aborted || setN(null));
    return () => leaving.abort();
  }, [one.id]);
  return n;
};

const nameOf = ({ collection, field }: Reference): string => `${collection}.${field}`;
const names = (of: readonly Reference[]): string => of.map(nameOf).join(", ");

const Referring = ({ act, collection }: Asking) => {
  const all = collections.data.value ?? [];
  const found = referencesTo(collection, all);
  const views = viewsNaming(collection, all);
  const cascading = found.filter(({ cascades }) => cascades);
  const others = found.filter(({ cascades }) => !cascades);
  return (
    <>
      {found.length > 0 && act === "remove" && <Notice kind="warn" title={t.header.referBlocks}><p>{t.header.referBlocksWhy(names(found))}</p></Notice>}
      {found.length > 0 && act === "truncate" && (
        <Notice kind="warn" title={t.header.refers}>
          {cascading.length > 0 && <p>{t.header.referCascade(names(cascading))}</p>}
          {others.length > 0 && <p>{t.header.referEmptied(names(others))}</p>}
        </Notice>
      )}
      {views.length > 0 && act === "remove" && <p>{t.header.named(views.join(", "))}</p>}
    </>
  );
};

const Why = ({ act, collection }: Asking) => {
  const n = useCounted(collection);
  if (collection.type === "view") return <p>{t.header.removeView}</p>;
  if (n === undefined) return <p>{t.header.countsPending}</p>;
  if (n === null) return <p>{t.header.countUnknown}</p>;
  return <p>{(act === "remove" ? t.header.removeWhy : t.header.truncateWhy)(formatNumber(n))}</p>;
};

const isShown = ({ name, id }: Collection): boolean => [name, id].some((one) => path.peek() === `/data/${encodeURIComponent(one)}`);

const carryOut: Record<Asking["act"], (one: Collection) => Promise<void>> = {
  truncate: async (one) => {
    await truncateCollection(one.name);
    forgetCount(one.id);
    toast("ok", t.header.truncated(one.name));
  },
  remove: async (one) => {
    await deleteCollection(one.name);
    await reloadCollections(); // first, or it would be opened again
    if (isShown(one)) await navigate("/data", { replace: true });
    toast("ok", t.header.removed(one.name));
  },
};

// Done only when the name has been typed.
export const AskDialog = ({ act, collection, onClose: close }: Asking & { onClose: () => void }) => {
  const form = useForm({ name: "" });
  const run = async () => {
    if (form.draft.name !== collection.name) return form.refuse({ name: t.header.typeWrong });
    if (await form.submit(() => carryOut[act](collection))) close();
  };
  const texts = { truncate: { title: t.header.truncateTitle, act: t.header.truncate }, remove: { title: t.header.removeTitle, act: t.header.remove } }[act];
  return (
    <Dialog
      title={texts.title(collection.name)}
      onClose={close}
      acts={<><Button size="form" onClick={close}>{t.common.cancel}</Button><Button size="form" kind="danger" class="button-final" busy={form.isBusy} onClick={() => void run()}>{texts.act}</Button></>}
    >
      <Why act={act} collection={collection} />
      <Referring act={act} collection={collection} />
      <form onSubmit={(event) => { event.preventDefault(); void run(); }}>
        <TextField label={t.header.typeName(collection.name)} {...bind(form, "name")} />
      </form>
      <ErrorNotice error={form.wrong} />
    </Dialog>
  );
};

export const NameDialog = ({ of, onClose: close }: { of: Naming; onClose: () => void }) => {
  const group = "group" in of ? of.group : undefined;
  const form = useForm({ name: group?.name ?? "" });
  const save = async () => {
    const { name } = form.draft;
    if (!cleanName(name)) return form.refuse({ name: t.header.nameMissing });
    if (isTaken(groups.value, name, group?.id)) return form.refuse({ name: t.header.nameTaken });
    setGroups(group ? renameGroup(groups.value, group.id, name) : addGroup(groups.value, name, "item" in of ? of.item : undefined));
    close();
  };
  return (
    <Dialog
      title={group ? t.header.renameGroup : t.header.newGroup}
      onClose={close}
      acts={<><Button size="form" onClick={close}>{t.common.cancel}</Button><Button size="form" kind="primary" onClick={() => void save()}>{group ? t.header.rename : t.header.create}</Button></>}
    >
      <form onSubmit={(event) => { event.preventDefault(); void save(); }}>
        <TextField label={t.header.groupName} hint={t.header.groupHint} {...bind(form, "name")} />
      </form>
    </Dialog>
  );
};
