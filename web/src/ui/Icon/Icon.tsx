import type { IconName } from "./names.ts";

const sprite = document.querySelector<HTMLMetaElement>('meta[name="icons"]')?.content ?? "";

// Decoration: what it means stands beside it, or is the label of what it is in.
export const Icon = ({ name, size = 16 }: { name: IconName; size?: number }) => (
  <svg class="icon" width={size} height={size} aria-hidden="true">
    <use href={`${sprite}#${name}`} />
  </svg>
);
