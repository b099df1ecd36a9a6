// A collection that is edited: read, kept as a draft, reviewed, saved, and taken back.

import { batch, computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { ApiError, errorFields } from "../../api/error.ts";
import type { Collection } from "../../api/types.ts";
import { printJson } from "../../lib/json.ts";
import { bodyOf, draftOf, draftTo, newDraft, sentFields, sentIndexes, type Body, type Draft } from "./draft.ts";
import { keptKey, packEdit, unpackEdit } from "./kept.ts";
import { droppedBy, rebase } from "./rebase.ts";
import { usual, type Reach } from "./reach.ts";

const keepAfterMs = 400;

export type Said = ReadonlyMap<string, string>; // by path; of fields and indexes with their keys instead of their places

const printed = (draft: Draft, original: Draft | null): string => printJson(bodyOf(draft, original));

export interface CollectionOf {
  collection: Collection; // as the server has it; what a new one begins with
  isNew: boolean;
  owner: string; // of its draft
  from?: string; // what a new one is a copy of
  reach?: Partial<Reach>;
}

interface Offer {
  key: string;
  at: number;
  draft: Draft;
}

export class CollectionEdit {
  readonly original: Signal<Collection>;
  readonly draft: Signal<Draft>;
  readonly isDirty: ReadonlySignal<boolean>;
  readonly errors: Signal<Said> = signal(new Map());
  readonly wrong: Signal<unknown> = signal(undefined);
  readonly isBusy = signal(false);
  readonly isGone = signal(false);
  readonly isNews = signal(false); // somebody else has changed it meanwhile
  readonly dropped: Signal<readonly string[]> = signal([]); // edited here, of fields that they have removed
  readonly offered: Signal<Offer | null> = signal(null); // of an earlier page
  readonly past: Signal<Collection | null> = signal(null); // what the last save can be taken back to
  readonly isKept = signal(true);
  readonly id: string | null;
  readonly key: string;
  readonly #reach: Reach;
  readonly #mine = new Set<string>(); // where what is edited here may be kept; another page's may be beside it
  #etag = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ collection, isNew, owner, from = "", reach }: CollectionOf) {
    this.id = isNew ? null : collection.id;
    this.key = keptKey(owner, this.id, collection.type, from);
    this.original = signal(collection);
    this.draft = signal(isNew ? newDraft(collection) : draftOf(collection));
    this.isDirty = computed(() => printed(this.draft.value, this.before) !== printed(this.before, this.before));
    this.#reach = { ...usual, ...reach };
  }

  // As it would be edited if nothing had been.
  get before(): Draft {
    return this.id === null ? newDraft(this.original.value) : draftOf(this.original.value);
  }

  get body(): Body {
    return bodyOf(this.draft.value, this.before);
  }

  // What is typed over an offer that is not decided on is kept beside it.
  get #keys(): readonly string[] {
    return [this.key, `${this.key} later`];
  }

  async load(): Promise<void> {
    for (const key of this.#keys) {
      const kept = await this.#reach.readDraft(key);
      const found = kept && unpackEdit(kept, this.before, this.id === null);
      if (this.offered.peek() || !found) continue;
      if (printed(found, this.before) !== printed(this.draft.peek(), this.before)) this.offered.value = { key, at: kept.at, draft: found };
      else if (!this.isDirty.peek()) await this.#reach.dropDraft(key);
    }
  }

  set(change: (draft: Draft) => Draft): void {
    batch(() => {
      this.draft.value = change(this.draft.peek());
      this.wrong.value = undefined;
    });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.keep(), keepAfterMs);
  }

  // What was wrong with something is not said any more once that is changed.
  unsay(path: string): void {
    const left = [...this.errors.peek()].filter(([one]) => one !== path && !one.startsWith(`${path}.`));
    if (left.length < this.errors.peek().size) this.errors.value = new Map(left);
  }

  // In one place. isKept: all of it; secrets are in no draft.
  async keep(): Promise<void> {
    clearTimeout(this.#timer);
    const key = this.#keys.find((one) => one !== this.offered.peek()?.key) ?? this.key;
    this.#mine.add(key);
    if (!this.isDirty.peek()) return this.#drop();
    const { kept, isWhole } = packEdit(key, this.#reach.now(), this.draft.peek(), this.original.peek());
    const left = [...this.#mine].filter((one) => one !== key); // not what is taken while this is written
    const isThere = await this.#reach.keepDraft(kept);
    this.isKept.value = isThere && isWhole;
    if (isThere) await this.#drop(left);
  }

  stop(): void {
    clearTimeout(this.#timer);
    if (this.isDirty.peek() || this.#mine.size > 0) void this.keep();
  }

  // It is there in the same turn, and kept as what is edited before it goes from where it was kept.
  async takeOffered(): Promise<void> {
    const offered = this.offered.peek();
    if (!offered) return;
    this.#mine.add(offered.key);
    batch(() => {
      this.offered.value = null;
      this.set(() => offered.draft);
    });
    await this.keep();
  }

  async dropOffered(): Promise<void> {
    const offered = this.offered.peek();
    this.offered.value = null;
    if (offered) await this.#reach.dropDraft(offered.key);
    if (this.isDirty.peek()) await this.keep();
    else await this.load();
  }

  async discard(): Promise<void> {
    clearTimeout(this.#timer);
    batch(() => {
      this.draft.value = this.before;
      this.#clear();
    });
    await this.#drop();
  }

  async #drop(keys: readonly string[] = [...this.#mine]): Promise<void> {
    for (const key of keys) {
      this.#mine.delete(key);
      await this.#reach.dropDraft(key);
    }
  }

  #clear(): void {
    this.errors.value = new Map();
    this.wrong.value = undefined;
    this.isNews.value = false;
    this.dropped.value = [];
  }

  // As the server has it now: what is edited here stands on it.
  meet(collection: Collection): void {
    if (this.id === null || this.isBusy.peek() || printJson(collection) === printJson(this.original.peek())) return;
    const isDirty = this.isDirty.peek();
    const before = this.before;
    const mine = this.draft.peek();
    const offered = this.offered.peek();
    batch(() => {
      this.original.value = collection;
      this.draft.value = isDirty ? rebase(mine, before, this.before) : this.before;
      if (offered) this.offered.value = { ...offered, draft: rebase(offered.draft, before, this.before) };
      this.isNews.value = isDirty;
      this.dropped.value = isDirty ? droppedBy(mine, this.before) : [];
      this.past.value = null;
      this.#etag = "";
    });
  }

  // Paths of the server's errors with keys instead of places.
  #said(error: unknown): Map<string, string> {
    const fields = sentFields(this.draft.peek());
    const indexes = sentIndexes(this.draft.peek());
    const keyed: Record<string, (n: number) => string | undefined> = { fields: (n) => fields[n]?.key, indexes: (n) => indexes[n]?.key };
    return new Map(
      [...errorFields(error)].map(([path, { message }]) => {
        const [group = "", place = "", ...more] = path.split(".");
        const key = /^\d+$/.test(place) ? keyed[group]?.(Number(place)) : undefined;
        return [key === undefined ? path : [group, key, ...more].join("."), message];
      }),
    );
  }

  refuse(error: unknown): void {
    batch(() => {
      this.errors.value = this.#said(error);
      this.wrong.value = error;
    });
  }

  // One at a time. null: it was not done, as errors, wrong, isNews or isGone say.
  async #alone(act: () => Promise<Collection | null>): Promise<Collection | null> {
    if (this.isBusy.peek()) return null;
    batch(() => {
      this.#clear();
      this.isBusy.value = true;
    });
    try {
      return await act();
    } catch (error) {
      this.isGone.value = error instanceof ApiError && error.status === 404 && this.id !== null;
      this.refuse(error);
      return null;
    } finally {
      this.isBusy.value = false;
    }
  }

  // The collection as it is then. canUndo: nothing is lost by it.
  save(canUndo: boolean): Promise<Collection | null> {
    return this.#alone(async () => {
      const before = this.original.peek();
      if (this.id !== null && (await this.#isNewer(this.id))) return null;
      const { data } = this.id === null ? await this.#reach.createCollection(this.body) : await this.#reach.changeCollection(this.id, this.body, this.#etag);
      await this.#settle(data);
      this.past.value = canUndo && this.id !== null ? before : null;
      return data;
    });
  }

  async #settle(data: Collection): Promise<void> {
    clearTimeout(this.#timer);
    batch(() => {
      this.original.value = data;
      this.draft.value = draftOf(data);
      this.past.value = null;
      this.#etag = "";
    });
    await this.#drop();
  }

  // Read again right before it is written; where the server has conditions, nothing comes between.
  async #isNewer(id: string): Promise<boolean> {
    const { data, etag } = await this.#reach.readCollection(id);
    this.#etag = etag;
    if (printJson(data) === printJson(this.original.peek())) return false;
    this.isBusy.value = false;
    this.meet(data);
    this.isNews.value = true;
    return true;
  }

  // What leads back to the definition before the last save, as changes that can be looked at.
  stageUndo(): void {
    const { past } = this;
    const to = past.peek();
    if (!to) return;
    past.value = null;
    this.set(() => draftTo(draftOf(to), draftOf(this.original.peek())));
  }
}
