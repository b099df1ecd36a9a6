// grid.mjs [--files DIR]: how smooth the grid is over 1,000,000 rows of 30 columns.
//
// DIR is a build with --gallery. Scrolls to row 20,000, to the end and back, moves by keys, changes
// the source twenty times; prints what took how long, and fails where it is more than is allowed.

import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { serve } from "../../tools/serve.mjs";

const mostFrame = 50; // ms
const mostRows = 60;
const mostKey = 16; // ms

// In the page: how long frames took, which on a busy machine says more about the machine.
const watchFrames = () => {
  const frames = [];
  let last = performance.now();
  let runs = true;
  const frame = (now) => {
    frames.push(now - last);
    last = now;
    if (runs) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  globalThis.endFrames = () => {
    runs = false;
    return frames.slice(1);
  };
};

// How much of the processor each task of the page's thread has used, in ms: what a frame would take
// on a machine that does nothing else.
const traced = async (browser, page, act) => {
  await browser.startTracing(page, { categories: ["toplevel", "__metadata"] });
  await act();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const main = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").map(({ pid, tid }) => `${pid} ${tid}`));
  return traceEvents.filter(({ name, pid, tid, tdur }) => name.endsWith("RunTask") && tdur && main.has(`${pid} ${tid}`)).map(({ tdur }) => tdur / 1000);
};

const rows = (page) => page.evaluate(() => document.querySelectorAll(".grid-body [role=row]").length);
const nodes = (page) => page.evaluate(() => document.getElementsByTagName("*").length);
const status = (page) => page.locator("[data-t=status] .status-range").textContent();
const settle = (page) => page.waitForFunction(() => !document.querySelector(".grid-bone") && document.querySelector("[data-t=grid]").getAttribute("aria-busy") !== "true");

const found = [];
const say = (what, value, isWrong = false) => {
  console.log(`${what.padEnd(36)} ${value}${isWrong ? "  TOO MUCH" : ""}`);
  if (isWrong) found.push(what);
};

const measure = async (browser, page, what, act) => {
  let frames = [];
  const tasks = await traced(browser, page, async () => {
    await page.evaluate(watchFrames);
    await act();
    await settle(page);
    frames = await page.evaluate(() => globalThis.endFrames());
  });
  const worst = Math.max(0, ...tasks);
  const long = frames.filter((ms) => ms > mostFrame).length;
  const used = tasks.reduce((sum, ms) => sum + ms, 0) / Math.max(1, frames.length);
  say(what, `longest task ${worst.toFixed(1)} ms of processor, ${used.toFixed(1)} ms a frame; ${frames.length} frames, ${long} over ${mostFrame} ms by the clock`, worst > mostFrame);
  const n = await rows(page);
  say("", `${n} rows in the page, ${await status(page)}`, n > mostRows);
};

// One pixel step a frame, as a finger or a wheel does it.
const scrollBy = (page, pixels, step) =>
  page.evaluate(
    ([all, by]) =>
      new Promise((done) => {
        const grid = document.querySelector("[data-t=grid]");
        let left = Math.abs(all);
        const frame = () => {
          grid.scrollTop += by;
          left -= Math.abs(by);
          if (left > 0) requestAnimationFrame(frame);
          else done();
        };
        requestAnimationFrame(frame);
      }),
    [pixels, step],
  );

// The place of a thumb that shows row n of a million.
const drag = (page, part) =>
  page.evaluate((to) => {
    const grid = document.querySelector("[data-t=grid]");
    grid.scrollTop = to * (grid.scrollHeight - grid.clientHeight);
  }, part);

// Of the processor, from a key until it is drawn.
const times = 20;
const useOf = async (browser, page, key) => {
  const tasks = await traced(browser, page, async () => {
    for (let n = 0; n < times; n++) {
      await page.keyboard.press(key);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    }
  });
  return tasks.reduce((sum, ms) => sum + ms, 0) / times;
};

// Less what a key takes that does nothing, and the two frames that are waited for.
const measureKey = async (browser, page, key) => {
  const used = (await useOf(browser, page, key)) - (await useOf(browser, page, "Shift"));
  say(`key to paint: ${key}`, `${used.toFixed(1)} ms of processor`, used > mostKey);
};

const main = async () => {
  const { values } = parseArgs({ options: { files: { type: "string" } } });
  const server = await serve({ files: values.files ?? "../build/web/files", to: "http://127.0.0.1:1" });
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on("pageerror", (error) => say("error", error.message, true));
  page.on("console", (message) => message.type() === "error" && say("console", message.text(), true));
  await page.goto(`http://127.0.0.1:${server.address().port}/_/gallery.html#/Grid`);
  await settle(page);
  await page.locator("[data-t=grid]").focus();
  await measure(browser, page, "scroll 6,000 px, 60 a frame", () => scrollBy(page, 6000, 60));
  await measure(browser, page, "scroll 40,000 px, 400 a frame", () => scrollBy(page, 40_000, 400));
  await measure(browser, page, "to row 20,000", () => drag(page, 0.02));
  await measure(browser, page, "from there 12,000 px", () => scrollBy(page, 12_000, 60));
  await measure(browser, page, "to the end", () => page.keyboard.press("Control+End"));
  await measure(browser, page, "up 12,000 px", () => scrollBy(page, 12_000, -60));
  await measure(browser, page, "thumb to the middle", () => drag(page, 0.5));
  await measure(browser, page, "back to the start", () => page.keyboard.press("Control+Home"));
  for (const key of ["ArrowDown", "ArrowRight", "PageDown", "Space", "Shift+ArrowDown"]) await measureKey(browser, page, key);
  await page.keyboard.press("Control+Home");
  await settle(page);
  const before = await nodes(page);
  await measure(browser, page, "20 changes of the source", async () => {
    for (let n = 0; n < 20; n++) {
      await page.locator("[data-t=other]").click();
      await page.waitForTimeout(60);
    }
  });
  const after = await nodes(page);
  say("nodes before and after", `${before}, ${after}`, after > before + 20);
  await browser.close();
  server.close();
  if (found.length > 0) process.exitCode = 1;
};

await main();
