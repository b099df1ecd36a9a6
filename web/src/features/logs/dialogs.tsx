// The settings of the logs, and deleting all of them.

import { useEffect, useState } from "preact/hooks";
import { clearLogs } from "../../api/logs.ts";
import { changeSettings } from "../../api/settings.ts";
import type { Settings } from "../../api/types.ts";
import { tl } from "../../i18n/t-logs.ts";
import { t } from "../../i18n/t.ts";
import { isObject } from "../../lib/values.ts";
import { reloadSettings, settings } from "../../state/instance.ts";
import { isLocked } from "../../state/protect.ts";
import { toast } from "../../state/toasts.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { Checkbox, Field, TextField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { NumberInput } from "../../ui/Number/Number.tsx";
import { ProtectedNotice } from "../../ui/Protected/Protected.tsx";
import { Select } from "../../ui/Select/Select.tsx";
import { levels, levelOf } from "./entry.ts";

export const logsSettings = (of: Settings | undefined): Record<string, unknown> => (isObject(of?.["logs"]) ? of["logs"] : {});

const numbers = ["maxDays", "minLevel", "maxDataSize"] as const;
const flags = ["logIP", "logAuthId"] as const;

// By the names that the server gives its refusals.
type Draft = Record<`logs.${(typeof numbers)[number]}`, string> & Record<`logs.${(typeof flags)[number]}`, boolean>;

const draftOf = (of: Record<string, unknown>): Draft =>
  Object.fromEntries([...numbers.map((name) => [`logs.${name}`, String(of[name] ?? 0)]), ...flags.map((name) => [`logs.${name}`, of[name] === true])]) as Draft;

const isWhole = (text: string): boolean => /^-?\d{1,16}$/.test(text.trim());

// Only what is other than before.
export const changedIn = (draft: Draft, was: Draft): Record<string, number | boolean> =>
  Object.fromEntries([
    ...numbers.filter((name) => draft[`logs.${name}`].trim() !== was[`logs.${name}`]).map((name) => [name, Number(draft[`logs.${name}`])]),
    ...flags.filter((name) => draft[`logs.${name}`] !== was[`logs.${name}`]).map((name) => [name, draft[`logs.${name}`]]),
  ]) as Record<string, number | boolean>;

const SettingsForm = ({ of, onClose }: { of: Record<string, unknown>; onClose: (isChanged: boolean) => void }) => {
  // Of when it was opened: what somebody else has set since is not set back.
  const [was] = useState(() => draftOf(of));
  const form = useForm(was);
  const { draft, set, errors } = form;
  const error = (name: keyof Draft) => (errors[name] ? { error: errors[name] } : {});
  const save = async () => {
    const wrong = numbers.filter((name) => !isWhole(draft[`logs.${name}`])).map((name) => [`logs.${name}`, tl.wholeNumber]);
    if (wrong.length > 0) return form.refuse(Object.fromEntries(wrong) as Partial<Record<keyof Draft, string>>);
    const logs = changedIn(draft, was);
    if (Object.keys(logs).length === 0) return onClose(false);
    if (!(await form.submit(async () => void (await changeSettings({ logs }))))) return;
    void reloadSettings();
    toast("ok", tl.saved);
    onClose(true);
  };
  const number = (name: (typeof numbers)[number], hint: string, unit: string) => (
    <Field label={tl[name]} hint={hint} {...error(`logs.${name}`)}>
      {(attributes) => <NumberInput attributes={attributes} label={tl[name]} value={draft[`logs.${name}`]} unit={unit} onInput={(value) => set({ [`logs.${name}`]: value })} />}
    </Field>
  );
  const least = Number(draft["logs.minLevel"]);
  const options = [...levels, ...(levels.some(({ value }) => value === least) ? [] : [levelOf(least)])].map(({ value, name }) => ({ value: String(value), label: name }));
  return (
    <Dialog
      title={tl.settings}
      onClose={() => onClose(false)}
      acts={<><Button size="form" onClick={() => onClose(false)}>{t.common.cancel}</Button><Button size="form" kind="primary" busy={form.isBusy} disabled={isLocked.value} onClick={() => void save()}>{tl.save}</Button></>}
    >
      {isLocked.value && <ProtectedNotice />}
      <form class="logs-form" onSubmit={(event) => { event.preventDefault(); if (!isLocked.peek()) void save(); }}>
        {number("maxDays", tl.maxDaysHint, tl.days)}
        <Field label={tl.minLevel} hint={tl.minLevelHint} {...error("logs.minLevel")}>
          {(attributes) => <Select attributes={attributes} label={tl.minLevel} value={draft["logs.minLevel"]} options={options} onChange={(value) => set({ "logs.minLevel": value })} />}
        </Field>
        {"maxDataSize" in of && number("maxDataSize", tl.maxDataSizeHint, tl.bytes)}
        {flags.map((name) => <Checkbox key={name} name={name} label={tl[name]} checked={draft[`logs.${name}`]} onChange={(on) => set({ [`logs.${name}`]: on })} />)}
        <p class="field-hint">{tl.fewer}</p>
        <button type="submit" hidden />
      </form>
      <ErrorNotice error={form.wrong} />
    </Dialog>
  );
};

export interface DialogProps {
  onClose: (isChanged: boolean) => void;
}

// As they are now, not as they were when somebody looked last.
export const SettingsDialog = ({ onClose }: DialogProps) => {
  useEffect(() => void (settings.data.peek() ?? reloadSettings()), []);
  const of = settings.data.value;
  if (of) return <SettingsForm of={logsSettings(of)} onClose={onClose} />;
  return (
    <Dialog title={tl.settings} onClose={() => onClose(false)} acts={<Button size="form" onClick={() => onClose(false)}>{t.common.cancel}</Button>}>
      {settings.error.value ? <ErrorNotice error={settings.error.value} onRetry={() => void reloadSettings()} /> : <p>{t.common.loading}</p>}
    </Dialog>
  );
};

export const ClearDialog = ({ onClose }: DialogProps) => {
  const form = useForm({ word: "" });
  const run = async () => {
    if (form.draft.word.trim() !== tl.clearWord) return form.refuse({ word: tl.clearWrong });
    if (!(await form.submit(clearLogs))) return;
    toast("ok", tl.cleared);
    onClose(true);
  };
  return (
    <Dialog
      title={tl.clearTitle}
      onClose={() => onClose(false)}
      acts={<><Button size="form" onClick={() => onClose(false)}>{t.common.cancel}</Button><Button size="form" kind="danger" class="button-final" busy={form.isBusy} onClick={() => void run()}>{tl.clearAct}</Button></>}
    >
      <p>{tl.clearWhy}</p>
      <form onSubmit={(event) => { event.preventDefault(); void run(); }}>
        <TextField label={tl.clearType(tl.clearWord)} {...bind(form, "word")} />
      </form>
      <ErrorNotice error={form.wrong} />
    </Dialog>
  );
};
