// What the server has of a record, and what is typed instead of it.

import { batch, computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Collection, Row } from "../../api/types.ts";
import { blankValues, entriesOf, formFields, isUnkept, type Entry, type Values } from "./draft.ts";
import { asTyped, same } from "./same.ts";
import { bothOf, nothing, pick, renamed, renamesOf, typedOver, without, type Typed } from "./typed.ts";

const renameKeys = (names: Iterable<string>, to: ReadonlyMap<string, string | null>): string[] => [...names].flatMap((name) => (to.has(name) ? (to.get(name) ?? []) : name));

export class Typing {
  readonly row: Signal<Row | null> = signal(null); // as the server has it; null: a new one, or not read yet
  readonly changes: ReadonlySignal<Values>;
  readonly isDirty: ReadonlySignal<boolean>;
  readonly isReady = signal(false);
  readonly errors: Signal<ReadonlyMap<string, string>> = signal(new Map());
  readonly draft: Signal<(Typed & { at: number }) | null> = signal(null);
  readonly gone: Signal<readonly Entry[]> = signal([]); // typed in what is no longer a field
  readonly news: Signal<readonly string[]> = signal([]); // fields that somebody else has changed meanwhile
  readonly clashes: ReadonlySignal<ReadonlySet<string>>; // those that are edited here, too
  readonly id: string | null;
  protected sending: Values | null = null;
  protected etag = "";
  protected blank: Values; // of a new one
  readonly #collection: Signal<Collection>;
  readonly #typed: Signal<Typed>;

  constructor(collection: Collection, id: string | null, typed: Typed) {
    this.id = id;
    this.blank = blankValues(collection);
    this.#collection = signal(collection);
    this.#typed = signal(id === null ? typedOver(typed, this.blank) : typed);
    this.changes = computed(() => this.#typed.value.values);
    this.isDirty = computed(() => Object.keys(this.changes.value).length > 0);
    this.clashes = computed(() => {
      const row = this.row.value;
      const { values, was } = this.#typed.value;
      const isOther = ([name, value]: [string, unknown]) => row && !same(value, row[name]) && !same(values[name], row[name]);
      return new Set(Object.entries(was).filter(isOther).map(([name]) => name));
    });
    this.isReady.value = id === null;
  }

  // As it is defined now.
  get collection(): Collection {
    return this.#collection.value;
  }

  get typed(): Typed {
    return this.#typed.peek();
  }

  protected get had(): Values {
    return this.row.peek() ?? this.blank;
  }

  value(name: string): unknown {
    return Object.hasOwn(this.changes.value, name) ? this.changes.value[name] : this.original(name);
  }

  // As the server has it.
  original(name: string): unknown {
    return (this.row.value ?? this.blank)[name];
  }

  // What is on its way to the server is not yet what it has: typed back to that it is a change, too.
  set(name: string, value: unknown): void {
    const { values, was } = this.typed;
    const isBack = same(value, this.had[name]) && !(this.sending && Object.hasOwn(this.sending, name));
    const over = Object.hasOwn(was, name) || !this.isReady.peek() ? was : { ...was, [name]: this.had[name] };
    batch(() => {
      this.#typed.value = isBack ? { values: without(values, [name]), was: without(was, [name]) } : { values: { ...values, [name]: value }, was: over };
      const errors = new Map(this.errors.peek());
      if (errors.delete(name)) this.errors.value = errors;
    });
  }

  // Instead of all that is typed. As long as something is on its way nobody knows what the server has.
  protected type(typed: Typed): void {
    this.#typed.value = this.isReady.peek() && !this.sending ? typedOver(typed, this.had) : typed;
  }

  // Typed before, over what the server had then.
  bring({ values, was }: Typed): void {
    const now = this.typed;
    batch(() => {
      this.type({ values: { ...now.values, ...values }, was: { ...now.was, ...pick(was, Object.keys(values)) } });
      this.news.value = [...new Set([...this.news.peek(), ...this.clashes.peek()])];
    });
  }

  protected take(row: Row, etag: string): void {
    batch(() => {
      this.etag = etag;
      this.row.value = row;
      this.isReady.value = true;
      this.type(this.typed);
    });
  }

  // Whether somebody else has changed something that is shown.
  protected merge(row: Row, etag: string): boolean {
    const before = this.had;
    const names = formFields(this.collection).map(({ name }) => name).filter((name) => Object.hasOwn(row, name) && !same(row[name], before[name]));
    batch(() => {
      this.take(row, etag);
      if (names.length > 0) this.news.value = [...new Set([...this.news.peek(), ...names])];
    });
    return names.length > 0;
  }

  // In these fields what is typed goes, and what somebody else has saved stays.
  takeTheirs(names: readonly string[] = [...this.clashes.peek()]): void {
    const { values, was } = this.typed;
    batch(() => {
      this.#typed.value = { values: without(values, names), was: without(was, names) };
      if (this.clashes.peek().size === 0) this.news.value = [];
    });
  }

  // In these fields what is typed stays, and goes over what somebody else has saved.
  keepMine(names: readonly string[]): void {
    const { values, was } = this.typed;
    this.#settle({ values, was: { ...was, ...pick(this.had, names) } });
  }

  // Of a list: what was added and taken out here is added to, and taken out of, what they have.
  takeBoth(name: string): void {
    const { values, was } = this.typed;
    this.#settle({ values: { ...values, [name]: bothOf(was[name], values[name], this.had[name]) }, was: { ...was, [name]: this.had[name] } });
  }

  canTakeBoth(name: string): boolean {
    return Array.isArray(this.typed.values[name]) && Array.isArray(this.had[name]);
  }

  #settle(typed: Typed): void {
    batch(() => {
      this.type(typed);
      if (this.clashes.peek().size === 0) this.news.value = [];
    });
  }

