// Who mails come from, and by what they are sent.

import { useState } from "preact/hooks";
import { testMail } from "../../api/settings.ts";
import { ts } from "../../i18n/t-settings.ts";
import { collections } from "../../state/instance.ts";
import { session } from "../../state/session.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Field, TextField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { Menu } from "../../ui/Menu/Menu.tsx";
import { Notice } from "../../ui/Notice/Notice.tsx";
import { Select } from "../../ui/Select/Select.tsx";
import { Card } from "../../ui/Card/Card.tsx";
import { mailCauses } from "./causes.ts";
import { ChoiceSetting, NumberSetting, savedFirst, SecretSetting, SwitchSetting, TextSetting } from "./controls.tsx";
import type { SettingsEdit } from "./edit.ts";
import { editOf } from "./engine.ts";
import { SettingsForm } from "./form.tsx";
import { Tested } from "./test.tsx";

interface Provider {
  name: string;
  host: string;
  port: number;
  tls: boolean;
}

const providers: readonly Provider[] = [
  { name: "Amazon SES", host: "email-smtp.eu-central-1.amazonaws.com", port: 587, tls: false },
  { name: "Brevo", host: "smtp-relay.brevo.com", port: 587, tls: false },
  { name: "Google", host: "smtp.gmail.com", port: 465, tls: true },
  { name: "Mailgun", host: "smtp.mailgun.org", port: 587, tls: false },
  { name: "Postmark", host: "smtp.postmarkapp.com", port: 587, tls: false },
];

const take = (edit: SettingsEdit, { host, port, tls }: Provider): void => {
  for (const [path, value] of [["enabled", true], ["host", host], ["port", port], ["tls", tls]] as const) edit.set(`smtp.${path}`, value);
};

const templates = ["verification", "password-reset", "email-change", "otp", "login-alert"] as const;
const causes = mailCauses(ts.mail.causes);

const Test = ({ edit }: { edit: SettingsEdit }) => {
  const form = useForm({ email: String(session.value?.user["email"] ?? ""), template: "verification", collection: "_superusers" });
  const [sent, setSent] = useState("");
  const send = async (event: Event) => {
    event.preventDefault();
    if (edit.isDirty.peek()) return;
    setSent("");
    const { email } = form.draft;
    if (await form.submit(testMail)) setSent(ts.mail.sent(email));
  };
  const accounts = (collections.data.value ?? []).filter(({ type }) => type === "auth").map(({ name }) => ({ value: name, label: name }));
  return (
    <Card title={ts.mail.test} why={ts.mail.testWhy}>
      <form class="def-cards" noValidate onSubmit={(event) => void send(event)}>
        <div class="def-pair">
          <TextField label={ts.mail.testTo} type="email" {...bind(form, "email")} />
          <Field label={ts.mail.template} error={form.errors.template}>{(attributes) => <Select attributes={attributes} label={ts.mail.template} value={form.draft.template} options={templates.map((value) => ({ value, label: ts.mail.templates[value] ?? value }))} onChange={(template) => form.set({ template })} />}</Field>
          <Field label={ts.mail.accounts} error={form.errors.collection}>{(attributes) => <Select attributes={attributes} label={ts.mail.accounts} value={form.draft.collection} options={accounts} onChange={(collection) => form.set({ collection })} />}</Field>
        </div>
        <div><Button type="submit" size="form" icon="mail" busy={form.isBusy} disabled={savedFirst(edit.isDirty.value)}>{ts.mail.send}</Button></div>
        <Tested wrong={form.wrong} causes={causes} done={sent} />
      </form>
    </Card>
  );
};

// What a port is for, where the rest of it says otherwise.
const portWarning = (port: unknown, tls: unknown): string => (port === 465 && tls !== true ? ts.mail.needsTls : (port === 587 || port === 25) && tls === true ? ts.mail.noTls : "");

export const Mail = () => {
  const edit = editOf("mail");
  const warning = edit.at("smtp.enabled") === true ? portWarning(edit.at("smtp.port"), edit.at("smtp.tls")) : "";
  return (
    <SettingsForm edit={edit} more={<Test edit={edit} />}>
      <Card title={ts.mail.sender}>
        <div class="def-pair">
          <TextSetting path="meta.senderName" />
          <TextSetting path="meta.senderAddress" type="email" />
        </div>
      </Card>
      <Card title={ts.mail.server}>
        <div class="set-head">
          <SwitchSetting path="smtp.enabled" />
          <Menu label={ts.mail.providers} kind="plain" icon="wand-sparkles" text={ts.mail.providers} groups={[{ items: providers.map((one) => ({ label: one.name, hint: `${one.host}:${one.port}`, act: () => take(edit, one) })) }]} />
        </div>
        <div class="def-pair">
          <TextSetting path="smtp.host" />
          <NumberSetting path="smtp.port" />
          <ChoiceSetting path="smtp.tls" options={[{ value: "start", label: ts.mail.startTls }, { value: "tls", label: ts.mail.always }]} read={(value) => (value === true ? "tls" : "start")} write={(text) => text === "tls"} />
          <ChoiceSetting path="smtp.authMethod" options={["PLAIN", "LOGIN"].map((value) => ({ value, label: value }))} read={(value) => (value === "LOGIN" ? "LOGIN" : "PLAIN")} />
          <TextSetting path="smtp.username" />
          <SecretSetting path="smtp.password" />
          <TextSetting path="smtp.localName" />
        </div>
        {warning && <Notice kind="warn" title={warning} />}
      </Card>
    </SettingsForm>
  );
};
