// Columns are where one puts them, by the pointer and by keys, and as high as one wants.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";

const limit = limitOf(60_000);
const long = "A text that goes on for longer than any column is wide, word after word, until it has filled more than one line of its cell.";

describe("columns", limitOf(200_000), () => {
  const flow = useFlow({
    prepare: async ({ call }) => {
      const fields = ["title", "body", "status"].map((name) => ({ name, type: "text", max: 0 }));
      await call("POST", "collections", { name: "posts", type: "base", fields });
      for (let n = 0; n < 4; n++) await call("POST", "collections/posts/records", { title: `Post ${n}`, body: long, status: "new" });
    },
  });
  const open = async () => {
    const tab = await flow.openAt("/data/posts");
    await tab.page.getByRole("gridcell", { name: "Post 0", exact: true }).waitFor();
    return tab;
  };
  const titles = (page) => page.getByRole("columnheader").allTextContents().then((all) => all.filter(Boolean));
  const head = (page, name) => page.getByRole("columnheader", { name, exact: true });
  const until = async (page, names) => {
    await page.waitForFunction((wanted) => [...document.querySelectorAll(".grid-title-text")].map((one) => one.textContent).join() === wanted, names.join());
    assert.deepEqual(await titles(page), names);
  };

  it("are dragged, which sorts nothing, and stay there", limit, async () => {
    const { page, check, close } = await open();
    await until(page, ["id", "title", "body", "status"]);
    const from = await head(page, "status").boundingBox();
    const to = await head(page, "title").boundingBox();
    await page.mouse.move(from.x + 40, from.y + 10);
    await page.mouse.down();
    await page.mouse.move(to.x + 60, to.y + 10);
    await page.mouse.move(to.x + 10, to.y + 10);
    await page.locator(".grid-drop-before").waitFor();
    await check("columns-drag");
    await page.mouse.up();
    await until(page, ["id", "status", "title", "body"]);
    assert.equal(await page.locator("[aria-sort]").count(), 0);
    await head(page, "status").click();
    await page.locator('[aria-sort="ascending"]').waitFor();
    await page.reload();
    await until(page, ["id", "status", "title", "body"]);

    const last = await head(page, "body").boundingBox();
    const id = await head(page, "id").boundingBox();
    await page.mouse.move(id.x + 40, id.y + 10);
    await page.mouse.down();
    await page.mouse.move(last.x + last.width - 20, last.y + 10, { steps: 3 });
    await page.locator(".grid-drop-behind").waitFor();
    await page.keyboard.press("Escape");
    await page.mouse.up();
    await until(page, ["id", "status", "title", "body"]);
    await close();
  });

  it("stand whatever the device has kept, and show fields that are new", limit, async () => {
    const { page, close } = await open();
    const collection = await flow.call("GET", "collections/posts");
    for (const kept of ["5", '"abc"', "[]", '{"shown":"title"}', '{"shown":null,"widths":null}', '{"shown":["title"],"widths":{"title":"x"}}', "{"]) {
      await page.evaluate(([id, text]) => {
        const prefix = Object.keys(localStorage).find((key) => key.endsWith(":collection")).replace(/collection$/, "");
        localStorage.setItem(`${prefix}columns:${id}`, text);
        localStorage.setItem(`${prefix}filters:${id}`, text);
      }, [collection.id, kept]);
      await page.reload();
      await page.getByRole("gridcell", { name: "Post 0", exact: true }).waitFor();
      await page.getByRole("combobox").first().press("Enter");
    }
    await page.evaluate(() => localStorage.clear());
    await page.reload();
    await page.getByRole("gridcell", { name: "Post 0", exact: true }).waitFor();
    await page.getByRole("grid").focus();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Alt+Shift+ArrowRight");
    await until(page, ["title", "id", "body", "status"]);
    await flow.call("PATCH", "collections/posts", { fields: [...collection.fields, { name: "later", type: "text" }] });
    await page.reload();
    await until(page, ["title", "id", "body", "status", "later"]);
    await flow.call("PATCH", "collections/posts", { fields: collection.fields });
    await close();
  });

  it("are moved by keys, and said so by the help", limit, async () => {
    const { page, check, close } = await open();
    const grid = page.getByRole("grid");
    await grid.focus();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Alt+Shift+ArrowRight");
    await until(page, ["title", "id", "body", "status"]);
    await page.keyboard.press("Alt+Shift+ArrowRight");
    await until(page, ["title", "body", "id", "status"]);
    await page.keyboard.press("Alt+Shift+ArrowLeft");
    await until(page, ["title", "id", "body", "status"]);
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).getByText("In the header: move the column").waitFor();
    await check("grid-keys");
    await page.getByLabel("Single letters are keys").click();
    await page.keyboard.press("Escape");
    await page.keyboard.press("n");
    await page.waitForTimeout(200);
    assert.equal(await page.locator(".drawer").count(), 0);
    await close();
  });

  it("tell the whole value where Space asks for it", limit, async () => {
    const { page, check, close } = await open();
    await page.getByRole("gridcell", { name: "Post 0", exact: true }).click();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
    const card = page.getByRole("dialog", { name: "body" });
    await card.getByText(long).waitFor();
    await check("peek");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), long);
    await page.keyboard.press("Escape");
    await card.waitFor({ state: "detached" });
    assert.ok(await page.getByRole("grid").evaluate((grid) => grid === document.activeElement));
    assert.equal(await page.locator(".status-line").getByText("selected").count(), 0);
    await page.keyboard.press("Control+Space");
    await page.getByText("1 selected").waitFor();
    await close();
  });

  it("show long texts on three lines", limit, async () => {
    const { page, check, close } = await open();
    const row = page.locator(".grid-row").first();
    assert.equal((await row.boundingBox()).height, 32);
    await page.getByRole("button", { name: "Columns" }).click();
    await page.getByLabel("Long texts on three lines").check();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    await page.waitForFunction(() => document.querySelector(".grid-row").getBoundingClientRect().height === 72);
    const [first, second] = await page.locator(".grid-row").evaluateAll((rows) => rows.map((one) => one.getBoundingClientRect().top).sort((a, b) => a - b));
    assert.equal(second - first, 72);
    await check("columns-wrap");
    await page.reload();
    await page.waitForFunction(() => document.querySelector(".grid-row")?.getBoundingClientRect().height === 72);
    await close();
  });
});
