// What an edit reaches beyond the page: the server, the drafts of this browser, the clock.

import { get, part } from "../../api/client.ts";
import { ApiError, isAborted } from "../../api/error.ts";
import { changeRecord, createRecord, readRecord } from "../../api/records.ts";
import type { Collection } from "../../api/types.ts";
import { dropDraft, keepDraft, readDraft } from "../../lib/drafts.ts";
import type { Values } from "./draft.ts";

export interface Reach {
  readRecord: typeof readRecord;
  createRecord: typeof createRecord;
  changeRecord: typeof changeRecord;
  readCollection: (id: string) => Promise<Collection>;
  readDraft: typeof readDraft;
  keepDraft: typeof keepDraft;
  dropDraft: typeof dropDraft;
  now: () => number;
  pause: (ms: number, abort: AbortSignal) => Promise<void>;
}

export interface EditOf {
  collection: Collection;
  id: string | null; // null: a new one
  owner: string; // of its drafts: the instance and who is signed in
  values?: Values | undefined; // typed already
  was?: Values | undefined; // what the server had where they were typed
  reach?: Partial<Reach>;
}

const pause = (ms: number, abort: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const timer = setTimeout(done, ms);
    abort.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });

const readCollection = (id: string): Promise<Collection> => get<Collection>(`collections/${part(id)}`);

export const usual: Reach = { readRecord, createRecord, changeRecord, readCollection, readDraft, keepDraft, dropDraft, now: Date.now, pause };

const busyStatuses: readonly number[] = [502, 503, 504];

export const isStatus = (error: unknown, status: number): boolean => error instanceof ApiError && error.status === status;
export const isBusyServer = (error: unknown): boolean => error instanceof ApiError && busyStatuses.includes(error.status);

// Nobody knows whether the server has done it; neither where an upload was stopped, which may have
// been the moment after all of it was sent.
export const isUnanswered = (error: unknown): boolean => isAborted(error) || (error instanceof ApiError && (error.status < 400 || error.status >= 500));
