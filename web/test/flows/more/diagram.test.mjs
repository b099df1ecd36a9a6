// The collections as a diagram.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";
import { isFocused, tabTo } from "../keys.mjs";

const limit = limitOf(120_000);

describe("the diagram of collections", limit, () => {
  const flow = useFlow({
    prepare: async ({ call }) => {
      const users = await call("GET", "collections/users");
      const posts = await call("POST", "collections", { name: "posts", type: "base", fields: [{ name: "title", type: "text" }, { name: "author", type: "relation", collectionId: users.id, maxSelect: 1 }] });
      await call("POST", "collections", { name: "comments", type: "base", fields: [{ name: "post", type: "relation", collectionId: posts.id, maxSelect: 1 }, { name: "parts", type: "json" }] });
    },
  });
  const box = (page, name) => page.getByRole("link", { name: new RegExp(`^${name}: `) });

  it("shows what refers to what, larger and smaller", limit, async () => {
    const { page, check, close } = await flow.openAt("/overview/diagram");
    await box(page, "comments").waitFor();
    assert.equal(await page.locator(".dia-line").count(), 2);
    assert.match(await box(page, "posts").getAttribute("aria-label"), /refers to users, referred to by comments/);
    const order = await Promise.all(["comments", "posts", "users"].map(async (name) => (await box(page, name).boundingBox()).x));
    assert.deepEqual(order, order.toSorted((a, b) => a - b));
    await check("diagram");
    const wide = async () => (await box(page, "posts").boundingBox()).width;
    const before = await wide();
    await page.getByRole("button", { name: "Larger" }).click();
    assert.ok((await wide()) > before);
    await page.getByRole("button", { name: "Show all" }).click();
    await page.getByLabel("System collections").click();
    await box(page, "_superusers").waitFor();
    await check("diagram-system");
    await page.getByLabel("System collections").click();
    await close();
  });

  it("is moved by a drag, which opens nothing", limit, async () => {
    const { page, close } = await flow.openAt("/overview/diagram");
    const at = await box(page, "posts").boundingBox();
    await page.mouse.move(at.x + 20, at.y + 10);
    await page.mouse.down();
    await page.mouse.move(at.x + 80, at.y + 60, { steps: 4 });
    await page.mouse.up();
    const now = await box(page, "posts").boundingBox();
    assert.ok(Math.abs(now.x - at.x - 60) < 3 && Math.abs(now.y - at.y - 50) < 3, JSON.stringify([at, now]));
    assert.match(page.url(), /overview\/diagram/);
    await box(page, "posts").click();
    await page.waitForURL(/data\/posts\/schema/);
    await close();
  });

  it("is walked by arrows", limit, async () => {
    const { page, close } = await flow.openAt("/overview/diagram");
    await tabTo(page, page.locator(".dia-head"));
    for (let n = 0; n < 3; n++) await page.keyboard.press("ArrowLeft");
    await isFocused(box(page, "comments"));
    await page.keyboard.press("ArrowRight");
    await isFocused(box(page, "posts"));
    await page.keyboard.press("Enter");
    await page.waitForURL(/data\/posts\/schema/);
    await close();
  });

  it("fits on a phone", limit, async () => {
    const { page, check, close } = await flow.openAt("/overview/diagram", { size: "phone" });
    await box(page, "posts").waitFor();
    await check("diagram-phone");
    await close();
  });
});
