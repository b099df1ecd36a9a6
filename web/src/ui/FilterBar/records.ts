// Records that may be taken as values, asked for while a person types.

import { useEffect, useMemo, useState } from "preact/hooks";
import { choose, type Item } from "../../lib/filter/complete.ts";
import type { RecordsWanted } from "../../lib/filter/records.ts";

export type AskRecords = (wanted: RecordsWanted, signal: AbortSignal) => Promise<readonly Item[]>;

const restMs = 150; // without a key, before somebody is asked
const none: readonly Item[] = [];

// Those of the last answer that still fit stand there until the next one comes; one that comes too
// late, or never, changes nothing.
export const useRecords = (wanted: RecordsWanted | undefined, ask: AskRecords | undefined): readonly Item[] => {
  const [answer, setAnswer] = useState<(RecordsWanted & { items: readonly Item[] }) | null>(null);
  const { collection, text } = wanted ?? {};
  useEffect(() => {
    if (!ask || !collection || text === undefined) return;
    const stop = new AbortController();
    const found = (items: readonly Item[]) => {
      if (!stop.signal.aborted) setAnswer({ collection, text, items });
    };
    const timer = setTimeout(() => void ask({ collection, text }, stop.signal).then(found, () => found(none)), restMs);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [ask, collection, text]);
  return useMemo(() => {
    if (!answer || answer.collection !== collection || text === undefined) return none;
    return answer.text === text ? answer.items : choose(answer.items, text);
  }, [answer, collection, text]);
};
