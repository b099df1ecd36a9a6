// A record that is edited while other things happen: nothing typed is lost, or stored as something else.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";
import { root } from "../server.mjs";

const limit = limitOf(60_000);
const fields = [
  { name: "title", type: "text", presentable: true },
  { name: "note", type: "text" },
  { name: "n", type: "number" },
  { name: "meta", type: "json" },
  { name: "due", type: "date" },
];
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

describe("record", { ...limit, timeout: 400_000 }, () => {
  const flow = useFlow();
  const { call } = flow;
  let serial = 0;

  const collectionOf = async (rows = 1, of = (n) => ({ title: `Row ${n}`, n })) => {
    const name = `record${++serial}`;
    await call("POST", "collections", { name, type: "base", fields });
    const made = [];
    for (let n = 0; n < rows; n++) made.push(await call("POST", `collections/${name}/records`, of(n)));
    const read = (n = 0) => call("GET", `collections/${name}/records/${made[n].id}`);
    return { name, rows: made, read, ids: made.map(({ id }) => id) };
  };
  const open = async (name, id, how = {}) => {
    const tab = await flow.openAt(`/data/${name}?sort=n&record=${id}`, { expect: [400, 404, 412], ...how });
    const drawer = tab.page.locator(".drawer");
    await drawer.locator('[name="title"]').waitFor();
    return { ...tab, drawer, input: (field) => drawer.locator(`[name="${field}"]`), date: drawer.locator('input[type="datetime-local"]') };
  };
  // The next save is answered late; resolves once it is sent.
  const slow = async (page, method, ms = 1200) => {
    await page.route(/\/records/, async (route) => {
      if (route.request().method() !== method) return route.fallback();
      await wait(ms);
      await route.continue();
    });
    return page.waitForRequest((request) => request.method() === method);
  };
  const answered = (page, method) => page.waitForResponse((reply) => reply.request().method() === method);
  const raw = async (name, id) => (await fetch(`${flow.server.url}/api/collections/${name}/records/${id}`, { headers: { Authorization: flow.token } })).text();

  it("keeps what is typed while it saves", limit, async () => {
    const { name, ids, read } = await collectionOf();
    const { page, input, drawer, check, close } = await open(name, ids[0]);
    const sent = slow(page, "PATCH");
    await input("title").fill("saved");
    const reply = answered(page, "PATCH");
    await page.keyboard.press("Control+s");
    await sent;
    await input("note").fill("typed while it is saved");
    await reply;
    assert.equal(await input("note").inputValue(), "typed while it is saved");
    await drawer.getByText("Not saved yet").waitFor();
    assert.deepEqual([(await read()).title, (await read()).note], ["saved", ""]);
    await wait(300);
    await page.reload();
    await drawer.getByText("Something was typed here before").waitFor();
    await check("record-typed-meanwhile");
    await drawer.getByRole("button", { name: "Restore" }).click();
    await page.unroute(/\/records/);
    await page.keyboard.press("Control+s");
    await page.getByText("Saved", { exact: true }).waitFor();
    assert.equal((await read()).note, "typed while it is saved");
    await close();
  });

  it("does not close the drawer of another record", limit, async () => {
    const { name, ids, read } = await collectionOf(2);
    const { page, input, close } = await open(name, ids[0]);
    const sent = slow(page, "PATCH");
    await input("title").fill("saved");
    const reply = answered(page, "PATCH");
    await page.keyboard.press("Control+Enter");
    await sent;
    await page.keyboard.press("Alt+ArrowDown");
    await page.waitForURL(new RegExp(ids[1]));
    await input("note").fill("typed in the other");
    await reply;
    await page.getByText("Saved", { exact: true }).waitFor();
    await wait(300);
    assert.equal(await input("note").inputValue(), "typed in the other");
    assert.ok(page.url().includes(ids[1]));
    assert.equal(await page.getByText(/kept as a draft/).count(), 0);
    assert.equal((await read(0)).title, "saved");
    await close();
  });

  it("sends nothing that would be stored as something else", limit, async () => {
    const { name, ids, read } = await collectionOf(1, () => ({ title: "x", n: 1200, meta: { a: 1 }, due: "2026-03-04 05:06:07.000Z" }));
    const { page, input, date, drawer, check, close } = await open(name, ids[0]);
    const sent = [];
    page.on("request", (request) => request.method() === "PATCH" && sent.push(request.postData()));
    const refused = async (field, text) => {
      await page.keyboard.press("Control+s");
      await drawer.getByText(text).waitFor();
      await page.waitForFunction(() => document.activeElement?.matches("[aria-invalid=true], [data-wrong]"));
      assert.equal(await drawer.locator('[aria-invalid="true"]').count(), 1, field);
    };
    const n = drawer.getByRole("textbox", { name: "n", exact: true });
    const meta = drawer.getByRole("textbox", { name: "meta" });
    await n.fill("1 202,50");
    await refused("n", /Not a number/);
    await n.fill("1202.5");
    await meta.fill('{"a": 1, "b": [1, 2,]}');
    await refused("meta", /Not JSON/);
    await meta.fill('{"a": 2}');
    await date.focus();
    await page.keyboard.press("Backspace");
    assert.deepEqual(await date.evaluate(({ value, validity }) => [value, validity.badInput]), ["", true]);
    await refused("due", /Not a whole date/);
    await check("record-half-date");
    assert.deepEqual(sent, []);
    await drawer.getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("menuitem", { name: "Discard changes" }).click();
    assert.match(await date.inputValue(), /^2026-03-04T/);
    await n.fill("1202.5");
    await page.keyboard.press("Control+s");
    await page.getByText("Saved", { exact: true }).waitFor();
    assert.deepEqual([(await read()).n, (await read()).due], [1202.5, "2026-03-04 05:06:07.000Z"]);
    await drawer.getByRole("button", { name: "Clear" }).click();
    await page.keyboard.press("Control+s");
    await drawer.getByText("Not saved yet").waitFor({ state: "detached" });
    await wait(300);
    assert.equal((await read()).due, "");
    // Begun, and not ended, where there was none.
    await date.focus();
    await page.keyboard.type("05");
    assert.equal(await date.evaluate(({ validity }) => validity.badInput), true);
    await refused("due", /Not a whole date/);
    await drawer.getByRole("button", { name: "Clear" }).click();
    assert.equal(await date.evaluate(({ validity }) => validity.badInput), false);
    await drawer.getByText("Not saved yet").waitFor({ state: "detached" });
    await close();
  });

  const renameNote = async (name) => {
    const collection = await call("GET", `collections/${name}`);
    await call("PATCH", `collections/${name}`, { fields: collection.fields.map((field) => (field.name === "note" ? { ...field, name: "remark" } : field)) });
  };

  it("keeps what is typed in a field that is renamed", limit, async () => {
    const { name, ids, read } = await collectionOf();
    const { page, input, drawer, check, close } = await open(name, ids[0]);
    await input("note").fill("typed for an hour");
    await renameNote(name);
    for (let n = 0; n < 5 && !(await read()).remark; n++) {
      await page.keyboard.press("Control+s");
      await wait(700);
      if (n === 0) await check("record-renamed");
    }
    assert.equal((await read()).remark, "typed for an hour");
    await drawer.getByText("Not saved yet").waitFor({ state: "detached" });
    await input("remark").waitFor();
    assert.equal(await input("note").count(), 0);
    await close();
  });

  it("does so in a draft, and shows what has no field any more", limit, async () => {
    const { name, ids } = await collectionOf();
    const { page, input, drawer, check, close } = await open(name, ids[0]);
    await input("note").fill("typed for an hour");
    await drawer.getByRole("textbox", { name: "n", exact: true }).fill("77");
    await wait(800);
    await page.keyboard.press("Escape");
    await page.getByText(/kept as a draft/).waitFor();
    const collection = await call("GET", `collections/${name}`);
    await call("PATCH", `collections/${name}`, { fields: collection.fields.filter((field) => field.name !== "n").map((field) => (field.name === "note" ? { ...field, name: "remark" } : field)) });
    await page.reload();
    await page.goto(page.url().replace(/#.*/, `#/data/${name}?record=${ids[0]}`));
    await drawer.getByText("What was typed in n has no place any more").waitFor();
    await drawer.locator(".record-typed").getByText("77").waitFor();
    await check("record-gone-field");
    await drawer.getByRole("button", { name: "Restore" }).click();
    assert.equal(await input("remark").inputValue(), "typed for an hour");
    await drawer.getByRole("button", { name: "Drop it" }).click();
    await drawer.getByText("has no place any more").waitFor({ state: "detached" });
    await close();
  });

  it("tells that a draft was typed over something else", limit, async () => {
    const { name, ids, read } = await collectionOf();
    const { page, input, drawer, check, close } = await open(name, ids[0]);
    await input("note").fill("my old draft");
    await page.keyboard.press("Escape");
    await page.getByText(/kept as a draft/).waitFor();
    await call("PATCH", `collections/${name}/records/${ids[0]}`, { note: "written since by somebody else" });
    await page.reload();
    await page.goto(page.url().replace(/#.*/, `#/data/${name}?record=${ids[0]}`));
    await drawer.getByRole("button", { name: "Restore" }).click();
    await drawer.getByText("Somebody else has changed this record").waitFor();
    await check("record-old-draft");
    await page.keyboard.press("Control+s");
    await wait(500);
    assert.equal((await read()).note, "written since by somebody else");
    await drawer.getByRole("button", { name: "Save mine over it" }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    assert.equal((await read()).note, "my old draft");
    await close();
  });

  it("makes one record, however often it is sent", limit, async () => {
    const { name } = await collectionOf(0);
    const { page, input, drawer, faults, close } = await open(name, "*");
    await input("title").fill("one");
    await page.route(/\/records(?:\?|$)/, async (route) => {
      if (route.request().method() !== "POST") return route.fallback();
      await route.fetch();
      await route.abort();
    });
    await page.keyboard.press("Control+s");
    await drawer.getByRole("button", { name: "Try again" }).waitFor();
    await page.unroute(/\/records(?:\?|$)/);
    await drawer.getByRole("button", { name: "Try again" }).click();
    await page.waitForURL(/record=[a-z0-9]{15}/);
    const { items } = await call("GET", `collections/${name}/records`);
    assert.deepEqual(items.map(({ title }) => title), ["one"]);
    assert.ok(page.url().includes(items[0].id));
    faults?.splice(0);
    await close();
  });

  it("opens what it has created with what was typed meanwhile", limit, async () => {
    const { name } = await collectionOf(0);
    const { page, input, drawer, close } = await open(name, "*");
    const sent = slow(page, "POST");
    await input("title").fill("one");
    await page.keyboard.press("Control+Enter");
    await sent;
    await input("note").fill("typed meanwhile");
    await page.waitForURL(/record=[a-z0-9]{15}/);
    await drawer.getByText("Not saved yet").waitFor();
    assert.equal(await input("note").inputValue(), "typed meanwhile");
    await page.keyboard.press("Control+s");
    await page.getByText("Saved", { exact: true }).waitFor();
    const { items } = await call("GET", `collections/${name}/records`);
    assert.deepEqual(items.map(({ title, note }) => [title, note]), [["one", "typed meanwhile"]]);
    await close();
  });

  it("leaves alone what is not typed: line ends, numbers in JSON", limit, async () => {
    const { name, ids, read } = await collectionOf(1, () => ({ title: "a\r\nb\r\nc", meta: '{"a":9007199254740993,"b":1.10,"c":"x","d":1e2}' }));
    const { page, input, drawer, close } = await open(name, ids[0]);
    await input("title").press("Home");
    await page.keyboard.type("12");
    assert.equal(await input("title").inputValue(), "a\nb\n12c");
    const meta = drawer.getByRole("textbox", { name: "meta" });
    const text = (await meta.locator(".cm-line").allTextContents()).join("\n");
    assert.match(text, /"b": 1\.10,[^]*"d": 1e2/);
    await meta.fill(text.replace('"x"', '"y"'));
    await page.keyboard.press("Control+s");
    await page.getByText("Saved", { exact: true }).waitFor();
    assert.equal((await read()).title, "a\r\nb\r\n12c");
    assert.match((await raw(name, ids[0])).replace(/\s/g, ""), /"a":9007199254740993,"b":1\.10,"c":"y","d":1e2/);
    await close();
  });

  it("duplicates JSON as it is: a string stays one, a long number whole", limit, async () => {
    const { name, ids } = await collectionOf(2, (n) => ({ title: `Row ${n}`, n, meta: n === 0 ? '"123"' : [9007199254740991, 1.1] }));
    for (const [n, meta] of ['"123"', "[9007199254740991,1.1]"].entries()) {
      const { page, drawer, close } = await open(name, ids[n]);
      await drawer.getByRole("button", { name: "More", exact: true }).click();
      await page.getByRole("menuitem", { name: "Duplicate" }).click();
      await drawer.getByRole("button", { name: "Create", exact: true }).click();
      await drawer.waitFor({ state: "detached" });
      const { items } = await call("GET", `collections/${name}/records?filter=${encodeURIComponent(`title='Row ${n}'`)}`);
      assert.equal(items.length, 2);
      for (const { id } of items) assert.match(await raw(name, id), new RegExp(`"meta":${meta.replace(/[[\].]/g, "\\$&")}`));
      await close();
    }
  });

  it("keeps the hour of an instant that a clock shows twice", limit, async () => {
    const { name, ids, read } = await collectionOf(1, () => ({ title: "x", due: "2026-10-25 01:30:00.000Z" }));
    const tab = await flow.browser.open(flow.server.url, { query: `#/data/${name}?record=${ids[0]}` });
    const cdp = await tab.page.context().newCDPSession(tab.page);
    await cdp.send("Emulation.setTimezoneOverride", { timezoneId: "Europe/Berlin" });
    await tab.signIn(root);
    const date = tab.page.locator('.drawer input[type="datetime-local"]');
    await date.waitFor();
    assert.match(await date.inputValue(), /T02:30/);
    await date.fill("2026-10-25T02:31:00");
    await tab.page.keyboard.press("Control+s");
    await tab.page.getByText("Saved", { exact: true }).waitFor();
    assert.equal((await read()).due, "2026-10-25 01:31:00.000Z");
    await tab.close();
  });
});
