// The definition of a collection: every type of field, what a change does, a view, how people sign in, mails.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { at, bar, card, makePosts, names, review, save } from "../definitions.mjs";
import { limitOf, useFlow } from "../flow.mjs";
import { isReference, root } from "../server.mjs";

const limit = limitOf(90_000);

const types = ["Text:", "Rich text", "Number", "Yes or no", "E-mail", "Web address", "Date and time", "Date that sets", "One or several", "File", "Other records", "JSON", "Place"];

describe("definitions", { ...limit, timeout: 300_000 }, () => {
  const flow = useFlow({ prepare: makePosts });
  const read = (name) => flow.call("GET", `collections/${name}`);
  const users = () => read("users");

  it("makes a collection with every type of field, by the keys and the pointer", limit, async () => {
    const { page, check, close } = await flow.openAt("/data");
    await page.getByRole("button", { name: "New collection or group" }).click();
    await page.getByRole("menuitem", { name: /records of any kind/ }).click();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("all kinds");
    await bar(page).getByRole("button", { name: /Review/ }).click();
    await page.getByText("Letters, digits and _ alone.").first().waitFor();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("everything");
    for (const [n, type] of types.entries()) {
      await page.getByRole("button", { name: "Add a field" }).click();
      await page.getByRole("menuitem", { name: new RegExp(`^${type}`) }).click();
      await page.waitForFunction(() => document.activeElement?.classList.contains("def-field-name"));
      await page.keyboard.type(`f${n}`);
      await page.keyboard.press("Enter");
    }
    assert.deepEqual((await names(page)).slice(0, 4), ["id", "f0", "f1", "f2"]);
    await bar(page).getByRole("button", { name: /Review/ }).click();
    await page.getByText("At least one value.").first().waitFor();
    await check("schema-new-faults");
    await page.getByLabel("Values", { exact: true }).fill("red\ngreen\n\nred\n blue ");
    const choice = page.getByRole("combobox", { name: /Records of/ });
    await choice.fill("pos");
    await page.getByRole("option", { name: "posts", exact: true }).click();
    const number = await at(page, "f2");
    await number.getByRole("button", { name: "Open f2" }).click();
    await number.getByLabel("At most").fill("10");
    await number.getByRole("switch", { name: /Whole/ }).click();
    const dialog = await review(page);
    await dialog.getByText("New field f12").waitFor();
    await check("schema-new-review");
    await dialog.getByRole("button", { name: "Create" }).click();
    await page.waitForURL(/data\/everything\/schema/);
    await page.getByRole("heading", { name: "everything" }).waitFor();
    await check("schema-new-made");
    const made = await read("everything");
    assert.deepEqual(made.fields.map(({ type }) => type).filter((type) => type !== "autodate"), ["text", "text", "editor", "number", "bool", "email", "url", "date", "select", "file", "relation", "json", "geoPoint"]);
    assert.deepEqual(made.fields.find(({ name }) => name === "f8").values, ["red", "green", "blue"]);
    assert.equal(made.fields.find(({ name }) => name === "f2").max, 10);
    assert.equal(made.fields.find(({ name }) => name === "f2").onlyInt, true);
    await close();
  });

  it("renames, moves, removes and adds, tells what that does, and takes it back", limit, async () => {
    const { page, check, close } = await flow.openAt("/data/posts/schema");
    await page.locator(".def-field").first().waitFor();
    const before = await read("posts");
    const title = await at(page, "title");
    await title.locator(".def-field-name").fill("headline");
    await title.locator(".def-field-name").press("Alt+ArrowDown");
    assert.deepEqual((await names(page)).slice(0, 4), ["id", "tags", "headline", "score"]);
    assert.equal(await page.evaluate(() => document.activeElement.value), "headline");
    await page.getByText("headline is 3 of 4 now").waitFor({ state: "attached" });
    await bar(page).getByText(/changes, not saved/).waitFor();
    let dialog = await review(page);
    await dialog.getByText("The field title is renamed").waitFor();
    await dialog.getByText("Rule listRule").waitFor();
    await check("schema-review");
    await dialog.getByRole("button", { name: /^Save \d/ }).click();
    await bar(page).getByText("Saved", { exact: true }).waitFor();
    const after = await read("posts");
    assert.equal(after.listRule, "headline != ''");
    assert.match(after.indexes[0], /`headline`/);
    assert.equal((await flow.call("GET", "collections/posts/records?filter=headline='t1'")).totalItems, 1);
    await bar(page).getByRole("button", { name: "Undo" }).click();
    await bar(page).getByText("It is as it was before").waitFor();
    const back = await read("posts");
    assert.deepEqual({ ...back, updated: "" }, { ...before, updated: "", indexes: back.indexes });

    await (await at(page, "score")).getByRole("button", { name: "Acts on score" }).click();
    await page.getByRole("menuitem", { name: "Remove" }).click();
    const tags = await at(page, "tags");
    await tags.getByRole("button", { name: "Open tags" }).click();
    await tags.getByLabel("At most, how many").fill("1");
    await check("schema-removed");
    dialog = await review(page);
    await dialog.getByText("This is lost, and cannot be brought back").waitFor();
    if (!isReference) {
      await dialog.getByText("score: 2 records have a value in it").waitFor();
      await dialog.getByText("tags: 3 records have several, of which the last one stays").waitFor();
      await dialog.getByText(/^SQL, /).click();
    }
    await check("schema-losses");
    await dialog.getByRole("button", { name: "Save and lose these values" }).waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Keep it after all" }).click();
    await (await at(page, "tags")).getByLabel("At most, how many").fill("2");
    await page.waitForFunction(() => document.querySelector(".def-bar .button-primary").getAttribute("aria-disabled") === "true" || document.querySelector(".def-bar .button-primary").disabled);
    await close();
  });

  it("is written with a fault, then without, and saved", limit, async () => {
    const { page, allow, check, close } = await flow.openAt("/new/view");
    const query = page.getByRole("textbox", { name: "Query" });
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("best");
    await page.locator("[data-code] .cm-content").waitFor();
    allow(400);
    await query.fill("SELECT * FROM posts");
    await page.getByText("The query does not work").waitFor();
    await page.getByText("Columns have to be named one by one").waitFor();
    await check("view-broken");
    await query.fill("SELECT id, title, sum(score) AS total FROM posts GROUP BY id, title");
    await page.getByText("It works: 3 fields").waitFor();
    await page.getByText("come out as JSON").waitFor();
    assert.equal(await page.locator(".def-sample tbody tr").count(), 3);
    await check("view-works");
    await page.locator(".def-bar").getByRole("button", { name: /Review/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
    await page.waitForURL(/data\/best\/schema/);
    assert.deepEqual((await flow.call("GET", "collections/best")).fields.map(({ type }) => type), ["text", "text", "json"]);
    await query.fill("SELECT id, title FROM nowhere");
    await page.getByText("The query does not work").waitFor();
    await page.locator(".def-bar").getByRole("button", { name: "Discard" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Discard" }).click();
    await query.fill("SELECT id, title, CAST(score AS INT) AS points FROM posts");
    await page.getByText("It works: 3 fields").waitFor();
    await page.locator(".def-bar").getByRole("button", { name: /Review/ }).click();
    await page.getByRole("dialog").getByText("The query").waitFor();
    await check("view-review");
    await page.getByRole("dialog").getByRole("button", { name: /^Save/ }).click();
    await page.locator(".def-bar").getByText("Saved", { exact: true }).waitFor();
    assert.deepEqual((await flow.call("GET", "collections/best")).fields.map(({ name }) => name), ["id", "title", "points"]);
    await close();
  });

  it("adds a provider, and keeps its secret", limit, async () => {
    const { page, check, close } = await flow.openAt("/data/users/auth");
    const oauth = card(page, "OAuth2");
    await oauth.getByRole("button", { name: "Add a provider" }).click();
    await page.getByRole("dialog").getByLabel("Find a provider").fill("git");
    await check("sign-in-providers");
    await page.getByRole("dialog").getByRole("button", { name: "GitHub" }).click();
    await oauth.getByLabel("Client id").fill("abc");
    await oauth.getByLabel("Client secret", { exact: true }).fill("s3cret");
    await check("sign-in-provider");
    await save(page);
    let { oauth2 } = await users();
    assert.equal(oauth2.enabled, true);
    assert.deepEqual(oauth2.providers.map(({ name, clientId }) => [name, clientId]), [["github", "abc"]]);
    await oauth.getByRole("button", { name: "Add a provider" }).click();
    await page.getByRole("dialog").getByLabel("Find a provider").fill("oidc");
    await page.getByRole("dialog").getByRole("button", { name: "OIDC (oidc)" }).click();
    const oidc = oauth.locator(".def-field").nth(1);
    await oidc.getByLabel("Client id").fill("xyz");
    await oidc.getByLabel("Client secret", { exact: true }).fill("other");
    await oidc.getByLabel("Authorization address").fill("https://id.example.com/auth");
    await oidc.getByLabel("Token address").fill("https://id.example.com/token");
    await oidc.getByLabel("User info address").fill("https://id.example.com/me");
    await check("sign-in-oidc");
    await save(page);
    ({ oauth2 } = await users());
    assert.deepEqual(oauth2.providers.map(({ name }) => name), ["github", "oidc"]);
    assert.equal(oauth2.providers[1].userInfoURL, "https://id.example.com/me");
    await oauth.getByRole("button", { name: "Remove GitHub" }).click();
    await save(page);
    assert.deepEqual((await users()).oauth2.providers.map(({ name }) => name), ["oidc"]);
    await close();
  });

  it("writes a mail, and shows how it looks", limit, async () => {
    const { page, allow, faults, check, close } = await flow.openAt("/data/users/mail");
    const text = page.getByLabel("Text, as HTML");
    await text.waitFor();
    await check("mail");
    await text.fill("<p>Hello <b>you</b> of {NOWHERE}</p><script>parent.broken = 1</script><img src=x onerror='parent.broken = 1'>");
    await page.getByText(/Without \{TOKEN\}/).waitFor();
    await page.getByText(/\{NOWHERE\} will stay/).waitFor();
    const frame = page.frameLocator("iframe").first();
    await frame.getByText("Hello you of {NOWHERE}").waitFor();
    assert.equal(await page.evaluate(() => globalThis.broken), undefined);
    allow(404); // the image
    await page.waitForTimeout(300);
    faults.splice(0, faults.length, ...faults.filter((one) => !/^console: (?:Blocked script execution in '[^']*\/_\/frame\.html'|Failed to load resource: [^]*404)/.test(one)));
    await text.fill("<p>Hello {RECORD:name}, click: {APP_URL}/{TOKEN}</p>");
    await page.getByRole("tab", { name: "As plain text" }).click();
    await page.getByText("Hello name, click:").waitFor();
    await check("mail-plain");
    await save(page);
    assert.match((await users()).verificationTemplate.body, /RECORD:name/);
    await page.getByRole("button", { name: "As it was at first" }).click();
    await page.waitForFunction(() => document.querySelector("textarea").value.includes("{APP_NAME}"));
    allow(400);
    await page.getByRole("button", { name: "Send a test" }).click();
    await page.getByRole("dialog").getByLabel("To", { exact: true }).fill(root.email);
    await page.getByRole("dialog").getByRole("button", { name: "Send", exact: true }).click();
    await page.getByRole("dialog").getByRole("alert").or(page.getByRole("dialog").getByText(/^Sent to/)).first().waitFor();
    await close();
  });
});
