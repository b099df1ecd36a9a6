// The panel of a record that lies over another one: what is below can be seen, not used, until this
// one is left.

import type { ComponentChildren, RefObject } from "preact";
import { useId, useLayoutEffect } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import { tr } from "../../i18n/t-record.ts";
import { focusOpener, rememberOpener } from "../../ui/Dialog/back.ts";
import { drawerWidth, fitWidth } from "../../ui/Drawer/Drawer.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { mostLevels, type Open } from "./inner-level.ts";

const seenBelow = 24; // pixels of each panel, at its edge

export interface InnerFrameProps {
  panel: RefObject<HTMLDialogElement | null>;
  below: readonly Open[];
  title: ComponentChildren;
  footer?: ComponentChildren;
  onBack: () => void; // Esc too
  whyNotBack: string; // "": it can be left
  onKey: (event: KeyboardEvent) => void; // of this panel, not of what lies over it
  children: ComponentChildren;
}

export const InnerFrame = ({ panel, below, title, footer, onBack, whyNotBack, onKey, children }: InnerFrameProps) => {
  const id = useId();
  // At once: keys that follow are the panel's, and those after it of who had the focus before.
  useLayoutEffect(() => {
    const inside = panel.current;
    if (!inside) return;
    rememberOpener(inside);
    inside.showModal();
    inside.focus();
    // Closed first: as long as it is open, nothing below can have the focus.
    return () => {
      inside.close();
      focusOpener(inside);
    };
  }, []);
  return (
    <dialog
      ref={panel}
      class="inner"
      tabIndex={-1}
      aria-labelledby={id}
      style={{ inlineSize: `${fitWidth(drawerWidth.value, innerWidth) - seenBelow * below.length}px` }}
      onCancel={(event) => {
        if (event.target !== event.currentTarget) return;
        event.preventDefault();
        onBack();
      }}
      onClose={({ target, currentTarget }) => target === currentTarget && currentTarget.isConnected && currentTarget.showModal()}
      onKeyDown={(event) => {
        if ((event.target as Element).closest("dialog") === event.currentTarget) onKey(event);
      }}
    >
      <button type="button" class="inner-back" aria-disabled={whyNotBack !== "" || undefined} title={whyNotBack || undefined} onClick={onBack}>
        <Icon name="arrow-left" size={14} />
        <span class="inner-trail" dir="auto">{tr.relations.back(below.at(-1)?.title ?? "")}</span>
        <span>{t.fields.nOf(below.length + 1, mostLevels)}</span>
      </button>
      <header class="drawer-head"><h2 id={id} class="drawer-title"><span dir="auto">{title}</span></h2></header>
      <div class="drawer-body">{children}</div>
      {footer && <footer class="drawer-foot">{footer}</footer>}
    </dialog>
  );
};
