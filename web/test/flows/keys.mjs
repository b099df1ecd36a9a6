// What flows do that use no pointer: everything is reached by Tab, and the focus is never lost.

import assert from "node:assert/strict";

const mostTabs = 60;

// Inside of an editor of code, too, which is in a shadow root.
export const hasFocus = (locator) =>
  locator.evaluateAll((all) => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    return all.includes(active);
  });
export const isLost = (page) => page.evaluate(() => document.activeElement === document.body);

// On by Tab, or back by Shift+Tab, to what is meant.
export const tabTo = async (page, locator, key = "Tab") => {
  await locator.first().waitFor();
  for (let n = 0; n < mostTabs; n++) {
    if (await hasFocus(locator)) return;
    await page.keyboard.press(key);
  }
  assert.fail(`${locator} is not reached by ${mostTabs} times ${key}`);
};

export const press = async (page, locator, key = "Enter") => {
  await tabTo(page, locator);
  await page.keyboard.press(key);
};
