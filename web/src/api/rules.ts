// Rules that are tried: what would somebody be told?

import { call, part, withLists } from "./client.ts";
import { ApiError } from "./error.ts";
import { recordsPath } from "./records.ts";
import type { Page, Row, Signed } from "./types.ts";

export interface RulePart {
  text: string;
  op: "&&" | "||" | null; // how it joins what stands before it
  value: boolean | null; // null: it was not asked, or has none
  matches?: number; // of a list: so many records
  more?: boolean;
  error?: string;
  parts: readonly RulePart[];
}

export interface Tried {
  allowed: boolean;
  reason: string;
  parts: readonly RulePart[];
  ids: readonly string[];
  totalItems: number;
  sql: string | null;
  params: readonly unknown[];
  plan: readonly string[];
  ms: number;
}

export const tryRule = async (body: unknown, signal: AbortSignal): Promise<Tried> => withLists((await call<Tried>({ method: "POST", path: "reeve/rules/test", body, signal })).data, "parts", "ids", "params", "plan");

// What is really answered, where the server cannot be asked what would be.
export interface Asking {
  collection: string;
  record: string; // "": a list is asked for
  as: { collection: string; id: string } | "guest" | "superuser";
  query: Readonly<Record<string, string>>;
}

const forSeconds = 60;
const most = 100; // ids that are told
const denials: readonly number[] = [400, 401, 403, 404];

const tokenOf = async (as: Asking["as"], signal: AbortSignal): Promise<string | undefined> => {
  if (typeof as === "string") return as === "guest" ? "" : undefined;
  return (await call<Signed>({ method: "POST", path: `collections/${part(as.collection)}/impersonate/${part(as.id)}`, body: { duration: forSeconds }, signal })).data.token;
};

export const askAs = async ({ collection, record, as, query }: Asking, signal: AbortSignal): Promise<Tried> => {
  const token = await tokenOf(as, signal);
  const known = { parts: [], sql: null, params: [], plan: [], ms: 0 };
  const how = { signal, mayMiss: true, ...(token === undefined ? {} : { token }) };
  try {
    if (record !== "") {
      await call<Row>({ ...how, path: recordsPath(collection, record), query: { ...query, fields: "id" } });
      return { ...known, allowed: true, reason: "", ids: [record], totalItems: 1 };
    }
    const { data } = await call<Page<Row>>({ ...how, path: recordsPath(collection), query: { ...query, perPage: most, fields: "id" } });
    return { ...known, allowed: true, reason: "", ids: data.items.map(({ id }) => id), totalItems: data.totalItems ?? data.items.length };
  } catch (error) {
    if (!(error instanceof ApiError) || !denials.includes(error.status)) throw error;
    return { ...known, allowed: false, reason: error.message, ids: [], totalItems: 0 };
  }
};
