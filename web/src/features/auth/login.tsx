// Signing in: by password, by a code in a mail, or by one after the other where two are wanted.

import { useEffect, useRef, useState } from "preact/hooks";
import { authMethods, byOtp, byPassword, requestOtp } from "../../api/auth.ts";
import { ApiError, isAborted } from "../../api/error.ts";
import type { AuthMethods, Signed } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { ta } from "../../i18n/t-auth.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Checkbox, PasswordField, TextField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";

const resendAfterS = 30;

// The first of two factors is good: its id goes along with the second.
const mfaIdOf = (error: unknown): string => {
  const data = error instanceof ApiError && error.status === 401 ? (error.data as { mfaId?: unknown }) : {};
  return typeof data.mfaId === "string" ? data.mfaId : "";
};

const useCountdown = (): [number, (seconds: number) => void] => {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (left <= 0) return;
    const timer = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(timer);
  }, [left]);
  return [left, setLeft];
};

const identityLabel = (fields: readonly string[]): string =>
  fields.map((field) => ta.login.identityFields[field] ?? field).join(ta.login.or) || ta.install.email;

interface StepProps {
  email: string;
  isFixed: boolean; // who signs in is not to be chosen
  mfaId: string;
  onSigned: (signed: Signed) => void;
  onSecond: (mfaId: string, email: string) => void;
}

// What went wrong with a code or a password, in a person's words.
const Refused = ({ error, wrong, left }: { error: unknown; wrong: string; left: number }) => {
  if (left > 0) return <Notice kind="warn" title={ta.login.wait(left)} />;
  return error instanceof ApiError && error.status === 400 ? <Notice kind="danger" title={wrong} /> : <ErrorNotice error={error} />;
};

const useAttempt = (onSecond: (mfaId: string) => void) => {
  const [error, setError] = useState<unknown>(undefined);
  const [left, wait] = useCountdown();
  const attempt = async (act: () => Promise<void>) => {
    setError(undefined);
    try {
      await act();
    } catch (wrong) {
      const mfaId = mfaIdOf(wrong);
      if (mfaId) return onSecond(mfaId);
      if (wrong instanceof ApiError && wrong.status === 429) wait(wrong.retryAfter || 5);
      setError(wrong);
    }
  };
  return { error, left, attempt };
};

const ByPassword = ({ label, email, isFixed, mfaId, onSigned, onSecond }: StepProps & { label: string }) => {
  const form = useForm({ identity: email, password: "" });
  const { error, left, attempt } = useAttempt((id) => onSecond(id, form.draft.identity));
  const send = (event: Event) => {
    event.preventDefault();
    void form.submit(({ identity, password }) => attempt(async () => onSigned(await byPassword(identity, password, mfaId))));
  };
  return (
    <form onSubmit={send} noValidate>
      <Refused error={error} wrong={ta.login.wrong} left={left} />
      <TextField {...bind(form, "identity")} label={label} autocomplete="username" autofocus={!email} readonly={isFixed} />
      <PasswordField {...bind(form, "password")} label={ta.login.password} autocomplete="current-password" autofocus={Boolean(email)} />
      <Button kind="primary" size="form" type="submit" busy={form.isBusy} disabled={left > 0}>{ta.login.submit}</Button>
    </form>
  );
};

