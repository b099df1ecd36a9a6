// Parts of the options of an auth collection: where they are in the draft, and what is wrong there.

import { isObject, valueAt } from "../../lib/values.ts";
import { td } from "../../i18n/t-def.ts";
import { t } from "../../i18n/t.ts";
import { DurationInput } from "../../ui/Duration/Duration.tsx";
import { Field } from "../../ui/Field/Field.tsx";
import { Switch } from "../../ui/Switch/Switch.tsx";
import { setOptions } from "./draft.ts";
import type { CollectionEdit } from "./edit.ts";
import type { PartProps } from "./parts.ts";

type Tree = Readonly<Record<string, unknown>>;

const inside = (value: unknown): Tree => (isObject(value) ? value : {});

// path: "otp.emailTemplate.subject"
export const settingAt = (edit: CollectionEdit, path: string): unknown => valueAt(edit.draft.value.options, path);
export const savedAt = (edit: CollectionEdit, path: string): unknown => valueAt(edit.original.value, path);

const withSetting = (tree: Tree, [name = "", ...more]: readonly string[], value: unknown): Tree =>
  more.length === 0 ? { ...tree, [name]: value } : { ...tree, [name]: withSetting(inside(tree[name]), more, value) };

const without = (tree: Tree, [name = "", ...more]: readonly string[]): Tree =>
  more.length === 0 ? Object.fromEntries(Object.entries(tree).filter(([key]) => key !== name)) : { ...tree, [name]: without(inside(tree[name]), more) };

// undefined: as if it had never been there.
export const setSetting = (edit: CollectionEdit, path: string, value: unknown): void => {
  const names = path.split(".");
  edit.set((draft) => setOptions(draft, value === undefined ? without(draft.options, names) : withSetting(draft.options, names, value)));
  edit.unsay(path);
};

// Also of what stands below it: an item of a list, a member that has no place of its own.
export const faultAt = (edit: CollectionEdit, path: string): string => [...edit.errors.value].find(([at]) => at === path || at.startsWith(`${path}.`))?.[1] ?? "";

export interface SettingProps extends PartProps {
  path: string;
  label: string;
  hint?: string;
}

const shell = ({ edit, path, label, hint }: SettingProps) => {
  const error = faultAt(edit, path);
  return { label, ...(hint ? { hint } : {}), ...(error ? { error } : {}) };
};

export const SwitchSetting = (props: SettingProps) => {
  const { edit, path, label, canWrite } = props;
  const isOn = settingAt(edit, path) === true;
  return (
    <Field {...shell(props)}>
      {(attributes) => (
        <Switch attributes={attributes} label={label} checked={isOn} onChange={(on) => setSetting(edit, path, on)} text={isOn ? td.auth.on : td.auth.off} {...(canWrite ? {} : { disabled: t.protect.locked })} />
      )}
    </Field>
  );
};

export const DurationSetting = (props: SettingProps) => (
  <Field {...shell(props)}>
    {(attributes) => <DurationInput attributes={attributes} label={props.label} value={settingAt(props.edit, props.path)} onChange={(seconds) => setSetting(props.edit, props.path, seconds)} />}
  </Field>
);
