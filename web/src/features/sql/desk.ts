// The queries that are open, each kept in this browser as it is typed; what is read later never
// replaces what was typed.
//
// Invariants
//  1. `at` of a query is the time of the version that is kept, as far as this page knows.
//  2. A version that another page has kept meanwhile stays: ours goes on under an id of its own.
//  3. Whether a query may write is never kept.

import { batch, signal } from "@preact/signals";
import { ts } from "../../i18n/t-sql.ts";
import { dropDraft, keepDraft, listDrafts, readDraft, type Draft } from "../../lib/drafts.ts";
import { isObject } from "../../lib/values.ts";
import { newId } from "../record/new-id.ts";

export interface Query {
  id: string;
  name: string;
  text: string;
  order: number; // of the tabs
  at: number; // 0: not kept yet
}

const afterMs = 300; // a pause of typing

const isQuery = (value: unknown): value is Omit<Query, "id" | "at"> =>
  isObject(value) && typeof value["name"] === "string" && typeof value["text"] === "string" && typeof value["order"] === "number";

export const readQuery = (prefix: string, { key, at, values }: Draft): Query | null => {
  try {
    const found: unknown = typeof values === "string" ? JSON.parse(values) : null;
    return isQuery(found) ? { id: key.slice(prefix.length), name: found.name, text: found.text, order: found.order, at } : null;
  } catch {
    return null; // of somebody else
  }
};

// Where they are kept.
export interface Store {
  listDrafts: (prefix: string) => Promise<Draft[]>;
  readDraft: (key: string) => Promise<Draft | null>;
  keepDraft: (draft: Draft) => Promise<boolean>;
  dropDraft: (key: string) => Promise<void>;
}

export class Desk {
  readonly queries = signal<readonly Query[]>([]);
  readonly writable = signal<ReadonlySet<string>>(new Set()); // ids
  readonly isUnkept = signal(false);
  readonly renamed = signal<{ from: string; to: string } | null>(null); // an id, by invariant 2
  readonly prefix: string; // of the keys that they are kept under
  #store: Store;
  #dirty = new Set<string>();
  #at = new Map<string, number>(); // of the versions that this page has kept
  #isEnded = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #keeping: Promise<void> = Promise.resolve();

  constructor(prefix: string, store: Store = { listDrafts, readDraft, keepDraft, dropDraft }) {
    this.prefix = prefix;
    this.#store = store;
  }

  // What other pages have kept, too; what is typed here and not kept yet stays.
  async load(): Promise<void> {
    await this.keep();
    const before = new Set(this.queries.peek());
    const found = (await this.#store.listDrafts(this.prefix)).map((draft) => readQuery(this.prefix, draft)).filter((one) => one !== null);
    const kept = new Map(found.map((one) => [one.id, one]));
    const mine = this.queries.peek().filter((one) => this.#dirty.has(one.id) || one.at === 0 || !before.has(one));
    for (const one of mine) kept.set(one.id, one);
    const all = [...kept.values()].sort((a, b) => a.order - b.order);
    this.queries.value = all.length > 0 ? all : [this.#made("")];
  }

  find(id: string | undefined): Query | undefined {
    const renamed = this.renamed.value;
    const now = renamed?.from === id ? renamed?.to : id;
    return this.queries.value.find((one) => one.id === now) ?? this.queries.value[0];
  }

  #made(text: string): Query {
    const all = this.queries.peek();
    const names = new Set(all.map(({ name }) => name));
    let n = all.length + 1;
    while (names.has(ts.query(n))) n++;
    return { id: newId(), name: ts.query(n), text, order: Math.max(0, ...all.map(({ order }) => order)) + 1, at: 0 };
  }

  add(text = ""): string {
    const one = this.#made(text);
    this.queries.value = [...this.queries.peek(), one];
    if (text) this.#soon(one.id);
    return one.id;
  }

  set(id: string, change: Partial<Pick<Query, "name" | "text">>): void {
    this.queries.value = this.queries.peek().map((one) => (one.id === id ? { ...one, ...change } : one));
    this.#soon(id);
  }

  allow(id: string, may: boolean): void {
    const next = new Set(this.writable.peek());
    if (may) next.add(id);
    else next.delete(id);
    this.writable.value = next;
  }

  // Gives back what brings it back.
  close(id: string): (() => void) | null {
    const one = this.queries.peek().find((query) => query.id === id);
    if (!one) return null;
    const rest = this.queries.peek().filter((query) => query !== one);
    this.#dirty.delete(id);
    this.allow(id, false);
    this.queries.value = rest.length > 0 ? rest : [this.#made("")];
    this.#keeping = this.#keeping.then(async () => {
      const there = await this.#store.readDraft(this.prefix + id);
      if (there && there.at <= Math.max(this.#at.get(id) ?? 0, one.at)) await this.#store.dropDraft(this.prefix + id);
    });
    return () => {
      this.queries.value = [...this.queries.peek(), one].sort((a, b) => a.order - b.order);
      this.#soon(id);
      void this.keep();
    };
  }

  #soon(id: string): void {
    this.#dirty.add(id);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.keep(), afterMs);
  }

  // Who has signed out: nothing of theirs is written any more.
  end(): void {
    this.#isEnded = true;
    this.#dirty.clear();
    clearTimeout(this.#timer);
  }

  // One after the other, so that an older text never follows a younger one.
  keep(): Promise<void> {
    clearTimeout(this.#timer);
    this.#keeping = this.#keeping.then(() => this.#keepNow());
    return this.#keeping;
  }

  async #keepNow(): Promise<void> {
    for (const id of [...this.#dirty]) {
      this.#dirty.delete(id);
      const one = this.queries.peek().find((query) => query.id === id);
      if (!one || this.#isEnded) continue;
      const there = one.at > 0 ? await this.#store.readDraft(this.prefix + id) : null;
      const isOther = there !== null && there.at !== one.at && readQuery(this.prefix, there)?.text !== one.text;
      await this.#put(one, isOther ? newId() : id);
    }
  }

  async #put(one: Query, id: string): Promise<void> {
    if (this.#isEnded) return;
    const at = Math.max(Date.now(), one.at + 1);
    const { name, text, order } = one;
    const isKept = await this.#store.keepDraft({ key: this.prefix + id, at, values: JSON.stringify({ name, text, order }) });
    if (isKept) this.#at.set(id, at);
    batch(() => {
      this.isUnkept.value = !isKept;
      if (!isKept) return void this.#dirty.add(one.id);
      if (id !== one.id) this.renamed.value = { from: one.id, to: id };
      if (id !== one.id && this.#dirty.delete(one.id)) this.#dirty.add(id);
      this.queries.value = this.queries.peek().map((query) => (query.id === one.id ? { ...query, id, at } : query));
    });
    if (id !== one.id) void this.load();
  }
}
