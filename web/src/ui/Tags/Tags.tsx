// Items in an order, as chips: one stop of Tab; arrows go between them, Alt with arrows moves one,
// Delete removes it. A pointer drags.

import { useId, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import { drawn } from "../drawn.ts";
import { Icon } from "../Icon/Icon.tsx";
import { moved } from "../Select/options.ts";
import type { FieldAttributes } from "../Field/Field.tsx";

export interface ChipItem {
  value: string;
  label: string;
  isGone?: boolean;
}

const mostShown = 100;

export interface ChipsProps {
  label: string;
  items: readonly ChipItem[];
  onChange: (items: ChipItem[]) => void;
}

const aside: Record<string, number | undefined> = { ArrowUp: -1, ArrowDown: 1 };

// Back and forth as they are read: the other way round where texts run from the right.
const stepOf = (event: KeyboardEvent): number => {
  const isTurned = getComputedStyle(event.currentTarget as Element).direction === "rtl";
  const ahead = isTurned ? -1 : 1;
  return aside[event.key] ?? (event.key === "ArrowRight" ? ahead : event.key === "ArrowLeft" ? -ahead : 0);
};

interface ChipProps {
  item: ChipItem;
  isStop: boolean;
  hint: string;
  onFocus: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
  onRemove: () => void;
  onDrag: (isOn: boolean) => void;
  isTarget: () => boolean;
  onDrop: () => void;
}

const Chip = ({ item, isStop, hint, onFocus, onKeyDown, onRemove, onDrag, isTarget, onDrop }: ChipProps) => (
  <li
    class={`chip${item.isGone ? " chip-gone" : ""}`}
    draggable
    onDragStart={(event) => {
      event.dataTransfer?.setData("text/plain", item.label);
      onDrag(true);
    }}
    onDragEnd={() => onDrag(false)}
    onDragOver={(event) => isTarget() && event.preventDefault()}
    onDrop={(event) => {
      event.preventDefault();
      onDrop();
    }}
  >
    <button type="button" class="chip-text" tabIndex={isStop ? 0 : -1} aria-describedby={hint} title={item.label} onFocus={onFocus} onKeyDown={onKeyDown}>
      <span dir="auto">{item.label}</span>
    </button>
    <button type="button" class="chip-remove" tabIndex={-1} aria-label={t.fields.removeItem(item.label)} title={t.fields.removeItem(item.label)} onClick={onRemove}>
      <Icon name="x" size={14} />
    </button>
  </li>
);

export const Chips = ({ label, items, onChange }: ChipsProps) => {
  const list = useRef<HTMLUListElement>(null);
  const [at, setAt] = useState(0);
  const [said, say] = useState("");
  const dragged = useRef<number | null>(null);
  const hint = useId();
  const stop = Math.min(at, items.length - 1, mostShown - 1);

  const focus = (n: number) => {
    setAt(n);
    drawn(() => list.current?.querySelectorAll<HTMLElement>(".chip-text")[n]?.focus());
  };
  const remove = (n: number) => {
    onChange(items.filter((_, m) => m !== n));
    say(t.fields.removed(items[n]?.label ?? ""));
    if (items.length > 1) focus(Math.min(n, items.length - 2));
    else list.current?.parentElement?.querySelector("input")?.focus();
  };
  const move = (from: number, to: number) => {
    if (to < 0 || to >= items.length || from === to) return;
    onChange(moved(items, from, to));
    say(t.fields.itemAt(items[from]?.label ?? "", to + 1, items.length));
  };
  const onKeyDown = (event: KeyboardEvent, n: number) => {
    const step = stepOf(event);
    const to = event.key === "Home" ? 0 : event.key === "End" ? Math.min(items.length, mostShown) - 1 : n + step;
    if (event.key === "Delete" || event.key === "Backspace") remove(n);
    else if (to === n) return;
    else if (to >= 0 && to < Math.min(items.length, mostShown)) {
      if (event.altKey) move(n, to);
      focus(to);
    }
    event.preventDefault();
  };

  return (
    <>
      <ul ref={list} class="chips" role="list" aria-label={label} hidden={items.length === 0}>
        {items.slice(0, mostShown).map((item, n) => (
          <Chip
            key={item.value}
            item={item}
            isStop={n === stop}
            hint={hint}
            onFocus={() => setAt(n)}
            onKeyDown={(event) => onKeyDown(event, n)}
            onRemove={() => remove(n)}
            onDrag={(isOn) => (dragged.current = isOn ? n : null)}
            isTarget={() => dragged.current !== null}
            onDrop={() => dragged.current !== null && move(dragged.current, n)}
          />
        ))}
        {items.length > mostShown && <li class="chip-text">{t.fields.moreItems(items.length - mostShown)}</li>}
      </ul>
      <span id={hint} hidden>{t.fields.chipKeys}</span>
      <span class="aside" role="status">{said}</span>
    </>
  );
};

export interface TagInputProps {
  attributes?: Partial<FieldAttributes>;
  label: string;
  value: readonly string[];
  onChange: (value: string[]) => void;
  placeholder?: string;
}

// Any words: Enter or a comma ends one; what is pasted with line breaks or commas is several.
export const TagInput = ({ attributes, label, value, onChange, placeholder }: TagInputProps) => {
  const [text, setText] = useState("");
  const add = (typed: string): void => {
    const words = typed.split(/[,\n]/).map((word) => word.trim()).filter(Boolean);
    if (words.length > 0) onChange([...new Set([...value, ...words])]);
    setText("");
  };
  return (
    <div class="input multi">
      <Chips label={label} items={value.map((word) => ({ value: word, label: word }))} onChange={(items) => onChange(items.map((item) => item.value))} />
      <input
        {...attributes}
        class="multi-input"
        aria-label={attributes?.id ? undefined : label}
        autocomplete="off"
        spellcheck={false}
        placeholder={value.length === 0 ? placeholder : ""}
        value={text}
        onInput={(event) => (event.currentTarget.value.includes(",") ? add(event.currentTarget.value) : setText(event.currentTarget.value))}
        onPaste={(event) => {
          const pasted = event.clipboardData?.getData("text/plain") ?? "";
          if (!/[,\n]/.test(pasted)) return;
          event.preventDefault();
          add(text + pasted);
        }}
        onKeyDown={(event) => {
          if (event.isComposing) return;
          if (event.key === "Enter" && text.trim() !== "") {
            event.preventDefault();
            add(text);
          } else if (event.key === "Backspace" && text === "" && value.length > 0) onChange(value.slice(0, -1));
        }}
        onBlur={() => add(text)}
      />
    </div>
  );
};
