// Definitions of collections, exported and imported.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { makePosts } from "../definitions.mjs";
import { limitOf, useFlow } from "../flow.mjs";
import { press } from "../keys.mjs";

const limit = limitOf(120_000);

describe("export and import", limit, () => {
  const flow = useFlow({ prepare: makePosts });
  const exported = async (page) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()]);
    return readFile(await download.path(), "utf8");
  };
  const put = async (page, text) => {
    const path = join(tmpdir(), `import-${process.pid}.json`);
    await writeFile(path, text);
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.getByRole("button", { name: "Choose a file" }).click()]);
    await chooser.setFiles(path);
  };

  it("exports what is chosen, and an import of it changes nothing", limit, async () => {
    const { page, check, close } = await flow.openAt("/settings/export");
    await page.getByRole("checkbox", { name: "posts", exact: true }).waitFor();
    await check("export");
    const all = await exported(page);
    assert.ok(JSON.parse(all).some(({ name }) => name === "posts"));
    await page.getByRole("checkbox", { name: "posts", exact: true }).click();
    assert.ok(!JSON.parse(await exported(page)).some(({ name }) => name === "posts"));
    await page.goto(page.url().replace("/export", "/import"));
    await put(page, all);
    await page.getByText("There is nothing to import").waitFor();
    await check("import-same");
    await close();
  });

  it("says where a text is wrong", limit, async () => {
    const { page, check, close } = await flow.openAt("/settings/import");
    await put(page, '[\n  {"name": "a",}\n]');
    await page.getByText("This is not JSON: line 2, column 16.").first().waitFor();
    await check("import-wrong");
    await put(page, "{}");
    await page.getByText("A list of collections is wanted").waitFor();
    await close();
  });

  it("adds, changes and deletes, as it was ticked", limit, async () => {
    await flow.call("POST", "collections", { name: "doomed", type: "base", fields: [{ name: "a", type: "text" }] });
    await flow.call("POST", "collections", { name: "spared", type: "base", fields: [{ name: "a", type: "text" }] });
    await flow.call("POST", "collections/doomed/records", { a: "1" });
    const posts = await flow.call("GET", "collections/posts");
    const users = await flow.call("GET", "collections/users");
    const title = posts.fields.find(({ name }) => name === "title");
    const text = JSON.stringify([
      { ...posts, listRule: "id != ''", indexes: posts.indexes.map((one) => one.replace("(title)", "(headline)")), fields: posts.fields.map((one) => (one === title ? { ...one, name: "headline" } : one)) },
      users,
      { name: "fresh", type: "base", fields: [{ name: "b", type: "number" }] },
    ]);
    const { page, check, close } = await flow.openAt("/settings/import");
    await put(page, text);
    await page.getByRole("heading", { name: "New (1)" }).waitFor();
    await page.getByRole("heading", { name: "Changed (1)" }).waitFor();
    await page.locator(".transfer-one > summary", { hasText: "posts" }).click();
    await page.getByText("The field title is renamed").waitFor();
    await check("import-changes");
    await page.getByLabel("are deleted, with their records").click();
    await page.getByRole("checkbox", { name: "doomed" }).click();
    await page.getByRole("button", { name: "Import 3 changes" }).and(page.locator(":not([aria-disabled])")).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("doomed").waitFor();
    await check("import-asked");
    await dialog.getByRole("button", { name: "Import and delete" }).click();
    await page.getByText("There is nothing to import").waitFor();
    await page.getByText("Imported: 3 changes").waitFor();
    const names = (await flow.call("GET", "collections?perPage=200")).items.map(({ name }) => name);
    assert.ok(names.includes("fresh") && names.includes("spared") && names.includes("_superusers") && !names.includes("doomed"));
    const now = await flow.call("GET", "collections/posts");
    assert.equal(now.listRule, "id != ''");
    assert.ok(now.fields.some(({ id, name }) => id === title.id && name === "headline"));
    await close();
  });

  it("takes what another server has, with the ids that are here", limit, async () => {
    const posts = await flow.call("GET", "collections/posts");
    const text = JSON.stringify([{ ...posts, id: "pbc_9999999", fields: [...posts.fields.map((one) => ({ ...one, id: `x${one.id}` })), { name: "more", type: "bool" }] }]);
    const { page, check, close } = await flow.openAt("/settings/import");
    await put(page, text);
    await page.getByText("One has the name of a collection that is here").waitFor();
    await check("import-strangers");
    await page.getByRole("button", { name: "Import 1 change" }).and(page.locator(":not([aria-disabled])")).click();
    await page.getByText("Imported: 1 change").waitFor();
    const now = await flow.call("GET", "collections/posts");
    assert.equal(now.id, posts.id);
    assert.deepEqual(now.fields.map(({ name }) => name).sort(), [...posts.fields.map(({ name }) => name), "more"].sort());
    await close();
  });

  it("is done by keys, and what was put in stays while one looks elsewhere", limit, async () => {
    const { page, close } = await flow.openAt("/settings/import");
    await page.locator('[data-code="definitions"]').waitFor();
    await press(page, page.locator('[data-code="definitions"] .cm-content'), "End");
    await page.keyboard.insertText('[{"name":"typed","type":"base","fields":[]}]');
    await page.getByRole("heading", { name: "New (1)" }).waitFor();
    await page.goto(page.url().replace("/import", "/export"));
    await page.getByRole("button", { name: "Download" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "New (1)" }).waitFor();
    await page.getByRole("button", { name: "Import 1 change" }).and(page.locator(":not([aria-disabled])")).waitFor();
    await press(page, page.getByRole("button", { name: "Import 1 change" }));
    await page.getByText("Imported: 1 change").waitFor();
    await close();
  });
});
