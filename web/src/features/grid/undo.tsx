// What has become of many records, and the offer to undo it.

import type { Signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatNumber } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import type { Change } from "../../lib/undo.ts";
import { useCommands } from "../../ui/commands.ts";
import { Button } from "../../ui/Button/Button.tsx";
import type { Undone } from "./bulk-undo.ts";

export interface Result {
  text: string;
  undo: readonly Change[];
  by?: (collection: string, changes: readonly Change[]) => Promise<Undone>; // how: it has come with the dialog
  isKept?: boolean; // it stays until something else is told
}

const shownMs = 10_000;

const undoneText = ({ n, changed, why }: Undone, total: number): string =>
  n === total ? t.bulk.undone(formatNumber(n)) : [t.bulk.undoneOf(formatNumber(n), formatNumber(total)), changed > 0 && t.bulk.changedSince(formatNumber(changed)), why].filter(Boolean).join("; ");

// It stays for as long as the pointer or the focus is on it, or something is left to be undone.
export const ResultLine = ({ collection, result, onUndone }: { collection: string; result: Signal<Result | null>; onUndone: () => void }) => {
  const now = result.value;
  const [isHeld, hold] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  const isUndoing = useRef(false);
  useEffect(() => {
    if (!now || isHeld || isBusy || now.isKept) return;
    const timer = setTimeout(() => { result.value = null; }, shownMs);
    return () => clearTimeout(timer);
  }, [now, isHeld, isBusy]);
  const undo = async ({ undo: changes, by }: Result) => {
    if (!by || isUndoing.current) return;
    isUndoing.current = true;
    setBusy(true);
    const undone = await by(collection, changes);
    isUndoing.current = false;
    setBusy(false);
    hold(false);
    result.value = { text: undoneText(undone, changes.length), undo: undone.left, by, isKept: undone.left.length > 0 };
    if (undone.left.length === 0 && box.current?.contains(document.activeElement)) document.querySelector<HTMLElement>('[data-t="grid"]')?.focus();
    onUndone();
  };
  useCommands(now && now.undo.length > 0 ? [{ label: t.bulk.undoAct(now.text), act: () => void undo(now) }] : [], [now]);
  return (
    <span ref={box} class="bulk-result" onMouseEnter={() => hold(true)} onMouseLeave={() => hold(false)} onFocusIn={() => hold(true)} onFocusOut={() => hold(false)}>
      <span role="status" dir="auto" title={now?.text}>{now && (isBusy ? t.bulk.undoing : now.text)}</span>
      {now && now.undo.length > 0 && <Button icon="undo-2" busy={isBusy} onClick={() => void undo(now)}>{t.bulk.undo}</Button>}
      {now?.isKept && !isBusy && <Button kind="quiet" icon="x" label={t.bulk.notUndo} onClick={() => { result.value = null; }} />}
    </span>
  );
};
