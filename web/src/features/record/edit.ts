// A record that is edited: read, kept as a draft, saved.

import { batch, signal, type Signal } from "@preact/signals";
import type { Change } from "../../api/realtime.ts";
import type { Collection, Row } from "../../api/types.ts";
import { isAborted } from "../../api/error.ts";
import { draftKey } from "../../lib/drafts.ts";
import { entriesOf, formFields, packDraft, replaced, unpackDraft, type Unpacked, type Values } from "./draft.ts";
import { pack, placed } from "./parcel.ts";
import { isBusyServer, isStatus, usual, type EditOf, type Reach } from "./reach.ts";
import { misreadIn, movedIn, saidBy, type Said } from "./refused.ts";
import { expandAll, same } from "./same.ts";
import { Sender, type Sent } from "./send.ts";
import { nothing, pick, renamesOf, typedSince, unlike } from "./typed.ts";
import { Typing } from "./typing.ts";

export { formFields, type Values } from "./draft.ts";

const firstWaitMs = 1000;
const mostWaitMs = 30_000;
const keepAfterMs = 400;
const lookMs = 30_000;
const shownAlready = Symbol("shown");

export class RecordEdit extends Typing {
  readonly others: Signal<Said> = signal(new Map()); // errors of no field of the form
  readonly wrong: Signal<unknown> = signal(undefined);
  readonly sentBytes = signal(0); // of what was refused
  readonly failed: Signal<unknown> = signal(undefined); // reading it
  readonly isBusy = signal(false);
  readonly isGone = signal(false); // deleted meanwhile
  readonly isKept = signal(true); // as far as a draft may hold it
  readonly key: string;
  saving: Promise<Row | null> | null = null; // as long as it is under way
  left: Values = {}; // typed while the record was created: changes of that one
  readonly sender: Sender;
  readonly #reach: Reach;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heard: Change | null = null; // while it was busy
  #isUnread = false; // what a look that came while it was busy, or looking, would have read
  #looking: { of: Collection } | null = null; // one at a time

  constructor({ collection, id, owner, values = {}, was = {}, reach }: EditOf) {
    super(collection, id, { values, was });
    this.key = draftKey(owner, collection.id, id);
    this.#reach = { ...usual, ...reach };
    this.sender = new Sender(this.#reach);
  }

  // A server that is busy is asked again, later and later.
  async load(abort: AbortSignal): Promise<void> {
    if (this.isBusy.peek()) return; // it is read already, and the answer will say what is new
    const kept = await this.#reach.readDraft(this.key);
    for (let wait = firstWaitMs; this.id !== null && !abort.aborted; wait = Math.min(wait * 2, mostWaitMs)) {
      try {
        const { data, etag } = await this.#reach.readRecord(this.collection.name, this.id, expandAll(this.collection), abort);
        if (!abort.aborted) this.take(data, etag);
        break;
      } catch (error) {
        if (abort.aborted) return;
        this.failed.value = error;
        if (!isBusyServer(error)) break; // what was typed can be read nevertheless
      }
      await this.#reach.pause(wait, abort);
    }
    if (abort.aborted) return;
    this.bring(this.typed);
    if (kept) this.#offer(unpackDraft(kept, this.collection), kept.at);
  }

  #offer({ values, was, gone }: Unpacked, at: number): void {
    const now = this.changes.peek();
    const other = Object.fromEntries(Object.entries(unlike(values, this.had)).filter(([name, value]) => !(Object.hasOwn(now, name) && same(now[name], value))));
    this.gone.value = gone;
    if (Object.keys(other).length > 0) this.draft.value = { at, values: other, was };
    else if (!this.isDirty.peek() && gone.length === 0) void this.#reach.dropDraft(this.key);
  }

  protected override take(row: Row, etag: string): void {
    batch(() => {
      super.take(row, etag);
      this.failed.value = undefined;
    });
  }

