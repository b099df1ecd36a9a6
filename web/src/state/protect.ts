// An instance whose controls are hidden (`meta.hideControls`) is looked at; who wants to change
// something unlocks this page for a while first.

import { computed, effect, signal } from "@preact/signals";
import { settings } from "./instance.ts";
import { keptValue } from "./prefs.ts";

const unlockedMs = 10 * 60_000;

// As it was last time, until the settings are known.
const known = keptValue("protected", false);
const until = signal(0); // ms since 1970

export const isProtected = known;
export const isLocked = computed(() => known.value && until.value === 0);
export const unlockedUntil = computed(() => (known.value && until.value > 0 ? new Date(until.value) : null));

let timer: ReturnType<typeof setTimeout> | undefined;

export const lock = (): void => {
  clearTimeout(timer);
  until.value = 0;
};

export const unlock = (): void => {
  clearTimeout(timer);
  timer = setTimeout(lock, unlockedMs);
  until.value = Date.now() + unlockedMs;
};

export const startProtection = (): void => {
  effect(() => {
    const now = settings.data.value;
    if (now) known.value = now.meta.hideControls;
  });
};
