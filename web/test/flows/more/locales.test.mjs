// Texts that are 40 % longer, from left to right and from right to left: nothing is cut, nothing is
// too wide, and nothing is left that no translation would reach.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";
import { isReference, root } from "../server.mjs";

const limit = limitOf(180_000);

// What the server has to do with, and what is there when such a page is.
const places = [
  ["/data/posts/rules?test=listRule", ".rule-test"],
  ["/data/posts/api", ".api-act pre"],
  ["/overview/rules?edit=posts.createRule", ".drawer .rule"],
  ["/overview/diagram", ".dia-box"],
  ["/logs", ".chart-said"],
  ["/sql", ".cm-content"],
  ["/settings/app", ".def-card"],
  ["/settings/mail", ".def-card"],
  ["/settings/storage", ".def-card"],
  ["/settings/backups", ".set-big"],
  ["/settings/crons", ".set-item"],
  ["/settings/limits", ".def-card"],
  ["/settings/network", ".def-card"],
  ["/settings/export", ".transfer-names .check"],
  ["/settings/import", '[data-code="definitions"]'],
  ["/settings/superusers", ".set-item"],
  ["/home", isReference ? ".empty" : ".home-tile"],
  ["/advisor", ".home-needs, .notice"],
  ["/realtime", isReference ? ".empty" : ".def-part"],
  ...(isReference ? [] : [["/settings/own", ".def-card"]]),
];

