// A question that blocks. The browser's own <dialog>: it keeps the focus, and gives it back.

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { focusOpener, rememberOpener } from "./back.ts";

export interface DialogProps {
  title: string;
  onClose?: () => void; // Esc; without it the dialog stays
  children: ComponentChildren;
  acts?: ComponentChildren; // the first of them does the least harm
  class?: string;
}

export const Dialog = ({ title, onClose, children, acts, class: more }: DialogProps) => {
  const ref = useRef<HTMLDialogElement>(null);
  const focused = useRef<HTMLElement | null>(null); // the last one within
  const id = useId();
  // At once: keys that follow are the dialog's.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (!dialog) return;
    rememberOpener(dialog);
    dialog.showModal();
    // As long as it is open nothing else takes the focus.
    return () => {
      dialog.close();
      focusOpener(dialog);
    };
  }, []);
  // A browser closes it all the same when Esc is pressed often enough.
  const reopen = () => {
    const last = focused.current;
    if (!ref.current?.isConnected) return;
    ref.current.showModal();
    last?.focus();
  };
  return (
    <dialog
      ref={ref}
      class={`dialog ${more ?? ""}`}
      aria-labelledby={id}
      onClick={(event) => event.target === ref.current && onClose?.()}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onClose={reopen}
      onFocusIn={(event) => { focused.current = event.target as HTMLElement; }}
    >
      <h2 id={id}>{title}</h2>
      <div class="dialog-body">{children}</div>
      {acts && <div class="dialog-acts">{acts}</div>}
    </dialog>
  );
};
