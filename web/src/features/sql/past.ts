// What has been run: kept before it is sent, so that what brings the page down is there, too.

import { dropDraft, keepDraft, listDrafts } from "../../lib/drafts.ts";
import { isObject } from "../../lib/values.ts";
import { owner } from "../../state/session.ts";
import { newId } from "../record/new-id.ts";

export interface Run {
  key: string;
  at: number; // ms since 1970
  text: string;
  rows?: number; // that it gave, or has changed; none of this: it was not answered
  ms?: number;
  error?: string;
}

const most = 500;
const prefixNow = (): string => `${owner()} sqlrun:`;

export const keepRun = async ({ key, at, ...run }: Run): Promise<void> => void (await keepDraft({ key, at, values: JSON.stringify(run) }));

export const beginRun = async (text: string): Promise<Run> => {
  const run: Run = { key: prefixNow() + newId(), at: Date.now(), text };
  await keepRun(run);
  return run;
};

// The last one first. Older ones than can be kept are forgotten.
export const listRuns = async (): Promise<Run[]> => {
  const found = (await listDrafts(prefixNow())).flatMap(({ key, at, values }): Run[] => {
    try {
      const run: unknown = typeof values === "string" ? JSON.parse(values) : null;
      return isObject(run) && typeof run["text"] === "string" ? [{ ...(run as unknown as Run), key, at }] : [];
    } catch {
      return [];
    }
  });
  found.sort((a, b) => b.at - a.at);
  for (const { key } of found.slice(most)) void dropDraft(key);
  return found.slice(0, most);
};
