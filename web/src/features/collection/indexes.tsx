// The indexes of a collection: what they are made of, or their SQL.

import { useState } from "preact/hooks";
import { grow, useTyped } from "../../fields/input.tsx";
import { td } from "../../i18n/t-def.ts";
import { parseIndex, printIndex, type Index, type IndexColumn } from "../../lib/index-sql.ts";
import { whole } from "../../lib/values.ts";
import { Badge } from "../../ui/Badge/Badge.tsx";
import { Button } from "../../ui/Button/Button.tsx";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { Checkbox, Field, TextField } from "../../ui/Field/Field.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { Menu } from "../../ui/Menu/Menu.tsx";
import { MultiSelect } from "../../ui/Select/MultiSelect.tsx";
import { Select } from "../../ui/Select/Select.tsx";
import { Advice } from "./advice.tsx";
import { addIndex, indexText, isOfRemoved, removeIndex, restoreIndex, sentFields, setIndex, type Draft, type IndexDraft } from "./draft.ts";
import type { CollectionEdit } from "./edit.ts";
import { focusRow } from "./focus.ts";
import type { PartProps } from "./parts.ts";
import { indexName } from "./scaffold.ts";

const mostLines = 10;
const collations = ["", "NOCASE", "RTRIM", "BINARY"];

// Of one that is edited: the text says all of it.
const current = (draft: Draft, one: IndexDraft): { text: string; index: Index | null } => {
  const text = indexText(draft, one);
  return { text, index: parseIndex(text) };
};

const names = (draft: Draft): string[] => sentFields(draft).map(({ field }) => field.name);

const Column = ({ column, onChange }: { column: IndexColumn; onChange: (column: IndexColumn) => void }) => (
  <li class="def-column">
    <code dir="ltr">{column.name}</code>
    <Select label={td.index.orderOf(column.name)} value={column.sort} options={[{ value: "", label: td.index.usual }, { value: "ASC", label: td.index.up }, { value: "DESC", label: td.index.down }]} onChange={(sort) => onChange({ ...column, sort: sort as IndexColumn["sort"] })} />
    <Select
      label={td.index.collationOf(column.name)}
      value={column.collate.toUpperCase()}
      options={[...new Set([...collations, column.collate.toUpperCase()])].map((value) => ({ value, label: value === "" ? td.index.noCollation : (td.index.collations[value] ?? value) }))}
      onChange={(collate) => onChange({ ...column, collate })}
    />
  </li>
);

// Its parts; columns that are expressions are changed in its SQL.
const Form = ({ edit, index, onChange, error }: { edit: CollectionEdit; index: Index; onChange: (index: Index) => void; error: string }) => {
  const plain = names(edit.draft.value);
  const [name, typeName] = useTyped(index.name, whole);
  const [where, typeWhere] = useTyped(index.where, whole);
  // Only signs that a name may have without quotes.
  const setName = (text: string) => {
    const made = text.replace(/\W/g, "_");
    typeName(made, made || index.name);
    if (made) onChange({ ...index, name: made });
  };
  const setWhere = (text: string) => {
    typeWhere(text, text.trim());
    onChange({ ...index, where: text.trim() });
  };
  const choices = [...new Set([...plain, ...index.columns.map(({ name }) => name)])].map((name) => ({ value: name, label: name }));
  const choose = (chosen: readonly string[]) => {
    const byName = new Map(index.columns.map((column) => [column.name, column]));
    if (chosen.length > 0) onChange({ ...index, columns: chosen.map((name) => byName.get(name) ?? { name, collate: "", sort: "" }) });
  };
  return (
    <div class="def-options">
      <TextField label={td.index.name} name="index-name" value={name} onInput={setName} {...(error || name === "" ? { error: error || td.options.nameMissing } : {})} />
      <Field label={td.index.columns} hint={td.index.columnsHint}>
        {(attributes) => <MultiSelect attributes={attributes} label={td.index.columns} value={index.columns.map(({ name }) => name)} options={choices} onChange={choose} />}
      </Field>
      <TextField label={td.index.where} name="index-where" value={where} hint={td.index.whereHint} onInput={setWhere} />
      <Checkbox label={td.index.unique} name="index-unique" checked={index.isUnique} hint={td.index.uniqueHint} onChange={(isUnique) => onChange({ ...index, isUnique })} />
      <ul class="def-columns" aria-label={td.index.columns}>{index.columns.map((column) => <Column key={column.name} column={column} onChange={(to) => onChange({ ...index, columns: index.columns.map((one) => (one.name === column.name ? to : one)) })} />)}</ul>
    </div>
  );
};

const Sql = ({ text, onChange, error }: { text: string; onChange: (text: string) => void; error: string }) => {
  const size = grow(text, mostLines);
  return (
    <div class="def-sql">
      <Field label={td.index.sql} error={error}>
        {(attributes) => <textarea {...attributes} {...size} class={`${size.class} code-input`} name="index-sql" spellcheck={false} autocapitalize="off" dir="ltr" value={text} onInput={(event) => onChange(event.currentTarget.value)} />}
      </Field>
    </div>
  );
};

