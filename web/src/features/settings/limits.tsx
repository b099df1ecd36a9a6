// How many requests a client may make: rules in an order, and which of them counts what.

import { useState } from "preact/hooks";
import { ts } from "../../i18n/t-settings.ts";
import { isObject, whole } from "../../lib/values.ts";
import { labelsOf, matchRule, tagsOf, type RateRule } from "../../lib/rate-match.ts";
import { collections } from "../../state/instance.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Field, TextField } from "../../ui/Field/Field.tsx";
import { NumberInput } from "../../ui/Number/Number.tsx";
import { Select } from "../../ui/Select/Select.tsx";
import { moved } from "../../ui/Select/options.ts";
import { Card } from "../../ui/Card/Card.tsx";
import { readWhole } from "./draft.ts";
import { ListSetting, SwitchSetting } from "./controls.tsx";
import type { SettingsEdit } from "./edit.ts";
import { editOf, useEdit } from "./engine.ts";
import { SettingsForm } from "./form.tsx";

const at = "rateLimits.rules";
const known = "rate-labels";
const mostLabels = 500;

// A number as it is typed may be a text.
type Rule = Record<keyof RateRule, unknown>;

const rulesOf = (edit: SettingsEdit): Rule[] => {
  const value = edit.at(at);
  return Array.isArray(value) ? value.filter(isObject).map(({ label = "", audience = "", duration = 0, maxRequests = 0 }) => ({ label, audience, duration, maxRequests })) : [];
};

// A choice needs a value: "" is none.
const everybody = "all";
const audiences = [everybody, "@guest", "@auth"].map((value) => ({ value, label: ts.limits.audiences[value] ?? value }));

const knownLabels = (): string[] => {
  const all = collections.data.value ?? [];
  return [...tagsOf("auth").map((tag) => `*:${tag}`), "/api/", "/api/batch", "POST /api/batch", ...all.flatMap(({ name, type }) => tagsOf(type).map((tag) => `${name}:${tag}`))].slice(0, mostLabels);
};

const focusRule = (n: number, what: string): void => {
  requestAnimationFrame(() => requestAnimationFrame(() => document.querySelector<HTMLElement>(`[data-rule="${n}"] ${what}`)?.focus()));
};

const RuleRow = ({ rule, n, of, change, move, remove }: { rule: Rule; n: number; of: number; change: (to: Partial<Rule>) => void; move: (to: number) => void; remove: () => void }) => {
  const edit = useEdit();
  const error = (name: keyof Rule) => edit.faultAt(`${at}.${n}.${name}`);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !event.altKey) return;
    event.preventDefault();
    move(n + step);
  };
  return (
    <li class="set-item" data-rule={n} aria-label={ts.limits.rule(n + 1)} onKeyDown={onKeyDown}>
      <div class="set-row set-main">
        <Field label={ts.limits.label} error={error("label")}>{(attributes) => <input {...attributes} class="input" list={known} autocomplete="off" spellcheck={false} dir="ltr" value={whole(rule.label)} onInput={(event) => change({ label: event.currentTarget.value })} />}</Field>
        <Field label={ts.limits.audience} error={error("audience")}>{(attributes) => <Select attributes={attributes} label={ts.limits.audience} value={whole(rule.audience) || everybody} options={audiences} onChange={(audience) => change({ audience: audience === everybody ? "" : audience })} />}</Field>
        <Field label={ts.limits.requests} error={error("maxRequests")}>{(attributes) => <NumberInput attributes={attributes} label={ts.limits.requests} value={String(rule.maxRequests)} onInput={(text) => change({ maxRequests: readWhole(text) })} />}</Field>
        <Field label={ts.limits.seconds} error={error("duration")}>{(attributes) => <NumberInput attributes={attributes} label={ts.limits.seconds} value={String(rule.duration)} onInput={(text) => change({ duration: readWhole(text) })} />}</Field>
        <div class="set-acts">
          <Button kind="quiet" icon="arrow-up" class="set-up" label={ts.limits.up(n + 1)} disabled={n === 0 && ts.limits.isFirst} onClick={() => move(n - 1)} />
          <Button kind="quiet" icon="arrow-down" class="set-down" label={ts.limits.down(n + 1)} disabled={n === of - 1 && ts.limits.isLast} onClick={() => move(n + 1)} />
          <Button kind="quiet" icon="trash-2" label={ts.limits.remove(n + 1)} onClick={remove} />
        </div>
      </div>
    </li>
  );
};

