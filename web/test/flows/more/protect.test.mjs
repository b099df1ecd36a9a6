// An instance whose controls are hidden is looked at, until somebody unlocks it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";

const limit = limitOf(60_000);

describe("protected", limitOf(200_000), () => {
  const flow = useFlow({
    prepare: async ({ call }) => {
      await call("POST", "collections", { name: "posts", type: "base", fields: [{ name: "title", type: "text" }] });
      for (let n = 0; n < 3; n++) await call("POST", "collections/posts/records", { title: `Post ${n}` });
      await call("POST", "collections/users/records", { email: "a@example.com", password: "1234567890", passwordConfirm: "1234567890" });
      await call("PATCH", "settings", { meta: { hideControls: true } });
    },
  });
  const locked = "Protected: unlock for 10 minutes";

  it("changes nothing before it is unlocked", limit, async () => {
    const { page, check, close, at } = await flow.openAt("/data/posts");
    await page.getByRole("button", { name: locked }).waitFor();
    await page.getByRole("gridcell", { name: "Post 0", exact: true }).dblclick();
    const drawer = page.locator(".drawer");
    await drawer.getByText("This instance is protected").waitFor();
    assert.deepEqual(await drawer.locator("input:not([readonly]), textarea, [role=switch]").count(), 0);
    assert.equal(await drawer.getByRole("button", { name: "Save", exact: true }).count(), 0);
    await check("protected-record");
    await drawer.getByRole("button", { name: "Unlock for 10 minutes" }).click();
    await drawer.getByLabel("title").fill("Post that is changed");
    await page.getByRole("button", { name: /^Unlocked until .*: lock again$/ }).click();
    await drawer.getByRole("button", { name: "Save", exact: true }).click(); // who has begun goes on
    await page.getByRole("gridcell", { name: "Post that is changed" }).waitFor();
    await drawer.getByText("This instance is protected").waitFor();
    await page.keyboard.press("Escape");

    await page.getByRole("grid").focus();
    await page.keyboard.press("Control+a");
    await page.getByText("3 selected").waitFor();
    assert.equal(await page.getByRole("button", { name: "Delete", exact: true }).count(), 0);
    await check("protected");
    await page.getByRole("button", { name: "Unlock for 10 minutes", exact: true }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).waitFor();
    await page.getByRole("button", { name: /^Unlocked until/ }).click();

    await at("/data/users");
    await page.getByRole("gridcell", { name: "a@example.com" }).dblclick();
    await page.getByRole("tab", { name: "Account" }).click();
    await drawer.getByText("This instance is protected").waitFor();
    assert.equal(await drawer.getByRole("button", { name: /mail|token/i }).count(), 0);
    await check("protected-account");
    await close();
  });

  it("is not unlocked by what was typed before", limit, async () => {
    const { page, close } = await flow.openAt("/data/posts");
    const drawer = page.locator(".drawer");
    await page.getByRole("button", { name: locked }).click();
    await page.getByRole("gridcell", { name: "Post 1", exact: true }).click();
    await page.keyboard.press("Enter");
    await drawer.getByLabel("title").fill("Typed before the lock");
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    await page.getByRole("button", { name: /^Unlocked until/ }).click();
    await page.getByRole("gridcell", { name: "Post 1", exact: true }).click();
    await page.keyboard.press("Enter");
    await drawer.getByRole("button", { name: "Restore" }).click();
    await drawer.getByRole("button", { name: "Restore" }).waitFor({ state: "detached" });
    assert.equal(await drawer.getByRole("button", { name: "Save", exact: true }).count(), 0);
    await drawer.getByRole("button", { name: "Unlock for 10 minutes" }).click();
    await drawer.getByRole("button", { name: "Save", exact: true }).waitFor();
    assert.equal(await drawer.getByLabel("title").inputValue(), "Typed before the lock");
    await close();
  });

  it("locks again with the page, and is said on a phone, too", limit, async () => {
    const { page, check, close } = await flow.openAt("/data/posts", { size: "phone" });
    await page.getByRole("button", { name: locked }).click();
    await page.getByRole("button", { name: /^Unlocked until/ }).waitFor();
    await check("unlocked-phone");
    await page.reload();
    await page.getByRole("button", { name: locked }).waitFor();
    await close();
  });
});
