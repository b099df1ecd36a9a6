// Questions of the console.

import { ts } from "../../i18n/t-sql.ts";
import { t } from "../../i18n/t.ts";
import { cut } from "../../lib/values.ts";
import { settings } from "../../state/instance.ts";
import { isProtected } from "../../state/protect.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { TextField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import type { Step } from "./run.ts";

const mostText = 400;
const mostSteps = 20;

// Before anything is changed: what, and where. Protected, its name is typed.
export const SureDialog = ({ steps, onRun, onClose }: { steps: readonly Step[]; onRun: () => void; onClose: () => void }) => {
  const form = useForm({ name: "" });
  const app = isProtected.value ? (settings.data.value?.meta.appName ?? "") : "";
  const writing = steps.filter(({ doing }) => doing.writes);
  const go = () => {
    if (app && form.draft.name.trim() !== app.trim()) return form.refuse({ name: ts.typeWrong });
    onClose();
    onRun();
  };
  return (
    <Dialog title={ts.sureTitle} onClose={onClose} acts={<><Button size="form" onClick={onClose}>{t.common.cancel}</Button><Button size="form" kind="danger" class="button-final" onClick={go}>{ts.sureAct}</Button></>}>
      <p>{ts.sureWhy}</p>
      <ul class="sql-steps">
        {writing.slice(0, mostSteps).map(({ statement, doing }) => (
          <li key={statement.from}>
            <p>{ts.sureKind}: <b>{doing.verb || ts.sureNone}</b> · {ts.sureTarget}: <b dir="auto">{doing.target || ts.sureNone}</b></p>
            <pre dir="ltr" tabIndex={0} aria-label={doing.verb || ts.title}><code>{cut(statement.text, mostText)}</code></pre>
          </li>
        ))}
      </ul>
      {writing.length > mostSteps && <p>{t.errors.moreFields(writing.length - mostSteps)}</p>}
      <form onSubmit={(event) => { event.preventDefault(); go(); }}>{app && <TextField label={ts.typeApp(app)} {...bind(form, "name")} />}</form>
    </Dialog>
  );
};

export const RenameDialog = ({ name, onName, onClose }: { name: string; onName: (name: string) => void; onClose: () => void }) => {
  const form = useForm({ name });
  const save = () => {
    const next = cut(form.draft.name.trim(), 60);
    if (!next) return form.refuse({ name: ts.nameMissing });
    onName(next);
    onClose();
  };
  return (
    <Dialog title={ts.renameTitle} onClose={onClose} acts={<><Button size="form" onClick={onClose}>{t.common.cancel}</Button><Button size="form" kind="primary" onClick={save}>{ts.save}</Button></>}>
      <form onSubmit={(event) => { event.preventDefault(); save(); }}><TextField label={ts.name} {...bind(form, "name")} /></form>
    </Dialog>
  );
};
