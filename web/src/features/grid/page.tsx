// A collection beside the list of all: its records, or its definition.

import { useEffect, useRef } from "preact/hooks";
import type { Collection } from "../../api/types.ts";
import { presentable } from "../../fields/relation/summary.ts";
import { t } from "../../i18n/t.ts";
import { collection, collections } from "../../state/instance.ts";
import { keptValue } from "../../state/prefs.ts";
import { printPlace } from "../../lib/route.ts";
import { navigate, path, query } from "../../state/router.ts";
import { LinkButton } from "../../ui/Button/Button.tsx";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import type { DefinitionProps } from "../collection/page.tsx";
import { Dialogs, Header, SidebarButton } from "./header.tsx";
import { Records } from "./records.tsx";
import { Sidebar } from "./sidebar.tsx";
import { isWide } from "./sidebar-shown.ts";

presentable.value = (id) => collection(id)?.fields.filter((field) => field.presentable).map(({ name }) => name) ?? [];

const lastOpened = keptValue("collection", "");

// Where there is room for both, a collection is always open: the last one, or the first.
const useLastOpened = (name: string | undefined): void => {
  const all = collections.data.value;
  useEffect(() => {
    if (name !== undefined) lastOpened.value = collection(name) ? name : lastOpened.peek();
    else if (all && isWide() && path.peek() === "/data") { // nobody has gone elsewhere meanwhile
      const next = collection(lastOpened.value) ?? all.find(({ system }) => !system) ?? all[0];
      if (next) void navigate(`/data/${encodeURIComponent(next.name)}`, { replace: true });
    }
  }, [name, all]);
};

// What is shown is shown on when it is called otherwise; a name that was not shown is another one's.
const useRenamed = (name: string | undefined, one: Collection | undefined): void => {
  const shown = useRef({ id: "", name: "" });
  useEffect(() => {
    if (one && name !== undefined) shown.current = { id: one.id, name };
    const renamed = name === shown.current.name && !one && collections.data.peek() ? collection(shown.current.id) : undefined;
    if (renamed) void navigate(printPlace({ path: path.peek().replace(/^(\/data\/)[^/]*/, (_, at: string) => at + encodeURIComponent(renamed.name)), query: query.peek() }), { replace: true });
  }, [name, one, collections.data.value]);
};

const definition: Load<DefinitionProps> = async () => (await import("../collection/page.tsx")).default;

// part: of its definition; type: of a new one.
export default function Data({ collection: name, part, type }: { collection?: string; part?: string; type?: string }) {
  useLastOpened(type ?? name);
  const one = name === undefined ? undefined : collection(name);
  useRenamed(name, one);
  const isMissing = name !== undefined && !one && collections.data.value !== undefined;
  return (
    <div class={`data${name === undefined && !type ? "" : " has-page"}`}>
      <Sidebar current={one?.name ?? name ?? ""} />
      <div class="data-page">
        {one && <Header one={one} part={part} />}
        {one && part === undefined && <Records key={one.id} collection={one} />}
        {one && part !== undefined && <Lazy key={one.id} load={definition} of={{ one, part }} />}
        {type && <Lazy key={`+${type}`} load={definition} of={{ type, part: part ?? "schema" }} />}
        {isMissing && <div class="data-head"><SidebarButton /></div>}
        {isMissing && <Empty title={t.shell.gone(name)} why={t.shell.goneWhy}><LinkButton href="#/data">{t.shell.collections}</LinkButton></Empty>}
      </div>
      <Dialogs />
    </div>
  );
}
