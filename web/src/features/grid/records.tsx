// The grid of a collection with what is around it. What it shows is in the address.

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Collection, Field, Row } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { newRecord } from "../../lib/drafts.ts";
import { summaryOf } from "../../lib/values.ts";
import { collections, features, has } from "../../state/instance.ts";
import { keptValue } from "../../state/prefs.ts";
import { query, setQuery } from "../../state/router.ts";
import type { RowsOf } from "../../state/rows.ts";
import { useCommands } from "../../ui/commands.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { FilterBar } from "../../ui/FilterBar/FilterBar.tsx";
import { Grid } from "../../ui/Grid/Grid.tsx";
import { StatusLine } from "../../ui/Grid/StatusLine.tsx";
import { RecordDrawer } from "../record/drawer.tsx";
import { askRecords } from "./ask-records.ts";
import { unselect } from "./bulk.ts";
import { selectedCount, useBulk, type BulkProps } from "./bulk-status.tsx";
import { ColumnsButton } from "./columns-menu.tsx";
import { columnPrefs, gridColumns, isEditable, moved, printSort, setShown, shownFields } from "./columns.tsx";
import { Editing, type Cell } from "./editing.tsx";
import { JumpMenu } from "./jump.tsx";
import { LiveButton, liveColumns, liveSummary, useLive } from "./live.tsx";
import { usePeek } from "./peek.tsx";
import { useAsked, useRows, type Asked } from "./query.ts";
import { ViewsMenu } from "./views.tsx";

const mostHistory = 15;

const noHistory: readonly string[] = [];
const historyOf = (collection: Collection) => keptValue(`filters:${collection.id}`, noHistory, (kept) => (Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : noHistory));

const applyFilter = (collection: Collection, filter: string): void => {
  const history = historyOf(collection);
  if (filter) history.value = [filter, ...history.value.filter((one) => one !== filter)].slice(0, mostHistory);
  setQuery({ filter }, { replace: false });
};

const presentable = ({ fields }: Collection): string[] => fields.filter((field) => field.presentable).map(({ name }) => name);

const NoRows = ({ collection, filter, onNew }: { collection: Collection; filter: string; onNew: () => void }) => {
  if (filter) return <Empty title={t.records.noMatch} why={filter}><Button onClick={() => setQuery({ filter: "" })}>{t.records.clearFilter}</Button></Empty>;
  if (collection.type === "view") return <Empty title={t.records.noRecords} why={t.records.noRecordsView} />;
  return <Empty title={t.records.noRecords} why={t.records.noRecordsWhy}><Button kind="primary" icon="plus" onClick={onNew}>{t.records.newRecord}</Button></Empty>;
};

const Toolbar = ({ collection, asked: { filter, sort }, source, names, onNew }: { collection: Collection; asked: Asked; source: RowsOf<Row>; names: readonly string[]; onNew: () => void }) => (
  <div class="data-tools">
    <FilterBar
      collection={collection}
      collections={collections.data.value ?? []}
      ask={askRecords}
      value={filter}
      history={historyOf(collection).value}
      onApply={(next) => applyFilter(collection, next)}
    />
    <ViewsMenu collection={collection} filter={filter} sort={printSort(sort, collection.fields)} names={names} />
    <ColumnsButton collection={collection} />
    <Button kind="quiet" icon="refresh-cw" label={t.records.refresh} busy={source.isLoading.value} onClick={() => source.refresh()} />
    {collection.type !== "view" && <Button kind="primary" icon="plus" onClick={onNew}>{t.records.newRecord}</Button>}
  </div>
);

// What the drawer has changed is shown without asking again.
const Opened = ({ collection, id, source, onGone }: { collection: Collection; id: string; source: RowsOf<Row>; onGone: (id: string) => void }) => {
  const open = (next: string | undefined) => setQuery({ record: next }, { replace: next === undefined });
  const step = (by: number) => {
    const { first, last } = source.range();
    for (let at = first; at < last; at++)
      if (source.at(at)?.id === id) {
        const next = source.at(at + by);
        if (next) setQuery({ record: next.id });
        return;
      }
  };
  return (
    <RecordDrawer
      key={`${collection.id}/${id}`}
      collection={collection}
      id={id === newRecord && collection.type !== "view" ? null : id}
      onClose={() => open(undefined)}
      onStep={step}
      onCreated={() => source.refresh()}
      onChanged={(row) => source.patch(row)}
      onDeleted={() => {
        source.remove(id);
        onGone(id);
        open(undefined);
      }}
    />
  );
};

