// How the server is, what would help it, and who listens.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { makePosts } from "../definitions.mjs";
import { limitOf, useFlow } from "../flow.mjs";
import { press } from "../keys.mjs";
import { isReference } from "../server.mjs";

const limit = limitOf(120_000);

describe("health", limit, () => {
  const flow = useFlow({ prepare: makePosts });

  it("shows numbers, and what needs attention", { ...limit, ...(isReference ? { skip: "numbers that PocketBase has not" } : {}) }, async () => {
    const { page, check, close } = await flow.openAt("/home");
    await page.getByText(/\/ s ·/).waitFor();
    await page.getByText("Nothing needs attention.").waitFor();
    assert.equal(await page.locator(".home-tile").count(), 8);
    await check("health");
    await page.getByRole("radio", { name: "24 hours" }).check({ force: true });
    await page.waitForURL(/range=24h/);
    await page.getByRole("heading", { name: "Requests of the last day" }).waitFor();
    await page.getByText(/^\d+ requests\. Most: /).waitFor({ state: "attached" });
    await close();
  });

  it("says what stands open, until somebody does not mind", limit, async () => {
    await flow.call("PATCH", "collections/posts", { createRule: "" });
    const { page, check, close } = await flow.openAt("/advisor");
    await page.getByText("Everybody may create records of posts").waitFor();
    await page.getByText("Superusers sign in with a password alone.").waitFor();
    await check("advice");
    await press(page, page.getByRole("button", { name: /^Ignore: Superusers/ }));
    await page.getByText("1 ignored").waitFor();
    assert.equal(await page.getByText("Superusers sign in with a password alone.").count(), 0);
    await page.getByRole("link", { name: "Rules", exact: true }).click();
    await page.waitForURL(/data\/posts\/rules/);
    await flow.call("PATCH", "collections/posts", { createRule: null });
    await close();
  });

  it("shows who listens, and listens", { ...limit, ...(isReference ? { skip: "a report that PocketBase has not" } : {}) }, async () => {
    const { page, check, close } = await flow.openAt("/realtime");
    await page.getByRole("heading", { name: "Topics" }).waitFor();
    await page.getByRole("combobox", { name: "Collection to listen to" }).click();
    await page.getByRole("option", { name: "posts" }).click();
    const [, subscribed] = await Promise.all([page.getByRole("button", { name: "Listen" }).click(), page.waitForResponse((reply) => reply.url().endsWith("/api/realtime") && reply.request().method() === "POST")]);
    assert.equal(subscribed.status(), 204);
    await flow.call("POST", "collections/posts/records", { title: "heard of" });
    await page.locator(".home-heard", { hasText: "heard of" }).waitFor();
    await page.getByRole("row", { name: /posts\/\*/ }).first().waitFor();
    await check("realtime");
    await close();
  });

  it("says that there are none where the server tells nothing", { ...limit, ...(isReference ? {} : { skip: "a server that tells nothing" }) }, async () => {
    const { page, check, close } = await flow.openAt("/home");
    await page.getByText("This server does not tell how it is").waitFor();
    await check("health-none");
    await close();
  });
});
