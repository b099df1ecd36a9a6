// A run: rows that follow each other without a gap, in the pieces in which they came.
//
// Invariants
//  1. Piece n + 1 begins where piece n ends; `start` is the position of the first row.
//  2. Where `isPlaced` is false positions are only good for telling rows apart: nobody has counted
//     how many come before. Once that is known all move by the same amount, which `moved` sums up.
//  3. No id is in a run twice.

export interface Identified {
  id: string;
}

// Where the list goes on: by a cursor; not at all (null: its end); by position (undefined).
export type Way = string | null | undefined;

export interface Piece<T> {
  rows: T[];
  before: Way;
  after: Way;
}

// The position from which an unplaced run grows both ways.
export const middle = 1_000_000;

export class Run<T extends Identified> {
  pieces: Piece<T>[] = [];
  start = 0;
  end = 0;
  moved = 0;
  ahead = 0; // positions behind the last row that have been looked at: rows that are here already
  behind = 0; // the same before the first one
  isPlaced = true;
  #ids = new Set<string>();

  get before(): Way {
    return this.pieces.length ? this.pieces[0]?.before : undefined;
  }

  get after(): Way {
    return this.pieces.at(-1)?.after;
  }

  get length(): number {
    return this.end - this.start;
  }

  at(position: number): T | undefined {
    if (position < this.start || position >= this.end) return undefined;
    let from = this.start;
    for (const { rows } of this.pieces) {
      if (position < from + rows.length) return rows[position - from];
      from += rows.length;
    }
    return undefined;
  }

  find(id: string): number {
    if (!this.#ids.has(id)) return -1;
    let from = this.start;
    for (const { rows } of this.pieces) {
      const at = rows.findIndex((row) => row.id === id);
      if (at >= 0) return from + at;
      from += rows.length;
    }
    return -1;
  }

  // Begins anew with one piece. start: undefined where nobody knows it.
  reset(piece: Piece<T>, start: number | undefined): void {
    this.#ids = new Set();
    this.pieces = [];
    const first = piece.before === null ? 0 : start;
    this.isPlaced = first !== undefined;
    this.start = first ?? middle;
    this.end = this.start;
    this.ahead = this.behind = 0;
    this.append(piece);
  }

  append(piece: Piece<T>): void {
    const rows = this.#fresh(piece.rows);
    this.pieces.push({ ...piece, rows });
    this.end += rows.length;
  }

  prepend(piece: Piece<T>): void {
    const rows = this.#fresh(piece.rows);
    this.pieces.unshift({ ...piece, rows });
    this.start -= rows.length;
    if (piece.before === null || this.start < 0) this.place(0);
  }

  // The first row is the one at `start`.
  place(start: number): void {
    const by = start - this.start;
    this.start += by;
    this.end += by;
    this.moved += by;
    this.isPlaced = true;
  }

  // Keeps about `most` rows: whole pieces go, from the side that is farther from `looked`.
  evict(most: number, looked: number): void {
    while (this.length > most && this.pieces.length > 1) {
      const isFirst = looked - this.start > this.end - looked;
      const gone = isFirst ? this.pieces.shift() : this.pieces.pop();
      const n = gone?.rows.length ?? 0;
      if (isFirst) this.start += n;
      else this.end -= n;
      this[isFirst ? "behind" : "ahead"] = 0;
      for (const row of gone?.rows ?? []) this.#ids.delete(row.id);
    }
  }

  replace(row: T): boolean {
    const position = this.find(row.id);
    if (position < 0) return false;
    const { piece, at } = this.#pieceAt(position);
    piece.rows[at] = row;
    return true;
  }

  remove(id: string): boolean {
    const position = this.find(id);
    if (position < 0) return false;
    const { piece, at } = this.#pieceAt(position);
    piece.rows.splice(at, 1);
    this.#ids.delete(id);
    this.end--;
    return true;
  }

  #pieceAt(position: number): { piece: Piece<T>; at: number } {
    let from = this.start;
    for (const piece of this.pieces) {
      if (position < from + piece.rows.length) return { piece, at: position - from };
      from += piece.rows.length;
    }
    throw new RangeError("no such position");
  }

  #fresh(rows: readonly T[]): T[] {
    return rows.filter(({ id }) => !this.#ids.has(id) && this.#ids.add(id));
  }
}
