// The drawer of a record: nothing typed is lost, others are seen, accounts, copies, keys.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";
import { root } from "../server.mjs";

const limit = limitOf(90_000);
const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

const notes = (authors) => ({
  name: "notes",
  type: "base",
  fields: [
    { name: "title", type: "text", required: true, presentable: true },
    { name: "status", type: "select", values: ["draft", "review"], maxSelect: 1 },
    { name: "n", type: "number" },
    { name: "spare", type: "text" },
    { name: "meta", type: "json" },
    { name: "body", type: "editor" },
    { name: "place", type: "geoPoint" },
    { name: "photo", type: "file", maxSelect: 5, maxSize: 100_000 },
    { name: "authors", type: "relation", collectionId: authors, maxSelect: 5 },
    { name: "created", type: "autodate", onCreate: true },
    { name: "updated", type: "autodate", onCreate: true, onUpdate: true },
  ],
});

describe("drawer", { ...limit, timeout: 400_000 }, () => {
  const flow = useFlow({
    prepare: async () => {
      const authors = await call("POST", "collections", { name: "authors", type: "base", fields: [{ name: "name", type: "text", presentable: true }] });
      await call("POST", "collections", notes(authors.id));
    },
  });
  const path = "collections/notes/records";
  const { call } = flow;
  const make = (title, more = {}) => call("POST", path, { title, ...more });
  const read = (id) => call("GET", `${path}/${id}`);


  // heard: once it listens to the record, and has read what has changed until then.
  const open = async (id, { collection = "notes", more = "", ...how } = {}) => {
    const tab = await flow.browser.open(flow.server.url, { query: `#/data/${collection}`, ...how });
    await tab.signIn(root);
    await tab.page.waitForURL(/#\/data\//);
    const drawer = tab.page.getByRole("dialog", { name: new RegExp(`ecord of ${collection}`) });
    let isTold = false;
    const heard = tab.page.waitForResponse((reply) => {
      isTold ||= reply.url().endsWith("/api/realtime") && reply.request().method() === "POST" && reply.ok() && Boolean(reply.request().postData()?.includes(id));
      return isTold && reply.request().method() === "GET" && reply.url().includes(`/records/${id}`);
    }).catch(() => null);
    await tab.page.goto(`${flow.server.url}/_/#/data/${collection}?record=${id}${more}`);
    await drawer.waitFor();
    return { ...tab, drawer, heard };
  };
  const menu = async ({ page, drawer }, name) => {
    await drawer.getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("menuitem", { name, exact: true }).click();
  };
  const pasted = (page) => page.evaluate(() => navigator.clipboard.readText());

  it("keeps what was typed when it closes, and opens it again", limit, async () => {
    const { id } = await make("Kept", { n: 1 });
    const { page, drawer, check, close } = await open(id);
    await drawer.getByLabel("title").fill("Typed");
    await drawer.getByLabel("n", { exact: true }).fill("7");
    await page.waitForFunction(() => document.title.startsWith("• "));
    assert.equal(await drawer.locator(".record-dot").count(), 1);
    await page.keyboard.press("Escape");
    await page.getByText("Not saved, but kept as a draft: title, n").waitFor();
    await drawer.waitFor({ state: "detached" });
    assert.ok(!(await page.title()).startsWith("•"));
    await check("drawer-kept");
    const item = page.locator(".side-item", { hasText: "notes" });
    await item.locator(".side-draft").waitFor();
    await page.locator(".data-head").getByRole("button", { name: "Acts on notes" }).click();
    await check("drafts-menu");
    await page.getByRole("menuitem", { name: id }).click();
    await drawer.getByText("Show what was typed").click();
    await drawer.locator(".record-typed").getByText("Typed", { exact: true }).waitFor();
    await check("draft-values");
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo" }).click();
    await drawer.waitFor();
    await page.waitForFunction(() => document.querySelector(".drawer [name=title]")?.value === "Typed");
    await page.getByText("Something was typed here before").waitFor({ state: "detached" });
    await page.keyboard.press("Control+s");
    await page.getByText("Saved", { exact: true }).waitFor();
    const saved = await read(id);
    assert.deepEqual([saved.title, saved.n], ["Typed", 7]);
    await item.locator(".side-draft").waitFor({ state: "detached" });
    await close();
  });

  it("says in the page's title that something is not saved, however late the title comes", limit, async () => {
    const { id } = await make("Title");
    const { page, drawer, close } = await open(id);
    let go;
    const typed = new Promise((done) => (go = done));
    await page.route("**/api/settings", (route) => typed.then(() => route.continue()));
    await page.reload();
    await drawer.getByLabel("title").fill("Mine");
    await page.waitForFunction(() => document.title === "• Reeve");
    go();
    await page.waitForFunction(() => / · Reeve$/.test(document.title));
    assert.match(await page.title(), /^• /);
    await drawer.getByLabel("title").fill("Title");
    await page.waitForFunction(() => !document.title.startsWith("• "));
    await close();
  });

  it("leaves out what a draft holds of fields that are gone", limit, async () => {
    const { id } = await make("Fits");
    const { page, drawer, check, close } = await open(id);
    await drawer.getByLabel("title").fill("Fits still");
    await drawer.getByLabel("spare").fill("Gone soon");
    await page.waitForTimeout(600);
    const { fields } = await call("GET", "collections/notes");
    await call("PATCH", "collections/notes", { fields: fields.filter(({ name }) => name !== "spare") });
    await page.reload();
    await drawer.getByText("What was typed in spare has no place any more").waitFor();
    await check("drawer-draft-dropped");
    await drawer.getByRole("button", { name: "Restore" }).click();
    assert.equal(await drawer.getByLabel("title").inputValue(), "Fits still");
    await menu({ page, drawer }, "Discard changes");
    await close();
  });

  it("shows what others change as it happens", limit, async () => {
    const { id } = await make("Ours", { n: 1, status: "draft" });
    const { page, drawer, heard, check, close } = await open(id);
    await heard;
    await drawer.getByLabel("title").fill("Mine");
    await call("PATCH", `${path}/${id}`, { status: "review", n: 5 });
    await drawer.getByText("Changed by someone: status, n.").waitFor();
    assert.equal(await drawer.getByLabel("n", { exact: true }).inputValue(), "5");
    assert.equal(await drawer.getByLabel("title").inputValue(), "Mine");
    await check("drawer-others");
    await drawer.getByRole("button", { name: "All right" }).click();

    await call("PATCH", `${path}/${id}`, { title: "Theirs" });
    await drawer.getByText("Changed by someone to: Theirs").waitFor();
    await check("drawer-clash");
    await page.keyboard.press("Control+s");
    await page.waitForTimeout(200);
    assert.equal((await read(id)).title, "Theirs");
    await drawer.getByRole("button", { name: "Save mine over it" }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    assert.equal((await read(id)).title, "Mine");
    assert.equal(await drawer.getByText("Changed by someone").count(), 0);

    await drawer.getByLabel("title").fill("Mine again");
    await call("PATCH", `${path}/${id}`, { title: "Theirs again" });
    await drawer.getByRole("button", { name: "Take theirs in title" }).click();
    assert.equal(await drawer.getByRole("textbox", { name: "title" }).inputValue(), "Theirs again");
    await close();
  });

  it("shows what others have changed before it listens", limit, async () => {
    const { id } = await make("Ours", { n: 1 });
    const { page, close } = await flow.browser.open(flow.server.url, { query: `#/data/notes?record=${id}` });
    let isDone = false;
    await page.route("**/api/realtime", async (route) => {
      if (route.request().postData()?.includes(id) && !isDone) {
        isDone = true;
        await call("PATCH", `${path}/${id}`, { n: 5 });
      }
      await route.continue();
    });
    await page.getByLabel("E-mail").fill(root.email);
    await page.getByLabel("Password", { exact: true }).fill(root.password);
    await page.keyboard.press("Enter");
    await page.getByText("Changed by someone: n.").waitFor();
    await close();
  });

  it("keeps no draft of what was typed back, however soon it closes", limit, async () => {
    const { id } = await make("Ours");
    const { page, drawer, close } = await open(id);
    const title = drawer.getByLabel("title");
    await title.fill("Typed");
    await page.waitForTimeout(800); // it is kept
    await title.fill("Ours");
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    await page.goto(`${flow.server.url}/_/#/data/notes?record=${id}`);
    await title.waitFor();
    await page.waitForTimeout(500);
    assert.equal(await drawer.getByText("Something was typed here before").count(), 0);
    await close();
  });

  it("shows what others have changed before it listens again", limit, async () => {
    const { id } = await make("Ours", { n: 1 });
    const { page, drawer, close } = await open(id);
    // Opened again, and changed, before the server has heard that it is listened to: there is nothing new to tell.
    let isDone = false;
    await page.route("**/api/realtime", async (route) => {
      if (route.request().postData()?.includes(id) && !isDone) {
        isDone = true;
        await page.keyboard.press("Escape");
        await drawer.waitFor({ state: "detached" });
        const read = page.waitForResponse((reply) => reply.url().includes(`/records/${id}`));
        await page.evaluate((query) => { location.hash = `#/data/notes?record=${query}`; }, id);
        await read;
        await call("PATCH", `${path}/${id}`, { n: 5 });
        await page.waitForTimeout(1000); // the one that came again would be told of by then
        await route.continue();
      } else await route.continue();
    });
    await page.goto(`${flow.server.url}/_/#/data/notes`);
    await drawer.waitFor({ state: "detached" });
    await page.goto(`${flow.server.url}/_/#/data/notes?record=${id}`);
    await page.getByText("Changed by someone: n.").waitFor();
    await close();
  });

  it("goes while it begins to listen, and nothing fails", limit, async () => {
    const { id } = await make("Passing");
    const { page, signIn, close } = await flow.browser.open(flow.server.url, { query: `#/data/notes?record=${id}` });
    let answered;
    const told = new Promise((done) => (answered = done));
    await page.route("**/api/realtime", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      await page.keyboard.press("Escape");
      await page.locator(".drawer").waitFor({ state: "detached" });
      await page.waitForTimeout(300); // the server notices a connection that ends
      const reply = await route.fetch();
      await route.fulfill({ response: reply });
      answered(reply.status());
    });
    await signIn(root);
    assert.equal(await told, 204);
    await close();
  });

  it("says that a record was deleted, and makes it again", limit, async () => {
    const { id } = await make("Doomed", { n: 3 });
    const { drawer, heard, check, page, close } = await open(id);
    await heard;
    await drawer.getByLabel("title").fill("Saved from there");
    await call("DELETE", `${path}/${id}`);
    await drawer.getByText("This record was deleted meanwhile").waitFor();
    await check("drawer-gone");
    await drawer.getByRole("button", { name: /Create it again/ }).click();
    await page.getByRole("dialog", { name: "New record of notes" }).waitFor();
    await drawer.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByText("The record is created").waitFor();
    const made = await read(id);
    assert.deepEqual([made.title, made.n], ["Saved from there", 3]);
    await close();
  });

  it("says what the server refuses, and keeps everything", limit, async () => {
    const { id } = await make("Refused");
    const { page, drawer, allow, check, close } = await open(id);
    allow(400, 413, 429, 503);
    // The next change is answered so; what is read meanwhile is not.
    let next = null;
    await page.route(`**/api/${path}/${id}*`, (route) => {
      const answer = route.request().method() === "PATCH" ? next : null;
      if (!answer) return route.fallback();
      next = null;
      return route.fulfill({ status: answer.status, headers: answer.headers, contentType: "application/json", body: JSON.stringify({ message: "No.", data: {}, ...answer.body }) });
    });
    const answer = (status, body = {}, headers = {}) => {
      next = { status, body, headers };
    };
    await drawer.getByLabel("title").fill("Still here");
    answer(400, { data: { hook: { code: "validation_hook", message: "Not today." }, title: { code: "x", message: "Too plain." } } });
    await page.keyboard.press("Control+s");
    await drawer.getByText("The server also says:").waitFor();
    await drawer.getByText("hook: Not today.").waitFor();
    await drawer.getByText("2 fields are not accepted").waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute("name") === "title");
    await check("drawer-unknown-key");
    answer(413);
    await page.keyboard.press("Control+s");
    await drawer.getByText(/What was sent has \d+ B\. The server takes 32 MB/).waitFor();
    await check("drawer-too-large");
    answer(429, {}, { "Retry-After": "2" });
    await page.keyboard.press("Control+s");
    await drawer.getByRole("button", { name: /Try again in \d s/ }).waitFor();
    await check("drawer-too-many");
    await drawer.getByRole("button", { name: "Try again", exact: true }).waitFor();
    answer(503);
    await drawer.getByRole("button", { name: "Try again", exact: true }).click();
    await drawer.getByText("The server is busy").waitFor();
    assert.equal(await drawer.getByLabel("title").inputValue(), "Still here");
    await drawer.getByRole("button", { name: "Try again", exact: true }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    assert.equal((await read(id)).title, "Still here");
    await close();
  });

  it("reads again by itself when the server was busy", limit, async () => {
    const { id } = await make("Patience");
    const { page, drawer, allow, close } = await open("*");
    allow(503);
    await page.route(`**/api/${path}/${id}*`, (route) => route.fulfill({ status: 503, contentType: "application/json", body: "{}" }), { times: 1 });
    await page.goto(`${flow.server.url}/_/#/data/notes?record=${id}`);
    await drawer.getByText("It is tried again by itself.").waitFor();
    await page.waitForFunction(() => document.querySelector(".drawer [name=title]")?.value === "Patience");
    assert.equal(await drawer.getByText("It is tried again by itself.").count(), 0);
    await close();
  });

  it("does all by keys", limit, async () => {
    const { page, drawer, allow, close } = await open("*");
    const said = (text) => page.getByText(text, { exact: true }).first().waitFor();
    allow(400);
    await drawer.getByLabel("n", { exact: true }).fill("2");
    await page.keyboard.press("Control+s");
    await drawer.getByText("1 field is not accepted").waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute("name") === "title");
    await page.keyboard.type("Key 1");
    await page.keyboard.press("Control+s");
    await page.getByRole("dialog", { name: "Record of notes", exact: true }).waitFor();
    await said("The record is created");
    await drawer.getByRole("tab", { name: "JSON" }).waitFor();
    await page.keyboard.press("Control+d");
    await page.getByRole("dialog", { name: "New record of notes" }).waitFor();
    assert.deepEqual([await drawer.getByLabel("title").inputValue(), await drawer.getByLabel("id", { exact: true }).inputValue()], ["Key 1", ""]);
    await drawer.getByLabel("title").fill("Key 2");
    await page.keyboard.press("Control+Shift+Enter");
    await page.waitForFunction(() => document.querySelector(".drawer [name=title]")?.value === "");
    await drawer.getByLabel("title").fill("Key 3");
    await page.keyboard.press("Control+Enter");
    await drawer.waitFor({ state: "detached" });
    const { items } = await call("GET", `${path}?filter=${encodeURIComponent("title ~ 'Key'")}&sort=title`);
    assert.deepEqual(items.map(({ title, n }) => [title, n]), [["Key 1", 2], ["Key 2", 2], ["Key 3", 0]]);

    await page.getByRole("gridcell", { name: "Key 3", exact: true }).click();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector(".drawer [name=title]")?.value === "Key 3");
    await page.keyboard.press("Alt+ArrowDown");
    await page.waitForFunction(() => document.querySelector(".drawer [name=title]")?.value === "Key 2");
    await page.keyboard.press("Alt+ArrowUp");
    await page.waitForFunction(() => document.querySelector(".drawer [name=title]")?.value === "Key 3");
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    await close();
  });

  it("is copied in each way, and shown as JSON", limit, async () => {
    const { id } = await make("It's $1", { meta: { big: 1 } });
    const tab = await open(id);
    const { page, drawer, check, close } = tab;
    await drawer.getByRole("tab", { name: "JSON" }).click();
    await page.waitForURL(/tab=json/);
    await check("drawer-json");
    assert.match(await drawer.getByRole("region", { name: "The record as JSON" }).textContent(), /"title": "It's \$1"/);
    const copied = async (name) => {
      await page.evaluate(() => navigator.clipboard.writeText("-"));
      await menu(tab, name);
      await page.waitForFunction(async () => (await navigator.clipboard.readText()) !== "-");
      return pasted(page);
    };
    await drawer.getByRole("button", { name: "More", exact: true }).click();
    await check("drawer-menu");
    await page.keyboard.press("Escape");
    await drawer.waitFor();
    assert.equal(await copied("Address"), `${flow.server.url}/_/#/data/notes?record=${id}`);
    assert.equal(await copied("Id"), id);
    assert.equal(JSON.parse(await copied("JSON")).title, "It's $1");
    assert.match(await copied("curl"), /^curl 'http:[^']+notes\/records\/\w{15}' \\\n {2}-H "Authorization: \$TOKEN"$/);
    assert.match(await copied("JavaScript, update"), /update\("\w{15}", \{[^]*"title": "It's \$1"/);
    assert.match(await copied("Dart, update"), /update\("\w{15}", body: \{[^]*"title": "It's \\\$1"/);
    await close();
  });

  it("settles field by field what two have changed", limit, async () => {
    const { id } = await make("Ours", { status: "draft", authors: [] });
    const [ann, bob, eve] = await Promise.all(["Ann", "Bob", "Eve"].map((name) => call("POST", "collections/authors/records", { name })));
    await call("PATCH", `${path}/${id}`, { authors: [ann.id] });
    const { page, drawer, heard, check, close } = await open(id);
    await heard;
    await drawer.getByLabel("title").fill("Mine");
    await drawer.getByRole("group", { name: "authors" }).getByRole("button", { name: /Choose/ }).click();
    const picker = page.locator("dialog.picker[open]");
    await picker.getByRole("row").filter({ hasText: "Bob" }).first().click();
    await picker.getByRole("button", { name: "Done" }).click();
    await call("PATCH", `${path}/${id}`, { title: "Theirs", authors: [ann.id, eve.id] });
    await drawer.getByRole("button", { name: "Keep both in authors" }).waitFor();
    await check("drawer-settle");
    await drawer.getByRole("button", { name: "Keep mine in title" }).click();
    await drawer.getByRole("button", { name: "Keep both in authors" }).click();
    await page.keyboard.press("Control+s");
    await page.getByText("Saved", { exact: true }).waitFor();
    const now = await read(id);
    assert.deepEqual([now.title, now.authors], ["Mine", [ann.id, eve.id, bob.id]]);
    await close();
  });

  it("shows JSON as a tree, and takes places as maps give them", limit, async () => {
    const { id } = await make("Tree", { meta: { list: [1, { deep: true }], text: "a" } });
    const { page, drawer, check, close } = await open(id);
    await drawer.getByRole("textbox", { name: "meta" }).waitFor();
    await drawer.getByRole("button", { name: "Tree" }).click();
    const tree = drawer.getByRole("tree", { name: "meta" });
    await tree.getByRole("treeitem").first().focus();
    for (const key of ["ArrowDown", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowRight"]) await page.keyboard.press(key);
    await tree.getByText("deep").waitFor();
    await check("drawer-tree");
    await drawer.getByRole("button", { name: "Tree" }).click();
    await drawer.getByRole("textbox", { name: "meta" }).waitFor();

    await page.evaluate(() => navigator.clipboard.writeText("(42.6977, 23.3219)"));
    const place = drawer.getByRole("group", { name: "place" });
    await place.getByLabel("place: Latitude").focus();
    await page.keyboard.press("Control+v");
    assert.equal(await place.getByLabel("place: Longitude").inputValue(), "23.3219");
    await place.getByLabel("place: Latitude").fill("-");
    await page.keyboard.press("Control+s");
    await place.getByText("This is not a number").or(place.locator(".field-error")).first().waitFor();
    assert.equal(await place.getByLabel("place: Longitude").inputValue(), "23.3219");
    await place.getByLabel("place: Latitude").fill("-42.6977");
    await page.keyboard.press("Control+s");
    await page.getByText("Saved", { exact: true }).waitFor();
    assert.deepEqual((await read(id)).place, { lon: 23.3219, lat: -42.6977 });
    await close();
  });

  it("shows whole what it does not edit", limit, async () => {
    const ann = await call("POST", "collections/authors/records", { name: "Ann" });
    const body = new FormData();
    body.set("title", "Whole");
    body.set("body", "<p>One <b>two</b></p><ul><li>three</li></ul>");
    body.set("place", JSON.stringify({ lon: 23.32, lat: 42.69 }));
    body.set("authors", ann.id);
    body.append("photo", new File([png], "dot.png", { type: "image/png" }));
    body.append("photo", new File(["hello"], "note.txt", { type: "text/plain" }));
    const reply = await fetch(`${flow.server.url}/api/${path}`, { method: "POST", headers: { Authorization: flow.token }, body });
    const row = await reply.json();
    assert.equal(reply.status, 200, JSON.stringify(row));
    await call("POST", "collections", { name: "seen", type: "view", viewQuery: "SELECT id, body, place, photo, authors FROM notes" });
    const { page, drawer, check, close } = await open(row.id, { collection: "seen" });
    const field = (name) => drawer.getByRole("group", { name, exact: true });
    await field("authors").getByRole("link", { name: "Open Ann" }).waitFor();
    assert.equal(await field("photo").getByRole("listitem").count(), 2);
    assert.equal(await field("body").getByRole("textbox").innerText(), "One two\nthree");
    assert.match(await field("place").textContent(), /42\.69, 23\.32/);
    await check("drawer-whole");
    const [opened] = await Promise.all([page.waitForEvent("popup"), field("photo").getByRole("link", { name: /dot/ }).click()]);
    await opened.close();
    await field("authors").getByRole("link").click();
    await page.getByRole("dialog", { name: "Record of authors" }).waitFor();
    await close();
  });

  const user = async (email) => call("POST", "collections/users/records", { email, password: "1234567890", passwordConfirm: "1234567890" });
  const usable = (email, password) => flow.server.call("POST", "collections/users/auth-with-password", { identity: email, password }).then(() => true, () => false);

  it("changes how somebody signs in", limit, async () => {
    const { id } = await user("ann@example.com");
    const { page, drawer, check, close } = await open(id, { collection: "users" });
    await drawer.getByRole("tab", { name: "Fields" }).waitFor();
    assert.equal(await drawer.getByLabel("password", { exact: true }).count(), 0);
    await drawer.getByRole("tab", { name: "Account" }).click();
    await page.waitForURL(/tab=account/);
    await drawer.getByText("None.").nth(3).waitFor();
    await check("drawer-account");
    await drawer.getByRole("switch", { name: "Verified" }).click();
    await check("drawer-verify");
    await page.getByRole("button", { name: "Cancel" }).click();
    assert.equal(await drawer.getByText("Not saved yet").count(), 0);
    await drawer.getByRole("switch", { name: "Verified" }).click();
    await page.getByRole("button", { name: "Mark as verified" }).click();
    await drawer.getByRole("switch", { name: "emailVisibility" }).click();
    await drawer.getByRole("button", { name: "Generate" }).click();
    await drawer.getByText(/It is copied/).waitFor();
    const password = await pasted(page);
    await check("drawer-account-changed");
    await drawer.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    const saved = await call("GET", `collections/users/records/${id}`);
    assert.deepEqual([saved.verified, saved.emailVisibility], [true, true]);
    assert.ok(await usable("ann@example.com", password));
    await close();
  });

  it("brings a password back that no draft holds", limit, async () => {
    const { id } = await user("ben@example.com");
    const { page, drawer, allow, close } = await open(id, { collection: "users", more: "&tab=account" });
    await drawer.getByLabel("password", { exact: true }).fill("another-one");
    await drawer.getByLabel("password again").fill("another-one");
    await page.keyboard.press("Escape");
    await page.getByText("Not saved, and not kept as a draft: password").waitFor();
    assert.ok(!page.url().includes("tab="));
    await page.getByRole("button", { name: "Undo" }).click();
    await drawer.getByRole("tab", { name: "Account" }).click();
    assert.equal(await drawer.getByLabel("password", { exact: true }).inputValue(), "another-one");
    const asked = page.waitForEvent("dialog");
    allow(404); // who is about to listen as the page goes
    const reload = page.reload().catch(() => null);
    await (await asked).accept();
    await reload;
    await close();
  });

  it("sends mails, resets tokens, acts as somebody", limit, async () => {
    const { id } = await user("cleo@example.com");
    const { page, drawer, check, close } = await open(id, { collection: "users", more: "&tab=account" });
    await drawer.getByRole("button", { name: "Send verification" }).click();
    await drawer.getByText(/A mail to verify cleo@example.com is on its way/).waitFor();
    await drawer.getByRole("button", { name: "Send password reset" }).click();
    await drawer.getByText(/A mail to reset the password is on its way/).waitFor();

    await drawer.getByRole("combobox", { name: "Good for" }).click();
    await page.getByRole("option", { name: "15 minutes" }).click();
    await drawer.getByRole("button", { name: "Make a token" }).click();
    const made = await drawer.getByLabel("Token", { exact: true }).textContent();
    const { exp, id: who } = JSON.parse(Buffer.from(made.split(".")[1], "base64url").toString());
    assert.equal(who, id);
    assert.ok(Math.abs(exp - Date.now() / 1000 - 900) < 60, String(exp));
    const asThem = () => flow.server.call("GET", `collections/users/records/${id}`, undefined, made).then(({ email }) => email === "cleo@example.com", () => false);
    assert.equal(await asThem(), true);
    for (const language of ["Dart", "curl", "JavaScript"]) {
      await drawer.getByRole("radio", { name: language }).click();
      assert.match(await drawer.getByLabel(language, { exact: true }).last().textContent(), new RegExp(made.slice(0, 20)));
    }
    await drawer.getByRole("heading", { name: "Impersonate" }).scrollIntoViewIfNeeded();
    await check("drawer-impersonate");

    await drawer.getByRole("button", { name: "Reset all tokens" }).click();
    await check("drawer-reset-tokens");
    await page.getByRole("dialog", { name: /Reset all tokens/ }).getByRole("button", { name: "Reset all tokens" }).click();
    await drawer.getByText("All tokens from before are refused now.").waitFor();
    assert.equal(await asThem(), false);
    await close();
  });

  it("shows and unlinks external logins", limit, async () => {
    const { id } = await user("dora@example.com");
    const ref = { collectionRef: (await call("GET", "collections/users")).id, recordRef: id };
    await call("POST", "collections/_externalAuths/records", { ...ref, provider: "github", providerId: "4711" });
    await call("POST", "collections/_authOrigins/records", { ...ref, fingerprint: "abcdef" });
    const { page, drawer, check, close } = await open(id, { collection: "users", more: "&tab=account" });
    await drawer.getByRole("table", { name: "External logins" }).getByText("4711").waitFor();
    await drawer.getByRole("table", { name: "Known devices" }).getByText("abcdef").waitFor();
    await drawer.getByRole("heading", { name: "Known devices" }).scrollIntoViewIfNeeded();
    await check("drawer-logins");
    await drawer.getByRole("button", { name: "Unlink github" }).click();
    await page.getByRole("dialog", { name: "Unlink github?" }).getByRole("button", { name: "Unlink" }).click();
    await drawer.getByRole("table", { name: "External logins" }).waitFor({ state: "detached" });
    assert.equal((await call("GET", "collections/_externalAuths/records")).items.length, 0);
    await close();
  });

  it("asks for a password where an account is made", limit, async () => {
    const { page, drawer, check, close } = await open("*", { collection: "users" });
    await drawer.getByLabel("email", { exact: true }).fill("eve@example.com");
    await drawer.getByRole("button", { name: "Generate" }).click();
    await drawer.getByText(/It is copied/).waitFor();
    const password = await pasted(page);
    await check("drawer-new-account");
    await page.keyboard.press("Control+s");
    await drawer.getByRole("tab", { name: "Account" }).waitFor();
    assert.ok(await usable("eve@example.com", password));
    await close();
  });

  it("is a page on a phone, however narrow", limit, async () => {
    const { id } = await user("fay@example.com");
    const { page, drawer, check, close } = await open(id, { collection: "users", more: "&tab=account", size: "phone" });
    await drawer.getByText("None.").nth(3).waitFor();
    await check("drawer-account");
    await page.setViewportSize({ width: 320, height: 640 });
    await check("drawer-account-320");
    await drawer.getByRole("tab", { name: "Fields" }).click();
    await drawer.getByLabel("name", { exact: true }).fill("Fay");
    const bar = await drawer.getByRole("button", { name: "Save", exact: true }).boundingBox();
    assert.ok(bar.y + bar.height <= 640 && bar.height >= 32);
    await check("drawer-320");
    await close();
  });
});
