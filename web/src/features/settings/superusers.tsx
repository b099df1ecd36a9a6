// Who may do everything here.

import { useEffect, useMemo, useState } from "preact/hooks";
import { requestReset, superusers } from "../../api/auth.ts";
import { createRecord, deleteRecord, listRecords } from "../../api/records.ts";
import type { Page, Row } from "../../api/types.ts";
import { formatRelative, parseDate } from "../../i18n/format.ts";
import { ts } from "../../i18n/t-settings.ts";
import { t } from "../../i18n/t.ts";
import { isObject, whole } from "../../lib/values.ts";
import { collection } from "../../state/instance.ts";
import { loaded } from "../../state/loaded.ts";
import { isLocked } from "../../state/protect.ts";
import { session, signOut } from "../../state/session.ts";
import { Badge } from "../../ui/Badge/Badge.tsx";
import { Button, LinkButton } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { TextField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { Menu } from "../../ui/Menu/Menu.tsx";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { ProtectedNotice } from "../../ui/Protected/Protected.tsx";
import { Card } from "../../ui/Card/Card.tsx";
import { NewPassword, wrongPasswords } from "../auth/new-password.tsx";
import { useHeldFocus } from "./engine.ts";

const perPage = 100;
const emailOf = (row: Row): string => whole(row["email"] ?? "");
const isOwn = (row: Row): boolean => row.id === session.value?.user.id;

type Asked = { act: "remove" | "reset"; row: Row } | { act: "add" };
interface Asking {
  onClose: () => void;
  onDone: (said: string) => void;
}

const Add = ({ onClose, onDone }: Asking) => {
  const form = useForm({ email: "", password: "", passwordConfirm: "" });
  const run = async (event?: Event) => {
    event?.preventDefault();
    const wrong = wrongPasswords(form.draft);
    if (Object.keys(wrong).length > 0) return form.refuse(wrong);
    if (await form.submit(async (draft) => void (await createRecord(superusers, draft)))) onDone(ts.superusers.added(form.draft.email));
  };
  return (
    <Dialog title={ts.superusers.add} onClose={onClose} acts={<><Button size="form" onClick={onClose}>{t.common.cancel}</Button><Button size="form" kind="primary" busy={form.isBusy} onClick={() => void run()}>{ts.superusers.addAct}</Button></>}>
      <form class="def-cards" noValidate onSubmit={(event) => void run(event)}>
        <TextField {...bind(form, "email")} label={ts.superusers.email} type="email" autofocus required />
        <NewPassword form={form} />
        <button type="submit" hidden />
      </form>
      <ErrorNotice error={form.wrong} />
    </Dialog>
  );
};

const acts = {
  remove: { title: ts.superusers.removeTitle, why: ts.superusers.removeWhy, act: ts.superusers.remove, kind: "danger", run: (row: Row) => deleteRecord(superusers, row.id), done: ts.superusers.removed },
  reset: { title: ts.superusers.resetTitle, why: ts.superusers.resetWhy, act: ts.superusers.reset, kind: "primary", run: async (row: Row) => void (await requestReset(superusers, emailOf(row))), done: ts.superusers.resetSent },
} as const;

const Ask = ({ act, row, onClose, onDone }: Asking & { act: keyof typeof acts; row: Row }) => {
  const form = useForm({});
  const of = acts[act];
  const run = async () => {
    if (!(await form.submit(() => of.run(row)))) return;
    if (act === "remove" && isOwn(row)) signOut();
    else onDone(of.done(emailOf(row)));
  };
  return (
    <Dialog title={of.title(emailOf(row))} onClose={onClose} acts={<><Button size="form" onClick={onClose}>{t.common.cancel}</Button><Button size="form" kind={of.kind} {...(of.kind === "danger" ? { class: "button-final" } : {})} busy={form.isBusy} onClick={() => void run()}>{of.act}</Button></>}>
      <p>{isOwn(row) && act === "remove" ? ts.superusers.removeOwn : of.why}</p>
      <ErrorNotice error={form.wrong} />
    </Dialog>
  );
};

const Item = ({ row, isLast, ask }: { row: Row; isLast: boolean; ask: (asked: Asked) => void }) => {
  const created = parseDate(whole(row["created"] ?? ""));
  const locked = isLocked.value ? t.protect.locked : undefined;
  const off = (why: string | undefined) => (why ? { disabled: why } : {});
  const items = [
    { label: ts.superusers.reset, icon: "mail" as const, ...off(locked), act: () => ask({ act: "reset", row }) },
    { label: ts.superusers.remove, icon: "trash-2" as const, kind: "danger" as const, ...off(locked ?? (isLast ? ts.superusers.last : undefined)), act: () => ask({ act: "remove", row }) },
  ];
  return (
    <li class="set-item">
      <div class="set-main">
        <a href={`#/data/${superusers}?record=${encodeURIComponent(row.id)}`}>{emailOf(row) || row.id}</a>
        {created && <span class="field-hint">{ts.superusers.since(formatRelative(created, Date.now()))}</span>}
      </div>
      {isOwn(row) && <Badge kind="accent">{ts.superusers.you}</Badge>}
      <Menu label={ts.superusers.acts(emailOf(row))} icon="ellipsis" placement="bottom-end" groups={[{ items }]} />
    </li>
  );
};

const Mfa = () => {
  const mfa = collection(superusers)?.["mfa"];
  const isOn = isObject(mfa) && mfa["enabled"] === true;
  return (
    <Card title={ts.superusers.mfa} why={ts.superusers.mfaWhy}>
      <div class="set-acts">
        <Badge kind={isOn ? "ok" : "plain"}>{isOn ? ts.on : ts.off}</Badge>
        <LinkButton href={`#/data/${superusers}/auth`}>{ts.superusers.mfaChange}</LinkButton>
      </div>
    </Card>
  );
};

export const Superusers = () => {
  const found = useMemo(() => loaded<Page<Row>>(), []);
  const [asked, ask] = useState<Asked | null>(null);
  const [said, say] = useState("");
  const load = () => found.load((signal) => listRecords(superusers, { perPage, sort: "email" }, signal));
  useEffect(() => {
    void load();
    return found.stop;
  }, [found]);
  const asking: Asking = {
    onClose: () => ask(null),
    onDone: (text) => {
      ask(null);
      say(text);
      void load();
    },
  };
  const page = found.data.value;
  const box = useHeldFocus<HTMLDivElement>([asked, page]);
  const total = page?.totalItems ?? page?.items.length ?? 0;
  return (
    <div ref={box} class="def-page" tabIndex={-1}>
      {isLocked.value && <ProtectedNotice />}
      <Card title={ts.superusers.title} why={ts.superusers.why}>
        <div class="record-acts">
          <Button size="form" kind="primary" icon="plus" disabled={isLocked.value && t.protect.locked} onClick={() => { say(""); ask({ act: "add" }); }}>{ts.superusers.add}</Button>
          <LinkButton size="form" href={`#/data/${superusers}`}>{ts.superusers.records}</LinkButton>
        </div>
        <p role="status">{said}</p>
        <ErrorNotice error={found.error.value} />
        {page && <ul class="set-items" aria-label={ts.superusers.title}>{page.items.map((row) => <Item key={row.id} row={row} isLast={total === 1} ask={ask} />)}</ul>}
        {page && total > page.items.length && <p class="field-hint">{ts.superusers.more(total - page.items.length)}</p>}
      </Card>
      <Mfa />
      {asked?.act === "add" && <Add {...asking} />}
      {asked && asked.act !== "add" && <Ask {...asking} act={asked.act} row={asked.row} />}
    </div>
  );
};
