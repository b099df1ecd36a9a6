// The console of SQL: nothing typed is lost, nothing is written that was not allowed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";
import { keepsFocus, tabTo } from "../keys.mjs";
import { isReference, root } from "../server.mjs";

const limit = limitOf(60_000);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const pauseMs = 700; // longer than until what is typed is kept

describe("sql", { ...limit, timeout: 500_000 }, () => {
  const flow = useFlow({
    prepare: async ({ call }) => {
      await call("POST", "collections", { name: "posts", type: "base", fields: [{ name: "title", type: "text" }] });
      for (let n = 0; n < 3; n++) await call("POST", "collections/posts/records", { title: `Post ${n}` });
    },
  });
  const { call } = flow;
  const count = async () => (await call("GET", "collections/posts/records?perPage=1")).totalItems;
  const partsOf = (page) => ({
    page,
    editor: page.locator(".sql .cm-content"),
    grid: page.getByRole("grid", { name: "Results" }),
    dialog: page.locator("dialog"),
    button: (name) => page.getByRole("button", { name, exact: true }),
    type: async (text) => {
      await page.locator(".sql .cm-content").fill(text);
      await page.waitForFunction((wanted) => document.querySelector('[data-code="sql"]').shadowRoot.querySelector(".cm-content").innerText.trim() === wanted.trim(), text);
    },
    text: () => page.locator(".sql .cm-content").innerText(),
  });
  const open = async (how = {}) => {
    const tab = await flow.openAt("/sql", { expect: [400], ...how });
    const parts = partsOf(tab.page);
    await parts.editor.waitFor();
    return { ...tab, ...parts };
  };

  it("keeps the text over a failed run, a reload and a crash", limit, async () => {
    const { page, type, text, editor, button, check, close } = await open();
    await check("sql-empty");
    await type("selec title from posts");
    await button("Run").click();
    await page.getByText(/near "selec": syntax error/).first().waitFor();
    await page.locator(".sql .cm-lintRange-error").waitFor();
    await check("sql-failed");
    assert.equal(await text(), "selec title from posts");
    await type("select title from posts -- mine");
    await wait(pauseMs);
    await page.reload();
    await editor.waitFor();
    assert.equal(await text(), "select title from posts -- mine");

    await type("select 'typed before the crash'");
    await wait(pauseMs);
    const other = await page.context().newPage();
    await page.close({ runBeforeUnload: false });
    await other.goto(`${flow.server.url}/_/#/sql`);
    await other.getByLabel("E-mail").fill(root.email);
    await other.getByLabel("Password", { exact: true }).fill(root.password);
    await other.getByRole("button", { name: "Sign in", exact: true }).click();
    const after = partsOf(other);
    await after.editor.waitFor();
    assert.equal(await after.text(), "select 'typed before the crash'");
    await after.button("History").click();
    await other.getByRole("searchbox", { name: "Search the history" }).fill("selec title");
    await other.getByRole("button", { name: /selec title from posts.*syntax error/ }).waitFor();
    await close();
  });

  it("goes on after an answer that is none, and a line that is wider than the page", limit, async () => {
    const { page, type, button, check, close } = await open();
    for (const body of ['{"columns":[],"rows":null}', '{"columns":null,"rows":[]}', "[]", "null"]) {
      await page.route("**/api/sql", (route) => route.fulfill({ status: 200, contentType: "application/json", body }));
      await type(`select '${body}'`);
      await button("Run").click();
      await page.getByText("The answer is not what the API sends").waitFor();
      await page.unroute("**/api/sql");
      await button("Run").click();
      await page.getByText(/^1 row · /).waitFor();
    }
    await type(`select ${Array.from({ length: 300 }, (_, n) => n).join(", ")}`);
    await button("Run").click();
    await page.getByText(/^1 row · /).waitFor();
    await check("sql-wide");
    await close();
  });

  it("keeps what two pages have typed", limit, async () => {
    const { page, type, close } = await open();
    await type("select 'first'");
    await wait(pauseMs);
    const other = await page.context().newPage();
    await other.goto(`${flow.server.url}/_/#/sql`);
    await other.getByLabel("E-mail").fill(root.email);
    await other.getByLabel("Password", { exact: true }).fill(root.password);
    await other.getByRole("button", { name: "Sign in", exact: true }).click();
    const second = partsOf(other);
    await second.editor.waitFor();
    await second.type("select 'second'");
    await wait(pauseMs);
    await type("select 'third'");
    await wait(pauseMs);
    await page.reload();
    const texts = [];
    await page.getByRole("tab").nth(1).waitFor();
    for (let n = 0; n < 2; n++) {
      await page.getByRole("tab").nth(n).click();
      await wait(200);
      texts.push(await partsOf(page).text());
    }
    assert.deepEqual(texts.sort(), ["select 'second'", "select 'third'"]);
    await close();
  });

  it("shows rows, NULL apart from nothing, and says where they end", limit, async () => {
    const { page, type, button, grid, check, dialog, close } = await open();
    await type("select id, title, null as a, '' as b, 'line\nbreak' as c from posts order by title");
    await page.keyboard.press("Control+Enter");
    await grid.getByText("Post 0").waitFor();
    await page.getByText(/^3 rows · /).waitFor();
    await grid.getByText("NULL").first().waitFor();
    await check("sql-rows");
    await button("Copy").click();
    await page.getByRole("menuitem", { name: "Markdown" }).click();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^\| id \| title \| a \| b \| c \|\n\| --- .*\n\| \w{15} \| Post 0 \| NULL \| {2}\| line<br>break \|/);
    await grid.getByText("Post 1").dblclick();
    await dialog.getByText("Post 1").waitFor();
    await check("sql-cell");
    await page.keyboard.press("Escape");
    await type("with recursive n(i) as (values (1) union all select i + 1 from n where i < 1500) select i from n");
    await button("Run").click();
    await page.getByText(/^1,000 rows \(limit\) · /).waitFor();
    await close();
  });

  it("writes only what is allowed and confirmed", limit, async () => {
    const { page, type, button, dialog, check, close } = await open();
    await type("insert into posts (id, title) values ('aaaaaaaaaaaaaaa', 'Written')");
    await button("Run").click();
    await page.getByText("INSERT may change something, and this query is read-only").waitFor();
    await check("sql-locked");
    assert.equal(await count(), 3);
    await button("Allow writes for this query").click();
    await button("Writes allowed").waitFor();
    await button("Run").click();
    await dialog.getByText("INSERT", { exact: true }).waitFor();
    await dialog.getByText("posts", { exact: true }).waitFor();
    await check("sql-sure");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    assert.equal(await count(), 3);
    await button("Run").click();
    await dialog.getByRole("button", { name: "Run it" }).click();
    await page.getByText(/^1 row affected · /).first().waitFor();
    assert.equal(await count(), 4);

    await type("create table sql_flow (a); select 1");
    await button("Run all").click();
    await dialog.getByText("CREATE TABLE", { exact: true }).waitFor();
    await dialog.getByRole("button", { name: "Run it" }).click();
    await page.getByText("Collections may have changed").waitFor();
    await page.getByText("2 statements were run, each by itself").waitFor();
    await check("sql-changed");
    const listed = page.waitForResponse(/api\/collections\?/);
    await button("Reload").click();
    await listed;
    await page.reload();
    await button("Read-only").waitFor();
    await close();
  });

  it("asks for the name of what is protected", limit, async () => {
    const { meta } = await call("GET", "settings");
    await call("PATCH", "settings", { meta: { hideControls: true } });
    const { page, type, button, dialog, check, close } = await open();
    await page.getByRole("button", { name: "Protected: unlock for 10 minutes" }).waitFor();
    await type("delete from posts where id = 'aaaaaaaaaaaaaaa'");
    await button("Read-only").click();
    await button("Run").click();
    await dialog.getByRole("button", { name: "Run it" }).click();
    await dialog.getByText("This is not its name.").waitFor();
    await check("sql-protected");
    await dialog.getByRole("textbox").fill(meta.appName);
    await dialog.getByRole("button", { name: "Run it" }).click();
    await page.getByText(/^[01] rows? affected · /).first().waitFor();
    await call("PATCH", "settings", { meta: { hideControls: false } });
    await close();
  });

  it("explains, cancels, and runs the statement at the cursor", limit, async () => {
    const { page, type, button, grid, editor, check, close } = await open();
    await type("select * from posts where title = 'x'");
    await button("Explain").click();
    const plan = page.getByRole("region", { name: "Plan" });
    await plan.getByText("SCAN posts").waitFor();
    await plan.getByText("whole table").waitFor();
    await check("sql-plan");
    await type("select 'one' as a; select 'two' as b");
    await editor.focus();
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("Control+Enter");
    await grid.getByText("one").waitFor();
    await page.keyboard.press("Control+End");
    await page.keyboard.press("Control+Enter");
    await grid.getByText("two").waitFor();
    await type("with recursive n(i) as (values (1) union all select i + 1 from n where i < 300000000) select count(*) from n");
    await button("Run").click();
    await button("Cancel").click();
    await page.getByText("Cancelled. The server may have finished it all the same.").waitFor();
    await close();
  });

  it("has queries by name, closes one, and brings it back", limit, async () => {
    const { page, type, text, button, dialog, check, close } = await open();
    await type("select 'kept'");
    await button("This query").click();
    await page.getByRole("menuitem", { name: "Rename…" }).click();
    await dialog.getByRole("textbox").fill("Mine");
    await dialog.getByRole("button", { name: "Save" }).click();
    await button("New query").click();
    assert.equal(await page.getByRole("tab").count(), 2);
    await check("sql-tabs");
    await page.getByRole("tab", { name: "Mine" }).click();
    await button("This query").click();
    await page.getByRole("menuitem", { name: "Close" }).click();
    await page.getByRole("tab", { name: "Mine" }).waitFor({ state: "detached" });
    await button("Undo").click();
    await page.getByRole("tab", { name: "Mine", selected: true }).waitFor();
    assert.equal(await text(), "select 'kept'");
    await wait(pauseMs);
    await page.reload();
    await page.getByRole("tab", { name: "Mine" }).click();
    await page.locator(".sql .cm-content").getByText("kept").waitFor();
    await close();
  });

  it("is small on a phone", limit, async () => {
    const { page, type, button, grid, check, close } = await open({ size: "phone" });
    await type("select id, title from posts");
    await button("Run").click();
    await grid.getByText("Post 0").waitFor();
    await check("sql-phone");
    await page.setViewportSize({ width: 320, height: 640 });
    assert.equal(await page.evaluate(() => { const at = document.querySelector(".content"); return at.scrollWidth - at.clientWidth; }), 0);
    await close();
  });

  it("needs no pointer", limit, async () => {
    const { page, editor, text, grid, button, check, close } = await open();
    const tree = page.getByRole("tree", { name: "Tables" });
    await tabTo(page, editor);
    await page.keyboard.type("select ");
    await page.keyboard.press("Escape");
    await tabTo(page, tree.getByRole("treeitem", { name: "posts" }), "Shift+Tab");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    assert.equal(await text(), "select title");
    await page.keyboard.type(" from posts");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+Enter");
    await grid.getByText("Post 0").waitFor();
    await tabTo(page, grid);
    await page.keyboard.press("Enter");
    await page.locator("dialog").waitFor();
    await page.keyboard.press("Escape");
    await keepsFocus(page);
    await tabTo(page, button("History"), "Shift+Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: /select title from posts/ }).first().waitFor();
    await check("sql-history");
    await page.keyboard.press("Escape");
    await keepsFocus(page);
    await close();
  });

  it("sends no write where only the server could stop it", limit, async () => {
    const { page, type, button, close } = await open();
    const sent = [];
    page.on("request", (request) => request.url().endsWith("/api/sql") && sent.push(request.postDataJSON()));
    await type("-- a comment first\ncreate table sql_never (a)");
    await button("Run").click();
    await page.getByText("CREATE TABLE may change something, and this query is read-only").waitFor();
    await type("select 1");
    await button("Run").click();
    await page.getByText(/^1 row · /).waitFor();
    assert.deepEqual(sent, [isReference ? { query: "select 1" } : { query: "select 1", readOnly: true, maxRows: 1000 }]);
    await close();
  });
});
