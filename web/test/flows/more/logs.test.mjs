// The logs: found, looked at closer, followed, taken elsewhere, and deleted.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";
import { keepsFocus, press, tabTo } from "../keys.mjs";

const limit = limitOf(60_000);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const hourMs = 3_600_000;
const healthy = `?q=${encodeURIComponent("message ~ 'health?n='")}`; // whatever else is written meanwhile

describe("logs", { ...limit, timeout: 500_000 }, () => {
  const flow = useFlow({
    prepare: async ({ call, server }) => {
      await call("PATCH", "settings", { logs: { logAuthId: true } });
      const user = await call("POST", "collections/users/records", { email: "a@example.com", password: "1234567890", passwordConfirm: "1234567890" });
      const { token } = await server.call("POST", "collections/users/auth-with-password", { identity: "a@example.com", password: "1234567890" });
      await fetch(`${server.url}/api/collections/users/records/${user.id}`, { headers: { Authorization: token } });
      for (let n = 0; n < 8; n++) await fetch(`${server.url}/api/health?n=${n}`);
      for (let n = 0; n < 3; n++) await fetch(`${server.url}/api/collections/missing/records?n=${n}`);
      await written(12);
    },
  });
  const { call } = flow;
  // Entries come to the table a few seconds after what they tell of.
  const written = async (n) => {
    for (let turn = 0; turn < 60; turn++) {
      const { totalItems } = await call("GET", `logs?perPage=1&filter=${encodeURIComponent("data.auth != '_superusers'")}`);
      if (totalItems >= n) return;
      await wait(250);
    }
    assert.fail(`there are no ${n} entries`);
  };
  const open = async (query = "", how = {}) => {
    const tab = await flow.openAt(`/logs${query}`, { expect: [400, 404], ...how });
    await tab.page.getByRole("heading", { name: "Logs", level: 1 }).waitFor();
    return { ...tab, grid: tab.page.getByRole("grid"), drawer: tab.page.locator(".drawer"), status: tab.page.locator('[data-t="status"]'), chart: tab.page.getByRole("slider", { name: "Entries over time" }) };
  };

  it("shows entries, filters them, and shows one whole", limit, async () => {
    const { page, grid, drawer, status, check, close } = await open();
    await grid.getByText("GET /api/health?n=7").waitFor();
    assert.equal(await grid.getByText("_superusers", { exact: true }).count(), 0);
    await check("logs");
    await page.getByLabel("Requests of superusers").check();
    await grid.getByText(/^_superusers/).first().waitFor();
    await page.getByLabel("Requests of superusers").uncheck();

    await page.getByRole("combobox").fill("data.status = 404");
    await page.keyboard.press("Enter");
    await status.getByText("1–3 of 3").waitFor();
    await grid.getByText(/missing\/records\?n=1/).dblclick();
    await drawer.getByRole("heading", { name: "What failed" }).waitFor();
    await drawer.getByText("Missing collection context").first().waitFor();
    await check("logs-entry");
    await page.keyboard.press("Alt+ArrowDown");
    await drawer.getByRole("heading", { name: /n=0/ }).waitFor();
    await page.keyboard.press("Alt+ArrowUp");
    await drawer.getByRole("heading", { name: /n=1/ }).waitFor();

    await drawer.getByRole("button", { name: "Copy as" }).click();
    await page.getByRole("menuitem", { name: "curl" }).click();
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^curl 'http:\/\/127\.0\.0\.1:\d+\/api\/collections\/missing\/records\?n=1'$/);
    await drawer.getByRole("button", { name: "Filter by url" }).click();
    await status.getByText("1–1 of 1").waitFor();
    assert.match(decodeURIComponent(page.url()).replaceAll("+", " "), /data\.status = 404 && data\.url = '\/api\/collections\/missing\/records\?n=1'/);
    await page.getByRole("combobox").fill("nowhere to be found");
    await page.keyboard.press("Enter");
    await page.getByText("No entry matches").waitFor();
    await check("logs-none");
    await page.getByRole("button", { name: "Show all" }).click();
    await grid.getByText("GET /api/health?n=7").waitFor();
    await close();
  });

  it("leads to what is related", limit, async () => {
    const { page, grid, drawer, status, close } = await open(`?q=${encodeURIComponent("data.auth = 'users'")}`);
    await grid.getByText(/users\/records/).first().dblclick();
    await drawer.getByRole("link", { name: "Same user" }).waitFor();
    assert.match(await drawer.getByRole("link", { name: "Open the user" }).getAttribute("href"), /^#\/data\/users\?record=\w{15}$/);
    await drawer.getByRole("link", { name: "Same IP" }).click();
    await grid.getByText("GET /api/health?n=7").waitFor();
    assert.ok(!/log=/.test(page.url()));
    assert.match(await status.textContent(), / of \d\d/);
    await close();
  });

  it("looks closer by the chart, and back", limit, async () => {
    const { page, chart, check, close, status } = await open("", {});
    const now = Date.now();
    const hours = Array.from({ length: 40 }, (_, n) => ({ date: new Date(Math.floor(now / hourMs - 39 + n) * hourMs).toISOString().replace("T", " "), total: (n * 7) % 19 }));
    await page.route(/api\/logs\/stats/, (route) => (route.request().url().includes("created") ? route.continue() : route.fulfill({ json: hours })));
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.waitForFunction(() => document.querySelectorAll(".chart-bar").length === 40);
    await check("logs-chart");
    const box = await chart.boundingBox();
    const asked = page.waitForRequest((request) => /api\/logs\?.*created/.test(request.url()));
    await page.mouse.move(box.x + box.width * 0.51, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.74, box.y + 30, { steps: 4 });
    await page.mouse.up();
    const { searchParams } = new URL((await asked).url());
    const from = hours[20].date;
    const to = new Date(new Date(hours[29].date.replace(" ", "T")).getTime() + hourMs).toISOString().replace("T", " ");
    assert.equal(searchParams.get("filter"), `data.auth != '_superusers' && created >= '${from}' && created < '${to}'`);
    await page.waitForFunction(() => document.querySelectorAll(".chart-bar").length === 10);
    await page.getByText("No entry matches").waitFor();
    await page.getByRole("button", { name: "Back", exact: true }).click();
    await status.getByText(/ of \d\d/).waitFor();
    assert.ok(!/from=/.test(page.url()));
    await page.getByRole("button", { name: "15 min" }).click();
    await page.waitForURL(/from=15m/);
    await status.getByText(/ of \d\d/).waitFor();
    await close();
  });

  it("follows what is written", limit, async () => {
    const { page, grid, check, close } = await open();
    await grid.getByText("GET /api/health?n=7").waitFor();
    await page.getByRole("button", { name: "Live" }).click();
    await fetch(`${flow.server.url}/api/health?live=1`);
    await grid.getByText("GET /api/health?live=1").waitFor();
    await grid.click({ position: { x: 20, y: 50 } }); // one is selected: nothing moves
    await fetch(`${flow.server.url}/api/health?live=2`);
    await page.getByRole("button", { name: "1 new: show" }).waitFor();
    await check("logs-live");
    await page.getByRole("button", { name: "1 new: show" }).click();
    await grid.getByText("GET /api/health?live=2").waitFor();
    await close();
  });

  it("goes on to the last entry, whatever is written meanwhile", limit, async () => {
    const many = (from, to) => Promise.all(Array.from({ length: to - from }, (_, n) => fetch(`${flow.server.url}/api/health?many=${from + n}`)));
    const filter = "message ~ 'many='";
    await many(0, 1);
    await wait(100);
    for (let n = 1; n < 231; n += 23) await many(n, n + 23);
    for (let turn = 0; turn < 60 && (await call("GET", `logs?perPage=1&filter=${encodeURIComponent(filter)}`)).totalItems < 231; turn++) await wait(250);
    const { page, grid, status, close } = await open(`?q=${encodeURIComponent(filter)}`);
    await status.getByText(/ of 231/).waitFor();
    await many(500, 520);
    await wait(4000);
    const ids = [];
    page.on("response", async (reply) => /api\/logs\?/.test(reply.url()) && ids.push(...(await reply.json()).items.map(({ id }) => id)));
    await grid.focus();
    await page.keyboard.press("Control+End");
    await grid.getByText("GET /api/health?many=0", { exact: true }).waitFor();
    await status.getByText(/–231 of 231/).waitFor();
    assert.equal(new Set(ids).size, ids.length);
    await close();
  });

  it("takes entries elsewhere", limit, async () => {
    const { page, grid, close } = await open(`?q=${encodeURIComponent("data.status = 404")}`);
    await grid.getByText(/missing/).first().waitFor();
    const save = async (format) => {
      const coming = page.waitForEvent("download");
      await page.getByRole("button", { name: "Export" }).click();
      await page.getByRole("menuitem", { name: format }).click();
      return readFileSync(await (await coming).path(), "utf8");
    };
    assert.equal(JSON.parse(await save("JSON")).length, 3);
    await grid.focus();
    await page.keyboard.press("Control+Space");
    await page.getByText("1 selected").waitFor();
    const csv = await save("CSV");
    assert.equal(csv.trim().split("\r\n").length, 2);
    assert.match(csv, /^id,created,level,message,.*data\.status/);
    await close();
  });

  it("says what went wrong, and tries again", limit, async () => {
    const { page, grid, check, close } = await open(healthy, { expect: [400, 404, 503] });
    await grid.getByText("GET /api/health?n=7").waitFor();
    await page.route(/api\/logs/, (route) => route.fulfill({ status: 503, json: { status: 503, message: "Later.", data: {} } }));
    await page.getByRole("button", { name: "7 days" }).click();
    await page.getByText("The server is busy").first().waitFor();
    await check("logs-failed");
    await page.unroute(/api\/logs/);
    await page.locator(".grid-failed").getByRole("button", { name: "Try again" }).click();
    await page.getByText("The server is busy").waitFor({ state: "detached" });
    await grid.getByText("GET /api/health?n=7").waitFor();
    await close();
  });

  it("is small on a phone", limit, async () => {
    const { page, grid, drawer, check, close } = await open(healthy, { size: "phone" });
    await grid.getByText("GET /api/health?n=7").waitFor();
    await check("logs-phone");
    await page.setViewportSize({ width: 320, height: 640 });
    assert.equal(await page.evaluate(() => { const at = document.querySelector(".content"); return at.scrollWidth - at.clientWidth; }), 0);
    await page.setViewportSize({ width: 390, height: 844 });
    await grid.getByText("GET /api/health?n=7").click();
    await drawer.getByRole("heading", { name: "Data" }).waitFor();
    await check("logs-phone-entry");
    await close();
  });

  it("needs no pointer", limit, async () => {
    const { page, grid, drawer, chart, close } = await open(healthy);
    await grid.getByText("GET /api/health?n=7").waitFor();
    await tabTo(page, chart);
    await page.keyboard.press("ArrowLeft");
    assert.match(await chart.getAttribute("aria-valuetext"), /Enter looks closer/);
    await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("Enter");
    await page.waitForURL(/from=/);
    await press(page, page.getByRole("button", { name: "Back", exact: true }));
    await page.waitForURL((url) => !/from=/.test(url.href));
    await grid.getByText("GET /api/health?n=7").waitFor();
    await tabTo(page, grid);
    await page.keyboard.press("Enter");
    await drawer.waitFor();
    await page.keyboard.press("Alt+ArrowDown");
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    await keepsFocus(page);
    await page.keyboard.press("/");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("data.status = 404");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    await grid.getByText(/missing/).first().waitFor();
    await close();
  });

  it("sends only the settings that were changed, and deletes all", limit, async () => {
    const { page, check, close } = await open();
    await page.getByRole("button", { name: "Settings of logs" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Keep for").fill("x");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText("Must be a whole number.").waitFor();
    await dialog.getByLabel("Keep for").fill("-1");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText("Must be no less than 0.").waitFor();
    await check("logs-settings");
    await dialog.getByLabel("Keep for").fill("3");
    await dialog.getByRole("combobox").click();
    await page.getByRole("option", { name: "Warn" }).click();
    const sent = page.waitForRequest((request) => request.method() === "PATCH");
    await dialog.getByRole("button", { name: "Save" }).click();
    assert.deepEqual((await sent).postDataJSON(), { logs: { maxDays: 3, minLevel: 4 } });
    await page.getByText("The settings of logs are saved").waitFor();
    const { logs } = await call("GET", "settings");
    assert.deepEqual([logs.maxDays, logs.minLevel, logs.logAuthId], [3, 4, true]);

    await page.getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("menuitem", { name: "Delete all logs…" }).click();
    await dialog.getByRole("button", { name: "Delete all" }).click();
    await dialog.getByText("This is not the word.").waitFor();
    await check("logs-delete");
    await dialog.getByRole("textbox").fill("logs");
    await dialog.getByRole("button", { name: "Delete all" }).click();
    await page.getByText("No log entries yet").waitFor();
    await call("PATCH", "settings", { logs: { maxDays: 0 } });
    await page.reload();
    await page.getByText("Nothing is logged").waitFor();
    await check("logs-off");
    assert.ok((await call("GET", "logs")).totalItems <= 3);
    await close();
  });
});
