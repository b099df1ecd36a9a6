// Where the focus goes when what had it is gone, or something has to be looked at.

const later = (act: () => void): void => {
  requestAnimationFrame(() => requestAnimationFrame(act));
};

const find = (selector: string): HTMLElement | null => document.querySelector<HTMLElement>(selector);

// The first of what is wrong; what is on another part of the definition is said above.
export const focusWrong = (): void =>
  later(() => {
    const within = ":is(.def, .drawer)";
    const found = find(`${within} :is([aria-invalid="true"], .code[data-wrong])`) ?? find(`${within} .notice-danger`);
    if (found?.classList.contains("notice")) found.tabIndex = -1;
    found?.focus();
    found?.scrollIntoView({ block: "nearest" });
  });

// What stands for a thing in a list: its first control.
export const focusRow = (key: string): void =>
  later(() => {
    if (document.activeElement === document.body || document.activeElement?.closest(".def-bar")) find(`[data-row="${CSS.escape(key)}"] :is(button, input)`)?.focus();
  });

export const focusName = (key: string, isAll: boolean): void =>
  later(() => {
    const input = find(`[data-row="${CSS.escape(key)}"] .def-field-name`);
    input?.focus();
    if (isAll && input instanceof HTMLInputElement) input.select();
  });
