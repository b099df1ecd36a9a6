// Everything by the keyboard: the palette, the keys of a page, the list of collections.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "./flow.mjs";
import { root } from "./server.mjs";

const limit = limitOf(60_000);

describe("palette", limit, () => {
  const flow = useFlow();

  it("goes to a collection, shows keys, finds a record by its id", limit, async () => {
    const { page, check, close, signIn, allow } = await flow.browser.open(flow.server.url);
    await signIn(root);
    const user = await flow.server.call("POST", "collections/users/records", { email: "a@example.com", password: "1234567890", passwordConfirm: "1234567890" });
    await page.getByRole("heading", { name: "users" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Go to, or do" }).fill("superus");
    await check("palette");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "_superusers" }).waitFor();
    await page.keyboard.press("Shift+?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await check("keys");
    await page.keyboard.press("Escape");
    allow(404);
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Go to, or do" }).fill(user.id);
    await page.getByRole("option", { name: `Record ${user.id} in users` }).click();
    await page.waitForURL(new RegExp(`#/data/users\\?record=${user.id}`));
    assert.equal(await page.getByRole("dialog", { name: "Go to, or do" }).count(), 0);
    await close();
  });
});
