// What can go wrong with many records: others who write meanwhile, answers that are lost, values
// that are stored as something else.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";
import { root } from "../server.mjs";

const limit = limitOf(120_000);
const perBatch = 50;
const busy = { status: 503, contentType: "application/json", body: '{"status":503,"message":"busy","data":{}}' };

const fields = [
  { name: "title", type: "text", presentable: true },
  { name: "n", type: "number" },
  { name: "meta", type: "json" },
  { name: "tags", type: "select", values: ["=one", "two"], maxSelect: 2 },
];

describe("trouble with many records", { ...limit, timeout: 600_000 }, () => {
  const flow = useFlow({ prepare: () => call("PATCH", "settings", { batch: { enabled: true, maxRequests: perBatch, timeout: 10, maxBodySize: 0 } }) });
  const { call } = flow;
  let serial = 0;

  const path = (name) => `collections/${name}/records`;
  const find = async (name) => (await call("GET", `${path(name)}?perPage=1000&sort=n`)).items;
  const create = async (name, bodies) => {
    for (let at = 0; at < bodies.length; at += perBatch) await call("POST", "batch", { requests: bodies.slice(at, at + perBatch).map((body) => ({ method: "POST", url: `/api/${path(name)}`, body })) });
  };
  // A collection of its own for each, opened.
  const begin = async (n, of = () => ({}), query = "?sort=n", more = []) => {
    const name = `trouble${++serial}`;
    await call("POST", "collections", { name, type: "base", fields: [...fields, ...more] });
    await create(name, Array.from({ length: n }, (_, at) => ({ title: `Row ${at}`, n: at, ...of(at) })));
    const tab = await flow.browser.open(flow.server.url, { query: `#/data/${name}${query}`, expect: [400, 503] });
    await Promise.all([tab.page.waitForResponse((reply) => reply.url().endsWith("/api/settings")), tab.signIn(root)]);
    await tab.page.getByRole("grid", { name }).waitFor();
    await tab.page.getByText(`of ${n}`, { exact: false }).first().waitFor();
    return { ...tab, name, dialog: tab.page.getByRole("dialog") };
  };
  const press = (at, name) => at.getByRole("button", { name, exact: true }).click();
  const selectAll = async (page) => {
    await page.getByRole("grid").focus();
    await page.keyboard.press("Control+a");
  };
  const remove = async ({ page, dialog }) => {
    await press(page, "Delete");
    await dialog.getByText(/can be undone|cannot be undone/).waitFor();
    await press(dialog, "Delete");
    await dialog.waitFor({ state: "detached" });
  };
  const choose = async ({ page, dialog }, name) => {
    await dialog.getByRole("combobox", { name: "Field" }).click();
    await page.getByRole("option", { name }).first().click();
  };
  // The browser tells of calls that were cut off.
  const forgetCut = (faults) => faults.splice(0, faults.length, ...faults.filter((fault) => !fault.includes("net::ERR_FAILED")));
  const said = (page, text) => page.locator(".bulk-result").getByText(text).waitFor();

  it("acts on the records of the question", limit, async () => {
    const tab = await begin(150);
    const { page, dialog, name, close } = tab;
    await selectAll(page);
    await press(page, "All 150 matching");
    await press(page, "Delete");
    await dialog.getByText("Delete 150 records?").waitFor();
    await dialog.getByText("It can be undone for 10 seconds.").waitFor();
    await create(name, Array.from({ length: 40 }, (_, at) => ({ title: "came later", n: 1000 + at })));
    await press(dialog, "Delete");
    await said(page, "150 records are deleted");
    assert.deepEqual((await find(name)).map(({ title }) => title), Array.from({ length: 40 }, () => "came later"));
    await close();
  });

  it("asks once more where it would be others", limit, async () => {
    const { page, dialog, name, check, close } = await begin(210);
    await selectAll(page);
    await press(page, "All 210 matching");
    await press(page, "Delete");
    await dialog.getByText("It cannot be undone: there are more than 200.").waitFor();
    await create(name, [{ title: "came later", n: 1000 }]);
    await press(dialog, "Delete");
    await dialog.getByText("Delete 211 records?").waitFor();
    await dialog.getByText("Meanwhile 211 records match").waitFor();
    await check("bulk-meanwhile");
    assert.equal((await find(name)).length, 211);
    await press(dialog, "Delete");
    await said(page, "211 records are deleted");
    assert.equal((await find(name)).length, 0);
    await close();
  });

  it("counts only records that are there", limit, async () => {
    const { page, dialog, name, close } = await begin(5);
    await selectAll(page);
    await page.getByText("5 selected").waitFor();
    for (const { id } of (await find(name)).slice(0, 2)) await call("DELETE", `${path(name)}/${id}`);
    await press(page, "Delete");
    await dialog.getByText("Delete 3 records?").waitFor();
    await press(dialog, "Delete");
    await said(page, "3 records are deleted");
    await close();
  });

  it("looks what became of it where the answer is lost", limit, async () => {
    const tab = await begin(5);
    const { page, name, faults, close } = tab;
    await selectAll(page);
    await page.route(/\/api\/batch/, async (route) => { await route.fetch(); await route.abort(); }, { times: 1 });
    await remove(tab);
    await said(page, "5 records are deleted");
    await page.getByText("No record").first().waitFor();
    assert.equal((await find(name)).length, 0);
    await press(page, "Undo");
    await said(page, "5 records are as they were");
    assert.equal((await find(name)).length, 5);
    forgetCut(faults);
    await close();
  });

  it("says what nobody knows, and offers to undo it", limit, async () => {
    const { page, dialog, name, faults, close } = await begin(5);
    await selectAll(page);
    await press(page, "Delete");
    await dialog.getByText("It can be undone for 10 seconds.").waitFor();
    let isDown = false;
    await page.route(/\/api\/(batch|collections\/.*\/records)/, async (route) => {
      const isBatch = route.request().url().endsWith("/batch");
      if (isBatch && !isDown) await route.fetch();
      isDown ||= isBatch;
      await (isDown ? route.abort() : route.continue());
    });
    await press(dialog, "Delete");
    await dialog.getByText("of 5 records nobody can say whether they are done").waitFor();
    await page.unroute(/\/api\/(batch|collections\/.*\/records)/);
    await press(dialog, "Close");
    await press(page, "Undo");
    await said(page, "5 records are as they were");
    assert.equal((await find(name)).length, 5);
    forgetCut(faults);
    await close();
  });

  it("keeps what could not be undone", limit, async () => {
    const tab = await begin(3, (n) => ({ title: n === 0 ? "" : `Row ${n}` }));
    const { page, name, check, close } = tab;
    const collection = await call("GET", `collections/${name}`);
    const require = (required) => call("PATCH", `collections/${name}`, { fields: collection.fields.map((field) => (field.name === "title" ? { ...field, required } : field)) });
    const [first] = await find(name);
    await require(true);
    await selectAll(page);
    await remove(tab);
    await page.route(/\/api\/batch/, (route) => route.fulfill(busy), { times: 1 });
    await press(page, "Undo");
    await said(page, "0 of 3 records are as they were");
    assert.equal((await find(name)).length, 0);
    await press(page, "Undo");
    await said(page, `2 of 3 records are as they were; ${first.id}: title: Cannot be blank.`);
    await check("bulk-undo-left");
    assert.equal((await find(name)).length, 2);
    await require(false);
    await press(page, "Undo");
    await said(page, "1 record is as it was");
    assert.equal((await find(name)).length, 3);
    await close();
  });

  it("brings back JSON, and empty texts, as they were", limit, async () => {
    const metas = ['"00123"', '"123"', '{"id":9007199254740993}', "null", '"true"', "[1,2]"];
    const tab = await begin(metas.length, (n) => ({ meta: metas[n], code: "x" }), "?sort=n", [{ name: "code", type: "text", autogeneratePattern: "[a-z]{8}" }]);
    const { page, name, close } = tab;
    const raw = async () => (await fetch(`${flow.server.url}/api/${path(name)}?sort=n`, { headers: { Authorization: flow.token } })).text();
    for (const { id } of (await find(name)).slice(0, 2)) await call("PATCH", `${path(name)}/${id}`, { code: "" });
    const before = await raw();
    assert.match(before, /9007199254740993/);
    await page.reload();
    await page.getByText(`of ${metas.length}`, { exact: false }).first().waitFor();
    await selectAll(page);
    await remove(tab);
    assert.equal((await find(name)).length, 0);
    await press(page, "Undo");
    await said(page, `${metas.length} records are as they were`);
    assert.equal(await raw(), before);

    await page.getByRole("button", { name: "Copy as", exact: true }).click();
    await page.getByRole("menuitem", { name: "JSON", exact: true }).click();
    await page.getByText("JSON copied").waitFor();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /9007199254740993/);
    await close();
  });

  it("sets only what was chosen and typed, and writes back only that", limit, async () => {
    const tab = await begin(3);
    const { page, dialog, name, check, close } = tab;
    const [first] = await find(name);
    const act = (label) => dialog.getByRole("button", { name: label });
    const isOff = async (label, why) => assert.deepEqual([await act(label).getAttribute("aria-disabled"), await act(label).getAttribute("title")], ["true", why]);
    await selectAll(page);
    await press(page, "Set a field");
    await page.waitForFunction(() => !document.querySelector("dialog [aria-busy]"));
    await isOff("Set for 3 records", "Choose a field first");
    await check("bulk-set-nothing");
    await choose(tab, "title");
    await isOff("Set for 3 records", "Enter a value, or say that it is to be none");
    await press(dialog, "Empty it");
    await act("Empty it in 3 records").waitFor();
    await check("bulk-set-empty");
    await choose(tab, "n number");
    await dialog.getByRole("textbox", { name: "n", exact: true }).fill("1,5");
    assert.equal(await act("Set for 3 records").getAttribute("aria-disabled"), "true");
    await choose(tab, "title");
    await dialog.getByRole("textbox", { name: "title" }).fill("set");
    await act("Set for 3 records").click();
    await said(page, "title is set for 3 records");
    await call("PATCH", `${path(name)}/${first.id}`, { title: "written since" });
    await press(page, "Undo");
    await said(page, "2 of 3 records are as they were; 1 has been changed since");
    assert.deepEqual((await find(name)).map(({ title }) => title), ["written since", "Row 1", "Row 2"]);
    await close();
  });

  it("exports what is selected in one order, and formulas without force", limit, async () => {
    const { page, close } = await begin(260, (n) => ({ title: n === 259 ? "\n=1+1" : `Row ${n}`, tags: n === 259 ? ["=one", "two"] : [], meta: n === 259 ? ["a", "b"] : null }));
    await selectAll(page);
    for (let n = 0; n < 20 && !(await page.getByText("260 selected").count()); n++) {
      await page.keyboard.press("PageDown");
      await page.waitForTimeout(100);
      await page.keyboard.press("Control+a");
    }
    await page.getByText("260 selected").waitFor();
    await page.getByRole("columnheader", { name: "n", exact: true }).click();
    await page.waitForURL(/sort=-n/);
    await press(page, "Export");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "CSV", exact: true }).click()]);
    const [head, ...lines] = (await readFile(await download.path(), "utf8")).split("\r\n");
    assert.equal(head.split(",").slice(0, 5).join(), "id,title,n,meta,tags");
    assert.match(lines[0], /^\w+,"\t\n=1\+1",259,"\[""a"",""b""\]","\t=one, two"/);
    assert.deepEqual(lines.slice(0, -1).map((line) => Number(line.split(",")[2])), Array.from({ length: 260 }, (_, n) => 259 - n));
    await close();
  });
});
