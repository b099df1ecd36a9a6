// How many entries there are, hour by hour; a part of it that is chosen is the range that is shown.

import { useEffect, useMemo } from "preact/hooks";
import { readHours, type LogHour } from "../../api/logs.ts";
import { readInstant } from "../../lib/dates.ts";
import { loaded } from "../../state/loaded.ts";
import type { Counted } from "../../ui/Chart/bars.ts";
import { Chart } from "../../ui/Chart/Chart.tsx";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import type { Range } from "./asked.ts";
import { chartTexts } from "./chart-texts.ts";

const hourMs = 3_600_000;
const usualMs = 24 * hourMs; // at least, where nothing says how long

const countedOf = (hours: readonly LogHour[]): Counted[] => hours.map(({ date, total }) => ({ at: readInstant(date)?.getTime() ?? NaN, n: total }));

// From the first hour that was counted to now, where the range does not say.
const edges = (counted: readonly Counted[], range: Range, now: number): [from: number, to: number] => {
  const first = counted[0]?.at ?? now;
  const to = range.to ?? now;
  const from = range.from ?? Math.min(Number.isFinite(first) ? first : to, to - usualMs);
  return [from, Math.max(to, from + 1)];
};

export const LogsChart = ({ filter, range, now, isFailed, onZoom }: { filter: string; range: Range; now: number; isFailed: boolean; onZoom: (from: number, to: number) => void }) => {
  const hours = useMemo(() => loaded<LogHour[]>(), []);
  const ask = () => void hours.load((signal) => readHours(filter, signal));
  // With the list: what it asks for again is asked for here, too.
  useEffect(() => {
    if (!isFailed) ask();
  }, [filter, now, isFailed]);
  useEffect(() => hours.stop, [hours]);
  const data = hours.data.value;
  const counted = useMemo(() => countedOf(data ?? []), [data]);
  const [from, to] = edges(counted, range, now);
  const wrong = hours.error.value;
  // The list says what is wrong with both.
  if (wrong && !isFailed) return <div class="logs-chart"><ErrorNotice error={wrong} onRetry={ask} /></div>;
  return <div class="logs-chart"><Chart counted={counted} from={from} to={to} texts={chartTexts} isStale={hours.isLoading.value} onZoom={onZoom} /></div>;
};
