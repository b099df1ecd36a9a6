// The records of a question: what is done is done with those that it was about, and no others.

import { useEffect, useState } from "preact/hooks";
import { mostUndone } from "../../lib/undo.ts";
import { settle, type Chosen } from "./bulk.ts";

export interface Settled<P> {
  chosen: Chosen;
  made: P; // of what the question has to say
}

export interface Question<P = unknown> {
  settled: Settled<P> | null; // null: not known yet
  isBusy: boolean;
  isOther: boolean; // there are more or fewer than it said first
  error: unknown;
  // As it is confirmed. null: it has to be asked once more.
  confirm: () => Promise<Settled<P> | null>;
}

export const useQuestion = <P>(of: Chosen, make: (chosen: Chosen) => Promise<P>): Question<P> => {
  const [settled, setSettled] = useState<Settled<P> | null>(null);
  const [isBusy, setBusy] = useState(true);
  const [isOther, setOther] = useState(false);
  const [error, setError] = useState<unknown>();
  const look = async (at: Chosen): Promise<Settled<P> | null> => {
    setBusy(true);
    setError(undefined);
    try {
      const chosen = await settle(at, mostUndone);
      const now = { chosen, made: await make(chosen) };
      setSettled(now);
      return now;
    } catch (wrong) {
      setError(wrong);
      return null;
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => void look(of), []);
  const confirm = async () => {
    const before = settled?.chosen;
    const now = before && (await look(before.ids ? before : of));
    if (!now) return null;
    const isSame = before.ids ? now.chosen.n !== 0 : now.chosen.n === before.n;
    setOther(!isSame);
    return isSame ? now : null;
  };
  return { settled, isBusy, isOther, error, confirm };
};
