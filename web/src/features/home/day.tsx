// The last day, hour by hour; what is chosen of it is looked at in the logs.

import { useMemo } from "preact/hooks";
import { readStats } from "../../api/reeve.ts";
import { formatNumber } from "../../i18n/format.ts";
import { homeTexts as th } from "../../i18n/t-home.ts";
import { printInstant } from "../../lib/dates.ts";
import { navigate } from "../../state/router.ts";
import { Chart } from "../../ui/Chart/Chart.tsx";
import { textsOf } from "../logs/chart-texts.ts";
import { usePolled } from "./polled.ts";

const everyMs = 60_000;
const dayMs = 86_400_000;
const texts = textsOf(th.day, (n) => th.requestsOf(n, formatNumber(n)));

const zoom = (from: number, to: number): void => void navigate(`/logs?${new URLSearchParams({ from: printInstant(new Date(from)), to: printInstant(new Date(to)) })}`);

export const Day = () => {
  const stats = usePolled(null, everyMs, (signal) => readStats("24h", signal)).data.value;
  const counted = useMemo(() => stats?.points.time.map((at, n) => ({ at: at * 1000, n: stats.points.requests[n] ?? 0 })) ?? [], [stats]);
  if (!stats) return null;
  const now = Date.now();
  return (
    <section class="def-part">
      <h2>{th.day}</h2>
      <Chart counted={counted} from={now - dayMs} to={now} texts={texts} onZoom={zoom} />
    </section>
  );
};
