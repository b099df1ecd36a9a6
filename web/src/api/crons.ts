import { call, get, part } from "./client.ts";

export interface CronJob {
  id: string;
  expression: string;
}

export interface CronReport extends CronJob {
  next: string | null;
  running: boolean;
  last: { node: string; started: string; tookMs: number; error: string } | null;
}

export const listCrons = (signal?: AbortSignal): Promise<CronJob[]> => get<CronJob[]>("crons", undefined, signal);
export const reportCrons = (signal?: AbortSignal): Promise<CronReport[]> => get<CronReport[]>("reeve/crons", undefined, signal);

export const runCron = async (id: string): Promise<void> => {
  await call({ method: "POST", path: `crons/${part(id)}` });
};
