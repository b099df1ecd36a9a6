// Settings as fields: each is named by its path, by which its texts, value and fault are found.

import { useEffect, useRef, useState } from "preact/hooks";
import { ts } from "../../i18n/t-settings.ts";
import { t } from "../../i18n/t.ts";
import { whole } from "../../lib/values.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { drawn } from "../../ui/drawn.ts";
import { DurationInput } from "../../ui/Duration/Duration.tsx";
import { Field, PasswordField, RadioGroup, TextField } from "../../ui/Field/Field.tsx";
import { NumberInput } from "../../ui/Number/Number.tsx";
import { Select } from "../../ui/Select/Select.tsx";
import type { Option } from "../../ui/Select/options.ts";
import { Switch } from "../../ui/Switch/Switch.tsx";
import { TagInput } from "../../ui/Tags/Tags.tsx";
import { readWhole } from "./draft.ts";
import { useEdit } from "./engine.ts";

// Both places where files are kept have the same fields.
const nameOf = (path: string): string => path.replace(/^backups\.s3\./, "s3.");

export const labelOf = (path: string): string => ts.labels[nameOf(path)] ?? path;

export interface SettingProps {
  path: string;
  hint?: string;
}

const useSetting = ({ path, hint }: SettingProps) => {
  const edit = useEdit();
  const label = labelOf(path);
  return {
    edit,
    label,
    value: edit.at(path),
    set: (value: unknown) => edit.set(path, value),
    shell: { label, hint: hint ?? ts.hints[nameOf(path)], error: edit.faultAt(path) },
  };
};

export const TextSetting = ({ type = "text", ...props }: SettingProps & { type?: "text" | "email" | "url" }) => {
  const { shell, value, set } = useSetting(props);
  return <TextField {...shell} name={props.path} type={type} value={whole(value ?? "")} onInput={set} />;
};

// null: nobody, an empty text: everybody, else who fits it.
export const RuleSetting = (props: SettingProps) => {
  const { shell, label, value, set } = useSetting(props);
  const [isWriting, write] = useState(false);
  const chosen = value === null ? "nobody" : value === "" && !isWriting ? "everybody" : "rule";
  const choose = (next: typeof chosen) => {
    write(next === "rule");
    set(next === "nobody" ? null : next === "everybody" ? "" : '@request.auth.id != ""');
  };
  const choices = (["nobody", "everybody", "rule"] as const).map((one) => ({ value: one, label: ts.own.rule[one] }));
  return (
    <>
      <RadioGroup legend={label} name={`${props.path}-who`} value={chosen} choices={choices} onChange={choose} />
      {chosen === "rule" ? <TextField {...shell} label={ts.own.rule.text(label)} name={props.path} value={whole(value ?? "")} onInput={(text) => { write(true); set(text); }} /> : <p class="field-hint">{shell.hint}</p>}
    </>
  );
};

export const SwitchSetting = (props: SettingProps) => {
  const { shell, label, value, set } = useSetting(props);
  return <Field {...shell}>{(attributes) => <Switch attributes={attributes} label={label} checked={value === true} onChange={set} text={value === true ? ts.on : ts.off} />}</Field>;
};

export const NumberSetting = (props: SettingProps) => {
  const { shell, label, value, set } = useSetting(props);
  return <Field {...shell}>{(attributes) => <NumberInput attributes={attributes} label={label} value={String(value ?? "")} onInput={(text) => set(readWhole(text))} />}</Field>;
};

export const SecondsSetting = (props: SettingProps) => {
  const { shell, label, value, set } = useSetting(props);
  return <Field {...shell}>{(attributes) => <DurationInput attributes={attributes} label={label} value={value} onChange={set} />}</Field>;
};

export const ChoiceSetting = ({ options, read = whole, write = (text) => text, ...props }: SettingProps & { options: readonly Option[]; read?: (value: unknown) => string; write?: (text: string) => unknown }) => {
  const { shell, label, value, set } = useSetting(props);
  return <Field {...shell}>{(attributes) => <Select attributes={attributes} label={label} value={read(value)} options={options} onChange={(text) => set(write(text))} />}</Field>;
};

export const listOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

export const ListSetting = ({ placeholder, ...props }: SettingProps & { placeholder?: string }) => {
  const { shell, label, value, set } = useSetting(props);
  return <Field {...shell}>{(attributes) => <TagInput attributes={attributes} label={label} value={listOf(value)} onChange={set} {...(placeholder ? { placeholder } : {})} />}</Field>;
};

export const ColourSetting = (props: SettingProps) => {
  const { shell, value, set } = useSetting(props);
  return <Field {...shell}>{(attributes) => <input {...attributes} class="colour" type="color" name={props.path} value={whole(value ?? "")} onInput={(event) => set(event.currentTarget.value)} />}</Field>;
};

// Never told by the server, and sent only where another one is typed.
export const SecretSetting = (props: SettingProps) => {
  const { path } = props;
  const { edit, shell, value, set } = useSetting(props);
  const [isOpen, open] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const focus = (selector: string) => drawn(() => box.current?.querySelector<HTMLElement>(selector)?.focus());
  const isOver = edit.isSaved.value || edit.dropped.value.size > 0;
  useEffect(() => {
    if (isOver) open(false);
  }, [isOver]);
  const begin = () => {
    open(true);
    focus("input");
  };
  const keep = () => {
    open(false);
    set(undefined);
    focus("button");
  };
  const clear = () => {
    set("");
    focus("button");
  };
  const isCleared = value === "" && !isOpen;
  const isShown = isOpen || (typeof value === "string" && value !== "");
  const acts = (
    <div class="record-acts">
      {!isShown && !isCleared && <Button icon="pencil" onClick={begin}>{ts.secret.replace}</Button>}
      {!isShown && !isCleared && <Button kind="quiet" icon="trash-2" onClick={clear}>{ts.secret.clear}</Button>}
      {(isShown || isCleared) && <Button kind="quiet" icon="undo-2" onClick={keep}>{ts.secret.keep}</Button>}
    </div>
  );
  return (
    <div ref={box} class="set-secret">
      {isShown ? (
        <PasswordField {...shell} name={path} value={whole(value ?? "")} autocomplete="new-password" onInput={(text) => { open(true); set(text === "" ? undefined : text); }} />
      ) : (
        <div class="field" role="group" aria-label={shell.label}>
          <span class="field-label">{shell.label}</span>
          <span>{isCleared ? ts.secret.cleared : ts.secret.kept}</span>
          {shell.hint && <p class="field-hint">{shell.hint}</p>}
          {shell.error && <p class="field-error">{shell.error}</p>}
        </div>
      )}
      {acts}
    </div>
  );
};

export const savedFirst = (isDirty: boolean): string | false => isDirty && ts.saveFirst;
export const words = (value: unknown): string => (value === true ? t.fields.isTrue : value === false ? t.fields.isFalse : value === undefined || value === null || value === "" ? ts.nothing : whole(value));
