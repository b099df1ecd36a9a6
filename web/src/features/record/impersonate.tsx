// A token with which an app acts as somebody, shown once.

import { useState } from "preact/hooks";
import { tr } from "../../i18n/t-record.ts";
import { base } from "../../lib/base.ts";
import { asSomebody } from "../../lib/copies-record.ts";
import { languageNames, languages, type Language } from "../../lib/snippets.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { CodeBlock } from "../../ui/Copy/Copy.tsx";
import { Field, RadioGroup } from "../../ui/Field/Field.tsx";
import { useForm } from "../../ui/form.ts";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { Select } from "../../ui/Select/Select.tsx";
import { impersonate } from "./account-calls.ts";
import type { RecordEdit } from "./edit.ts";

const Shown = ({ edit, token }: { edit: RecordEdit; token: string }) => {
  const [language, setLanguage] = useState<Language>("js");
  const at = { base: base(), collection: edit.collection.name, id: edit.id ?? "" };
  const choices = languages.map((value) => ({ value, label: languageNames[value] }));
  return (
    <>
      <p class="field-hint" role="status">{tr.account.tokenOnce}</p>
      <CodeBlock text={token} label={tr.account.token} />
      <div class="account-languages"><RadioGroup legend={tr.account.language} hideLegend name="language" value={language} choices={choices} onChange={setLanguage} /></div>
      <CodeBlock text={asSomebody(language, at, token)} label={languageNames[language]} />
    </>
  );
};

export const Impersonate = ({ edit }: { edit: RecordEdit }) => {
  const form = useForm({ seconds: "0" });
  const [token, setToken] = useState("");
  const options = Object.entries(tr.account.durations).map(([value, label]) => ({ value, label }));
  const make = () => form.submit(async ({ seconds }) => setToken(await impersonate(edit.collection.name, edit.id ?? "", Number(seconds))));
  return (
    <section class="account-part">
      <h3>{tr.account.impersonate}</h3>
      <p class="field-hint">{tr.account.impersonateWhy}</p>
      <div class="account-line">
        <Field label={tr.account.duration}>
          {(attributes) => <Select attributes={attributes} label={tr.account.duration} value={form.draft.seconds} options={options} onChange={(seconds) => form.set({ seconds })} />}
        </Field>
        <Button size="form" icon="key-round" busy={form.isBusy} onClick={() => void make()}>{tr.account.makeToken}</Button>
      </div>
      <ErrorNotice error={form.wrong} />
      {token && <Shown key={token} edit={edit} token={token} />}
    </section>
  );
};
