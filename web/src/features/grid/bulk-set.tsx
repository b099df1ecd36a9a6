// A field of many records is set at once; on accounts, also what only they have.

import { useState } from "preact/hooks";
import type { Collection, Field } from "../../api/types.ts";
import { misread } from "../../fields/checks.ts";
import { editingOf } from "../../fields/editing.ts";
import { kindOf } from "../../fields/index.ts";
import { formatNumber } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { mostUndone, type Values } from "../../lib/undo.ts";
import { whole } from "../../lib/values.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Field as FieldBox } from "../../ui/Field/Field.tsx";
import { Select } from "../../ui/Select/Select.tsx";
import { changesOf, countText, type ActProps } from "./acts.tsx";
import { useQuestion } from "./bulk-asked.ts";
import { BulkDialog } from "./bulk-dialog.tsx";
import { useJob } from "./bulk-job.ts";
import { isEditable } from "./columns.tsx";
import { planSet, resultOf } from "./bulk-plan.ts";

// A token's key is not written by hand.
export const settable = (collection: Collection): Field[] => collection.fields.filter((field) => isEditable(collection, field) && field.name !== "tokenKey");

const nothing = () => Promise.resolve(null);

interface Typed {
  field: Field;
  value: unknown;
  isTouched: boolean; // somebody has said that it is to be this value
}

const titleOf = (n: number | undefined): string => (n === undefined ? t.bulk.setTitleAll : t.bulk.setTitle(countText(n)));

const actOf = (n: number | undefined, isEmptied: boolean): string => {
  if (n === undefined) return isEmptied ? t.bulk.emptyActAll : t.bulk.setActAll;
  return (isEmptied ? t.bulk.emptyAct : t.bulk.setAct)(countText(n));
};

const isEmpty = ({ field, value }: Typed): boolean => kindOf(field.type).isEmpty(value);

// Why it cannot be set.
const faultOf = (typed: Typed | null, isAny: boolean): string => {
  if (!typed) return isAny ? t.bulk.chooseField : t.bulk.nothingToSet;
  return typed.isTouched ? misread(typed.value, typed.field) : t.bulk.untouched;
};

const Value = ({ typed, onChange }: { typed: Typed; onChange: (typed: Typed) => void }) => {
  const { field, value, isTouched } = typed;
  const { Input } = editingOf(field.type);
  const blank = kindOf(field.type).blank(field);
  const say = (to: unknown) => onChange({ field, value: to, isTouched: true });
  const { isEmpty } = kindOf(field.type);
  const isOn = isTouched && (isEmpty(blank) ? isEmpty(value) : Object.is(value, blank));
  return (
    <>
      {Input && <Input key={field.name} field={field} value={value} onChange={say} isNew={false} />}
      <Button class={isOn ? "bulk-blank is-on" : "bulk-blank"} aria-pressed={isOn} onClick={() => onChange({ field, value: blank, isTouched: !isOn })}>{isEmpty(blank) ? t.bulk.empty : t.bulk.setTo(whole(blank))}</Button>
    </>
  );
};

export const SetDialog = ({ chosen: first, onClose, onDone }: ActProps) => {
  const { collection } = first;
  const job = useJob();
  const question = useQuestion(first, nothing);
  const fields = settable(collection);
  const [typed, setTyped] = useState<Typed | null>(null);
  const choose = (name: string) => {
    const field = fields.find((one) => one.name === name);
    setTyped(field ? { field, value: kindOf(field.type).blank(field), isTouched: false } : null);
  };
  const set = async ({ field, value }: Typed) => {
    const now = await question.confirm();
    if (!now) return;
    const plan = planSet(now.chosen, field);
    const body = { [field.name]: value };
    const outcome = await job.run(collection.name, changesOf(now.chosen, (id) => ({ id, method: "PATCH", body })), plan);
    onDone(resultOf(t.bulk.set(field.name, formatNumber(outcome.n)), await plan, outcome, body), outcome);
    if (outcome.isWhole) onClose();
  };
  const { n } = question.settled?.chosen ?? first;
  return (
    <BulkDialog
      title={titleOf(n)}
      act={actOf(n, typed !== null && typed.isTouched && isEmpty(typed))}
      question={question}
      total={n}
      job={job}
      disabled={faultOf(typed, fields.length > 0)}
      onStart={() => typed && void set(typed)}
      onClose={onClose}
    >
      <FieldBox label={t.bulk.field}>
        {(attributes) => <Select attributes={attributes} label={t.bulk.field} value={typed?.field.name ?? ""} options={fields.map((one) => ({ value: one.name, label: one.name, hint: kindOf(one.type).label }))} onChange={choose} />}
      </FieldBox>
      {typed && <Value typed={typed} onChange={setTyped} />}
      <p class="bulk-note">{n === undefined || n > mostUndone ? t.bulk.noUndo.many : t.bulk.canUndo}</p>
    </BulkDialog>
  );
};

type Account = "verify" | "reset";

const accountActs: Record<Account, { title: (n: string) => string; all: string; why: string; act: string; body: Values; done: (n: string) => string; isDanger: boolean }> = {
  verify: { title: t.bulk.verifyTitle, all: t.bulk.verifyAll, why: t.bulk.verifyWhy, act: t.bulk.verify, body: { verified: true }, done: t.bulk.verified, isDanger: false },
  reset: { title: t.bulk.resetTitle, all: t.bulk.resetAll, why: t.bulk.resetWhy, act: t.bulk.reset, body: { "tokenKey:autogenerate": "" }, done: t.bulk.resetDone, isDanger: true },
};

const AccountDialog = ({ kind, chosen: first, onClose, onDone }: ActProps & { kind: Account }) => {
  const job = useJob();
  const { title, all, why, act, body, done, isDanger } = accountActs[kind];
  const question = useQuestion(first, nothing);
  const { collection } = first;
  const verified = collection.fields.find(({ name }) => name === "verified");
  const run = async () => {
    const now = await question.confirm();
    if (!now) return;
    const { chosen } = now;
    const plan = kind === "verify" && verified ? planSet(chosen, verified) : Promise.resolve(null);
    const outcome = await job.run(collection.name, changesOf(chosen, (id) => ({ id, method: "PATCH", body })), plan);
    onDone(resultOf(done(formatNumber(outcome.n)), await plan, outcome, { verified: true }), outcome);
    if (outcome.isWhole) onClose();
  };
  const { n } = question.settled?.chosen ?? first;
  return (
    <BulkDialog title={n === undefined ? all : title(countText(n))} act={act} isDanger={isDanger} question={question} total={n} job={job} onStart={() => void run()} onClose={onClose}>
      <p>{why}</p>
      {kind === "reset" && collection.name === "_superusers" && <p>{t.bulk.resetOwn}</p>}
    </BulkDialog>
  );
};

export const VerifyDialog = (props: ActProps) => <AccountDialog {...props} kind="verify" />;
export const ResetDialog = (props: ActProps) => <AccountDialog {...props} kind="reset" />;
