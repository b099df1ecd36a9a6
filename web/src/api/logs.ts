import { call, get, part, withLists, type Query } from "./client.ts";
import type { LogRow, Page } from "./types.ts";

export interface LogHour {
  date: string; // when it begins
  total: number;
}

export const listLogs = (query: Query, signal?: AbortSignal): Promise<Page<LogRow>> => get<Page<LogRow>>("logs", query, signal);

// The empty cursor, which begins a list, has to be sent: the query is written here.
export const pageLogs = (params: Record<string, string | number>, signal?: AbortSignal): Promise<Page<LogRow>> =>
  get<Page<LogRow>>(`logs?${new URLSearchParams(Object.entries(params).map(([key, value]) => [key, String(value)])).toString()}`, undefined, signal);

export const readLog = async (id: string, signal?: AbortSignal): Promise<LogRow> => (await call<LogRow>({ path: `logs/${part(id)}`, signal, mayMiss: true })).data;

// Hours without entries are not in it.
export const readHours = async (filter: string, signal?: AbortSignal): Promise<LogHour[]> => withLists({ hours: await get<LogHour[]>("logs/stats", { filter }, signal) }, "hours").hours;

export const clearLogs = async (): Promise<void> => {
  await call({ method: "DELETE", path: "logs" });
};
