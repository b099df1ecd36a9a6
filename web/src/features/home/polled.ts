// What is asked for again and again, as long as it is seen.

import { useEffect, useMemo } from "preact/hooks";
import { loaded, type Loaded } from "../../state/loaded.ts";

// which: what is asked for; another one is asked for at once.
export const usePolled = <T>(which: unknown, everyMs: number, read: (signal: AbortSignal) => Promise<T>): Loaded<T> & { ask: () => void } => {
  const found = useMemo(() => loaded<T>(), []);
  const ask = () => void found.load(read);
  useEffect(() => {
    ask();
    const timer = setInterval(() => document.visibilityState === "visible" && ask(), everyMs);
    return () => {
      clearInterval(timer);
      found.stop();
    };
  }, [which]);
  return { ...found, ask };
};
