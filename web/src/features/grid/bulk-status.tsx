// In the status line: acts on what is selected, or on all that matches, and what has become of them.

import { useSignal, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Collection, Row } from "../../api/types.ts";
import { formatNumber } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import type { RowsOf } from "../../state/rows.ts";
import { isLocked } from "../../state/protect.ts";
import { toast } from "../../state/toasts.ts";
import { useCommands } from "../../ui/commands.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import { Menu } from "../../ui/Menu/Menu.tsx";
import { UnlockButton } from "../../ui/Protected/Protected.tsx";
import { ExportMenu, type ActProps } from "./acts.tsx";
import { Everything, loadedIds, type Chosen } from "./bulk.ts";
import { CopyMenu } from "./copy.tsx";
import { printSort } from "./columns.tsx";
import type { Asked } from "./query.ts";
import { ResultLine, type Result } from "./undo.tsx";

export interface BulkProps {
  collection: Collection;
  source: RowsOf<Row>;
  asked: Asked;
  names: readonly string[]; // of the columns
  selected: Signal<ReadonlySet<string>>;
}

const chosenOf = ({ collection, source, asked, selected }: BulkProps): Chosen => {
  const isSome = selected.value.size > 0 && !(selected.value instanceof Everything);
  return { collection, filter: asked.filter, sort: printSort(asked.sort, collection.fields), ids: isSome ? selected.value : null, n: isSome ? selected.value.size : source.total.value };
};

// How many are selected, for the status line.
export const selectedCount = ({ selected, source }: Pick<BulkProps, "selected" | "source">): number =>
  selected.value instanceof Everything ? (source.total.value ?? [...selected.value].length) : selected.value.size;

// Offered once all that is loaded is selected, and there is more.
const mayWiden = ({ source, selected }: BulkProps): boolean => {
  void source.version.value;
  const now = selected.value;
  const { first, last } = source.range();
  const total = source.total.value;
  if (now instanceof Everything) return true;
  if (now.size === 0 || now.size < last - first || (total !== undefined && total <= now.size)) return false;
  for (const id of loadedIds(source)) if (!now.has(id)) return false;
  return true;
};

const Widen = (props: BulkProps) => {
  const { source, selected } = props;
  if (!mayWiden(props)) return null;
  const isAll = selected.value instanceof Everything;
  const total = source.total.value;
  return (
    <Button
      kind="quiet"
      aria-pressed={isAll}
      class={isAll ? "is-on" : ""}
      title={t.bulk.allOn}
      onClick={() => { selected.value = isAll ? new Set(loadedIds(source)) : new Everything(() => loadedIds(source)); }}
    >
      {total === undefined ? t.bulk.allUnknown : t.bulk.allOf(formatNumber(total))}
    </Button>
  );
};

type Act = "delete" | "set" | "verify" | "reset";

// Each is fetched when it is first asked for.
const dialogs: Record<Act, Load<ActProps>> = {
  delete: async () => (await import("./bulk-delete.tsx")).DeleteDialog,
  set: async () => (await import("./bulk-set.tsx")).SetDialog,
  verify: async () => (await import("./bulk-set.tsx")).VerifyDialog,
  reset: async () => (await import("./bulk-set.tsx")).ResetDialog,
};

const mostTakenOut = 1000; // rows, one by one; where more are gone they are asked for again

const focusGrid = () => requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-t="grid"]')?.focus());

const Buttons = ({ collection, ask }: { collection: Collection; ask: (act: Act) => void }) => {
  const newest = useRef(ask);
  newest.current = ask;
  useCommands([{ label: t.bulk.deleteSelected, act: () => newest.current("delete") }, { label: t.bulk.setSelected, act: () => newest.current("set") }], []);
  return (
    <>
      <Button kind="danger" icon="trash-2" onClick={() => ask("delete")}>{t.records.deleteAct}</Button>
      <Button kind="quiet" icon="pencil" onClick={() => ask("set")}>{t.bulk.setField}</Button>
      {collection.type === "auth" && (
        <Menu
          label={t.bulk.users}
          icon="users"
          placement="top-end"
          groups={[{ title: t.bulk.users, items: [{ label: t.bulk.verify, act: () => ask("verify") }, { label: t.bulk.reset, kind: "danger", act: () => ask("reset") }] }]}
        />
      )}
    </>
  );
};

// What the status line shows, and the question that is open: beside the line, not in it. The records
// that a question is about are those of the moment when it was asked.
export const useBulk = (props: BulkProps): { acts: JSX.Element; dialog: JSX.Element | null } => {
  const { collection, source, asked, names, selected } = props;
  const result = useSignal<Result | null>(null);
  const [asking, ask] = useState<{ act: Act; chosen: Chosen } | null>(null);
  const chosen = chosenOf(props);
  const isAny = selected.value.size > 0 && collection.type !== "view";

  const done: ActProps["onDone"] = (made, outcome) => {
    const isNothing = outcome.n === 0 && outcome.unknown.length === 0;
    if (isNothing) return outcome.error === undefined ? undefined : source.refresh();
    result.value = made;
    const isDelete = asking?.act === "delete";
    if (!asking?.chosen.ids) selected.value = new Set();
    else if (isDelete) selected.value = outcome.isWhole ? new Set() : new Set([...asking.chosen.ids].filter((id) => !outcome.done.has(id)));
    else if (asked.filter) selected.value = new Set(); // they may not pass it any more
    if (isDelete && outcome.isWhole && outcome.n <= mostTakenOut) outcome.done.forEach((id) => source.remove(id));
    else source.refresh();
    focusGrid();
  };
  // An offer to undo is not pushed aside.
  const say = (text: string) => {
    if (result.peek()?.undo.length) toast("ok", text);
    else result.value = { text, undo: [] };
  };
  const acts = (
    <>
      <ResultLine collection={collection.name} result={result} onUndone={() => source.refresh()} />
      <Widen {...props} />
      {isAny && (isLocked.value ? <UnlockButton /> : <Buttons collection={collection} ask={(act) => ask({ act, chosen })} />)}
      <CopyMenu chosen={chosen} onDone={say} />
      <ExportMenu what={{ collection: collection.name, filter: asked.filter, sort: asked.records.sort, names, json: collection.fields.filter(({ type }) => type === "json").map(({ name }) => name), ...(chosen.ids ? { ids: chosen.ids } : {}) }} chosen={chosen} onDone={say} />
    </>
  );
  return { acts, dialog: asking && <Lazy key={asking.act} load={dialogs[asking.act]} of={{ chosen: asking.chosen, onClose: () => ask(null), onDone: done }} /> };
};
