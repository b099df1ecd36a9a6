// Groups of collections, as this device has them.

import { computed } from "@preact/signals";
import { groupsFrom, type Group } from "../lib/groups.ts";
import { keptValue } from "./prefs.ts";

const kept = keptValue<readonly Group[]>("groups", []);

export const groups = computed(() => groupsFrom(kept.value));
export const setGroups = (next: readonly Group[]): void => {
  kept.value = next;
};
