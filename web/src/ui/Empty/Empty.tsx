import type { ComponentChildren } from "preact";

// Why there is nothing, and the one next step.
export const Empty = ({ title, why, children }: { title: string; why?: string; children?: ComponentChildren }) => (
  <div class="empty">
    <h2>{title}</h2>
    {why && <p>{why}</p>}
    {children && <div class="empty-acts">{children}</div>}
  </div>
);
