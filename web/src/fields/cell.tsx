// What cells of several types are made of.

import type { ComponentChildren } from "preact";
import { t } from "../i18n/t.ts";
import { Badge } from "../ui/Badge/Badge.tsx";
import { shown } from "../lib/values.ts";
import { plainKinds } from "./kinds.ts";
import type { CellProps } from "./types.ts";

export const Blank = ({ title = t.fields.empty }: { title?: string }) => (
  <span class="cell cell-blank" title={title}>–</span>
);

export const isBlank = ({ field, value }: CellProps): boolean => plainKinds[field.type].isEmpty(value);

// A value of another type than its field's is shown as the JSON that it is.
export const Text = ({ value, code, children }: { value: unknown; code?: boolean; children?: ComponentChildren }) => (
  <span class="cell">
    <span class={`cell-text${code || typeof value !== "string" ? " cell-code" : ""}`} dir={code ? "ltr" : "auto"}>{shown(value)}</span>
    {children}
  </span>
);

const mostChips = 12;

export interface Chip {
  text: string;
  title?: string;
  isGone?: boolean;
}

export const ChipCell = ({ chips }: { chips: readonly Chip[] }) => (
  <span class="cell">
    {chips.slice(0, mostChips).map((chip, n) => (
      <Badge key={n} kind={chip.isGone ? "gone" : "plain"} title={chip.title ?? chip.text}>{chip.text}</Badge>
    ))}
    {chips.length > mostChips && <span class="cell-more" title={t.fields.moreItems(chips.length - mostChips)}>+{chips.length - mostChips}</span>}
  </span>
);
