// From the link that the server prints to rows on the screen.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "./flow.mjs";
import { root, startServer } from "./server.mjs";

const limit = limitOf(60_000);

describe("install", limit, () => {
  const flow = useFlow({ superuser: false });

  it("makes the first superuser, a sample app, and sees its first request", limit, async () => {
    const query = await flow.server.link();
    const { page, check, close } = await flow.browser.open(flow.server.url, { query });
    await page.getByRole("heading", { name: "Set up Reeve" }).waitFor();
    await check("install");
    await page.getByLabel("E-mail").fill(root.email);
    await page.getByRole("button", { name: "Suggest one" }).click();
    const suggested = await page.getByLabel("Password", { exact: true }).inputValue();
    assert.match(suggested, /^\w{20}$/);
    await page.getByLabel("Password", { exact: true }).fill(root.password);
    await page.getByLabel("Password once more").fill("1234567891");
    await page.getByRole("button", { name: "Create and sign in" }).click();
    await page.getByText("The two passwords differ.").waitFor();
    await page.getByLabel("Password once more").fill(root.password);
    await page.getByRole("button", { name: "Create and sign in" }).click();

    await page.getByRole("heading", { name: "Your app" }).waitFor();
    assert.equal(await page.getByLabel("Address").inputValue(), flow.server.url);
    await page.getByLabel("Name").fill("Kitchen");
    await check("wizard-app");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("heading", { name: "First collections" }).waitFor();
    await check("wizard-data");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { name: "First request" }).waitFor();
    await check("wizard-call");
    await page.getByLabel("curl").check();
    const token = await flow.server.signIn();
    const { items } = await flow.server.call("GET", "collections/posts/records?perPage=50", undefined, token);
    assert.equal(items.length, 8);
    await flow.server.call("GET", "collections/posts/records");
    await page.getByText("Arrived: GET /api/collections/posts/records").waitFor();
    await page.getByRole("button", { name: "Go to the data" }).click();
    await page.waitForURL(/#\/data\/posts$/);
    assert.equal((await flow.server.call("GET", "settings", undefined, token)).meta.appName, "Kitchen");
    await close();
  });

  it("begins with a backup instead", limit, async () => {
    const from = await startServer();
    const token = await from.signIn();
    await from.call("POST", "collections", { name: "kept", type: "base", fields: [{ name: "title", type: "text" }] }, token);
    await from.call("POST", "collections/kept/records", { title: "Out of the backup" }, token);
    await from.call("POST", "backups", { name: "kept.zip" }, token);
    const { token: file } = await from.call("POST", "files/token", {}, token);
    const zip = Buffer.from(await (await fetch(`${from.url}/api/backups/kept.zip?token=${file}`)).arrayBuffer());
    await from.stop();

    const fresh = await startServer({ superuser: false });
    const query = await fresh.link();
    const tab = await flow.browser.open(fresh.url, { query });
    const { page, check, faults } = tab;
    await page.getByRole("button", { name: "Start from a backup instead" }).click();
    await page.getByLabel("Backup").setInputFiles({ name: "kept.zip", mimeType: "application/zip", buffer: zip });
    await check("restore");
    await page.getByRole("button", { name: "Upload and restore" }).click();
    await page.getByRole("heading", { name: "Restored" }).waitFor({ timeout: 30_000 });
    faults.length = 0; // while the server was away, the browser could not reach it
    await page.getByRole("link", { name: "Go to sign-in" }).click();
    await tab.signIn(root);
    await page.getByText("Out of the backup").waitFor();
    await page.context().close();
    await fresh.stop();
  });

  it("says that the link has expired, and how to get another one", limit, async () => {
    const { page, check, close } = await flow.browser.open(flow.server.url, { query: "#/pbinstall/a.e30.c" });
    await page.getByText("This link has expired").waitFor();
    await check("install-expired");
    await close();
  });
});
