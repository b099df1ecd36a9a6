// The rows of one query, by position, as far as they are needed: asks, keeps, forgets.
//
// Invariants
//  1. One ask for rows is under way at most; its answer counts only if nothing has replaced it.
//  2. An ask that failed is not made again by itself.
//  3. The total is asked for when rows have been shown, never before.

import { mostKept, pageSize, plan, type Ask, type Looked } from "./plan.ts";
import { Run, type Identified, type Way } from "./run.ts";

export interface Answer<T> {
  rows: T[];
  before?: Way;
  after?: Way;
}

export interface Server<T> {
  byCursor: boolean;
  list: (ask: Ask, signal: AbortSignal) => Promise<Answer<T>>;
  count: (signal: AbortSignal) => Promise<number>;
  painted: () => Promise<void>; // resolves when what has changed is on the screen
}

// Where to look after a jump.
export interface Target {
  position: number;
  edge: "first" | "last"; // of the screen
}

export type JumpTo = "start" | "end" | { from: unknown };

const isStopped = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

// A cursor whose record or schema is gone.
const isRefused = (error: unknown): boolean => (error as { status?: unknown } | null)?.status === 400;

export class Rows<T extends Identified> {
  readonly run = new Run<T>();
  total: number | undefined;
  error: unknown;
  isLoading = false;
  isStale = false; // what is there is being asked for anew
  isOther = false; // what is there belongs to the query before
  target: Target | null = null;
  #server: Server<T>;
  #changed: () => void;
  #looked: Looked = { first: 0, last: 1 };
  #asking: AbortController | null = null;
  #asked: Ask | null = null;
  #edge: Target["edge"] | undefined; // of the jump that is under way
  #failed: Ask | null = null;
  #counting: AbortController | null = null;

  constructor(server: Server<T>, changed: () => void) {
    this.#server = server;
    this.#changed = changed;
  }

  // How many positions there are to look at: an estimate until the total is known.
  get count(): number {
    const { run } = this;
    if (run.pieces.length === 0) return this.isLoading ? pageSize : 0;
    if (run.after === null) return run.end;
    if (!run.isPlaced) return Math.max(2 * run.start, run.end + pageSize);
    return this.total === undefined ? run.end + pageSize : Math.max(this.total, run.end);
  }

  at(position: number): T | undefined {
    return this.run.at(position);
  }

  // Another query: what is there stays until its first answer.
  restart(server: Server<T>): void {
    this.stop();
    this.#server = server;
    this.total = undefined;
    this.isStale = this.run.length > 0;
    this.isOther = this.isStale;
    this.#begin({ kind: "start" }, "first");
  }

  // The same query again, where one looks, or where one is being led.
  refresh(): void {
    const led = this.#edge && (this.#asked ?? (this.isOther ? this.#failed : null));
    this.#counting?.abort();
    this.#counting = null;
    this.total = undefined;
    this.isStale = this.run.length > 0;
    if (led) return this.#begin(led, this.#edge);
    const page = this.run.isPlaced ? Math.floor(this.#looked.first / pageSize) : 0;
    if (page > 0) this.#begin({ kind: "page", page });
    else this.#begin({ kind: "start" }, this.run.isPlaced ? undefined : "first");
  }

  look(first: number, last: number): void {
    this.#looked = { first: Math.max(0, first), last: Math.max(first + 1, last) };
    if (!this.isStale) this.#next();
  }

  jump(to: JumpTo): void {
    const isCounted = this.total !== undefined && this.total > 0;
    if (to === "end" && !this.#server.byCursor && isCounted) this.#begin({ kind: "page", page: Math.floor(((this.total ?? 1) - 1) / pageSize) }, "last");
    else this.#begin(to === "start" ? { kind: "start" } : to === "end" ? { kind: "end" } : { kind: "from", value: to.from }, to === "end" ? "last" : "first");
  }

  retry(): void {
    const failed = this.#failed;
    if (failed) this.#begin(failed, this.#edge);
    else if (this.total === undefined) void this.#count();
  }

  stop(): void {
    this.#asking?.abort();
    this.#counting?.abort();
    this.#asking = null;
    this.#asked = null;
    this.#counting = null;
    this.#failed = null;
    this.error = undefined;
    this.isLoading = false;
  }

  patch(row: T): void {
    if (this.run.replace(row)) this.#changed();
  }

  remove(id: string): void {
    if (!this.run.remove(id)) return;
    if (this.total !== undefined && this.total > 0) this.total--;
    this.#next();
    this.#changed();
  }

  // Asks what is needed, unless it is on its way or has failed.
  #next(): void {
    const ask = plan(this.run, this.#looked, this.count, this.total);
    if (!ask || same(ask, this.#failed)) return;
    if (this.#asked && (this.#edge || !isElsewhere(ask, this.#asked))) return;
    this.#begin(ask, this.run.isPlaced ? undefined : edges[ask.kind]);
  }

  #begin(ask: Ask, edge?: Target["edge"]): void {
    this.#asking?.abort();
    const mine = new AbortController();
    this.#asking = mine;
    this.#asked = ask;
    this.#edge = edge;
    this.#failed = null;
    this.error = undefined;
    this.isLoading = true;
    this.#changed();
    this.#server.list(ask, mine.signal).then(
      (answer) => this.#asking === mine && this.#take(ask, answer),
      (error: unknown) => this.#asking === mine && this.#fail(ask, error),
    );
  }

  #take(ask: Ask, answer: Answer<T>): void {
    const edge = this.#edge;
    const { moved } = this.run;
    this.#done();
    // The list has become shorter than that.
    if (ask.kind === "page" && ask.page > 0 && answer.rows.length === 0) return this.#begin({ kind: "end" }, "last");
    this.isStale = false;
    this.isOther = false;
    takers[ask.kind](this.run as Run<Identified>, ask as never, answer as Answer<never>);
    this.#settle();
    this.#follow(this.run.moved - moved);
    this.run.evict(mostKept, (this.#looked.first + this.#looked.last) / 2);
    if (edge) this.#aim(edge);
    this.#next();
    this.#changed();
    if (this.total === undefined && !this.#counting) void this.#count();
  }

  #aim(edge: Target["edge"]): void {
    const screen = this.#looked.last - this.#looked.first;
    const { start, end } = this.run;
    this.#looked = edge === "first" ? { first: start, last: start + screen } : { first: Math.max(0, end - screen), last: end };
    this.target = { position: edge === "first" ? start : Math.max(start, end - 1), edge };
  }

  #follow(by: number): void {
    const { first, last } = this.#looked;
    if (by !== 0) this.#looked = { first: Math.max(0, first + by), last: Math.max(1, last + by) };
  }

  // A run that reaches the end tells how many rows there are, or where it lies.
  #settle(): void {
    const { run } = this;
    if (run.after !== null || run.pieces.length === 0) return;
    if (run.isPlaced) this.total = run.end;
    else if (this.total !== undefined) run.place(Math.max(0, this.total - run.length));
  }

  #fail(ask: Ask, error: unknown): void {
    this.#done();
    if (isStopped(error)) return;
    if (isRefused(error) && this.run.isPlaced && (ask.kind === "after" || ask.kind === "before")) {
      // Its place is gone, not the rows around it: they have positions too.
      const piece = ask.kind === "after" ? this.run.pieces.at(-1) : this.run.pieces[0];
      if (piece) piece[ask.kind] = undefined;
      this.#next();
      return;
    }
    this.error = error;
    this.#failed = ask;
    this.#changed();
  }

  #done(): void {
    this.#asking = null;
    this.#asked = null;
    this.isLoading = false;
  }

