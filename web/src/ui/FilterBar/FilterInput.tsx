// The input of a filter, with what may be taken at its cursor: the combobox of WAI-ARIA's patterns.

import type { RefObject } from "preact";
import { useMemo, useState } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import { accept, complete, type Completion, type Item } from "../../lib/filter/complete.ts";
import type { Scope } from "../../lib/filter/fields.ts";
import { oneLine } from "../../lib/filter/understand.ts";
import { keyOf, optionId } from "./Suggestions.tsx";
import { useRecords, type AskRecords } from "./records.ts";

const mostHistory = 15;

const fromHistory = (history: readonly string[]): Completion => ({
  from: 0,
  to: 0,
  items: [...new Set(history)].filter(Boolean).slice(0, mostHistory).map((text) => ({ label: text, insert: oneLine(text), kind: "history" })),
});

export interface Typed {
  text: string;
  cursor: number;
}

const nothing: Completion = { from: 0, to: 0, items: [] };

// As if it were typed, so that it can be undone: only what differs is replaced. (There is no other
// way yet to write into an input and keep what undoes.)
export const writeInto = (input: HTMLInputElement, { text }: Typed): void => {
  const before = input.value;
  const most = Math.min(before.length, text.length);
  let begin = 0;
  while (begin < most && before[begin] === text[begin]) begin++;
  let same = 0;
  while (same < most - begin && before[before.length - 1 - same] === text[text.length - 1 - same]) same++;
  const added = text.slice(begin, text.length - same);
  input.focus();
  input.setSelectionRange(begin, before.length - same);
  document.execCommand(added ? "insertText" : "delete", false, added);
};

// Behind the other values, before the beginnings of something longer.
const withRecords = ({ items }: Completion, records: readonly Item[]): readonly Item[] =>
  records.length === 0 ? items : [...items.filter(({ kind }) => kind === "value"), ...records, ...items.filter(({ kind }) => kind !== "value")];

// What may be taken at the cursor, and which of it the arrows have reached.
export const useSuggestions = (typed: Typed, scope: Scope, history: readonly string[], onTake: (typed: Typed) => void, ask?: AskRecords) => {
  const [isWanted, want] = useState(false);
  const [reached, reach] = useState<{ of: Completion; key: string }>({ of: nothing, key: "" });
  const completion = useMemo(
    () => (!isWanted ? nothing : typed.text === "" && history.length > 0 ? fromHistory(history) : complete(typed.text, typed.cursor, scope)),
    [isWanted, typed.text, typed.cursor, scope, history],
  );
  const records = useRecords(completion.records, ask);
  const items = useMemo(() => withRecords(completion, records), [completion, records]);
  const active = reached.of === completion ? items.findIndex((item) => keyOf(item) === reached.key) : -1;
  const move = (by: 1 | -1) => {
    if (!isWanted) want(true);
    else if (items.length > 0) reach({ of: completion, key: keyOf(items.at(active < 0 && by < 0 ? -1 : (active + by) % items.length) as Item) });
  };
  const take = (item: Item) => onTake(accept(typed.text, completion, item));
  return { isOpen: items.length > 0, items, active, want, move, take };
};

export interface FilterInputProps {
  id: string;
  input: RefObject<HTMLInputElement | null>;
  typed: Typed;
  choices: ReturnType<typeof useSuggestions>;
  isWrong: boolean;
  hasHistory: boolean;
  onLeave: () => void;
  type: (next: Typed) => void; // the input has it already
  write: (next: Typed) => void;
  apply: () => void;
  setScroll: (scroll: number) => void;
}

// Each says whether the key is used up.
const keysOf = ({ typed, choices: { isOpen, items, active, want, move, take }, write, apply }: Pick<FilterInputProps, "typed" | "choices" | "write" | "apply">): Record<string, () => boolean> => {
  const chosen = items[active];
  return {
    ArrowDown: () => (move(1), true),
    ArrowUp: () => (move(-1), true),
    Enter: () => (chosen ? take(chosen) : apply(), true),
    Tab: () => (chosen ? (take(chosen), true) : false),
    Escape: () => {
      if (!isOpen && typed.text === "") return false;
      if (!isOpen) write({ text: "", cursor: 0 });
      want(false);
      return true;
    },
  };
};

export const FilterInput = ({ id, input, typed, choices, isWrong, hasHistory, onLeave, type, write, apply, setScroll }: FilterInputProps) => {
  const { isOpen, items, active, want } = choices;
  const chosen = items[active];
  const read = ({ currentTarget }: { currentTarget: HTMLInputElement }): Typed => ({ text: currentTarget.value, cursor: currentTarget.selectionStart ?? currentTarget.value.length });
  const follow = (event: { currentTarget: HTMLInputElement }) => {
    const next = read(event);
    if (next.cursor !== typed.cursor && next.text === typed.text) type(next);
  };
  const keys = keysOf({ typed, choices, write, apply });
  return (
    <input
      ref={input}
      class="filter-input"
      data-t="filter"
      type="text"
      name="filter"
      role="combobox"
      aria-label={t.filter.label}
      aria-autocomplete="list"
      aria-expanded={isOpen}
      aria-controls={isOpen ? `${id}-list` : undefined}
      aria-activedescendant={chosen ? optionId(`${id}-list`, active) : undefined}
      aria-describedby={`${id}-said`}
      aria-invalid={isWrong || undefined}
      placeholder={t.filter.placeholder}
      autocomplete="off"
      autocapitalize="off"
      spellcheck={false}
      value={typed.text}
      onInput={(event) => {
        type(read(event));
        want(true);
      }}
      onFocus={() => typed.text === "" && hasHistory && want(true)}
      onClick={follow}
      onKeyUp={follow}
      onBlur={() => {
        want(false);
        onLeave();
      }}
      onScroll={({ currentTarget }) => setScroll(currentTarget.scrollLeft)}
      onKeyDown={(event) => {
        const isOther = event.isComposing || event.ctrlKey || event.metaKey || event.shiftKey || (event.altKey && event.key !== "ArrowDown");
        if (isOther || !keys[event.key]?.()) return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
};