  protected drop(): void {
    this.#typed.value = nothing;
    this.draft.value = null;
    this.gone.value = [];
    this.news.value = [];
  }

  // The collection as it is defined now: what is typed goes with its field, whatever that is called.
  // Names that what is typed had before, where it is not called so any more.
  adopt(collection: Collection): string[] {
    const before = this.#collection.peek();
    const names = renamesOf(before, collection);
    const { values, was } = this.typed;
    const draft = this.draft.peek();
    const isGone = (name: string) => names.get(name) === null;
    const gone = [...entriesOf(values, was, before), ...(draft ? entriesOf(draft.values, draft.was, before) : [])].filter(({ name }) => isGone(name));
    batch(() => {
      this.#collection.value = collection;
      this.blank = blankValues(collection);
      if (this.row.peek()) this.row.value = renamed(this.row.peek() as Row, names) as Row;
      this.#typed.value = { values: renamed(values, names), was: renamed(was, names) };
      this.errors.value = new Map([...this.errors.peek()].flatMap(([name, text]) => renameKeys([name], names).map((now) => [now, text] as const)));
      this.news.value = renameKeys(this.news.peek(), names);
      if (draft) this.draft.value = { at: draft.at, values: renamed(draft.values, names), was: renamed(draft.was, names) };
      if (gone.length > 0) this.gone.value = [...this.gone.peek(), ...gone];
    });
    return Object.keys(values).filter((name) => names.get(name) !== name);
  }

  // Names of what is typed that no draft may hold.
  unkept(): string[] {
    const changes = this.changes.peek();
    return this.collection.fields.filter((field) => Object.hasOwn(changes, field.name) && isUnkept(field, changes[field.name])).map(({ name }) => name);
  }

  // For another record that begins as this one.
  copy(): Values {
    const copied = formFields(this.collection).filter((field) => field.name !== "id" && !isUnkept(field));
    return Object.fromEntries(copied.map((field) => [field.name, asTyped(field, isUnkept(field, this.value(field.name)) ? this.original(field.name) : this.value(field.name))]));
  }
}
