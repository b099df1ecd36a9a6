// What can be done here: the palette lists it, `?` shows its keys, and pressing them does it. Pages
// add theirs while they are shown; of two with the same keys the younger one counts.

import { computed, effect, signal } from "@preact/signals";
import { keptValue } from "./prefs.ts";

export interface Command {
  label: string;
  act?: () => void; // none: whoever has the focus hears the keys
  keys?: string; // "mod+k", "n", "alt+arrowdown": mod is Command on a Mac, Control elsewhere
  isQuiet?: boolean; // not in the palette
}

const sets = signal<readonly (readonly Command[])[]>([]);
export const commands = computed(() => sets.value.flat());
export const singleKeys = keptValue("single-keys", true);

export const provide = (set: readonly Command[]): (() => void) => {
  sets.value = [...sets.peek(), set];
  return () => {
    sets.value = sets.peek().filter((one) => one !== set);
  };
};

export const isMac = /^Mac/.test(navigator.platform);

export const keysOf = (event: KeyboardEvent): string => {
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const isLetter = event.key.length === 1;
  return [mod && "mod", event.altKey && "alt", event.shiftKey && !isLetter && "shift", event.key.toLowerCase()].filter(Boolean).join("+");
};

const shownKeys: Record<string, string> = { mod: isMac ? "⌘" : "Ctrl", alt: isMac ? "⌥" : "Alt", shift: "⇧", arrowdown: "↓", arrowup: "↑", arrowleft: "←", arrowright: "→", enter: "⏎", escape: "Esc", " ": "Space" };
export const showKeys = (keys: string): string[] => (keys === "+" ? ["+"] : keys.split("+")).map((key) => shownKeys[key] ?? (key.length === 1 ? key.toUpperCase() : key));

// Where letters are typed.
const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || (target.matches("input, textarea, select") && !target.matches("[type=checkbox], [type=radio], [type=button]")));

export const startKeys = (): void => {
  const byKeys = signal(new Map<string, () => void>());
  effect(() => {
    byKeys.value = new Map(commands.value.flatMap((command) => (command.keys && command.act ? [[command.keys, command.act]] : [])));
  });
  addEventListener("keydown", (event) => {
    const keys = keysOf(event);
    const act = byKeys.peek().get(keys);
    const isPlain = !/^(?:mod|alt)\+/.test(keys);
    if (!act || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const [target = null] = event.composedPath(); // inside of an editor of code, too
    if (isPlain && (isTyping(target) || !singleKeys.peek())) return;
    event.preventDefault();
    act();
  });
};
