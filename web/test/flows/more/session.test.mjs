// Sessions: of several users in one browser, ended from outside, on a device with a wrong clock; and
// what stands between a page and its server.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { atCall, limitOf, useFlow } from "../flow.mjs";
import { root } from "../server.mjs";

const limit = limitOf(60_000);
const other = { email: "two@example.com", password: "1234567890" };
const refused = [400, 401, 403, 404];

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const until = async (look, why) => {
  for (let n = 0; n < 100; n++) {
    if (await look()) return;
    await pause(100);
  }
  assert.fail(why);
};

// What is typed in the drafts of this browser.
const drafts = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        const opening = indexedDB.open("reeve");
        opening.onsuccess = () => {
          const db = opening.result;
          if (!db.objectStoreNames.contains("drafts")) return done([]);
          const all = db.transaction("drafts").objectStore("drafts").getAll();
          all.onsuccess = () => {
            db.close();
            done(all.result.flatMap(({ values }) => JSON.parse(values).map(({ value }) => value)));
          };
        };
      }),
  );

const fill = async (page, { email, password }) => {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
};
const main = (page) => page.getByRole("navigation", { name: "Main" });
const ended = (page) => page.getByRole("dialog", { name: "Your session has ended" });
const signOut = async (page) => {
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("menuitem", { name: "Sign out", exact: true }).click();
};

// How often each call is made from now on.
const counted = (page) => {
  const calls = {};
  page.on("request", (request) => {
    const name = `${request.method()} ${new URL(request.url()).pathname}`;
    calls[name] = (calls[name] ?? 0) + 1;
  });
  return calls;
};
const refreshes = "POST /api/collections/_superusers/auth-refresh";

