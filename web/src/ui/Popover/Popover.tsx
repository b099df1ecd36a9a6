// A small panel beside what it is about. Nothing is covered that is pointed at: the pointer may go
// over to it, and Esc closes it, wherever the focus is.

import { autoUpdate, computePosition, flip, offset, shift } from "@floating-ui/dom";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

export interface PopoverProps {
  anchor: Element;
  label: string;
  takesFocus?: boolean; // opened by a key: its first link has the focus, and what is left closes
  onClose: (back: boolean) => void; // back: the focus is to go where it was
  onPoint?: (isOver: boolean) => void; // the pointer comes, or goes
  onKey?: (key: string) => boolean; // whether it is used up
  children: ComponentChildren;
}

// What is anchored to is gone when the rows move on: then there is nothing to stand beside.
const placeBeside = (anchor: Element, panel: HTMLElement, onLost: () => void): (() => void) =>
  autoUpdate(anchor, panel, () => {
    if (!anchor.isConnected) return onLost();
    void computePosition(anchor, panel, { placement: "bottom-start", strategy: "fixed", middleware: [offset(4), flip(), shift({ padding: 8 })] }).then(({ x, y }) => {
      panel.style.left = "0";
      panel.style.top = "0";
      panel.style.transform = `translate(${x}px, ${y}px)`;
    });
  });

export const Popover = ({ anchor, label, takesFocus, onClose, onPoint, onKey, children }: PopoverProps) => {
  const ref = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  // At once: keys that follow are the panel's.
  useLayoutEffect(() => {
    const panel = ref.current;
    if (!panel) return;
    if (!panel.matches(":popover-open")) panel.showPopover();
    if (takesFocus) panel.querySelector<HTMLElement>("a, button")?.focus();
    return placeBeside(anchor, panel, () => close.current(panel.contains(document.activeElement)));
  }, [anchor, takesFocus]);
  useLayoutEffect(() => {
    const stop = new AbortController();
    const onEscape = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.isComposing) return;
      event.preventDefault();
      event.stopPropagation();
      close.current(ref.current?.contains(document.activeElement) ?? false);
    };
    document.addEventListener("keydown", onEscape, { capture: true, signal: stop.signal });
    return () => stop.abort();
  }, []);
  return (
    <div
      ref={ref}
      class="floating popover"
      popover="manual"
      role="dialog"
      aria-label={label}
      onPointerEnter={() => onPoint?.(true)}
      onPointerLeave={() => onPoint?.(false)}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || !onKey?.(event.key)) return;
        event.preventDefault();
        event.stopPropagation();
      }}
      onFocusOut={({ relatedTarget }) => {
        if (takesFocus && relatedTarget !== null && !ref.current?.contains(relatedTarget as Node)) onClose(false);
      }}
    >
      {children}
    </div>
  );
};
