// The list of collections and the header of one: groups, menus, counts, warnings, what is deleted.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";
import { root } from "../server.mjs";

const limit = limitOf(90_000);

describe("collections", limit, () => {
  const flow = useFlow({
    prepare: async () => {
      const posts = await make({ name: "posts" });
      await make({ name: "comments", fields: [title, { name: "post", type: "relation", collectionId: posts.id, maxSelect: 1, cascadeDelete: true }] });
      await make({ name: "orders", createRule: "", deleteRule: "" });
      await make({ name: "spare" });
      await make({ name: "titles", type: "view", fields: [], viewQuery: "SELECT id, title FROM posts" });
      for (let n = 0; n < 3; n++) await flow.call("POST", "collections/posts/records", { title: `Post ${n}` });
      await flow.call("POST", "collections/spare/records", { title: "one" });
    },
  });
  const title = { name: "title", type: "text" };
  const make = (body) => flow.call("POST", "collections", { type: "base", fields: [title], ...body });

  const open = async (name = "posts", more = {}) => {
    const tab = await flow.browser.open(flow.server.url, { query: `#/data/${name}`, ...more });
    await tab.signIn(root);
    await tab.page.getByRole("heading", { name }).waitFor();
    const list = tab.page.getByRole("navigation", { name: "Collections" });
    return { ...tab, list, item: (one) => list.locator(".side-item").filter({ has: tab.page.locator(".side-name", { hasText: new RegExp(`^${one}$`) }) }), section: (one) => list.locator(".side-group").filter({ has: tab.page.locator("summary", { hasText: new RegExp(`^${one}$`) }) }) };
  };
  const choose = (page, name) => page.getByRole("menuitem", { name }).or(page.getByRole("menuitemradio", { name })).click();

  it("makes groups, and moves collections by menu, keys and pointer", limit, async () => {
    const { page, list, item, section, check, close } = await open();
    await list.getByRole("button", { name: "New collection or group" }).click();
    await page.getByRole("menuitem", { name: "New group" }).click();
    const dialog = page.getByRole("dialog", { name: "New group" });
    await dialog.getByRole("button", { name: "Create" }).click();
    await dialog.getByText("A group has a name.").waitFor();
    await check("group-new");
    await dialog.getByLabel("Name").fill("Blog");
    await page.keyboard.press("Enter");
    await section("Blog").getByText("Drag a collection here").waitFor();

    await item("posts").getByRole("link").click({ button: "right" });
    await page.getByRole("menu", { name: "Acts on posts" }).waitFor();
    await check("collection-menu");
    await choose(page, "Blog");
    await section("Blog").getByRole("link", { name: "posts" }).waitFor();

    await item("comments").getByRole("link").dragTo(section("Blog").locator("summary"), { steps: 4 });
    await section("Blog").getByRole("link", { name: "comments" }).waitFor();

    await item("orders").getByRole("link").focus();
    await page.keyboard.press("Alt+ArrowUp");
    await section("Blog").getByRole("link", { name: "orders" }).waitFor();
    const isFocused = async () => assert.equal(await page.evaluate(() => document.activeElement.querySelector(".side-name")?.textContent), "orders");
    await isFocused();
    await page.keyboard.press("Alt+ArrowDown");
    await section("Collections").getByRole("link", { name: "orders" }).waitFor();
    await isFocused();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Home");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Blog");

    await item("orders").getByRole("link").focus();
    await page.keyboard.press("Shift+F10");
    await page.getByRole("menu", { name: "Acts on orders" }).waitFor();
    await page.keyboard.press("Escape");
    await check("groups");
    await page.reload();
    await section("Blog").getByRole("link", { name: "comments" }).waitFor();

    await section("Blog").hover();
    await section("Blog").getByRole("button", { name: "Acts on the group Blog" }).click();
    await choose(page, "Rename the group");
    await page.getByRole("dialog").getByLabel("Name").fill("Writing");
    await page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
    await section("Writing").getByRole("button", { name: "Acts on the group Writing" }).click();
    await choose(page, /Remove the group/);
    await section("Collections").getByRole("link", { name: "posts" }).waitFor();
    await close();
  });

  it("counts what is pointed at, once, and says what is open to all", limit, async () => {
    const { page, list, item, section, check, close } = await open();
    const asked = [];
    page.on("request", (request) => /records\?perPage=1&fields=id$/.test(request.url()) && asked.push(request.url()));
    await item("comments").hover();
    await item("comments").locator(".side-count", { hasText: /^0$/ }).waitFor();
    await item("posts").getByRole("link").focus();
    await item("posts").locator(".side-count", { hasText: /^3$/ }).waitFor();
    await item("comments").hover();
    await item("comments").locator(".side-count", { hasText: /^0$/ }).waitFor();
    assert.equal(asked.filter((url) => url.includes("/comments/")).length, 1);
    assert.equal(await item("orders").getByText("Public create, Public delete").count(), 1);
    assert.equal(await item("comments").locator(".side-warn").count(), 0);
    await item("orders").getByRole("link").click();
    await page.getByRole("banner").or(page.locator(".data-head")).getByText("Public delete").waitFor();
    await check("collection-warned");
    await page.getByRole("button", { name: "Pin", exact: true }).click();
    await section("Pinned").getByRole("link", { name: "orders" }).waitFor();
    assert.equal(await list.getByRole("link", { name: "orders" }).count(), 1);
    await close();
  });

  it("copies a collection without its secrets, and hides the list", limit, async () => {
    const { page, list, check, close } = await open("users");
    await page.locator(".data-head").getByRole("button", { name: "Acts on users" }).click();
    await check("header-menu");
    await choose(page, "Copy as JSON");
    await page.getByText("Copied").waitFor();
    const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
    assert.equal(copied.name, "users");
    assert.ok(copied.fields.length > 3 && !JSON.stringify(copied).includes('"secret"'));
    await page.getByRole("grid").focus();
    await page.keyboard.press("[");
    await list.waitFor({ state: "hidden" });
    await page.reload();
    await page.getByRole("button", { name: "Show the sidebar" }).waitFor();
    assert.equal(await list.isVisible(), false);
    await check("sidebar-away");
    await page.getByRole("button", { name: "Show the sidebar" }).click();
    await list.getByRole("button", { name: "Hide the sidebar" }).waitFor();
    await close();
  });

  it("deletes records and collections only when the name is typed", limit, async () => {
    const { page, item, check, close, allow } = await open("spare");
    const head = page.locator(".data-head");
    await head.getByRole("button", { name: "Acts on spare" }).click();
    await choose(page, "Delete all records");
    const dialog = page.getByRole("dialog");
    await dialog.getByText("1 record is deleted, and its files with it.").waitFor();
    await dialog.getByRole("button", { name: "Delete all records" }).click();
    await dialog.getByText("This is not the name.").waitFor();
    await check("truncate");
    await dialog.getByRole("textbox").fill("spare");
    await page.keyboard.press("Enter");
    await page.getByText("No records yet").waitFor();
    await head.getByRole("button", { name: "Acts on spare" }).click();
    await choose(page, "Delete the collection");
    await dialog.getByRole("textbox").fill("spare");
    await dialog.getByRole("button", { name: "Delete the collection" }).click();
    await item("spare").waitFor({ state: "detached" });
    await page.waitForURL((url) => !url.href.includes("spare"));

    await item("posts").getByRole("link").click({ button: "right" });
    await choose(page, "Delete the collection");
    await dialog.getByText("comments.post").waitFor();
    await dialog.getByText("Views whose query has its name: titles.").waitFor();
    await dialog.getByRole("textbox").fill("posts");
    await check("delete-referred");
    allow(400);
    await dialog.getByRole("button", { name: "Delete the collection" }).click();
    await dialog.getByRole("alert").waitFor();
    await check("delete-refused");
    await page.keyboard.press("Escape");
    await item("_superusers").locator("xpath=ancestor::details/summary").click();
    await item("_superusers").getByRole("link").click({ button: "right" });
    assert.equal(await page.getByRole("menuitem", { name: "Delete the collection" }).getAttribute("aria-disabled"), "true");
    await close();
  });

  it("lies over the page where there is less room, and is a page on a phone", limit, async () => {
    const { page, list, check, close } = await open();
    await page.setViewportSize({ width: 800, height: 900 });
    await list.waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Show the sidebar" }).click();
    await list.getByLabel("Filter collections").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Filter collections");
    await check("sidebar-over");
    await page.keyboard.press("Escape");
    await list.waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Show the sidebar" }).click();
    await list.getByRole("link", { name: "comments" }).click();
    await page.getByRole("heading", { name: "comments" }).waitFor();
    await list.waitFor({ state: "hidden" });
    await page.setViewportSize({ width: 390, height: 844 });
    await check("header-narrow");
    await page.getByRole("link", { name: "Collections" }).click();
    await list.getByRole("link", { name: "posts" }).waitFor();
    await check("sidebar-page");
    await list.getByRole("link", { name: "posts" }).click();
    await page.getByRole("heading", { name: "posts" }).waitFor();
    await close();
  });
});