  override set(name: string, value: unknown): void {
    super.set(name, value);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.keep(), keepAfterMs);
  }

  // Kept as a draft: all but secrets and files. One that is offered and not yet taken stays with it.
  async keep({ values, was } = this.typed): Promise<boolean> {
    this.stop();
    const offered = this.draft.peek();
    const entries = entriesOf({ ...offered?.values, ...values }, this.id === null ? {} : { ...offered?.was, ...was }, this.collection);
    const packed = packDraft(this.key, this.#reach.now(), [...entries, ...replaced(offered?.values ?? {}, values, this.collection), ...this.gone.peek()]);
    if (packed) this.isKept.value = await this.#reach.keepDraft(packed);
    else await this.#reach.dropDraft(this.key);
    return !packed || this.isKept.peek();
  }

  // Whether something is still to be kept, or to be dropped.
  stop(): boolean {
    const isPending = this.#timer !== undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return isPending;
  }

  restore(): void {
    const kept = this.draft.peek();
    batch(() => {
      this.draft.value = null;
      if (kept) this.bring(kept);
    });
  }

  async forget(what: "draft" | "gone"): Promise<void> {
    if (what === "draft") this.draft.value = null;
    else this.gone.value = [];
    await this.keep();
  }

  async discard(): Promise<void> {
    this.stop();
    batch(() => {
      this.drop();
      this.#clear();
    });
    await this.#reach.dropDraft(this.key);
  }

  #clear(): void {
    this.errors.value = new Map();
    this.others.value = new Map();
    this.wrong.value = undefined;
    this.sender.stopped.value = "";
  }

  // The record as it is then; null: it was not saved, as errors, clashes, gone, isGone or wrong say.
  // over: what somebody else has typed in the same fields is replaced.
  async save(over = false): Promise<Row | null> {
    if (this.isBusy.peek() || this.isGone.peek() || (this.clashes.peek().size > 0 && !over)) return null;
    const changes = this.changes.peek();
    const wrong = misreadIn(changes, this.collection);
    batch(() => {
      this.#clear();
      this.errors.value = wrong;
      this.isBusy.value = wrong.size === 0;
    });
    if (wrong.size > 0) return null;
    this.#isUnread = this.#looking !== null; // what it reads is older than what is saved
    this.#looking = null;
    return (this.saving = this.#save(changes));
  }

  async #save(changes: Values): Promise<Row | null> {
    this.sending = changes;
    try {
      return await this.#settle(await this.#send(changes));
    } catch (error) {
      if (error !== shownAlready && !isAborted(error)) this.#fail(error);
      return null;
    } finally {
      this.sending = null;
      this.saving = null;
      batch(() => {
        this.type(this.typed);
        this.isBusy.value = false;
      });
      if (this.sender.stopped.peek() !== "") this.#isUnread = true; // it may have been saved nevertheless
      this.#catchUp();
    }
  }

  // What is stored is no change any more; what was typed since, or had no place, still is one.
  async #settle({ data, etag, sent, places, error }: Sent): Promise<Row | null> {
    const asked = new Set(sent.flatMap(Object.keys));
    const missing = formFields(this.collection).filter(({ name, type }) => type !== "password" && asked.has(name) && !Object.hasOwn(data, name)).map(({ name }) => name);
    const fresh = missing.length > 0 ? await this.#readCollection() : null;
    const names = fresh && renamesOf(this.collection, fresh);
    const lost = missing.filter((name) => names?.get(name) !== name);
    // Before it looks empty: what is typed then is of the next one.
    if (this.id === null) await this.keep(nothing);
    const { values } = this.typed;
    const blank = this.sending && sent.includes(this.sending) ? {} : pick(this.blank, [...asked]);
    this.stop();
    batch(() => {
      this.news.value = [];
      this.type({ values: placed({ ...pick(values, lost), ...typedSince({ ...blank, ...values }, sent) }, places), was: {} });
      if (fresh) this.adopt(fresh);
      this.sending = null;
      if (this.id !== null) this.take(data, etag);
      else {
        this.left = this.typed.values;
        this.type(nothing);
      }
      this.errors.value = movedIn(lost.map((name) => (names ? (names.get(name) ?? "") : name)));
    });
    if (this.id !== null) await this.keep();
    if (error !== undefined) this.#fail(error);
    return error === undefined && (this.id === null || lost.length === 0) ? data : null;
  }

  #readCollection(): Promise<Collection | null> {
    return this.#reach.readCollection(this.collection.id).catch(() => null);
  }

  #send(changes: Values): Promise<Sent> {
    const { id } = this;
    if (id === null) return this.sender.create(this.collection, this.blank, changes);
    return this.sender.change(this.collection, id, changes, { had: () => this.had, etag: () => this.etag, meet: () => this.#meet(id) });
  }

  #fail(error: unknown): void {
    const { errors, others } = saidBy(error, this.collection);
    batch(() => {
      this.errors.value = errors;
      this.others.value = others;
      this.wrong.value = errors.size > 0 && others.size === 0 ? undefined : error;
      this.sentBytes.value = isStatus(error, 413) ? pack(this.changes.peek(), this.had, this.collection).bytes : 0;
    });
  }

  // Somebody may have been faster: throws shownAlready where there is something to be seen first.
  async #meet(id: string): Promise<void> {
    try {
      const moved = await this.#read(id);
      if (moved === null) return;
      this.errors.value = movedIn(moved);
      throw shownAlready;
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
      this.isGone.value = true;
      throw shownAlready;
    }
  }

  // The record may have changed: what differs is taken, but for what is edited here. A field that it
  // does not have any more says that the collection has changed, too.
  // null: nothing differs that is shown; else fields with something typed that are called otherwise now.
  async #read(id: string, look?: { of: Collection }): Promise<string[] | null> {
    const { data, etag } = await this.#reach.readRecord(this.collection.name, id, expandAll(this.collection), look && AbortSignal.timeout(lookMs));
    const isLess = formFields(this.collection).some(({ name, type }) => type !== "password" && Object.hasOwn(this.had, name) && !Object.hasOwn(data, name));
    const fresh = isLess ? await this.#readCollection() : null;
    if (look !== undefined && (look !== this.#looking || this.isBusy.peek() || look.of !== this.collection)) {
      this.#isUnread ||= look === this.#looking;
      return null;
    }
    const names = fresh && renamesOf(this.collection, fresh);
    const before = fresh ? this.adopt(fresh) : [];
    const isNews = this.merge(data, etag);
    return isNews || before.length > 0 ? before.map((name) => names?.get(name) ?? "") : null;
  }

  // Told of a change, which may be one's own.
  hear({ action, record }: Change): void {
    if (this.isBusy.peek()) this.#heard = { action, record };
    else if (action === "delete") this.isGone.value = true;
    else if (this.#looking || Object.keys(record).some((name) => name !== "expand" && !same(record[name], this.had[name]))) void this.look();
  }

  // Not while it is busy: with being deleted, it would be missing.
  async look(): Promise<void> {
    if (this.id === null || !this.isReady.peek()) return;
    this.#isUnread = this.isBusy.peek() || this.#looking !== null;
    if (this.#isUnread) return;
    const look = (this.#looking = { of: this.collection });
    try {
      await this.#read(this.id, look);
    } catch (error) {
      if (look !== this.#looking || !isStatus(error, 404)) return; // saving finds out
      if (this.isBusy.peek() || look.of !== this.collection) this.#isUnread = true;
      else this.isGone.value = true;
    } finally {
      if (look === this.#looking) this.#looking = null;
      if (!this.isBusy.peek() && !this.#looking) this.#catchUp();
    }
  }

  // What has come while it was busy: a look finds out whatever was told.
  #catchUp(): void {
    const heard = this.#heard;
    this.#heard = null;
    if (this.#isUnread) void this.look();
    else if (heard) this.hear(heard);
  }

  // It was not deleted.
  release(): void {
    this.isBusy.value = false;
    this.#catchUp();
  }

  override takeTheirs(names?: readonly string[]): void {
    super.takeTheirs(names);
    void this.keep();
  }
}
