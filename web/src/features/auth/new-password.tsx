// Choosing a password: twice, with a suggestion, and how good it is.

import { useState } from "preact/hooks";
import { ta } from "../../i18n/t-auth.ts";
import { strength, suggestPassword } from "../../lib/password.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { PasswordField } from "../../ui/Field/Field.tsx";
import { bind, type Form } from "../../ui/form.ts";

export interface Passwords {
  password: string;
  passwordConfirm: string;
}

// What can be said before the server is asked: how long one must be it alone knows.
export const wrongPasswords = ({ password, passwordConfirm }: Passwords): Partial<Passwords> =>
  password === passwordConfirm ? {} : { passwordConfirm: ta.install.differs };

const Strength = ({ of }: { of: string }) => {
  const now = of === "" ? 0 : strength(of);
  return (
    <p class="strength">
      {[1, 2, 3, 4].map((n) => <i key={n} class={n <= now ? "on" : ""} />)}
      <span role="status"><span class="aside">{ta.install.strengthLabel}: </span>{of === "" ? "" : ta.install.strength[now]}</span>
    </p>
  );
};

export const NewPassword = <T extends Passwords>({ form, label = ta.install.password, hint, autofocus = false }: { form: Form<T>; label?: string; hint?: string; autofocus?: boolean }) => {
  const [suggested, setSuggested] = useState(0);
  const suggest = () => {
    const password = suggestPassword();
    setSuggested(suggested + 1);
    form.set({ password, passwordConfirm: password } as Partial<T>);
  };
  return (
    <>
      <PasswordField {...bind(form, "password")} key={`a${suggested}`} label={label} {...(hint ? { hint } : {})} autocomplete="new-password" shown={suggested > 0} autofocus={autofocus} required />
      <Strength of={form.draft.password} />
      <PasswordField {...bind(form, "passwordConfirm")} key={`b${suggested}`} label={ta.install.confirm} autocomplete="new-password" shown={suggested > 0} required />
      <div><Button icon="wand-sparkles" onClick={suggest}>{ta.install.generate}</Button></div>
    </>
  );
};
