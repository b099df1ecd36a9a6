// Numbers, sizes and times as people of the page's locale write them.

import { locale } from "./t.ts";

const whole = new Intl.NumberFormat(locale);
const units = ["B", "kB", "MB", "GB", "TB"] as const;

export const formatNumber = (n: number): string => whole.format(n);

export const formatBytes = (bytes: number): string => {
  let n = bytes;
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) {
    n /= 1000;
    unit++;
  }
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: n < 10 && unit > 0 ? 1 : 0 }).format(n)} ${units[unit]}`;
};

// The server's instants: "2026-01-02 03:04:05.678Z". Empty and broken ones are null.
export const parseDate = (text: string): Date | null => {
  const date = new Date(text.replace(" ", "T"));
  return text === "" || Number.isNaN(date.getTime()) ? null : date;
};

const absolute = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long" });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const spans = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

export const formatDate = (date: Date): string => absolute.format(date);
export const formatTime = (date: Date): string => clock.format(date);
export const formatExact = (date: Date): string => exact.format(date);
export const formatUtc = (date: Date): string => date.toISOString().replace("T", " ");

export const formatRelative = (date: Date, now: number): string => {
  const seconds = (date.getTime() - now) / 1000;
  const span = spans.find(([, most]) => Math.abs(seconds) >= most);
  return span ? relative.format(Math.round(seconds / span[1]), span[0]) : relative.format(Math.round(seconds), "second");
};
