// The backups that there are, and what is done with one.

import { useEffect, useRef, useState } from "preact/hooks";
import { createBackup, deleteBackup, verifyBackup } from "../../api/backups.ts";
import { address, part } from "../../api/client.ts";
import { requestFileToken } from "../../api/files.ts";
import { formatBytes, formatDate, formatNumber, formatRelative, parseDate } from "../../i18n/format.ts";
import { ts } from "../../i18n/t-settings.ts";
import { t } from "../../i18n/t.ts";
import { has } from "../../state/instance.ts";
import { isLocked } from "../../state/protect.ts";
import { query, setQuery } from "../../state/router.ts";
import { Badge } from "../../ui/Badge/Badge.tsx";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { TextField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { Menu } from "../../ui/Menu/Menu.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import type { BackupItem, BackupsState } from "./backups-state.ts";
import { useHeldFocus } from "./engine.ts";
import { RestoreDialog } from "./restore-dialog.tsx";
import { sendUpload, showUploads, stopUpload, uploading, uploadWrong } from "./upload.ts";

const autoPrefix = "@auto_pb_backup_";
export const withEnding = (name: string): string => (name === "" || name.endsWith(".zip") ? name : `${name}.zip`);

type Asked = { act: "restore" | "remove"; item: BackupItem } | { act: "create" } | null;

const Create = ({ of, onClose }: { of: BackupsState; onClose: () => void }) => {
  const form = useForm({ name: "" });
  const run = async () => {
    if (await form.submit(({ name }) => of.during(() => createBackup(withEnding(name.trim()))))) onClose();
  };
  const percent = of.part.value === null ? "" : ` ${Math.round(of.part.value * 100)} %`;
  return (
    <Dialog
      title={ts.backups.create}
      {...(form.isBusy ? {} : { onClose })}
      acts={<><Button size="form" disabled={form.isBusy} onClick={onClose}>{t.common.cancel}</Button><Button size="form" kind="primary" busy={form.isBusy} onClick={() => void run()}>{ts.backups.createAct}</Button></>}
    >
      <form onSubmit={(event) => { event.preventDefault(); void run(); }}>
        <TextField label={ts.backups.name} hint={ts.backups.nameHint} {...bind(form, "name")} />
      </form>
      <p role="status">{form.isBusy ? `${ts.backups.making}${percent}` : ""}</p>
      <ErrorNotice error={form.wrong} />
    </Dialog>
  );
};

const Remove = ({ of, item, onClose }: { of: BackupsState; item: BackupItem; onClose: () => void }) => {
  const form = useForm({});
  const run = async () => {
    if (!(await form.submit(() => deleteBackup(item.key)))) return;
    await of.load();
    onClose();
  };
  return (
    <Dialog
      title={ts.backups.removeTitle(item.key)}
      onClose={onClose}
      acts={<><Button size="form" onClick={onClose}>{t.common.cancel}</Button><Button size="form" kind="danger" class="button-final" busy={form.isBusy} onClick={() => void run()}>{ts.backups.remove}</Button></>}
    >
      <p>{ts.backups.removeWhy}</p>
      <ErrorNotice error={form.wrong} />
    </Dialog>
  );
};

const download = async (key: string): Promise<void> => {
  const link = document.createElement("a");
  link.href = address(`backups/${part(key)}`, { token: await requestFileToken() });
  link.download = key;
  link.click();
};

// Verified: it was read again after it was made, or when somebody asked for that.
const Facts = ({ item }: { item: BackupItem }) => {
  const date = parseDate(item.modified);
  return (
    <span class="field-hint">
      {[formatBytes(item.size), date && `${formatRelative(date, Date.now())} (${formatDate(date)})`, item.rows !== undefined && ts.backups.content(formatNumber(item.rows), formatNumber(item.files ?? 0))].filter(Boolean).join(" · ")}
    </span>
  );
};

const Item = ({ item, of, ask }: { item: BackupItem; of: BackupsState; ask: (asked: Asked) => void }) => {
  const form = useForm({});
  const [said, say] = useState("");
  const locked = isLocked.value ? t.protect.locked : undefined;
  const busy = locked ?? (of.isBusy.value ? ts.backups.busy : undefined);
  const verify = () =>
    form.submit(async () => {
      say("");
      const { tables, rows, files } = await verifyBackup(item.key);
      say(ts.backups.verified(formatNumber(tables), formatNumber(rows), formatNumber(files)));
      await of.load();
    });
  const off = (why: string | undefined) => (why ? { disabled: why } : {});
  const items = [
    ...(has("backups") ? [{ label: ts.backups.verify, icon: "shield-check" as const, act: () => void verify() }] : []),
    { label: ts.backups.restore, icon: "history" as const, ...off(busy), act: () => ask({ act: "restore", item }) },
    { label: ts.backups.remove, icon: "trash-2" as const, kind: "danger" as const, ...off(locked), act: () => ask({ act: "remove", item }) },
  ];
  return (
    <li class="set-item">
      <div class="set-main"><span dir="ltr">{item.key}</span><Facts item={item} /></div>
      <Badge>{item.key.startsWith(autoPrefix) ? ts.backups.automatic : ts.backups.manual}</Badge>
      {item.verified !== undefined && <Badge kind={item.verified ? "ok" : "danger"}>{item.verified ? ts.backups.isVerified : ts.backups.isBroken}</Badge>}
      <span class="set-acts">
        <Button kind="quiet" icon="download" label={ts.backups.download(item.key)} onClick={() => void form.submit(() => download(item.key))} />
        <Menu label={ts.backups.acts(item.key)} icon="ellipsis" placement="bottom-end" groups={[{ items }]} />
      </span>
      {form.isBusy && <span role="status">{ts.backups.working}</span>}
      {said && <Notice kind="ok" title={said} />}
      {item.error && <Notice kind="danger" title={item.error} />}
      <ErrorNotice error={form.wrong} />
    </li>
  );
};

export const BackupList = ({ of }: { of: BackupsState }) => {
  const [asked, ask] = useState<Asked>(null);
  const [isOver, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const now = uploading.value;
  const progress = now && ts.backups.uploading(now.name, Math.round(now.part * 100));
  useEffect(() => showUploads(of), [of]);
  const locked = isLocked.value && t.protect.locked;
  const items = of.items.value;
  const close = () => ask(null);
  const box = useHeldFocus<HTMLDivElement>([asked, items]);
  // Told once.
  const [restored] = useState(query.peek()["restored"]);
  useEffect(() => setQuery({ restored: undefined }), []);
  const hasFiles = (event: DragEvent) => !locked && event.dataTransfer?.types.includes("Files");
  return (
    <div
      ref={box}
      tabIndex={-1}
      role="group"
      aria-label={ts.backups.title}
      class={`def-cards set-drop${isOver ? " is-over" : ""}`}
      onDragOver={(event) => { if (hasFiles(event)) { event.preventDefault(); setOver(true); } }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => { if (!hasFiles(event)) return; event.preventDefault(); setOver(false); void sendUpload(event.dataTransfer?.files[0]); }}
    >
      {restored && <Notice kind="ok" title={ts.backups.restored(restored)} />}
      <div class="record-acts">
        <Button size="form" kind="primary" icon="archive" disabled={locked || (of.isBusy.value && ts.backups.busy)} onClick={() => ask({ act: "create" })}>{ts.backups.create}</Button>
        <Button size="form" icon="upload" disabled={locked || (progress ?? false)} onClick={() => picker.current?.click()}>{ts.backups.upload}</Button>
        <input ref={picker} hidden type="file" accept=".zip,application/zip" aria-label={ts.backups.upload} onChange={(event) => { void sendUpload(event.currentTarget.files?.[0]); event.currentTarget.value = ""; }} />
        <Button size="form" kind="quiet" icon="refresh-cw" label={t.shell.refresh} onClick={() => void of.load()} />
      </div>
      {progress && <p role="status" class="set-head">{progress}<Button onClick={stopUpload}>{t.common.cancel}</Button></p>}
      <ErrorNotice error={uploadWrong.value} />
      {of.isBusy.value && <Notice kind="info" title={of.part.value === null ? ts.backups.busy : `${ts.backups.busy} ${Math.round(of.part.value * 100)} %`} />}
      {items?.length === 0 && <p>{ts.backups.empty}</p>}
      {items && items.length > 0 && <ul class="set-items" aria-label={ts.backups.title}>{items.map((item) => <Item key={item.key} item={item} of={of} ask={ask} />)}</ul>}
      {asked?.act === "create" && <Create of={of} onClose={close} />}
      {asked?.act === "remove" && <Remove of={of} item={asked.item} onClose={close} />}
      {asked?.act === "restore" && <RestoreDialog item={asked.item} onClose={close} />}
    </div>
  );
};
