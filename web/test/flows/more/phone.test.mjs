// On a phone, by a finger: records are made, changed, chosen and deleted, and found.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";

const limit = limitOf(60_000);
const least = 44; // pixels of what a finger has to hit
const bigEnough = 24;

describe("phone", limitOf(300_000), () => {
  const path = "collections/posts/records";
  const flow = useFlow({
    prepare: async ({ call }) => {
      const fields = [
        { name: "title", type: "text", required: true, presentable: true },
        { name: "views", type: "number" },
        { name: "status", type: "select", values: ["draft", "published"], maxSelect: 1 },
        { name: "isOpen", type: "bool" },
        { name: "due", type: "date" },
      ];
      await call("POST", "collections", { name: "posts", type: "base", fields });
      for (let n = 0; n < 30; n++) await call("POST", path, { title: `Post ${n}`, views: n, status: n % 2 ? "draft" : "published", due: "2026-03-04 05:06:07.000Z" });
    },
  });
  const find = async (filter) => (await flow.call("GET", `${path}?perPage=100&filter=${encodeURIComponent(filter)}`)).items;
  const open = async (query = "?sort=views") => {
    const tab = await flow.openAt(`/data/posts${query}`, { size: "phone" });
    await tab.page.locator(".grid-item").first().waitFor();
    return tab;
  };
  const item = (page, text) => page.locator(".grid-item", { has: page.locator(".grid-item-title", { hasText: new RegExp(`^${text}$`) }) });

  // What can be pressed, and is smaller than a finger.
  const small = (page) => page.evaluate(([wanted, most]) => {
    const isSeen = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && one.getBoundingClientRect().width > 1;
    const isInText = (one) => getComputedStyle(one).display === "inline";
    return [...document.querySelectorAll("button, a[href], input, select, [role=switch], [role=tab], summary")]
      .filter((one) => isSeen(one) && !isInText(one) && one.closest("[inert]") === null)
      .map((one) => ({ one, box: (one.closest("label") ?? one).getBoundingClientRect() }))
      .filter(({ one, box }) => Math.min(box.height, box.width) < (one.matches("button, [role=tab], a.button, a.rail-item") ? wanted : most))
      .map(({ one, box }) => `${one.outerHTML.slice(0, 120)} ${Math.round(box.width)}x${Math.round(box.height)}`);
  }, [least, bigEnough]);

  it("shows nine records, and nothing too small for a finger", limit, async () => {
    const { page, check, close } = await open();
    await page.getByText("of 30").waitFor();
    const seen = await page.evaluate(() => {
      const grid = document.querySelector(".grid").getBoundingClientRect();
      return [...document.querySelectorAll(".grid-item")].filter((one) => { const box = one.getBoundingClientRect(); return box.top >= grid.top && box.bottom <= grid.bottom; }).length;
    });
    assert.ok(seen >= 9, `${seen} records are seen`);
    assert.deepEqual(await small(page), []);
    await check("phone-list");
    await item(page, "Post 3").tap();
    await page.locator(".drawer").getByLabel("title").waitFor();
    assert.deepEqual(await small(page), []);
    await check("phone-record");
    await close();
  });

  it("makes, changes, duplicates and deletes a record", limit, async () => {
    const { page, check, close } = await open();
    await page.getByRole("button", { name: "New record" }).tap();
    const drawer = page.locator(".drawer");
    await drawer.getByLabel("title").fill("By finger");
    await drawer.getByRole("switch", { name: "isOpen" }).tap();
    await check("phone-new");
    await drawer.getByRole("button", { name: "Create", exact: true }).tap();
    await drawer.waitFor({ state: "detached" });
    const [made] = await find("title='By finger'");
    assert.equal(made.isOpen, true);

    await item(page, "By finger").tap();
    await drawer.getByLabel("title").fill("Changed by finger");
    await drawer.getByRole("button", { name: "Save", exact: true }).tap();
    await page.getByText("Saved", { exact: true }).waitFor();
    await drawer.getByRole("button", { name: "More", exact: true }).tap();
    await check("phone-menu");
    await page.getByRole("menuitem", { name: "Duplicate" }).tap();
    await drawer.getByRole("button", { name: "Create", exact: true }).tap();
    await drawer.waitFor({ state: "detached" });
    assert.equal((await find("title='Changed by finger'")).length, 2);

    await item(page, "Changed by finger").first().tap();
    await drawer.getByRole("button", { name: "More", exact: true }).tap();
    await page.getByRole("menuitem", { name: "Delete" }).tap();
    await check("phone-delete");
    await page.getByRole("dialog", { name: /Delete/ }).getByRole("button", { name: "Delete" }).tap();
    await drawer.waitFor({ state: "detached" });
    assert.equal((await find("title='Changed by finger'")).length, 1);
    await close();
  });

  it("finds records by a filter, and keeps the screen in its address", limit, async () => {
    const { page, check, close } = await open();
    const bar = page.getByRole("combobox").first();
    await bar.tap();
    await bar.fill("views >= 28 && status = 'published'");
    await check("phone-filter");
    await bar.press("Enter");
    await page.getByText("1–1 of 1").waitFor();
    // What it opens is named at once, while it is still fetched.
    const isNamed = await page.getByRole("button", { name: "Builder" }).evaluate(async (button) => {
      button.click();
      for (let n = 0; n < 10; n++) await Promise.resolve();
      return document.getElementById(button.getAttribute("aria-controls")) !== null;
    });
    assert.ok(isNamed);
    await page.getByRole("button", { name: "Apply" }).waitFor();
    await check("phone-builder");
    await page.reload();
    await page.getByText("1–1 of 1").waitFor();
    await item(page, "Post 28").waitFor();
    await page.getByRole("link", { name: "Collections" }).first().tap();
    await page.getByRole("navigation", { name: "Collections" }).getByRole("link", { name: "users" }).waitFor();
    await check("phone-collections");
    await close();
  });

  it("selects by a finger that stays", limit, async () => {
    const { page, check, close } = await open();
    const box = await item(page, "Post 2").boundingBox();
    const cdp = await page.context().newCDPSession(page);
    const at = [{ x: box.x + 100, y: box.y + 30 }];
    await cdp.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: at });
    await page.waitForTimeout(700);
    await cdp.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
    await page.getByText("1 selected").waitFor();
    assert.equal(await page.locator(".drawer").count(), 0);
    await item(page, "Post 4").tap();
    await page.getByText("2 selected").waitFor();
    await check("phone-selected");
    await close();
  });
});
