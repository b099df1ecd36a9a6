// Signing in through others.

import { useEffect, useState } from "preact/hooks";
import { get } from "../../api/client.ts";
import { td } from "../../i18n/t-def.ts";
import { base } from "../../lib/base.ts";
import { isObject, whole } from "../../lib/values.ts";
import { loaded } from "../../state/loaded.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { CodeBlock } from "../../ui/Copy/Copy.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { Field } from "../../ui/Field/Field.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { Select } from "../../ui/Select/Select.tsx";
import { Card } from "../../ui/Card/Card.tsx";
import { nameOf, sentFields } from "./draft.ts";
import { focusRow } from "./focus.ts";
import { ProviderForm, type Provider } from "./provider.tsx";
import type { PartProps } from "./parts.ts";
import { setSetting, settingAt, SwitchSetting } from "./setting.tsx";

interface Known {
  name: string;
  displayName: string;
  logo: string; // SVG
}

const known = loaded<Known[]>();
const askKnown = (): void => void known.load((signal) => get<Known[]>("collections/meta/oauth2-providers", undefined, signal));

const knownOf = (name: string): Known | undefined => known.data.value?.find((one) => one.name === name);

const Logo = ({ name }: { name: string }) => {
  const logo = knownOf(name)?.logo;
  return logo ? <img class="def-logo" src={`data:image/svg+xml,${encodeURIComponent(logo)}`} alt="" width={24} height={24} /> : <Icon name="key-round" size={24} />;
};

const titleOf = ({ name, displayName }: Provider): string => whole(displayName) || `${knownOf(name)?.displayName ?? name}${/^oidc\d?$/.test(name) ? ` (${name})` : ""}`;

export const providersOf = (edit: PartProps["edit"]): readonly Provider[] => {
  const list = settingAt(edit, "oauth2.providers");
  return Array.isArray(list) ? list.filter((one): one is Provider => isObject(one) && typeof one["name"] === "string") : [];
};

const Choose = ({ taken, onChoose, onClose }: { taken: ReadonlySet<string>; onChoose: (name: string) => void; onClose: () => void }) => {
  const [word, setWord] = useState("");
  useEffect(askKnown, []);
  const found = (known.data.value ?? []).filter(({ name, displayName }) => !taken.has(name) && `${name} ${displayName}`.toLowerCase().includes(word.trim().toLowerCase()));
  return (
    <Dialog title={td.auth.addProvider} onClose={onClose}>
      <input class="input" type="search" aria-label={td.auth.findProvider} placeholder={td.auth.findProvider} value={word} onInput={(event) => setWord(event.currentTarget.value)} />
      {Boolean(known.error.value) && <ErrorNotice error={known.error.value} />}
      <ul class="def-providers">
        {found.map(({ name, displayName }) => (
          <li key={name}><button type="button" class="def-provider" onClick={() => onChoose(name)}><Logo name={name} /><span>{displayName}{/^oidc/.test(name) && ` (${name})`}</span></button></li>
        ))}
      </ul>
      {known.data.value && found.length === 0 && <p class="field-hint">{td.auth.noProviderFound}</p>}
    </Dialog>
  );
};

