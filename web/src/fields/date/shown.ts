import { keptValue } from "../../state/prefs.ts";
import { formatDate, formatExact, formatRelative, formatUtc } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";

export type DateStyle = "absolute" | "relative";

// How this device shows dates in cells.
export const dateStyle = keptValue<DateStyle>("dates", "absolute");

export const toggleDates = (): void => {
  dateStyle.value = dateStyle.value === "relative" ? "absolute" : "relative";
};

export const dateText = (date: Date, style: DateStyle, now: number): string => (style === "relative" ? formatRelative(date, now) : formatDate(date));

// Exact, here and in UTC.
export const dateTitle = (date: Date): string => `${t.fields.local(formatExact(date))}\n${t.fields.utc(formatUtc(date).replace("Z", ""))}`;
