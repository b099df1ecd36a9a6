// Everything from a backup: uploaded, restored, and then waited for the server to come back.

import { useId, useState } from "preact/hooks";
import { restoreBackup, uploadBackup } from "../../api/backups.ts";
import { ta } from "../../i18n/t-auth.ts";
import { Button, LinkButton } from "../../ui/Button/Button.tsx";
import { useForm } from "../../ui/form.ts";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { Card } from "../auth/card.tsx";
import { comesBack } from "./comes-back.ts";

type Stage = "choose" | "upload" | "restore" | "back" | "same" | "lost";

export const Restore = ({ token, onBack }: { token: string; onBack: () => void }) => {
  const id = useId();
  const form = useForm<{ file: File | null }>({ file: null });
  const [stage, setStage] = useState<Stage>("choose");
  const [part, setPart] = useState(0);
  const send = async (event: Event) => {
    event.preventDefault();
    const { file } = form.draft;
    if (!file) return;
    setStage("upload");
    const isRestoring = await form.submit(async () => {
      await uploadBackup(token, file, setPart);
      setStage("restore");
      await restoreBackup(token, file.name);
    });
    setStage(isRestoring ? await comesBack(token) : "choose");
  };
  if (stage === "back")
    return (
      <Card title={ta.install.restored} lead={ta.install.restoredWhy}>
        <div><LinkButton kind="primary" size="form" href="#/login">{ta.install.toLogin}</LinkButton></div>
      </Card>
    );
  return (
    <Card title={ta.install.restore} lead={ta.install.restoreLead}>
      <form onSubmit={(event) => void send(event)} noValidate>
        <ErrorNotice error={form.wrong} />
        {(stage === "lost" || stage === "same") && <Notice kind="danger" title={ta.install.restoreFailed[stage]} />}
        <div class="field">
          <label class="field-label" for={id}>{ta.install.restoreFile}</label>
          <input id={id} name="file" type="file" accept=".zip,application/zip" onChange={(event) => form.set({ file: event.currentTarget.files?.[0] ?? null })} />
        </div>
        <p role="status">{stage === "upload" ? ta.install.uploading(Math.round(part * 100)) : stage === "restore" ? ta.install.restoring : ""}</p>
        <div class="card-acts">
          <Button kind="quiet" icon="arrow-left" disabled={stage === "upload" || stage === "restore"} onClick={onBack}>{ta.login.back}</Button>
          <Button kind="primary" size="form" type="submit" busy={stage === "upload" || stage === "restore"} disabled={!form.draft.file}>{ta.install.restoreStart}</Button>
        </div>
      </form>
    </Card>
  );
};
