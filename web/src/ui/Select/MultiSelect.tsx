// Several of some choices, in an order: chips, and an input that finds choices by their words. One
// of many, too, where there are too many to look through.

import { useId, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import type { FieldAttributes } from "../Field/Field.tsx";
import { Chips } from "../Tags/Tags.tsx";
import { Listbox, mostShown, optionId } from "./Listbox.tsx";
import { matching, stepTo, type Option } from "./options.ts";

export interface MultiSelectProps {
  attributes?: Partial<FieldAttributes>;
  label: string;
  value: readonly string[];
  options: readonly Option[];
  isSingle?: boolean; // the one that is picked replaces the one that was there
  onChange: (value: string[]) => void;
  onBlur?: () => void;
}

// Home and End are of the text that is typed.
const { Home: _home, End: _end, ...steps } = stepTo;

// What is typed, the choices that have it, and which of them is active: null where the list is closed.
const useFound = (options: readonly Option[]) => {
  const [text, setText] = useState("");
  const [active, setActive] = useState<number | null>(null);
  const found = matching(options, text);
  const last = Math.min(found.length, mostShown) - 1;
  const at = active === null ? null : Math.max(0, Math.min(active, last));
  const find = (typed: string) => {
    setText(typed);
    setActive(0);
  };
  return { text, setText, find, found, last, at, setActive };
};

export const MultiSelect = ({ attributes, label, value, options, isSingle = false, onChange, onBlur }: MultiSelectProps) => {
  const box = useRef<HTMLDivElement>(null);
  const { text, setText, find, found, last, at, setActive } = useFound(options);
  const id = useId();
  const names = new Map(options.map((option) => [option.value, option.label]));
  const leave = () => {
    setActive(null);
    onBlur?.();
  };
  const pick = (option: Option | undefined) => {
    if (!option) return;
    const rest = value.filter((one) => one !== option.value);
    onChange(isSingle ? [option.value] : rest.length < value.length ? rest : [...value, option.value]);
    setText("");
    if (isSingle) setActive(null);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.altKey ? undefined : steps[event.key];
    if (event.isComposing) return;
    if (step) setActive(at === null ? 0 : step(at, last + 1));
    else if (event.key === "Enter" && at !== null) pick(found[at]);
    else if (event.key === "Escape" && at !== null) setActive(null);
    else if (event.key === "Backspace" && text === "" && value.length > 0) return onChange(value.slice(0, -1));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div ref={box} class="input multi" onClick={(event) => event.target === event.currentTarget && box.current?.querySelector("input")?.focus()}>
      <Chips label={label} items={value.map((one) => ({ value: one, label: names.get(one) ?? one }))} onChange={(items) => onChange(items.map((item) => item.value))} />
      <input
        {...attributes}
        class="multi-input"
        role="combobox"
        aria-label={attributes?.id ? undefined : label}
        aria-autocomplete="list"
        aria-haspopup="listbox"
        aria-expanded={at !== null}
        aria-controls={at !== null ? id : undefined}
        aria-activedescendant={at !== null && last >= 0 ? optionId(id, at) : undefined}
        autocomplete="off"
        spellcheck={false}
        placeholder={value.length === 0 ? t.fields.choose : ""}
        value={text}
        onInput={(event) => find(event.currentTarget.value)}
        onClick={() => setActive(at ?? 0)}
        onKeyDown={onKeyDown}
        onBlur={leave}
      />
      {at !== null && box.current && <Listbox id={id} label={label} options={found} active={at} isChosen={(one) => value.includes(one)} isMultiple={!isSingle} anchor={box.current} onPick={pick} />}
    </div>
  );
};
