// How somebody signs in as a record, and what follows from it.

import { useState, type StateUpdater, type Dispatch } from "preact/hooks";
import { requestReset, requestVerification, superusers } from "../../api/auth.ts";
import { editingOf } from "../../fields/editing.ts";
import { t } from "../../i18n/t.ts";
import { tr } from "../../i18n/t-record.ts";
import { session } from "../../state/session.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { Field } from "../../ui/Field/Field.tsx";
import { useForm } from "../../ui/form.ts";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { Switch } from "../../ui/Switch/Switch.tsx";
import { resetTokens } from "./account-calls.ts";
import { AccountRows } from "./account-rows.tsx";
import { formFields, type RecordEdit } from "./edit.ts";
import { FieldOf } from "./form.tsx";
import { Impersonate } from "./impersonate.tsx";

const Verified = ({ edit }: { edit: RecordEdit }) => {
  const [isAsking, ask] = useState(false);
  const isOn = edit.value("verified") === true;
  const error = edit.errors.value.get("verified");
  const set = () => {
    edit.set("verified", !isOn);
    ask(false);
  };
  const isChanged = "verified" in edit.changes.value;
  return (
    <div class={`record-field${isChanged ? " record-changed" : ""}`}>
      <Field label={tr.account.verified} hint={isChanged ? tr.account.afterSave : ""} error={error ?? ""}>
        {(attributes) => <Switch attributes={attributes} label={tr.account.verified} checked={isOn} onChange={() => ask(true)} text={isOn ? t.fields.isTrue : t.fields.isFalse} />}
      </Field>
      {isAsking && (
        <Dialog
          title={isOn ? tr.account.unverifyTitle : tr.account.verifyTitle}
          onClose={() => ask(false)}
          acts={<><Button size="form" onClick={() => ask(false)}>{t.common.cancel}</Button><Button size="form" kind="primary" onClick={set}>{isOn ? tr.account.unverifyAct : tr.account.verifyAct}</Button></>}
        >
          <p>{isOn ? tr.account.unverifyWhy : tr.account.verifyWhy(String(edit.value("email") ?? ""))}</p>
          <p>{tr.account.afterSave}</p>
        </Dialog>
      )}
    </div>
  );
};

type Said = Dispatch<StateUpdater<string>>;

const Mails = ({ edit }: { edit: RecordEdit }) => {
  const [said, say] = useState("");
  const form = useForm({});
  const name = edit.collection.name;
  const email = String(edit.original("email") ?? "");
  const send = (act: (collection: string, email: string) => Promise<unknown>, done: (email: string) => string, tell: Said) => async () => {
    tell("");
    if (await form.submit(async () => void (await act(name, email)))) tell(done(email));
  };
  const why = email === "" ? tr.account.noEmail : "email" in edit.changes.value ? tr.account.unsavedEmail : "";
  const isVerified = edit.original("verified") === true;
  return (
    <section class="account-part">
      <h3>{tr.account.mails}</h3>
      <div class="record-acts">
        {name !== superusers && <Button icon="mail" busy={form.isBusy} disabled={why || (isVerified && tr.account.isVerified)} onClick={() => void send(requestVerification, tr.account.verificationSent, say)()}>{tr.account.sendVerification}</Button>}
        <Button icon="mail" busy={form.isBusy} disabled={why} onClick={() => void send(requestReset, tr.account.resetSent, say)()}>{tr.account.sendReset}</Button>
      </div>
      <p class="field-hint" role="status">{said && `${said} ${tr.account.mailLimit}`}</p>
      <ErrorNotice error={form.wrong} />
    </section>
  );
};

const Tokens = ({ edit }: { edit: RecordEdit }) => {
  const [isAsking, ask] = useState(false);
  const [isDone, setDone] = useState(false);
  const form = useForm({});
  const id = edit.id ?? "";
  const isOwn = session.value?.user.id === id && edit.collection.name === superusers;
  const reset = async () => {
    if (!(await form.submit(() => resetTokens(edit.collection, id)))) return;
    ask(false);
    setDone(true);
    void edit.look();
  };
  return (
    <section class="account-part">
      <h3>{tr.account.tokens}</h3>
      <div class="record-acts"><Button kind="danger" icon="key-round" onClick={() => ask(true)}>{tr.account.resetTokens}</Button></div>
      <p class="field-hint" role="status">{isDone && tr.account.tokensReset}</p>
      {isAsking && (
        <Dialog
          title={tr.account.resetTitle}
          onClose={() => ask(false)}
          acts={<><Button size="form" onClick={() => ask(false)}>{t.common.cancel}</Button><Button size="form" kind="danger" class="button-final" busy={form.isBusy} onClick={() => void reset()}>{tr.account.resetTokens}</Button></>}
        >
          <p>{tr.account.resetWhy}</p>
          {isOwn && <p>{tr.account.resetOwn}</p>}
          <ErrorNotice error={form.wrong} />
        </Dialog>
      )}
    </section>
  );
};

const signIn = ["email", "emailVisibility", "verified", "password"];

export const Account = ({ edit, canWrite }: { edit: RecordEdit; canWrite: boolean }) => {
  const fields = formFields(edit.collection).filter(({ name, type }) => signIn.includes(name) && editingOf(type).Input);
  const isSuperuser = edit.collection.name === superusers;
  const of = (name: string) => fields.filter((field) => field.name === name).map((field) => <FieldOf key={field.id} edit={edit} field={field} canWrite={canWrite} />);
  return (
    <div class="record-form">
      <section class="account-part">
        <h3>{tr.account.signIn}</h3>
        {of("email")}
        {of("emailVisibility")}
        {!isSuperuser && (canWrite ? <Verified edit={edit} /> : of("verified"))}
        {canWrite && of("password")}
      </section>
      {canWrite && <><Mails edit={edit} /><Tokens edit={edit} /><Impersonate edit={edit} /></>}
      <AccountRows edit={edit} canWrite={canWrite} />
    </div>
  );
};