const Open = ({ edit, one, error }: { edit: CollectionEdit; one: IndexDraft; error: string }) => {
  const { text, index } = current(edit.draft.value, one);
  const [typed, setTyped] = useState<string | null>(null); // SQL as it is typed; null: the form is shown
  const change = (to: string) => {
    edit.set((draft) => setIndex(draft, one.key, to));
    edit.unsay(`indexes.${one.key}`);
  };
  const isText = typed !== null || !index;
  return (
    <>
      {isText ? <Sql text={typed ?? text} onChange={(to) => { setTyped(to); change(to); }} error={error || (index ? "" : td.index.unread)} /> : <Form edit={edit} index={index} onChange={(to) => change(printIndex(to))} error={error} />}
      {index && <div class="def-toggle"><Button kind="quiet" icon={isText ? "sliders-horizontal" : "code"} onClick={() => setTyped(isText ? null : text)}>{isText ? td.index.asForm : td.index.asSql}</Button></div>}
    </>
  );
};

const Removed = ({ edit, one, name, canWrite }: { edit: CollectionEdit; one: IndexDraft; name: string; canWrite: boolean }) => {
  const isByField = isOfRemoved(edit.draft.value, one.index);
  return (
    <li class="def-field def-field-removed" data-row={one.key}>
      <div class="def-field-head">
        <Icon name="list" />
        <del>{name}</del>
        <span class="field-hint">{isByField ? td.index.withField : td.def.removedField}</span>
        {canWrite && !isByField && <Button icon="undo-2" class="def-field-end" onClick={() => { edit.set((draft) => restoreIndex(draft, one.key)); focusRow(one.key); }}>{td.def.restore}</Button>}
      </div>
    </li>
  );
};

const IndexRow = ({ edit, one, canWrite, isOpen, onToggle }: PartProps & { one: IndexDraft; isOpen: boolean; onToggle: () => void }) => {
  const draft = edit.draft.value;
  const { text, index } = current(draft, one);
  const name = index?.name ?? (text.slice(0, 60) || td.index.blank);
  const error = edit.errors.value.get(`indexes.${one.key}`) ?? "";
  if (one.isRemoved || isOfRemoved(draft, one.index)) return <Removed edit={edit} one={one} name={name} canWrite={canWrite} />;
  return (
    <li class="def-field" data-row={one.key}>
      <div class="def-field-head">
        <Icon name="list" />
        <span class="def-index-name" dir="auto">{name}</span>
        <span class="def-field-type" dir="ltr">{index?.columns.map((column) => column.name).join(", ")}</span>
        <span class="def-field-badges">{index?.isUnique && <Badge>{td.def.badges["unique"]}</Badge>}{index?.where && <Badge>{td.index.partial}</Badge>}</span>
        <span class="def-field-end">
          <Button kind="quiet" icon={isOpen ? "chevron-up" : "chevron-down"} label={td.def.openField(name)} aria-expanded={isOpen} onClick={onToggle} />
          {canWrite && <Button kind="quiet" icon="trash-2" label={td.index.remove(name)} onClick={() => { edit.set((now) => removeIndex(now, one.key)); edit.unsay(`indexes.${one.key}`); focusRow(one.key); }} />}
        </span>
      </div>
      {error && !isOpen && <p class="field-error def-row-error"><Icon name="circle-alert" size={14} />{error}</p>}
      {isOpen && (canWrite ? <Open edit={edit} one={one} error={error} /> : <pre class="def-sql"><code>{text}</code></pre>)}
    </li>
  );
};

// A beginning for each of the usual ones.
const AddIndex = ({ edit, onAdded }: { edit: CollectionEdit; onAdded: (key: string) => void }) => {
  const add = (columns: readonly string[], isUnique: boolean) => {
    const before = edit.draft.peek();
    const index: Index = { isUnique, ifMissing: false, schema: "", name: indexName(), table: before.name || "t", columns: columns.map((name) => ({ name, collate: "", sort: "" })), where: "" };
    const { draft, key } = addIndex(before, printIndex(index));
    edit.set(() => draft);
    onAdded(key);
  };
  const fields = names(edit.draft.value).filter((name) => name !== "id");
  const groups = [
    { title: td.index.plain, items: fields.map((name) => ({ label: name, icon: "list" as const, act: () => add([name], false) })) },
    { title: td.index.uniques, items: fields.map((name) => ({ label: name, icon: "key-round" as const, act: () => add([name], true) })) },
  ];
  return <Menu label={td.index.add} kind="plain" icon="plus" text={td.index.add} groups={groups} />;
};

export const Indexes = ({ edit, canWrite }: PartProps) => {
  const { indexes } = edit.draft.value;
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const added = (key: string) => {
    toggle(key);
    focusRow(key);
  };
  const toggle = (key: string) => setOpened((now) => new Set(now.has(key) ? [...now].filter((one) => one !== key) : [...now, key]));
  return (
    <section class="def-part">
      <h2 id="def-indexes">{td.index.title}</h2>
      {canWrite && <Advice edit={edit} onAdded={added} />}
      {indexes.length === 0 && <Empty title={td.index.none} why={td.index.noneWhy} />}
      {indexes.length > 0 && (
        <ul class="def-fields" aria-labelledby="def-indexes">
          {indexes.map((one) => <IndexRow key={one.key} edit={edit} one={one} canWrite={canWrite} isOpen={opened.has(one.key)} onToggle={() => toggle(one.key)} />)}
        </ul>
      )}
      {canWrite && <div><AddIndex edit={edit} onAdded={added} /></div>}
    </section>
  );
};
