// A page of the settings as it is edited: what was changed, what is wrong with it, and what saves it.

import { batch, computed, signal, type Signal } from "@preact/signals";
import { ApiError, errorFields } from "../../api/error.ts";
import { valueAt } from "../../lib/values.ts";
import { bodyOf, faultsOf, movedIn, rebased, unsent, withChange, type Changes, type Moved } from "./draft.ts";

export interface Reach {
  read: () => Promise<{ data: object; etag: string }>;
  change: (body: unknown, etag: string) => Promise<object>;
}

export interface EditOf {
  known: Signal<object | undefined>; // the newest that anybody on this page knows
  reach: Reach;
  own: readonly string[]; // groups that this page has fields for
  noNumber: string; // what is said of a number that is none
}

const none: Changes = new Map();

export class SettingsEdit {
  readonly #of: EditOf;
  readonly changes = signal<Changes>(none);
  readonly dropped = signal<Changes>(none); // by Discard, which can be undone
  readonly errors = signal<ReadonlyMap<string, string>>(new Map());
  readonly wrong = signal<unknown>(undefined);
  readonly moved = signal<readonly Moved[]>([]);
  readonly isBusy = signal(false);
  readonly isSaved = signal(false);
  readonly isDirty = computed(() => this.changes.value.size > 0);

  constructor(of: EditOf) {
    this.#of = of;
  }

  // As it is shown.
  at(path: string): unknown {
    const change = this.changes.value.get(path);
    return change ? change.value : valueAt(this.#of.known.value, path);
  }

  // As it is at the server.
  saved(path: string): unknown {
    return valueAt(this.#of.known.value, path);
  }

  isChanged(path: string): boolean {
    return this.changes.value.has(path);
  }

  set(path: string, value: unknown): void {
    batch(() => {
      this.changes.value = withChange(this.changes.peek(), path, value, valueAt(this.#of.known.peek(), path));
      this.errors.value = new Map([...this.errors.peek()].filter(([at]) => at !== path && !at.startsWith(`${path}.`)));
      this.isSaved.value = false;
      this.dropped.value = none;
    });
  }

  discard(): void {
    batch(() => {
      this.dropped.value = this.changes.peek();
      this.changes.value = none;
      this.#clear();
    });
  }

  undoDiscard(): void {
    batch(() => {
      // Each still knows what it was a change of: what somebody else has made of that is told.
      this.changes.value = this.dropped.peek();
      this.dropped.value = none;
    });
  }

  // Also of what stands below it: an item of a list.
  faultAt(path: string): string {
    return [...this.errors.value].find(([at]) => at === path || at.startsWith(`${path}.`))?.[1] ?? "";
  }

  // What no field of this page says.
  elsewhere(): [string, string][] {
    return [...this.errors.value].filter(([path]) => !this.#of.own.some((group) => path === group || path.startsWith(`${group}.`)));
  }

  #clear(): void {
    this.errors.value = new Map();
    this.wrong.value = undefined;
    this.moved.value = [];
    this.isSaved.value = false;
  }

  // Whether it was saved; if not, errors, wrong or moved say why.
  async save(): Promise<boolean> {
    if (this.isBusy.peek() || !this.isDirty.peek()) return false;
    const faults = faultsOf(this.changes.peek());
    batch(() => this.#clear());
    if (faults.length > 0) {
      this.errors.value = new Map(faults.map((path) => [path, this.#of.noNumber]));
      return false;
    }
    this.isBusy.value = true;
    try {
      return await this.#send(true);
    } catch (error) {
      batch(() => {
        this.errors.value = new Map([...errorFields(error)].map(([path, { message }]) => [path, message]));
        this.wrong.value = error;
      });
      return false;
    } finally {
      this.isBusy.value = false;
    }
  }

  // Read again right before: what somebody else has changed is looked at before it is written over.
  async #send(mayRetry: boolean): Promise<boolean> {
    const { data, etag } = await this.#of.reach.read();
    const moved = movedIn(this.changes.peek(), data);
    batch(() => {
      this.#of.known.value = data;
      this.changes.value = rebased(this.changes.peek(), data);
      this.moved.value = moved;
    });
    if (moved.length > 0) return false;
    const sent = this.changes.peek();
    try {
      const now = sent.size > 0 ? await this.#of.reach.change(bodyOf(sent), etag) : data;
      batch(() => {
        this.#of.known.value = now;
        this.changes.value = unsent(this.changes.peek(), sent, now);
        this.isSaved.value = true;
      });
      return true;
    } catch (error) {
      if (mayRetry && error instanceof ApiError && error.status === 412) return this.#send(false);
      throw error;
    }
  }
}
