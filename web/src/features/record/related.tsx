// The records that lead to this one, by each relation that may.

import { useEffect, useMemo, useState } from "preact/hooks";
import { isAborted } from "../../api/error.ts";
import { listRecords } from "../../api/records.ts";
import type { Row } from "../../api/types.ts";
import { summaryFields } from "../../fields/relation/known.ts";
import { presentable } from "../../fields/relation/summary.ts";
import { formatNumber } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { tr } from "../../i18n/t-record.ts";
import { printPlace } from "../../lib/route.ts";
import { summaryOf } from "../../lib/values.ts";
import { collections } from "../../state/instance.ts";
import { isLocked } from "../../state/protect.ts";
import { setQuery } from "../../state/router.ts";
import { Button, LinkButton } from "../../ui/Button/Button.tsx";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import type { RecordEdit } from "./edit.ts";
import { openWith } from "./leave.ts";
import { linkFilter, linkKey, linksTo, linkValue, type Link } from "./related-links.ts";

const mostShown = 5;

interface Found {
  rows?: readonly Row[];
  total?: number;
  error?: unknown;
}

const preview = async (link: Link, id: string, stop: AbortSignal): Promise<Found> => {
  const { collection } = link;
  const fields = [...new Set(["id", "collectionId", "collectionName", ...summaryFields(collection)])].join(",");
  const sort = collection.type === "view" ? {} : { sort: "-@rowid" };
  const { items } = await listRecords(collection.name, { perPage: mostShown, skipTotal: 1, filter: linkFilter(link, id), fields, ...sort }, stop);
  return { rows: items, ...(items.length < mostShown ? { total: items.length } : {}) };
};

const count = async (link: Link, id: string, stop: AbortSignal): Promise<Found> => ({
  total: (await listRecords(link.collection.name, { perPage: 1, fields: "id", filter: linkFilter(link, id) }, stop)).totalItems ?? 0,
});

// Asked for one after the other: first what is shown, then how many there are where there are more.
const useFound = (links: readonly Link[], id: string): ReadonlyMap<string, Found> => {
  const [found, setFound] = useState<ReadonlyMap<string, Found>>(new Map());
  const key = links.map((link) => `${linkKey(link)} ${linkFilter(link, id)}`).join();
  useEffect(() => {
    const stop = new AbortController();
    const known = new Map<string, Found>();
    const ask = async (link: Link, asked: typeof preview) => {
      if (stop.signal.aborted) return;
      const more = await asked(link, id, stop.signal).catch((error: unknown): Found => ({ error }));
      if (stop.signal.aborted || isAborted(more.error)) return;
      known.set(linkKey(link), { ...known.get(linkKey(link)), ...more });
      setFound(new Map(known));
    };
    const run = async () => {
      for (const link of links) await ask(link, preview);
      for (const link of links) if (known.get(linkKey(link))?.rows && known.get(linkKey(link))?.total === undefined) await ask(link, count);
    };
    setFound(known);
    void run();
    return () => stop.abort();
  }, [key]);
  return found;
};

const Rows = ({ link: { collection }, found }: { link: Link; found: Found | undefined }) => {
  if (found?.error !== undefined) return <ErrorNotice error={found.error} />;
  if (!found?.rows) return <p class="related-rows field-hint">{t.common.loading}</p>;
  if (found.rows.length === 0) return <p class="related-rows field-hint">{t.records.noRecords}</p>;
  const path = `/data/${encodeURIComponent(collection.name)}`;
  return <ul class="related-rows">{found.rows.map((row) => <li key={row.id}><a href={printPlace({ path, query: { record: row.id } })} title={row.id} dir="auto">{summaryOf(row, presentable.value(collection.id))}</a></li>)}</ul>;
};

const Part = ({ link, id, found }: { link: Link; id: string; found: Found | undefined }) => {
  const { collection, field } = link;
  const name = `${collection.name}.${field.name}`;
  const all = printPlace({ path: `/data/${encodeURIComponent(collection.name)}`, query: { filter: linkFilter(link, id) } });
  // What is typed in this record is kept as it is left.
  const begin = () => {
    setQuery({ tab: undefined });
    openWith(collection, null, { values: { [field.name]: linkValue(link, id) }, was: {} });
  };
  const total = found?.total === undefined ? "" : tr.relations.count(formatNumber(found.total));
  return (
    <section class="related-part" aria-label={name}>
      <div class="related-head">
        <h3>{name}</h3>
        <span class="related-count">{total}</span>
        <LinkButton kind="quiet" href={all}>{tr.relations.openAll}</LinkButton>
        {collection.type !== "view" && <Button kind="quiet" icon="plus" disabled={isLocked.value && t.protect.title} onClick={begin}>{tr.relations.newLinked}</Button>}
      </div>
      <Rows link={link} found={found} />
    </section>
  );
};

export const Related = ({ edit }: { edit: RecordEdit }) => {
  const all = collections.data.value ?? [];
  const id = edit.id ?? "";
  const links = useMemo(() => linksTo(edit.collection, all), [edit.collection, all]);
  const found = useFound(links, id);
  if (links.length === 0) return <Empty title={tr.relations.nothingLeads} />;
  return <div class="related">{links.map((link) => <Part key={linkKey(link)} link={link} id={id} found={found.get(linkKey(link))} />)}</div>;
};
