// Statements that are run, one after the other, and what has come of them. Each query has its own results,
// which stay while another one is looked at.

import { signal } from "@preact/signals";
import { isAborted, explain as words } from "../../api/error.ts";
import { runSql, type SqlAnswer } from "../../api/sql.ts";
import { doingOf, type Doing, type Statement } from "../../lib/sql-split.ts";
import { has } from "../../state/instance.ts";
import { beginRun, keepRun } from "./past.ts";

export const mostRows = 1000;

export interface Step {
  statement: Statement;
  doing: Doing;
}

export interface Result extends Step {
  isPlan: boolean;
  ms: number;
  answer?: SqlAnswer;
  error?: unknown; // AbortError: cancelled
}

export interface Outcome {
  results: readonly Result[];
  running: AbortController | null;
  isStale: boolean; // the dashboard's collections may not be those of the server
}

const none: Outcome = { results: [], running: null, isStale: false };
const outcomes = signal<ReadonlyMap<string, Outcome>>(new Map()); // by the id of the query

export const outcomeOf = (id: string): Outcome => outcomes.value.get(id) ?? none;
const put = (id: string, change: Partial<Outcome>): void => {
  outcomes.value = new Map(outcomes.peek()).set(id, { ...(outcomes.peek().get(id) ?? none), ...change });
};

export const forget = (id: string): void => {
  outcomes.peek().get(id)?.running?.abort();
  const next = new Map(outcomes.peek());
  next.delete(id);
  outcomes.value = next;
};

export const forgetAll = (): void => [...outcomes.peek().keys()].forEach(forget);
export const settle = (id: string): void => put(id, { isStale: false });

export const stepsOf = (source: string, statements: readonly Statement[]): Step[] => statements.map((statement) => ({ statement, doing: doingOf(source, statement) }));

// A read is sent as one: what turns out to write is refused there.
const runOne = async (step: Step, isPlan: boolean, signalOf: AbortSignal): Promise<Result> => {
  const text = isPlan ? `EXPLAIN QUERY PLAN ${step.statement.text}` : step.statement.text;
  const run = await beginRun(text);
  const began = performance.now();
  const took = () => performance.now() - began;
  try {
    signalOf.throwIfAborted();
    const answer = await runSql(text, has("sql") ? { readOnly: isPlan || !step.doing.writes, maxRows: mostRows } : undefined, signalOf);
    void keepRun({ ...run, rows: answer.columns.length > 0 ? answer.rows.length : answer.affectedRows, ms: Math.round(took()) });
    return { ...step, isPlan, ms: took(), answer };
  } catch (error) {
    if (!isAborted(error)) void keepRun({ ...run, ms: Math.round(took()), error: words(error).why || words(error).what });
    return { ...step, isPlan, ms: took(), error };
  }
};

export const run = async (id: string, steps: readonly Step[], isPlan: boolean): Promise<void> => {
  if (outcomes.peek().get(id)?.running) return;
  const running = new AbortController();
  put(id, { running, results: [] });
  for (const step of steps) {
    const result = await runOne(step, isPlan, running.signal);
    const now = outcomes.peek().get(id);
    if (now?.running !== running) return; // the query is closed
    put(id, { results: [...now.results, result], isStale: now.isStale || (step.doing.isSchema && !isPlan && !result.error) });
    if (result.error) break;
  }
  put(id, { running: null });
};
