// The pages of who is not signed in: here, and where mails lead.

import { useState } from "preact/hooks";
import { requestReset, superusers } from "../../api/auth.ts";
import { ta } from "../../i18n/t-auth.ts";
import { signIn } from "../../state/session.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { TextField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { Card } from "./card.tsx";
import { SignIn } from "./login.tsx";

export { ConfirmEmailChange, ConfirmReset, ConfirmVerification, OAuthDone, OAuthFailed } from "./mail-links.tsx";

// Where it leads then: see main.tsx.
export const Login = () => (
  <Card title={ta.login.title}>
    <SignIn onSigned={signIn} />
    <div><a href="#/request-password-reset">{ta.login.forgot}</a></div>
  </Card>
);

export const RequestReset = () => {
  const form = useForm({ email: "" });
  const [sentTo, setSentTo] = useState("");
  const send = (event: Event) => {
    event.preventDefault();
    void form.submit(async ({ email }) => {
      await requestReset(superusers, email);
      setSentTo(email);
    });
  };
  return (
    <Card title={ta.reset.title} lead={ta.reset.lead}>
      {sentTo ? (
        <Notice kind="ok" title={ta.reset.sent}><p>{ta.reset.sentWhy(sentTo)}</p></Notice>
      ) : (
        <form onSubmit={send} noValidate>
          <ErrorNotice error={form.wrong} />
          <TextField {...bind(form, "email")} label={ta.install.email} type="email" autocomplete="username" autofocus required />
          <Button kind="primary" size="form" type="submit" busy={form.isBusy}>{ta.reset.send}</Button>
        </form>
      )}
      <div><a href="#/login">{ta.install.toLogin}</a></div>
    </Card>
  );
};
