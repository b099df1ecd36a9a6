import { autoUpdate, computePosition, flip, offset, shift } from "@floating-ui/dom";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import type { Item } from "../../lib/filter/complete.ts";
import { Icon } from "../Icon/Icon.tsx";

// The line that explains faults, and the gap before it, stay in sight.
const said = 20; // its height, as in FilterBar.css, and the gaps

const placeBelow = (anchor: HTMLElement, floating: HTMLElement): (() => void) =>
  autoUpdate(anchor, floating, () => {
    void computePosition(anchor, floating, { placement: "bottom-start", strategy: "fixed", middleware: [offset(({ placement }) => (placement.startsWith("bottom") ? said : 2)), flip(), shift({ padding: 8 })] }).then(({ x, y }) => {
      floating.style.left = "0"; // x counts from there in each direction of writing
      floating.style.top = "0";
      floating.style.transform = `translate(${x}px, ${y}px)`;
    });
  });

const hintOf = ({ kind, label, hint }: Item): string => {
  if (kind === "relation" && hint) return t.filter.to(hint);
  if (kind === "back" && hint) return t.filter.from(hint);
  return hint ?? t.filter.signs[label] ?? t.filter.hints[label] ?? t.filter.hints[label.replace(/^[^:@]+(?=:)/, "")] ?? "";
};

export const keyOf = ({ kind, label, insert }: Item): string => `${kind} ${label} ${insert}`;
export const optionId = (list: string, n: number): string => `${list}-${n}`;

export interface SuggestionsProps {
  id: string;
  anchor: HTMLElement;
  items: readonly Item[];
  active: number; // -1: none
  onTake: (item: Item) => void;
}

// The focus stays in the input: it says which option is meant.
export const Suggestions = ({ id, anchor, items, active, onTake }: SuggestionsProps) => {
  const ref = useRef<HTMLUListElement>(null);
  useEffect(() => {
    const list = ref.current;
    if (!list) return;
    list.showPopover();
    return placeBelow(anchor, list);
  }, [anchor]);
  useEffect(() => {
    ref.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    <ul
      ref={ref}
      id={id}
      class="floating filter-options"
      popover="manual"
      role="listbox"
      aria-label={items[0]?.kind === "history" ? t.filter.history : t.filter.suggestions}
      onMouseDown={(event) => event.preventDefault()}
      onClick={(event) => {
        const option = (event.target as Element).closest<HTMLElement>("[data-n]");
        const item = items[Number(option?.dataset["n"])];
        if (item) onTake(item);
      }}
    >
      {items.map((item, n) => (
        <li key={keyOf(item)} id={optionId(id, n)} class={`filter-option${n === active ? " filter-active" : ""}`} role="option" aria-selected={n === active} data-n={n}>
          {item.kind === "history" && <Icon name="history" />}
          {item.kind === "record" ? <span class="filter-option-label filter-record" dir="auto">{item.label}</span> : <span class="filter-option-label" dir="ltr">{item.label}</span>}
          {item.kind === "record" ? <code class="filter-hint" dir="ltr">{item.hint}</code> : <span class="filter-hint">{hintOf(item)}</span>}
        </li>
      ))}
    </ul>
  );
};
