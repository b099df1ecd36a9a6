import type { ComponentChildren } from "preact";

export type BadgeKind = "plain" | "accent" | "info" | "ok" | "warn" | "danger" | "gone";

// A word in a box: a choice, a state. What is gone is struck through, and its title says so.
export const Badge = ({ kind = "plain", title, children }: { kind?: BadgeKind; title?: string; children: ComponentChildren }) => (
  <span class={`badge badge-${kind}`} title={title} dir="auto">
    {children}
  </span>
);
