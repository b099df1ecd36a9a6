// How apps reach a collection's records: each call with examples that have its own fields in them.

import { useEffect, useState } from "preact/hooks";
import { listRecords } from "../../api/records.ts";
import { t } from "../../i18n/t.ts";
import { apiTexts as ta } from "../../i18n/t-api.ts";
import { actIds, actOf, type Act, type ActId, type Off } from "../../lib/api-acts.ts";
import { recordId, sentFields, type Documented } from "../../lib/api-sample.ts";
import { base } from "../../lib/base.ts";
import { printJson } from "../../lib/json.ts";
import { printPlace } from "../../lib/route.ts";
import { languageNames, languages, type Language } from "../../lib/snippets.ts";
import { collection, settings } from "../../state/instance.ts";
import { keptValue } from "../../state/prefs.ts";
import { navigate, path, query } from "../../state/router.ts";
import { Badge } from "../../ui/Badge/Badge.tsx";
import { CodeBlock } from "../../ui/Copy/Copy.tsx";
import { Notice } from "../../ui/Notice/Notice.tsx";
import { Segments } from "../../ui/Segments/Segments.tsx";
import { Select } from "../../ui/Select/Select.tsx";
import type { PartProps } from "../collection/parts.ts";

const language = keptValue<Language>("api-language", "js", (kept) => languages.find((one) => one === kept) ?? "js");

// Of a record that there is; an example works as it stands then.
const useFirstId = (name: string): string => {
  const [id, setId] = useState(recordId);
  useEffect(() => {
    const leaving = new AbortController();
    listRecords(name, { page: 1, perPage: 1, skipTotal: true, fields: "id" }, leaving.signal).then(
      ({ items }) => items[0] && setId(items[0].id),
      () => undefined, // an example says RECORD_ID then
    );
    return () => leaving.abort();
  }, [name]);
  return id;
};

const placeOf = (act: ActId): string => printPlace({ path: path.value, query: { ...query.value, act } });

const placesOfOff: Record<Off, (at: string) => string> = { password: (at) => `${at}/auth`, oauth2: (at) => `${at}/auth`, otp: (at) => `${at}/auth`, batch: () => "#/settings/app" };

const Allowed = ({ of, one }: { of: Act; one: Documented }) => {
  const at = `#/data/${encodeURIComponent(one.name)}`;
  if (of.off) return <Notice kind="warn" title={ta.off[of.off]}><a href={placesOfOff[of.off](at)}>{ta.turnOn}</a></Notice>;
  if (!of.rule) return null;
  const rule = one[of.rule] as string | null | undefined;
  if (rule === null || rule === undefined) return <p class="api-rule">{ta.superusers}</p>;
  if (rule === "") return <p class="api-rule">{ta.everybody}</p>;
  return <p class="api-rule">{ta.byRule} <a href={`${at}/rules?rule=${of.rule}`}><code dir="ltr">{rule}</code></a></p>;
};

const typeName = (type: string): string => (t.fields.types as Record<string, string>)[type] ?? type;

interface Line {
  name: string;
  type: string;
  about: string;
}

const Table = ({ title, lines }: { title: string; lines: readonly Line[] }) => (
  <section>
    <h3>{title}</h3>
    <div class="api-scroll" tabIndex={0} role="region" aria-label={title}>
      <table class="api-table">
        <thead><tr><th scope="col">{ta.name}</th><th scope="col">{ta.type}</th><th scope="col">{ta.about}</th></tr></thead>
        <tbody>{lines.map(({ name, type, about }) => <tr key={name}><th scope="row" dir="auto">{name}</th><td>{type}</td><td>{about}</td></tr>)}</tbody>
      </table>
    </div>
  </section>
);

const bodyOf = (one: Documented, isNew: boolean): Line[] => [
  ...sentFields(one, isNew).map((field) => ({
    name: field.name,
    type: typeName(field.type),
    about: [isNew && field.required ? ta.required : ta.optional, field.type === "file" && ta.file].filter(Boolean).join(", "),
  })),
  ...(isNew && one.type === "auth" ? [{ name: "passwordConfirm", type: typeName("password"), about: `${ta.required}, ${ta.confirm}` }] : []),
];

const queryTypes: Record<string, string> = { page: "number", perPage: "number", skipTotal: "bool" };

const Shown = ({ of, one }: { of: Act; one: Documented }) => (
  <article class="api-act" aria-label={ta.acts[of.id]}>
    <h2>{ta.acts[of.id]}</h2>
    <p>{ta.leads[of.id]}</p>
    <Allowed of={of} one={one} />
    <ul class="api-calls">{of.calls.map(({ method, path: to }) => <li key={method + to}><Badge>{method}</Badge> <code dir="ltr">{to}</code></li>)}</ul>
    <section>
      <h3>{ta.example}</h3>
      <Segments legend={ta.language} hideLegend name="language" value={language.value} choices={languages.map((value) => ({ value, label: languageNames[value] }))} onChange={(value) => { language.value = value; }} />
      <CodeBlock text={of.snippets[language.value]} label={ta.exampleOf(languageNames[language.value])} />
      {language.value === "curl" && of.snippets.curl.includes("$TOKEN") && <p class="field-hint">{ta.tokenNote}</p>}
    </section>
    {(of.id === "create" || of.id === "update") && <Table title={ta.body} lines={bodyOf(one, of.id === "create")} />}
    {of.query.length > 0 && <Table title={ta.parameters} lines={of.query.map((name) => ({ name, type: typeName(queryTypes[name] ?? "text"), about: ta.queries[name] ?? "" }))} />}
    <section>
      <h3>{ta.answers}</h3>
      {of.answers.map(({ status, body }, n) => (
        <details key={`${of.id} ${n}`} open={n === 0}>
          <summary>{status}</summary>
          <CodeBlock text={body === "" ? ta.nothing : printJson(body, 2)} label={ta.answer(status)} />
        </details>
      ))}
    </section>
  </article>
);

// As it is saved: what is changed beside it, nobody can call yet.
export const Api = ({ edit }: PartProps) => {
  const one = (collection(edit.id ?? "") ?? edit.original.value) as Documented;
  const id = useFirstId(one.name);
  const ids = actIds(one);
  const current = ids.find((act) => act === query.value["act"]) ?? "list";
  const act = actOf(current, one, { base: base(), id, canBatch: settings.data.value?.batch.enabled ?? true });
  const choices = ids.map((value) => ({ value, label: ta.acts[value] }));
  return (
    <div class="api">
      <nav class="api-acts" aria-label={ta.title}>
        {ids.map((value) => <a key={value} href={placeOf(value)} aria-current={value === current ? "page" : undefined}>{ta.acts[value]}</a>)}
      </nav>
      <div class="api-choice"><Select label={ta.title} value={current} options={choices} onChange={(value) => void navigate(placeOf(value as ActId), { replace: true })} /></div>
      {act && <Shown of={act} one={one} />}
    </div>
  );
};
