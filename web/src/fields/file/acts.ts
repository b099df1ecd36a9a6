// What can be done with the files of a field, and what is said of it.

import { useRef, useState } from "preact/hooks";
import { fileTexts } from "../../i18n/t-files.ts";
import { t } from "../../i18n/t.ts";
import { filesOf, type FileItem } from "../../lib/values.ts";
import { moved } from "../../ui/Select/options.ts";
import { isMultiple } from "../kinds.ts";
import type { FieldInputProps } from "../types.ts";
import { nameOf, restoredAt, shownOf, valueOf, withFiles } from "./items.ts";

const isSame = (a: readonly FileItem[], b: readonly FileItem[]): boolean => a.length === b.length && a.every((item, n) => item === b[n]);

// What is shown, struck ones among it, until the server has something else or what is typed is set from
// elsewhere: saved, discarded, another record.
const useFiles = ({ field, value, row, onChange }: FieldInputProps) => {
  const items = filesOf(value);
  const stored = filesOf(row?.[field.name]);
  const kept = useRef<{ stored: FileItem[]; set: FileItem[]; before: FileItem[]; id: string | undefined }>({ stored, set: items, before: stored, id: row?.id });
  if (kept.current.id !== row?.id || !isSame(kept.current.stored, stored) || !isSame(kept.current.set, items)) kept.current = { stored, set: items, before: stored, id: row?.id };
  const shown = shownOf(items, kept.current.before);
  const set = (next: readonly FileItem[]) => {
    kept.current = { ...kept.current, set: [...next], before: shownOf(next, shown.map(({ item }) => item)).map(({ item }) => item) };
    onChange(valueOf(next, field));
  };
  return { items, shown, set };
};

export const useFileActs = (props: FieldInputProps) => {
  const { field, row } = props;
  const { items, shown, set } = useFiles(props);
  const [faults, setFaults] = useState<{ said: string; of: unknown }>({ said: "", of: null });
  const [spoken, speak] = useState("");
  const change = (next: readonly FileItem[], words: string, wrong: readonly string[] = []) => {
    if (!isSame(next, items)) set(next);
    speak(words);
    setFaults({ said: wrong.join(" "), of: row?.id });
  };
  const add = (files: readonly File[], at?: number) => {
    const added = withFiles(items, files, field, at);
    const count = added.items.filter((item) => !items.includes(item)).length;
    if (files.length > 0) change(added.items, count > 0 ? fileTexts.added(count) : "", added.faults);
  };
  const move = (from: number, to: number) => {
    const item = items[from];
    if (item !== undefined && to >= 0 && to < items.length) change(moved(items, from, to), t.fields.itemAt(nameOf(item), to + 1, items.length));
  };
  const toggle = (item: FileItem) => {
    const place = restoredAt(shown, item);
    if (items.includes(item)) change(items.filter((one) => one !== item), t.fields.removed(nameOf(item)));
    else change(isMultiple(field) ? [...items.slice(0, place), item, ...items.slice(place)] : [item], fileTexts.restored(nameOf(item)));
  };

  const wrong = faults.said !== "" && faults.of === row?.id ? faults.said : "";
  return { items, shown, wrong, spoken, add, move, toggle };
};
