// How the server is, what would help it, and who listens.

import { homeTexts as th } from "../../i18n/t-home.ts";
import { features } from "../../state/instance.ts";
import { path } from "../../state/router.ts";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { Guarded, Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import { LinkButton } from "../../ui/Button/Button.tsx";
import { Advice } from "./advice.tsx";
import { Health } from "./health.tsx";

type Part = keyof typeof th.parts;

const needs: Record<Part, string> = { home: "stats", advisor: "advice", realtime: "realtime" };
const realtime: Load<object> = async () => (await import("./realtime.tsx")).Realtime;
const pages: Record<Part, () => preact.JSX.Element> = { home: () => <Health />, advisor: () => <Advice />, realtime: () => <Lazy load={realtime} of={{}} /> };

export default function Home() {
  const part = path.value.slice(1) as Part;
  const there = features.data.value;
  // Advice about safety is worth something anywhere.
  const isThere = there?.features.includes(needs[part]) || part === "advisor";
  return (
    <>
      <header class="data-head">
        <h1>{th.parts[part]}</h1>
        <nav class="data-parts" aria-label={th.title}>
          {(Object.keys(th.parts) as Part[]).map((id) => <a key={id} class="data-part" href={`#/${id}`} aria-current={id === part ? "page" : undefined}>{th.parts[id]}</a>)}
        </nav>
      </header>
      <div class="def-page home">
        {isThere ? <Guarded of={part}>{pages[part]()}</Guarded> : there !== undefined && <Empty title={th.none} why={th.noneWhy}><LinkButton href="#/logs">{th.toLogs}</LinkButton></Empty>}
      </div>
    </>
  );
}
