// How this device shows things.

import { effect, signal, type Signal } from "@preact/signals";
import { ofDevice } from "../lib/store.ts";

const choice = <T extends string>(name: string, values: readonly T[]): Signal<T> => {
  const kept = ofDevice(name);
  const found = values.find((value) => value === kept.get());
  const chosen = signal<T>(found ?? (values[0] as T));
  effect(() => kept.set(chosen.value === values[0] ? null : chosen.value));
  return chosen;
};

export const themes = ["auto", "light", "dark"] as const;
export const densities = ["normal", "dense", "comfortable"] as const;

export const theme = choice("theme", themes);
export const density = choice("density", densities);

const held = new Map<string, { value: Signal<unknown>; read: () => void }>(); // by name

const parsed = <T>(text: string | null, fallback: T, read: (kept: unknown) => T): T => {
  try {
    const kept: unknown = JSON.parse(text ?? "null");
    return kept === null ? fallback : read(kept);
  } catch {
    return fallback; // written by somebody else
  }
};

// A value of any kind, under a name: one for all who ask, here and on other pages of the browser.
// read: what is kept may be something else, written by a former version, or by somebody else.
export const keptValue = <T>(name: string, fallback: T, read: (kept: unknown) => T = (kept) => kept as T): Signal<T> => {
  const known = held.get(name);
  if (known) return known.value as Signal<T>;
  const kept = ofDevice(name);
  let text = kept.get();
  const value = signal<T>(parsed(text, fallback, read));
  const again = () => {
    if (kept.get() === text) return;
    text = kept.get();
    value.value = parsed(text, fallback, read);
  };
  effect(() => {
    const next = value.value === fallback ? null : JSON.stringify(value.value);
    if (next === text) return;
    text = next;
    kept.set(next);
  });
  held.set(name, { value: value as Signal<unknown>, read: again });
  return value;
};

const usualWidth = 232;
export const sidebarWidth = keptValue("sidebar", usualWidth, (kept) => (typeof kept === "number" && kept >= 180 && kept <= 400 ? kept : usualWidth));
export const sidebarShown = keptValue("sidebar-shown", true);

export const startPrefs = (): void => {
  addEventListener("storage", () => held.forEach(({ read }) => read()));
  effect(() => {
    const root = document.documentElement;
    if (theme.value === "auto") delete root.dataset["theme"];
    else root.dataset["theme"] = theme.value;
    root.dataset["density"] = density.value;
  });
};
