// The calls of a collection: examples that can be copied, what they take and answer, and why one is off.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { makePosts } from "../definitions.mjs";
import { limitOf, useFlow } from "../flow.mjs";
import { press } from "../keys.mjs";

const limit = limitOf(120_000);
const run = promisify(execFile);

describe("calls of a collection", limit, () => {
  const flow = useFlow({
    prepare: async (begun) => {
      await makePosts(begun);
      await begun.call("POST", "collections/posts/records", { title: "first" });
    },
  });

  it("shows examples that run as they are", limit, async () => {
    const { page, check, close } = await flow.openAt("/data/posts/api?act=view");
    const example = page.locator(".code-block").first();
    await page.getByRole("heading", { name: "View", exact: true }).waitFor();
    await check("calls-view");
    await page.getByRole("radio", { name: "curl" }).check({ force: true });
    await example.getByText("curl", { exact: false }).first().waitFor();
    const text = await example.locator("pre").innerText();
    const [one] = (await flow.call("GET", "collections/posts/records")).items;
    assert.match(text, new RegExp(`/api/collections/posts/records/${one.id}`));
    const { stdout } = await run("bash", ["-c", text], { env: { ...process.env, TOKEN: flow.token } });
    assert.equal(JSON.parse(stdout).title, one.title);
    await page.reload();
    await example.getByText("curl", { exact: false }).first().waitFor();
    await close();
  });

  it("says what is sent, who may, and what is off", limit, async () => {
    const { page, check, close } = await flow.openAt("/data/users/api?act=create");
    await page.getByRole("row", { name: /passwordConfirm/ }).waitFor();
    await check("calls-create");
    await page.getByRole("link", { name: "OAuth2", exact: true }).click();
    await page.getByText("Signing in by OAuth2 is off in this collection.").waitFor();
    await check("calls-off");
    await page.getByRole("link", { name: "Turn it on" }).click();
    await page.getByRole("heading", { name: "OAuth2" }).waitFor();
    await close();
  });

  it("is gone through by keys", limit, async () => {
    const { page, close } = await flow.openAt("/data/users/api");
    await press(page, page.getByRole("link", { name: "Password", exact: true }));
    await page.getByRole("heading", { name: "Password", exact: true }).waitFor();
    await press(page, page.locator(".api-act summary").nth(1));
    await page.getByText("Failed to authenticate.").waitFor();
    await close();
  });

  it("fits on a phone", limit, async () => {
    const { page, check, close } = await flow.openAt("/data/posts/api", { size: "phone" });
    await page.getByRole("combobox", { name: "Calls" }).click();
    await page.getByRole("option", { name: "Batch" }).click();
    await page.getByRole("heading", { name: "Batch" }).waitFor();
    await check("calls-phone");
    await close();
  });
});
