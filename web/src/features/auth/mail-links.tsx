// What links in mails lead to, for users of any collection: no word of the dashboard. And where a
// sign-in through another system ends.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { confirmEmailChange, confirmReset, confirmVerification, requestReset, requestVerification, superusers } from "../../api/auth.ts";
import { errorFields } from "../../api/error.ts";
import { ta } from "../../i18n/t-auth.ts";
import { claimsOf, isExpired } from "../../lib/token.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { PasswordField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { Card } from "./card.tsx";
import { NewPassword, wrongPasswords } from "./new-password.tsx";

interface Link {
  token: string;
}

const collectionOf = (token: string): string => claimsOf(token).collectionId ?? superusers;

// Why it cannot be good; "" as long as the server has not refused it.
const faultOf = (token: string, type: string): string =>
  claimsOf(token).type !== type ? ta.reset.brokenLink : isExpired(token, Date.now()) ? ta.reset.oldLink : "";
const isRefused = (error: unknown): boolean => errorFields(error).has("token");

type Again = (collection: string, email: string) => Promise<unknown>;

// Who holds a link that is no longer good may have another one sent.
const BadLink = ({ token, why, again }: Link & { why: string; again?: Again }) => {
  const { email } = claimsOf(token);
  const form = useForm({});
  const [isSent, setSent] = useState(false);
  const isSendable = again !== undefined && Boolean(email);
  return (
    <Card own={false} title={ta.reset.badLink} lead={isSendable ? why : `${why} ${ta.reset.againWhere}`}>
      <ErrorNotice error={form.wrong} />
      {isSent && <Notice kind="ok" title={ta.reset.verifySent} />}
      {again && email && !isSent && (
        <div><Button kind="primary" size="form" busy={form.isBusy} onClick={() => void form.submit(async () => { await again(collectionOf(token), email); setSent(true); })}>{ta.reset.verifyAgain}</Button></div>
      )}
    </Card>
  );
};

const Done = ({ title, why }: { title: string; why: string }) => (
  <Card own={false} title={title} lead={why} />
);

const Reset = ({ token }: Link) => {
  const form = useForm({ password: "", passwordConfirm: "" });
  const [isDone, setDone] = useState(false);
  const send = (event: Event) => {
    event.preventDefault();
    const wrong = wrongPasswords(form.draft);
    if (Object.keys(wrong).length > 0) return form.refuse(wrong);
    void form.submit(async ({ password, passwordConfirm }) => {
      await confirmReset(collectionOf(token), token, password, passwordConfirm);
      setDone(true);
    });
  };
  if (isDone) return <Done title={ta.reset.done} why={ta.reset.doneWhy} />;
  if (isRefused(form.wrong)) return <BadLink token={token} why={ta.reset.usedLink} again={requestReset} />;
  return (
    <Card own={false} title={ta.reset.newTitle} lead={ta.reset.newLead(claimsOf(token).email ?? "")}>
      <form onSubmit={send} noValidate>
        <ErrorNotice error={form.wrong} />
        <NewPassword form={form} label={ta.reset.newPassword} autofocus />
        <Button kind="primary" size="form" type="submit" busy={form.isBusy}>{ta.reset.set}</Button>
      </form>
    </Card>
  );
};

const Verify = ({ token }: Link) => {
  const form = useForm({});
  const [isDone, setDone] = useState(false);
  const verify = () => void form.submit(async () => { await confirmVerification(collectionOf(token), token); setDone(true); });
  useEffect(verify, [token]);
  if (isDone) return <Done title={ta.reset.verified} why={ta.reset.closeTab} />;
  if (isRefused(form.wrong)) return <BadLink token={token} why={ta.reset.usedLink} again={requestVerification} />;
  return (
    <Card own={false} title={ta.reset.verifyTitle} lead={ta.reset.verifyLead(claimsOf(token).email ?? "")}>
      <ErrorNotice error={form.wrong} />
      <div><Button kind="primary" size="form" busy={form.isBusy} onClick={verify}>{ta.reset.verify}</Button></div>
    </Card>
  );
};

const Change = ({ token }: Link) => {
  const form = useForm({ password: "" });
  const [isDone, setDone] = useState(false);
  const send = (event: Event) => {
    event.preventDefault();
    void form.submit(async ({ password }) => {
      await confirmEmailChange(collectionOf(token), token, password);
      setDone(true);
    });
  };
  if (isDone) return <Done title={ta.reset.changed} why={ta.reset.changedWhy} />;
  if (isRefused(form.wrong)) return <BadLink token={token} why={ta.reset.usedLink} />;
  return (
    <Card own={false} title={ta.reset.changeTitle} lead={ta.reset.changeLead(claimsOf(token).newEmail ?? "")}>
      <form onSubmit={send} noValidate>
        <ErrorNotice error={form.wrong} />
        <PasswordField {...bind(form, "password")} label={ta.login.password} autocomplete="current-password" autofocus required />
        <Button kind="primary" size="form" type="submit" busy={form.isBusy}>{ta.reset.change}</Button>
      </form>
    </Card>
  );
};

// Which act is asked for again, and which page a good link leads to.
const page = (type: string, Good: (link: Link) => JSX.Element, again?: Again) => ({ token }: Link) => {
  const why = faultOf(token, type);
  return why ? <BadLink token={token} why={why} {...(again ? { again } : {})} /> : <Good token={token} />;
};

export const ConfirmReset = page("passwordReset", Reset, requestReset);
export const ConfirmVerification = page("verification", Verify, requestVerification);
export const ConfirmEmailChange = page("emailChange", Change);

// They come up in a window of their own, which the app waits for.
const Closing = ({ title, why }: { title: string; why: string }) => {
  useEffect(() => close(), []);
  return <Done title={title} why={why} />;
};

export const OAuthDone = () => <Closing title={ta.reset.oauthDone} why={ta.reset.oauthDoneWhy} />;
export const OAuthFailed = () => <Closing title={ta.reset.oauthFailed} why={ta.reset.oauthFailedWhy} />;
