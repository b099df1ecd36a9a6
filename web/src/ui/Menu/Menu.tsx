// A button that opens a list of acts: one stop of Tab, arrows inside, Esc gives the focus back.

import { autoUpdate, computePosition, flip, offset, shift, type Placement } from "@floating-ui/dom";
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button, type ButtonKind } from "../Button/Button.tsx";
import { Icon } from "../Icon/Icon.tsx";
import type { IconName } from "../Icon/names.ts";

export interface MenuItem {
  label: string;
  icon?: IconName;
  hint?: string; // a key, a count
  kind?: "danger";
  checked?: boolean; // one of a choice
  disabled?: string; // why not
  act: () => void;
}
export type MenuGroup = { title?: string; items: readonly MenuItem[] };

export interface MenuProps {
  label: string;
  icon?: IconName;
  kind?: ButtonKind;
  text?: ComponentChildren; // beside the icon
  title?: ComponentChildren; // above the groups
  groups: readonly MenuGroup[];
  placement?: Placement; // bottom-start
  class?: string;
}

const placeBeside = (anchor: HTMLElement, floating: HTMLElement, placement: Placement): (() => void) =>
  autoUpdate(anchor, floating, () => {
    void computePosition(anchor, floating, { placement, strategy: "fixed", middleware: [offset(4), flip(), shift({ padding: 8 })] }).then(({ x, y }) => {
      floating.style.left = "0";
      floating.style.top = "0";
      floating.style.transform = `translate(${x}px, ${y}px)`;
    });
  });

const itemsOf = (list: HTMLElement | null): HTMLElement[] => [...(list?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])];

const stepTo: Record<string, (at: number, n: number) => number> = {
  ArrowDown: (at, n) => (at + 1) % n,
  ArrowUp: (at, n) => (at - 1 + n) % n,
  Home: () => 0,
  End: (_, n) => n - 1,
};

const moveFocus = (event: KeyboardEvent, list: HTMLElement | null): void => {
  const items = itemsOf(list);
  const at = items.indexOf(document.activeElement as HTMLElement);
  const step = stepTo[event.key];
  const typed = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
  const after = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  const next = step ? items[step(at, items.length)] : typed ? after.find((item) => item.textContent?.toLowerCase().startsWith(event.key.toLowerCase())) : undefined;
  if (!next) return;
  event.preventDefault();
  next.focus();
};

const Item = ({ item, onDone }: { item: MenuItem; onDone: () => void }) => (
  <button
    type="button"
    class={`menu-item${item.kind === "danger" ? " menu-danger" : ""}`}
    role={item.checked === undefined ? "menuitem" : "menuitemradio"}
    aria-checked={item.checked}
    aria-disabled={item.disabled ? true : undefined}
    title={item.disabled}
    tabIndex={-1}
    onClick={() => {
      if (item.disabled) return;
      onDone();
      item.act();
    }}
  >
    {item.checked === undefined ? item.icon && <Icon name={item.icon} /> : <span class="menu-check">{item.checked && <Icon name="check" />}</span>}
    <span class="menu-text">{item.label}</span>
    {item.hint && <span class="menu-hint">{item.hint}</span>}
  </button>
);

const List = ({ id, label, title, groups, anchor, placement, onClose }: MenuProps & { id: string; anchor: HTMLElement; onClose: (back: boolean) => void }) => {
  const ref = useRef<HTMLDivElement>(null);
  // At once: keys that follow are the list's.
  useLayoutEffect(() => {
    const list = ref.current;
    if (!list) return;
    list.showPopover();
    const stop = placeBeside(anchor, list, placement ?? "bottom-start");
    itemsOf(list)[0]?.focus();
    return stop;
  }, []);
  return (
    <div
      ref={ref}
      id={id}
      class="floating menu"
      popover="manual"
      role="menu"
      aria-label={label}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.stopPropagation();
          event.preventDefault();
          onClose(true);
        } else if (event.key === "Tab") onClose(true);
        else moveFocus(event, ref.current);
      }}
      onFocusOut={(event) => {
        const to = event.relatedTarget as Node | null;
        if (!ref.current?.contains(to) && !anchor.contains(to)) onClose(false);
      }}
    >
      {title && <div class="menu-title" role="presentation">{title}</div>}
      {groups.map((group, n) => group.items.length > 0 && (
        <div class="menu-group" role="group" key={n} aria-label={group.title}>
          {group.title && <p class="menu-title" role="presentation">{group.title}</p>}
          {group.items.map((item) => <Item key={item.label} item={item} onDone={() => onClose(true)} />)}
        </div>
      ))}
    </div>
  );
};

export const Menu = (props: MenuProps) => {
  const { label, icon, kind = "quiet", text } = props;
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const close = (back: boolean) => {
    setOpen(false);
    if (back) button.current?.focus();
  };
  return (
    <span class={`menu-place ${props.class ?? ""}`}>
      <Button
        buttonRef={button}
        kind={kind}
        {...(icon ? { icon } : {})}
        {...(text ? {} : { label })}
        title={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown" || isOpen) return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {text}
      </Button>
      {isOpen && button.current && <List {...props} id={id} anchor={button.current} onClose={close} />}
    </span>
  );
};
