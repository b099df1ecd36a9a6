// The logs: how many over time, the entries, and one of them. What is shown is in the address.

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatNumber } from "../../i18n/format.ts";
import { tl } from "../../i18n/t-logs.ts";
import { printInstant } from "../../lib/dates.ts";
import { isObject } from "../../lib/values.ts";
import { features, has, settings } from "../../state/instance.ts";
import { keptValue } from "../../state/prefs.ts";
import { isLocked } from "../../state/protect.ts";
import { query, setQuery } from "../../state/router.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { useCommands } from "../../ui/commands.ts";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { Checkbox } from "../../ui/Field/Field.tsx";
import { FilterBar } from "../../ui/FilterBar/FilterBar.tsx";
import { Grid } from "../../ui/Grid/Grid.tsx";
import { StatusLine } from "../../ui/Grid/StatusLine.tsx";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import { Menu } from "../../ui/Menu/Menu.tsx";
import { UnlockButton } from "../../ui/Protected/Protected.tsx";
import { saveAs } from "../grid/export.ts";
import { filterOf, isSpan, narrowed, rangeOf, spans, type Asked, type Range } from "./asked.ts";
import { LogsChart } from "./chart.tsx";
import { spanText } from "./chart-texts.ts";
import { listed, logColumns, mark, summaryOf } from "./columns.tsx";
import { Detail } from "./detail.tsx";
import { logsSettings, type DialogProps } from "./dialogs.tsx";
import { fileOf, logsCollection, type Format } from "./entry.ts";
import { Live } from "./live.tsx";
import { findLog, loadedLogs, useLogs, type Logs as Source } from "./source.ts";

const mostHistory = 15;
const noHistory: readonly string[] = [];
const history = keptValue("filters:_logs", noHistory, (kept) => (Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : noHistory));
const noWidths: Readonly<Record<string, number>> = {};
const widths = keptValue("logs:widths", noWidths, (kept) => (isObject(kept) ? (Object.fromEntries(Object.entries(kept).filter(([, width]) => typeof width === "number")) as typeof noWidths) : noWidths));
const all = [logsCollection];
const searched = ["message", "data"];

const applyFilter = (q: string): void => {
  if (q) history.value = [q, ...history.value.filter((one) => one !== q)].slice(0, mostHistory);
  setQuery({ q, log: undefined }, { replace: false });
};

const addFilter = (comparison: string): void => {
  const { q = "" } = query.peek();
  const next = narrowed(q, comparison);
  if (next !== q) applyFilter(next);
};

const askedNow = (): Asked => {
  const { q = "", from = "", to = "", superusers = "" } = query.value;
  return { q, from, to, superusers: superusers === "1" };
};

// A range that was chosen in the chart leads back to the one before it.
const Ranges = ({ asked, range, before }: { asked: Asked; range: Range; before: { current: { from: string; to: string }[] } }) => {
  const choose = (from: string) => {
    before.current = [];
    setQuery({ from, to: undefined }, { replace: false });
  };
  const back = () => {
    const last = before.current.pop();
    setQuery({ from: last?.from, to: last?.to }, { replace: false });
  };
  const isOwn = !isSpan(asked.from) && (range.from !== null || range.to !== null);
  return (
    <div class="logs-ranges" role="group" aria-label={tl.range}>
      {Object.keys(spans).map((span) => <Button key={span} kind="quiet" aria-pressed={asked.from === span} onClick={() => choose(span)}>{tl.ranges[span as keyof typeof tl.ranges]}</Button>)}
      <Button kind="quiet" aria-pressed={!isOwn && !isSpan(asked.from)} onClick={() => choose("")}>{tl.ranges.all}</Button>
      {isOwn && <Button icon="arrow-left" title={tl.backWhy} onClick={back}>{tl.back}</Button>}
      {isOwn && <span>{range.from !== null && range.to !== null ? spanText(range.from, range.to) : tl.own(range.from === null ? tl.begin : spanText(range.from, range.from), range.to === null ? tl.now : spanText(range.to, range.to))}</span>}
      <Checkbox name="superusers" label={tl.superusers} checked={asked.superusers} onChange={(on) => setQuery({ superusers: on ? "1" : undefined }, { replace: false })} />
    </div>
  );
};

const None = ({ asked, onSettings }: { asked: Asked; onSettings: () => void }) => {
  if (asked.q || asked.from || asked.to) return <Empty title={tl.noMatch} why={asked.q}><Button onClick={() => setQuery({ q: undefined, from: undefined, to: undefined }, { replace: false })}>{tl.showAll}</Button></Empty>;
  if (logsSettings(settings.data.value)["maxDays"] === 0) return <Empty title={tl.off} why={tl.offWhy}><Button kind="primary" onClick={onSettings}>{tl.settings}</Button></Empty>;
  return <Empty title={tl.none} why={asked.superusers ? tl.noneWhy : `${tl.noneWhy} ${tl.noneSuperusers}`} />;
};

const dialogs: Record<"settings" | "clear", Load<DialogProps>> = {
  settings: async () => (await import("./dialogs.tsx")).SettingsDialog,
  clear: async () => (await import("./dialogs.tsx")).ClearDialog,
};

