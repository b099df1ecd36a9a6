// Relations of a record: chosen, created and edited in place, and what leads here.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";
import { focusAfter } from "../keys.mjs";

const limit = limitOf(90_000);

describe("related", { ...limit, timeout: 400_000 }, () => {
  const ids = {};
  const flow = useFlow({
    prepare: async () => {
      const { id } = await call("POST", "collections", {
        name: "people",
        type: "base",
        fields: [{ name: "name", type: "text", presentable: true, required: true }, { name: "city", type: "text" }, { name: "letter", type: "text", pattern: "^[a-z]?$" }],
      });
      const people = await call("GET", "collections/people");
      await call("PATCH", "collections/people", { fields: [...people.fields, { name: "friend", type: "relation", collectionId: id, maxSelect: 1 }] });
      await call("POST", "collections", {
        name: "letters",
        type: "base",
        fields: [
          { name: "subject", type: "text" },
          { name: "note", type: "text" },
          { name: "author", type: "relation", collectionId: id, maxSelect: 1 },
          { name: "readers", type: "relation", collectionId: id, minSelect: 2, maxSelect: 3 },
        ],
      });
      await call("POST", "collections", { name: "lonely", type: "base", fields: [{ name: "title", type: "text" }] });
      for (const name of ["Ada", "Anton", "Bob", "Carl", "Dora"]) ids[name] = (await call("POST", "collections/people/records", { name, city: `City of ${name}` })).id;
      for (let n = 0; n < 130; n++) await call("POST", "collections/people/records", { name: `Other ${n}` });
    },
  });
  const { call } = flow;

  const letter = (body = {}) => call("POST", "collections/letters/records", { subject: "Hello", ...body });
  const read = (id) => call("GET", `collections/letters/records/${id}`);
  const open = async (id, { collection = "letters", tab, ...how } = {}) => {
    const opened = await flow.openAt(`/data/${collection}?record=${id}${tab ? `&tab=${tab}` : ""}`, { expect: [400, 404], ...how });
    const { page } = opened;
    const drawer = page.locator(".drawer");
    await drawer.locator(".drawer-foot").waitFor();
    const picker = page.locator("dialog.picker[open]");
    return {
      ...opened,
      drawer,
      picker,
      inner: page.locator("dialog.inner[open]").last(),
      inners: page.locator("dialog.inner[open]"),
      field: (name) => drawer.getByRole("group", { name, exact: true }),
      choose: async (name) => {
        await drawer.getByRole("button", { name: `Choose ${name}`, exact: true }).click();
        await picker.getByRole("row").first().waitFor();
      },
      row: (name) => picker.getByRole("row").filter({ hasText: name }).first(),
      chips: (within) => within.locator(".chip-text").allTextContents(),
      save: async () => {
        await page.keyboard.press("Control+s");
        await drawer.getByText("Saved", { exact: true }).waitFor();
      },
    };
  };
  const isFocused = (page, what) => page.waitForFunction((selector) => document.activeElement?.matches(selector), what);

  it("chooses one by search and keys", limit, async () => {
    const { id } = await letter();
    const { page, drawer, picker, field, chips, save, check, close } = await open(id);
    const asked = [];
    page.on("request", (request) => request.url().includes("/people/records") && asked.push(new URL(request.url()).searchParams));
    await drawer.getByRole("button", { name: "Choose author", exact: true }).focus();
    await page.keyboard.press("Enter");
    await picker.getByRole("row").first().waitFor();
    await isFocused(page, 'dialog.picker [role="grid"]');
    await page.waitForTimeout(300);
    assert.equal(asked[0].get("skipTotal"), "1", "the rows come before their number");
    await check("relation-picker");
    await page.keyboard.press("/");
    await isFocused(page, '[data-t="filter"]');
    await page.keyboard.type("Anton");
    await page.keyboard.press("Enter");
    await picker.getByText("1–1 of 1").waitFor();
    await isFocused(page, 'dialog.picker [role="grid"]');
    await page.keyboard.press("Enter");
    await picker.waitFor({ state: "detached" });
    await isFocused(page, 'button[title="Choose author"]');
    assert.deepEqual(await chips(field("author")), ["Anton"]);
    await check("relation-one");
    await save();
    assert.equal((await read(id)).author, ids.Anton);
    // Another one takes its place; Delete removes it.
    await page.keyboard.press("Enter");
    await picker.getByRole("row").first().waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press(" ");
    await picker.waitFor({ state: "detached" });
    assert.equal((await chips(field("author"))).length, 1);
    await field("author").locator(".chip-text").focus();
    await page.keyboard.press("Delete");
    await isFocused(page, 'button[title="Choose author"]');
    await save();
    assert.equal((await read(id)).author, "");
    await close();
  });

  it("chooses several in an order, as many as there may be", limit, async () => {
    const { id } = await letter();
    const { page, picker, field, row, chips, choose, save, drawer, check, close } = await open(id);
    await choose("readers");
    const five = async () => {
      await picker.getByRole("combobox", { name: "Filter" }).fill("city ~ 'City'");
      await page.keyboard.press("Enter");
      await picker.getByText("1–5 of 5").waitFor();
    };
    await five();
    await row("Ada").click();
    await picker.getByText("1 of 3 chosen").waitFor();
    await picker.getByRole("button", { name: "Done" }).click();
    await picker.waitFor({ state: "detached" });
    await field("readers").locator(".chip-text").focus();
    await drawer.locator('[name="note"]').focus();
    await drawer.locator(".field-error").getByText("At least 2.").waitFor();
    await check("relation-too-few");
    await page.keyboard.press("Control+s");
    await drawer.locator("[data-wrong]").waitFor();
    await drawer.getByText("1 field is not accepted").waitFor();
    await choose("readers");
    await five();
    await row("Dora").click();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press(" ");
    await picker.getByText("3 of 3 chosen").waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await picker.getByText("3 of 3 chosen · At most 3.").waitFor();
    assert.equal(await picker.getByRole("button", { name: "New record" }).getAttribute("aria-disabled"), "true");
    await check("relation-full");
    await page.keyboard.press("Escape");
    await picker.waitFor({ state: "detached" });
    const before = await chips(field("readers"));
    assert.deepEqual(before.slice(0, 2), ["Ada", "Dora"]);
    await field("readers").locator(".chip-text").first().focus();
    await page.keyboard.press("Alt+ArrowRight");
    await page.keyboard.press("Alt+ArrowDown");
    assert.deepEqual(await chips(field("readers")), ["Dora", before[2], "Ada"]);
    assert.ok(page.url().includes(id), "the drawer has not gone on to another record");
    await field("readers").locator(".chip").nth(2).dragTo(field("readers").locator(".chip").first(), { steps: 4 });
    assert.deepEqual(await chips(field("readers")), ["Ada", "Dora", before[2]]);
    await save();
    assert.deepEqual((await read(id)).readers.slice(0, 2), [ids.Ada, ids.Dora]);
    await field("readers").locator(".chip-text").first().focus();
    assert.equal(await focusAfter(field("readers").locator(".chip-text").first(), "Delete"), "button");
    assert.deepEqual(await chips(field("readers")), ["Dora", before[2]]);
    await close();
  });

  it("goes through a long list, without asking for all of it", limit, async () => {
    const { id } = await letter();
    const { page, picker, choose, check, close } = await open(id);
    await choose("author");
    await picker.getByText(/of 13\d/).waitFor();
    await page.keyboard.press("Control+End");
    await picker.getByRole("row").filter({ hasText: "Ada" }).waitFor();
    assert.ok((await picker.getByRole("row").count()) < 60);
    await check("relation-long");
    await close();
  });

  it("shows an id without a record struck, and removes it", limit, async () => {
    const lost = (await call("POST", "collections/people/records", { name: "Lost" })).id;
    const { id } = await letter({ readers: [ids.Ada, ids.Bob] });
    const { page, drawer, field, row, choose, chips, check, close } = await open(id);
    assert.deepEqual(await chips(field("readers")), ["Ada", "Bob"]);
    // As a draft has it whose record was deleted since.
    await choose("author");
    await row("Lost").click();
    await page.waitForTimeout(700);
    await call("DELETE", `collections/people/records/${lost}`);
    await page.reload();
    await drawer.getByRole("button", { name: "Restore" }).click();
    await field("author").getByText(`${lost}: deleted record`).waitFor();
    await field("author").locator(".chip-gone").waitFor();
    await check("relation-deleted");
    await page.keyboard.press("Control+s");
    await drawer.getByText("1 field is not accepted").waitFor();
    await field("author").getByRole("button", { name: `Remove ${lost}` }).click();
    assert.deepEqual(await chips(field("author")), []);
    await drawer.getByText("Not saved yet").waitFor({ state: "detached" });
    await close();
  });

  it("creates one in place, over what is typed", limit, async () => {
    const { id } = await letter();
    const { page, drawer, picker, inner, inners, field, chips, choose, save, check, close } = await open(id);
    await drawer.locator('[name="note"]').fill("typed below");
    await choose("author");
    await picker.getByRole("button", { name: "New record" }).click();
    await inner.locator('[name="city"]').waitFor();
    await inner.getByRole("button", { name: "Back to: Record of letters" }).waitFor();
    await inner.locator('[name="city"]').fill("Here");
    await inner.getByRole("button", { name: "Create and choose" }).click();
    await inner.getByText("1 field is not accepted").waitFor();
    await isFocused(page, 'dialog.inner [name="name"]');
    await check("relation-new-refused");
    await inner.locator('[name="name"]').fill("Newcomer");
    // A third level, and no fourth.
    await inner.getByRole("button", { name: "Choose friend" }).click();
    await picker.last().getByRole("row").first().waitFor();
    await picker.last().getByRole("button", { name: "New record" }).click();
    await inner.getByText("3 of 3").waitFor();
    assert.equal(await inners.count(), 2);
    await inner.locator('[name="name"]').fill("Third");
    await inner.getByRole("button", { name: "Choose friend" }).click();
    await picker.last().getByRole("row").first().waitFor();
    assert.equal(await picker.last().getByRole("button", { name: "New record" }).getAttribute("aria-disabled"), "true");
    await check("relation-third-level");
    await page.keyboard.press("Escape");
    await page.waitForTimeout(100);
    assert.equal(await inners.count(), 2);
    await page.keyboard.press("Control+Enter");
    await inner.getByText("2 of 3").waitFor();
    assert.equal(await inner.locator('[name="name"]').inputValue(), "Newcomer");
    assert.deepEqual(await chips(inner), ["Third"]);
    await page.keyboard.press("Control+Enter");
    await inner.waitFor({ state: "detached" });
    await picker.waitFor({ state: "detached" });
    await isFocused(page, 'button[title="Choose author"]');
    assert.deepEqual(await chips(field("author")), ["Newcomer"]);
    assert.equal(await drawer.locator('[name="note"]').inputValue(), "typed below");
    await save();
    const { items } = await call("GET", "collections/people/records?filter=name='Newcomer'&expand=friend");
    assert.equal(items[0].expand.friend.name, "Third");
    assert.deepEqual([(await read(id)).author, (await read(id)).note], [items[0].id, "typed below"]);
    await close();
  });

  it("edits one in place, and goes back with a draft", limit, async () => {
    const { id } = await letter({ author: ids.Carl, readers: [ids.Ada, ids.Bob] });
    const { page, drawer, inner, field, chips, check, close } = await open(id);
    await drawer.locator('[name="note"]').fill("typed below");
    await field("author").locator(".chip-text").focus();
    await page.keyboard.press("Enter");
    await inner.locator('[name="name"]').fill("Carla");
    await check("relation-edit");
    await page.keyboard.press("Control+s");
    await inner.getByText("Saved", { exact: true }).waitFor();
    await page.keyboard.press("Escape");
    await inner.waitFor({ state: "detached" });
    await isFocused(page, ".chip-text");
    assert.deepEqual(await chips(field("author")), ["Carla"]);
    assert.equal(await drawer.locator('[name="note"]').inputValue(), "typed below");
    await drawer.getByText("Not saved yet").waitFor();
    assert.equal((await call("GET", `collections/people/records/${ids.Carl}`)).name, "Carla");
    // What is not saved there is kept.
    await field("readers").getByRole("button", { name: "Edit Bob" }).click();
    await inner.locator('[name="city"]').fill("Elsewhere");
    await inner.getByRole("button", { name: /^Back to/ }).click();
    await page.getByText("kept as a draft: city").waitFor();
    await field("readers").getByRole("button", { name: "Edit Bob" }).click();
    await inner.getByRole("button", { name: "Restore" }).click();
    assert.equal(await inner.locator('[name="city"]').inputValue(), "Elsewhere");
    await inner.getByRole("button", { name: "Save and go back" }).click();
    await inner.waitFor({ state: "detached" });
    assert.equal((await call("GET", `collections/people/records/${ids.Bob}`)).city, "Elsewhere");
    assert.equal(await drawer.locator('[name="note"]').inputValue(), "typed below");
    await close();
  });

  it("shows what leads to a record, and the way there", limit, async () => {
    for (let n = 0; n < 7; n++) await letter({ subject: `To Dora ${n}`, author: ids.Dora, ...(n < 2 ? { readers: [ids.Dora, ids.Ada] } : {}) });
    const { page, drawer, check, close } = await open(ids.Dora, { collection: "people" });
    await drawer.getByRole("tab", { name: "Related" }).click();
    const part = (name) => drawer.getByRole("region", { name, exact: true });
    await part("letters.author").getByText("7 records").waitFor();
    await part("letters.author").getByRole("link", { name: "To Dora 6" }).waitFor();
    assert.equal(await part("letters.author").getByRole("listitem").count(), 5);
    await part("people.friend").getByText("No records yet").waitFor();
    const readers = await part("letters.readers").locator(".related-count").textContent();
    assert.match(readers, /^[2-9] records$/);
    await check("related");
    await part("letters.readers").getByRole("link", { name: "Open all" }).click();
    await page.getByText(`1–${parseInt(readers, 10)} of ${parseInt(readers, 10)}`).waitFor();
    await check("related-all");
    await page.goBack();
    await part("letters.author").getByRole("link", { name: "Open all" }).click();
    await page.getByText("1–7 of 7").waitFor();
    await page.goBack();
    await drawer.getByRole("tab", { name: "Fields" }).click();
    await drawer.locator('[name="city"]').fill("typed here");
    await drawer.getByRole("tab", { name: "Related" }).click();
    await part("letters.author").getByRole("button", { name: "New with this link" }).click();
    await drawer.getByRole("heading", { name: "New record of letters" }).waitFor();
    await page.getByText("kept as a draft: city").waitFor();
    await drawer.getByText("Dora").first().waitFor();
    await drawer.locator('[name="subject"]').fill("Linked");
    await check("related-new");
    await drawer.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByText("The record is created").first().waitFor();
    const { items } = await call("GET", "collections/letters/records?filter=subject='Linked'");
    assert.equal(items[0].author, ids.Dora);
    await close();
  });

  it("says so where nothing leads to it", limit, async () => {
    const { id } = await call("POST", "collections/lonely/records", { title: "Alone" });
    const { drawer, check, close } = await open(id, { collection: "lonely", tab: "related" });
    await drawer.getByText("No collection has a relation to this one").waitFor();
    await check("related-none");
    await close();
  });

  it("does so on a phone", limit, async () => {
    const { id } = await letter({ readers: [ids.Ada, ids.Bob] });
    const { picker, drawer, inner, choose, row, field, chips, check, close } = await open(id, { size: "phone" });
    await check("relation-phone");
    await choose("readers");
    await check("relation-picker-phone");
    await row("Other").click();
    await picker.getByText("3 of 3 chosen").waitFor();
    await picker.getByRole("button", { name: "Done" }).click();
    assert.equal((await chips(field("readers"))).length, 3);
    await choose("author");
    await picker.getByRole("button", { name: "New record" }).click();
    await inner.locator('[name="name"]').waitFor();
    await check("relation-inner-phone");
    await inner.getByRole("button", { name: /^Back to/ }).click();
    await picker.getByRole("button", { name: "Done" }).click();
    await drawer.getByText("Not saved yet").waitFor();
    await close();
  });
});
