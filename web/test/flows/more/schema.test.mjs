// The definition of a collection: fields with their options, indexes, review before it is saved, undo.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { at, bar, makePosts, names, review } from "../definitions.mjs";
import { limitOf, useFlow } from "../flow.mjs";
import { isReference } from "../server.mjs";

const limit = limitOf(120_000);

describe("definitions of collections", limit, () => {
  const flow = useFlow({ prepare: makePosts });
  const read = (name) => flow.call("GET", `collections/${name}`);

  it("says what the server refuses where it is, and keeps what was typed over a reload", limit, async () => {
    const { page, allow, check, close } = await flow.openAt("/data/posts/schema");
    await page.locator(".def-field").first().waitFor();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("users");
    const title = await at(page, "title");
    await title.getByRole("button", { name: "Open title" }).click();
    await title.getByLabel("Pattern", { exact: true }).fill("[a");
    allow(400);
    const dialog = await review(page);
    if (isReference) await dialog.getByRole("button", { name: /^Save/ }).click();
    else {
      await dialog.getByRole("alert").waitFor();
      await dialog.getByRole("button", { name: "Back, to mend it" }).click();
    }
    await page.locator(".field-error", { hasText: "Collection name must be unique" }).waitFor();
    await title.locator(".field-error").waitFor();
    await check("schema-refused");
    await page.waitForTimeout(600);
    await page.reload();
    await page.getByText(/You changed this .* and did not save it/).waitFor();
    await page.getByText("Show what").click().catch(() => undefined);
    await check("schema-draft");
    await page.getByRole("button", { name: "Restore" }).click();
    assert.equal(await page.getByRole("textbox", { name: "Name", exact: true }).inputValue(), "users");
    await page.getByRole("link", { name: "Indexes", exact: true }).click();
    await page.getByRole("heading", { name: "Indexes" }).waitFor();
    await page.getByRole("link", { name: "Records", exact: true }).click();
    await page.locator('[data-t="grid"]').waitFor();
    await page.getByRole("link", { name: "Schema", exact: true }).click();
    assert.equal(await page.getByRole("textbox", { name: "Name", exact: true }).inputValue(), "users");
    await bar(page).getByRole("button", { name: "Discard" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
    assert.equal(await page.getByRole("textbox", { name: "Name", exact: true }).inputValue(), "posts");
    await close();
  });

  it("takes what somebody else has changed meanwhile", limit, async () => {
    const { page, check, close } = await flow.openAt("/data/posts/schema");
    if (!isReference) await page.waitForResponse((reply) => reply.url().endsWith("/api/realtime") && reply.request().method() === "POST");
    await page.locator(".def-field").first().waitFor();
    await (await at(page, "title")).locator(".def-field-name").fill("heading");
    const now = await read("posts");
    await flow.call("PATCH", "collections/posts", { viewRule: "", fields: [...now.fields, { name: "extra", type: "text" }] });
    // One server tells of it, of the other it is found out before something is saved.
    if (isReference) await (await review(page)).getByRole("button", { name: /^Save \d/ }).click();
    await page.getByText("Somebody else has changed this collection").waitFor();
    assert.ok((await names(page)).includes("extra") && (await names(page)).includes("heading"));
    await check("schema-news");
    const again = await review(page);
    await again.getByRole("button", { name: /^Save \d/ }).click();
    await bar(page).getByText("Saved", { exact: true }).waitFor();
    const after = await read("posts");
    assert.deepEqual(after.fields.map(({ name }) => name), ["id", "heading", "tags", "score", "extra"]);
    assert.equal(after.viewRule, "");
    await flow.call("PATCH", "collections/posts", { fields: now.fields, listRule: now.listRule, indexes: now.indexes });
    await close();
  });

  it("makes indexes by a form and as SQL", limit, async () => {
    const { page, allow, check, close } = await flow.openAt("/data/posts/indexes");
    await page.getByRole("heading", { name: "Indexes" }).waitFor();
    await page.getByRole("button", { name: "Add an index" }).click();
    await page.getByRole("menuitem", { name: "score" }).last().click();
    await page.getByLabel("Only of records where").fill("score > 0");
    await check("indexes-form");
    await page.getByRole("button", { name: "As SQL" }).click();
    const sql = page.getByRole("textbox", { name: "SQL" });
    assert.match(await sql.inputValue(), /^CREATE UNIQUE INDEX `idx_\w+` ON `posts` \(`score`\) WHERE score > 0$/);
    await sql.fill("create nothing");
    await page.getByText("This is no CREATE INDEX that the server reads.").waitFor();
    await sql.fill("CREATE UNIQUE INDEX idx_two ON posts (missing)");
    allow(400);
    let dialog = await review(page);
    if (isReference) await dialog.getByRole("button", { name: /^Save/ }).click();
    else await dialog.getByRole("button", { name: "Back, to mend it" }).click();
    await page.locator(".def-field .field-error").waitFor();
    await check("indexes-refused");
    await sql.fill("CREATE UNIQUE INDEX idx_two ON posts (score DESC, title COLLATE NOCASE)");
    dialog = await review(page);
    await dialog.getByRole("button", { name: /^Save/ }).click();
    await bar(page).getByText("Saved", { exact: true }).waitFor();
    assert.equal((await read("posts")).indexes[1], "CREATE UNIQUE INDEX idx_two ON posts (score DESC, title COLLATE NOCASE)");
    await close();
  });

  it("duplicates a collection", limit, async () => {
    const { page, close } = await flow.openAt("/data/posts");
    await page.getByRole("button", { name: "Acts on posts" }).click();
    await page.getByRole("menuitem", { name: "Duplicate" }).click();
    await page.getByRole("heading", { name: "New collection" }).waitFor();
    assert.equal(await page.getByRole("textbox", { name: "Name", exact: true }).inputValue(), "posts_copy");
    const dialog = await review(page);
    await dialog.getByRole("button", { name: "Create" }).click();
    await page.waitForURL(/data\/posts_copy\/schema/);
    const [one, copy] = [await read("posts"), await read("posts_copy")];
    assert.deepEqual(copy.fields.map(({ name, type }) => [name, type]), one.fields.map(({ name, type }) => [name, type]));
    assert.equal(copy.indexes.length, one.indexes.length);
    assert.equal(copy.listRule, one.listRule);
    await close();
  });

  it("offers an index that the server advises", { ...limit, skip: limit.skip || (isReference && "the other server advises nothing") }, async () => {
    const { page, check, close } = await flow.openAt("/data/posts");
    const item = { collection: "posts", sql: "SELECT 1", count: 3, slowestMs: 120, totalMs: 300, index: "CREATE INDEX `idx_posts_score` ON `posts` (`score`)", reason: "about 2 of 60000 rows would be read" };
    await page.route("**/api/reeve/advice", (route) => route.fulfill({ json: { items: [item, { ...item, index: null }, { ...item, collection: "users" }] } }));
    await page.getByRole("link", { name: "Indexes", exact: true }).click();
    await page.getByText("On score: about 2 of 60000 rows would be read. Asked for 3 times, up to 120 ms.").waitFor();
    await check("indexes-advised");
    await page.getByRole("button", { name: "Add an index on score" }).click();
    await page.getByText("Lists that took long").waitFor({ state: "detached" });
    const dialog = await review(page);
    await dialog.getByRole("button", { name: /^Save/ }).click();
    await bar(page).getByText("Saved", { exact: true }).waitFor();
    assert.ok((await read("posts")).indexes.includes(item.index));
    await close();
  });

  it("keeps what is typed as it is typed", limit, async () => {
    const { page, close } = await flow.openAt("/data/posts/indexes");
    await page.getByRole("button", { name: "Add an index" }).click();
    await page.getByRole("menuitem", { name: "title" }).first().click();
    const where = page.getByLabel("Only of records where").last();
    await where.pressSequentially("title != '' and score > 1 ");
    assert.equal(await where.inputValue(), "title != '' and score > 1 ");
    const name = page.getByLabel("Name", { exact: true }).last();
    await name.fill("idx.of posts");
    assert.equal(await name.inputValue(), "idx_of_posts");
    await page.getByRole("button", { name: "As SQL" }).click();
    assert.equal(await page.getByRole("textbox", { name: "SQL" }).inputValue(), "CREATE INDEX `idx_of_posts` ON `posts` (`title`) WHERE title != '' and score > 1");
    await page.getByRole("button", { name: /^Remove the index idx_of_posts/ }).click();
    await page.waitForFunction(() => document.activeElement !== document.body);
    await close();
  });

  it("types every sign into an editor of code, and does nothing else by it", limit, async () => {
    const { page, close } = await flow.openAt("/new/view", { expect: [400] });
    await page.locator(".code").waitFor();
    const query = page.getByRole("textbox", { name: "Query" });
    await query.focus();
    await page.keyboard.type("n r g e / ? s ", { delay: 15 });
    assert.equal(await query.innerText(), "n r g e / ? s ");
    assert.match(page.url(), /new\/view$/);
    await close();
  });

  it("looks first at an undo that loses something, and duplicates beside what is new", limit, async () => {
    const { page, close } = await flow.openAt("/data/posts/schema");
    await page.locator(".def-field").first().waitFor();
    await page.getByRole("button", { name: "Add a field" }).click();
    await page.getByRole("menuitem", { name: /^Number/ }).click();
    await page.keyboard.type("later");
    let dialog = await review(page);
    await dialog.getByRole("button", { name: /^Save 1/ }).click();
    await bar(page).getByText("Saved", { exact: true }).waitFor();
    const { items } = await flow.call("GET", "collections/posts/records");
    await flow.call("PATCH", `collections/posts/records/${items[0].id}`, { later: 3 });
    await bar(page).getByRole("button", { name: "Undo" }).click();
    dialog = page.getByRole("dialog");
    await dialog.getByText("This is lost, and cannot be brought back").waitFor();
    if (!isReference) await dialog.getByText("later: 1 record has a value in it").waitFor();
    await dialog.getByRole("button", { name: "Save and lose these values" }).click();
    await bar(page).getByText("Saved", { exact: true }).waitFor();
    assert.ok(!(await read("posts")).fields.some((one) => one.name === "later"));
    assert.equal(await bar(page).getByRole("button", { name: "Undo" }).count(), 0);

    await page.evaluate(() => { location.hash = "#/new/base"; });
    const name = page.getByRole("textbox", { name: "Name", exact: true });
    await name.fill("precious");
    await page.evaluate((id) => { location.hash = `#/new/base?from=${id}`; }, (await read("posts")).id);
    await page.waitForFunction(() => document.querySelector("[name=collection-name]")?.value === "posts_copy");
    await page.evaluate(() => { location.hash = "#/new/base"; });
    await page.waitForFunction(() => document.querySelector("[name=collection-name]")?.value === "precious");
    await bar(page).getByRole("button", { name: "Discard" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
    await close();
  });
});
