// What the editing of a collection reaches beyond the page.

import { call, get, part, type Answer } from "../../api/client.ts";
import type { Collection } from "../../api/types.ts";
import { dropDraft, keepDraft, readDraft } from "../../lib/drafts.ts";

const path = (id?: string): string => `collections${id === undefined ? "" : `/${part(id)}`}`;

export interface PlanStep {
  kind: string;
  table: string;
  name?: string;
  to?: string;
  field?: string;
  sql?: string;
}

// What the server says that a change would do.
export interface Plan {
  steps: PlanStep[];
  ddl: string;
  tables: { name: string; rows: number; rewrite: boolean; ms: number }[];
  losses: { kind: string; collection: string; field?: string; rows: number }[];
  conflicts: { collection: string; where: string; why?: string; [more: string]: unknown }[];
  references: { collection: string; where: string; why?: string; [more: string]: unknown }[];
}

export const readCollection = (id: string, signal?: AbortSignal): Promise<Answer<Collection>> => call<Collection>({ path: path(id), signal, wantsTag: true });
export const createCollection = (body: unknown): Promise<Answer<Collection>> => call<Collection>({ method: "POST", path: path(), body });
export const changeCollection = (id: string, body: unknown, etag = ""): Promise<Answer<Collection>> => call<Collection>({ method: "PATCH", path: path(id), body, ...(etag ? { etag } : {}) });
const planOf = async (body: object, signal?: AbortSignal): Promise<Plan> => (await call<Plan>({ method: "POST", path: "reeve/schema/plan", body, signal })).data;
export const readPlan = (collection: unknown, signal?: AbortSignal): Promise<Plan> => planOf({ collection }, signal);
export const readImportPlan = (collections: readonly unknown[], deleteMissing: boolean, signal?: AbortSignal): Promise<Plan> => planOf({ collections, deleteMissing }, signal);
export const readScaffolds = (signal?: AbortSignal): Promise<Record<string, Collection>> => get<Record<string, Collection>>("collections/meta/scaffolds", {}, signal);

export interface Reach {
  readCollection: typeof readCollection;
  createCollection: typeof createCollection;
  changeCollection: typeof changeCollection;
  readDraft: typeof readDraft;
  keepDraft: typeof keepDraft;
  dropDraft: typeof dropDraft;
  now: () => number;
}

export const usual: Reach = { readCollection, createCollection, changeCollection, readDraft, keepDraft, dropDraft, now: Date.now };
