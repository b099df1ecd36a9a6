// A part of a page, with its title.

import type { ComponentChildren } from "preact";

export const Card = ({ title, why, children }: { title: string; why?: string; children: ComponentChildren }) => (
  <section class="def-part def-card">
    <h2>{title}</h2>
    {why && <p class="field-hint">{why}</p>}
    {children}
  </section>
);
