// What has to be known of a provider; some ask for more than others.

import { useRef, useState } from "preact/hooks";
import type { ComponentType } from "preact";
import { td } from "../../i18n/t-def.ts";
import { grow, useTyped } from "../../fields/input.tsx";
import { isObject, itemsOf, whole } from "../../lib/values.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Field, PasswordField, TextField } from "../../ui/Field/Field.tsx";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import { Select } from "../../ui/Select/Select.tsx";
import type { PartProps } from "./parts.ts";
import { faultAt } from "./setting.tsx";

export interface Provider {
  name: string;
  clientId?: unknown;
  clientSecret?: unknown;
  displayName?: unknown;
  authURL?: unknown;
  tokenURL?: unknown;
  userInfoURL?: unknown;
  pkce?: unknown;
  extra?: unknown;
  [more: string]: unknown;
}

export interface ProviderFormProps extends PartProps {
  n: number; // its place
  provider: Provider;
  isNew: boolean; // the server has no secret of it
  onChange: (provider: Provider) => void;
  onSecret: (secret: string) => void; // made meanwhile
}

const isOidc = (name: string): boolean => /^oidc\d?$/.test(name);
// Those that everybody runs on a server of his own.
const selfHosted: ReadonlySet<string> = new Set(["gitlab", "gitea", "mailcow"]);
const needsUrls = (name: string): boolean => isOidc(name) || name === "mailcow";

const Text = ({ of, name, label, hint }: { of: ProviderFormProps; name: string; label: string; hint?: string }) => {
  const error = faultAt(of.edit, `oauth2.providers.${of.n}.${name}`);
  return <TextField label={label} name={`${of.provider.name}-${name}`} value={whole(of.provider[name])} onInput={(text) => of.onChange({ ...of.provider, [name]: text })} readonly={!of.canWrite} {...(hint ? { hint } : {})} {...(error ? { error } : {})} />;
};

// Written only: what the server has is kept as long as nothing is typed.
const Secret = (of: ProviderFormProps) => {
  const typed = typeof of.provider.clientSecret === "string" ? of.provider.clientSecret : "";
  const error = faultAt(of.edit, `oauth2.providers.${of.n}.clientSecret`);
  const set = (text: string) => {
    const { clientSecret: _, ...provider } = of.provider;
    of.onChange(text === "" ? (provider as Provider) : { ...of.provider, clientSecret: text });
  };
  return <PasswordField label={td.auth.clientSecret} name={`${of.provider.name}-secret`} autocomplete="new-password" value={typed} onInput={set} hint={of.isNew ? "" : td.auth.secretKept} {...(error ? { error } : {})} />;
};

const extraOf = ({ provider }: ProviderFormProps, name: string): unknown => (isObject(provider.extra) ? provider.extra[name] : undefined);
const setExtra = (of: ProviderFormProps, name: string, value: unknown): void =>
  of.onChange({ ...of.provider, extra: { ...(isObject(of.provider.extra) ? of.provider.extra : {}), [name]: value } });

const Oidc = (of: ProviderFormProps) => {
  const left = useRef(""); // the address that was there, should one come back to it
  const [isByToken, setByToken] = useState(whole(of.provider.userInfoURL) === "" && (extraOf(of, "jwksURL") !== undefined || extraOf(of, "issuers") !== undefined));
  const [issuers, type] = useTyped(extraOf(of, "issuers") ?? [], (value) => itemsOf(value).join("\n"));
  const ways = [{ value: "info", label: td.auth.byUserInfo }, { value: "token", label: td.auth.byIdToken }];
  const choose = (way: string) => {
    setByToken(way === "token");
    const now = whole(of.provider.userInfoURL);
    of.onChange({ ...of.provider, userInfoURL: way === "token" ? "" : now || left.current });
    if (way === "token") left.current = now;
  };
  return (
    <>
      <Text of={of} name="displayName" label={td.auth.displayName} />
      <Field label={td.auth.userFrom}>{(attributes) => <Select attributes={attributes} label={td.auth.userFrom} value={isByToken ? "token" : "info"} options={ways} onChange={choose} />}</Field>
      {!isByToken && <Text of={of} name="userInfoURL" label={td.auth.userInfoURL} />}
      {isByToken && <TextField label={td.auth.jwksURL} name="jwksURL" value={whole(extraOf(of, "jwksURL"))} hint={td.auth.jwksHint} onInput={(text) => setExtra(of, "jwksURL", text)} />}
      {isByToken && (
        <Field label={td.auth.issuers} hint={td.auth.issuersHint}>
          {(attributes) => <textarea {...attributes} {...grow(issuers || "\n", 6)} name="issuers" spellcheck={false} dir="ltr" value={issuers} onInput={(event) => { const made = event.currentTarget.value.split(/\s+/).filter(Boolean); type(event.currentTarget.value, made); setExtra(of, "issuers", made); }} />}
        </Field>
      )}
    </>
  );
};

