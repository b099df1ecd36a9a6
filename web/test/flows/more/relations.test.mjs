// Relations in the grid: records are offered to the filter by what they are called, and a chip tells
// more of its record.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";
import { root } from "../server.mjs";

const limit = limitOf(90_000);

const people = {
  name: "people",
  type: "base",
  fields: [
    { name: "name", type: "text", presentable: true },
    { name: "city", type: "text" },
    { name: "isActive", type: "bool" },
    { name: "secret", type: "text", hidden: true },
  ],
};
const letters = (id) => ({
  name: "letters",
  type: "base",
  fields: [
    { name: "subject", type: "text" },
    { name: "author", type: "relation", collectionId: id, maxSelect: 1 },
    { name: "readers", type: "relation", collectionId: id, maxSelect: 9 },
    { name: "created", type: "autodate", onCreate: true },
  ],
});

describe("relations", { ...limit, timeout: 300_000 }, () => {
  const flow = useFlow({
    prepare: async () => {
      const { id } = await call("POST", "collections", people);
      await call("POST", "collections", letters(id));
      for (const name of ["Ada", "Anna O'Hara", "Anton", "Bob", "Carl"]) ids[name] = (await call("POST", "collections/people/records", { name, city: `City of ${name}`, isActive: true, secret: "never" })).id;
      for (let n = 0; n < 10; n++) await call("POST", "collections/people/records", { name: `Other ${n}` });
      await call("POST", "collections/letters/records", { subject: "First", author: ids.Ada, readers: [ids.Bob, ids.Carl, ids.Anton] });
      await call("POST", "collections/letters/records", { subject: "Second", author: ids["Anna O'Hara"], readers: [] });
    },
  });
  const ids = {};
  const call = flow.call;


  const open = async (how = {}) => {
    const tab = await flow.browser.open(flow.server.url, { query: "#/data/letters", ...how });
    await tab.signIn(root);
    await tab.page.getByRole("grid", { name: "letters" }).waitFor();
    await tab.page.getByText("1–2 of 2").waitFor();
    const asked = [];
    tab.page.on("request", (request) => request.url().includes("/people/records") && asked.push(new URL(request.url())));
    return { ...tab, asked, bar: tab.page.getByRole("combobox", { name: "Filter" }), card: tab.page.locator(".popover"), grid: tab.page.getByRole("grid", { name: "letters" }) };
  };
  const option = (page, name) => page.getByRole("option", { name });

  it("offers records by what they are called, and takes their ids", limit, async () => {
    const { page, check, close, asked, bar } = await open();
    await bar.pressSequentially("author = an", { delay: 20 });
    await option(page, /^Anna O'Hara/).waitFor();
    await option(page, /^Anton/).waitFor();
    assert.equal(await option(page, /^Bob/).count(), 0);
    assert.equal(asked.length, 1, "once, after a rest");
    assert.deepEqual(Object.fromEntries(asked[0].searchParams), { perPage: "8", skipTotal: "1", fields: "id,name", filter: "(name ~ 'an')" });
    assert.ok((await option(page, /^Anton/).textContent()).includes(ids.Anton));
    await check("filter-records");
    await bar.press("ArrowDown");
    await bar.press("ArrowDown");
    await bar.press("Enter");
    assert.equal(await bar.inputValue(), `author = '${ids.Anton}' `);

    await bar.fill("");
    await bar.pressSequentially("author.id = \"O'H");
    await option(page, /^Anna O'Hara/).click();
    assert.equal(await bar.inputValue(), `author.id = '${ids["Anna O'Hara"]}' `);
    await bar.press("Enter");
    await page.getByText("1–1 of 1").waitFor();
    await page.getByRole("gridcell", { name: "Second" }).waitFor();

    await bar.fill("readers.id ?= ");
    await option(page, /^Ada/).waitFor();
    await page.waitForFunction(() => document.querySelectorAll('[role="option"]').length === 9, undefined, { timeout: 5000 }); // eight, and null
    await bar.fill(`author = '${ids.Carl.slice(0, 6)}`);
    await option(page, /^Carl/).waitFor();
    await close();
  });

  it("shows nothing where the answer fails or comes too late", limit, async () => {
    const { page, close, bar, allow } = await open();
    allow(400);
    await page.route(/people\/records/, (route) => route.fulfill({ status: 400, json: { status: 400, message: "no", data: {} } }));
    const failed = page.waitForResponse(/people\/records/);
    await bar.fill("author = 'an");
    await failed;
    await page.waitForTimeout(100);
    assert.equal(await page.getByRole("option").count(), 0);
    await page.unroute(/people\/records/);

    let first = true;
    await page.route(/people\/records/, async (route) => {
      if (first) {
        first = false;
        await new Promise((done) => setTimeout(done, 1500));
      }
      await route.continue().catch(() => undefined);
    });
    const late = page.waitForRequest(/people\/records/);
    await bar.fill("author = 'bo");
    await late;
    await bar.fill("author = 'ca");
    await option(page, /^Carl/).waitFor();
    await page.waitForTimeout(1700);
    assert.equal(await option(page, /^Bob/).count(), 0);
    assert.equal(await page.getByRole("option").count(), 1);
    await close();
  });

  it("offers records in the builder, too", limit, async () => {
    const { page, check, close, bar } = await open();
    await bar.fill("author = 'an'");
    await bar.press("Enter");
    await page.getByRole("button", { name: "Builder" }).click();
    const value = page.getByLabel("Value of condition 1");
    await value.focus();
    const list = page.locator("datalist option", { hasText: "Anton" });
    await list.waitFor({ state: "attached" });
    assert.equal(await list.getAttribute("value"), ids.Anton);
    await value.fill(ids.Ada);
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByRole("gridcell", { name: "First" }).waitFor();
    await check("builder-records");
    await close();
  });

  it("tells more of a chip that is pointed at", limit, async () => {
    const { page, check, close, asked, card, grid } = await open();
    const chip = grid.getByText("Ada", { exact: true });
    await chip.hover();
    assert.equal(await card.count(), 0, "not at once");
    await card.waitFor();
    assert.ok((await card.textContent()).includes("City of Ada"));
    assert.ok((await card.textContent()).includes(ids.Ada));
    assert.ok(!(await card.textContent()).includes("never"));
    assert.equal(asked.length, 0, "nothing is asked for");
    await check("relation-card");
    const { x, y } = await card.boundingBox();
    await page.mouse.move(x + 30, y + 40, { steps: 4 });
    await page.waitForTimeout(600);
    assert.equal(await card.count(), 1, "it stays under the pointer");
    await page.keyboard.press("Escape");
    await card.waitFor({ state: "detached" });

    await chip.hover();
    await card.waitFor();
    await page.mouse.move(5, 5);
    await card.waitFor({ state: "detached" });
    await grid.getByText("Bob", { exact: true }).hover();
    await page.getByRole("dialog", { name: "Record Bob" }).getByRole("link", { name: "Open record" }).click();
    await page.waitForURL(new RegExp(`#/data/people\\?record=${ids.Bob}`));
    await page.getByRole("dialog", { name: /ecord of people/ }).waitFor();
    assert.equal(await card.count(), 0);
    await close();
  });

  it("tells more of the active cell when Space asks, and selects with Ctrl", limit, async () => {
    const { page, check, close, card, grid } = await open();
    await page.getByRole("gridcell", { name: "First" }).click();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
    await page.getByRole("dialog", { name: "Record Bob" }).waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent === "Open record");
    await page.keyboard.press("ArrowRight");
    await page.getByRole("dialog", { name: "Record Carl" }).waitFor();
    await card.getByText("2 of 3").waitFor();
    await check("relation-card-keys");
    await page.keyboard.press("Escape");
    await card.waitFor({ state: "detached" });
    assert.equal(await grid.evaluate((element) => element === document.activeElement), true);
    assert.equal(await page.locator('[role="row"][aria-selected="true"]').count(), 0);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Space");
    await page.getByRole("dialog", { name: "Record Ada" }).waitFor();
    await page.keyboard.press("Space");
    await card.waitFor({ state: "detached" });
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Control+Space");
    await page.waitForFunction(() => document.querySelectorAll('[role="row"][aria-selected="true"]').length === 1);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
    await page.getByRole("dialog", { name: "Record Ada" }).waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent === "Open record");
    await page.keyboard.press("Enter");
    await page.waitForURL(new RegExp(`#/data/people\\?record=${ids.Ada}`));
    await close();
  });

  it("asks for a record that did not come with its row", limit, async () => {
    const { page, close, card, grid, asked, allow } = await open();
    await page.route(/letters\/records\/\w+/, async (route) => {
      const reply = await route.fetch();
      const { expand: _, ...row } = await reply.json();
      await route.fulfill({ response: reply, json: row });
    });
    await page.getByRole("gridcell", { name: "First" }).dblclick();
    await page.getByRole("group", { name: "Edit subject" }).getByRole("textbox").fill("Changed");
    await page.keyboard.press("Enter");
    const chip = grid.getByText(ids.Ada, { exact: true });
    await chip.hover();
    await card.getByText("City of Ada").waitFor();
    assert.equal(asked.length, 1);
    await page.mouse.move(5, 5);
    await card.waitFor({ state: "detached" });
    allow(404);
    await page.route(/people\/records\/\w+/, (route) => route.fulfill({ status: 404, json: { status: 404, message: "The requested resource wasn't found.", data: {} } }));
    await chip.hover();
    await card.getByText(/not there|not found|wasn't found/i).waitFor();
    await close();
  });
});
