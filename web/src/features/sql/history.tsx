// What has been run, the last first: found by its words, opened in a query of its own.

import { useEffect, useMemo, useState } from "preact/hooks";
import { formatDate, formatNumber } from "../../i18n/format.ts";
import { ts } from "../../i18n/t-sql.ts";
import { t } from "../../i18n/t.ts";
import { oneLine } from "../../lib/values.ts";
import { Drawer } from "../../ui/Drawer/Drawer.tsx";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { listRuns, type Run } from "./past.ts";

const mostShown = 100;
const shownText = 160;
const shownError = 120;

const factsOf = ({ at, rows, ms, error }: Run): string =>
  [formatDate(new Date(at)), error ? oneLine(error, shownError) : rows === undefined ? ts.unanswered : ts.rows(rows, formatNumber(rows)), ms === undefined ? "" : ts.ms(formatNumber(ms))].filter(Boolean).join(" · ");

export const History = ({ onOpen, onClose }: { onOpen: (text: string) => void; onClose: () => void }) => {
  const [runs, setRuns] = useState<readonly Run[] | null>(null);
  const [word, setWord] = useState("");
  useEffect(() => void listRuns().then(setRuns), []);
  const found = useMemo(() => {
    const wanted = word.trim().toLowerCase();
    return (runs ?? []).filter(({ text }) => text.toLowerCase().includes(wanted));
  }, [runs, word]);
  return (
    <Drawer title={ts.history} onClose={onClose}>
      <input class="input" type="search" aria-label={ts.historySearch} placeholder={ts.historySearch} value={word} onInput={(event) => setWord(event.currentTarget.value)} />
      {runs === null && <p>{t.common.loading}</p>}
      {runs !== null && found.length === 0 && <Empty title={runs.length === 0 ? ts.historyNone : ts.historyNoMatch} />}
      <ul class="sql-history">
        {found.slice(0, mostShown).map((run) => (
          <li key={run.key}>
            <button type="button" class="sql-run" title={ts.historyOpen} onClick={() => onOpen(run.text)}>
              <code dir="ltr">{oneLine(run.text, shownText)}</code>
              <span class={run.error ? "sql-run-facts is-wrong" : "sql-run-facts"}>{factsOf(run)}</span>
            </button>
          </li>
        ))}
      </ul>
      {found.length > mostShown && <p class="field-hint">{ts.historyMore(formatNumber(found.length - mostShown))}</p>}
    </Drawer>
  );
};
