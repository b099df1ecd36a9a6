import { call, withLists } from "./client.ts";

export interface SqlAnswer {
  execTime: number; // ms
  affectedRows: number;
  columns: { name: string; type: string }[];
  rows: (string | null)[][];
  truncated?: boolean;
}

// What stops a write, and counts rows beyond the limit, only where the server knows it.
export interface SqlLimits {
  readOnly: boolean;
  maxRows: number;
}

export const runSql = async (query: string, limits: SqlLimits | undefined, signal: AbortSignal): Promise<SqlAnswer> =>
  withLists((await call<SqlAnswer>({ method: "POST", path: "sql", body: { query, ...limits }, signal })).data, "columns", "rows");
