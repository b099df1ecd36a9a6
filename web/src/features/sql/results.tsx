// What has come of the statements: rows, a plan, how many were changed, or what went wrong.

import { useEffect, useMemo, useState } from "preact/hooks";
import { isAborted } from "../../api/error.ts";
import type { SqlAnswer } from "../../api/sql.ts";
import { formatNumber } from "../../i18n/format.ts";
import { ts } from "../../i18n/t-sql.ts";
import { t } from "../../i18n/t.ts";
import { csvLine } from "../../lib/csv.ts";
import type { Server } from "../../lib/rows/rows.ts";
import { planOf, sortRows, writers, type PlanNode, type SqlCell, type SqlRow } from "../../lib/sql-result.ts";
import { oneLine } from "../../lib/values.ts";
import { copyAndSay } from "../../state/copied.ts";
import { rowsOf } from "../../state/rows.ts";
import { Badge } from "../../ui/Badge/Badge.tsx";
import { Button } from "../../ui/Button/Button.tsx";
import { CodeBlock } from "../../ui/Copy/Copy.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { Grid } from "../../ui/Grid/Grid.tsx";
import { StatusLine } from "../../ui/Grid/StatusLine.tsx";
import type { Column, SortKey } from "../../ui/Grid/types.ts";
import { Menu } from "../../ui/Menu/Menu.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { saveAs } from "../grid/export.ts";
import { mostRows, type Result } from "./run.ts";

const CellText = ({ cell }: { cell: SqlCell }) =>
  cell === null ? <span class="sql-null">{ts.isNull}</span> : <>{oneLine(cell)}</>;

const letterWidth = 8;

// As wide as the first rows need, within reason.
const widthOf = (name: string, rows: readonly SqlRow[], at: number): number =>
  Math.max(72, Math.min(320, 40 + letterWidth * Math.max(name.length, ...rows.slice(0, 30).map(({ cells }) => Math.min(40, cells[at]?.length ?? 4)))));

const serverOf = (rows: SqlRow[]): Server<SqlRow> => ({
  byCursor: false,
  list: () => Promise.resolve({ rows, before: null, after: null }),
  count: () => Promise.resolve(rows.length),
  painted: () => Promise.resolve(),
});

interface Opened {
  title: string;
  cells: readonly (readonly [name: string, cell: SqlCell])[];
}

const Whole = ({ title, cells, onClose }: Opened & { onClose: () => void }) => (
  <Dialog title={title} onClose={onClose} class="sql-whole" acts={<Button size="form" onClick={onClose}>{t.common.close}</Button>}>
    {cells.map(([name, cell], n) => (
      <section key={n}>
        {cells.length > 1 && <h3 dir="auto">{name}</h3>}
        {cell === null || cell === "" ? <p class="sql-null">{cell === null ? ts.isNull : ts.empty}</p> : <CodeBlock text={cell} label={name} />}
      </section>
    ))}
  </Dialog>
);

const formats = [["tsv", ts.tsv], ["json", ts.json], ["markdown", ts.markdown]] as const;

const CopyMenu = ({ names, rows }: { names: readonly string[]; rows: readonly SqlRow[] }) => {
  const csv = () => saveAs(new Blob([csvLine(names), ...rows.map(({ cells }) => csvLine(cells))], { type: "text/csv" }), `sql-${new Date().toISOString().slice(0, 10)}.csv`);
  return (
    <Menu
      label={ts.copy}
      icon="copy"
      placement="top-end"
      groups={[
        { title: ts.copyRows(formatNumber(rows.length)), items: formats.map(([format, label]) => ({ label, icon: "copy" as const, act: () => void copyAndSay(writers[format](names, rows)) })) },
        { items: [{ label: ts.csv, icon: "download" as const, act: csv }] },
      ]}
    />
  );
};

const useSorted = (answer: SqlAnswer) => {
  const [sort, setSort] = useState<SortKey[]>([]);
  const rows = useMemo(() => answer.rows.map((cells, n): SqlRow => ({ id: String(n), cells })), [answer]);
  const sorted = useMemo(() => (sort.length > 0 ? sortRows(rows, sort) : rows), [rows, sort]);
  const source = useMemo(() => rowsOf<SqlRow>(serverOf(sorted)), []);
  useEffect(() => source.restart(serverOf(sorted)), [sorted]);
  return { rows, sorted, source, sort, setSort };
};

