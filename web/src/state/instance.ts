// What belongs to the instance as a whole: its collections, its name and colour, what it adds to
// the API. Read once somebody is signed in, and again when it has changed.

import { computed, effect } from "@preact/signals";
import { listCollections } from "../api/collections.ts";
import { listen } from "../api/realtime.ts";
import { readFeatures, readSettings } from "../api/settings.ts";
import type { Collection, Features, Settings } from "../api/types.ts";
import { printJson } from "../lib/json.ts";
import { followNews, startChannel } from "./channel.ts";
import { loaded } from "./loaded.ts";
import { isSigned } from "./session.ts";

export const collections = loaded<Collection[]>();
export const settings = loaded<Settings>();
export const features = loaded<Features | null>();

// What is as it was stays the same object, so that only what has changed is drawn again.
const keepSame = (now: Collection[], before: readonly Collection[]): Collection[] => {
  const known = new Map(before.map((one) => [one.id, one]));
  const kept = now.map((one) => {
    const was = known.get(one.id);
    return was && printJson(was) === printJson(one) ? was : one;
  });
  return kept.length === before.length && kept.every((one, n) => one === before[n]) ? (before as Collection[]) : kept;
};

export const reloadCollections = (): Promise<void> => collections.load(async (signal) => keepSame(await listCollections(signal), collections.data.peek() ?? []));
export const reloadSettings = (): Promise<void> => settings.load(readSettings);

const byName = computed(() => {
  const map = new Map<string, Collection>();
  for (const one of collections.data.value ?? []) map.set(one.id, one).set(one.name, one);
  return map;
});

// By name or id.
export const collection = (name: string): Collection | undefined => byName.value.get(name);

export const has = (feature: string): boolean => features.data.value?.features.includes(feature) ?? false;

// How many changes the server takes at once; 0: it takes no batches.
export const perBatch = (): number => {
  const batch = settings.data.value?.batch;
  return batch?.enabled ? batch.maxRequests : 0;
};

const settingsAfterMs = 1000; // the first rows come first

// Where the server tells of changed collections it is listened to while the page is seen: a browser
// has few connections to a server, and pages behind others are not to hold them all.
const followSchema = (): (() => void) => {
  let stop: (() => void) | null = null;
  const reload = () => void reloadCollections();
  const look = () => {
    const isSeen = document.visibilityState === "visible";
    if (isSeen && has("realtime")) stop ??= listen({ topic: "@reeve/schema", onEvent: reload, onMissed: reload });
    else {
      stop?.();
      stop = null;
    }
  };
  const seen = () => {
    look();
    if (document.visibilityState === "visible") reload();
  };
  const begin = setTimeout(look, settingsAfterMs);
  document.addEventListener("visibilitychange", seen);
  return () => {
    clearTimeout(begin);
    document.removeEventListener("visibilitychange", seen);
    stop?.();
  };
};

export const startInstance = (): void => {
  startChannel();
  followNews(({ kind }, own) => {
    if (own || !isSigned.peek()) return;
    if (kind === "collections") void reloadCollections();
    else if (kind === "settings") void reloadSettings();
  });
  effect(() => (isSigned.value && (features.data.value !== undefined || features.error.value !== undefined) ? followSchema() : undefined));
  effect(() => {
    if (!isSigned.value) {
      collections.data.value = undefined;
      return;
    }
    const known = Promise.all([reloadCollections(), features.load(readFeatures)]);
    void known.then(() => setTimeout(() => isSigned.peek() && void reloadSettings(), settingsAfterMs));
  });
  effect(() => {
    document.documentElement.style.setProperty("--instance", settings.data.value?.meta.accentColor || "transparent");
  });
};
