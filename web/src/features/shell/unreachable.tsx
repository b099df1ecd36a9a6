// A server that does not answer: said as long as it lasts, and looked for meanwhile.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { stateOfServer } from "../../api/backups.ts";
import { onReached } from "../../api/client.ts";
import { t } from "../../i18n/t.ts";
import { Notice } from "../../ui/Notice/Notice.tsx";

const lookMs = 3000;
const lostAt = signal<number | null>(null);

onReached((isReached) => {
  lostAt.value = isReached ? null : (lostAt.peek() ?? Date.now());
});

export const Unreachable = () => {
  const since = lostAt.value;
  useEffect(() => {
    if (since === null) return;
    const timer = setInterval(() => void stateOfServer(), lookMs);
    return () => clearInterval(timer);
  }, [since]);
  return since === null ? null : <Notice kind="warn" title={t.errors.unreachableSince(new Date(since).toLocaleTimeString())} />;
};
