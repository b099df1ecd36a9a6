// The text of a rule: completed, checked, and said in words.

import type { CodeCompletion, CodeFault } from "../../code/Code.tsx";
import { CodeField } from "../../code/CodeField.tsx";
import { t } from "../../i18n/t.ts";
import { tu } from "../../i18n/t-rules.ts";
import { check, type Scope } from "../../lib/filter/fields.ts";
import { parse } from "../../lib/filter/parse.ts";
import { completeRule } from "../../lib/rule-complete.ts";
import { openToGuests, sayRule } from "../../lib/rule-words.ts";
import { collections } from "../../state/instance.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import type { PartProps } from "../collection/parts.ts";
import { faultAt, savedAt } from "../collection/setting.tsx";
import { areFieldsKnown, scopeOf } from "./scope.ts";

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
const Said = ({ text, fault, nothing }: { text: string; fault: CodeFault | undefined; nothing: string }) => {
  const said = text === "" ? nothing : fault ? fault.message : sayRule(text, tu.words);
  const isWrong = fault !== undefined && fault.length > 0;
  return (
    <p class={`rule-said${isWrong ? " rule-fault" : ""}`} dir="auto">
      {said && <Icon name={isWrong ? "circle-alert" : "info"} size={14} />}
      <span>{said}</span>
    </p>
  );
};

export interface RuleTextProps extends PartProps {
  path: string; // in the draft
  label: string;
  text: string;
  nothing: string; // what an empty one says
  isOfGuests?: boolean; // who asks may be nobody
  onText: (text: string) => void;
}

export const RuleText = ({ edit, path, label, canWrite, text, nothing, isOfGuests = true, onText }: RuleTextProps) => {
  const draft = edit.draft.value;
  const of = edit.original.value;
  const scope = scopeOf(draft, of, collections.data.value ?? [], text === savedAt(edit, path));
  const faults = faultsIn(text, scope, areFieldsKnown(draft, of, edit.id === null));
  return (
    <>
      <CodeField
        name={path}
        label={label}
        language="rule"
        value={text}
        onInput={onText}
        complete={completing(scope)}
        faults={faults}
        error={faultAt(edit, path)}
        readonly={!canWrite}
        placeholder={tu.rules.placeholder}
      />
      <Said text={text} fault={faults[0]} nothing={nothing} />
      {isOfGuests && faults.length === 0 && <Guests text={text} scope={scope} onAdd={canWrite ? () => onText(withSignedIn(text)) : null} />}
    </>
  );
};
