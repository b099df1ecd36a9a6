// One rule: who may at all, the rule by which they may, and what that says.

import { useState } from "preact/hooks";
import type { CodeCompletion, CodeFault } from "../../code/Code.tsx";
import { CodeField } from "../../code/CodeField.tsx";
import { t } from "../../i18n/t.ts";
import { tu } from "../../i18n/t-rules.ts";
import { check, type Scope } from "../../lib/filter/fields.ts";
import { parse } from "../../lib/filter/parse.ts";
import { completeRule } from "../../lib/rule-complete.ts";
import { openToGuests, sayRule } from "../../lib/rule-words.ts";
import { collections } from "../../state/instance.ts";
import { setQuery } from "../../state/router.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { Notice } from "../../ui/Notice/Notice.tsx";
import { Segments } from "../../ui/Segments/Segments.tsx";
import type { CollectionEdit } from "../collection/edit.ts";
import type { PartProps } from "../collection/parts.ts";
import { faultAt, setSetting, settingAt } from "../collection/setting.tsx";
import { goTo } from "./focus.ts";
import { opening, type RuleName } from "./names.ts";
import { areFieldsKnown, scopeOf } from "./scope.ts";

type Chosen = "superusers" | "everybody" | "rule";

// What was written comes back when a rule is wanted again.
const written = new WeakMap<CollectionEdit, Map<RuleName, string>>();
const writtenOf = (edit: CollectionEdit): Map<RuleName, string> => {
  const known = written.get(edit) ?? new Map<RuleName, string>();
  written.set(edit, known);
  return known;
};

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

// Until something is written, nobody comes in by it: an empty rule would let everybody.
const setText = (edit: CollectionEdit, name: RuleName, text: string): void => setSetting(edit, name, text === "" ? null : text);

const choose = (edit: CollectionEdit, name: RuleName, next: Chosen): void => {
  const text = textOf(settingAt(edit, name));
  if (text !== "") writtenOf(edit).set(name, text);
  if (next === "rule") setText(edit, name, writtenOf(edit).get(name) ?? textOf(edit.original.peek()[name]));
  else setSetting(edit, name, next === "everybody" ? "" : null);
};

const faultsIn = (text: string, scope: Scope, hasFields: boolean): CodeFault[] => {
  if (text === "") return [];
  const { node, fault } = parse(text, Infinity);
  const found = fault ?? (node && hasFields ? check(node, scope) : undefined);
  return found ? [{ at: found.at, length: found.length, message: t.filter.faults[found.what](found.found) }] : [];
};

const hintOf = (label: string, hint: string | undefined): string => t.filter.hints[label] ?? hint ?? "";

const completing = (scope: Scope) => (text: string, at: number): CodeCompletion => {
  const { from, to, items } = completeRule(text, at, scope);
  return { from, to, items: items.map(({ label, insert, kind, hint }) => ({ label, insert, hint: kind === "sign" ? (t.filter.signs[label] ?? "") : hintOf(label, hint) })) };
};

const signedIn = '@request.auth.id != ""';
const withSignedIn = (text: string): string => (text.includes("||") ? `${signedIn} && (${text})` : `${signedIn} && ${text}`);

const Guests = ({ text, scope, onAdd }: { text: string; scope: Scope; onAdd: (() => void) | null }) => {
  const fields = openToGuests(text, scope);
  if (fields.length === 0) return null;
  return (
    <p class="rule-said rule-warn">
      <Icon name="triangle-alert" size={14} />
      <span>{tu.rules.guestsToo(fields.join(", "))} {onAdd && !text.includes("//") && <Button kind="quiet" onClick={onAdd}>{tu.rules.addSignedIn}</Button>}</span>
    </p>
  );
};

// One line that is always there: what is wrong, what it says, or what is to come next.
const Said = ({ text, fault }: { text: string; fault: CodeFault | undefined }) => {
  const said = text === "" ? tu.rules.nothingYet : fault ? fault.message : sayRule(text, tu.words);
  const isWrong = fault !== undefined && fault.length > 0;
  return (
    <p class={`rule-said${isWrong ? " rule-fault" : ""}`} dir="auto">
      {said && <Icon name={isWrong ? "circle-alert" : "info"} size={14} />}
      <span>{said}</span>
    </p>
  );
};

const Text = ({ edit, name, canWrite, text, onText }: PartProps & { name: RuleName; text: string; onText: (text: string) => void }) => {
  const draft = edit.draft.value;
  const of = edit.original.value;
  const scope = scopeOf(draft, of, collections.data.value ?? [], text === of[name]);
  const faults = faultsIn(text, scope, areFieldsKnown(draft, of, edit.id === null));
  return (
    <>
      <CodeField
        name={name}
        label={tu.rules.text(tu.rules.names[name])}
        language="rule"
        value={text}
        onInput={onText}
        complete={completing(scope)}
        faults={faults}
        error={faultAt(edit, name)}
        readonly={!canWrite}
        placeholder={tu.rules.placeholder}
      />
      <Said text={text} fault={faults[0]} />
      {faults.length === 0 && <Guests text={text} scope={scope} onAdd={canWrite ? () => onText(withSignedIn(text)) : null} />}
    </>
  );
};

export const RuleRow = (props: PartProps & { name: RuleName }) => {
  const { edit, canWrite, name } = props;
  const [isWriting, write] = useState(false);
  const value = settingAt(edit, name);
  const text = textOf(value);
  const chosen: Chosen = text !== "" || (isWriting && value !== "") ? "rule" : value === "" ? "everybody" : "superusers";
  const label = tu.rules.names[name];
  const error = chosen === "rule" ? "" : faultAt(edit, name);
  const choices = [
    { value: "superusers" as const, label: name === "authRule" ? tu.rules.nobody : tu.rules.superusers },
    ...(name === "manageRule" ? [] : [{ value: "everybody" as const, label: tu.rules.everybody }]),
    { value: "rule" as const, label: tu.rules.byRule },
  ];
  return (
    <section class="def-part def-card rule" data-rule={name} tabIndex={-1} aria-label={label}>
      <div class="rule-head">
        <h2>{label}</h2>
        <Segments legend={tu.rules.who(label)} hideLegend name={name} value={chosen} choices={choices} disabled={!canWrite} onChange={(next) => { write(next === "rule"); choose(edit, name, next); }} />
        <Button kind="quiet" icon="flask-conical" label={tu.rules.testOf(label)} disabled={edit.id === null ? tu.rules.saveFirst : false} onClick={() => { setQuery({ test: name, rule: undefined }); goTo(".rule-test"); }}>{tu.rules.testIt}</Button>
      </div>
      <p class="field-hint">{tu.rules.hints[name]}</p>
      {chosen === "rule" && <Text {...props} text={text} onText={(typed) => { write(true); setText(edit, name, typed); }} />}
      {error && <p class="field-error" role="alert"><Icon name="circle-alert" size={14} />{error}</p>}
      {chosen === "everybody" && opening.has(name) && <Notice kind="warn" title={tu.rules.openTitle[name] ?? ""} />}
    </section>
  );
};
