// The first superuser, by the link that the server has printed; or everything from a backup.

import { useState } from "preact/hooks";
import { byPassword, createSuperuser } from "../../api/auth.ts";
import { ta } from "../../i18n/t-auth.ts";
import { claimsOf, isExpired } from "../../lib/token.ts";
import { navigate } from "../../state/router.ts";
import { signIn } from "../../state/session.ts";
import { Button, LinkButton } from "../../ui/Button/Button.tsx";
import { TextField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { Card } from "../auth/card.tsx";
import { NewPassword, wrongPasswords } from "../auth/new-password.tsx";
import { Restore } from "./restore.tsx";

const Expired = () => (
  <Card title={ta.install.title}>
    <Notice kind="warn" title={ta.install.expired}><p>{ta.install.expiredWhy}</p></Notice>
    <p>{ta.install.expiredFix}</p>
    <pre class="card-command">reeve superuser upsert EMAIL PASSWORD</pre>
    <div><LinkButton href="#/login" size="form">{ta.install.toLogin}</LinkButton></div>
  </Card>
);

const First = ({ token, onRestore }: { token: string; onRestore: () => void }) => {
  const form = useForm({ email: "", password: "", passwordConfirm: "" });
  const send = (event: Event) => {
    event.preventDefault();
    const wrong = wrongPasswords(form.draft);
    if (Object.keys(wrong).length > 0) return form.refuse(wrong);
    void form.submit(async (draft) => {
      await createSuperuser(token, draft);
      signIn(await byPassword(draft.email, draft.password), false);
      await navigate("/welcome", { replace: true });
    });
  };
  return (
    <Card title={ta.install.title} lead={ta.install.lead}>
      <form onSubmit={send} noValidate>
        <ErrorNotice error={form.wrong} />
        <TextField {...bind(form, "email")} label={ta.install.email} type="email" autocomplete="username" autofocus required />
        <NewPassword form={form} hint={ta.install.passwordHint} />
        <Button kind="primary" size="form" type="submit" busy={form.isBusy}>{ta.install.create}</Button>
      </form>
      <div><Button kind="quiet" icon="history" onClick={onRestore}>{ta.install.restore}</Button></div>
    </Card>
  );
};

export default function Install({ token }: { token: string }) {
  const [isRestoring, setRestoring] = useState(false);
  if (claimsOf(token).type !== "auth" || isExpired(token, Date.now())) return <Expired />;
  return isRestoring ? <Restore token={token} onBack={() => setRestoring(false)} /> : <First token={token} onRestore={() => setRestoring(true)} />;
}