const Providers = ({ edit, canWrite }: PartProps) => {
  const providers = providersOf(edit);
  const [opened, setOpened] = useState("");
  const [isChoosing, choose] = useState(false);
  const set = (list: readonly Provider[]) => setSetting(edit, "oauth2.providers", list);
  // As they are by then.
  const change = (name: string, to: (one: Provider) => Provider) => set(providersOf(edit).map((one) => (one.name === name ? to(one) : one)));
  const add = (name: string) => {
    set([...providers, { name, clientId: "" }]);
    if (providers.length === 0) setSetting(edit, "oauth2.enabled", true);
    setOpened(name);
    choose(false);
    focusRow(name);
  };
  return (
    <>
      {providers.length > 0 && (
        <ul class="def-fields" aria-label={td.auth.providers}>
          {providers.map((one, n) => {
            const isWrong = [...edit.errors.value.keys()].some((path) => path.startsWith(`oauth2.providers.${n}.`));
            const isOpen = opened === one.name || isWrong;
            return (
              <li key={one.name} class="def-field" data-row={one.name}>
                <div class="def-field-head">
                  <Logo name={one.name} />
                  <span class="def-index-name" dir="auto">{titleOf(one)}</span>
                  <span class="def-field-type" dir="ltr">{whole(one.clientId)}</span>
                  <span class="def-field-end">
                    <Button kind="quiet" icon={isOpen ? "chevron-up" : "chevron-down"} label={td.def.openField(titleOf(one))} aria-expanded={isOpen} onClick={() => setOpened(isOpen ? "" : one.name)} />
                    {canWrite && <Button kind="quiet" icon="trash-2" label={td.auth.removeProvider(titleOf(one))} onClick={() => { set(providers.filter((other) => other !== one)); focusRow(providers[n + 1]?.name ?? providers[n - 1]?.name ?? ""); }} />}
                  </span>
                </div>
                {isOpen && <ProviderForm edit={edit} canWrite={canWrite} n={n} provider={one} isNew={!isStored(edit, one.name)} onChange={(to) => change(one.name, () => to)} onSecret={(clientSecret) => change(one.name, (now) => ({ ...now, clientSecret }))} />}
              </li>
            );
          })}
        </ul>
      )}
      {canWrite && <div><Button icon="plus" onClick={() => choose(true)}>{td.auth.addProvider}</Button></div>}
      {isChoosing && <Choose taken={new Set(providers.map(({ name }) => name))} onChoose={add} onClose={() => choose(false)} />}
    </>
  );
};

// Whether the server has one, and so a secret of it.
const isStored = (edit: PartProps["edit"], name: string): boolean => {
  const { oauth2 } = edit.original.value;
  const list = isObject(oauth2) ? oauth2["providers"] : [];
  return edit.id !== null && Array.isArray(list) && list.some((one) => isObject(one) && one["name"] === name);
};

const mapped: Record<string, readonly string[]> = { name: ["text"], avatarURL: ["url", "text", "file"], id: ["text"], username: ["text"] };

const Mapped = ({ edit, canWrite }: PartProps) => {
  const draft = edit.draft.value;
  const fields = sentFields(draft).filter(({ field }) => !field.system);
  return (
    <details class="def-more">
      <summary>{td.auth.mapped}</summary>
      <p class="field-hint">{td.auth.mappedWhy}</p>
      <div class="def-options def-options-bare">
        {Object.entries(mapped).map(([name, types]) => {
          const path = `oauth2.mappedFields.${name}`;
          const value = whole(settingAt(edit, path));
          const options = [{ value: "", label: td.auth.notMapped }, ...fields.filter(({ field }) => types.includes(field.type)).map(({ key, field }) => ({ value: key, label: field.name }))];
          const shown = options.some((one) => one.value === value) ? options : [...options, { value, label: nameOf(draft, value) || value }];
          return (
            <Field key={name} label={td.auth.mappedNames[name] ?? name}>
              {(attributes) => <Select attributes={attributes} label={td.auth.mappedNames[name] ?? name} value={value} options={shown} onChange={(to) => canWrite && setSetting(edit, path, to)} />}
            </Field>
          );
        })}
      </div>
    </details>
  );
};

export const OAuth = (props: PartProps) => {
  useEffect(() => {
    if (providersOf(props.edit).length > 0 && !known.data.peek()) askKnown();
  }, [props.edit]);
  return (
    <Card title={td.auth.oauth} why={td.auth.oauthWhy}>
      <SwitchSetting {...props} path="oauth2.enabled" label={td.auth.oauthOn} />
      <Providers {...props} />
      {providersOf(props.edit).length > 0 && <Field label={td.auth.redirect} hint={td.auth.redirectHint}>{() => <CodeBlock text={`${base()}/api/oauth2-redirect`} label={td.auth.redirect} />}</Field>}
      <Mapped {...props} />
    </Card>
  );
};
