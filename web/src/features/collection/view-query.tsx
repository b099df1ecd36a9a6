// The query of a view: written, and tried on the server as it is written.

import { computed } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { call } from "../../api/client.ts";
import type { Field, Row } from "../../api/types.ts";
import { kindOf } from "../../fields/index.ts";
import { td } from "../../i18n/t-def.ts";
import { whole } from "../../lib/values.ts";
import { collections } from "../../state/instance.ts";
import { loaded } from "../../state/loaded.ts";
import { explain } from "../../api/error.ts";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { Notice } from "../../ui/Notice/Notice.tsx";
import type { CodeFault } from "../../code/Code.tsx";
import { CodeField } from "../../code/CodeField.tsx";
import { setOptions } from "./draft.ts";
import type { PartProps } from "./parts.ts";

interface Tried {
  fields: Field[];
  sample: Row[];
}

const tryAfterMs = 300;

const tryQuery = async (query: string, signal: AbortSignal): Promise<Tried> => {
  const { data } = await call<Partial<Tried>>({ method: "POST", path: "collections/meta/dry-run-view", body: { query }, signal });
  return { fields: data.fields ?? [], sample: data.sample ?? [] };
};

// Of every collection the columns, to be completed.
const tables = computed(() => Object.fromEntries((collections.data.value ?? []).map(({ name, fields }) => [name, fields.map((field) => field.name)])));

// Asked once there is a pause; an answer to an older text is nobody's.
const useTried = (query: string) => {
  const tried = useMemo(() => loaded<Tried>(), []);
  useEffect(() => {
    if (query.trim() === "") return;
    const timer = setTimeout(() => void tried.load((signal) => tryQuery(query, signal)), tryAfterMs);
    return () => clearTimeout(timer);
  }, [query, tried]);
  useEffect(() => tried.stop, [tried]);
  return tried;
};

// SQLite names the word that it did not expect, or the column that is not there.
const faultsIn = (query: string, error: unknown): CodeFault[] => {
  const message = error ? explain(error).why : "";
  const word = /near "([^"]+)"|no such (?:column|table|function): (?:\w+\.)?(\w+)/.exec(message);
  const found = word?.[1] ?? word?.[2] ?? "";
  const at = found ? query.search(new RegExp(`(?<!\\w)${found.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?!\\w)`, "i")) : -1;
  return at < 0 ? [] : [{ at, length: found.length, message }];
};

// What a query cannot say by itself, told where it applies.
const hintsFor = (query: string): string[] => {
  const text = query.replace(/'(?:[^']|'')*'/g, "''");
  const found: string[] = [];
  if (/select\s+(?:\w+\.)?\*/i.test(text)) found.push(td.view.wildcard);
  if (query.trim() !== "" && !/\bid\b/i.test(text)) found.push(td.view.noId);
  if (/\b(?:sum|avg|min|max)\s*\(/i.test(text)) found.push(td.view.asJson);
  return found;
};

const Sample = ({ fields, sample }: Tried) => (
  <div class="def-sample" tabIndex={0} role="region" aria-label={td.view.sample}>
    <table>
      <thead><tr>{fields.map((field) => <th key={field.name} scope="col"><Icon name={kindOf(field.type).icon} size={14} /> {field.name}</th>)}</tr></thead>
      <tbody>
        {sample.map((row, n) => (
          <tr key={n}>
            {fields.map((field) => {
              const { Cell } = kindOf(field.type);
              return <td key={field.name}><Cell field={field} value={row[field.name]} row={row} /></td>;
            })}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

export const ViewQuery = ({ edit, canWrite }: PartProps) => {
  const query = whole(edit.draft.value.options["viewQuery"]);
  const tried = useTried(query);
  const wrong = tried.error.value;
  const names = tables.value;
  const faults = useMemo(() => faultsIn(query, wrong), [wrong]);
  const said = edit.errors.value.get("viewQuery") ?? "";
  const set = (text: string) => {
    edit.set((draft) => setOptions(draft, { viewQuery: text }));
    edit.unsay("viewQuery");
  };
  return (
    <section class="def-part">
      <CodeField name="viewQuery" label={td.view.query} hint={td.view.queryHint} error={said} language="sql" names={names} faults={faults} value={query} onInput={set} readonly={!canWrite} hasLines />
      {hintsFor(query).map((hint) => <p key={hint} class="field-hint">{hint}</p>)}
      {Boolean(wrong) && query.trim() !== "" && <Notice kind="danger" title={td.view.failed}><p dir="auto">{explain(wrong).why || explain(wrong).what}</p></Notice>}
      {tried.data.value && !wrong && query.trim() !== "" && (
        <>
          <p class="field-hint" role="status">{td.view.works(tried.data.value.fields.length, tried.data.value.sample.length)}</p>
          <Sample {...tried.data.value} />
        </>
      )}
    </section>
  );
};
