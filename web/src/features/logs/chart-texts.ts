// What charts of something over time say.

import { formatNumber } from "../../i18n/format.ts";
import { tl } from "../../i18n/t-logs.ts";
import { locale } from "../../i18n/t.ts";
import type { ChartTexts } from "../../ui/Chart/Chart.tsx";

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const moment = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const spanText = (from: number, to: number): string => moment.formatRange(Math.min(from, to), Math.max(from, to));

// said: how many there are of what is counted.
export const textsOf = (label: string, said: (n: number) => string): ChartTexts => ({
  label,
  bar: ({ from, to, n }) => tl.bar(spanText(from, to), said(n)),
  chosen: (from, to, n) => tl.chosen(moment.format(from), moment.format(to), said(n)),
  summary: (bars, most) => {
    const all = said(bars.reduce((sum, { n }) => sum + n, 0));
    return most ? tl.summary(all, tl.bar(spanText(most.from, most.to), formatNumber(most.n))) : all;
  },
  tick: (at, isDay) => (isDay ? day : clock).format(at),
});

export const chartTexts = textsOf(tl.chart, (n) => tl.entries(n, formatNumber(n)));
