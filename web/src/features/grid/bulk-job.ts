// Changes under way: how far they are, what was refused, and the button that stops them.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Row } from "../../api/types.ts";
import { mostUndone, type Change } from "../../lib/undo.ts";
import { perBatch } from "../../state/instance.ts";
import { runChanges, type Fault } from "./bulk-run.ts";

const mostFaults = 10;
const mostRemembered = 100_000; // ids, for who undoes or takes rows out of a selection

export interface Outcome {
  n: number;
  done: ReadonlySet<string>; // of a job that is not very large
  rows: ReadonlyMap<string, Row>; // as a small job has left them
  unknown: readonly string[]; // nobody can say whether they are done
  faults: readonly Fault[];
  isStopped: boolean;
  error: unknown;
  isWhole: boolean; // all is done
}

export type Phase = "asking" | "running" | "ended";

export interface Job {
  phase: Phase;
  n: number;
  isStopping: boolean;
  outcome: Outcome | null;
  // before: what has to be there first.
  run: (collection: string, pages: AsyncIterable<Change[]> | Iterable<Change[]>, before?: Promise<unknown>) => Promise<Outcome>;
  stop: () => void;
}

export const isRefusedOften = ({ faults }: Outcome): boolean => faults.length >= mostFaults;

// A call that is under way when it is stopped still counts: its answer is waited for.
// Who tries all the same says how many may be refused.
export const runJob = async (collection: string, pages: AsyncIterable<Change[]> | Iterable<Change[]>, onN: (n: number) => void, isStopped: () => boolean, mostRefused = mostFaults): Promise<Outcome> => {
  const done = new Set<string>();
  const stored = new Map<string, Row>();
  const faults: Fault[] = [];
  const unknown: string[] = [];
  let n = 0;
  let error: unknown;
  try {
    await runChanges(collection, pages, perBatch(), {
      onDone: (ids, rows) => {
        n += ids.length;
        if (done.size < mostRemembered) for (const id of ids) done.add(id);
        if (stored.size < mostUndone) for (const [id, row] of rows) stored.set(id, row);
        onN(n);
      },
      onFault: (fault) => faults.push(fault),
      onUnknown: (ids) => unknown.push(...ids),
      isEnded: () => isStopped() || faults.length >= mostRefused,
    });
  } catch (wrong) {
    error = wrong;
  }
  const isWhole = faults.length === 0 && unknown.length === 0 && !isStopped() && error === undefined;
  return { n, done, rows: stored, faults, unknown, isStopped: isStopped(), error, isWhole };
};

export const useJob = (): Job => {
  const [n, setN] = useState(0);
  const [phase, setPhase] = useState<Phase>("asking");
  const [isStopping, setStopping] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const stopped = useRef(false);
  useLayoutEffect(() => () => { stopped.current = true; }, []);
  const run: Job["run"] = async (collection, pages, before) => {
    setPhase("running");
    await before;
    const ended = await runJob(collection, pages, setN, () => stopped.current);
    setOutcome(ended);
    setPhase("ended");
    return ended;
  };
  const stop = () => {
    stopped.current = true;
    setStopping(true);
  };
  return { phase, n, isStopping, outcome, run, stop };
};
