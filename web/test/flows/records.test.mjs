// Records in the grid and in the drawer: what is there, filtered, sorted, made, changed, deleted.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "./flow.mjs";
import { root } from "./server.mjs";

const limit = limitOf(90_000);

const posts = {
  name: "posts",
  type: "base",
  fields: [
    { name: "title", type: "text", required: true, max: 100, presentable: true },
    { name: "views", type: "number" },
    { name: "isOpen", type: "bool" },
    { name: "status", type: "select", values: ["draft", "review", "published"], maxSelect: 1 },
    { name: "tags", type: "select", values: ["news", "guide", "story"], maxSelect: 3 },
    { name: "mail", type: "email" },
    { name: "site", type: "url" },
    { name: "due", type: "date" },
    { name: "meta", type: "json" },
    { name: "secret", type: "text", hidden: true },
    { name: "created", type: "autodate", onCreate: true },
    { name: "updated", type: "autodate", onCreate: true, onUpdate: true },
  ],
};

describe("records", limit, () => {
  const flow = useFlow({
    prepare: async () => {
      await flow.call("POST", "collections", posts);
      for (let n = 0; n < 12; n++)
        await flow.call("POST", path, { title: `Post ${n}`, views: n * 10, isOpen: n % 2 === 0, status: ["draft", "review", "published"][n % 3], tags: ["news"], mail: `a${n}@example.com`, due: "2026-03-04 05:06:07.000Z", meta: { n } });
    },
  });
  const path = "collections/posts/records";
  const find = async (filter) => (await flow.call("GET", `${path}?filter=${encodeURIComponent(filter)}`)).items;


  const open = async (query = "", how = {}) => {
    const tab = await flow.browser.open(flow.server.url, { query: `#/data/posts${query}`, ...how });
    await tab.signIn(root);
    await tab.page.getByRole("grid", { name: "posts" }).waitFor();
    return tab;
  };

  it("shows rows, sorted and filtered as the address says", limit, async () => {
    const { page, check, close } = await open();
    await page.getByText("Post 11", { exact: true }).waitFor();
    await page.getByText("1–12 of 12").waitFor();
    await check("grid");
    await page.getByRole("columnheader", { name: "views" }).click();
    await page.waitForURL(/sort=views/);
    await page.waitForFunction(() => document.querySelector('[role="row"][aria-rowindex="2"]')?.textContent.includes("Post 0"));
    const bar = page.getByRole("combobox").first();
    await bar.fill("views >= 50 && status = 'published'");
    await bar.press("Enter");
    await page.waitForURL(/filter=/);
    await page.getByText("1–3 of 3").waitFor();
    await check("grid-filtered");
    const before = await page.getByRole("grid").textContent();
    await page.reload();
    await page.getByText("1–3 of 3").waitFor();
    assert.equal(await page.getByRole("grid").textContent(), before);
    await page.goBack();
    await page.getByText("1–12 of 12").waitFor();
    await close();
  });

  it("creates, edits, duplicates and deletes a record", limit, async () => {
    const { page, check, close, allow } = await open();
    await page.getByText("Post 11", { exact: true }).waitFor();
    await page.keyboard.press("n");
    await page.getByLabel("title").waitFor();
    await check("record-new");
    allow(400);
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByText("1 field is not accepted").waitFor();
    await check("record-wrong");
    await page.getByLabel("title").fill("Made by hand");
    await page.getByRole("textbox", { name: "views" }).fill("9007199254740993.5");
    await page.getByLabel("mail").fill("hand@example.com");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByRole("gridcell", { name: "Made by hand" }).waitFor();
    const [made] = await find("title='Made by hand'");
    assert.equal(made.mail, "hand@example.com");

    await page.getByRole("gridcell", { name: "Made by hand" }).click();
    await page.keyboard.press("Enter");
    await page.getByLabel("title").waitFor();
    await page.getByLabel("title").fill("Changed by hand");
    await check("record-edit");
    await page.keyboard.press("Control+s");
    await page.getByRole("gridcell", { name: "Changed by hand" }).waitFor();
    const [changed] = await find(`id='${made.id}'`);
    assert.deepEqual([changed.title, changed.mail], ["Changed by hand", "hand@example.com"]);

    await page.getByRole("button", { name: "More", exact: true }).last().click();
    await page.getByRole("menuitem", { name: "Duplicate" }).click();
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await page.waitForFunction(() => document.querySelectorAll('[role="row"]').length >= 15);
    assert.equal((await find("title='Changed by hand'")).length, 2);

    await page.getByRole("gridcell", { name: changed.id }).getByRole("link").click();
    await page.getByRole("button", { name: "More", exact: true }).last().click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await check("record-delete");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("1 record is deleted").waitFor();
    assert.equal((await find("title='Changed by hand'")).length, 1);
    await close();
  });

  it("edits a cell where it stands", limit, async () => {
    const { page, check, close, allow } = await open();
    const [first] = await find("title='Post 4'");
    await page.getByRole("gridcell", { name: "Post 4", exact: true }).dblclick();
    const editor = page.getByRole("group", { name: "Edit title" });
    await editor.getByRole("textbox").fill("");
    await check("cell-edit");
    allow(400);
    await page.keyboard.press("Enter");
    await editor.getByText("Cannot be blank.").waitFor();
    await check("cell-edit-wrong");
    await editor.getByRole("textbox").fill("In place");
    await page.keyboard.press("Enter");
    await page.getByRole("gridcell", { name: "In place", exact: true }).waitFor();
    await editor.waitFor({ state: "detached" });
    await page.locator(".cell-pending").waitFor({ state: "detached" });
    assert.equal((await find(`id='${first.id}'`))[0].title, "In place");
    await page.keyboard.press("F2");
    await editor.getByRole("textbox").fill("Given up");
    await page.keyboard.press("Escape");
    await editor.waitFor({ state: "detached" });
    assert.equal((await find("title='Given up'")).length, 0);
    await close();
  });

  it("keeps what was typed, and offers it again", limit, async () => {
    const { page, check, close } = await open();
    const [first] = await find("title='Post 3'");
    await page.goto(`${flow.server.url}/_/#/data/posts?record=${first.id}`);
    await page.getByLabel("title").fill("Typed and not saved");
    await page.getByText("Not saved yet").waitFor();
    await page.waitForTimeout(600);
    await page.reload();
    await page.getByText("Something was typed here before").waitFor();
    await check("record-draft");
    await page.getByRole("button", { name: "Restore" }).click();
    assert.equal(await page.getByLabel("title").inputValue(), "Typed and not saved");
    await close();
  });

  it("says when somebody else was faster", limit, async () => {
    const { page, check, close, allow } = await open();
    const [first] = await find("title='Post 5'");
    await page.goto(`${flow.server.url}/_/#/data/posts?record=${first.id}`);
    await page.getByLabel("title").fill("Mine");
    await flow.call("PATCH", `${path}/${first.id}`, { title: "Theirs", views: 7 });
    allow(412);
    await page.keyboard.press("Control+s");
    await page.getByText("Somebody else has changed this record").waitFor();
    await check("record-conflict");
    await page.getByRole("button", { name: "Save mine over it" }).click();
    await page.getByRole("gridcell", { name: "Mine" }).waitFor();
    const [now] = await find(`id='${first.id}'`);
    assert.deepEqual([now.title, now.views], ["Mine", 7]);
    await close();
  });

  it("exports and deletes many", limit, async () => {
    const { page, check, close } = await open(`?filter=${encodeURIComponent("views >= 60 && title ~ 'Post'")}&sort=views`);
    await page.getByText("1–6 of 6").waitFor();
    await page.getByRole("grid").focus();
    await page.keyboard.press("Control+a");
    await page.getByText("6 selected").waitFor();
    await check("grid-selected");
    await page.getByRole("button", { name: "Export" }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "CSV" }).click()]);
    const lines = (await readFile(await download.path(), "utf8")).split("\r\n");
    assert.equal(lines.length, 8);
    assert.match(lines[1], /Post 6/);
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("6 records are deleted").waitFor();
    assert.equal((await find("views >= 60 && title ~ 'Post'")).length, 0);
    await close();
  });

  it("holds on to nothing of a collection that is left", limit, async (test) => {
    const { page, held, close } = await open();
    const show = async (name) => {
      await page.getByRole("navigation", { name: "Collections" }).getByRole("link", { name }).click();
      await page.getByRole("grid", { name }).waitFor();
    };
    const turn = async (times) => {
      for (let n = 0; n < times; n++) {
        await show("users");
        await show("posts");
      }
    };
    await turn(3);
    const before = await held();
    await turn(10);
    const after = await held();
    test.diagnostic(`before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
    assert.ok(after.nodes <= before.nodes * 1.1, "DOM nodes");
    assert.ok(after.listeners <= before.listeners * 1.1, "listeners");
    assert.ok(after.bytes <= before.bytes + 5_000_000, "memory");
    await close();
  });

  it("is a list on a phone", limit, async () => {
    const { page, check, close } = await open("", { size: "phone" });
    await page.getByRole("paragraph").filter({ hasText: /^Post 0$/ }).waitFor();
    await check("grid");
    await page.getByRole("paragraph").filter({ hasText: /^Post 0$/ }).click();
    await page.getByLabel("title").waitFor();
    await check("record");
    await close();
  });
});
