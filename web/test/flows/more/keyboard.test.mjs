// The same without a pointer: every act is reached by Tab and done by keys, and the focus is never
// lost in between.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";
import { focusAfter, isFocused, keepsFocus, press, tabTo } from "../keys.mjs";
import { root, startServer } from "../server.mjs";

const limit = limitOf(90_000);
describe("keyboard", limitOf(400_000), () => {
  const path = "collections/posts/records";
  const flow = useFlow({
    prepare: async ({ call }) => {
      await call("POST", "collections", {
        name: "posts",
        type: "base",
        fields: [
          { name: "title", type: "text", required: true },
          { name: "views", type: "number" },
          { name: "isOpen", type: "bool" },
          { name: "status", type: "select", values: ["draft", "published"], maxSelect: 1 },
        ],
      });
      for (let n = 0; n < 6; n++) await call("POST", path, { title: `Post ${n}`, views: n * 10, status: "draft" });
    },
  });
  const find = async (filter) => (await flow.call("GET", `${path}?filter=${encodeURIComponent(filter)}`)).items;

  const signIn = async (page) => {
    await tabTo(page, page.getByLabel("E-mail"));
    await page.keyboard.type(root.email);
    await tabTo(page, page.getByLabel("Password", { exact: true }));
    await page.keyboard.type(root.password);
    await page.keyboard.press("Enter");
  };
  const open = async (hash) => {
    const tab = await flow.browser.open(flow.server.url, { query: `#${hash}` });
    await signIn(tab.page);
    await tab.page.getByRole("gridcell", { name: "Post 0", exact: true }).waitFor();
    return tab;
  };

  it("sets up a server, to its first rows", limit, async () => {
    const fresh = await startServer({ superuser: false });
    const query = await fresh.link();
    const { page, close } = await flow.browser.open(fresh.url, { query });
    await tabTo(page, page.getByLabel("E-mail"));
    await page.keyboard.type(root.email);
    await tabTo(page, page.getByLabel("Password", { exact: true }));
    await page.keyboard.type(root.password);
    await tabTo(page, page.getByLabel("Password once more"));
    await page.keyboard.type(root.password);
    await page.keyboard.press("Enter");
    await press(page, page.getByRole("button", { name: "Continue" }));
    await press(page, page.getByRole("button", { name: "Create" }));
    await press(page, page.getByRole("button", { name: "Go to the data" }));
    await page.getByRole("grid", { name: "posts" }).waitFor();
    await keepsFocus(page);
    await close();
    await fresh.stop();
  });

  it("finds a collection, sorts, filters", limit, async () => {
    const { page, close } = await open("/data/posts");
    await page.keyboard.press("Control+k");
    await page.waitForFunction(() => Boolean(document.activeElement?.closest("dialog")));
    await page.keyboard.type("users");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "users" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.waitForFunction(() => Boolean(document.activeElement?.closest("dialog")));
    await page.keyboard.type("posts");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "posts" }).waitFor();

    await tabTo(page, page.getByRole("grid"));
    for (const key of ["ArrowUp", "ArrowRight", "s"]) await page.keyboard.press(key);
    await page.waitForURL(/sort=title/);
    await page.keyboard.press("s");
    await page.waitForURL(/sort=-title/);
    await page.keyboard.press("/");
    await page.keyboard.type("views >= 40");
    await page.keyboard.press("Enter");
    await page.getByText("1–2 of 2").waitFor();
    await keepsFocus(page);

    await press(page, page.getByRole("button", { name: "Builder" }));
    const value = page.getByRole("textbox", { name: "Value" });
    await tabTo(page, value);
    await page.keyboard.press("Control+a");
    await page.keyboard.type("50");
    await page.keyboard.press("Enter");
    await page.getByText("1–1 of 1").waitFor();
    await keepsFocus(page);
    await close();
  });

  it("creates a record, edits a cell, opens, changes and deletes it", limit, async () => {
    const { page, close } = await open("/data/posts");
    await tabTo(page, page.getByRole("grid"));
    await page.keyboard.press("n");
    await tabTo(page, page.getByLabel("title"));
    await page.keyboard.type("By keys");
    await tabTo(page, page.getByRole("textbox", { name: "views" }));
    await page.keyboard.type("7");
    await press(page, page.getByRole("switch", { name: "isOpen" }), "Space");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("gridcell", { name: "By keys" }).waitFor();
    await page.locator(".drawer").waitFor({ state: "detached" });
    await keepsFocus(page);
    const [made] = await find("title='By keys'");
    assert.deepEqual([made.views, made.isOpen], [7, true]);

    await tabTo(page, page.getByRole("grid"));
    for (const key of ["Control+Home", "ArrowRight", "F2"]) await page.keyboard.press(key);
    const cell = page.getByRole("group", { name: "Edit title" }).getByRole("textbox");
    await cell.waitFor();
    await isFocused(cell);
    await page.keyboard.press("Control+a");
    await page.keyboard.type("By other keys");
    await page.keyboard.press("Enter");
    await page.getByRole("gridcell", { name: "By other keys" }).waitFor();
    await isFocused(page.getByRole("grid"));
    await page.locator(".cell-pending").waitFor({ state: "detached" });

    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    await page.locator(".drawer").getByLabel("title").waitFor();
    await keepsFocus(page);
    await tabTo(page, page.locator(".drawer").getByRole("button", { name: "More", exact: true }));
    await page.keyboard.press("Enter");
    await page.getByRole("menu").waitFor();
    for (const letter of "Del") await page.keyboard.type(letter);
    await page.keyboard.press("Enter");
    const question = page.getByRole("dialog", { name: /Delete/ });
    await question.waitFor();
    await isFocused(question.getByRole("button", { name: "Cancel" })); // the harmless button has the focus
    await press(page, question.getByRole("button", { name: "Delete" }));
    await question.waitFor({ state: "detached" });
    await page.locator(".drawer").waitFor({ state: "detached" });
    await keepsFocus(page);
    assert.equal((await find(`id='${made.id}'`)).length, 0);
    await close();
  });

  it("has the next key where it is meant, however soon it comes", limit, async () => {
    const { page, close } = await open("/data/posts");
    const grid = page.getByRole("grid");
    await tabTo(page, grid);
    for (const key of ["Control+Home", "ArrowRight", "F2"]) await page.keyboard.press(key);
    const cell = page.getByRole("group", { name: "Edit title" }).getByRole("textbox");
    await cell.waitFor();
    assert.equal(await focusAfter(cell, "Escape"), "grid");
    await page.keyboard.press("Control+Enter");
    const drawer = page.locator(".drawer");
    await drawer.getByLabel("title").waitFor();
    const more = drawer.getByRole("button", { name: "More", exact: true });
    assert.equal(await focusAfter(more), "menuitem");
    assert.equal(await focusAfter(page.getByRole("menuitem").first(), "Escape"), "button");
    assert.equal(await focusAfter(drawer, "Escape"), "grid");
    await drawer.waitFor({ state: "detached" });
    await keepsFocus(page);
    await close();
  });

  it("selects, deletes and takes it back", limit, async () => {
    const { page, close } = await open("/data/posts?sort=views");
    await tabTo(page, page.getByRole("grid"));
    for (const key of ["Control+Home", "Space", "Shift+ArrowDown", "Shift+ArrowDown"]) await page.keyboard.press(key);
    await page.getByText("3 selected").waitFor();
    await press(page, page.getByRole("button", { name: "Delete", exact: true }));
    const question = page.getByRole("dialog", { name: /Delete/ });
    await question.getByText(/can be undone/).waitFor();
    await press(page, question.getByRole("button", { name: "Delete" }));
    await question.waitFor({ state: "detached" });
    assert.equal((await find("title~'Post'")).length, 3);
    await keepsFocus(page);
    await press(page, page.getByRole("button", { name: "Undo" }));
    await page.getByText("1–6 of 6").waitFor();
    await keepsFocus(page);

    await tabTo(page, page.getByRole("grid"), "Shift+Tab");
    await tabTo(page, page.getByRole("button", { name: "Columns" }), "Shift+Tab");
    await page.keyboard.press("Enter");
    await press(page, page.getByRole("dialog").getByLabel("views"), "Space");
    await page.keyboard.press("Escape");
    await page.getByRole("columnheader", { name: "views" }).waitFor({ state: "detached" });
    await isFocused(page.getByRole("button", { name: "Columns" }));
    await close();
  });

  it("comes back to the grid from a record that another one has replaced", limit, async () => {
    const { page, close } = await open("/data/posts?sort=views");
    const [grid, drawer] = [page.getByRole("grid"), page.locator(".drawer")];
    const title = drawer.getByLabel("title");
    const back = async () => {
      await page.keyboard.press("Escape");
      await drawer.waitFor({ state: "detached" });
      await isFocused(grid);
    };
    await tabTo(page, grid);
    for (const key of ["Control+Home", "Enter"]) await page.keyboard.press(key);
    await title.waitFor();
    const first = await title.inputValue();
    await page.keyboard.press("Alt+ArrowDown");
    await page.waitForFunction((before) => ![before, undefined, ""].includes(document.querySelector(".drawer [name=title]")?.value), first);
    await back();
    await page.keyboard.press("n");
    await tabTo(page, title);
    await page.keyboard.type("Stays open");
    await page.keyboard.press("Control+s");
    await page.waitForURL(/record=\w/);
    await drawer.getByRole("button", { name: "More", exact: true }).waitFor();
    await back();
    await page.goto(page.url().replace(/#.*/, "#/data/posts?record=*"));
    await page.reload();
    await title.waitFor();
    await isFocused(drawer); // not what creates it
    await close();
  });
});
