// One rule: who may at all, the rule by which they may, and what that says.

import { useState } from "preact/hooks";
import { tu } from "../../i18n/t-rules.ts";
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
import { RuleText } from "./rule-text.tsx";

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

// isAlone: where no test can be shown below it.
export const RuleRow = (props: PartProps & { name: RuleName; isAlone?: boolean }) => {
  const { edit, canWrite, name, isAlone = false } = props;
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
        {!isAlone && <Button kind="quiet" icon="flask-conical" label={tu.rules.testOf(label)} disabled={edit.id === null ? tu.rules.saveFirst : false} onClick={() => { setQuery({ test: name, rule: undefined }); goTo(".rule-test"); }}>{tu.rules.testIt}</Button>}
      </div>
      <p class="field-hint">{tu.rules.hints[name]}</p>
      {chosen === "rule" && <RuleText {...props} path={name} label={tu.rules.text(label)} text={text} nothing={tu.rules.nothingYet} onText={(typed) => { write(true); setText(edit, name, typed); }} />}
      {error && <p class="field-error" role="alert"><Icon name="circle-alert" size={14} />{error}</p>}
      {chosen === "everybody" && opening.has(name) && <Notice kind="warn" title={tu.rules.openTitle[name] ?? ""} />}
    </section>
  );
};
