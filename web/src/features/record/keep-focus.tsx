// A button that goes with what it has done takes the focus with it.

import { useLayoutEffect, useRef } from "preact/hooks";

const control = 'input:not([type="hidden"]), textarea, select, [contenteditable="true"], [data-code], button, [tabindex]';

// Stands beside such buttons. When it goes, the focus that is lost goes to the field, else to the panel.
export const KeepFocus = () => {
  const mark = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const field = mark.current?.closest(".record-field");
    const panel = mark.current?.closest<HTMLElement>("dialog, .drawer");
    const mend = () => {
      if (document.activeElement !== document.body) return;
      const first = field?.isConnected ? field.querySelector<HTMLElement>(control) : null;
      first?.focus();
      if (document.activeElement === document.body && panel?.isConnected) panel.focus();
    };
    // A field first, where several go at once.
    return () => void requestAnimationFrame(() => (field ? mend() : requestAnimationFrame(mend)));
  }, []);
  return <span ref={mark} hidden />;
};