// What is done with what is selected, or with all that matches.
const Status = (props: BulkProps) => {
  const { collection, source, asked, selected } = props;
  const live = useLive(collection, source, asked, (id) => unselect(selected, id));
  const { acts, dialog } = useBulk(props);
  return (
    <>
      <StatusLine source={source} selected={selectedCount(props)} onClear={() => { selected.value = new Set(); }}>
        {acts}
        <LiveButton live={live} />
        <JumpMenu source={source} field={collection.fields.find(({ name }) => name === asked.sort[0]?.key)} />
      </StatusLine>
      {dialog}
    </>
  );
};

const useKeys = (collection: Collection, source: RowsOf<Row>, open: (id: string) => void) => {
  useCommands(
    [
      { label: t.records.refresh, keys: "r", act: () => source.refresh() },
      { label: t.records.filter, keys: "/", act: () => document.querySelector<HTMLElement>(".data-tools input")?.focus() },
      ...(collection.type === "view" ? [] : [{ label: t.records.newRecord, keys: "n", act: () => open(newRecord) }]),
    ],
    [collection.id, query.value["record"]],
  );
};

const Shown = ({ collection, fields }: { collection: Collection; fields: readonly Field[] }) => {
  const prefs = columnPrefs(collection);
  const asked = useAsked(collection, fields);
  const source = useRows(asked.records);
  const selected = useSignal<ReadonlySet<string>>(new Set());
  const editing = useSignal<Cell | null>(null);
  const { peek, card } = usePeek(collection, fields, source.at);
  const columns = useMemo(() => liveColumns(gridColumns(collection, fields, prefs.value)), [collection, fields, prefs.value]);
  const openId = query.value["record"];
  const open = (id: string) => setQuery({ record: id }, { replace: openId !== undefined });
  // What is not seen any more is not acted upon.
  useEffect(() => {
    if (selected.peek().size > 0) selected.value = new Set();
  }, [asked.filter]);
  const summary = useMemo(() => presentable(collection), [collection]);
  const names = fields.map(({ name }) => name);
  useKeys(collection, source, open);
  return (
    <>
      <Toolbar collection={collection} asked={asked} source={source} names={names} onNew={() => open(newRecord)} />
      <div class="data-body">
        <div class="data-grid">
          <Grid
            label={collection.name}
            source={source}
            columns={columns}
            sort={asked.sort}
            selected={selected.value}
            {...(openId ? { open: openId } : {})}
            summary={(row) => summaryOf(row, summary)}
            mark={liveSummary}
            listed={names.filter((name) => name !== "id" && !summary.includes(name))}
            empty={<NoRows collection={collection} filter={asked.filter} onNew={() => open(newRecord)} />}
            onOpen={(row) => open(row.id)}
            onSort={(sort) => setQuery({ sort: printSort(sort, collection.fields) })}
            onSelect={(ids) => { selected.value = ids; }}
            onEdit={(row, { key }) => {
              const field = collection.fields.find(({ name }) => name === key);
              if (field && isEditable(collection, field)) editing.value = { row, field };
              else open(row.id);
            }}
            wrap={prefs.value.wrap ?? false}
            onMove={(key, to) => setShown(collection, moved(fields, key, to))}
            onPeek={(row, { key }) => peek(row, key)}
            onResize={(key, width) => { prefs.value = { ...prefs.value, widths: { ...prefs.value.widths, [key]: width } }; }}
          />
          {card}
          <Editing collection={collection} fields={fields} source={source} editing={editing} />
          <Status collection={collection} source={source} asked={asked} names={names} selected={selected} />
        </div>
        {openId && <Opened collection={collection} id={openId} source={source} onGone={(id) => unselect(selected, id)} />}
      </div>
    </>
  );
};

// Whether lists have cursors decides what is asked first.
export const Records = ({ collection }: { collection: Collection }) => {
  const prefs = columnPrefs(collection).value;
  const shared = query.value["cols"];
  const fields = useMemo(() => shownFields(collection, prefs, shared), [collection, prefs.shown, shared]);
  const isKnown = features.data.value !== undefined || features.error.value !== undefined;
  return isKnown ? <Shown key={String(has("cursor"))} collection={collection} fields={fields} /> : null;
};
