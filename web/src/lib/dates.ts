// Instants as the server writes them, and as a native input of a date and time holds them.

// The server's form; null for what is empty, broken, or none of its instants.
export const readInstant = (value: unknown): Date | null => {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d/.test(value) || value.length > 40) return null;
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(value) || value.length <= 10 ? value : `${value}Z`; // no zone is UTC
  const date = new Date(zoned.replace(" ", "T"));
  return Number.isNaN(date.getTime()) ? null : date;
};

const minuteMs = 60_000;
const lastYear = 9999; // a year of five digits is not read by the server

export const printInstant = (date: Date): string => {
  const year = Number.isNaN(date.getTime()) ? -1 : date.getUTCFullYear();
  return year < 0 || year > lastYear ? "" : date.toISOString().replace("T", " ");
};

const pad = (n: number, length = 2): string => String(n).padStart(length, "0");

// For <input type="datetime-local">, in the zone of this device: "2026-03-29T02:30:00", with
// thousandths where there are any.
export const toLocal = (date: Date): string => {
  const ms = date.getMilliseconds();
  const day = `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day}T${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}${ms ? `.${pad(ms, 3)}` : ""}`;
};

// A time that a clock shows twice is the one of the two that is as far from UTC as `before`, else the
// first; one that it leaves out is read as the hour after it.
export const fromLocal = (text: string, before: Date | null = null): Date | null => {
  if (!/^\d{4,6}-\d\d-\d\dT\d\d:\d\d/.test(text)) return null;
  const date = new Date(text);
  if (Number.isNaN(date.getTime()) || printInstant(date) === "") return null;
  if (!before) return date;
  const alike = new Date(date.getTime() + (before.getTimezoneOffset() - date.getTimezoneOffset()) * minuteMs);
  return toLocal(alike) === toLocal(date) ? alike : date;
};

// The same time by the clock, `days` later.
export const addDays = (date: Date, days: number): Date => {
  const later = new Date(date);
  later.setDate(later.getDate() + days);
  return later;
};
