// Signing in and out: what is wrong is said, what is right leads to where one was going.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startSink } from "../../../tests/sdk/sink.mjs";
import { limitOf, useFlow } from "./flow.mjs";
import { root } from "./server.mjs";

const limit = limitOf(60_000);

describe("login", limit, () => {
  const flow = useFlow();

  const fill = async (page, password = root.password) => {
    await page.getByLabel("E-mail").fill(root.email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  };

  it("leads to the page that was asked for", limit, async () => {
    const { page, check, close, allow } = await flow.browser.open(flow.server.url, { query: "#/data/users?sort=email" });
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await check("login");
    allow(400);
    await fill(page, "wrong-password");
    await page.getByText("E-mail or password is wrong.").waitFor();
    await check("login-wrong");
    await fill(page);
    await page.waitForURL(/#\/data\/users\?sort=email$/);
    await page.getByRole("navigation", { name: "Main" }).waitFor();
    await page.reload();
    await page.getByRole("navigation", { name: "Main" }).waitFor();
    await check("data");
    await page.getByRole("button", { name: "Account" }).click();
    await check("account");
    await page.getByRole("menuitem", { name: "Sign out", exact: true }).click();
    await page.waitForURL(/#\/login/);
    assert.deepEqual(await page.evaluate(() => [...Object.keys(sessionStorage), ...Object.keys(localStorage)].filter((key) => key.includes("token"))), []);
    await close();
  });

  it("stays on this device when that is asked for", limit, async () => {
    const { page, close } = await flow.browser.open(flow.server.url);
    await page.getByLabel("Keep me signed in").check();
    await fill(page);
    await page.waitForURL(/#\/data/);
    const other = await page.context().newPage();
    await other.goto(`${flow.server.url}/_/`);
    await other.getByRole("navigation", { name: "Main" }).waitFor();
    await close();
  });

  it("asks again when the session has ended, and goes on", limit, async () => {
    const { page, close, check, allow } = await flow.browser.open(flow.server.url);
    // Nothing else is to ask, and find it out first.
    const settled = page.waitForResponse(/\/api\/settings$/);
    await fill(page);
    await page.waitForURL(/#\/data/);
    await settled;
    const token = await flow.server.signIn();
    const { items } = await flow.server.call("GET", "collections/_superusers/records", undefined, token);
    allow(401, 403);
    await flow.server.call("PATCH", `collections/_superusers/records/${items[0].id}`, { "tokenKey:autogenerate": "" }, token);
    await page.getByRole("button", { name: "Account" }).click();
    await page.getByRole("menuitem", { name: "Sign out everywhere" }).click();
    await page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
    await check("session-ended");
    await page.getByLabel("Password", { exact: true }).fill(root.password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.waitForURL(/#\/login/);
    await close();
  });

  it("asks for a code after the password where two are wanted", limit, async () => {
    const sink = await startSink();
    const token = await flow.server.signIn();
    await flow.server.call("PATCH", "settings", { smtp: { enabled: true, host: "127.0.0.1", port: sink.port } }, token);
    await flow.server.call("PATCH", "collections/_superusers", { otp: { enabled: true }, mfa: { enabled: true } }, token);
    const { page, close, check, allow } = await flow.browser.open(flow.server.url);
    allow(400, 401);
    try {
      await fill(page);
      await page.getByText("Step 2 of 2").waitFor();
      const { text } = await sink.mail();
      await page.getByLabel("Code").fill("00000000");
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.getByText("The code is wrong or has expired.").waitFor();
      await check("login-code");
      await page.getByLabel("Code").fill(/\b\d{8}\b/.exec(text)[0]);
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.waitForURL(/#\/data/);
      await close();
    } finally {
      sink.stop();
      await flow.server.call("PATCH", "collections/_superusers", { otp: { enabled: false }, mfa: { enabled: false } }, token);
    }
  });

  it("sends a link for a forgotten password", limit, async () => {
    const { page, close, check } = await flow.browser.open(flow.server.url, { query: "#/request-password-reset" });
    await page.getByLabel("E-mail").fill(root.email);
    await page.getByRole("button", { name: "Send the link" }).click();
    await page.getByText("Look into your mail").waitFor();
    await check("reset-sent");
    await close();
  });
});