describe("locales", limitOf(400_000), () => {
  const flow = useFlow({
    prepare: async ({ call }) => {
      const fields = [
        { name: "title", type: "text", required: true, presentable: true },
        { name: "views", type: "number" },
        { name: "isOpen", type: "bool" },
        { name: "status", type: "select", values: ["draft", "published"], maxSelect: 1 },
        { name: "due", type: "date" },
        { name: "meta", type: "json" },
        { name: "page", type: "editor" },
        { name: "place", type: "geoPoint" },
        { name: "files", type: "file", maxSelect: 3 },
        { name: "owner", type: "relation", collectionId: "_pb_users_auth_", maxSelect: 3 },
      ];
      await call("POST", "collections", { name: "posts", type: "base", fields, createRule: "" });
      for (let n = 0; n < 3; n++) await call("POST", "collections/posts/records", { title: `Post ${n}`, views: n, status: "draft", due: "2026-03-04 05:06:07.000Z" });
      await call("POST", "collections/users/records", { email: "ada@example.com", password: "1234567890", passwordConfirm: "1234567890" });
    },
  });

  // Words on buttons and titles that are cut, and those that no translation reaches: the pseudo-locale
  // puts every text of its own in brackets.
  const faultsOf = (page, isPseudo) => page.evaluate((pseudo) => {
    const isSeen = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && one.clientWidth > 1; // not for readers of screens alone
    const words = [...document.querySelectorAll(".button-text, h1, h2, h3, summary, .field-hint, .notice-title, .menu-text, .tab, .badge, legend, .dialog p")].filter(isSeen);
    const cut = words.filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline" && getComputedStyle(one).textOverflow !== "ellipsis").map((one) => `cut: ${one.textContent}`);
    const buttons = [...document.querySelectorAll("button")].filter(isSeen).map((one) => one.getAttribute("aria-label") ?? one.textContent);
    return [...cut, ...(pseudo ? buttons.filter((text) => /[a-z]{3}/i.test(text) && !/[[~]/.test(text)).map((text) => `not translated: ${text}`) : [])];
  }, isPseudo);

  const own = /^not translated: (?:posts|users|_superusers|PLAIN|POST|draft|None|Post \d|title|views|isOpen|status|due|meta|page|place|files|owner|id|ada@|email|tokenKey|name|avatar|verified)\b/;

  const begin = async (name, { query, dir, size }) => {
    const tab = await flow.browser.open(flow.server.url, { query: `${query}#/login`, size });
    const { page } = tab;
    const turn = () => dir && page.evaluate((to) => { document.documentElement.dir = to; }, dir);
    const look = async (what) => {
      await turn();
      await page.waitForTimeout(100);
      await tab.check(`${name}-${what}`);
      return (await faultsOf(page, query.includes("pseudo"))).filter((fault) => !own.test(fault)).map((fault) => `${what}: ${fault}`);
    };
    const must = async (what) => assert.deepEqual(await look(what), [], name);
    return { ...tab, look: must, faultsAt: look };
  };
  const signIn = async ({ page }) => {
    await page.locator("input[type=email], input[name=identity]").first().fill(root.email);
    await page.locator("input[type=password]").fill(root.password);
    await page.keyboard.press("Enter");
    await page.waitForURL(/#\/data/);
  };

  const records = async (name, how) => {
    const tab = await begin(name, how);
    const { page, look } = tab;
    await look("login");
    await signIn(tab);
    await tab.at("/data/posts");
    await page.getByRole("row").filter({ hasText: "Post 0" }).waitFor();
    await look("grid");
    await page.getByRole("grid").focus();
    await page.keyboard.press("Control+a");
    await look("selected");
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").waitFor();
    await look("palette");
    await page.keyboard.press("Escape");
    await page.getByRole("grid").focus();
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await look("keys");
    await page.keyboard.press("Escape");
    await page.keyboard.press("n");
    await page.locator(".drawer input").first().waitFor();
    await look("new");
    await page.keyboard.press("Escape");
    await tab.at("/data/users");
    await page.getByRole("row").filter({ hasText: "ada@" }).waitFor();
    await page.getByRole("grid").focus();
    await page.keyboard.press("Enter");
    await page.locator(".drawer [role=tab]").nth(2).click();
    await look("account");
    await tab.close();
  };

  const definitions = async (name, how) => {
    const tab = await begin(name, how);
    const { page, look } = tab;
    await signIn(tab);
    await tab.at("/data/posts/schema");
    await page.locator(".def-field").first().waitFor();
    for (const n of [1, 4, 9]) await page.locator(".def-field-end > button[aria-expanded]").nth(n).click();
    await page.locator(".def-field-name").nth(1).fill("name");
    await look("schema");
    await page.locator(".def-bar .button-primary").click();
    await page.locator(".def-review .def-changes li").first().waitFor();
    await page.locator(".def-review .dialog-acts .button-primary:not([aria-disabled])").waitFor();
    await look("review");
    await page.keyboard.press("Escape");
    await tab.at("/data/users/indexes");
    await page.locator(".def-field-end > button[aria-expanded]").first().click();
    await look("indexes");
    await tab.at("/data/users/auth");
    await page.locator(".def-card").first().waitFor();
    await look("sign-in");
    await tab.at("/data/users/mail");
    await page.locator("iframe").waitFor();
    await look("mail");
    await tab.at("/new/view");
    await page.locator("input[name=collection-name]").waitFor();
    await look("view");
    await tab.close();
  };

  // On the smallest of phones nothing is too wide, either; what is wide by nature scrolls by itself.
  const tooWide = async (page) => {
    await page.setViewportSize({ width: 320, height: 700 });
    const wide = await page.evaluate(() => {
      const isOut = (box, one) => one.getBoundingClientRect().right > box.getBoundingClientRect().right + 1 || one.getBoundingClientRect().left < box.getBoundingClientRect().left - 1;
      const innermost = (box) => [...box.querySelectorAll("*")].filter((one) => isOut(box, one) && ![...one.children].some((inner) => isOut(box, inner)));
      return [document.documentElement, document.getElementById("content"), ...document.querySelectorAll(".def-page")]
        .filter((one) => one && one.scrollWidth > one.clientWidth)
        .map((one) => `${one.className || one.tagName}: ${innermost(one).map(({ outerHTML }) => outerHTML.slice(0, 80)).slice(0, 6).join(" ")}`);
    });
    await page.setViewportSize({ width: 390, height: 844 });
    return wide;
  };

  const running = async (name, how) => {
    const tab = await begin(name, how);
    const { page, faultsAt } = tab;
    const faults = [];
    await signIn(tab);
    for (const [at, shown] of places) {
      await tab.at(at);
      await page.locator(shown).first().waitFor();
      faults.push(...(await faultsAt(at.replace(/\W+/g, "-").slice(1))));
      if (how.size === "phone") faults.push(...(await tooWide(page)).map((one) => `${at} on 320 px: ${one}`));
    }
    assert.deepEqual(faults, []);
    await tab.close();
  };

  for (const size of ["desktop", "phone"]) {
    for (const [what, tour] of Object.entries({ records, definitions, running })) {
      it(`longer texts, ${what}, ${size}`, limit, () => tour(`longer-${what}-${size}`, { query: "?locale=pseudo", size }));
      it(`from right to left, ${what}, ${size}`, limit, () => tour(`turned-${what}-${size}`, { query: "?locale=pseudo", dir: "rtl", size }));
    }
  }
});
