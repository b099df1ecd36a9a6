// "Live": asks how many entries are newer than those that are shown, as long as somebody looks. They
// are shown at once where the newest ones are looked at; else they are told.

import { useEffect, useRef, useState } from "preact/hooks";
import { isAborted } from "../../api/error.ts";
import { formatNumber } from "../../i18n/format.ts";
import { tl } from "../../i18n/t-logs.ts";
import { Button } from "../../ui/Button/Button.tsx";
import type { Logs } from "./source.ts";

const everyMs = 2000;

export interface LiveProps {
  logs: Logs;
  asked: string; // other entries begin anew
  isAtRest: () => boolean; // nothing is selected or opened
  refresh: () => void;
}

export const Live = ({ logs, asked, isAtRest, refresh }: LiveProps) => {
  const [isOn, turn] = useState(false);
  const [newer, setNewer] = useState(0);
  const [isLost, setLost] = useState(false);
  const now = useRef({ logs, isAtRest, refresh });
  now.current = { logs, isAtRest, refresh };
  useEffect(() => setNewer(0), [asked]);
  useEffect(() => {
    if (!isOn) return;
    const stop = new AbortController();
    let isAsking = false;
    const look = async () => {
      if (isAsking || document.visibilityState !== "visible") return;
      isAsking = true;
      try {
        const n = await now.current.logs.countNewer(stop.signal);
        if (stop.signal.aborted) return;
        setLost(false);
        const { source } = now.current.logs;
        const isAtTop = source.looked.peek().first === 0 && now.current.isAtRest() && !source.isLoading.peek();
        if (n > 0 && isAtTop) now.current.refresh();
        else setNewer(n);
      } catch (error) {
        if (!isAborted(error) && !stop.signal.aborted) setLost(true);
      } finally {
        isAsking = false;
      }
    };
    const timer = setInterval(() => void look(), everyMs);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [isOn, asked]);
  return (
    <>
      <span role="status" class="live-said">{isOn && isLost ? tl.liveLost : ""}</span>
      {isOn && newer > 0 && <Button kind="quiet" icon="arrow-up" onClick={refresh}>{tl.fresh(formatNumber(newer))}</Button>}
      <Button kind="quiet" icon="radio" class={isOn ? "is-on" : ""} aria-pressed={isOn} title={tl.liveWhy} onClick={() => turn(!isOn)}>{tl.live}</Button>
    </>
  );
};
