// The client secret of Apple is a token that is made of a key, and ends after half a year at the latest.

import { call } from "../../api/client.ts";
import { td } from "../../i18n/t-def.ts";
import { tr } from "../../i18n/t-record.ts";
import { whole } from "../../lib/values.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Field, TextField } from "../../ui/Field/Field.tsx";
import { DurationInput } from "../../ui/Duration/Duration.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import type { ProviderFormProps } from "./provider.tsx";

const halfYear = 15_777_000;

export const AppleSecret = ({ provider, onSecret }: ProviderFormProps) => {
  const form = useForm({ teamId: "", keyId: "", privateKey: "", duration: halfYear as number | string, clientId: "" });
  const make = () =>
    form.submit(async ({ teamId, keyId, privateKey, duration }) => {
      const body = { clientId: whole(provider.clientId), teamId, keyId, privateKey, duration };
      const { data } = await call<{ secret: string }>({ method: "POST", path: "settings/apple/generate-client-secret", body });
      onSecret(data.secret);
    });
  return (
    <div class="def-apple">
      <p class="field-hint">{td.auth.appleWhy}</p>
      <TextField label={td.auth.appleTeam} {...bind(form, "teamId")} />
      <TextField label={td.auth.appleKey} {...bind(form, "keyId")} />
      <Field label={td.auth.applePrivate} error={form.errors.privateKey ?? ""}>
        {(attributes) => <textarea {...attributes} class="input text-input code-input" rows={4} name="privateKey" spellcheck={false} dir="ltr" value={form.draft.privateKey} onInput={(event) => form.set({ privateKey: event.currentTarget.value })} />}
      </Field>
      <Field label={td.auth.appleDuration} error={form.errors.duration ?? ""}>
        {(attributes) => <DurationInput attributes={attributes} label={td.auth.appleDuration} value={form.draft.duration} onChange={(duration) => form.set({ duration })} />}
      </Field>
      {form.errors.clientId && <p class="field-error">{td.auth.clientId}: {form.errors.clientId}</p>}
      <ErrorNotice error={form.wrong} />
      <div class="record-acts"><Button busy={form.isBusy} onClick={() => void make()}>{td.auth.appleAct}</Button><span class="field-hint">{tr.account.afterSave}</span></div>
    </div>
  );
};
