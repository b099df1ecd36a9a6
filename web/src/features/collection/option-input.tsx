// One option of a field, by its kind.

import type { ComponentType } from "preact";
import type { Field as FieldOf } from "../../api/types.ts";
import { grow, useTyped } from "../../fields/input.tsx";
import { formatBytes } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { td } from "../../i18n/t-def.ts";
import { BadDate, itemsOf, readNumber, whole } from "../../lib/values.ts";
import { collection, collections } from "../../state/instance.ts";
import { DateTimeInput } from "../../ui/DateTime/DateTime.tsx";
import { Field, TextField } from "../../ui/Field/Field.tsx";
import { Menu } from "../../ui/Menu/Menu.tsx";
import { NumberInput } from "../../ui/Number/Number.tsx";
import { MultiSelect } from "../../ui/Select/MultiSelect.tsx";
import { Switch } from "../../ui/Switch/Switch.tsx";
import { mimePresets, readCount, readLines, type Option, type OptionKind } from "./options.ts";

export interface OptionProps {
  option: Option;
  field: FieldOf;
  was: FieldOf | null;
  set: (value: unknown) => void;
  error: string;
  isReadonly: boolean;
  self: string; // the collection's own id; "" of a new one
}

const smallest = 1024; // sizes from here on are told as people read them

const shell = ({ option, error }: OptionProps, ...more: string[]) => {
  const hint = [option.hint, ...more].filter(Boolean).join(" ");
  return { label: option.label, ...(hint ? { hint } : {}), ...(error ? { error } : {}) };
};

const Count = (props: OptionProps) => {
  const { option, field, was, set } = props;
  const [text, type] = useTyped(field[option.name] ?? 0, whole);
  const loses = option.name === "maxSelect" && Number(was?.["maxSelect"]) > 1 && Number(field["maxSelect"]) <= 1 ? td.options.loses : "";
  const size = option.kind === "bytes" && Number(field[option.name]) >= smallest ? td.options.sizeIs(formatBytes(Number(field[option.name]))) : "";
  return (
    <Field {...shell(props, size, loses)}>
      {(attributes) => (
        <NumberInput
          attributes={attributes}
          label={option.label}
          value={text}
          {...(option.kind === "bytes" ? { unit: td.options.bytes } : {})}
          onInput={(typed) => {
            const made = readCount(typed);
            type(typed, made);
            set(made);
          }}
        />
      )}
    </Field>
  );
};

const Number_ = (props: OptionProps) => {
  const { option, field, set } = props;
  const [text, type] = useTyped(field[option.name] ?? null, whole);
  return (
    <Field {...shell(props)}>
      {(attributes) => (
        <NumberInput
          attributes={attributes}
          label={option.label}
          value={text}
          onInput={(typed) => {
            const made = typed.trim() === "" ? null : readNumber(typed);
            type(typed, made);
            set(made);
          }}
        />
      )}
    </Field>
  );
};

const Text = (props: OptionProps) => (
  <TextField {...shell(props)} name={props.option.name} value={whole(props.field[props.option.name])} onInput={props.set} readonly={props.isReadonly} />
);

const Bool = (props: OptionProps) => {
  const { option, field, set } = props;
  const isOn = field[option.name] === true;
  return (
    <Field {...shell(props)}>
      {(attributes) => <Switch attributes={attributes} label={option.label} checked={isOn} onChange={set} text={isOn ? t.fields.isTrue : t.fields.isFalse} />}
    </Field>
  );
};

const mostLines = 12;

const Presets = ({ value, set }: { value: unknown; set: (value: unknown) => void }) => (
  <Menu
    label={td.options.mediaTypes}
    text={td.options.mediaTypes}
    icon="plus"
    groups={[{ items: Object.entries(mimePresets).map(([name, types]) => ({ label: td.options.media[name] ?? name, act: () => set([...new Set([...itemsOf(value), ...types])]) })) }]}
  />
);

const Lines = (props: OptionProps) => {
  const { option, field, set } = props;
  const [text, type] = useTyped(field[option.name] ?? [], (value) => itemsOf(value).join("\n"));
  const onInput = (typed: string) => {
    const made = readLines(typed);
    type(typed, made);
    set(made);
  };
  return (
    <Field {...shell(props)}>
      {(attributes) => (
        <>
          <textarea {...attributes} {...grow(text || "\n", mostLines)} name={option.name} spellcheck={false} dir="auto" value={text} onInput={(event) => onInput(event.currentTarget.value)} />
          {option.name === "mimeTypes" && !props.isReadonly && <span class="input-under"><Presets value={field[option.name]} set={set} /></span>}
        </>
      )}
    </Field>
  );
};

const Day = (props: OptionProps) => {
  const value = props.field[props.option.name];
  return (
    <Field {...shell(props)}>
      {(attributes) => <DateTimeInput attributes={attributes} label={props.option.label} value={value instanceof BadDate ? value : whole(value)} onChange={props.set} />}
    </Field>
  );
};

// Only of a new field it can be chosen; views are for views alone.
const Collection_ = (props: OptionProps) => {
  const { option, field, was, set, self } = props;
  const chosen = whole(field[option.name]);
  const name = collection(chosen)?.name ?? chosen;
  if (was) return <TextField {...shell(props, td.options.fixedCollection)} name={option.name} value={name} onInput={() => undefined} readonly />;
  const choices = (collections.data.value ?? []).filter(({ type, id }) => type !== "view" || id === self).map(({ id, name: label }) => ({ value: id, label }));
  return (
    <Field {...shell(props)}>
      {(attributes) => (
        <>
          <MultiSelect attributes={attributes} label={option.label} isSingle value={chosen ? [chosen] : []} options={choices} onChange={(ids) => set(ids.at(-1) ?? "")} />
          <a class="input-under" href="#/new/base" target="_blank" rel="noopener">{td.options.newCollection}</a>
        </>
      )}
    </Field>
  );
};

const inputs: Record<OptionKind, ComponentType<OptionProps>> = {
  count: Count,
  bytes: Count,
  number: Number_,
  text: Text,
  pattern: Text,
  bool: Bool,
  lines: Lines,
  date: Day,
  collection: Collection_,
};

export const OptionInput = (props: OptionProps) => {
  const Input = inputs[props.option.kind];
  return <Input {...props} />;
};
