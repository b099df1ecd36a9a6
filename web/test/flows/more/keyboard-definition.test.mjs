// A collection and a record of it, made without a pointer.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { card } from "../definitions.mjs";
import { limitOf, useFlow } from "../flow.mjs";
import { keepsFocus, press, tabTo } from "../keys.mjs";

const limit = limitOf(120_000);

describe("keyboard, definitions", limitOf(300_000), () => {
  const flow = useFlow();
  // Once the server has said what it does.
  const final = async (page, name) => {
    const button = page.getByRole("dialog").locator("button:not([aria-disabled=true])").filter({ hasText: name });
    await button.waitFor();
    await press(page, button);
  };

  it("makes a collection, changes it, and takes that back", limit, async () => {
    const { page, close } = await flow.openAt("/data");
    const button = (name) => page.getByRole("button", { name, exact: true });
    const bar = page.locator(".def-bar");
    await press(page, button("New collection or group"));
    await page.getByRole("menu").waitFor();
    await page.keyboard.press("Enter"); // the first of it
    await tabTo(page, page.getByRole("textbox", { name: "Name", exact: true }));
    await page.keyboard.type("books");
    for (const [type, name] of [["t", "title"], ["n", "pages"]]) {
      await press(page, button("Add a field"));
      await page.getByRole("menu").waitFor();
      if (type === "n") for (let n = 0; n < 2; n++) await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => document.activeElement?.classList.contains("def-field-name"));
      await page.keyboard.type(name);
    }
    await page.keyboard.press("Alt+ArrowUp");
    await page.keyboard.press("Control+s");
    await final(page, "Create");
    await page.waitForURL(/data\/books\/schema/);
    assert.deepEqual((await flow.call("GET", "collections/books")).fields.slice(0, 3).map(({ name }) => name), ["id", "pages", "title"]);

    const title = page.locator(".def-field-name").nth(2);
    await tabTo(page, title);
    assert.equal(await title.inputValue(), "title");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("name");
    await press(page, button("Open name"));
    await tabTo(page, page.getByLabel("At most, characters"));
    await page.keyboard.press("Control+a");
    await page.keyboard.type("80");
    await press(page, page.getByRole("switch", { name: "Required" }), "Space");
    await press(page, bar.getByRole("button", { name: "Review and save" }));
    await final(page, /^Save 3/);
    await bar.getByText("Saved", { exact: true }).waitFor();
    await keepsFocus(page);
    await press(page, bar.getByRole("button", { name: "Undo" }));
    await bar.getByText("It is as it was before").waitFor();
    await keepsFocus(page);
    assert.equal((await flow.call("GET", "collections/books")).fields[2].name, "title");

    await press(page, page.getByRole("link", { name: "Indexes", exact: true }), "Enter");
    await press(page, button("Add an index"));
    await page.getByRole("menu").waitFor();
    await page.keyboard.press("Enter");
    await press(page, page.getByRole("checkbox", { name: "Unique" }), "Space");
    await page.keyboard.press("Control+s");
    await final(page, /^Save 1/);
    await bar.getByText("Saved", { exact: true }).waitFor();
    assert.match((await flow.call("GET", "collections/books")).indexes[0], /UNIQUE INDEX `idx_\w+` ON `books` \(`pages`\)/);
    await close();
  });

  it("makes a view", limit, async () => {
    const { page, close } = await flow.openAt("/new/view");
    await tabTo(page, page.getByRole("textbox", { name: "Name", exact: true }));
    await page.keyboard.type("titles");
    await page.locator(".code").waitFor();
    await tabTo(page, page.getByRole("textbox", { name: "Query" }));
    await page.keyboard.type("select id from users");
    await page.keyboard.press("Escape");
    await page.getByText("It works: 1 field").waitFor();
    await page.keyboard.press("Tab");
    await keepsFocus(page);
    await page.keyboard.press("Control+s");
    await final(page, "Create");
    await page.waitForURL(/data\/titles\/schema/);
    assert.match((await flow.call("GET", "collections/titles")).viewQuery, /^select id from users$/i);
    await close();
  });

  it("sets of whom two factors are wanted, and a mail", limit, async () => {
    const { page, close } = await flow.openAt("/data/users/auth");
    const bar = page.locator(".def-bar");
    const users = () => flow.call("GET", "collections/users");
    await press(page, card(page, "One-time code").getByRole("switch"), "Space");
    await press(page, card(page, "Two factors").getByRole("switch"), "Space");
    await page.locator('[data-code="mfa.rule"]').waitFor();
    await tabTo(page, page.getByRole("textbox", { name: "Only of records that fit" }));
    await page.keyboard.type("name = @request.auth.id");
    await page.keyboard.press("Escape");
    assert.equal(await page.getByText("Guests have no id").count(), 0, "who signs in is a guest");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("verified = tru");
    await page.keyboard.press("Escape");
    await page.keyboard.type("e");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+s");
    await final(page, /^Save/);
    await bar.getByText("Saved", { exact: true }).waitFor();
    const { otp, mfa } = await users();
    assert.deepEqual([otp.enabled, mfa.enabled, mfa.rule], [true, true, "verified = true"]);
    await keepsFocus(page);

    await press(page, page.getByRole("link", { name: "Mails", exact: true }));
    const subject = page.getByLabel("Subject").first();
    await tabTo(page, subject);
    await page.keyboard.press("Control+a");
    await page.keyboard.type("Is it you?");
    await page.keyboard.press("Control+s");
    await final(page, /^Save 1/);
    await bar.getByText("Saved", { exact: true }).waitFor();
    assert.match(JSON.stringify(await users()), /"subject":"Is it you\?"/);
    await close();
  });
});
