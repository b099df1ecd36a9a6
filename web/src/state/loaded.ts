// A value that is asked for: what is there stays while a newer one is on its way, and an answer to
// a question that has been replaced is dropped: who waits for it waits for the one that replaced it.

import { signal, type Signal } from "@preact/signals";
import { isAborted } from "../api/error.ts";

export interface Loaded<T> {
  data: Signal<T | undefined>;
  error: Signal<unknown>;
  isLoading: Signal<boolean>;
  load: (ask: (signal: AbortSignal) => Promise<T>) => Promise<void>;
  stop: () => void;
}

export const loaded = <T>(): Loaded<T> => {
  const data = signal<T | undefined>(undefined);
  const error = signal<unknown>(undefined);
  const isLoading = signal(false);
  let current: AbortController | null = null;
  let last = Promise.resolve();

  const run = async (ask: (signal: AbortSignal) => Promise<T>): Promise<void> => {
    current?.abort();
    const mine = new AbortController();
    current = mine;
    isLoading.value = true;
    try {
      const answer = await ask(mine.signal);
      if (current === mine) {
        data.value = answer;
        error.value = undefined;
      }
    } catch (wrong) {
      if (current === mine && !isAborted(wrong)) error.value = wrong;
    }
    if (current !== mine) return last;
    isLoading.value = false;
  };
  const load: Loaded<T>["load"] = (ask) => (last = run(ask));

  return { data, error, isLoading, load, stop: () => current?.abort() };
};
