// The settings: every page sends only what was changed on it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bar, card } from "../definitions.mjs";
import { limitOf, useFlow } from "../flow.mjs";
import { keepsFocus, press, tabTo } from "../keys.mjs";
import { isReference, root } from "../server.mjs";

const limit = limitOf(120_000);

describe("settings", limitOf(600_000), () => {
  const flow = useFlow();
  const read = () => flow.call("GET", "settings");
  // What the page sends to change settings.
  const sentBy = (page) => {
    const sent = [];
    page.on("request", (request) => request.method() === "PATCH" && /\/api\/settings$/.test(request.url()) && sent.push(request.postDataJSON()));
    return sent;
  };
  const saved = (page) => bar(page).getByText("Saved", { exact: true }).waitFor();
  const save = async (page) => {
    await bar(page).getByRole("button", { name: "Save", exact: true }).click();
    await saved(page);
  };
  const choose = async (page, label, option) => {
    await page.getByRole("combobox", { name: label, exact: true }).click();
    await page.getByRole("option", { name: option, exact: true }).click();
  };
  const tag = async (page, label, text) => {
    await page.getByRole("textbox", { name: label, exact: true }).fill(text);
    await page.keyboard.press("Enter");
  };

  it("saves of each page only its own keys, and keeps secrets", limit, async () => {
    const { page, check, close, at } = await flow.openAt("/settings");
    const sent = sentBy(page);
    await page.waitForURL(/settings\/app$/);
    await page.getByText("This is not the address that you are at").waitFor();
    await check("settings-app");
    await page.getByLabel("Name", { exact: true }).fill("Kitchen");
    await card(page, "Batches").getByRole("switch", { name: "Take batches" }).click();
    await bar(page).getByText("2 settings changed, not saved").waitFor();
    assert.match(await page.title(), /^• /);
    await check("settings-app-changed");
    await page.keyboard.press("Control+s");
    await saved(page);
    assert.deepEqual(sent.splice(0), [{ meta: { appName: "Kitchen" }, batch: { enabled: true } }]);
    assert.doesNotMatch(await page.title(), /^• /);

    await at("/settings/mail");
    await card(page, "Mail server").getByRole("button", { name: "Provider" }).click();
    await page.getByRole("menuitem", { name: /Google/ }).click();
    await card(page, "Mail server").getByRole("button", { name: "Replace" }).click();
    await page.getByLabel("Password", { exact: true }).fill("s3cret");
    await check("settings-mail-changed");
    await save(page);
    assert.deepEqual(sent.splice(0), [{ smtp: { enabled: true, host: "smtp.gmail.com", port: 465, tls: true, password: "s3cret" } }]);
    await choose(page, "Encryption", "STARTTLS, if it is offered");
    await page.getByText("Port 465 needs TLS: always.").waitFor();
    await page.getByLabel("Port", { exact: true }).fill("587");
    await save(page);
    assert.deepEqual(sent.splice(0), [{ smtp: { tls: false, port: 587 } }]);

    await at("/settings/storage");
    await page.getByLabel("Endpoint").fill("http://127.0.0.1:1");
    await page.getByLabel("Bucket", { exact: true }).fill("files");
    await check("settings-storage");
    await save(page);
    assert.deepEqual(sent.splice(0), [{ s3: { endpoint: "http://127.0.0.1:1", bucket: "files" } }]);

    await at("/settings/limits");
    await tag(page, "Addresses without limits", "10.0.0.0/8");
    await save(page);
    assert.deepEqual(sent.splice(0), [{ rateLimits: { excludedIPs: ["10.0.0.0/8"] } }]);

    await at("/settings/network");
    await tag(page, "Headers to trust", "X-Real-IP");
    await page.getByText("Your address is").waitFor();
    await check("settings-network");
    await save(page);
    assert.deepEqual(sent.splice(0), [{ trustedProxy: { headers: ["X-Real-IP"] } }]);

    await at("/settings/backups");
    await page.getByLabel("When", { exact: true }).fill("0 3 * * 1-5");
    await page.getByText("at 03:00, on Monday to Friday (UTC)").waitFor();
    await check("settings-backups");
    await save(page);
    assert.deepEqual(sent.splice(0), [{ backups: { cron: "0 3 * * 1-5" } }]);
    const now = await read();
    assert.equal(now.meta.appName, "Kitchen");
    assert.equal(now.smtp.host, "smtp.gmail.com");
    assert.equal(now.rateLimits.rules.length, 4);
    await close();
  });

  it("says what is wrong at its field, and keeps what was typed", limit, async () => {
    const { page, allow, check, close, at } = await flow.openAt("/settings/mail");
    allow(400);
    const port = page.getByLabel("Port", { exact: true });
    await port.fill("many");
    await page.keyboard.press("Control+s");
    await page.getByText("A whole number, 0 or more.").waitFor();
    await port.fill("25");
    await page.getByLabel("Host", { exact: true }).fill("no host!");
    await page.keyboard.press("Control+s");
    await page.locator(".field-error").waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute("aria-invalid") === "true");
    assert.equal(await page.evaluate(() => document.activeElement.name), "smtp.host");
    await check("settings-refused");
    await at("/settings/app");
    await page.getByRole("link", { name: /Mail.*not saved/ }).click();
    assert.equal(await page.getByLabel("Host", { exact: true }).inputValue(), "no host!");
    await bar(page).getByRole("button", { name: "Discard" }).click();
    await bar(page).getByRole("button", { name: "Undo" }).click();
    assert.equal(await page.getByLabel("Host", { exact: true }).inputValue(), "no host!");
    await bar(page).getByRole("button", { name: "Discard" }).click();
    assert.equal(await page.getByLabel("Host", { exact: true }).inputValue(), "smtp.gmail.com");
    await close();
  });

  it("shows what somebody else has changed before it is written over", limit, async () => {
    const { page, check, close } = await flow.openAt("/settings/app");
    const name = page.getByLabel("Name", { exact: true });
    await name.fill("Mine");
    await flow.call("PATCH", "settings", { meta: { appName: "Theirs", senderName: "Also theirs" } });
    await page.keyboard.press("Control+s");
    await bar(page).getByText("Somebody else has changed this meanwhile").waitFor();
    await page.getByText(/is Theirs now/).waitFor();
    assert.equal(await name.inputValue(), "Mine");
    assert.equal((await read()).meta.appName, "Theirs");
    await check("settings-conflict");
    await save(page);
    assert.equal((await read()).meta.appName, "Mine");
    assert.equal((await read()).meta.senderName, "Also theirs");
    await close();
  });

  it("tests what is saved, and says why a test has failed", limit, async () => {
    await flow.call("PATCH", "settings", { smtp: { enabled: true, host: "127.0.0.1", port: 1, tls: false } });
    const { page, allow, check, close } = await flow.openAt("/settings/mail");
    const test = card(page, "Try it");
    allow(400);
    await page.getByLabel("Sender's name").fill("Somebody");
    assert.equal(await test.getByRole("button", { name: "Send it" }).getAttribute("aria-disabled"), "true");
    await save(page);
    await test.getByRole("button", { name: "Send it" }).click();
    await test.getByText("The test has failed").waitFor({ timeout: 60_000 });
    await test.getByText("Nothing answers at this host and port").waitFor();
    await check("settings-mail-test");
    await test.getByLabel("To", { exact: true }).fill("nobody");
    await test.getByRole("button", { name: "Send it" }).click();
    await test.locator(".field-error").waitFor();
    await close();
  });

  it("orders the rules of limits, and tells which one counts", limit, async () => {
    const { page, allow, check, close } = await flow.openAt("/settings/limits");
    const sent = sentBy(page);
    const rules = card(page, "Rules");
    const tester = card(page, "Which rule counts a request?");
    allow(400);
    await tester.getByText("Rule 1, *:auth: 2 in 3 s").waitFor();
    await check("settings-limits");
    await rules.getByRole("button", { name: "Add a rule" }).click();
    await page.waitForFunction(() => document.activeElement?.getAttribute("list") === "rate-labels");
    await page.keyboard.type("users:auth");
    await tester.getByText("Rule 5, users:auth: 100 in 10 s").waitFor();
    await page.keyboard.press("Alt+ArrowUp");
    await page.waitForFunction(() => document.activeElement?.closest("[data-rule]")?.dataset.rule === "3");
    await tester.getByText("Rule 4, users:auth: 100 in 10 s").waitFor();
    await rules.getByRole("button", { name: "Move rule 1 down" }).click();
    await save(page);
    assert.deepEqual(sent[0].rateLimits.rules.map(({ label }) => label), ["*:create", "*:auth", "/api/batch", "users:auth", "/api/"]);
    await rules.getByRole("button", { name: "Remove rule 4" }).click();
    await rules.getByLabel("What", { exact: true }).first().fill("!!");
    await page.keyboard.press("Control+s");
    await rules.locator(".field-error").waitFor();
    await check("settings-limits-refused");
    await tester.getByLabel("Path", { exact: true }).fill("/elsewhere");
    await tester.getByText("No rule: it is not limited").waitFor();
    await close();
  });

  it("asks before it shuts out who saves it", limit, async () => {
    const { page, check, close } = await flow.openAt("/settings/network");
    await page.getByRole("button", { name: "Add mine, 127.0.0.1" }).waitFor();
    await tag(page, "Addresses of superusers", "203.0.113.0/24");
    await page.getByText("Your own address is not among them.").waitFor();
    await page.keyboard.press("Control+s");
    const dialog = page.getByRole("dialog");
    await dialog.getByText("reeve superuser ips").waitFor();
    await check("settings-shut-out");
    await dialog.getByRole("button", { name: "Save and shut me out" }).click();
    await dialog.getByText("That is not the address.").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Add mine, 127.0.0.1" }).click();
    await save(page);
    assert.deepEqual((await read()).superuserIPs, ["203.0.113.0/24", "127.0.0.1"]);
    // Another way to read addresses may do so, too.
    await page.getByRole("switch", { name: "The first address of a header counts" }).click();
    await page.keyboard.press("Control+s");
    await dialog.getByText("This may shut you out").waitFor();
    await check("settings-may-shut-out");
    assert.equal((await read()).trustedProxy.useLeftmostIP, false);
    await dialog.getByLabel(/Type 127.0.0.1/).fill("127.0.0.1");
    await page.keyboard.press("Enter");
    await page.getByText("Saved", { exact: true }).waitFor();
    await flow.call("PATCH", "settings", { trustedProxy: { useLeftmostIP: false } });
    await flow.call("PATCH", "settings", { superuserIPs: [] });
    await close();
  });

  it("lists what is done at its times, and does it now", limit, async () => {
    const { page, check, close } = await flow.openAt("/settings/crons");
    const list = page.getByRole("list", { name: "Scheduled work" });
    await list.getByText("every 6 hours, every day (UTC)").waitFor();
    await list.getByText("Next times").first().click();
    await list.getByRole("button", { name: "Run now: Tidy up the database" }).click();
    await list.getByText("Started").waitFor();
    await check("settings-crons");
    await close();
  });

  it("says so where what is answered are no settings", limit, async () => {
    const { page, check, close } = await flow.openAt("/settings/crons");
    await page.locator(".def-card").first().waitFor();
    let asked = 0;
    await page.route(/\/api\/settings$/, (route) => ++asked && route.fulfill({ json: {} }));
    await page.goto(page.url().replace(/\?.*|#.*/, "?odd#/settings/mail"));
    await page.getByRole("navigation", { name: "Main" }).waitFor();
    await page.getByRole("button", { name: "Try again" }).waitFor();
    await check("settings-none");
    while (asked < 2) await page.waitForTimeout(100); // the page, and soon after it its shell
    await page.unroute(/\/api\/settings$/);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByLabel("Host", { exact: true }).waitFor();
    await close();
  });

  it("lists jobs of whatever name", limit, async () => {
    const ids = ["constructor", "__proto__", "<b>bold</b>", "\u202egnol", "x".repeat(10_000), '"quoted"'];
    const { page, check, close } = await flow.openAt("/", { size: "phone" });
    await page.route(/\/api\/(?:reeve\/)?crons$/, (route) => route.fulfill({ json: ids.map((id) => ({ id, expression: "0 0 * * *", next: null, running: false, last: null })) }));
    await page.goto(page.url().replace(/#.*/, "#/settings/crons"));
    for (const id of ids) await page.getByText(id, { exact: true }).first().waitFor();
    await page.getByRole("button", { name: "Run now: constructor", exact: true }).waitFor();
    await check("settings-crons-names");
    await close();
  });

  it("adds a superuser, and does not delete the last one", limit, async () => {
    const { page, allow, check, close } = await flow.openAt("/settings/superusers");
    allow(400);
    await page.getByText(root.email).waitFor();
    await page.getByRole("button", { name: `Acts on ${root.email}` }).click();
    assert.equal(await page.getByRole("menuitem", { name: "Delete" }).getAttribute("aria-disabled"), "true");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Add a superuser" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("E-mail").fill("second@example.com");
    await dialog.getByLabel("Password", { exact: true }).fill("1234567890");
    await dialog.getByLabel("Password once more").fill("1234567890");
    await check("settings-superusers-add");
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByText("second@example.com is added").waitFor();
    await check("settings-superusers");
    await page.getByRole("button", { name: "Acts on second@example.com" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("second@example.com is deleted").waitFor();
    assert.equal((await flow.call("GET", "collections/_superusers/records")).items.length, 1);
    await close();
  });

  it("can be done by keys alone", limit, async () => {
    const { page, close } = await flow.openAt("/settings/app");
    const sent = sentBy(page);
    await press(page, page.getByRole("link", { name: "Mail", exact: true }));
    await page.waitForURL(/settings\/mail/);
    await tabTo(page, page.getByLabel("Sender's name"));
    await page.keyboard.press("Control+a");
    await page.keyboard.type("By keys");
    await press(page, page.getByRole("combobox", { name: "Way to sign in" }), "ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await press(page, page.getByRole("button", { name: "Replace" }));
    await page.waitForFunction(() => document.activeElement?.name === "smtp.password");
    await page.keyboard.type("typed");
    await press(page, bar(page).getByRole("button", { name: "Save", exact: true }));
    await saved(page);
    await keepsFocus(page);
    assert.deepEqual(sent, [{ meta: { senderName: "By keys" }, smtp: { authMethod: "LOGIN", password: "typed" } }]);
    await close();
  });

  it("changes nothing while it is protected", limit, async () => {
    await flow.call("PATCH", "settings", { meta: { hideControls: true } });
    const { page, check, close } = await flow.openAt("/settings/app");
    await page.getByText("This instance is protected").waitFor();
    assert.equal(await bar(page).count(), 0);
    assert.equal(await page.getByLabel("Name", { exact: true }).isDisabled(), true);
    await check("settings-protected");
    await page.locator(".notice").getByRole("button", { name: "Unlock for 10 minutes" }).click();
    await page.getByRole("switch", { name: "Protected" }).click();
    await save(page);
    assert.equal((await read()).meta.hideControls, false);
    await close();
  });

  it("is a list on a phone, and a page of its own for each", limit, async () => {
    const { page, check, close } = await flow.openAt("/settings", { size: "phone" });
    await page.getByRole("link", { name: "Rate limits" }).waitFor();
    await check("settings");
    for (const part of ["Application", "Mail", "File storage", "Backups", "Scheduled work", "Rate limits", "Network and access", "Superusers"]) {
      await page.getByRole("link", { name: part, exact: true }).click();
      await page.locator(".def-card").first().waitFor();
      await check(`settings-${part.replaceAll(" ", "-").toLowerCase()}`);
      await page.getByRole("link", { name: "Settings", exact: true }).first().click();
    }
    await page.setViewportSize({ width: 320, height: 700 });
    await page.getByRole("link", { name: "Rate limits" }).click();
    await page.locator(".set-row").first().waitFor();
    assert.ok(await page.evaluate(() => [...document.querySelectorAll(".data *")].every((one) => one.getBoundingClientRect().right <= 320)));
    await close();
  });

  for (const size of ["desktop", "phone"])
    it(`holds longer texts, from right to left, ${size}`, limit, async () => {
      const tab = await flow.browser.open(flow.server.url, { query: "?locale=pseudo#/login", size });
      const { page, check, close, at } = tab;
      await page.locator("input[type=email], input[name=identity]").first().fill(root.email);
      await page.locator("input[type=password]").fill(root.password);
      await page.keyboard.press("Enter");
      await page.waitForURL(/#\/data/);
      for (const part of ["app", "mail", "storage", "backups", "crons", "limits", "network", "superusers"]) {
        await at(`/settings/${part}`);
        await page.locator(".def-card").first().waitFor();
        await page.evaluate(() => { document.documentElement.dir = "rtl"; });
        await check(`settings-longer-${part}`);
        const faults = await page.evaluate(() => {
          const words = [...document.querySelectorAll(".button-text, h1, h2, h3, summary, .field-label, .field-hint, .notice-title, .badge, .set-big")].filter((one) => one.clientWidth > 1);
          const buttons = [...document.querySelectorAll("main button")].map((one) => one.getAttribute("aria-label") ?? one.textContent);
          return [...words.filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline").map((one) => `cut: ${one.textContent}`), ...buttons.filter((text) => /[a-z]{3}/i.test(text) && !/[[~]/.test(text))];
        });
        assert.deepEqual(faults.filter((text) => !/^(?:_superusers|PLAIN|LOGIN|POST|X-Real-IP|[\w-]+@[\w.]+$)/.test(text)), [], part);
      }
      await close();
    });

  it("knows PocketBase's addresses, and what there is no page for", limit, async () => {
    const { page, check, close, at } = await flow.openAt("/settings/nowhere");
    await page.getByText("Nothing here").waitFor();
    await check("settings-nothing");
    await at("/settings/export-collections");
    await page.waitForURL(/settings\/export$/);
    if (!isReference) assert.ok((await flow.call("GET", "reeve")).features.includes("etags"));
    await close();
  });

  it("sets what only Reeve has", { ...limit, skip: limit.skip || (isReference && "has none of it") }, async () => {
    const { page, check, close } = await flow.openAt("/settings/own");
    const own = () => flow.call("GET", "reeve/settings");
    await page.getByRole("switch", { name: "records.etags" }).click();
    await page.getByLabel("thumbs.maxPixels").fill("many");
    const who = page.getByRole("group", { name: "realtime.rooms", exact: true });
    assert.equal(await who.getByRole("radio", { name: "Nobody" }).isChecked(), true);
    await who.getByRole("radio", { name: "By a rule" }).check();
    await page.getByLabel("Rule: realtime.rooms").fill("@request.auth.id != ''");
    await card(page, "Metrics").getByRole("button", { name: "Replace" }).click();
    await page.getByLabel("metrics.token", { exact: true }).fill("0123456789abcdef0123456789abcdef");
    await bar(page).getByText("4 settings changed, not saved").waitFor();
    await check("settings-own");
    await bar(page).getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("A whole number, 0 or more.").waitFor();
    assert.equal((await own()).records.etags, false);
    await page.getByLabel("thumbs.maxPixels").fill("1000000");
    await save(page);
    const now = await own();
    assert.deepEqual([now.records.etags, now.thumbs.maxPixels, now.realtime.rooms], [true, 1_000_000, "@request.auth.id != ''"]);
    await who.getByRole("radio", { name: "Everybody" }).check();
    await save(page);
    assert.equal((await own()).realtime.rooms, "");
    await who.getByRole("radio", { name: "Nobody" }).check();
    await page.getByRole("switch", { name: "records.etags" }).click();
    await save(page);
    assert.equal((await own()).realtime.rooms, null, "there are none");
    await close();
  });

  it("says that a page cannot be shown, and shows the others", limit, async () => {
    const { page, faults, close } = await flow.openAt("/settings/app");
    const crons = /\/api\/(reeve\/)?crons$/;
    await page.route(crons, (route) => route.fulfill({ contentType: "application/json", body: '{"jobs": 1}' }));
    await page.getByRole("link", { name: "Scheduled work" }).click();
    await page.getByText("This page could not be shown").waitFor();
    faults.length = 0; // it is in the console, too
    await page.getByRole("link", { name: "Application" }).click();
    await page.getByLabel("Name", { exact: true }).waitFor();
    await page.goBack();
    await page.getByText("This page could not be shown").waitFor();
    faults.length = 0;
    await page.unroute(crons);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".set-item").first().waitFor();
    await close();
  });
});
