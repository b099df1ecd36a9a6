// What the server says that a change of definitions would do.

import { formatNumber } from "../../i18n/format.ts";
import { td } from "../../i18n/t-def.ts";
import { CodeBlock } from "../../ui/Copy/Copy.tsx";
import { Notice } from "../../ui/Notice/Notice.tsx";
import type { Plan } from "./reach.ts";

const slowMs = 200; // a change that takes longer is told of

// What of the server's plan a person has to know beside the changes themselves.
export const lossesOf = ({ losses }: Plan): string[] => losses.filter(({ rows }) => rows > 0).map(({ kind, field, rows, collection }) => td.def.losses[kind as "values"]?.(field ?? collection, rows, formatNumber(rows)) ?? `${kind} ${collection}`);

const worksOf = ({ tables }: Plan): string[] =>
  tables.filter(({ rewrite, ms }) => rewrite || ms >= slowMs).map(({ name, rows, rewrite, ms }) => td.def.work(name, rewrite, rows, formatNumber(rows), ms >= slowMs ? Math.ceil(ms / 1000) : 0));

export const Lines = ({ lines }: { lines: readonly string[] }) => <ul class="def-lines">{lines.map((line) => <li key={line} dir="auto">{line}</li>)}</ul>;

// Rules and views of others, as links.
const Referring = ({ some }: { some: Plan["references"] }) => (
  <ul class="def-lines">
    {some.map(({ collection, where, error }, n) => (
      <li key={n}><a href={`#/data/${encodeURIComponent(collection)}/schema`} target="_blank" rel="noopener noreferrer">{collection}</a> · {where}{typeof error === "string" && error ? `: ${error}` : ""}</li>
    ))}
  </ul>
);

export const Planned = ({ plan, own }: { plan: Plan; own: string }) => {
  const losses = lossesOf(plan);
  const works = worksOf(plan);
  const references = plan.references.filter(({ collection }) => collection !== own);
  return (
    <>
      {losses.length > 0 && <Notice kind="danger" title={td.def.lossesTitle}><Lines lines={losses} /></Notice>}
      {plan.conflicts.length > 0 && <Notice kind="danger" title={td.def.conflictsTitle}><Referring some={plan.conflicts} /></Notice>}
      {references.length > 0 && <Notice kind="warn" title={td.def.referencesTitle}><Referring some={references} /></Notice>}
      {works.length > 0 && <Notice kind="info" title={td.def.worksTitle}><Lines lines={works} /></Notice>}
      {plan.ddl && <details class="def-ddl"><summary>{td.def.ddl(plan.steps.length)}</summary><CodeBlock text={plan.ddl} label={td.def.ddlLabel} /></details>}
    </>
  );
};
