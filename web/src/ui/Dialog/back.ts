// Where the focus goes when a dialog closes: to what had it before.

// Of each dialog that is open.
const openers = new WeakMap<Element, Element | null>();

export const rememberOpener = (dialog: Element): void => void openers.set(dialog, document.activeElement);

// The dialog below may go together with the one over it, and be gone by then, with what had the focus.
export const focusOpener = (dialog: Element): void => {
  let at = openers.get(dialog) ?? null;
  for (let around = at?.closest("dialog"); around && !around.open; around = at?.closest("dialog")) at = openers.get(around) ?? null;
  if (at instanceof HTMLElement && at.isConnected) at.focus();
};