const ByCode = ({ email, isFixed, mfaId, onSigned, onSecond }: StepProps) => {
  const form = useForm({ email, code: "" });
  const [otpId, setOtpId] = useState("");
  const [resend, waitToResend] = useCountdown();
  const { error, left, attempt } = useAttempt((id) => onSecond(id, form.draft.email));
  const sendCode = () =>
    attempt(async () => {
      setOtpId((await requestOtp(form.draft.email)).otpId);
      form.set({ code: "" });
      waitToResend(resendAfterS);
    });
  const send = (event: Event) => {
    event.preventDefault();
    void form.submit(({ code }) => (otpId ? attempt(async () => onSigned(await byOtp(otpId, code.trim(), mfaId))) : sendCode()));
  };
  useEffect(() => void (mfaId && email && sendCode()), []);
  return (
    <form onSubmit={send} noValidate>
      <Refused error={error} wrong={ta.login.otpWrong} left={left} />
      {otpId ? (
        <>
          <p role="status">{ta.login.otpLead(form.draft.email)}</p>
          <TextField {...bind(form, "code")} label={ta.login.otp} autocomplete="one-time-code" inputmode="numeric" autofocus />
          <div><Button kind="quiet" disabled={resend > 0 && ta.login.resendIn(resend)} onClick={() => void sendCode()}>{resend > 0 ? ta.login.resendIn(resend) : ta.login.resend}</Button></div>
        </>
      ) : (
        <TextField {...bind(form, "email")} label={ta.install.email} type="email" autocomplete="username" autofocus={!email} readonly={isFixed} />
      )}
      <Button kind="primary" size="form" type="submit" busy={form.isBusy} disabled={left > 0}>{otpId ? ta.login.submit : ta.login.sendCode}</Button>
    </form>
  );
};

export interface SignInProps {
  email?: string;
  onSigned: (signed: Signed, isKept: boolean) => void;
  isAgain?: boolean; // the one of that e-mail, for the session that has ended
}

type Way = "password" | "code";

export const SignIn = ({ email = "", onSigned, isAgain = false }: SignInProps) => {
  const [methods, setMethods] = useState<AuthMethods | null>(null);
  const [error, setError] = useState<unknown>(undefined);
  const [way, setWay] = useState<Way>("password");
  const [isKept, keep] = useState(false);
  const [first, setFirst] = useState({ mfaId: "", email });
  const form = useRef<HTMLDivElement>(null);
  const load = (signal?: AbortSignal) => {
    setError(undefined);
    authMethods(signal).then((found) => {
      setMethods(found);
      if (!found.password.enabled && found.otp.enabled) setWay("code");
    }, (wrong: unknown) => !isAborted(wrong) && setError(wrong));
  };
  useEffect(() => {
    const leaving = new AbortController();
    load(leaving.signal);
    return () => leaving.abort();
  }, []);
  // The dialog was there before its fields, and has the focus elsewhere.
  useEffect(() => {
    if (isAgain) form.current?.querySelector<HTMLElement>("input:not([readonly])")?.focus();
  }, [methods, first.mfaId]);
  if (error) return <ErrorNotice error={error} onRetry={() => load()} />;
  if (!methods) return <p role="status" class="signin-space">{t.common.loading}…</p>;
  if (!methods.password.enabled && !methods.otp.enabled) return <Notice kind="warn" title={ta.login.noMethods} />;

  const isSecond = first.mfaId !== "";
  const step: StepProps = {
    ...first,
    isFixed: first.email !== "" && (isAgain || isSecond),
    onSigned: (signed) => onSigned(signed, isKept),
    onSecond: (mfaId, name) => {
      setFirst({ mfaId, email: name });
      setWay(way === "password" ? "code" : "password");
    },
  };
  return (
    <div class="signin" ref={form}>
      {isSecond && <p class="signin-step">{ta.login.second}</p>}
      {way === "password" ? <ByPassword key={first.mfaId} {...step} label={identityLabel(methods.password.identityFields)} /> : <ByCode key={first.mfaId} {...step} />}
      {!isAgain && <Checkbox name="keep" label={ta.login.keep} checked={isKept} onChange={keep} />}
      {!isSecond && methods.password.enabled && methods.otp.enabled && (
        <div><Button kind="quiet" onClick={() => setWay(way === "password" ? "code" : "password")}>{way === "password" ? ta.login.byCode : ta.login.byPassword}</Button></div>
      )}
      {isSecond && <div><Button kind="quiet" icon="arrow-left" onClick={() => { setFirst({ mfaId: "", email }); setWay("password"); }}>{ta.login.back}</Button></div>}
    </div>
  );
};
