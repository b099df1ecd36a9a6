// The list of a combobox: the focus stays in the control, which names the active choice.

import { useEffect, useRef } from "preact/hooks";
import { formatNumber } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { Icon } from "../Icon/Icon.tsx";
import type { Option } from "./options.ts";
import { placeList } from "./place.ts";

export const mostShown = 200;

export interface ListboxProps {
  id: string;
  label: string;
  options: readonly Option[];
  active: number;
  isChosen: (value: string) => boolean;
  isMultiple?: boolean;
  anchor: HTMLElement;
  onPick: (option: Option) => void;
}

export const optionId = (id: string, n: number): string => `${id}-${n}`;

export const Listbox = ({ id, label, options, active, isChosen, isMultiple, anchor, onPick }: ListboxProps) => {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const list = ref.current;
    if (!list) return;
    list.showPopover();
    return placeList(anchor, list);
  }, [anchor]);
  useEffect(() => {
    ref.current?.querySelector(`[id="${CSS.escape(optionId(id, active))}"]`)?.scrollIntoView({ block: "nearest" });
  }, [active, id]);
  return (
    <div ref={ref} class="listbox" popover="manual" onMouseDown={(event) => event.preventDefault()}>
      <div
        id={id}
        class="listbox-options"
        role="listbox"
        aria-label={label}
        aria-multiselectable={isMultiple}
        onClick={(event) => {
          const at = (event.target as Element).closest<HTMLElement>("[data-n]")?.dataset["n"];
          const option = options[Number(at)];
          if (at !== undefined && option) onPick(option);
        }}
      >
        {options.slice(0, mostShown).map((option, n) => (
          <div key={option.value} id={optionId(id, n)} data-n={n} class={`option${n === active ? " option-active" : ""}`} role="option" aria-selected={isChosen(option.value)}>
            <span class="option-check">{isChosen(option.value) && <Icon name="check" />}</span>
            <span class="option-text"><span dir="auto">{option.label}</span></span>
            {option.hint && <span class="option-hint">{option.hint}</span>}
          </div>
        ))}
      </div>
      {options.length === 0 && <p class="option-note">{t.fields.noMatch}</p>}
      {options.length > mostShown && <p class="option-note">{t.fields.narrow(formatNumber(options.length - mostShown))}</p>}
    </div>
  );
};
