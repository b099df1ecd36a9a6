// One value, edited where it stands: the form's own input, laid over the cell. Enter takes it and
// goes one down, Tab to the right, Esc gives up; what is wrong with it is said there.

import { autoUpdate, computePosition, flip, shift } from "@floating-ui/dom";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Collection, Field, Row } from "../../api/types.ts";
import { misread } from "../../fields/checks.ts";
import { editingOf } from "../../fields/editing.ts";
import { theGrid } from "../../fields/relation/peek.tsx";
import { t } from "../../i18n/t.ts";
import { tr } from "../../i18n/t-record.ts";
import { summaryOf } from "../../lib/values.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { drawn } from "../../ui/drawn.ts";
import { saveShown, tellRefused, type CellPlace } from "./cell-save.ts";

export interface CellEditProps {
  collection: Collection;
  row: Row;
  field: Field;
  value?: unknown; // typed already
  error?: string; // why it was refused
  place: () => Element | null; // the cell, where it is drawn now
  of: CellPlace;
  // key: what has ended it, for who moves on from the cell.
  onClose: (key?: "Enter" | "Tab") => void;
}

// Where the cell is; where it was, as long as it is scrolled away (`onAway`).
const placeOver = (place: () => Element | null, box: HTMLElement, onAway: (isAway: boolean) => void): (() => void) => {
  let rect = place()?.getBoundingClientRect() ?? box.getBoundingClientRect();
  const grid = theGrid();
  const getBoundingClientRect = () => {
    const cell = place();
    if (cell) rect = cell.getBoundingClientRect();
    return rect;
  };
  const body = grid?.querySelector(".grid-body");
  return autoUpdate({ getBoundingClientRect, ...(body ? { contextElement: body } : {}) }, box, () => {
    const { top, bottom, width } = getBoundingClientRect();
    const seen = grid?.getBoundingClientRect();
    onAway(!place() || (seen !== undefined && (bottom <= seen.top || top >= seen.bottom)));
    box.style.minInlineSize = `${width}px`;
    void computePosition({ getBoundingClientRect }, box, { placement: "bottom-start", strategy: "fixed", middleware: [{ name: "over", fn: ({ y, rects }) => ({ y: y - rects.reference.height }) }, flip(), shift({ padding: 8, crossAxis: true })] }).then(({ x, y }) => {
      box.style.left = `${x}px`;
      box.style.top = `${y}px`;
    });
  });
};

// The grid has the focus again afterwards, at once: keys that follow are its own.
const useOver = (box: RefObject<HTMLDivElement | null>, place: () => Element | null, onAway: (isAway: boolean) => void): void => {
  useLayoutEffect(() => {
    const over = box.current;
    if (!over) return;
    over.showPopover();
    const stop = placeOver(place, over, onAway);
    over.querySelector<HTMLElement>("input, textarea, button, [tabindex]")?.focus();
    if (document.activeElement instanceof HTMLInputElement || document.activeElement instanceof HTMLTextAreaElement) document.activeElement.select();
    return () => {
      stop();
      const hadFocus = over.contains(document.activeElement); // where it is on its way elsewhere, nobody has it
      drawn(() => hadFocus && document.activeElement === document.body && theGrid()?.focus());
    };
  }, []);
};

export const CellEdit = ({ collection, row, field, value: typed, error: refused, place, of, onClose }: CellEditProps) => {
  const box = useRef<HTMLDivElement>(null);
  const [value, setValue] = useState(typed === undefined ? row[field.name] : typed);
  const [error, setError] = useState(refused ?? "");
  const [isAway, setAway] = useState(false);
  const { Input } = editingOf(field.type);

  useOver(box, place, setAway);

  const done = (key: "Enter" | "Tab" | undefined) => {
    const why = misread(value, field);
    if (why && key) return setError(why);
    onClose(key);
    if (why) return tellRefused(collection, row, field, value, why); // who is elsewhere already
    if (value !== row[field.name]) saveShown({ collection, row, field, value }, of);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    const isLine = event.key === "Enter" && !(event.shiftKey && event.target instanceof HTMLTextAreaElement);
    if (event.key === "Escape") onClose();
    else if (isLine && !(event.target instanceof HTMLButtonElement)) done("Enter");
    else if (event.key === "Tab" && !event.shiftKey) done("Tab");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const onFocusOut = ({ relatedTarget }: FocusEvent) => {
    if (relatedTarget !== null && !box.current?.contains(relatedTarget as Node)) done(undefined);
  };

  return (
    <div ref={box} class="cell-edit" popover="manual" role="group" aria-label={t.records.editAs(field.name)} onKeyDown={onKeyDown} onFocusOut={onFocusOut}>
      {isAway && <p class="cell-edit-of" dir="auto">{summaryOf(row)}</p>}
      {Input && <Input field={field} value={value} onChange={setValue} isNew={false} row={row} {...(error ? { error } : {})} />}
      <div class="cell-edit-acts" onMouseDown={(event) => event.preventDefault() /* not every browser gives a button the focus: it stays */}>
        <Button kind="quiet" onClick={() => onClose()}>{t.common.cancel}</Button>
        <Button kind="primary" onClick={() => done("Enter")}>{tr.record.save}</Button>
      </div>
    </div>
  );
};
