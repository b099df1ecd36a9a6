// What goes wrong in the middle of something, without a pointer: the server dies, the session ends,
// what is stored means to run.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { atCall, limitOf, useFlow } from "../flow.mjs";
import { isFocused, keepsFocus, press, tabTo } from "../keys.mjs";
import { root } from "../server.mjs";

const limit = limitOf(90_000);
const evil = `"><script>globalThis.ran = 1</script><img src=x onerror="globalThis.ran = 1"><svg onload="globalThis.ran = 1">`;

describe("keyboard: trouble", limitOf(300_000), () => {
  const path = "collections/notes/records";
  const flow = useFlow({
    prepare: async ({ call }) => {
      await call("POST", "collections", { name: "notes", type: "base", fields: [{ name: "title", type: "text" }, { name: "page", type: "editor" }] });
    },
  });

  // To the record's first field, from the row that is found by its title.
  const open = async (row, { expect = [] } = {}) => {
    const tab = await flow.browser.open(flow.server.url, { query: "#/data/notes", expect });
    const { page } = tab;
    // The last thing that a page asks by itself: what fails later has been asked for later.
    const settled = page.waitForResponse((reply) => reply.url().endsWith("/api/settings"));
    await tabTo(page, page.getByLabel("E-mail"));
    await page.keyboard.type(root.email);
    await tabTo(page, page.getByLabel("Password", { exact: true }));
    await page.keyboard.type(root.password);
    await page.keyboard.press("Enter");
    await page.getByRole("grid", { name: "notes" }).waitFor();
    await settled;
    await page.keyboard.press("/");
    await page.keyboard.type(`id = "${row.id}"`);
    await page.keyboard.press("Enter");
    await page.getByText("1–1 of 1").waitFor();
    await tabTo(page, page.getByRole("grid"));
    for (const key of ["Control+Home", "Enter"]) await page.keyboard.press(key);
    const title = page.locator(".drawer").getByLabel("title");
    await tabTo(page, title);
    return { ...tab, title };
  };
  const make = (body) => flow.call("POST", path, body);
  const read = (row) => flow.call("GET", `${path}/${row.id}`);
  const typeOver = async (page, text) => {
    await page.keyboard.press("Control+a");
    await page.keyboard.type(text);
  };

  it("outlives a server that is killed", limit, async () => {
    const row = await make({ title: "before" });
    const { page, title, allow } = await open(row);
    await typeOver(page, "typed meanwhile");
    allow("away");
    await flow.server.kill();
    await page.keyboard.press("Control+s");
    await page.getByText("The server cannot be reached").waitFor();
    await page.getByText("Server unreachable since").waitFor();
    await keepsFocus(page);
    await tabTo(page, title);
    await page.keyboard.press("End");
    await page.keyboard.type(", and more");
    await flow.server.restart();
    await page.getByText("Server unreachable since").waitFor({ state: "detached" });
    await isFocused(title); // who types goes on typing
    await page.keyboard.press("Control+s");
    await page.getByText("Saved", { exact: true }).waitFor();
    assert.equal((await read(row)).title, "typed meanwhile, and more");
    await keepsFocus(page);
    await page.context().close();
  });

  it("signs in again over what was typed, and saves it", limit, async () => {
    const row = await make({ title: "before" });
    const { page, title, close } = await open(row, { expect: [400, 401, 403, 404] });
    const { items } = await flow.call("GET", "collections/_superusers/records");
    await typeOver(page, "typed before it ended");
    await atCall(page, "PATCH", () => flow.call("PATCH", `collections/_superusers/records/${items[0].id}`, { "tokenKey:autogenerate": "" }));
    await page.keyboard.press("Control+s");
    const dialog = page.getByRole("dialog", { name: "Your session has ended" });
    await dialog.waitFor();
    const password = dialog.getByLabel("Password", { exact: true });
    await tabTo(page, password);
    await page.keyboard.type("not the password");
    await page.keyboard.press("Enter");
    await dialog.getByRole("alert").waitFor();
    await tabTo(page, password, "Shift+Tab");
    await typeOver(page, root.password);
    await press(page, dialog.getByRole("button", { name: "Sign in", exact: true }));
    await dialog.waitFor({ state: "detached" });
    await page.getByText("Saved", { exact: true }).waitFor();
    await keepsFocus(page);
    assert.equal(await title.inputValue(), "typed before it ended");
    flow.token = await flow.server.signIn();
    assert.equal((await read(row)).title, "typed before it ended");
    await close();
  });

  it("tries again what has failed", limit, async () => {
    const { page, faults, close } = await flow.browser.open(flow.server.url, { query: "#/settings" });
    let isBroken = true;
    await page.route("**/api/settings", (route) => (isBroken ? route.abort() : route.continue()));
    await tabTo(page, page.getByLabel("E-mail"));
    await page.keyboard.type(root.email);
    await tabTo(page, page.getByLabel("Password", { exact: true }));
    await page.keyboard.type(root.password);
    await page.keyboard.press("Enter");
    const again = page.getByRole("button", { name: "Try again" });
    await press(page, again);
    await again.waitFor();
    isBroken = false;
    await press(page, again);
    await again.waitFor({ state: "detached" });
    await page.getByRole("textbox", { name: "Name", exact: true }).waitFor();
    await page.waitForFunction(() => document.activeElement !== document.body);
    faults.splice(0, faults.length, ...faults.filter((fault) => !fault.includes("net::ERR_FAILED")));
    await close();
  });

  it("goes through what is stored, which does not run", limit, async () => {
    const row = await make({ title: evil, page: evil });
    const { page, title, faults, close } = await open(row, { expect: [404] });
    assert.equal(await title.inputValue(), evil);
    const text = page.locator(".drawer .rich-text");
    await text.waitFor();
    // The frame in which it is read says what it has not run; nobody else has anything to say.
    faults.splice(0, faults.length, ...faults.filter((one) => !/^console: Blocked script execution in '[^']*\/_\/frame\.html'/.test(one)));
    await page.keyboard.press("End");
    await page.keyboard.type("!");
    await page.keyboard.press("Control+s");
    await page.getByText("Saved", { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".drawer").waitFor({ state: "detached" });
    await isFocused(page.getByRole("grid"));
    for (const key of ["ArrowRight", "F2"]) await page.keyboard.press(key);
    await page.getByRole("group", { name: "Edit title" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("/");
    await typeOver(page, evil);
    await page.keyboard.press("Enter");
    await page.locator(".filter-wrong").waitFor();
    assert.equal(await page.getByRole("combobox", { name: "Filter" }).inputValue(), evil);
    await keepsFocus(page);
    assert.equal(await page.evaluate(() => globalThis.ran), undefined);
    assert.equal(await page.locator("script:not([src])").count(), 0);
    const now = await read(row);
    assert.deepEqual([now.title, now.page.includes("onerror")], [`${evil}!`, true]);
    await close();
  });
});