const tenant = /^https:\/\/login\.microsoftonline\.com\/([^/]*)\/oauth2\/v2\.0\/\w+$/;

const Microsoft = (of: ProviderFormProps) => {
  const found = tenant.exec(whole(of.provider.authURL))?.[1] ?? "";
  const [typed, type] = useTyped(found, whole);
  const set = (text: string) => {
    const name = text.replace(/[^\w.-]/g, "");
    type(name, name);
    const at = (end: string) => (name === "" ? "" : `https://login.microsoftonline.com/${name}/oauth2/v2.0/${end}`);
    of.onChange({ ...of.provider, authURL: at("authorize"), tokenURL: at("token") });
  };
  const claims = ["", "any_verified", "verified_primary_email", "email_and_xms_edov", "email"].map((value) => ({ value, label: value === "" ? td.auth.claimMail : value }));
  return (
    <>
      <TextField label={td.auth.tenant} name="tenant" value={typed} hint={td.auth.tenantHint} onInput={set} />
      <Field label={td.auth.claim} hint={td.auth.claimHint}>{(attributes) => <Select attributes={attributes} label={td.auth.claim} value={whole(extraOf(of, "idTokenEmailClaim"))} options={claims} onChange={(value) => setExtra(of, "idTokenEmailClaim", value)} />}</Field>
    </>
  );
};

// The site whose people sign in: two that do not know each other.
const larkSites: Record<string, readonly [auth: string, api: string]> = {
  feishu: ["https://accounts.feishu.cn", "https://open.feishu.cn"],
  lark: ["https://accounts.larksuite.com", "https://open.larksuite.com"],
};

const Lark = (of: ProviderFormProps) => {
  const site = whole(of.provider.authURL).startsWith("https://accounts.larksuite.com") ? "lark" : "feishu";
  const set = (to: string) => {
    const [auth, api] = larkSites[to] ?? ["", ""];
    of.onChange({ ...of.provider, authURL: `${auth}/open-apis/authen/v1/authorize`, tokenURL: `${api}/open-apis/authen/v2/oauth/token`, userInfoURL: `${api}/open-apis/authen/v1/user_info` });
  };
  return <Field label={td.auth.larkSite}>{(attributes) => <Select attributes={attributes} label={td.auth.larkSite} value={site} options={Object.keys(larkSites).map((value) => ({ value, label: td.auth.larkSites[value] ?? value }))} onChange={set} />}</Field>;
};

const appleLoad: Load<ProviderFormProps> = async () => (await import("./apple.tsx")).AppleSecret;
const Apple = (of: ProviderFormProps) => {
  const [isOpen, open] = useState(false);
  if (!of.canWrite) return null;
  return isOpen ? <Lazy load={appleLoad} of={{ ...of, onSecret: (secret) => { open(false); of.onSecret(secret); } }} /> : <div><Button icon="wand-sparkles" onClick={() => open(true)}>{td.auth.appleMake}</Button></div>;
};

const special: Record<string, ComponentType<ProviderFormProps>> = { oidc: Oidc, oidc2: Oidc, oidc3: Oidc, microsoft: Microsoft, lark: Lark, apple: Apple };

const Urls = (of: ProviderFormProps) => (
  <>
    <Text of={of} name="authURL" label={td.auth.authURL} />
    <Text of={of} name="tokenURL" label={td.auth.tokenURL} />
    {!isOidc(of.provider.name) && <Text of={of} name="userInfoURL" label={td.auth.userInfoURL} />}
  </>
);

const Pkce = (of: ProviderFormProps) => {
  const value = of.provider.pkce === true ? "yes" : of.provider.pkce === false ? "no" : "";
  const set = (to: string) => of.onChange({ ...of.provider, pkce: to === "" ? null : to === "yes" });
  return <Field label={td.auth.pkce} hint={td.auth.pkceHint}>{(attributes) => <Select attributes={attributes} label={td.auth.pkce} value={value} options={Object.entries(td.auth.pkces).map(([one, label]) => ({ value: one, label }))} onChange={set} />}</Field>;
};

export const ProviderForm = (of: ProviderFormProps) => {
  const { name } = of.provider;
  const Special = special[name];
  const isUrlFirst = needsUrls(name) || selfHosted.has(name);
  return (
    <div class="def-options">
      <Text of={of} name="clientId" label={td.auth.clientId} />
      <Secret {...of} />
      {Special && <Special {...of} />}
      {isUrlFirst && <Urls {...of} />}
      <details class="def-more">
        <summary>{td.auth.more}</summary>
        <div class="def-options def-options-bare">
          {!isOidc(name) && <Text of={of} name="displayName" label={td.auth.displayName} />}
          {!isUrlFirst && <Urls {...of} />}
          <Pkce {...of} />
        </div>
      </details>
    </div>
  );
};
