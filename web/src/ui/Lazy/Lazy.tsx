// A component that is fetched when it is first shown. What is there already is shown at once.

import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useErrorBoundary, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import { path } from "../../state/router.ts";
import { Button } from "../Button/Button.tsx";
import { ErrorNotice, Notice, Retry } from "../Notice/Notice.tsx";

export type Load<P> = () => Promise<ComponentType<P>>;

const fetched = new Map<unknown, unknown>(); // by its Load

// A part that cannot be fetched: the server is away, or it is a newer one, which has other files than
// this page knows. Some browsers remember what has failed, so that only a new page asks again.
export const Unfetched = ({ onRetry }: { onRetry: () => void }) => (
  <div class="lazy-failed">
    <Notice kind="danger" title={t.common.unfetched}>
      <p>{t.common.unfetchedWhy}</p>
      <div class="lazy-acts">
        <Retry onRetry={onRetry} />
        <Button onClick={() => location.reload()}>{t.common.reload}</Button>
      </div>
    </Notice>
  </div>
);

// A fault of a part, or an answer that it does not know: the rest of the page stays. of: another part.
export const Guarded = ({ of, children }: { of?: unknown; children: ComponentChildren }) => {
  const [error, mend] = useErrorBoundary((fault) => console.error(fault));
  const isNew = useRef(true);
  // Not at first: what has failed by then is to be shown.
  useEffect(() => {
    if (!isNew.current) mend();
    isNew.current = false;
  }, [of, path.value]);
  if (!error) return <>{children}</>;
  return <div class="lazy-failed"><ErrorNotice error={error} onRetry={mend} /></div>;
};

export const Lazy = <P extends object>({ load, of }: { load: Load<P>; of: P }) => {
  const [, setReady] = useState(0);
  const [failed, setFailed] = useState(0); // how often
  const [isAway, setAway] = useState(false);
  useEffect(() => {
    if (fetched.has(load)) return;
    load().then(
      (component) => {
        fetched.set(load, component);
        setAway(false);
        setReady((n) => n + 1);
      },
      () => setAway(true),
    );
  }, [load, failed]);
  const Found = fetched.get(load) as ComponentType<P> | undefined;
  if (Found) return <Guarded of={load}><Found {...(of as P & { key?: never })} /></Guarded>;
  return isAway ? <Unfetched onRetry={() => setFailed(failed + 1)} /> : null;
};
