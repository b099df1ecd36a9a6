// What a tried rule comes to: in a word, in its parts, and in the database.

import { useLayoutEffect, useRef } from "preact/hooks";
import type { RulePart, Tried } from "../../api/rules.ts";
import { formatNumber } from "../../i18n/format.ts";
import { tu } from "../../i18n/t-rules.ts";
import { printJson } from "../../lib/json.ts";
import { CodeBlock } from "../../ui/Copy/Copy.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import type { IconName } from "../../ui/Icon/names.ts";
import { Notice } from "../../ui/Notice/Notice.tsx";

const looks: Record<string, { icon: IconName; kind: string; text: string }> = {
  true: { icon: "circle-check", kind: "ok", text: tu.test.yes },
  false: { icon: "circle-alert", kind: "danger", text: tu.test.no },
  null: { icon: "info", kind: "plain", text: tu.test.unknown },
};

const lookOf = ({ value, matches, more }: RulePart) =>
  matches === undefined ? looks[String(value)] : { ...looks[matches > 0 ? "true" : "null"], text: tu.test.matches(more ? 2 : matches, formatNumber(matches), more === true) };

const Part = ({ part }: { part: RulePart }) => {
  const look = lookOf(part);
  return (
    <li>
      <span class={`rule-value rule-${look?.kind}`}><Icon name={look?.icon ?? "info"} size={14} /> {look?.text}</span>
      {part.op && <code>{part.op}</code>}
      <code class="rule-part" dir="ltr">{part.text}</code>
      {part.error && <span class="field-error">{part.error}</span>}
      {part.parts.length > 0 && <Parts parts={part.parts} />}
    </li>
  );
};

const Parts = ({ parts }: { parts: readonly RulePart[] }) => <ul class="rule-parts">{parts.map((part, n) => <Part key={n} part={part} />)}</ul>;

const Found = ({ collection, of }: { collection: string; of: Tried }) => (
  <div class="rule-ids">
    <span class="field-hint">{tu.test.found(of.totalItems)}</span>
    {of.ids.map((id) => <a key={id} class="rule-id" href={`#/data/${encodeURIComponent(collection)}?record=${encodeURIComponent(id)}`}>{id}</a>)}
  </div>
);

const mostMsDigits = 3;

// ms: as it is written, which "0.130" is no number for.
const Sql = ({ of }: { of: Tried }) => {
  const title = tu.test.sql(Number(of.ms).toFixed(mostMsDigits));
  return of.sql ? (
    <details class="def-more">
      <summary>{title}</summary>
      <div class="rule-sql">
        <CodeBlock text={of.sql} label={title} />
        {of.params.length > 0 && <><h3>{tu.test.params}</h3><CodeBlock text={printJson(of.params)} label={tu.test.params} /></>}
        {of.plan.length > 0 && <><h3>{tu.test.plan}</h3><CodeBlock text={of.plan.join("\n")} label={tu.test.plan} /></>}
      </div>
    </details>
  ) : null;
};

export const Answer = ({ collection, isList, of }: { collection: string; isList: boolean; of: Tried }) => {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => box.current?.scrollIntoView({ block: "nearest" }), [of]);
  return (
    <div class="rule-answer" ref={box}>
      <Notice kind={of.allowed ? "ok" : "danger"} title={of.allowed ? tu.test.allowed : tu.test.denied}>
        {of.reason && <p dir="auto">{of.reason}</p>}
        {of.allowed && isList && <p>{tu.test.sees(of.totalItems, formatNumber(of.totalItems))}</p>}
      </Notice>
      {of.parts.length > 0 && <section aria-label={tu.test.parts}><h3>{tu.test.parts}</h3><Parts parts={of.parts} /></section>}
      {of.ids.length > 0 && <Found collection={collection} of={of} />}
      <Sql of={of} />
    </div>
  );
};