export const Rows = ({ answer, label }: { answer: SqlAnswer; label: string }) => {
  const { rows, sorted, source, sort, setSort } = useSorted(answer);
  const [selected, select] = useState<ReadonlySet<string>>(new Set());
  const [opened, open] = useState<Opened | null>(null);
  const [widths, setWidths] = useState<Readonly<Record<string, number>>>({});
  const names = useMemo(() => answer.columns.map(({ name }) => name), [answer]);
  const columns = useMemo(
    () => names.map((name, n): Column<SqlRow> => ({ key: String(n), title: name, width: widths[n] ?? widthOf(name, rows, n), canSort: true, render: ({ cells }) => <CellText cell={cells[n] ?? null} />, text: ({ cells }) => cells[n] ?? "" })),
    [names, rows, widths],
  );
  const openCell = ({ id, cells }: SqlRow, { key, title }: Column<SqlRow>) => open({ title: `${title} · ${ts.row(formatNumber(Number(id) + 1))}`, cells: [[title, cells[Number(key)] ?? null]] });
  return (
    <>
      <div class="sql-rows">
        <Grid
          label={label} source={source} columns={columns} sort={sort} selected={selected} onSort={setSort} onSelect={select}
          summary={({ cells }) => cells[0] ?? ""}
          onOpen={({ id, cells }) => open({ title: ts.row(formatNumber(Number(id) + 1)), cells: names.map((name, n) => [name, cells[n] ?? null] as const) })}
          onEdit={openCell}
          onPeek={(row, column) => { openCell(row, column); return true; }}
          onResize={(key, width) => setWidths({ ...widths, [key]: width })}
          empty={<Empty title={ts.noRows} />}
        />
      </div>
      <StatusLine source={source} selected={selected.size} onClear={() => select(new Set())}>
        <CopyMenu names={names} rows={selected.size > 0 ? sorted.filter(({ id }) => selected.has(id)) : sorted} />
      </StatusLine>
      {opened && <Whole {...opened} onClose={() => open(null)} />}
    </>
  );
};

const Plan = ({ nodes }: { nodes: readonly PlanNode[] }) => (
  <ul class="sql-plan">
    {nodes.map(({ detail, scans, inner }, n) => (
      <li key={n}>
        <span class="sql-plan-line"><code dir="ltr">{detail}</code>{scans && <Badge kind="warn">{ts.scan}</Badge>}</span>
        {inner.length > 0 && <Plan nodes={inner} />}
      </li>
    ))}
  </ul>
);

const msText = (ms: number): string => ts.ms(formatNumber(Math.round(ms)));

export const factOf = ({ answer, error, ms, isPlan }: Result): string => {
  if (error) return ts.failed;
  const n = answer?.rows.length ?? 0;
  const isCut = answer?.truncated === true || (answer?.truncated === undefined && n >= mostRows);
  const what = isPlan ? ts.plan : answer && answer.columns.length > 0 ? (isCut ? ts.limit(formatNumber(n)) : ts.rows(n, formatNumber(n))) : ts.affected(answer?.affectedRows ?? 0, formatNumber(answer?.affectedRows ?? 0));
  return `${what} · ${msText(ms)}`;
};

export const ResultOf = ({ result }: { result: Result }) => {
  const { answer, error, isPlan, doing } = result;
  if (isAborted(error)) return <Notice kind="warn" title={ts.stopped} />;
  if (error) return <ErrorNotice error={error} />;
  if (!answer) return null;
  if (isPlan) return <section class="sql-planned" aria-label={ts.plan}><Plan nodes={planOf(answer.rows)} /></section>;
  if (answer.columns.length === 0) return <Empty title={factOf(result)} why={[doing.verb, doing.target].filter(Boolean).join(" ")} />;
  return <Rows answer={answer} label={ts.results} />;
};
