// The mails of an auth collection: what they say, and how it looks when it is sent.

import { useRef, useState } from "preact/hooks";
import { call } from "../../api/client.ts";
import { htmlLines } from "../../fields/editor/lines.ts";
import { grow } from "../../fields/input.tsx";
import { td } from "../../i18n/t-def.ts";
import { t } from "../../i18n/t.ts";
import { whole } from "../../lib/values.ts";
import { settings } from "../../state/instance.ts";
import { session } from "../../state/session.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { Field, TextField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { Frame } from "../../ui/Frame/Frame.tsx";
import { Menu } from "../../ui/Menu/Menu.tsx";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { Tabs } from "../../ui/Tabs/Tabs.tsx";
import { Card } from "../../ui/Card/Card.tsx";
import type { CollectionEdit } from "./edit.ts";
import { readScaffolds } from "./reach.ts";
import type { PartProps } from "./parts.ts";
import { faultAt, setSetting, settingAt } from "./setting.tsx";

interface Template {
  kind: string; // as the server calls it where it is tried
  path: string;
  needs: readonly string[]; // without one of these it leads nowhere
  knows: readonly string[];
}

const always = ["APP_NAME", "APP_URL"];
const templates: readonly Template[] = [
  { kind: "verification", path: "verificationTemplate", needs: ["TOKEN"], knows: [...always, "TOKEN"] },
  { kind: "password-reset", path: "resetPasswordTemplate", needs: ["TOKEN"], knows: [...always, "TOKEN"] },
  { kind: "email-change", path: "confirmEmailChangeTemplate", needs: ["TOKEN"], knows: [...always, "TOKEN"] },
  { kind: "otp", path: "otp.emailTemplate", needs: ["OTP", "OTP_ID"], knows: [...always, "OTP", "OTP_ID"] },
  { kind: "login-alert", path: "authAlert.emailTemplate", needs: [], knows: [...always, "ALERT_INFO"] },
];

const mostLines = 24;
const previewHeight = 320;
const placeholder = /\{([A-Z_]+(?::\w+)?)\}/g;

// Those of the record itself, too: what is hidden is never sent.
const knownBy = (edit: CollectionEdit, { knows }: Template): string[] =>
  [...knows, ...edit.draft.value.fields.filter(({ field, isRemoved }) => !field.hidden && !isRemoved && field.type !== "password").map(({ field }) => `RECORD:${field.name}`)];

const usedIn = (text: string): string[] => [...new Set([...text.matchAll(placeholder)].map(([, name]) => name ?? ""))];

const hintsOf = (edit: CollectionEdit, template: Template, text: string): string[] => {
  const known = new Set(knownBy(edit, template));
  const used = usedIn(text);
  const unknown = used.filter((name) => !known.has(name));
  const { needs } = template;
  return [
    ...(needs.length > 0 && !needs.some((name) => used.includes(name)) ? [td.mail.missing(needs.map((name) => `{${name}}`).join(", "))] : []),
    ...(unknown.length > 0 ? [td.mail.unknown(unknown.map((name) => `{${name}}`).join(", "))] : []),
  ];
};

// As it would be sent to somebody.
const filled = (text: string): string => {
  const meta = settings.data.value?.meta;
  const sample: Record<string, string> = { ...td.mail.sample, ...(meta ? { APP_NAME: meta.appName, APP_URL: meta.appURL } : {}) };
  return text.replace(placeholder, (all, name: string) => sample[name] ?? (name.startsWith("RECORD:") ? name.slice("RECORD:".length) : all));
};

const Preview = ({ html, label }: { html: string; label: string }) => {
  const [view, setView] = useState<"html" | "plain">("html");
  const shown = filled(html);
  return (
    <Tabs label={td.mail.preview} tabs={[{ id: "html", label: td.mail.preview }, { id: "plain", label: td.mail.plain }]} current={view} onSelect={setView}>
      {view === "html" ? <Frame html={shown} label={label} height={previewHeight} /> : <pre class="def-plain" tabIndex={0} aria-label={td.mail.plain}>{htmlLines(shown).join("\n")}</pre>}
    </Tabs>
  );
};

