// Whether there is room for the sidebar beside the records; it lies over them elsewhere.

import { signal } from "@preact/signals";

export const isWide = (): boolean => matchMedia("(min-width: 1024px)").matches;
export const isOver = signal(false);
