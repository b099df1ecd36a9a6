// What flows do that use no pointer: everything is reached by Tab, and the focus is never lost.

import assert from "node:assert/strict";

const mostTabs = 60;
const readyMs = 15_000;

// Inside of an editor of code, too, which is in a shadow root.
const hasFocus = (locator) =>
  locator.evaluateAll((all) => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    return all.includes(active);
  });

const until = async (look, ms) => {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((done) => setTimeout(done, 50))) if (await look()) return true;
  return look();
};

const lastOf = (page) => page.evaluate(() => globalThis.lastFocus?.join("\n") ?? "what it was is not known");

// Each says what has come and gone before.
export const isFocused = async (locator) => assert.ok(await hasFocus(locator), `${locator} has not the focus:\n${await lastOf(locator.page())}`);
export const keepsFocus = async (page) => assert.ok(await page.evaluate(() => document.activeElement !== document.body), `the focus is lost:\n${await lastOf(page)}`);

// On by Tab, or back by Shift+Tab, to what is meant.
export const tabTo = async (page, locator, key = "Tab") => {
  await locator.first().waitFor();
  for (let n = 0; n < mostTabs; n++) {
    if (await hasFocus(locator)) return;
    await page.keyboard.press(key);
  }
  assert.fail(`${locator} is not reached by ${mostTabs} times ${key}`);
};

// The role of what has the focus in the same turn, before a frame is drawn: it has the next key, however
// soon that comes. key: without one it is clicked.
export const focusAfter = (locator, key = null) =>
  locator.evaluate(async (element, pressed) => {
    if (pressed === null) element.click();
    else element.dispatchEvent(new KeyboardEvent("keydown", { key: pressed, bubbles: true, cancelable: true }));
    for (let n = 0; n < 10; n++) await Promise.resolve();
    return document.activeElement.getAttribute("role") ?? document.activeElement.tagName.toLowerCase();
  }, key);

// Once it can be pressed.
export const press = async (page, locator, key = "Enter") => {
  await tabTo(page, locator);
  const isReady = await until(() => locator.first().evaluate((element) => element.getAttribute("aria-disabled") !== "true"), readyMs);
  assert.ok(isReady, `${locator} cannot be pressed`);
  await page.keyboard.press(key);
};
