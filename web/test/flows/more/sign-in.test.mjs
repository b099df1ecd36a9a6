// How people sign in to a collection, and the mails that they get.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bar, card, save } from "../definitions.mjs";
import { limitOf, useFlow } from "../flow.mjs";

const limit = limitOf(120_000);

describe("sign-in of a collection", limit, () => {
  const flow = useFlow();
  const users = () => flow.call("GET", "collections/users");

  it("turns on what is wanted, and says what is missing", limit, async () => {
    const { page, allow, check, close } = await flow.openAt("/data/users/auth");
    await card(page, "Password").waitFor();
    await check("sign-in");
    await card(page, "One-time code").getByRole("switch").click();
    await card(page, "One-time code").getByLabel("Characters").fill("6");
    await card(page, "Two factors").getByRole("switch").click();
    const sign = card(page, "Tokens").getByRole("group").or(card(page, "Tokens"));
    await sign.getByLabel("Sign-in", { exact: true }).fill("3");
    await card(page, "Tokens").getByRole("button", { name: "End all issued so far: Protected files" }).click();
    await card(page, "Tokens").getByText("All issued so far end when you save.").waitFor();
    await check("sign-in-changed");
    await save(page);
    const now = await users();
    assert.equal(now.otp.enabled, true);
    assert.equal(now.otp.length, 6);
    assert.equal(now.mfa.enabled, true);
    assert.equal(now.authToken.duration, 3 * 86_400);

    await card(page, "Password").getByText(/not unique/).click();
    await card(page, "Password").getByRole("button", { name: "Make name unique" }).click();
    await card(page, "Password").getByRole("combobox").fill("name");
    await page.getByRole("option", { name: "name", exact: true }).click();
    await page.keyboard.press("Escape");
    await save(page);
    assert.deepEqual((await users()).passwordAuth.identityFields, ["email", "name"]);

    allow(400);
    await card(page, "One-time code").getByLabel("Characters").fill("1");
    await bar(page).getByRole("button", { name: /Review/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: /^Save|Back/ }).last().click();
    await card(page, "One-time code").locator(".field-error").waitFor();
    await check("sign-in-refused");
    await close();
  });

});
