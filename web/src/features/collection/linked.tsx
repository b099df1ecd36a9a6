// Accounts that are linked at a provider whose address changes: at another place the same id may be
// somebody else's.

import { useEffect, useMemo } from "preact/hooks";
import { listRecords } from "../../api/records.ts";
import { formatNumber } from "../../i18n/format.ts";
import { td } from "../../i18n/t-def.ts";
import { loaded } from "../../state/loaded.ts";
import { Notice } from "../../ui/Notice/Notice.tsx";
import type { CollectionEdit } from "./edit.ts";
import { movedProviders } from "./moved.ts";

interface Linked {
  name: string;
  n: number;
}

const countLinked = async (collection: string, name: string, signal: AbortSignal): Promise<Linked> => {
  const { totalItems = 0 } = await listRecords("_externalAuths", { filter: `collectionRef='${collection}' && provider='${name}'`, perPage: 1, fields: "id" }, signal);
  return { name, n: totalItems };
};

export const LinkedAccounts = ({ edit }: { edit: CollectionEdit }) => {
  const moved = movedProviders(edit.draft.value, edit.before);
  const found = useMemo(() => loaded<Linked[]>(), [edit]);
  useEffect(() => {
    const { id } = edit;
    if (id !== null && moved.length > 0) void found.load((signal) => Promise.all(moved.map((name) => countLinked(id, name, signal))));
    return found.stop;
  }, [found, moved.join()]);
  const linked = (found.data.value ?? []).filter(({ n }) => n > 0);
  if (linked.length === 0) return null;
  return (
    <Notice kind="warn" title={td.def.linkedTitle}>
      {linked.map(({ name, n }) => <p key={name}>{td.def.linked(name, n, formatNumber(n))}</p>)}
    </Notice>
  );
};
