// What is seen of all collections at once.

import { t } from "../../i18n/t.ts";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";

const parts: Record<string, Load<object>> = {
  rules: async () => (await import("./matrix.tsx")).Matrix,
  diagram: async () => (await import("./diagram.tsx")).Diagram,
};

const names = Object.entries(t.header.overview);

export default function Overview({ part }: { part: string }) {
  const load = Object.hasOwn(parts, part) ? parts[part] : undefined;
  return (
    <div class="data-page">
      <header class="data-head">
        <h1 class="matrix-title">{t.header.overviewTitle}</h1>
        <nav class="data-parts" aria-label={t.header.overviewTitle}>
          {names.map(([id, label]) => <a key={id} class="data-part" href={`#/overview/${id}`} aria-current={part === id ? "page" : undefined}>{label}</a>)}
        </nav>
      </header>
      {load ? <Lazy key={part} load={load} of={{}} /> : <Empty title={t.common.nothingHere} why={t.common.nothingHereWhy} />}
    </div>
  );
}
