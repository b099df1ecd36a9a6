// How what was typed gets to the server, and how far it is.

import { batch, signal, type Signal } from "@preact/signals";
import { isAborted } from "../../api/error.ts";
import type { Collection, Row } from "../../api/types.ts";
import type { NewFile } from "../../lib/values.ts";
import type { Values } from "./draft.ts";
import { newId, takesOwnId } from "./new-id.ts";
import { needReadable, orderOf, pack, placesOf, type Parcel } from "./parcel.ts";
import { isStatus, isUnanswered, type Reach } from "./reach.ts";
import { expandAll } from "./same.ts";
import { without } from "./typed.ts";

export interface Stored {
  data: Row;
  etag: string;
}

export interface Sent extends Stored {
  sent: readonly Values[]; // where there is more than one, nobody knows which of them it is
  places: ReadonlyMap<NewFile, string>; // what the new files are called there
  error?: unknown; // of their order: all else is saved
}

export interface Progress {
  sent: number; // bytes
  of: number;
}

const mostTurns = 3; // of a save that finds a newer version in which nothing differs that is shown

export class Sender {
  readonly progress: Signal<Progress | null> = signal(null); // of files, while they are sent
  readonly stopped: Signal<"" | "part" | "all"> = signal(""); // what was sent when somebody stopped it
  readonly #reach: Reach;
  readonly #ownId: string = newId();
  #tried: Values[] = []; // sent to create it, and not answered
  #stop: AbortController | null = null;

  constructor(reach: Reach) {
    this.#reach = reach;
  }

  stop(): void {
    this.#stop?.abort();
  }

  // Files are sent so that it can be seen, and stopped.
  async #send(parcel: Parcel, call: (how: { signal?: AbortSignal; onProgress?: (part: number) => void }) => Promise<Stored>): Promise<Stored> {
    if (parcel.uploads.length === 0) return call({});
    await needReadable(parcel.uploads);
    const stop = new AbortController();
    this.#stop = stop;
    this.progress.value = { sent: 0, of: parcel.bytes };
    const onProgress = (part: number) => {
      this.progress.value = { sent: Math.round(part * parcel.bytes), of: parcel.bytes };
    };
    try {
      return await call({ signal: stop.signal, onProgress });
    } catch (error) {
      const { sent, of } = this.progress.peek() ?? { sent: 0, of: 1 };
      if (isAborted(error)) this.stopped.value = sent < of ? "part" : "all";
      throw error;
    } finally {
      batch(() => {
        this.#stop = null;
        this.progress.value = null;
      });
    }
  }

  // meet: the record is read again, and shown first if somebody was faster; what it throws ends the save.
  async change(collection: Collection, id: string, changes: Values, of: { had: () => Values; etag: () => string; meet: () => Promise<void> }): Promise<Sent> {
    const query = expandAll(collection);
    // Where the server has no conditions, the record is read again before it is written.
    if (!of.etag()) await of.meet();
    for (let turn = 1; ; turn++) {
      try {
        const parcel = pack(changes, of.had(), collection);
        const etag = of.etag();
        const stored = await this.#send(parcel, (how) => this.#reach.changeRecord(collection.name, id, parcel.body, { query, ...(etag ? { etag } : {}), ...how }));
        return await this.#order(collection, id, changes, parcel, stored);
      } catch (error) {
        if (isStatus(error, 404)) await of.meet();
        if (!isStatus(error, 412) || turn === mostTurns) throw error;
        await of.meet();
      }
    }
  }

  // New files stand behind those that stay, as the server has put them: see parcel.ts.
  async #order(collection: Collection, id: string, changes: Values, { uploads }: Parcel, stored: Stored): Promise<Sent> {
    const places = placesOf(uploads, stored.data);
    const order = orderOf(uploads, stored.data);
    const names = Object.keys(order);
    if (names.length === 0) return { ...stored, sent: [changes], places };
    try {
      const { data, etag } = await this.#reach.changeRecord(collection.name, id, order, { query: expandAll(collection), ...(stored.etag ? { etag: stored.etag } : {}) });
      return { data, etag, sent: [changes], places };
    } catch (error) {
      return { ...stored, sent: [without(changes, names)], places, error };
    }
  }

  // One that was not answered may be there: it would be found by its id.
  async create(collection: Collection, blank: Values, changes: Values): Promise<Sent> {
    const query = expandAll(collection);
    const { id = "", ...values } = { ...blank, ...changes };
    const isOwn = id === "" && takesOwnId(collection);
    const given = isOwn ? { id: this.#ownId } : id === "" ? {} : { id };
    const parcel = pack({ ...given, ...values }, blank, collection);
    try {
      const stored = await this.#send(parcel, (how) => this.#reach.createRecord(collection.name, parcel.body, { query, ...how }));
      return { ...stored, sent: [changes], places: placesOf(parcel.uploads, stored.data) };
    } catch (error) {
      if (isOwn && this.#tried.length > 0 && isStatus(error, 400)) {
        const made = await this.#reach.readRecord(collection.name, this.#ownId, query).catch(() => null);
        if (made) return { data: made.data, etag: made.etag, sent: this.#tried, places: new Map() };
      }
      if (isOwn && isUnanswered(error)) this.#tried = [...this.#tried, changes];
      throw error;
    }
  }
}
