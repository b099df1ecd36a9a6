// The fields of a record, each by its type.

import { useState } from "preact/hooks";
import type { Field } from "../../api/types.ts";
import { editingOf } from "../../fields/editing.ts";
import { kindOf } from "../../fields/index.ts";
import { lineOf } from "../../fields/kinds.ts";
import { t } from "../../i18n/t.ts";
import { tr } from "../../i18n/t-record.ts";
import { formatExact, parseDate } from "../../i18n/format.ts";
import { cut } from "../../lib/values.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { TextField } from "../../ui/Field/Field.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { formFields, type RecordEdit } from "./edit.ts";
import { KeepFocus } from "./keep-focus.tsx";

// Who signs in by it is on a page of its own, but while the record is made.
const accountNames: ReadonlySet<string> = new Set(["email", "emailVisibility", "verified", "password"]);
export const isOfAccount = (edit: RecordEdit, { name }: { name: string }): boolean => edit.collection.type === "auth" && edit.id !== null && accountNames.has(name);

const shownTheirs = 200;

const Wrong = ({ text }: { text: string }) => <p class="field-error"><Icon name="circle-alert" size={14} />{text}</p>;

const ReadOnly = ({ edit, field, why, error }: { edit: RecordEdit; field: Field; why?: string; error: string | undefined }) => {
  const { Whole = kindOf(field.type).Cell } = editingOf(field.type);
  const row = edit.row.value;
  return (
    <div class="field" role="group" aria-label={field.name} data-wrong={error ? "" : undefined} tabIndex={error ? -1 : undefined}>
      <p class="field-label">{field.name}</p>
      <div class="record-value">{row ? <Whole field={field} value={row[field.name]} row={row} /> : "–"}</div>
      {why && <p class="field-hint">{why}</p>}
      {error && <Wrong text={error} />}
    </div>
  );
};

const Id = ({ edit }: { edit: RecordEdit }) => {
  const error = edit.errors.value.get("id");
  return (
    <TextField
      label="id"
      name="id"
      value={String(edit.value("id") ?? "")}
      onInput={(text) => edit.set("id", text)}
      readonly={edit.id !== null}
      {...(edit.id === null ? { hint: tr.record.idHint } : {})}
      {...(error ? { error } : {})}
    />
  );
};

const Edited = ({ edit, field, canWrite }: { edit: RecordEdit; field: Field; canWrite: boolean }) => {
  const { Input } = editingOf(field.type);
  const error = edit.errors.value.get(field.name);
  const row = edit.row.value;
  if (field.name === "id") return <Id edit={edit} />;
  if (!Input || !canWrite) return <ReadOnly edit={edit} field={field} error={error} {...(canWrite ? { why: t.fields.notYet } : {})} />;
  return (
    <Input
      field={field}
      value={edit.value(field.name)}
      onChange={(value) => edit.set(field.name, value)}
      isNew={edit.id === null}
      {...(error ? { error } : {})}
      {...(row ? { row } : {})}
    />
  );
};

// Edited here and changed by somebody else: theirs is below what was typed.
const Theirs = ({ edit, field }: { edit: RecordEdit; field: Field }) => {
  const settled = (act: () => void) => () => {
    act();
    void edit.keep();
  };
  const theirs = cut(lineOf(edit.original(field.name), field), shownTheirs) || tr.record.theirsEmpty;
  return (
    <div class="record-theirs">
      <KeepFocus />
      <Icon name="triangle-alert" size={14} />
      <span dir="auto">{tr.record.theirs(theirs)}</span>
      <Button label={tr.record.takeTheirsOf(field.name)} onClick={() => edit.takeTheirs([field.name])}>{tr.record.takeTheirs}</Button>
      <Button label={tr.record.mineOf(field.name)} onClick={settled(() => edit.keepMine([field.name]))}>{tr.record.mine}</Button>
      {edit.canTakeBoth(field.name) && <Button label={tr.record.bothOf(field.name)} onClick={settled(() => edit.takeBoth(field.name))}>{tr.record.both}</Button>}
    </div>
  );
};

export const FieldOf = ({ edit, field, canWrite }: { edit: RecordEdit; field: Field; canWrite: boolean }) => (
  <div class={`record-field${field.name in edit.changes.value ? " record-changed" : ""}`}>
    <Edited edit={edit} field={field} canWrite={canWrite} />
    {edit.clashes.value.has(field.name) && <Theirs edit={edit} field={field} />}
  </div>
);

// What is hidden from everybody but superusers is out of the way, unless something is wrong with it.
export const RecordForm = ({ edit, canWrite }: { edit: RecordEdit; canWrite: boolean }) => {
  const [isAll, showAll] = useState(false);
  const fields = formFields(edit.collection).filter((field) => !isOfAccount(edit, field));
  const isOut = ({ hidden, name }: Field) => hidden && name !== "password" && !edit.errors.value.has(name) && !edit.clashes.value.has(name);
  const hidden = fields.filter(isOut);
  const shown = isAll ? fields : fields.filter((field) => !hidden.includes(field));
  const dates = edit.row.value ? edit.collection.fields.filter(({ type }) => type === "autodate") : [];
  return (
    <div class="record-form">
      {shown.map((field) => <FieldOf key={field.id} edit={edit} field={field} canWrite={canWrite} />)}
      {hidden.length > 0 && !isAll && <div><Button kind="quiet" icon="eye" onClick={() => showAll(true)}>{tr.record.hiddenFields(hidden.length)}</Button></div>}
      {dates.length > 0 && (
        <dl class="record-dates">
          {dates.map(({ id, name }) => {
            const date = parseDate(String(edit.row.value?.[name] ?? ""));
            return <div key={id}><dt>{name}</dt><dd>{date ? formatExact(date) : "–"}</dd></div>;
          })}
        </dl>
      )}
    </div>
  );
};
