// One of some choices: a button that is a combobox. Arrows, Home, End and letters choose. For more
// choices than one looks through, MultiSelect finds one by its words.

import { useId, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import { Icon } from "../Icon/Icon.tsx";
import type { FieldAttributes } from "../Field/Field.tsx";
import { Listbox, mostShown, optionId } from "./Listbox.tsx";
import { stepTo, typedAhead, type Option } from "./options.ts";

export interface SelectProps {
  attributes?: Partial<FieldAttributes>; // of the field around it
  label: string;
  value: string;
  options: readonly Option[];
  onChange: (value: string) => void;
  onBlur?: () => void;
  placeholder?: string;
}

const typingMs = 700; // letters that come closer together are one word

// Letters are put together to a word until there is a pause.
const useTyped = () => {
  const typed = useRef({ text: "", at: 0 });
  return (letter: string, now: number): string => {
    const text = now - typed.current.at > typingMs ? letter : typed.current.text + letter;
    typed.current = { text, at: now };
    return text;
  };
};

const isLetter = (event: KeyboardEvent): boolean => event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;

export const Select = ({ attributes, label, value, options: all, onChange, onBlur, placeholder = t.fields.choose }: SelectProps) => {
  const options = all.length > mostShown ? all.slice(0, mostShown) : all;
  const button = useRef<HTMLButtonElement>(null);
  const [active, setActive] = useState<number | null>(null); // null: closed
  const type = useTyped();
  const id = useId();
  const at = options.findIndex((option) => option.value === value);
  const isOpen = active !== null;
  const pick = (option: Option | undefined) => {
    setActive(null);
    if (option && option.value !== value) onChange(option.value);
  };
  const open = () => setActive(Math.max(at, 0));

  const keys: Record<string, (() => void) | undefined> = isOpen
    ? { Enter: () => pick(options[active]), " ": () => pick(options[active]), Escape: () => setActive(null) }
    : { Enter: open, " ": open, ArrowDown: open, ArrowUp: open };

  const onKeyDown = (event: KeyboardEvent) => {
    const step = isOpen ? stepTo[event.key] : undefined;
    const act = keys[event.key];
    const to = isLetter(event) ? typedAhead(options, type(event.key, event.timeStamp), active ?? at) : -1;
    if (act) act();
    else if (step) setActive(step(active ?? at, options.length));
    else if (to >= 0) isOpen ? setActive(to) : pick(options[to]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <>
      <button
        {...attributes}
        ref={button}
        type="button"
        class="input select"
        role="combobox"
        aria-label={attributes?.id ? undefined : label}
        aria-haspopup="listbox"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        aria-activedescendant={isOpen ? optionId(id, active) : undefined}
        onClick={() => (isOpen ? setActive(null) : open())}
        onKeyDown={onKeyDown}
        onBlur={() => {
          setActive(null);
          onBlur?.();
        }}
      >
        <span class={`select-text${value === "" ? " select-none" : ""}`}><span dir="auto">{options[at]?.label || value || placeholder}</span></span>
        <Icon name="chevrons-up-down" size={14} />
      </button>
      {isOpen && button.current && <Listbox id={id} label={label} options={options} active={active} isChosen={(one) => one === value} anchor={button.current} onPick={pick} />}
    </>
  );
};