const Rules = () => {
  const edit = useEdit();
  const [said, say] = useState("");
  const rules = rulesOf(edit);
  const set = (next: Rule[]) => edit.set(at, next);
  const move = (from: number, to: number) => {
    if (to < 0 || to >= rules.length) return;
    const what = document.activeElement?.closest("button")?.classList.contains("set-up") ? ".set-up" : document.activeElement?.closest("button") ? ".set-down" : "input";
    set(moved(rules, from, to));
    say(ts.limits.moved(whole(rules[from]?.label), to + 1, rules.length));
    focusRule(to, what);
  };
  const remove = (n: number) => {
    set(rules.filter((_, other) => other !== n));
    say(ts.limits.removed(whole(rules[n]?.label)));
    if (rules.length > 1) focusRule(Math.min(n, rules.length - 2), "input");
    else requestAnimationFrame(() => document.querySelector<HTMLElement>(".set-add")?.focus());
  };
  const add = () => {
    set([...rules, { label: "", audience: "", duration: 10, maxRequests: 100 }]);
    focusRule(rules.length, "input");
  };
  return (
    <>
      {rules.length > 0 && (
        <ol class="set-items">
          {rules.map((rule, n) => <RuleRow key={n} rule={rule} n={n} of={rules.length} change={(to) => set(rules.map((one, other) => (other === n ? { ...one, ...to } : one)))} move={(to) => move(n, to)} remove={() => remove(n)} />)}
        </ol>
      )}
      {edit.errors.value.has(at) && <p class="field-error">{edit.errors.value.get(at)}</p>}
      <datalist id={known}>{knownLabels().map((label) => <option key={label} value={label} />)}</datalist>
      <div><Button icon="plus" class="set-add" onClick={add}>{ts.limits.add}</Button></div>
      <span class="aside" role="status">{said}</span>
    </>
  );
};

const methods = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"].map((value) => ({ value, label: value }));

const Tester = ({ edit }: { edit: SettingsEdit }) => {
  const [request, set] = useState({ method: "POST", path: "/api/collections/users/auth-with-password", isGuest: true });
  const rules = rulesOf(edit) as unknown as RateRule[];
  const labels = labelsOf(request, collections.data.value ?? []);
  const found = matchRule(rules, labels, request.isGuest);
  const rule = found && rules[found.rule];
  return (
    <Card title={ts.limits.tester} why={ts.limits.testerWhy}>
      <div class="def-pair">
        <Field label={ts.limits.method}>{(attributes) => <Select attributes={attributes} label={ts.limits.method} value={request.method} options={methods} onChange={(method) => set({ ...request, method })} />}</Field>
        <TextField label={ts.limits.path} name="path" value={request.path} onInput={(path) => set({ ...request, path })} />
        <Field label={ts.limits.who}>{(attributes) => <Select attributes={attributes} label={ts.limits.who} value={request.isGuest ? "@guest" : "@auth"} options={audiences.slice(1)} onChange={(who) => set({ ...request, isGuest: who === "@guest" })} />}</Field>
      </div>
      <p role="status" class="set-big">{rule && found ? ts.limits.hits(found.rule + 1, rule.label, String(rule.maxRequests), String(rule.duration)) : ts.limits.noHit}</p>
      <p class="field-hint">{labels.length > 0 ? ts.limits.tried(labels.join(", ")) : ts.limits.noLabels}</p>
      {edit.at("rateLimits.enabled") !== true && <p class="field-hint">{ts.limits.isOff}</p>}
    </Card>
  );
};

export const Limits = () => {
  const edit = editOf("limits");
  return (
    <SettingsForm edit={edit} more={<Tester edit={edit} />}>
      <Card title={ts.limits.title}>
        <SwitchSetting path="rateLimits.enabled" />
        <ListSetting path="rateLimits.excludedIPs" />
      </Card>
      <Card title={ts.limits.rules} why={ts.limits.rulesWhy}><Rules /></Card>
    </SettingsForm>
  );
};
