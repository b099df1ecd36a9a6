// Everything from a backup: typed first, then waited for, then signed in again.

import { useState } from "preact/hooks";
import { refresh } from "../../api/auth.ts";
import { restoreBackup } from "../../api/backups.ts";
import { ApiError } from "../../api/error.ts";
import { formatBytes, formatDate, formatNumber, parseDate } from "../../i18n/format.ts";
import { ts } from "../../i18n/t-settings.ts";
import { t } from "../../i18n/t.ts";
import { collections } from "../../state/instance.ts";
import { setQuery } from "../../state/router.ts";
import { endSession, session } from "../../state/session.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { TextField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { comesBack } from "../install/comes-back.ts";
import type { BackupItem } from "./backups-state.ts";

// All that this page knows is of another time: it begins anew, signed in where that account is the same.
const begin = async (key: string): Promise<void> => {
  setQuery({ restored: key });
  try {
    await refresh(session.peek()?.token ?? "");
    location.reload();
  } catch (error) {
    if (error instanceof ApiError && error.status > 0) endSession();
    else location.reload();
  }
};

type Stage = "ask" | "wait" | "same" | "lost";

export const RestoreDialog = ({ item, onClose }: { item: BackupItem; onClose: () => void }) => {
  const form = useForm({ name: "" });
  const [stage, setStage] = useState<Stage>("ask");
  const date = parseDate(item.modified);
  const run = async () => {
    if (form.draft.name !== item.key) return form.refuse({ name: ts.backups.typeWrong });
    setStage("wait");
    if (!(await form.submit(() => restoreBackup(undefined, item.key)))) return setStage("ask");
    const now = await comesBack();
    if (now === "back") await begin(item.key);
    else setStage(now);
  };
  const isWaiting = stage === "wait";
  return (
    <Dialog
      title={ts.backups.restoreTitle(item.key)}
      {...(isWaiting ? {} : { onClose })}
      acts={<><Button size="form" disabled={isWaiting} onClick={onClose}>{t.common.cancel}</Button><Button size="form" kind="danger" class="button-final" busy={isWaiting} onClick={() => void run()}>{ts.backups.restore}</Button></>}
    >
      <p>{ts.backups.replaced(formatNumber(collections.data.value?.filter(({ system }) => !system).length ?? 0))}</p>
      <p>{ts.backups.replacedBy(date ? formatDate(date) : "", formatBytes(item.size))}</p>
      <p class="field-hint">{ts.backups.restoreHint}</p>
      <form onSubmit={(event) => { event.preventDefault(); if (!isWaiting) void run(); }}>
        <TextField label={ts.backups.typeName(item.key)} {...bind(form, "name")} readonly={isWaiting} />
      </form>
      <p role="status">{isWaiting ? ts.backups.restoring : ""}</p>
      {(stage === "lost" || stage === "same") && <Notice kind="danger" title={ts.backups.notRestored[stage]} />}
      <ErrorNotice error={form.wrong} />
    </Dialog>
  );
};
