// The entries that pass a filter, the newest first. What is written while they are looked at does not
// move them: each answer is bounded by the newest entry of the first one. A cursor is a bound itself.

import { useEffect, useRef } from "preact/hooks";
import { pageLogs } from "../../api/logs.ts";
import type { LogRow } from "../../api/types.ts";
import { serverOf, type Fetch } from "../../lib/rows/server.ts";
import type { Server } from "../../lib/rows/rows.ts";
import { has } from "../../state/instance.ts";
import { rowsOf, type RowsOf } from "../../state/rows.ts";
import { after, both, upTo } from "./asked.ts";

export interface LogsServer {
  server: Server<LogRow>;
  countNewer: (signal: AbortSignal) => Promise<number>;
}

const painted = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));
const sort = "-@rowid"; // as they were written

export const logsServer = (filter: string, isByCursor: boolean, list: Fetch<LogRow> = pageLogs): LogsServer => {
  let newest: string | undefined; // of what was there first
  const fetch: Fetch<LogRow> = async (params, signal) => {
    if (newest === undefined) {
      const first = await list(params, signal);
      if (sort === params["sort"]) newest = first.items[0]?.created ?? "";
      return first;
    }
    const bounded = "cursor" in params ? filter : both(filter, upTo(newest));
    return list({ ...params, ...(bounded ? { filter: bounded } : {}) }, signal);
  };
  const countNewer = async (signal: AbortSignal) => {
    if (newest === undefined) return 0;
    const newer = both(filter, after(newest));
    return (await list({ page: 1, perPage: 1, fields: "id", ...(newer ? { filter: newer } : {}) }, signal)).totalItems ?? 0;
  };
  return { server: serverOf(fetch, { filter, sort, fields: "", expand: "" }, isByCursor, painted), countNewer };
};

export interface Logs {
  source: RowsOf<LogRow>;
  countNewer: LogsServer["countNewer"];
}

// n: grows to ask again.
export const useLogs = (filter: string, n: number): Logs => {
  const kept = useRef<{ key: string; logs: LogsServer; source: RowsOf<LogRow> } | null>(null);
  const key = `${n} ${filter}`;
  if (!kept.current) {
    const logs = logsServer(filter, has("logs.cursor"));
    kept.current = { key, logs, source: rowsOf(logs.server) };
    kept.current.source.restart(logs.server);
  }
  const now = kept.current;
  useEffect(() => {
    if (now.key === key) return;
    now.key = key;
    now.logs = logsServer(filter, has("logs.cursor"));
    now.source.restart(now.logs.server);
  }, [key]);
  useEffect(() => () => now.source.stop(), []);
  return { source: now.source, countNewer: (signal) => now.logs.countNewer(signal) };
};

export const findLog = (source: RowsOf<LogRow>, id: string): { row: LogRow; at: number } | undefined => {
  const { first, last } = source.range();
  for (let at = first; at < last; at++) {
    const row = source.at(at);
    if (row?.id === id) return { row, at };
  }
  return undefined;
};

export const loadedLogs = (source: RowsOf<LogRow>): LogRow[] => {
  const { first, last } = source.range();
  return Array.from({ length: last - first }, (_, n) => source.at(first + n)).filter((row) => row !== undefined);
};
