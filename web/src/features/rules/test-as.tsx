// A rule tried as somebody: nothing is written by it.

import { useEffect, useState } from "preact/hooks";
import { askAs, tryRule, type Tried } from "../../api/rules.ts";
import type { Collection } from "../../api/types.ts";
import { CodeField } from "../../code/CodeField.tsx";
import { t } from "../../i18n/t.ts";
import { tu } from "../../i18n/t-rules.ts";
import { printJson } from "../../lib/json.ts";
import { collection, collections, features, has } from "../../state/instance.ts";
import { setQuery } from "../../state/router.ts";
import { session } from "../../state/session.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Field } from "../../ui/Field/Field.tsx";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { Segments } from "../../ui/Segments/Segments.tsx";
import { Select } from "../../ui/Select/Select.tsx";
import type { CollectionEdit } from "../collection/edit.ts";
import { settingAt } from "../collection/setting.tsx";
import { Answer } from "./answer.tsx";
import { goTo } from "./focus.ts";
import { ruleNamesOf, type RuleName } from "./names.ts";
import { RecordInput } from "./pick.tsx";
import { askingOf, bodyFault, bodyOf, hasBody, hasRecord, isReading, lackOf, questionOf, type Question } from "./question.ts";

type Set = (change: Partial<Question>) => void;

const Who = ({ of, set, users }: { of: Question; set: Set; users: readonly Collection[] }) => {
  const at = collection(of.at);
  return (
    <>
      <Segments
        legend={tu.test.whoIs}
        name="who"
        value={of.who}
        choices={[{ value: "guest", label: tu.test.guest }, { value: "user", label: tu.test.user }, { value: "superuser", label: tu.test.superuser }]}
        onChange={(who) => set({ who })}
      />
      {of.who === "user" && !at && <p class="field-hint">{tu.test.noAuth}</p>}
      {of.who === "user" && at && (
        <div class="def-pair">
          <Field label={tu.test.userCollection}>{(attributes) => <Select attributes={attributes} label={tu.test.userCollection} value={of.at} options={users.map(({ name }) => ({ value: name, label: name }))} onChange={(name) => set({ at: name, user: "" })} />}</Field>
          <RecordInput label={tu.test.userId} choose={tu.test.chooseUser} name="user" collection={at} id={of.user} onChange={(user) => set({ user })} />
        </div>
      )}
    </>
  );
};

const Lines = ({ label, name, value, onInput }: { label: string; name: string; value: string; onInput: (text: string) => void }) => (
  <Field label={label}>
    {(attributes) => <textarea {...attributes} class="input text-input" name={name} rows={2} spellcheck={false} autocapitalize="off" dir="ltr" value={value} onInput={(event) => onInput(event.currentTarget.value)} />}
  </Field>
);

const Request = ({ of, set, rule, isFull }: { of: Question; set: Set; rule: RuleName; isFull: boolean }) => (
  <>
    {isFull && hasBody(rule) && <CodeField name="body" label={tu.test.body} language="json" value={of.body} onInput={(body) => set({ body })} error={bodyFault(of.body)} placeholder="{ }" />}
    <details class="def-more" open={of.query !== "" || of.headers !== ""}>
      <summary>{tu.test.more}</summary>
      <div class="def-pair">
        <Lines label={tu.test.query} name="query" value={of.query} onInput={(query) => set({ query })} />
        {isFull && <Lines label={tu.test.headers} name="headers" value={of.headers} onInput={(headers) => set({ headers })} />}
      </div>
    </details>
  </>
);

interface Asked {
  by: string; // the question
  tried?: Tried;
  error?: unknown;
}

// An answer belongs to its question: to another one it says nothing.
const useAsked = (by: string, ask: (signal: AbortSignal) => Promise<Tried>) => {
  const [asked, set] = useState<Asked | null>(null);
  const own = asked?.by === by ? asked : null;
  const run = () => {
    const settle = (answer: Asked) => set((last) => (last?.by === by ? answer : last));
    set({ by });
    ask(new AbortController().signal).then((tried) => settle({ by, tried }), (error: unknown) => settle({ by, error }));
  };
  return { run, isBusy: own !== null && !own.tried && !own.error, error: own?.error, tried: own?.tried };
};

export const TestAs = ({ edit, rule, onClose }: { edit: CollectionEdit; rule: RuleName; onClose: () => void }) => {
  const isFull = has("rules.test");
  const one = edit.original.value;
  const kept = questionOf(one.id);
  const users = (collections.data.value ?? []).filter(({ type, name }) => type === "auth" && name !== "_superusers");
  const of = { ...kept.value, at: kept.value.at || (users.find(({ name }) => name === "users") ?? users[0])?.name || "" };
  const set: Set = (change) => { kept.value = { ...of, ...change }; };
  const text = settingAt(edit, rule);
  const isKnown = features.data.value !== undefined || features.error.value !== undefined;
  const lack = !isKnown ? `${t.common.loading}…` : !isFull && !isReading(rule) ? tu.test.readsOnly : lackOf(rule, of);
  const by = `${rule} ${printJson(isFull ? [text ?? null, of] : [one[rule] ?? null, of])}`;
  const { run, isBusy, error, tried } = useAsked(by, (signal) => (isFull ? tryRule(bodyOf(one.id, rule, text, of, session.peek()?.user.id ?? ""), signal) : askAs(askingOf(one.name, rule, of), signal)));
  useEffect(() => goTo(".rule-test"), []);
  const close = () => {
    setQuery({ test: undefined });
    onClose();
  };
  return (
    <section class="def-part def-card rule-test" tabIndex={-1} aria-label={tu.test.title} onKeyDown={(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && !lack && run()}>
      <div class="rule-head"><h2>{tu.test.title}</h2><Button kind="quiet" icon="x" label={tu.test.close} onClick={close} /></div>
      <p class="field-hint">{isFull ? tu.test.why : tu.test.whySaved}</p>
      <div class="def-pair">
        <Field label={tu.test.rule}>{(attributes) => <Select attributes={attributes} label={tu.test.rule} value={rule} options={ruleNamesOf(one.type).map((name) => ({ value: name, label: tu.rules.names[name] }))} onChange={(name) => setQuery({ test: name })} />}</Field>
        {hasRecord(rule) && <RecordInput label={tu.test.record} choose={tu.test.chooseRecord} name="record" collection={one} id={of.record} onChange={(record) => set({ record })} />}
      </div>
      <Who of={of} set={set} users={users} />
      <Request of={of} set={set} rule={rule} isFull={isFull} />
      <div><Button kind="primary" size="form" icon="play" busy={isBusy} disabled={lack || false} onClick={run}>{tu.test.run}</Button>{lack && <span class="field-hint rule-lack">{lack}</span>}</div>
      <ErrorNotice error={error} />
      {tried && <Answer collection={one.name} isList={rule === "listRule"} of={tried} />}
    </section>
  );
};
