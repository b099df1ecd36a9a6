// What happens elsewhere: told by the server while "Live" is on, and by other pages of the browser.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";
import { isReference, root } from "../server.mjs";

const limit = limitOf(90_000);

describe("live", limit, () => {
  const flow = useFlow({
    prepare: async () => {
      const tags = await flow.call("POST", "collections", { name: "tags", type: "base", fields: [{ name: "name", type: "text", presentable: true }] });
      await flow.call("POST", "collections", { name: "posts", type: "base", fields: [{ name: "title", type: "text" }, { name: "views", type: "number" }, { name: "tag", type: "relation", collectionId: tags.id, maxSelect: 1 }] });
      const made = [];
      for (const name of ["red", "blue"]) made.push((await flow.call("POST", "collections/tags/records", { name })).id);
      ids = { tags: made, posts: [] };
      for (let n = 0; n < 6; n++) ids.posts.push((await add({ title: `Post ${n}`, views: n, tag: made[0] })).id);
    },
  });
  let ids;
  const path = "collections/posts/records";
  const add = (body) => flow.call("POST", path, body);
  const change = (id, body) => flow.call("PATCH", `${path}/${id}`, body);

  const open = async (query = "", more = {}) => {
    const tab = await flow.browser.open(flow.server.url, { query: `#/data/posts${query}`, ...more });
    await tab.signIn(root);
    await tab.page.getByRole("gridcell", more.size === "phone" ? { name: "Post 0" } : { name: "Post 0", exact: true }).waitFor();
    return { ...tab, rowOf: (text) => tab.page.getByRole("row").filter({ hasText: text }) };
  };
  // From when on it listens, it reads once more what may have changed before.
  const beLive = async (page) => {
    const told = page.waitForResponse((reply) => reply.url().endsWith("/api/realtime") && reply.request().method() === "POST" && reply.request().postData().includes("posts/*"));
    const read = told.then(() => page.waitForResponse((reply) => reply.url().includes(`/api/${path}?`)));
    await page.getByRole("button", { name: "Live", exact: true }).click();
    await (await read).finished();
  };

  it("shows what has changed since the rows were read, once it listens", limit, async () => {
    const { page, rowOf, close } = await open();
    await change(ids.posts[5], { title: "Post changed before" });
    const made = await add({ title: "Post made before" });
    await beLive(page);
    await rowOf("Post changed before").waitFor();
    await rowOf("Post made before").waitFor();
    await change(ids.posts[5], { title: "Post 5" });
    await page.locator(".cell-flash", { hasText: "Post 5" }).waitFor();
    await flow.call("DELETE", `${path}/${made.id}`);
    await page.locator(".cell-gone", { hasText: "Post made before" }).waitFor();
    await close();
  });

  it("changes rows in place, greys those that are deleted, counts new ones", limit, async () => {
    const { page, rowOf, check, close } = await open();
    await beLive(page);
    await change(ids.posts[1], { title: "Post one" });
    await page.locator(".cell-flash", { hasText: "Post one" }).waitFor();
    assert.equal(await page.locator(".cell-flash").count(), 1);
    await rowOf("Post one").getByText("red").waitFor();
    await change(ids.posts[1], { tag: ids.tags[1] });
    await rowOf("Post one").getByText("blue").waitFor();
    await flow.call("DELETE", `${path}/${ids.posts[2]}`);
    await page.locator(".cell-gone", { hasText: "Post 2" }).waitFor();
    for (const n of [7, 8, 9]) await add({ title: `Post ${n}` });
    await page.getByRole("button", { name: "3 new" }).waitFor();
    assert.equal(await rowOf("Post 7").count(), 0);
    await check("live");
    await page.getByRole("button", { name: "3 new" }).click();
    await rowOf("Post 9").waitFor();
    assert.equal(await rowOf("Post 2").count(), 0);
    await page.getByRole("button", { name: "3 new" }).waitFor({ state: "detached" });
    await close();
  });

  it("marks rows of a list, and selects no row that is gone", limit, async () => {
    const gone = (await add({ title: "Post to go" })).id;
    const kept = (await add({ title: "Post to stay" })).id;
    const { page, check, close } = await open("", { size: "phone" });
    const item = (text) => page.locator(".grid-item", { hasText: text });
    await beLive(page);
    await page.getByRole("grid").focus();
    await page.keyboard.press("Control+a");
    const selected = await page.getByText(/^\d+ selected$/).textContent().then(parseInt);
    await change(kept, { views: 5 });
    await page.locator(".cell-flash", { hasText: "Post to stay" }).waitFor();
    await flow.call("DELETE", `${path}/${gone}`);
    await page.locator(".cell-gone", { hasText: "Post to go" }).waitFor();
    await page.getByText(`${selected - 1} selected`).waitFor();
    assert.equal(await item("Post to go").getAttribute("aria-selected"), "false");
    await check("live-list");
    await flow.call("DELETE", `${path}/${kept}`);
    await page.getByText(`${selected - 2} selected`).waitFor();
    await close();
  });

  it("says that the order is stale, and counts only what matches", limit, async () => {
    const { page, rowOf, check, close } = await open(`?sort=views&filter=${encodeURIComponent("title ~ 'Post'")}`);
    await beLive(page);
    await change(ids.posts[0], { views: 1000 });
    await page.getByRole("button", { name: "Order is stale, refresh" }).waitFor();
    await check("stale");
    await page.getByRole("button", { name: "Order is stale, refresh" }).click();
    await page.getByRole("button", { name: "Order is stale, refresh" }).waitFor({ state: "detached" });
    await add({ title: "Something else" });
    await add({ title: "Post that matches" });
    await page.getByRole("button", { name: /new$/ }).waitFor();
    await page.waitForTimeout(300);
    assert.equal(await page.getByRole("button", { name: /new$/ }).textContent(), "1 new");
    await page.keyboard.press("r");
    await rowOf("Post that matches").waitFor();
    await page.getByRole("button", { name: "1 new" }).waitFor({ state: "detached" });
    await close();
  });

  it("tells of a lost connection, and refreshes when it is back", limit, async () => {
    const { page, rowOf } = await open();
    await beLive(page);
    await flow.server.kill();
    await page.getByText("Connection lost, trying again").waitFor();
    await flow.server.restart();
    await add({ title: "Post made meanwhile" });
    await rowOf("Post made meanwhile").waitFor();
    await page.getByText("Connection lost, trying again").waitFor({ state: "detached" });
    await change(ids.posts[3], { title: "Post after it" });
    await page.locator(".cell-flash", { hasText: "Post after it" }).waitFor();
    await page.context().close();
  });

  it("follows other pages of the browser, to the sign-out", limit, async () => {
    const { page, check, close } = await flow.browser.open(flow.server.url, { query: "#/data/posts" });
    await page.getByLabel("Keep me signed in on this device").check();
    await page.getByLabel("E-mail").fill(root.email);
    await page.getByLabel("Password", { exact: true }).fill(root.password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("gridcell", { name: "Post 4", exact: true }).waitFor();
    const other = await page.context().newPage();
    await other.goto(`${flow.server.url}/_/#/data/posts`);
    await other.getByRole("gridcell", { name: "Post 4", exact: true }).dblclick();
    await other.getByRole("group", { name: "Edit title" }).getByRole("textbox").fill("Post from there");
    await other.keyboard.press("Enter");
    await page.locator(".grid-row", { hasText: "Post from there" }).waitFor();

    await other.keyboard.press("n");
    await other.getByLabel("title").fill("Post made there");
    await other.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByRole("button", { name: "1 new" }).waitFor();
    await other.getByRole("gridcell", { name: "Post made there" }).waitFor();
    assert.equal(await other.getByRole("button", { name: /new$/ }).count(), 0);

    await other.locator(".grid-row", { hasText: "Post from there" }).locator(".grid-box").click();
    await other.getByRole("button", { name: "Delete", exact: true }).click();
    await other.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.locator(".cell-gone", { hasText: "Post from there" }).waitFor();
    await check("other-page");

    await flow.call("POST", "collections", { name: "seen_at_once", type: "base" });
    if (!isReference) await page.getByRole("navigation", { name: "Collections" }).getByRole("link", { name: "seen_at_once" }).waitFor();

    await other.getByRole("button", { name: "Account" }).click();
    await other.getByRole("menuitem", { name: "Sign out", exact: true }).click();
    await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
    assert.equal(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("token")).length), 0);
    await close();
  });
});
