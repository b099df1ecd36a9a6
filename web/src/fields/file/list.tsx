// The files of a field, one below the other: one stop of Tab, arrows go between them, Alt with arrows
// moves one, Delete removes it. A pointer drags. All that happens is heard by the list, not by its rows.

import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Field, Row } from "../../api/types.ts";
import { formatBytes } from "../../i18n/format.ts";
import { fileTexts } from "../../i18n/t-files.ts";
import { t } from "../../i18n/t.ts";
import { itemsOf, NewFile, type FileItem } from "../../lib/values.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { stepTo } from "../../ui/Select/options.ts";
import { nameOf, type Shown } from "./items.ts";
import { FileThumb } from "./thumb.tsx";

const mostShown = 100;

export interface FileListProps {
  field: Field;
  row: Row | undefined;
  shown: readonly Shown[];
  onMove: (from: number, to: number) => void; // places in the value
  onToggle: (item: FileItem) => void; // removed, or brought back
  onOpen: (item: FileItem) => void;
}

const noteOf = ({ item, at }: Shown, there: ReadonlySet<string>): string => {
  const size = item instanceof NewFile ? formatBytes(item.file.size) : "";
  if (at < 0) return [fileTexts.removed, size].filter(Boolean).join(", ");
  if (typeof item === "string") return there.has(item) ? "" : fileTexts.lost;
  return fileTexts.fresh(size);
};

interface RowProps extends Pick<FileListProps, "field" | "row"> {
  one: Shown;
  n: number;
  note: string;
  hint: string;
  isStop: boolean;
  isTarget: boolean;
}

const FileRow = ({ one: { item, at }, n, note, hint, isStop, isTarget, field, row }: RowProps) => {
  const name = nameOf(item);
  const isGone = at < 0;
  const act = isGone ? fileTexts.restore(name) : t.fields.removeItem(name);
  return (
    <li class={`file-row${isGone ? " file-gone" : ""}${isTarget ? " file-target" : ""}`} data-n={n} draggable={!isGone}>
      <FileThumb item={item} row={row} field={field} />
      <button type="button" class="file-name" data-act="open" tabIndex={isStop ? 0 : -1} title={nameOf(item, 300)} aria-describedby={hint}>
        {isGone ? <del dir="auto">{name}</del> : <span dir="auto">{name}</span>}
        {note && <span class="file-note">{note}</span>}
      </button>
      <button type="button" class="file-act" data-act="toggle" tabIndex={-1} aria-label={act} title={act}><Icon name={isGone ? "undo-2" : "x"} /></button>
    </li>
  );
};

const placeOf = (event: Event): number => Number((event.target as Element).closest<HTMLElement>("[data-n]")?.dataset["n"] ?? -1);

// Rows are dragged to the place of another one.
const useDrag = (shown: readonly Shown[], onMove: FileListProps["onMove"]) => {
  const from = useRef(-1);
  const [over, setOver] = useState(-1);
  const end = () => {
    from.current = -1;
    setOver(-1);
  };
  const listeners = {
    onDragStart: (event: DragEvent) => {
      from.current = placeOf(event);
      event.dataTransfer?.setData("text/plain", nameOf(shown[from.current]?.item ?? ""));
    },
    onDragOver: (event: DragEvent) => {
      if (from.current < 0) return;
      event.preventDefault();
      if (placeOf(event) !== over) setOver(placeOf(event));
    },
    onDragEnd: end,
    onDrop: (event: DragEvent) => {
      const at = shown[from.current]?.at ?? -1;
      const to = shown[placeOf(event)]?.at ?? -1;
      if (from.current < 0) return;
      event.preventDefault();
      if (at >= 0 && to >= 0 && at !== to) onMove(at, to);
      end();
    },
  };
  return { over, listeners };
};

// A row that is moved, or gets another name as it is saved, is drawn anew: the focus goes with it.
const useKeptFocus = (focus: (item: FileItem | null, n: number) => void) => {
  const wanted = useRef<FileItem | null>(null);
  const at = useRef(-1);
  const isDrawing = useRef(true);
  isDrawing.current = true;
  useLayoutEffect(() => {
    isDrawing.current = false;
    if (wanted.current !== null) focus(wanted.current, -1);
    else if (at.current >= 0 && document.activeElement === document.body) focus(null, at.current);
    wanted.current = null;
  });
  const kept = {
    onFocusIn: (event: FocusEvent) => {
      at.current = placeOf(event);
    },
    onFocusOut: () => {
      if (!isDrawing.current) at.current = -1;
    },
  };
  return { kept, want: (item: FileItem) => (wanted.current = item) };
};

export const FileList = ({ field, row, shown, onMove, onToggle, onOpen }: FileListProps) => {
  const list = useRef<HTMLUListElement>(null);
  const [stop, setStop] = useState<FileItem | null>(null);
  const [isAll, showAll] = useState(false);
  const { over, listeners } = useDrag(shown, onMove);
  const hint = useId();
  const there = new Set(itemsOf(row?.[field.name]));
  const isWhole = isAll || shown.slice(mostShown).some(({ item }) => item instanceof NewFile);
  const rows = isWhole ? shown : shown.slice(0, mostShown);
  const at = Math.max(0, rows.findIndex(({ item }) => item === stop));

  const focus = (n: number) => list.current?.querySelectorAll<HTMLElement>(".file-name")[n]?.focus();
  const { want, kept } = useKeptFocus((item, n) => focus(item === null ? Math.min(n, rows.length - 1) : rows.findIndex((one) => one.item === item)));
  const onKeyDown = (event: KeyboardEvent) => {
    const n = placeOf(event);
    const one = rows[n];
    const to = stepTo[event.key]?.(n, rows.length);
    if (!one || event.ctrlKey || event.metaKey) return;
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      const next = one.at + (event.key === "ArrowUp" ? -1 : 1);
      if (one.at >= 0 && next >= 0 && shown.some((other) => other.at === next)) {
        want(one.item);
        onMove(one.at, next);
      }
    } else if (event.key === "Delete" || event.key === "Backspace") onToggle(one.item);
    else if (to !== undefined && !event.altKey) focus(to);
    else return;
    event.preventDefault();
  };
  const onClick = (event: MouseEvent) => {
    const one = rows[placeOf(event)];
    const act = (event.target as Element).closest<HTMLElement>("[data-act]")?.dataset["act"];
    if (one && act === "open") onOpen(one.item);
    else if (one && act === "toggle") onToggle(one.item);
  };
  return (
    <>
      <ul ref={list} class="file-list" role="list" aria-label={field.name} hidden={shown.length === 0} onClick={onClick} onKeyDown={onKeyDown} onFocusIn={(event) => { kept.onFocusIn(event); setStop(rows[placeOf(event)]?.item ?? null); }} onFocusOut={kept.onFocusOut} {...listeners}>
        {rows.map((one, n) => (
          <FileRow key={typeof one.item === "string" ? one.item : one.item.toJSON()} one={one} n={n} note={noteOf(one, there)} hint={hint} isStop={n === at} isTarget={n === over} field={field} row={row} />
        ))}
      </ul>
      {rows.length < shown.length && <div><Button kind="quiet" onClick={() => showAll(true)}>{fileTexts.showAll(shown.length)}</Button></div>}
      <span id={hint} hidden>{fileTexts.keys}</span>
    </>
  );
};
