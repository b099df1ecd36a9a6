// JSON as a tree: arrows open, close and go on; one stop of Tab.

import { useRef, useState } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import { isObject, short } from "../../lib/values.ts";
import { Icon } from "../Icon/Icon.tsx";

const mostItems = 200; // of one level, until the rest is asked for
const openDepth = 1;

type Item = readonly [key: string, value: unknown];

const itemsOf = (value: unknown): readonly Item[] | null =>
  Array.isArray(value) ? value.map((one, n) => [String(n), one]) : isObject(value) && Object.getPrototypeOf(value) === Object.prototype ? Object.entries(value) : null;

interface NodeProps {
  name: string;
  value: unknown;
  level: number;
  isFirst?: boolean;
}

const step = (from: Element, by: number): void => {
  const all = [...(from.closest('[role="tree"]')?.querySelectorAll<HTMLElement>('[role="treeitem"]') ?? [])];
  all[all.indexOf(from as HTMLElement) + by]?.focus();
};

const Node = ({ name, value, level, isFirst }: NodeProps) => {
  const items = itemsOf(value);
  const [isOpen, open] = useState(level < openDepth);
  const [isAll, showAll] = useState(false);
  const shown = items && isOpen ? (isAll ? items : items.slice(0, mostItems)) : [];
  const ref = useRef<HTMLLIElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== ref.current) return;
    const isTurned = getComputedStyle(ref.current as Element).direction === "rtl";
    const [more, less] = isTurned ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
    const acts: Record<string, (() => void) | undefined> = {
      ArrowDown: () => step(ref.current as Element, 1),
      ArrowUp: () => step(ref.current as Element, -1),
      [more as string]: () => (items && !isOpen ? open(true) : step(ref.current as Element, 1)),
      [less as string]: () => (items && isOpen ? open(false) : (ref.current?.parentElement?.closest<HTMLElement>('[role="treeitem"]') ?? ref.current)?.focus()),
      Enter: () => items && open(!isOpen),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  return (
    <li ref={ref} role="treeitem" aria-level={level + 1} aria-expanded={items ? isOpen : undefined} tabIndex={isFirst ? 0 : -1} onKeyDown={onKeyDown}>
      <span class="json-line" onClick={() => items && open(!isOpen)}>
        {items ? <Icon name={isOpen ? "chevron-down" : "chevron-right"} size={14} /> : <span class="json-gap" />}
        <span class="json-key">{name}</span>
        {items ? <span class="json-count">{t.fields.jsonItems(items.length)}</span> : <span class={`json-value json-${typeof value}`} dir="auto">{short(value)}</span>}
      </span>
      {shown.length > 0 && (
        <ul role="group">
          {shown.map(([key, one]) => <Node key={key} name={key} value={one} level={level + 1} />)}
          {items && shown.length < items.length && <li role="none"><button type="button" class="link-button" onClick={() => showAll(true)}>{t.fields.jsonMore(items.length - shown.length)}</button></li>}
        </ul>
      )}
    </li>
  );
};

export const JsonTree = ({ value, label }: { value: unknown; label: string }) => (
  <ul class="json-tree" role="tree" aria-label={label} dir="ltr">
    <Node name={label} value={value} level={0} isFirst />
  </ul>
);
