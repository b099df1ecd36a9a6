// What was typed here and is not saved: where it is, so that there is a way back to it.

import { computed, effect, signal } from "@preact/signals";
import { dropDraft, listDrafts, watchDrafts } from "../lib/drafts.ts";
import { owner, session } from "./session.ts";

export interface Kept {
  key: string;
  collection: string; // its id
  record: string; // its id, or `newRecord`; "" of the definition
  at: Date;
}

const oldAfterMs = 30 * 86_400_000;
const mostMs = 8.64e15; // of a date

const kept = signal<readonly Kept[]>([]);

// By the id of their collection, the youngest first.
export const drafts = computed(() => {
  const found = new Map<string, Kept[]>();
  for (const one of [...kept.value].sort((a, b) => b.at.getTime() - a.at.getTime())) found.set(one.collection, [...(found.get(one.collection) ?? []), one]);
  return found;
});
export const isOld = ({ at }: Kept): boolean => Date.now() - at.getTime() > oldAfterMs;
export const forget = (some: readonly Kept[]): void => some.forEach(({ key }) => void dropDraft(key));

// What other pages of the browser have kept, too.
export const look = async (): Promise<void> => {
  const prefix = `${owner()} `;
  const found = session.peek() ? await listDrafts(prefix) : [];
  kept.value = found.flatMap(({ key, at }) => {
    const name = key.slice(prefix.length);
    const [collection, record] = name.startsWith("schema:") ? [name.slice("schema:".length).split(" ")[0], ""] : name.split("/");
    return collection && record !== undefined ? [{ key, collection, record, at: new Date(Math.abs(at) <= mostMs ? at : 0) }] : [];
  });
};

export const startDrafts = (): void => {
  watchDrafts(() => void look());
  effect(() => {
    void session.value?.user.id;
    void look();
  });
};
