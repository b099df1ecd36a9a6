// Numbers of the server, each with how it went.

import { readStats, type Stats } from "../../api/reeve.ts";
import { formatBytes, formatDate, formatNumber, parseDate } from "../../i18n/format.ts";
import { homeTexts as th } from "../../i18n/t-home.ts";
import { query, setQuery } from "../../state/router.ts";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { Segments } from "../../ui/Segments/Segments.tsx";
import { Spark } from "../../ui/Spark/Spark.tsx";
import { Day } from "./day.tsx";
import { needsOf, type Need } from "./needs.ts";
import { usePolled } from "./polled.ts";

const everyMs = 10_000;

type Range = keyof typeof th.ranges;
const ranges = Object.keys(th.ranges) as Range[];

interface Tile {
  label: string;
  said: string;
  values: readonly (number | null)[];
  at: string;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
const last = <T,>(list: readonly T[]): T | undefined => list.at(-1);
const perSecond = (n: readonly number[], ms: readonly number[]): number[] => n.map((one, i) => (one * 1000) / Math.max(1, ms[i] ?? 1));
const shown = (n: number | null | undefined): string => (n == null ? "–" : formatNumber(n < 10 ? Math.round(n * 10) / 10 : Math.round(n)));

const tiles: readonly ((stats: Stats) => Tile)[] = [
  ({ points }) => {
    const rates = perSecond(points.requests, points.ms);
    return { label: th.requests, said: `${th.perSecond(shown(last(rates)))} · ${th.ofRange(formatNumber(sum(points.requests)))}`, values: rates, at: "#/logs" };
  },
  ({ points }) => {
    const median = points.p50Ms.findLast((ms) => ms !== null);
    return { label: th.times, said: median === undefined ? th.noTimes : th.median(shown(median), shown(points.p99Ms.findLast((ms) => ms !== null))), values: points.p99Ms, at: "#/advisor" };
  },
  ({ points }) => ({ label: th.failures, said: th.failed(formatNumber(sum(points.failed4xx)), formatNumber(sum(points.failed5xx))), values: points.failed5xx.map((n, i) => n + (points.failed4xx[i] ?? 0)), at: `#/logs?q=${encodeURIComponent("data.status >= 400")}` }),
  ({ now: { database }, points }) => ({ label: th.database, said: th.files(formatBytes(database.fileBytes), formatBytes(database.walBytes)), values: points.walBytes, at: "#/sql" }),
  ({ now: { disk } }) => ({ label: th.disk0, said: th.free(formatBytes(disk.freeBytes), formatBytes(disk.bytes)), values: [], at: "#/settings/backups" }),
  ({ now: { process }, points }) => {
    const cpu = perSecond(points.cpuMs, points.ms).map((ms) => ms / 10);
    return { label: th.process, said: th.memoryOf(formatBytes(process.rssBytes), shown(last(cpu))), values: cpu, at: "#/advisor" };
  },
  ({ now: { realtime }, points }) => ({ label: th.realtime0, said: th.clients(realtime.clients, formatNumber(realtime.subscriptions)), values: points.clients, at: "#/realtime" }),
  ({ now: { pool, mail } }) => ({ label: th.waiting, said: th.waits(formatNumber(sum(pool.map(({ queued }) => queued))), formatNumber(mail.waiting)), values: [], at: "#/settings/crons" }),
];

export const Needs = ({ some, none }: { some: readonly Need[]; none: string }) =>
  some.length === 0 ? <Notice kind="ok" title={none} /> : (
    <ul class="home-needs">
      {some.map(({ what, fix, at }) => <li key={what}><Notice kind="warn" title={what}><a href={at}>{fix}</a></Notice></li>)}
    </ul>
  );

const Shown = ({ stats }: { stats: Stats }) => {
  const started = parseDate(stats.started);
  return (
    <>
      <ul class="home-tiles">
        {tiles.map((make) => make(stats)).map(({ label, said, values, at }) => (
          <li key={label}>
            <a class="home-tile" href={at}>
              <span class="home-label">{label}</span>
              <span>{said}</span>
              {values.length > 1 && <Spark values={values} />}
            </a>
          </li>
        ))}
      </ul>
      <section class="def-part">
        <h2>{th.needs}</h2>
        <Needs some={needsOf(stats)} none={th.fine} />
      </section>
      <Day />
      {started && <p class="field-hint">{th.since(stats.node, formatDate(started))}</p>}
    </>
  );
};

export const Health = () => {
  const range = ranges.find((one) => one === query.value["range"]) ?? "1h";
  const { ask, ...stats } = usePolled(range, everyMs, (signal) => readStats(range, signal));
  return (
    <>
      <Segments legend={th.range} hideLegend name="range" value={range} choices={ranges.map((value) => ({ value, label: th.ranges[value] }))} onChange={(value) => setQuery({ range: value === "1h" ? undefined : value })} />
      {Boolean(stats.error.value) && <ErrorNotice error={stats.error.value} onRetry={ask} />}
      {stats.data.value && <Shown stats={stats.data.value} />}
    </>
  );
};