  async #count(): Promise<void> {
    const mine = new AbortController();
    this.#counting?.abort();
    this.#counting = mine;
    try {
      await this.#server.painted();
      if (mine.signal.aborted || this.total !== undefined) return;
      const total = await this.#server.count(mine.signal);
      if (this.#counting !== mine || this.total !== undefined) return;
      this.total = total;
      const { moved } = this.run;
      this.#settle();
      this.#follow(this.run.moved - moved);
      this.#next();
      this.#changed();
    } catch {
      // Rows do without it: the status line goes on saying "100+".
    } finally {
      if (this.#counting === mine) this.#counting = null;
    }
  }
}

// What a run without positions is left for says where one then looks.
const edges: Partial<Record<Ask["kind"], Target["edge"]>> = { start: "first", page: "first", end: "last" };

// Of one place, however many rows are asked for.
const same = (a: Ask, b: Ask | null): boolean =>
  a.kind === b?.kind && ("cursor" in a ? a.cursor === (b as typeof a).cursor : "page" in a ? a.page === (b as typeof a).page : true);

// Whether an answer that is under way will be of no use to who needs `ask`.
const isElsewhere = (ask: Ask, asked: Ask): boolean => (ask.kind === "page" || asked.kind === "page") && !same(ask, asked);

type Taker = (run: Run<Identified>, ask: never, answer: Answer<never>) => void;

const piece = ({ rows, before, after }: Answer<never>) => ({ rows: rows as Identified[], before, after });
// By position: a page that is not full is the last one.
const paged = (answer: Answer<never>, page: number) => ({ ...piece(answer), before: page === 0 ? null : undefined, after: answer.rows.length < pageSize ? null : undefined });

const takers: Record<Ask["kind"], Taker> = {
  start: (run, _, answer) => run.reset({ ...piece(answer), before: null }, 0),
  end: (run, _, answer) => run.reset({ ...piece(answer), after: null }, undefined),
  from: (run, _, answer) => run.reset(piece(answer), undefined),
  page: (run, ask: Extract<Ask, { kind: "page" }>, answer) => run.reset(paged(answer, ask.page), ask.page * pageSize),
  after: (run, _, answer) => run.append(piece(answer)),
  before: (run, _, answer) => run.prepend(piece(answer)),
  // Rows may have come or gone since those that are there were asked for: then what comes now is
  // partly there already, and the list goes on at another position than the run.
  "after-page": (run, ask: Extract<Ask, { kind: "after-page" }>, answer) => {
    const of = paged(answer, ask.page);
    run.append({ ...of, rows: of.rows.slice(ask.skip) });
    run.ahead = ask.page * pageSize + of.rows.length - run.end;
  },
  "before-page": (run, ask: Extract<Ask, { kind: "before-page" }>, answer) => {
    const of = paged(answer, ask.page);
    run.prepend({ ...of, rows: of.rows.slice(0, ask.take), after: undefined });
    run.behind = run.start - ask.page * pageSize;
  },
};
