// A browser, and what is asked of every page in it: nothing in its console, no report of its
// policy, no call that fails unless the flow expects it, nothing that axe finds.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { isReference } from "./server.mjs";

const web = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const program = (process.env.PATH ?? "")
  .split(delimiter)
  .map((dir) => join(dir, "chromium"))
  .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
export const hasBrowser = program !== undefined;

const waitMs = 15_000;
const axe = readFileSync(join(web, "node_modules/axe-core/axe.min.js"), "utf8");
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const shots = process.env.WEB_SHOTS;
const slowness = Number(process.env.WEB_SLOW ?? 1); // of each page: what a busy machine shows now and then

const sizes = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};

// What the focus has come to and left, and when.
const noteFocus = () => {
  globalThis.lastFocus = [];
  const nameOf = (element) => (element instanceof Element ? `${element.tagName.toLowerCase()}.${element.className} ${element.getAttribute("aria-label") ?? element.textContent.slice(0, 20)}` : String(element));
  for (const kind of ["focusin", "focusout", "keydown"]) {
    addEventListener(kind, (event) => {
      globalThis.lastFocus.push(`${Math.round(event.timeStamp)} ms ${kind} ${event.key ?? ""} ${nameOf(event.target)} ${event.relatedTarget ? nameOf(event.relatedTarget) : ""}`);
      globalThis.lastFocus.splice(0, globalThis.lastFocus.length - 16);
    }, true);
  }
};

export const startBrowser = async () => {
  const browser = await chromium.launch({
    executablePath: program,
    timeout: waitMs,
    args: ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
  });

  // expect: statuses of calls that this page may get; "away": none, for there is no server.
  const open = async (url, { size = "desktop", theme = process.env.WEB_THEME ?? "light", expect = [], query = "" } = {}) => {
    const context = await browser.newContext({ ...sizes[size], colorScheme: theme, permissions: ["clipboard-read", "clipboard-write"], locale: "en-GB" });
    context.setDefaultTimeout(waitMs);
    const page = await context.newPage();
    if (slowness > 1) await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: slowness });
    const faults = [];
    const allowed = new Set(expect);
    page.on("console", (message) => {
      if (isReference && message.location().url.endsWith("/api/reeve")) return; // by which it is known
      const call = /^Failed to load resource: (?:the server responded with a status of (\d+)|net::ERR_)/.exec(message.text());
      if (call ? !allowed.has(call[1] ? Number(call[1]) : "away") : ["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}${call ? ` (${message.location().url})` : ""}`);
    });
    page.on("pageerror", (error) => faults.push(`page: ${error.stack ?? error}`));
    page.on("crash", () => faults.push("the page has crashed"));
    await page.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`)));
    await page.addInitScript(noteFocus);
    await page.goto(`${url}/_/${query}`);
    return {
      page,
      faults,
      allow: (...statuses) => statuses.forEach((status) => allowed.add(status)),
      at: (hash) => page.goto(`${url}/_/${query.replace(/#.*/, "")}#${hash}`),
      signIn: async ({ email, password }) => {
        await page.getByLabel("E-mail").fill(email);
        await page.getByLabel("Password", { exact: true }).fill(password);
        await page.getByRole("button", { name: "Sign in", exact: true }).click();
        await page.getByRole("navigation", { name: "Main" }).waitFor();
      },
      // Of the page: DOM nodes and listeners, once what nobody holds any more is gone.
      held: async () => {
        const cdp = await context.newCDPSession(page);
        await cdp.send("Performance.enable");
        for (let n = 0; n < 3; n++) await cdp.send("HeapProfiler.collectGarbage");
        const { metrics } = await cdp.send("Performance.getMetrics");
        await cdp.detach();
        const value = (name) => metrics.find((one) => one.name === name).value;
        return { nodes: value("Nodes"), listeners: value("JSEventListeners"), bytes: value("JSHeapUsedSize") };
      },
      // Named after what is shown; all that axe and the layout have against it.
      check: async (name) => {
        if (shots) {
          mkdirSync(shots, { recursive: true });
          await page.screenshot({ path: join(shots, `${name}-${size}-${theme}.png`) });
        }
        await page.evaluate(axe);
        const { violations } = await page.evaluate((runOnly) => globalThis.axe.run(document, { runOnly, resultTypes: ["violations"] }), rules);
        const said = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 200)).join("\n")}`);
        assert.deepEqual(said, [], `${name}: axe`);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(wide, 0, `${name}: is ${wide} px too wide`);
        assert.deepEqual(faults, [], name);
      },
      close: async () => {
        assert.deepEqual(faults, []);
        await context.close();
      },
    };
  };

  return { open, stop: () => browser.close() };
};
