// The definition of a collection: its parts, and what saves all of them together.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Collection } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { td } from "../../i18n/t-def.ts";
import { printPlace } from "../../lib/route.ts";
import { loaded } from "../../state/loaded.ts";
import { collection, reloadCollections } from "../../state/instance.ts";
import { navigate, path, query } from "../../state/router.ts";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { ProtectedNotice } from "../../ui/Protected/Protected.tsx";
import { partsOf, SidebarButton } from "../grid/header.tsx";
import { Bar } from "./bar.tsx";
import type { PartProps } from "./parts.ts";
import type { CollectionEdit } from "./edit.ts";
import { Notices } from "./notices.tsx";
import { editFor, forget, useEditing } from "./open.ts";
import { readScaffolds } from "./reach.ts";
import { Schema } from "./schema.tsx";
import { beginningOf, copyOf } from "./scaffold.ts";

const parts: Record<string, Load<PartProps>> = {
  rules: async () => (await import("../rules/rules.tsx")).Rules,
  indexes: async () => (await import("./indexes.tsx")).Indexes,
  auth: async () => (await import("./auth.tsx")).Auth,
  mail: async () => (await import("./mail.tsx")).Mail,
  api: async () => (await import("../api/api.tsx")).Api,
};

export type DefinitionProps = { part: string } & ({ one: Collection } | { type: string });

const Part = ({ edit, part, canWrite }: { edit: CollectionEdit; part: string; canWrite: boolean }) => {
  const isThere = partsOf(edit.draft.value.type).includes(part as never) && !(edit.id === null && part === "api");
  if (isThere && part === "schema") return <Schema edit={edit} canWrite={canWrite} />;
  const load = isThere ? parts[part] : undefined;
  return load ? <Lazy key={part} load={load} of={{ edit, canWrite }} /> : <Empty title={t.common.nothingHere} why={t.common.nothingHereWhy} />;
};

const Editor = ({ edit, part }: { edit: CollectionEdit; part: string }) => {
  const canWrite = useEditing(edit);
  const saved = (now: Collection) => {
    if (edit.id === null) forget(edit);
    // Who has gone elsewhere meanwhile stays there.
    const from = path.peek();
    void reloadCollections().then(() => {
      const at = `/data/${encodeURIComponent(now.name)}/${part}`;
      if (path.peek() === from && from !== at) void navigate(at, { replace: true });
    });
  };
  return (
    <div class="def">
      <div class="def-page">
        <Notices edit={edit} />
        {!canWrite && <ProtectedNotice />}
        <Part edit={edit} part={part} canWrite={canWrite} />
      </div>
      {canWrite && <Bar edit={edit} onSaved={saved} />}
    </div>
  );
};

const Existing = ({ one, part }: { one: Collection; part: string }) => {
  const edit = useMemo(() => editFor(one, false), [one.id]);
  useEffect(() => edit.meet(one), [edit, one]);
  return <Editor edit={edit} part={part} />;
};

const PartsOfNew = ({ edit, type, part }: { edit: CollectionEdit; type: string; part: string }) => (
  <nav class="data-parts" aria-label={t.header.partsOf(edit.draft.value.name || t.header.newCollection)}>
    {partsOf(edit.draft.value.type).filter((id) => id !== "api").map((id) => <a key={id} class="data-part" href={printPlace({ path: `/new/${type}/${id}`, query: query.peek() })} aria-current={part === id ? "page" : undefined}>{t.header.parts[id]}</a>)}
  </nav>
);

const New = ({ type, part, from }: { type: string; part: string; from: string }) => {
  const found = useMemo(() => loaded<CollectionEdit>(), []);
  const [turn, again] = useState(0);
  useEffect(() => {
    void found.load(async (signal) => {
      const scaffolds = await readScaffolds(signal);
      const scaffold = Object.hasOwn(scaffolds, type) ? scaffolds[type] : undefined;
      if (!scaffold) throw new Error(td.def.noType(type));
      const like = collection(from);
      return like?.type === type ? editFor(copyOf(like, scaffold), true, like.id) : editFor(beginningOf(scaffold), true);
    });
    return found.stop;
  }, [found, turn]);
  const edit = found.data.value;
  return (
    <>
      <header class="data-head">
        <a class="data-back button button-quiet button-icon" href="#/data" aria-label={t.shell.collections}><Icon name="arrow-left" /></a>
        <SidebarButton />
        <h1>{t.header.newCollection}</h1>
        {edit && <PartsOfNew edit={edit} type={type} part={part} />}
      </header>
      {edit && <Editor key={edit.key} edit={edit} part={part} />}
      {Boolean(found.error.value) && <div class="def-page"><ErrorNotice error={found.error.value} onRetry={() => again(turn + 1)} /></div>}
    </>
  );
};

export default function Definition(props: DefinitionProps) {
  return "one" in props ? <Existing key={props.one.id} one={props.one} part={props.part} /> : <New key={`${props.type} ${query.value["from"] ?? ""}`} type={props.type} part={props.part} from={query.value["from"] ?? ""} />;
}
