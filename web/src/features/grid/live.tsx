// What happens elsewhere: rows that are there change in place and stay in it when they are deleted,
// new ones are counted, so that nothing moves under the pointer. Heard from the server while "Live"
// is on, from other pages of this browser at any time.

import { effect, useSignal, type Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { listen, topicOf, type Change } from "../../api/realtime.ts";
import type { Collection, Row } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { isObject } from "../../lib/values.ts";
import { followNews } from "../../state/channel.ts";
import type { RowsOf } from "../../state/rows.ts";
import { Button } from "../../ui/Button/Button.tsx";
import type { Column } from "../../ui/Grid/types.ts";
import { flashMs, markOf } from "./live-rows.ts";
import { LiveRows } from "./live-source.ts";
import type { Asked } from "./query.ts";

// Asked by who does not know the rows: the menu of a collection.
const shown = new Map<string, LiveRows>(); // by the id of its collection
export const refreshRows = (id: string): void => shown.get(id)?.refresh();

export interface Live {
  rows: LiveRows;
  isOn: Signal<boolean>;
  isLost: Signal<boolean>;
}

const isChange = (data: unknown): data is Change => isObject(data) && typeof data["action"] === "string" && isObject(data["record"]) && typeof data["record"]["id"] === "string";

// Created ones count where they match; the others are told of whether they do or not.
const useServer = (collection: Collection, { records: { filter, fields, expand } }: Asked, { rows, isOn, isLost }: Live): void => {
  const on = isOn.value;
  useEffect(() => {
    if (!on) return;
    const onLost = () => { isLost.value = true; };
    const onMissed = () => {
      isLost.value = false;
      rows.reread();
    };
    const hear = (of: (change: Change) => boolean) => (data: unknown) => isChange(data) && of(data) && rows.take(data);
    const isNew = ({ action }: Change) => action === "create";
    const topic = `${collection.name}/*`;
    const onHeard = () => rows.reread();
    const stops = [listen({ topic: topicOf(topic, { fields, expand }), onEvent: hear((change) => !filter || !isNew(change)), onHeard, onLost, onMissed })];
    if (filter) stops.push(listen({ topic: topicOf(topic, { filter, fields: "id" }), onEvent: hear(isNew), onMissed: () => undefined }));
    return () => {
      isLost.value = false;
      stops.forEach((stop) => stop());
    };
  }, [on, collection.name, filter, fields, expand]);
};

const useNews = (collection: Collection, { rows, isOn, isLost }: Live): void => {
  useEffect(
    () =>
      followNews((news, own) => {
        if (!("collection" in news) || (news.collection !== collection.name && news.collection !== collection.id)) return;
        if (news.kind === "emptied") rows.refresh();
        else if (own) rows.takeOwn(news, own.data);
        else if (!isOn.peek() || isLost.peek()) void rows.takeOthers(news).catch(() => undefined); // a refresh shows it
      }),
    [collection.id, collection.name, rows],
  );
  useEffect(() => {
    shown.set(collection.id, rows);
    return () => void (shown.get(collection.id) === rows && shown.delete(collection.id));
  }, [collection.id, rows]);
};

// onGone: told the id of each record that is deleted.
export const useLive = (collection: Collection, source: RowsOf<Row>, asked: Asked, onGone: (id: string) => void): Live => {
  const isOn = useSignal(false);
  const isLost = useSignal(false);
  const rows = useMemo(() => new LiveRows(source, collection, asked, onGone), [source, collection.id]);
  rows.asked = asked;
  const live = useMemo(() => ({ rows, isOn, isLost }), [rows]);
  useServer(collection, asked, live);
  useNews(collection, live);
  useEffect(() => {
    const stop = effect(() => {
      void source.version.value;
      rows.settle();
    });
    return () => {
      stop();
      rows.stop();
    };
  }, [rows]);
  return live;
};

export const LiveButton = ({ live: { rows, isOn, isLost } }: { live: Live }) => {
  const n = rows.fresh.value.size;
  const said = n > 0 ? t.header.news(n) : rows.isStale.value ? t.header.stale : "";
  return (
    <>
      <span class="live-said" role="status">
        {isLost.value && t.header.lost}
        {said && <Button icon="refresh-cw" onClick={() => rows.refresh()}>{said}</Button>}
      </span>
      <Button kind="quiet" icon="radio" aria-pressed={isOn.value} title={t.records.liveOn} class={isOn.value ? "is-on" : ""} onClick={() => { isOn.value = !isOn.value; }}>{t.records.live}</Button>
    </>
  );
};

// --- how it looks --------------------------------------------------------------------------------

// What has changed flashes once, what is of a deleted row is struck through.
const marked = (row: Row, shown: ComponentChildren, isOf: (names: ReadonlySet<string>) => boolean): ComponentChildren => {
  const of = markOf(row);
  if (!of) return shown;
  if (of.isGone) return <del class="cell-gone" title={t.header.goneRow}>{shown}</del>;
  if (of.pending && isOf(of.pending)) return <span class="cell-pending" title={t.records.cellSaving}>{shown}</span>;
  return isOf(of.changed) && performance.now() - of.at < flashMs ? <span key={of.at} class="cell-flash">{shown}</span> : shown;
};

export const liveColumns = (columns: Column<Row>[]): Column<Row>[] =>
  columns.map((column) => ({ ...column, render: (row) => marked(row, column.render(row), (changed) => changed.has(column.key)) }));

// In a list the title stands for the whole row.
export const liveSummary = (row: Row, title: string): ComponentChildren => marked(row, title, (changed) => changed.size > 0);
