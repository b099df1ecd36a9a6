// Counts over time, as many of them as there may be.

import { useState } from "preact/hooks";
import { Chart } from "../ui/Chart/Chart.tsx";
import { chartTexts } from "../features/logs/chart-texts.ts";
import type { Counted } from "../ui/Chart/bars.ts";

const hourMs = 3_600_000;
const begin = Date.UTC(2026, 2, 22);
const hours = (n: number, of: (at: number) => number): Counted[] => Array.from({ length: n }, (_, at) => ({ at: begin + at * hourMs, n: of(at) }));

const charts: readonly (readonly [title: string, counted: Counted[], hours: number])[] = [
  ["A day", hours(24, (at) => (at * 37) % 91), 24],
  ["Two weeks, a clock changes", hours(336, (at) => 40 + Math.round(40 * Math.sin(at / 4))), 336],
  ["One hour of many", hours(1, () => 1_234_567), 120],
  ["Nothing", [], 24],
  ["A single hour", hours(1, () => 3), 1],
];

const Charts = () => {
  const [said, say] = useState("");
  return (
    <>
      {charts.map(([title, counted, n]) => (
        <section key={title}>
          <h2>{title}</h2>
          <Chart counted={counted} from={begin} to={begin + n * hourMs} texts={chartTexts} onZoom={(from, to) => say(`${title}: ${new Date(from).toISOString()} – ${new Date(to).toISOString()}`)} />
        </section>
      ))}
      <p role="status">{said}</p>
    </>
  );
};

export const chartPages = { Chart: Charts };
