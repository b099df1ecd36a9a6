// What is done with many records: views, acts on all that match, a field set, undo, copies.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";
import { root } from "../server.mjs";

const limit = limitOf(120_000);
const nMany = 260;

const base = (name, fields) => ({ name, type: "base", fields: [...fields, { name: "created", type: "autodate", onCreate: true }] });
const posts = (name) => base(name, [
  { name: "title", type: "text", required: true, max: 100, presentable: true },
  { name: "views", type: "number", onlyInt: true, max: 1000 },
  { name: "status", type: "select", values: ["draft", "published"], maxSelect: 1 },
  { name: "meta", type: "json" },
]);

describe("many records", { ...limit, timeout: 600_000 }, () => {
  const flow = useFlow({
    prepare: async () => {
      await setBatch(true);
      for (const name of ["posts", "many"]) await call("POST", "collections", posts(name));
      const { id } = await call("GET", "collections/posts");
      await call("POST", "collections", base("notes", [{ name: "post", type: "relation", collectionId: id, maxSelect: 3 }]));
      for (let n = 0; n < 12; n++) await call("POST", path("posts"), { title: `Post ${n}`, views: n, status: "draft", meta: { n } });
      for (let from = 0; from < nMany; from += 50)
        await call("POST", "batch", { requests: Array.from({ length: Math.min(50, nMany - from) }, (_, n) => ({ method: "POST", url: "/api/collections/many/records", body: { title: `Many ${from + n}`, views: from + n, status: "draft" } })) });
      for (let n = 0; n < 3; n++) await call("POST", path("users"), { email: `u${n}@example.com`, password: "1234567890", passwordConfirm: "1234567890" });
      const [first] = await find("posts", "views = 0");
      await call("POST", path("notes"), { post: [first.id] });
    },
  });
  const { call } = flow;
  const path = (name) => `collections/${name}/records`;
  const find = async (name, filter) => (await call("GET", `${path(name)}?perPage=500&sort=views&filter=${encodeURIComponent(filter)}`)).items;
  const setBatch = (enabled) => call("PATCH", "settings", { batch: { enabled, maxRequests: 50, timeout: 10, maxBodySize: 0 } });


  const open = async (name, query = "", how = {}) => {
    const settled = (page) => page.waitForResponse((reply) => reply.url().endsWith("/api/settings"));
    const tab = await flow.browser.open(flow.server.url, { query: `#/data/${name}${query}`, ...how });
    await Promise.all([settled(tab.page), tab.signIn(root)]);
    await tab.page.getByRole("grid", { name }).waitFor();
    return tab;
  };
  const filtered = (filter, more = "") => `?filter=${encodeURIComponent(filter)}${more}`;
  const selectAll = async (page, n) => {
    await page.getByRole("grid").focus();
    await page.keyboard.press("Control+a");
    await page.getByText(`${n} selected`).waitFor();
  };
  const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
  const choose = async (page, menu, item) => {
    await page.getByRole("button", { name: menu, exact: true }).click();
    await page.getByRole("menuitem", { name: item, exact: true }).click();
  };
  const isOnGrid = (page) => page.waitForFunction(() => document.activeElement?.getAttribute("data-t") === "grid");

  it("keeps views", limit, async () => {
    const { page, check, close } = await open("posts", filtered("views >= 6", "&sort=views"));
    await page.getByText("1–6 of 6").waitFor();
    await choose(page, "Views", "Save as a view");
    await page.getByRole("textbox", { name: "Name" }).fill("Seen");
    await check("view-save");
    await page.keyboard.press("Enter");
    await page.waitForURL(/view=Seen/);
    await page.getByRole("button", { name: "Seen" }).waitFor();
    await page.getByRole("columnheader", { name: "title" }).click();
    await page.getByRole("button", { name: "Seen, changed" }).click();
    await check("view-changed");
    await page.getByRole("menuitem", { name: "Save changes to Seen" }).click();
    await page.getByRole("button", { name: "Seen", exact: false }).waitFor();
    await press(page, "Columns");
    await page.getByLabel("meta", { exact: true }).uncheck();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Seen, changed" }).click();
    await page.getByRole("menuitem", { name: "Give up the changes" }).click();
    await page.getByRole("columnheader", { name: "meta" }).waitFor();
    await page.getByRole("button", { name: "Seen" }).click();
    await page.getByRole("menuitem", { name: "No view" }).click();
    await page.getByText("1–12 of 12").waitFor();
    await page.goto(`${flow.server.url}/_/#/data/posts?view=Seen`);
    await page.reload();
    await page.getByText("1–6 of 6").waitFor();
    assert.match(page.url(), /sort=title/);
    await page.getByRole("button", { name: "Seen" }).click();
    await page.getByRole("menuitem", { name: "Rename Seen" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("Read");
    await page.keyboard.press("Enter");
    await page.waitForURL(/view=Read/);
    await page.getByRole("button", { name: "Read" }).click();
    await page.getByRole("menuitemradio", { name: "Read" }).waitFor();
    await page.getByRole("menuitem", { name: "Delete Read" }).click();
    await check("view-delete");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Views", exact: true }).waitFor();
    assert.doesNotMatch(page.url(), /view=/);
    await close();
  });

  it("deletes, and brings back", limit, async () => {
    const { page, check, close } = await open("posts", filtered("views >= 9", "&sort=views"));
    const before = await find("posts", "views >= 9");
    await selectAll(page, 3);
    await press(page, "Delete");
    await page.getByText("It can be undone for 10 seconds; created will then be of that moment.").waitFor();
    await check("bulk-delete");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("3 records are deleted").waitFor();
    await isOnGrid(page);
    await check("bulk-deleted");
    assert.deepEqual(await find("posts", "views >= 9"), []);
    await press(page, "Undo");
    await page.getByText("3 records are as they were").waitFor();
    await page.getByText("1–3 of 3").waitFor();
    await isOnGrid(page);
    const plain = (rows) => rows.map(({ created: _, ...row }) => row);
    assert.deepEqual(plain(await find("posts", "views >= 9")), plain(before));
    await close();
  });

  it("says before what cannot be brought back", limit, async () => {
    const { page, close } = await open("posts", filtered("views <= 1"));
    await selectAll(page, 2);
    await press(page, "Delete");
    await page.getByText("It cannot be undone: records of notes refer to them.").waitFor();
    await press(page, "Cancel");
    await close();
  });

  it("sets a field, names who is refused, and writes it back", limit, async () => {
    const { page, check, close, allow } = await open("posts", filtered("views >= 6", "&sort=views"));
    await selectAll(page, 6);
    await press(page, "Set a field");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("combobox", { name: "Field" }).click();
    await page.getByRole("option", { name: "status" }).click();
    await dialog.getByRole("combobox", { name: "status" }).click();
    await page.getByRole("option", { name: "published" }).click();
    await check("bulk-set");
    await press(page, "Set for 6 records");
    await page.getByText("status is set for 6 records").waitFor();
    await dialog.waitFor({ state: "detached" });
    assert.equal((await find("posts", "status = 'published'")).length, 6);
    await press(page, "Undo");
    await page.getByText("6 records are as they were").waitFor();
    assert.equal((await find("posts", "status = 'published'")).length, 0);

    // Of a filter what is set is chosen no more: it may not pass it any longer.
    assert.equal(await page.getByRole("button", { name: "Set a field", exact: true }).count(), 0);
    await selectAll(page, 6);
    allow(400);
    await press(page, "Set a field");
    await dialog.getByRole("combobox", { name: "Field" }).click();
    await page.getByRole("option", { name: "title" }).click();
    await press(page, "Empty it");
    await press(page, "Empty it in 6 records");
    await page.getByText("6 records were refused").waitFor();
    const [first] = await find("posts", "views = 6");
    await dialog.getByText(first.id).waitFor();
    await check("bulk-refused");
    await press(page, "Close");
    await close();
  });

  it("works without batches, and says so", limit, async () => {
    await setBatch(false);
    const { page, close } = await open("posts", filtered("views = 6 || views = 7"));
    await selectAll(page, 2);
    await press(page, "Delete");
    await page.getByText("The server takes no batches").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("2 records are deleted").waitFor();
    await press(page, "Undo");
    await page.getByText("2 records are as they were").waitFor();
    assert.equal((await find("posts", "views = 6 || views = 7")).length, 2);
    await close();
    await setBatch(true);
  });

  it("acts on all that match, loaded or not", limit, async () => {
    const { page, check, close } = await open("many", filtered("status = 'draft'", "&sort=views"));
    await page.getByText(`of ${nMany}`).waitFor();
    await page.getByRole("grid").focus();
    await page.keyboard.press("Control+a");
    await press(page, `All ${nMany} matching`);
    await page.getByText(`${nMany} selected`).waitFor();
    await check("bulk-all");
    await press(page, "Export");
    await page.getByText(`Export all ${nMany} matching`).waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "JSON", exact: true }).click()]);
    const rows = JSON.parse(await readFile(await download.path(), "utf8"));
    assert.deepEqual(rows.map(({ views }) => views), Array.from({ length: nMany }, (_, n) => n));

    await press(page, "Set a field");
    await page.getByText("It cannot be undone: there are more than 200.").waitFor();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("combobox", { name: "Field" }).click();
    await page.getByRole("option", { name: "status" }).click();
    await dialog.getByRole("combobox", { name: "status" }).click();
    await page.getByRole("option", { name: "published" }).click();
    await press(page, `Set for ${nMany} records`);
    await page.getByText(`status is set for ${nMany} records`).waitFor();
    assert.equal((await find("many", "status = 'published'")).length, nMany);
    await page.getByText("No record matches").waitFor();
    await close();

    const other = await open("many", filtered("views < 240 // all but (a few"));
    await other.page.getByText("of 240").waitFor();
    await other.page.getByRole("grid").focus();
    await other.page.keyboard.press("Control+a");
    await press(other.page, "All 240 matching");
    await press(other.page, "Delete");
    await other.page.getByText("Delete 240 records?").waitFor();
    await other.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await other.page.getByText("240 records are deleted").waitFor();
    assert.equal((await find("many", "")).length, nMany - 240);
    await other.close();
  });

  it("verifies accounts, and resets their tokens", limit, async () => {
    const { page, check, close } = await open("users");
    await selectAll(page, 3);
    await choose(page, "Accounts", "Mark as verified");
    await page.getByText("Mark 3 accounts as verified?").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Mark as verified" }).click();
    await page.getByText("3 accounts are verified").waitFor();
    assert.equal((await call("GET", `${path("users")}?filter=verified%3Dtrue`)).items.length, 3);
    const signed = await flow.server.call("POST", "collections/users/auth-with-password", { identity: "u0@example.com", password: "1234567890" });
    await choose(page, "Accounts", "Reset tokens");
    await check("bulk-reset");
    await page.getByRole("dialog").getByRole("button", { name: "Reset tokens" }).click();
    await page.getByText("The tokens of 3 accounts are reset").waitFor();
    await assert.rejects(flow.server.call("POST", "collections/users/auth-refresh", undefined, signed.token), /401/);
    await press(page, "Delete");
    await page.getByText("It cannot be undone: their passwords would be lost.").waitFor();
    await press(page, "Cancel");
    await close();
  });

  it("copies for elsewhere", limit, async () => {
    const { page, check, close } = await open("posts", filtered("status = 'draft' && views < 2", "&sort=views"));
    const [one, two] = await find("posts", "views < 2");
    const copied = async (item) => {
      await page.evaluate(() => navigator.clipboard.writeText("nothing"));
      await choose(page, "Copy as", item);
      await page.getByText(`${item} copied`).waitFor();
      for (;;) {
        const text = await page.evaluate(() => navigator.clipboard.readText());
        if (text !== "nothing") return text;
      }
    };
    await page.getByText("1–2 of 2").waitFor();
    assert.equal(await copied("Filter for the SDK"), 'pb.filter("status = {:p1} && views < 2", { p1: "draft" })');
    assert.match(await copied("Address"), /#\/data\/posts\?filter=status/);
    assert.deepEqual(JSON.parse(await copied("JSON")).map(({ id }) => id).sort(), [one.id, two.id].sort());
    await page.getByRole("gridcell", { name: "Post 1", exact: true }).click();
    await page.keyboard.press("Control+Space");
    await page.getByText("1 selected").waitFor();
    await press(page, "Copy as");
    await check("copy-as");
    await page.keyboard.press("Escape");
    assert.equal(await copied("Ids"), two.id);
    assert.match(await copied("curl"), new RegExp(`records/${two.id}' \\\\\\n  -H "Authorization: \\$TOKEN"$`));
    assert.match(await copied("JavaScript"), new RegExp(`getOne\\("${two.id}"\\)`));
    assert.match(await copied("Dart"), new RegExp(`getOne\\("${two.id}"\\)`));
    assert.deepEqual(JSON.parse(await copied("JSON")).meta, { n: 1 });
    await close();
  });

  it("freezes columns", limit, async () => {
    const { page, check, close } = await open("posts");
    await press(page, "Columns");
    await page.getByRole("button", { name: "Freeze the columns up to title" }).click();
    await check("columns");
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => document.querySelectorAll('[role="columnheader"].grid-frozen:not(.grid-check)').length === 2);
    await page.reload();
    await page.waitForFunction(() => document.querySelectorAll('[role="columnheader"].grid-frozen:not(.grid-check)').length === 2);
    await press(page, "Columns");
    await press(page, "Freeze no columns");
    await page.waitForFunction(() => document.querySelectorAll('[role="columnheader"].grid-frozen:not(.grid-check)').length === 0);
    await close();
  });

  it("fits on a phone", limit, async () => {
    const { page, check, close } = await open("posts", "", { size: "phone" });
    await page.getByRole("grid").focus();
    await page.keyboard.press("Control+a");
    await page.getByText("12 selected").waitFor();
    await check("bulk-phone");
    const reach = await page.getByRole("button", { name: "Delete", exact: true }).evaluate((button) => {
      button.scrollIntoView();
      const { left, right } = button.getBoundingClientRect();
      return left >= 0 && right <= innerWidth;
    });
    assert.ok(reach, "Delete can be reached");
    await close();
  });
});
