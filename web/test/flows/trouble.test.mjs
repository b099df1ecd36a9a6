// What goes wrong in the middle of something: the server dies, the session ends, what is stored
// means to run. Nothing that was typed is lost, nothing of what is stored runs.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { atCall, limitOf, useFlow } from "./flow.mjs";
import { root } from "./server.mjs";

const limit = limitOf(90_000);
const evil = `"><script>globalThis.ran = 1</script><img src=x onerror="globalThis.ran = 1"><svg onload="globalThis.ran = 1"><a href="javascript:globalThis.ran = 1">a</a>`;

describe("trouble", limit, () => {
  const flow = useFlow({
    prepare: async () => {
      const texts = ["title", "other"].map((name) => ({ name, type: "text" }));
      await flow.call("POST", "collections", { name: "notes", type: "base", fields: [...texts, { name: "page", type: "editor" }, { name: "meta", type: "json" }, { name: "kind", type: "select", values: [evil, "b"], maxSelect: 1 }] });
    },
  });
  const path = "collections/notes/records";

  const open = async (body, expect = []) => {
    const row = await flow.call("POST", path, body);
    const tab = await flow.browser.open(flow.server.url, { query: `#/data/notes?record=${row.id}`, expect });
    // The last thing that a page asks by itself: what fails later has been asked for later.
    const settled = tab.page.waitForResponse((reply) => reply.url().endsWith("/api/settings"));
    await tab.signIn(root);
    await tab.page.getByLabel("title").waitFor();
    await settled;
    return { ...tab, row };
  };
  const read = (row) => flow.call("GET", `${path}/${row.id}`);

  it("outlives a server that is killed", limit, async () => {
    const { page, row, check, allow } = await open({ title: "before" });
    await page.getByLabel("title").fill("typed meanwhile");
    allow("away");
    await flow.server.kill();
    await page.keyboard.press("Control+s");
    await page.getByText("The server cannot be reached").waitFor();
    await page.getByText("Server unreachable since").waitFor();
    await check("unreachable");
    assert.equal(await page.getByLabel("title").inputValue(), "typed meanwhile");
    await flow.server.restart();
    await page.getByText("Server unreachable since").waitFor({ state: "detached" });
    await page.keyboard.press("Control+s");
    await page.getByText("Saved", { exact: true }).waitFor();
    assert.equal((await read(row)).title, "typed meanwhile");
    await page.context().close();
  });

  it("asks who goes on when the session has ended, and saves then", limit, async () => {
    const { page, row, check, close } = await open({ title: "before" }, [401, 403, 404]);
    const { items } = await flow.call("GET", "collections/_superusers/records");
    await page.getByLabel("title").fill("typed before it ended");
    await atCall(page, "PATCH", () => flow.call("PATCH", `collections/_superusers/records/${items[0].id}`, { "tokenKey:autogenerate": "" }));
    await page.keyboard.press("Control+s");
    const dialog = page.getByRole("dialog", { name: "Your session has ended" });
    await dialog.waitFor();
    await check("session-ended-editing");
    await dialog.getByLabel("Password", { exact: true }).fill(root.password);
    await dialog.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    flow.token = await flow.server.signIn();
    assert.equal((await read(row)).title, "typed before it ended");
    await close();
  });

  it("runs nothing of what is stored", limit, async () => {
    const { page, faults, check, close } = await open({ title: evil, other: evil, page: evil, meta: { a: evil }, kind: evil }, [404]);
    await page.locator(".drawer .rich-text").waitFor();
    await page.waitForTimeout(300);
    // The frame in which it is read says what it has not run; nobody else has anything to say.
    faults.splice(0, faults.length, ...faults.filter((one) => !/^console: Blocked script execution in '[^']*\/_\/frame\.html'/.test(one)));
    await check("stored-html");
    await page.getByRole("combobox", { name: "Filter" }).fill(evil);
    await page.keyboard.press("Enter");
    await page.getByRole("gridcell").first().waitFor();
    assert.equal(await page.evaluate(() => globalThis.ran), undefined);
    assert.equal(await page.locator("script:not([src])").count(), 0);
    await close();
  });
});
