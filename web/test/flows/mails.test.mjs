// What links in mails lead to, for a user of an app: a new password, a confirmed address, another
// address; and a link that is no longer good.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startSink } from "../../../tests/sdk/sink.mjs";
import { limitOf, useFlow } from "./flow.mjs";

const limit = limitOf(60_000);
const user = { email: "ida@example.com", password: "1234567890" };
const body = { ...user, passwordConfirm: user.password };

describe("links in mails", limit, () => {
  let sink;
  const flow = useFlow({
    prepare: async () => {
      sink = await startSink();
      await flow.call("PATCH", "settings", { smtp: { enabled: true, host: "127.0.0.1", port: sink.port }, meta: { appURL: flow.server.url } });
      await flow.call("POST", "collections/users/records", body);
    },
    release: () => sink?.stop(),
  });

  // The place behind /_/ that the mail names.
  const link = async (act, payload, token) => {
    await flow.server.call("POST", `collections/users/${act}`, payload, token);
    const { html } = await sink.mail();
    return /\/_\/(#\/auth\/[^"]+)"/.exec(html)[1];
  };

  const signIn = ({ email, password }) => flow.server.call("POST", "collections/users/auth-with-password", { identity: email, password });

  it("sets a new password", limit, async () => {
    const query = await link("request-password-reset", { email: user.email });
    const { page, check, close, allow } = await flow.browser.open(flow.server.url, { query });
    await page.getByText("For ida@example.com").waitFor();
    assert.equal(await page.title(), "Set a new password");
    await check("confirm-reset");
    await page.getByLabel("New password").fill("short");
    await page.getByLabel("Password once more").fill("short");
    allow(400);
    await page.getByRole("button", { name: "Set password" }).click();
    await page.locator("[aria-invalid]").first().waitFor();
    await check("confirm-reset-wrong");
    await page.getByLabel("New password").fill("0987654321");
    await page.getByLabel("Password once more").fill("0987654321");
    await page.getByRole("button", { name: "Set password" }).click();
    await page.getByRole("heading", { name: "The new password is set" }).waitFor();
    await check("confirm-reset-done");
    user.password = "0987654321";
    await signIn(user);
    await close();
  });

  it("confirms an address", limit, async () => {
    const other = { ...body, email: "kim@example.com" };
    await flow.server.call("POST", "collections/users/records", other, await flow.server.signIn());
    const query = await link("request-verification", { email: other.email });
    const { page, check, close } = await flow.browser.open(flow.server.url, { query, size: "phone" });
    await page.getByRole("heading", { name: "The address is confirmed" }).waitFor();
    await check("verified");
    assert.equal((await signIn(other)).record.verified, true);
    await close();
  });

  it("changes an address", limit, async () => {
    const query = await link("request-email-change", { newEmail: "ada@example.com" }, (await signIn(user)).token);
    const { page, check, close } = await flow.browser.open(flow.server.url, { query, theme: "dark" });
    await page.getByText("to change your address to ada@example.com").waitFor();
    await check("confirm-change");
    await page.getByLabel("Password", { exact: true }).fill(user.password);
    await page.getByRole("button", { name: "Change address" }).click();
    await page.getByRole("heading", { name: "The address is changed" }).waitFor();
    await signIn({ ...user, email: "ada@example.com" });
    await close();
  });

  it("says that a link was used, and sends a new one", limit, async () => {
    const query = await link("request-password-reset", { email: "ada@example.com" });
    const { page, check, close, at } = await flow.browser.open(flow.server.url, { query, expect: [400] });
    const set = async () => {
      await page.getByLabel("New password").fill("abcdefghij");
      await page.getByLabel("Password once more").fill("abcdefghij");
      await page.getByRole("button", { name: "Set password" }).click();
    };
    await set();
    await page.getByRole("heading", { name: "The new password is set" }).waitFor();
    await at("/request-password-reset");
    await at(query.slice(1));
    await set();
    await page.getByText("It has been used already, or is too old.").waitFor();
    await check("used-link");
    await page.getByRole("button", { name: "Send a new mail" }).click();
    await page.getByText("A new mail is on its way").waitFor();
    assert.match((await sink.mail()).html, /confirm-password-reset/);
    await close();
  });

  it("says that a link does not work", limit, async () => {
    const { page, check, close } = await flow.browser.open(flow.server.url, { query: "#/auth/confirm-password-reset/nonsense" });
    await page.getByRole("heading", { name: "This link does not work" }).waitFor();
    await check("bad-link");
    await close();
  });
});