const Test = ({ edit, template, onClose }: { edit: CollectionEdit; template: Template; onClose: () => void }) => {
  const form = useForm({ email: String(session.value?.user["email"] ?? "") });
  const [sent, setSent] = useState("");
  const send = async () => {
    setSent("");
    const { email } = form.draft;
    if (await form.submit(async () => void (await call({ method: "POST", path: "settings/test/email", body: { email, template: template.kind, collection: edit.original.value.name } })))) setSent(email);
  };
  return (
    <Dialog title={`${td.mail.test}: ${td.mail.kinds[template.kind] ?? ""}`} onClose={onClose} acts={<><Button size="form" onClick={onClose}>{t.common.close}</Button><Button size="form" kind="primary" icon="mail" busy={form.isBusy} onClick={() => void send()}>{td.mail.testSend}</Button></>}>
      <p>{td.mail.testWhy}</p>
      <TextField label={td.mail.testTo} type="email" {...bind(form, "email")} />
      <p role="status">{sent && td.mail.testSent(sent)}</p>
      <ErrorNotice error={form.wrong} />
    </Dialog>
  );
};

// The server's own words.
const resetTo = async (edit: CollectionEdit, { path }: Template): Promise<void> => {
  const scaffold = (await readScaffolds())["auth"];
  const found = path.split(".").reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], scaffold);
  if (found) setSetting(edit, path, found);
};

const TemplateForm = ({ edit, canWrite, template }: PartProps & { template: Template }) => {
  const area = useRef<HTMLTextAreaElement>(null);
  const [isTesting, test] = useState(false);
  const form = useForm({});
  const title = td.mail.kinds[template.kind] ?? template.kind;
  const subjectPath = `${template.path}.subject`;
  const bodyPath = `${template.path}.body`;
  const body = whole(settingAt(edit, bodyPath));
  const subject = whole(settingAt(edit, subjectPath));
  const insert = (name: string) => {
    const at = area.current;
    if (!at) return;
    at.focus();
    const [from, to] = [at.selectionStart, at.selectionEnd];
    setSetting(edit, bodyPath, `${body.slice(0, from)}{${name}}${body.slice(to)}`);
    requestAnimationFrame(() => at.setSelectionRange(from + name.length + 2, from + name.length + 2));
  };
  const subjectError = faultAt(edit, subjectPath);
  const size = grow(body || "\n\n", mostLines);
  return (
    <Card title={title}>
      <TextField label={td.mail.subject} name={subjectPath} value={subject} onInput={(text) => setSetting(edit, subjectPath, text)} readonly={!canWrite} {...(subjectError ? { error: subjectError } : {})} />
      <Field label={td.mail.body} error={faultAt(edit, bodyPath)} hint={hintsOf(edit, template, subject + body).join(" ")}>
        {(attributes) => <textarea {...attributes} {...size} ref={area} class={`${size.class} code-input`} name={bodyPath} spellcheck={false} dir="ltr" readOnly={!canWrite} value={body} onInput={(event) => setSetting(edit, bodyPath, event.currentTarget.value)} />}
      </Field>
      <div class="record-acts">
        {canWrite && <Menu label={td.mail.placeholders} kind="plain" icon="braces" text={td.mail.placeholders} groups={[{ items: knownBy(edit, template).map((name) => ({ label: `{${name}}`, icon: "plus" as const, act: () => insert(name) })) }]} />}
        {canWrite && <Button icon="undo-2" busy={form.isBusy} onClick={() => void form.submit(() => resetTo(edit, template))}>{td.mail.reset}</Button>}
        {edit.id !== null && <Button icon="mail" onClick={() => test(true)}>{td.mail.test}</Button>}
      </div>
      <ErrorNotice error={form.wrong} />
      <Preview html={body} label={`${td.mail.preview}: ${title}`} />
      {isTesting && <Test edit={edit} template={template} onClose={() => test(false)} />}
    </Card>
  );
};

export const Mail = (props: PartProps) => {
  const [kind, setKind] = useState("verification");
  const template = templates.find((one) => one.kind === kind) ?? templates[0];
  const isWrong = ({ path }: Template) => faultAt(props.edit, path) !== "";
  return (
    <Tabs label={td.mail.title} tabs={templates.map((one) => ({ id: one.kind, label: td.mail.kinds[one.kind] ?? one.kind, ...(isWrong(one) ? { badge: "!" } : {}) }))} current={kind} onSelect={setKind}>
      {template && <TemplateForm key={template.kind} {...props} template={template} />}
    </Tabs>
  );
};
