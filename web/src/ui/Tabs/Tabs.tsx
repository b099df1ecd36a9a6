// One of several panels: one stop of Tab, arrows choose.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export interface Tab<T extends string> {
  id: T;
  label: string;
  badge?: string; // a count, a mark
}

export interface TabsProps<T extends string> {
  label: string;
  tabs: readonly Tab<T>[];
  current: T;
  onSelect: (id: T) => void;
  children: ComponentChildren; // the panel of the current one
}

const stepTo: Record<string, ((at: number, n: number) => number) | undefined> = {
  ArrowRight: (at, n) => (at + 1) % n,
  ArrowLeft: (at, n) => (at - 1 + n) % n,
  Home: () => 0,
  End: (_, n) => n - 1,
};

const mirrored: Record<string, string> = { ArrowRight: "ArrowLeft", ArrowLeft: "ArrowRight" };

export const Tabs = <T extends string>({ label, tabs, current, onSelect, children }: TabsProps<T>) => {
  const id = useId();
  const onKeyDown = (event: KeyboardEvent) => {
    const list = event.currentTarget as HTMLElement;
    const isTurned = getComputedStyle(list).direction === "rtl";
    const step = stepTo[isTurned ? (mirrored[event.key] ?? event.key) : event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const to = step(tabs.findIndex((tab) => tab.id === current), tabs.length);
    const next = tabs[to];
    if (!next) return;
    onSelect(next.id);
    list.querySelectorAll<HTMLElement>('[role="tab"]')[to]?.focus();
  };
  return (
    <div class="tabs">
      <div class="tabs-list" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            id={`${id}-${tab.id}`}
            type="button"
            class="tab"
            role="tab"
            aria-selected={tab.id === current}
            aria-controls={tab.id === current ? `${id}-panel` : undefined}
            tabIndex={tab.id === current ? 0 : -1}
            onClick={() => onSelect(tab.id)}
          >
            <span class="tab-text" data-label={tab.label}>{tab.label}</span>
            {tab.badge && <span class="tab-badge">{tab.badge}</span>}
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} class="tabs-panel" role="tabpanel" aria-labelledby={`${id}-${current}`}>{children}</div>
    </div>
  );
};
