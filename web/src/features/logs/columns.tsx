import type { LogRow } from "../../api/types.ts";
import { formatExact, formatNumber, formatUtc } from "../../i18n/format.ts";
import { tl } from "../../i18n/t-logs.ts";
import { locale } from "../../i18n/t.ts";
import { readInstant } from "../../lib/dates.ts";
import { oneLine } from "../../lib/values.ts";
import { Badge } from "../../ui/Badge/Badge.tsx";
import type { Column } from "../../ui/Grid/types.ts";
import { dataOf, ipOf, kindOfStatus, levelOf, msOf, statusOf, textOf, userOf } from "./entry.ts";

const moment = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const exactMs = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });

const timeOf = ({ created }: LogRow): string => {
  const date = readInstant(created);
  return date ? moment.format(date) : created;
};

const bothTimes = ({ created }: LogRow): string => {
  const date = readInstant(created);
  return date ? `${formatExact(date)}\n${formatUtc(date)}` : created;
};

export const formatMs = (ms: number): string => (ms < 1000 ? exactMs.format(ms) : formatNumber(Math.round(ms)));
const msText = (row: LogRow): string => {
  const ms = msOf(row);
  return ms === undefined ? "" : formatMs(ms);
};

export const LevelBadge = ({ value }: { value: number }) => {
  const { name, kind } = levelOf(value);
  return <Badge kind={kind}>{name}</Badge>;
};

export const StatusBadge = ({ status }: { status: number }) => <Badge kind={kindOfStatus(status)}>{status}</Badge>;

// An error says more than the address that it stands in.
const messageOf = (row: LogRow): string => {
  const error = textOf(dataOf(row)["error"]);
  return oneLine(error ? `${row.message} – ${error}` : row.message);
};

interface Named {
  key: keyof typeof tl.columns;
  width: number;
  align?: "end";
  text: (row: LogRow) => string;
  render?: Column<LogRow>["render"];
}

const named: readonly Named[] = [
  { key: "created", width: 144, text: timeOf, render: (row) => <span title={bothTimes(row)}>{timeOf(row)}</span> },
  { key: "level", width: 72, text: ({ level }) => levelOf(level).name, render: ({ level }) => <LevelBadge value={level} /> },
  { key: "message", width: 540, text: messageOf },
  { key: "status", width: 64, text: (row) => textOf(statusOf(row)), render: (row) => { const status = statusOf(row); return status === undefined ? "" : <StatusBadge status={status} />; } },
  { key: "ms", width: 72, align: "end", text: msText },
  { key: "user", width: 150, text: userOf, render: (row) => { const user = userOf(row); return user ? <Badge title={user}>{user}</Badge> : ""; } },
  { key: "ip", width: 130, text: ipOf, render: (row) => { const ip = ipOf(row); return ip ? <Badge title={ip}>{ip}</Badge> : ""; } },
];

export const logColumns = (widths: Readonly<Record<string, number>>): Column<LogRow>[] =>
  named.map(({ key, width, align, text, render }) => ({ key, title: tl.columns[key], width: widths[key] ?? width, ...(align ? { align } : {}), text, render: render ?? text }));

export const summaryOf = messageOf;
export const listed: readonly string[] = ["created", "status", "ms", "user"];
export const mark = (row: LogRow, title: string) => <span class="logs-mark"><LevelBadge value={row.level} /> {title}</span>;
