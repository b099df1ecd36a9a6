// A panel at the end side, beside what it was opened from, which can still be used: nothing is
// covered, nothing blocked. On a small screen it is the page.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import { keptValue } from "../../state/prefs.ts";
import { Button } from "../Button/Button.tsx";
import { drawn } from "../drawn.ts";

export interface DrawerProps {
  title: ComponentChildren;
  acts?: ComponentChildren; // in the header, before the button that closes
  footer?: ComponentChildren;
  onClose: () => void; // Esc too; who asks before it closes does so there
  children: ComponentChildren;
}

// 0: as wide as the design has it.
export const drawerWidth = keptValue("drawer", 0);

const least = 320;
const step = 16;
const usual = (page: number): number => Math.min(720, page * 0.6);
const most = (page: number): number => Math.max(least, page - 160);

export const fitWidth = (width: number, page: number): number => Math.round(Math.max(least, Math.min(width || usual(page), most(page))));

const usePageWidth = (): number => {
  const [width, setWidth] = useState(innerWidth);
  useEffect(() => {
    const read = () => setWidth(innerWidth);
    addEventListener("resize", read);
    return () => removeEventListener("resize", read);
  }, []);
  return width;
};

// The edge: drags, and moves by arrows; the arrow towards the page makes the panel wider.
const Edge = ({ width, page, set }: { width: number; page: number; set: (width: number) => void }) => {
  const isTurned = (event: Event) => getComputedStyle(event.currentTarget as Element).direction === "rtl";
  const onPointerMove = (event: PointerEvent) => {
    const edge = event.currentTarget as HTMLElement;
    if (edge.hasPointerCapture(event.pointerId)) set(fitWidth(isTurned(event) ? event.clientX : page - event.clientX, page));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const wider = isTurned(event) ? "ArrowRight" : "ArrowLeft";
    const narrower = isTurned(event) ? "ArrowLeft" : "ArrowRight";
    const to = { [wider]: width + step, [narrower]: width - step, Home: least, End: most(page) }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    set(fitWidth(to, page));
  };
  return (
    <div
      class="drawer-edge"
      role="separator"
      aria-orientation="vertical"
      aria-label={t.fields.drawerSize}
      aria-valuenow={width}
      aria-valuemin={least}
      aria-valuemax={most(page)}
      aria-valuetext={t.fields.drawerWidth(width)}
      tabIndex={0}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={onPointerMove}
      onDblClick={() => set(0)}
      onKeyDown={onKeyDown}
    />
  );
};

let opener: Element | null = null; // of the one that goes

export const Drawer = ({ title, acts, footer, onClose, children }: DrawerProps) => {
  const panel = useRef<HTMLDivElement>(null);
  const page = usePageWidth();
  const width = fitWidth(drawerWidth.value, page);
  const id = useId();
  // At once: keys that follow are the panel's, and those after it of who had the focus before.
  useLayoutEffect(() => {
    const before = document.activeElement === document.body ? (opener ?? document.body) : document.activeElement;
    const inside = panel.current;
    if (!inside?.contains(before)) inside?.focus();
    // Another one may take its place in this turn. Once it is gone, with a dialog that may have been over it, which keeps the focus from all else.
    return () => {
      opener = before;
      drawn(() => {
        opener = null;
        // Only where the focus is lost: it may have gone on to somewhere else.
        if (document.activeElement !== document.body && document.activeElement !== null) return;
        if (before instanceof HTMLElement && before.isConnected && before !== document.body) before.focus();
        else document.getElementById("content")?.focus();
      });
    };
  }, []);
  return (
    <div
      ref={panel}
      class="drawer"
      role="dialog"
      aria-labelledby={id}
      tabIndex={-1}
      style={{ inlineSize: `${width}px` }}
      onKeyDown={(event) => {
        // What is open inside closes first.
        const isInner = event.isComposing || (event.target as Element).closest("dialog") !== null;
        if (event.key !== "Escape" || event.defaultPrevented || isInner) return;
        event.preventDefault();
        onClose();
      }}
    >
      <Edge width={width} page={page} set={(to) => (drawerWidth.value = to)} />
      <header class="drawer-head">
        <h2 id={id} class="drawer-title"><span dir="auto">{title}</span></h2>
        {acts}
        <Button kind="quiet" icon="x" label={t.fields.closePanel} onClick={onClose} />
      </header>
      <div class="drawer-body">{children}</div>
      {footer && <footer class="drawer-foot">{footer}</footer>}
    </div>
  );
};
