// A field in the list of all: its name, what it is, and its options when it is open.

import { useId } from "preact/hooks";
import type { Field as FieldOf } from "../../api/types.ts";
import { kindOf } from "../../fields/index.ts";
import { td } from "../../i18n/t-def.ts";
import { Badge } from "../../ui/Badge/Badge.tsx";
import { Button } from "../../ui/Button/Button.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { Menu, type MenuItem } from "../../ui/Menu/Menu.tsx";
import { addField, freeName, moveField, removeField, restoreField, setField, type FieldDraft } from "./draft.ts";
import type { CollectionEdit } from "./edit.ts";
import { focusRow } from "./focus.ts";
import { OptionInput } from "./option-input.tsx";
import { optionsOf } from "./options.ts";

export interface FieldRowProps {
  edit: CollectionEdit;
  one: FieldDraft;
  canWrite: boolean;
  isOpen: boolean;
  isUnique: boolean; // no two records share its value
  isOver: boolean; // something is dragged over it
  onToggle: () => void;
  onStep: (by: number) => void;
  onCopied: (key: string) => void;
  onDrag: (isOn: boolean) => void;
  onOver: (isOver: boolean) => void;
  onDrop: () => void;
}

const badgesOf = (edit: CollectionEdit, { field, was }: FieldDraft, isUnique: boolean): string[] => {
  const { badges } = td.def;
  const flags = ["required", "hidden", "presentable"].filter((name) => field[name] === true);
  return [...(was || edit.id === null ? [] : [td.def.isNew]), ...(field.system ? [td.def.isSystem] : []), ...[...flags, ...(isUnique ? ["unique"] : [])].map((name) => badges[name] ?? name)];
};

// Another field with the same options, behind it.
const duplicate = (edit: CollectionEdit, { key, field }: FieldDraft): string => {
  const { id: _, name, type, system: __, primaryKey: ___, ...options } = field;
  const before = edit.draft.peek();
  const made = addField(before, type, freeName(before, `${name}_copy`), options as Partial<FieldOf>);
  edit.set(() => moveField(made.draft, made.key, made.draft.fields.findIndex((one) => one.key === key) + 1));
  return made.key;
};

const Acts = ({ edit, one, onStep, onCopied }: FieldRowProps) => {
  const remove = (): void => {
    edit.set((draft) => removeField(draft, one.key));
    edit.unsay(`fields.${one.key}`);
    focusRow(one.key);
  };
  const items: MenuItem[] = [
    { label: td.def.moveUp, icon: "chevron-up", hint: "Alt+↑", act: () => onStep(-1) },
    { label: td.def.moveDown, icon: "chevron-down", hint: "Alt+↓", act: () => onStep(1) },
    ...(one.field.type === "password" ? [] : [{ label: td.def.duplicate, icon: "plus" as const, act: () => onCopied(duplicate(edit, one)) }]),
    { label: td.def.remove, icon: "trash-2", kind: "danger", ...(one.field.system ? { disabled: td.def.systemField } : {}), act: remove },
  ];
  return <Menu label={td.def.fieldActs(one.field.name)} icon="ellipsis" placement="bottom-end" groups={[{ items }]} />;
};

const Options = ({ edit, one, canWrite }: { edit: CollectionEdit; one: FieldDraft; canWrite: boolean }) => {
  const { key, field, was } = one;
  const set = (name: string) => (value: unknown) => {
    edit.set((draft) => setField(draft, key, { [name]: value }));
    edit.unsay(`fields.${key}.${name}`);
  };
  return (
    <fieldset class="def-options" disabled={!canWrite}>
      <legend class="aside">{td.def.optionsOf(field.name)}</legend>
      {field.system && <p class="field-hint">{td.def.systemField}</p>}
      {optionsOf(field).map((option) => (
        <OptionInput key={option.name} option={option} field={field} was={was} set={set(option.name)} error={errorAt(edit, `fields.${key}.${option.name}`)} isReadonly={!canWrite} self={edit.id ?? ""} />
      ))}
    </fieldset>
  );
};

// What is wrong with one of a list stands under the path of the list and its place.
const errorAt = (edit: CollectionEdit, path: string): string => {
  const found = [...edit.errors.value].find(([at]) => at === path || at.startsWith(`${path}.`));
  return found?.[1] ?? "";
};

const Name = ({ edit, one, canWrite, onStep, onToggle }: FieldRowProps) => {
  const { key, field } = one;
  const error = edit.errors.value.get(`fields.${key}.name`) ?? "";
  const id = useId();
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.altKey && by && canWrite) {
      event.preventDefault();
      event.stopPropagation();
      onStep(by);
    } else if (event.key === "Enter") {
      event.preventDefault();
      onToggle();
    }
  };
  return (
    <span class="def-field-named">
      <input
        class="input def-field-name"
        aria-label={td.def.fieldName(kindOf(field.type).label)}
        aria-invalid={error ? true : undefined}
        aria-describedby={error ? id : undefined}
        readOnly={!canWrite || field.system}
        title={field.system ? td.def.systemField : td.def.dragField}
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        value={field.name}
        onInput={(event) => {
          const name = event.currentTarget.value;
          edit.set((draft) => setField(draft, key, { name }));
          edit.unsay(`fields.${key}.name`);
        }}
        onKeyDown={onKeyDown}
      />
      {error && <span class="field-error" id={id}><Icon name="circle-alert" size={14} />{error}</span>}
    </span>
  );
};

const Removed = ({ edit, one, canWrite }: FieldRowProps) => (
  <li class="def-field def-field-removed" data-row={one.key}>
    <div class="def-field-head">
      <Icon name={kindOf(one.field.type).icon} />
      <del dir="auto">{one.field.name}</del>
      <span class="field-hint">{td.def.removedField}</span>
      {canWrite && <Button icon="undo-2" class="def-field-end" onClick={() => { edit.set((draft) => restoreField(draft, one.key)); focusRow(one.key); }}>{td.def.restore}</Button>}
    </div>
  </li>
);

export const FieldRow = (props: FieldRowProps) => {
  const { edit, one, canWrite, isOpen, isOver, onToggle, onDrag, onOver, onDrop } = props;
  const kind = kindOf(one.field.type);
  if (one.isRemoved) return <Removed {...props} />;
  return (
    <li
      class={`def-field${isOver ? " is-over" : ""}${one.was && edit.draft.value.fields ? "" : " is-new"}`}
      data-row={one.key}
      onDragOver={(event) => { event.preventDefault(); onOver(true); }}
      onDragLeave={() => onOver(false)}
      onDrop={(event) => { event.preventDefault(); onDrop(); }}
    >
      <div class="def-field-head">
        {canWrite && <span class="def-grip" draggable aria-hidden="true" title={td.def.dragField} onDragStart={() => onDrag(true)} onDragEnd={() => onDrag(false)}><Icon name="grip-vertical" /></span>}
        <Icon name={kind.icon} />
        <Name {...props} />
        <span class="def-field-type">{kind.label}</span>
        <span class="def-field-badges">{badgesOf(edit, one, props.isUnique).map((text) => <Badge key={text}>{text}</Badge>)}</span>
        <span class="def-field-end">
          <Button kind="quiet" icon={isOpen ? "chevron-up" : "chevron-down"} label={td.def.openField(one.field.name || kind.label)} aria-expanded={isOpen} onClick={onToggle} />
          {canWrite && <Acts {...props} />}
        </span>
      </div>
      {isOpen && <Options edit={edit} one={one} canWrite={canWrite} />}
    </li>
  );
};