describe("sessions", limitOf(400_000), () => {
  let row;
  const flow = useFlow({
    prepare: async () => {
      await flow.call("POST", "collections", { name: "notes", type: "base", fields: [{ name: "title", type: "text" }, { name: "meta", type: "json" }] });
      row = await flow.call("POST", "collections/notes/records", { title: "one" });
      await flow.call("POST", "collections/_superusers/records", { ...other, passwordConfirm: other.password });
    },
  });

  // Their tokens are good no longer; the flow's is another one then.
  const revoke = async (email = root.email) => {
    const { items } = await flow.call("GET", "collections/_superusers/records");
    await flow.call("PATCH", `collections/_superusers/records/${items.find((one) => one.email === email).id}`, { "tokenKey:autogenerate": "" });
    flow.token = await flow.server.signIn();
  };
  const openRecord = (how = {}) => flow.openAt(`/data/notes?record=${row.id}`, { expect: refused, ...how });
  const another = async (page, who, hash = `/data/notes?record=${row.id}`) => {
    const tab = await page.context().newPage();
    await tab.goto(`${flow.server.url}/_/#${hash}`);
    await fill(tab, who);
    await main(tab).waitFor();
    return tab;
  };
  const type = async (page, text) => {
    await page.getByLabel("title").fill(text);
    await until(async () => (await drafts(page)).some((values) => String(values).includes(text)), "the draft is kept");
  };

  it("ends with a sign-out for the same user alone", limit, async () => {
    const { page, close } = await flow.openAt("/data/users");
    const same = await another(page, root, "/data/users");
    const theirs = await another(page, other);
    await type(theirs, "typed by two");
    await signOut(page);
    await page.waitForURL(/#\/login$/);
    await same.waitForURL(/#\/login/);
    await pause(500);
    assert.match(theirs.url(), /#\/data\/notes/);
    assert.deepEqual(await drafts(theirs), ["typed by two"]);
    await close();
  });

  it("leaves nothing to another user of the page, and asks for what other pages have typed", limit, async () => {
    const { page, close } = await openRecord();
    await type(page, "of the first user");
    await page.keyboard.press("Escape");
    await page.getByText("Not saved, but kept as a draft: title").waitFor();
    const same = await another(page, root);
    await type(same, "on another page");
    await same.keyboard.press("Escape");
    await signOut(page);
    await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(/#\/login/);
    await fill(page, other);
    await main(page).waitFor();
    await page.getByRole("grid").waitFor();
    assert.equal(await page.getByRole("button", { name: "Undo" }).count(), 0);
    await pause(300);
    assert.deepEqual(await drafts(page), []);
    await close();
  });

  it("is dropped when it is over at a reload, but neither drafts nor other pages are", limit, async () => {
    const { page, close } = await openRecord();
    await type(page, "not saved");
    const theirs = await another(page, other, "/data/users");
    await revoke(other.email);
    await theirs.reload();
    await theirs.waitForURL(/#\/login/);
    await pause(500);
    assert.match(page.url(), /#\/data\/notes/);
    await revoke();
    page.on("dialog", (dialog) => dialog.accept());
    await page.reload();
    await page.waitForURL(/#\/login/);
    assert.deepEqual(await drafts(page), ["not saved"]);
    await fill(page, root);
    await page.waitForURL(/record=/);
    await page.getByText("Restore").first().waitFor();
    await close();
  });

  it("asks whose session it was, and stays until they are there", limit, async () => {
    const { page, close, check, at } = await openRecord();
    await page.getByLabel("title").fill("mine");
    await atCall(page, "PATCH", revoke);
    await page.keyboard.press("Control+s");
    await ended(page).getByLabel("E-mail").waitFor();
    for (let n = 0; n < 5; n++) {
      await page.keyboard.press("Escape");
      await pause(100);
      assert.equal(await ended(page).isVisible(), true, `after Esc ${n + 1}`);
    }
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("type")), "password");
    assert.equal(await ended(page).getByLabel("E-mail").getAttribute("readonly"), "");
    await check("session-ended-record");
    await page.getByLabel("Password", { exact: true }).fill(root.password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("Saved", { exact: true }).waitFor();
    await at("/data/notes");
    await atCall(page, "GET", revoke);
    await page.getByRole("button", { name: "Refresh" }).click();
    await ended(page).getByRole("button", { name: "Use another account" }).click();
    await page.waitForURL(/#\/login$/);
    await close();
  });

  it("asks on a page without the shell as well", limit, async () => {
    const tab = await flow.openAt("/data/users", { expect: refused });
    // Nothing is on its way that would ask before the button is pressed.
    await tab.page.waitForFunction(() => document.title.includes(" · "));
    await tab.page.getByText("No rows").waitFor();
    await Promise.all([tab.page.waitForResponse((reply) => reply.url().endsWith("/api/settings")), tab.at("/welcome")]);
    await tab.page.getByLabel("Name").fill("Kitchen");
    await revoke();
    await tab.page.getByRole("button", { name: "Continue" }).click();
    await ended(tab.page).waitFor();
    await tab.check("wizard-ended");
    await tab.page.getByLabel("Password", { exact: true }).fill(root.password);
    await tab.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await tab.page.getByRole("heading", { name: "First collections" }).waitFor();
    await tab.close();
  });

  it("is renewed now and then by a clock that is ahead", limit, async () => {
    const { page, close } = await flow.browser.open(flow.server.url);
    await page.addInitScript(() => {
      const ahead = 400 * 86_400_000;
      const Real = Date;
      globalThis.Date = class extends Real {
        constructor(...of) {
          super(...(of.length > 0 ? of : [Real.now() + ahead]));
        }
        static now() {
          return Real.now() + ahead;
        }
      };
    });
    await page.reload();
    const calls = counted(page);
    await fill(page, root);
    await main(page).waitFor();
    await pause(2000);
    assert.equal(calls[refreshes], undefined);
    await close();
  });

  it("is renewed without asking for anything else again", limit, async () => {
    const { page, close } = await flow.openAt("/data/notes");
    await page.getByRole("gridcell").first().waitFor();
    const calls = counted(page);
    await page.reload();
    await until(() => calls[refreshes], "the session is checked");
    await pause(1500);
    assert.equal(calls["GET /api/collections"], 1);
    assert.equal(calls["GET /api/reeve"], 1);
    await close();
  });

  it("of a tab leaves alone the one that the device keeps", limit, async () => {
    const { page, close } = await flow.openAt("/data/users");
    const kept = await page.context().newPage();
    await kept.goto(`${flow.server.url}/_/`);
    await kept.getByLabel("Keep me signed in").check();
    await fill(kept, other);
    await main(kept).waitFor();
    const calls = counted(page);
    await page.reload();
    await until(() => calls[refreshes], "the session is checked");
    await pause(500);
    const tokens = () => kept.evaluate(() => Object.keys(localStorage).filter((key) => key.endsWith(":token")).length);
    assert.equal(await tokens(), 1);
    await signOut(page);
    await page.waitForURL(/#\/login$/);
    assert.equal(await tokens(), 1);
    await signOut(kept);
    await kept.waitForURL(/#\/login$/);
    assert.equal(await tokens(), 0);
    await close();
  });

  it("is left with what is not saved only when that is known", limit, async () => {
    const { page, close, check } = await openRecord();
    await type(page, "not saved");
    await signOut(page);
    const dialog = page.getByRole("dialog", { name: "Sign out and drop what is not saved?" });
    await dialog.getByText("One record has changes that are not saved.").waitFor();
    await check("sign-out-asks");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    assert.deepEqual(await drafts(page), ["not saved"]);
    await signOut(page);
    await dialog.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(/#\/login$/);
    await until(async () => (await drafts(page)).length === 0, "the draft is dropped");
    await close();
  });

  it("begins with a place of the dashboard", limit, async () => {
    const { page, close, at } = await flow.browser.open(flow.server.url, { query: `#/login?next=${encodeURIComponent("/login?next=/login")}` });
    await fill(page, root);
    await page.waitForURL(/#\/data/);
    for (const next of ["/login", "//evil.example", "/pbinstall/abc", "/nowhere"]) {
      await at(`/login?next=${encodeURIComponent(next)}`);
      await page.waitForURL(/#\/data/);
    }
    await at(`/login?next=${encodeURIComponent("/data/notes?sort=title")}`);
    await page.waitForURL(/#\/data\/notes\?sort=title/);
    await close();
  });

  it("is not asked about for each call that is refused", limit, async () => {
    const { page, close } = await flow.openAt("/data/notes", { expect: refused });
    await page.getByRole("gridcell").first().waitFor();
    await page.route("**/api/collections/notes/records**", (route) => route.fulfill({ status: 404, contentType: "application/json", body: '{"message":"no"}' }));
    const calls = counted(page);
    for (let n = 0; n < 6; n++) {
      await page.getByRole("button", { name: "Refresh" }).click();
      await pause(100);
    }
    await page.getByText("This is not there any more").waitFor();
    assert.ok((calls[refreshes] ?? 0) <= 1, JSON.stringify(calls));
    await close();
  });
});

describe("answers", limitOf(200_000), () => {
  const flow = useFlow({
    prepare: async () => {
      await flow.call("POST", "collections", { name: "deep", type: "base", fields: [{ name: "title", type: "text" }, { name: "meta", type: "json", maxSize: 100_000 }] });
      await flow.call("POST", "collections/deep/records", { title: "plain" });
    },
  });

  it("that are none are said to be none", limit, async () => {
    const tab = await flow.openAt("/data/users");
    for (const body of ["", "[]", '{"items":null}', '"text"']) {
      await tab.page.route("**/api/collections/deep/records?**", (route) => route.fulfill({ status: 200, contentType: "application/json", body }));
      await tab.at("/data/deep");
      await tab.page.getByText("The answer is not what the API sends").waitFor();
      await tab.page.unroute("**/api/collections/deep/records?**");
      await tab.at("/data/users");
    }
    await tab.close();
  });

  it("are read however deep a value is", limit, async () => {
    const depth = 9_000;
    const reply = await fetch(`${flow.server.url}/api/collections/deep/records`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: flow.token },
      body: `{"title":"bottom","meta":${"[".repeat(depth)}1e5${"]".repeat(depth)}}`,
    });
    assert.equal(reply.status, 200);
    const { page, close } = await flow.openAt("/data/deep");
    await page.getByRole("gridcell", { name: "plain" }).waitFor();
    await page.getByRole("gridcell", { name: "bottom" }).waitFor();
    await close();
  });

  it("that do not come for a part of the page lead to a new page", limit, async () => {
    const tab = await flow.browser.open(flow.server.url, { query: "#/login", expect: [404] });
    await tab.page.getByLabel("E-mail").waitFor();
    await tab.page.route("**/_/part-*.js", (route) => route.fulfill({ status: 404, body: "" }));
    await fill(tab.page, root);
    await tab.page.getByText("This part of the page could not be fetched").waitFor();
    await tab.check("unfetched");
    await Promise.all([tab.page.waitForResponse((reply) => reply.status() === 404 && reply.url().includes("/part-")), tab.page.getByRole("button", { name: "Try again" }).click()]);
    await tab.page.getByText("The dashboard may have been updated").waitFor();
    await tab.page.unroute("**/_/part-*.js");
    await tab.page.getByRole("button", { name: "Reload the page" }).click();
    await tab.page.getByRole("navigation", { name: "Collections" }).waitFor();
    await tab.close();
  });
});
