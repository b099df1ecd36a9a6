// A record with a field of every type: made in the drawer, changed, duplicated, and one made in place.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "./flow.mjs";

const limit = limitOf(60_000);
const text = (name) => ({ name, mimeType: "text/plain", buffer: Buffer.from(name) });
const plain = (name) => name.replace(/_\w{10}(?=\.)/, "");

describe("records of every type", limit, () => {
  const flow = useFlow({
    prepare: async () => {
      const tags = await flow.call("POST", "collections", { name: "tags", type: "base", fields: [{ name: "name", type: "text", required: true, presentable: true }] });
      for (const name of ["red", "green"]) await flow.call("POST", "collections/tags/records", { name });
      const types = { title: "text", page: "editor", n: "number", yes: "bool", mail: "email", site: "url", day: "date", kind: "select", kinds: "select", files: "file", tag: "relation", meta: "json", place: "geoPoint" };
      const options = { kind: { values: ["a", "b"] }, kinds: { values: ["x", "y", "z"], maxSelect: 3 }, files: { maxSelect: 5 }, tag: { collectionId: tags.id, maxSelect: 3 } };
      await flow.call("POST", "collections", { name: "things", type: "base", fields: Object.entries(types).map(([name, type]) => ({ name, type, ...options[name] })) });
    },
  });

  it("are made, changed and duplicated", limit, async () => {
    const { page, check, close } = await flow.openAt("/data/things?record=*");
    const drawer = page.locator(".drawer");
    const box = (name) => drawer.getByRole("textbox", { name, exact: true });
    await box("title").fill("All");
    await drawer.locator(".rich-text").click();
    await page.keyboard.type("Rich ");
    await page.keyboard.press("Control+b");
    await page.keyboard.type("text");
    await box("n").fill("-1.5");
    await drawer.getByRole("switch", { name: "yes" }).click();
    await box("mail").fill("a@example.com");
    await box("site").fill("https://example.com");
    await drawer.getByLabel("day", { exact: true }).fill("2026-03-04T05:06");
    await drawer.getByRole("combobox", { name: "kind", exact: true }).click();
    await page.getByRole("option", { name: "b", exact: true }).click();
    const kinds = drawer.getByRole("combobox", { name: "kinds" });
    for (const name of ["z", "x"]) {
      await kinds.fill(name);
      await page.getByRole("option", { name, exact: true }).click();
    }
    const files = drawer.locator(".record-field", { has: page.locator('input[name="files"]') });
    await files.locator("input[type=file]").setInputFiles(["one.txt", "two.txt", "three.txt"].map(text));
    await files.locator(".file-row", { hasText: "three.txt" }).locator(".file-name").focus();
    await page.keyboard.press("Alt+ArrowUp");
    await page.keyboard.press("Alt+ArrowUp");
    await box("meta").fill('{"exact": 12345678901234567890}');
    await drawer.getByLabel("place: Latitude").fill("42.5");
    await drawer.getByLabel("place: Longitude").fill("23.25");
    await drawer.getByRole("button", { name: "Choose tag", exact: true }).click();
    const picker = page.locator("dialog.picker[open]");
    await picker.getByRole("row").filter({ hasText: "green" }).first().click();
    await picker.getByRole("button", { name: "New record" }).click();
    const inner = page.locator("dialog.inner[open]").last();
    await inner.locator('[name="name"]').fill("blue");
    await inner.getByRole("button", { name: "Create and choose" }).click();
    await inner.waitFor({ state: "detached" });
    await picker.getByRole("button", { name: "Done" }).click();
    await check("kinds-new");
    await drawer.getByRole("button", { name: "Create", exact: true }).click();
    await drawer.waitFor({ state: "detached" });

    const { items: [made] } = await flow.call("GET", "collections/things/records?expand=tag");
    assert.deepEqual([made.title, made.page, made.n, made.yes, made.mail, made.site, made.kind, made.kinds], ["All", "<p>Rich <strong>text</strong></p>", -1.5, true, "a@example.com", "https://example.com", "b", ["z", "x"]]);
    assert.deepEqual([made.files.map(plain), made.place, made.expand.tag.map(({ name }) => name)], [["three.txt", "one.txt", "two.txt"], { lon: 23.25, lat: 42.5 }, ["green", "blue"]]);
    assert.match(made.day, /^2026-03-04 /);
    const raw = await (await fetch(`${flow.server.url}/api/collections/things/records/${made.id}`, { headers: { Authorization: flow.token } })).text();
    assert.match(raw, /"exact": ?12345678901234567890/);

    await page.evaluate((id) => { location.hash = `#/data/things?record=${id}`; }, made.id);
    await box("title").fill("All, again");
    await files.locator(".file-row", { hasText: "two" }).getByRole("button", { name: /Remove/ }).click();
    await page.keyboard.press("Control+s");
    await drawer.getByText("Saved", { exact: true }).waitFor();
    const changed = await flow.call("GET", `collections/things/records/${made.id}`);
    assert.deepEqual([changed.title, changed.files, changed.page, changed.tag], ["All, again", made.files.slice(0, 2), made.page, made.tag]);
    await check("kinds-saved");
    await page.keyboard.press("Control+d");
    await drawer.getByRole("button", { name: "Create", exact: true }).click();
    await drawer.waitFor({ state: "detached" });
    const { items } = await flow.call("GET", "collections/things/records?filter=title='All, again'");
    assert.equal(items.length, 2);
    const copy = items.find(({ id }) => id !== made.id);
    assert.deepEqual([copy.files, copy.tag, copy.page], [[], made.tag, made.page]);
    await close();
  });
});
