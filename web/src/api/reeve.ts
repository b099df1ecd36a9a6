// What only Reeve answers: how it is, who listens, what would help.

import { get } from "./client.ts";

export interface Stats {
  node: string;
  started: string;
  range: string;
  step: number; // seconds of a point
  now: {
    requests: { inFlight: number; connections: number };
    process: { rssBytes: number; cpuMs: number; descriptors: number; maxDescriptors: number };
    memory: { used: number; budget: number };
    database: { fileBytes: number; walBytes: number; queued: number };
    logs: { fileBytes: number; dropped: number };
    disk: { bytes: number; freeBytes: number };
    realtime: { clients: number; subscriptions: number; waitingBytes: number };
    mail: { waiting: number };
    pool: { lane: string; running: number; threads: number; queued: number; places: number }[];
    jobs: { failed: string[]; running: number };
    backups: { running: boolean; failed: number; last: { ended: string; bytes: number; tookMs: number } | null };
  };
  points: Record<"time" | "ms" | "requests" | "failed4xx" | "failed5xx" | "cpuMs" | "rssBytes" | "walBytes" | "clients", number[]> & Record<"p50Ms" | "p99Ms", (number | null)[]>;
}

export interface SlowShape {
  collection: string;
  sql: string;
  count: number;
  slowestMs: number;
  totalMs: number;
  index: string | null; // the statement that would make it
  reason: string;
}

export interface Client {
  id: string;
  ip: string;
  auth: { collectionId: string; collectionName: string; id: string } | null;
  subscriptions: string[];
  moreSubscriptions: number;
  connected: string;
  waiting: number; // bytes
}

export interface RealtimeReport {
  clients: number;
  subscriptions: number;
  topics: { topic: string; subscriptions: number }[];
  delivered: { events: number; bytes: number; lastMinute: { events: number; bytes: number } };
  ended: Record<"slow" | "idle" | "expired" | "behind", number>;
  items: Client[];
  page: number;
  totalPages: number;
}

export const readStats = (range: string, signal?: AbortSignal): Promise<Stats> => get<Stats>("reeve/stats", { range }, signal);
export const readAdvice = async (signal?: AbortSignal): Promise<SlowShape[]> => (await get<{ items: SlowShape[] }>("reeve/advice", undefined, signal)).items;
export const readRealtime = (page: number, signal?: AbortSignal): Promise<RealtimeReport> => get<RealtimeReport>("reeve/realtime", { page, perPage: 50 }, signal);
