// Backups: made, looked at, fetched, brought in, restored, deleted.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";
import { keepsFocus, press, tabTo } from "../keys.mjs";
import { isReference, root } from "../server.mjs";

// A zip file with nothing in it but a text.
const noBackup = Buffer.from("UEsDBBQAAAAAAAAAIQBDvrfoAQAAAAEAAAABAAAAYWFQSwECFAMUAAAAAAAAACEAQ7636AEAAAABAAAAAQAAAAAAAAAAAAAAgAEAAAAAYVBLBQYAAAAAAQABAC8AAAAgAAAAAAA=", "base64");

const limit = limitOf(180_000);

describe("backups", limitOf(600_000), () => {
  const flow = useFlow({
    prepare: async ({ call }) => {
      await call("POST", "collections", { name: "notes", type: "base", fields: [{ name: "title", type: "text" }] });
      await call("POST", "collections/notes/records", { title: "Before" });
    },
  });
  const list = (page) => page.getByRole("list", { name: "Backups" });
  const item = (page, key) => list(page).getByRole("listitem").filter({ hasText: key });
  const act = async (page, key, name) => {
    await page.getByRole("button", { name: `Acts on ${key}` }).click();
    await page.getByRole("menuitem", { name, exact: true }).click();
  };
  const back = async () => {
    for (let n = 0; n < 100; n++) {
      try {
        flow.token = await flow.server.signIn();
        return;
      } catch {
        await new Promise((done) => setTimeout(done, 100));
      }
    }
    assert.fail("the server is not back");
  };

  it("is made, verified, downloaded, uploaded and deleted", limit, async () => {
    const { page, allow, check, close } = await flow.openAt("/settings/backups");
    await page.getByText("There is no backup").waitFor();
    await check("backups-none");
    allow(400);
    await page.getByRole("button", { name: "New backup" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Not Good");
    await dialog.getByRole("button", { name: "Create" }).click();
    await dialog.locator(".field-error").waitFor();
    await check("backups-refused");
    await dialog.getByLabel("Name").fill("first");
    await dialog.getByRole("button", { name: "Create" }).click();
    await item(page, "first.zip").waitFor();
    await page.getByText(/^Last success/).waitFor();
    if (!isReference) {
      await act(page, "first.zip", "Verify");
      await item(page, "first.zip").getByText(/It can be restored/).waitFor();
      await item(page, "first.zip").getByText("verified", { exact: true }).waitFor();
    }
    await check("backups");

    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download first.zip" }).click()]);
    const bytes = await readFile(await download.path());
    assert.equal(bytes.subarray(0, 2).toString(), "PK");
    await page.getByLabel("Upload", { exact: true }).last().setInputFiles({ name: "other.zip", mimeType: "application/zip", buffer: bytes });
    await item(page, "other.zip").waitFor();
    await page.getByLabel("Upload", { exact: true }).last().setInputFiles({ name: "text.zip", mimeType: "application/zip", buffer: Buffer.from("no zip") });
    await page.getByText("Some of this is not accepted").waitFor();
    await check("backups-no-zip");
    await act(page, "other.zip", "Delete");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await item(page, "other.zip").waitFor({ state: "detached" });
    await keepsFocus(page);
    assert.deepEqual((await flow.call("GET", "backups")).map(({ key }) => key), ["first.zip"]);
    await close();
  });

  it("is restored once its name is typed, and goes on signed in", limit, async () => {
    const { id } = (await flow.call("GET", "collections/notes/records")).items[0];
    await flow.call("PATCH", `collections/notes/records/${id}`, { title: "After" });
    const { page, check, faults } = await flow.openAt("/settings/backups");
    await item(page, "first.zip").waitFor();
    await act(page, "first.zip", "Restore");
    const dialog = page.getByRole("dialog");
    await dialog.getByText(/^Everything here is replaced/).waitFor();
    await dialog.getByRole("button", { name: "Restore" }).click();
    await dialog.getByText("That is not the name.").waitFor();
    await check("backups-restore");
    await dialog.getByLabel(/Type first.zip/).fill("first.zip");
    await dialog.getByRole("button", { name: "Restore" }).click();
    await dialog.getByText(/Restoring/).waitFor();
    await dialog.waitFor({ state: "detached", timeout: 60_000 });
    await page.getByText("Restored from first.zip").waitFor();
    await item(page, "first.zip").waitFor();
    faults.length = 0; // while the server was away, the browser could not reach it
    await check("backups-restored");
    assert.doesNotMatch(page.url(), /restored=/);
    await back();
    assert.equal((await flow.call("GET", "collections/notes/records")).items[0].title, "Before");
    await page.context().close();
  });

  it("says so where nothing was restored", limit, async () => {
    const { page, check, close } = await flow.openAt("/settings/backups");
    await item(page, "first.zip").waitFor();
    await page.getByLabel("Upload", { exact: true }).last().setInputFiles({ name: "none.zip", mimeType: "application/zip", buffer: noBackup });
    await item(page, "none.zip").waitFor();
    await act(page, "none.zip", "Restore");
    await page.getByLabel(/Type none.zip/).fill("none.zip");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByText(/Nothing was restored/).waitFor();
    await check("backups-not-restored");
    assert.equal(await page.getByText("Restored from").count(), 0);
    await flow.call("DELETE", "backups/none.zip");
    await close();
  });

  it("is restored by who is not in it, who signs in as somebody who is", limit, async () => {
    const late = { email: "late@example.com", password: "1234567890" };
    await flow.call("POST", "collections/_superusers/records", { ...late, passwordConfirm: late.password });
    const tab = await flow.browser.open(flow.server.url, { query: "#/settings/backups" });
    const { page, check, faults } = tab;
    await tab.signIn(late);
    await item(page, "first.zip").waitFor();
    await act(page, "first.zip", "Restore");
    await page.getByLabel(/Type first.zip/).fill("first.zip");
    await page.keyboard.press("Enter");
    await page.getByLabel("E-mail").waitFor({ timeout: 60_000 });
    faults.length = 0;
    await tab.signIn(root);
    await page.getByText("Restored from first.zip").waitFor();
    await check("backups-signed-in-again");
    await back();
    assert.equal((await flow.call("GET", "collections/_superusers/records")).items.length, 1);
    await page.context().close();
  });

  it("can be done by keys alone", limit, async () => {
    const { page, close } = await flow.openAt("/settings/backups");
    await press(page, page.getByRole("button", { name: "New backup" }));
    await tabTo(page, page.getByRole("dialog").getByLabel("Name"));
    await page.keyboard.type("keys");
    await page.keyboard.press("Enter");
    await item(page, "keys.zip").waitFor();
    await keepsFocus(page);
    await press(page, page.getByRole("button", { name: "Acts on keys.zip" }));
    await page.getByRole("menu").waitFor();
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await press(page, page.getByRole("dialog").getByRole("button", { name: "Delete" }));
    await item(page, "keys.zip").waitFor({ state: "detached" });
    await close();
  });

  it("is there on a phone", limit, async () => {
    const { page, check, close } = await flow.openAt("/settings/backups", { size: "phone" });
    await item(page, "first.zip").waitFor();
    await check("backups");
    await close();
  });
});