const ExportMenu = ({ source, selected }: { source: Source["source"]; selected: ReadonlySet<string> }) => {
  void source.version.value;
  const { first, last } = source.range();
  const write = (format: Format) => {
    const rows = loadedLogs(source).filter(({ id }) => selected.size === 0 || selected.has(id));
    saveAs(fileOf(rows, format), `logs-${new Date().toISOString().slice(0, 10)}.${format}`);
  };
  const title = selected.size > 0 ? tl.exportSelected(formatNumber(selected.size)) : tl.exportShown(formatNumber(last - first));
  return <Menu label={tl.exportAct} icon="download" placement="top-end" groups={[{ title, items: [{ label: "JSON", act: () => write("json") }, { label: "CSV", act: () => write("csv") }] }]} />;
};

// What an entry was opened from stays where it is.
const Opened = ({ id, source }: { id: string; source: Source["source"] }) => {
  void source.version.value;
  const found = findLog(source, id);
  const step = useMemo(() => {
    const at = found?.at;
    return at === undefined ? undefined : (by: number) => {
      const next = source.at(at + by);
      if (next) setQuery({ log: next.id });
    };
  }, [found?.at, source]);
  return <Detail id={id} known={found?.row} onClose={() => setQuery({ log: undefined })} onStep={step} onFilter={addFilter} />;
};

const Head = ({ source, ask, refresh }: { source: Source["source"]; ask: (what: keyof typeof dialogs) => void; refresh: () => void }) => (
  <header class="data-head">
    <h1>{tl.title}</h1>
    <div class="data-acts">
      <Button kind="quiet" icon="refresh-cw" label={tl.refresh} busy={source.isLoading.value} onClick={refresh} />
      <Button kind="quiet" icon="settings" label={tl.settings} onClick={() => ask("settings")} />
      {isLocked.value ? <UnlockButton /> : <Menu label={tl.more} icon="ellipsis" placement="bottom-end" groups={[{ items: [{ label: tl.clear, icon: "trash-2", kind: "danger", act: () => ask("clear") }] }]} />}
    </div>
  </header>
);

const Shown = () => {
  const asked = askedNow();
  const [turn, setTurn] = useState({ n: 0, now: Date.now() });
  const refresh = () => setTurn(({ n }) => ({ n: n + 1, now: Date.now() }));
  const range = useMemo(() => rangeOf(asked, turn.now), [asked.from, asked.to, turn.now]);
  const filter = filterOf(asked, range);
  const logs = useLogs(filter, turn.n);
  const { source } = logs;
  const selected = useSignal<ReadonlySet<string>>(new Set());
  const [asking, ask] = useState<keyof typeof dialogs | null>(null);
  const before = useRef<{ from: string; to: string }[]>([]);
  const columns = useMemo(() => logColumns(widths.value), [widths.value]);
  const id = query.value["log"];
  useCommands([{ label: tl.refresh, keys: "r", act: refresh }, { label: tl.filter, keys: "/", act: () => document.querySelector<HTMLElement>(".data-tools input")?.focus() }], []);
  // What is not seen any more is not exported.
  useEffect(() => {
    if (selected.peek().size > 0) selected.value = new Set();
  }, [filter]);
  const zoom = (from: number, to: number) => {
    before.current.push({ from: asked.from, to: asked.to });
    setQuery({ from: printInstant(new Date(from)), to: printInstant(new Date(to)) }, { replace: false });
  };
  return (
    <div class="data-page logs">
      <Head source={source} ask={ask} refresh={refresh} />
      <Ranges asked={asked} range={range} before={before} />
      <div class="data-tools"><FilterBar collection={logsCollection} collections={all} searchFields={searched} value={asked.q} history={history.value} onApply={applyFilter} /></div>
      <LogsChart filter={filter} range={range} now={turn.now} isFailed={Boolean(source.error.value)} onZoom={zoom} />
      <div class="data-grid">
        <Grid
          label={tl.list} source={source} columns={columns} sort={[]} selected={selected.value} {...(id ? { open: id } : {})}
          summary={summaryOf} mark={mark} listed={listed} empty={<None asked={asked} onSettings={() => ask("settings")} />}
          onOpen={(row) => setQuery({ log: row.id }, { replace: id !== undefined })}
          onSort={() => undefined}
          onSelect={(ids) => { selected.value = ids; }}
          onResize={(key, width) => { widths.value = { ...widths.value, [key]: width }; }}
        />
        <StatusLine source={source} selected={selected.value.size} onClear={() => { selected.value = new Set(); }}>
          <Live logs={logs} asked={`${turn.n} ${filter}`} isAtRest={() => !query.peek()["log"] && selected.peek().size === 0} refresh={refresh} />
          <ExportMenu source={source} selected={selected.value} />
        </StatusLine>
      </div>
      {id && <Opened id={id} source={source} />}
      {asking && <Lazy key={asking} load={dialogs[asking]} of={{ onClose: (isChanged) => { ask(null); if (isChanged) refresh(); } }} />}
    </div>
  );
};

// Whether lists have cursors decides what is asked first.
export default function Logs() {
  const isKnown = features.data.value !== undefined || features.error.value !== undefined;
  return isKnown ? <Shown key={String(has("logs.cursor"))} /> : null;
}
