// Every component in each of its states, for development and tests: gallery.html#NAME shows one.

import { render, type ComponentType } from "preact";
import { place, startRouter } from "../state/router.ts";
import { basics } from "./basics.tsx";
import { codes } from "./code.tsx";
import { editors } from "./editor.tsx";
import { chartPages } from "./chart.tsx";
import { fieldPages } from "./fields.tsx";
import { filters } from "./filter.tsx";
import { grids } from "./grid.tsx";
import { overlays } from "./overlays.tsx";
import { relations } from "./relations.tsx";

// Name of a component, and what shows it.
const pages: Record<string, ComponentType> = { ...basics, ...chartPages, ...codes, ...editors, ...fieldPages, ...filters, ...grids, ...overlays, ...relations };

const Gallery = () => {
  const name = place.value.path.slice(1);
  const Page = pages[name];
  return (
    <main class="gallery">
      <h1>Components</h1>
      <ul class="gallery-names">{Object.keys(pages).map((one) => <li key={one}><a href={`#/${one}`} aria-current={one === name ? "page" : undefined}>{one}</a></li>)}</ul>
      {Page && <section aria-label={name} data-t="shown"><Page /></section>}
    </main>
  );
};

startRouter();
const root = document.getElementById("app");
if (root) render(<Gallery />, root);
