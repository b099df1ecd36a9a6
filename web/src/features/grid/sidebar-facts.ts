// What is said about a collection beside its name: what its settings leave open, and how many
// records it has.

import { useEffect } from "preact/hooks";
import { signal } from "@preact/signals";
import { countRecords } from "../../api/collections.ts";
import type { Collection } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { isObject } from "../../lib/values.ts";

const openRules = ["createRule", "updateRule", "deleteRule"] as const;

// A rule that is empty lets everyone.
export const warningsOf = (one: Collection): string[] => {
  const open = one.type === "view" ? [] : openRules.filter((rule) => one[rule] === "").map((rule) => t.header.open[rule]);
  const oauth2 = one.type === "auth" && isObject(one["oauth2"]) ? one["oauth2"] : {};
  const isWithout = oauth2["enabled"] === true && !(Array.isArray(oauth2["providers"]) && oauth2["providers"].length > 0);
  return isWithout ? [...open, t.header.noProvider] : open;
};

const keptMs = 60_000;
const askAfterMs = 120; // not for those that the pointer only passes over

interface Count {
  n: number;
  at: number;
}
const counts = signal<ReadonlyMap<string, Count>>(new Map());

export const forgetCount = (id: string): void => {
  if (!counts.peek().has(id)) return;
  const left = new Map(counts.peek());
  left.delete(id);
  counts.value = left;
};

// Asked for while it is wanted; undefined: not known, or not any more.
export const useCount = (one: Collection, isWanted: boolean): number | undefined => {
  const known = counts.value.get(one.id);
  useEffect(() => {
    if (!isWanted || (known && Date.now() - known.at < keptMs)) return;
    const leaving = new AbortController();
    const timer = setTimeout(() => {
      countRecords(one.name, leaving.signal).then(
        (n) => { counts.value = new Map(counts.peek()).set(one.id, { n, at: Date.now() }); },
        () => undefined, // it is said nowhere then
      );
    }, askAfterMs);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [one.id, isWanted, known]);
  return isWanted ? known?.n : undefined;
};
