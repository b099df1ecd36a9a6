// Where an address, or what was pressed, leads to.

const above = 16; // px

export const goTo = (selector: string): void => {
  requestAnimationFrame(() => {
    const found = document.querySelector<HTMLElement>(selector);
    const page = found?.closest(".def-page");
    if (found && page) page.scrollTop += found.getBoundingClientRect().top - page.getBoundingClientRect().top - above;
    found?.focus({ preventScroll: true });
  });
};
