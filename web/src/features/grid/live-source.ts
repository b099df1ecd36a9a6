// What is known of changes elsewhere to the rows of a collection: which are not shown yet, whether
// one may stand elsewhere now; those that are shown are changed in place.

import { batch, signal } from "@preact/signals";
import type { Change } from "../../api/realtime.ts";
import { listRecords } from "../../api/records.ts";
import type { Collection, Row } from "../../api/types.ts";
import { markExpanded } from "../../fields/relation/summary.ts";
import type { News } from "../../lib/news.ts";
import { isObject } from "../../lib/values.ts";
import type { RowsOf } from "../../state/rows.ts";
import { filterOfIds, goneRow, mark, mergeRow } from "./live-rows.ts";
import type { Asked } from "./query.ts";

const gatherMs = 50; // what comes together is drawn together
const mostAsked = 50; // ids; a longer list is not asked for row by row
const mostEarly = 1000; // changes; with more, rows are only said to be old

export class LiveRows {
  readonly fresh = signal<ReadonlySet<string>>(new Set()); // ids of records that are not shown yet
  readonly isStale = signal(false); // a row may stand elsewhere now
  readonly #source: RowsOf<Row>;
  readonly #collection: Collection;
  readonly #onGone: (id: string) => void;
  readonly #own = new Set<string>(); // created here
  #asked: Asked;
  #waiting: Change[] = [];
  #early: Change[] = []; // came while rows were on their way, which may have been read before
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #leaving = new AbortController();

  constructor(source: RowsOf<Row>, collection: Collection, asked: Asked, onGone: (id: string) => void) {
    this.#source = source;
    this.#collection = collection;
    this.#asked = asked;
    this.#onGone = onGone;
  }

  set asked(asked: Asked) {
    if (asked.records.filter !== this.#asked.records.filter) this.#early = []; // they matched another one
    this.#asked = asked;
  }

  get #relations(): string[] {
    return this.#asked.records.expand.split(",").filter(Boolean);
  }

  // Rows as they are listed; of a related record that is not there the id is told as one that is gone.
  take(change: Change): void {
    this.#waiting.push(change);
    this.#soon();
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => this.#apply(), gatherMs);
  }

  refresh(): void {
    this.clear();
    this.#source.refresh();
  }

  // By who was not asked to: it leads nowhere else, so where no position is known it is only said.
  reread(): void {
    if (this.#source.isPlaced() || this.#source.isStale()) this.refresh();
    else this.isStale.value = true;
  }

  clear(): void {
    batch(() => {
      this.fresh.value = new Set();
      this.isStale.value = false;
    });
  }

  // Of those that are shown now nothing is new, but for what came before they did.
  settle(): void {
    const early = this.#source.isLoading.peek() ? [] : this.#early.splice(0);
    if (early.length > 0) {
      this.#waiting.unshift(...early);
      this.#soon();
    }
    if (this.#source.isStale()) this.clear();
    else if (early.length === mostEarly) this.isStale.value = true;
    else if (this.fresh.peek().size > 0) {
      const shown = this.#rows();
      const left = [...this.fresh.peek()].filter((id) => !shown.has(id));
      if (left.length < this.fresh.peek().size) this.fresh.value = new Set(left);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#leaving.abort();
  }

  #rows(): Map<string, Row> {
    const { first, last } = this.#source.range();
    const rows = new Map<string, Row>();
    for (let at = first; at < last; at++) {
      const row = this.#source.at(at);
      if (row) rows.set(row.id, row);
    }
    return rows;
  }

  #apply(): void {
    this.#timer = undefined;
    const changes = this.#waiting;
    this.#waiting = [];
    if (this.#source.isLoading.peek()) this.#early.push(...changes.slice(0, mostEarly - this.#early.length));
    const rows = this.#rows();
    const fresh = new Set(this.fresh.peek());
    batch(() => {
      for (const { action, record } of changes) {
        const before = rows.get(record.id);
        if (action === "create" && !before && !this.#own.has(record.id)) fresh.add(record.id);
        if (action === "delete") {
          fresh.delete(record.id);
          this.#onGone(record.id);
        }
        if (!before) continue;
        const next = action === "delete" ? goneRow(before) : this.#changed(before, record);
        if (!next) continue;
        rows.set(next.id, next);
        this.#source.patch(next);
      }
      if (fresh.size > 0 || this.fresh.peek().size > 0) this.fresh.value = fresh;
    });
  }

  #isSorted(names: ReadonlySet<string>): boolean {
    return this.#asked.sort.some(({ key }) => names.has(key));
  }

  #changed(before: Row, after: Row): Row | null {
    if (after.expand) markExpanded([after], this.#relations);
    const { row, changed } = mergeRow(before, after);
    if (changed.size === 0) return null;
    if (this.#isSorted(changed)) this.isStale.value = true;
    return mark(row, { changed, at: performance.now(), isGone: false });
  }

  // What was done on this page is shown already, but for its order.
  takeOwn(news: News, data: unknown): void {
    if (news.kind !== "records") return;
    if (news.action === "create") {
      news.ids.forEach((id) => this.#own.add(id));
      const left = [...this.fresh.peek()].filter((id) => !this.#own.has(id));
      if (left.length < this.fresh.peek().size) this.fresh.value = new Set(left);
    }
    const before = news.action === "update" && isObject(data) ? this.#rows().get(news.ids[0] ?? "") : undefined;
    if (before && this.#isSorted(mergeRow(before, data as Row).changed)) this.isStale.value = true;
  }

  async takeOthers({ action, ids }: Extract<News, { kind: "records" }>): Promise<void> {
    const rows = this.#rows();
    if (action === "delete") return ids.forEach((id) => this.take({ action, record: rows.get(id) ?? ({ id } as Row) }));
    const wanted = action === "update" ? ids.filter((id) => rows.has(id)) : ids;
    if (wanted.length === 0) return;
    if (wanted.length > mostAsked) {
      if (action === "update") this.isStale.value = true;
      else this.fresh.value = new Set([...this.fresh.peek(), ...wanted]);
      return;
    }
    const { filter, fields, expand } = this.#asked.records;
    const { items } = await listRecords(this.#collection.name, { filter: filterOfIds(wanted, filter), fields, expand, perPage: wanted.length, skipTotal: true }, this.#leaving.signal);
    if (action === "update" && items.length < wanted.length) this.isStale.value = true;
    markExpanded(items, this.#relations);
    items.forEach((record) => this.take({ action, record }));
  }
}
