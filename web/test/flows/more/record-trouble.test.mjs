// The drawer of a record when things come late, twice, or not as they were meant.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";

const limit = limitOf(90_000);
const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFklEQVR4nGPkTjnDgA0wYRUdtBIAO/8Bn3tWe9QAAAAASUVORK5CYII=", "base64");
const large = (size = 3_000_000) => ({ name: "large.bin", mimeType: "", buffer: Buffer.alloc(size, 7) });
const small = (name) => ({ name, mimeType: "text/plain", buffer: Buffer.from(`text of ${name}`) });

describe("record in trouble", { ...limit, timeout: 500_000 }, () => {
  let people = "";
  const flow = useFlow({
    prepare: async () => {
      const docs = { name: "docs", type: "file", maxSelect: 9, maxSize: 60_000_000 };
      people = (await call("POST", "collections", { name: "people", type: "base", fields: [{ name: "name", type: "text", presentable: true }, docs] })).id;
      await call("POST", "collections", {
        name: "notes",
        type: "base",
        fields: [
          { name: "title", type: "text" },
          { name: "note", type: "text" },
          { name: "n", type: "number" },
          { name: "meta", type: "json", maxSize: 5_000_000 },
          { name: "place", type: "geoPoint" },
          { name: "authors", type: "relation", collectionId: people, maxSelect: 5 },
          docs,
          { name: "secret", type: "file", maxSelect: 9, protected: true },
        ],
      });
      await call("POST", "collections", { name: "plain", type: "base", fields: [{ name: "title", type: "text" }] });
    },
  });
  const { call } = flow;
  const make = (body = {}, collection = "notes") => call("POST", `collections/${collection}/records`, body);
  const read = (id, collection = "notes") => call("GET", `collections/${collection}/records/${id}`);

  const open = async (id, collection = "notes") => {
    const tab = await flow.openAt(`/data/${collection}?record=${id}`, { expect: [400, 404, 412] });
    const { page } = tab;
    const drawer = page.locator(".drawer");
    await drawer.locator('[name="title"], [name="name"]').first().waitFor();
    const inner = page.locator("dialog.inner[open]").last();
    return {
      ...tab, drawer, inner,
      choose: (within, files, field = "docs") => within.locator(`input[type=file][name="${field}"]`).setInputFiles(files),
      go: (hash) => page.evaluate((next) => { location.hash = next; }, hash),
      chips: () => drawer.locator(".relation-input .chip-text").allTextContents(),
      focused: () => page.evaluate(() => document.activeElement?.outerHTML.slice(0, 120) ?? ""),
    };
  };
  const slow = async (page, bytes = 600_000) => {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("Network.enable");
    const to = (most) => cdp.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: most });
    await to(bytes);
    return () => to(-1);
  };
  // A call that is answered when it is let go.
  const hold = async (page, path, method) => {
    let go;
    const until = new Promise((done) => (go = done));
    await page.route(path, async (route) => {
      if (route.request().method() === method) await until;
      await route.continue();
    });
    return () => go();
  };

  it("opens nothing that could run in this page", limit, async () => {
    const { id } = await make();
    const { page, drawer, choose, check, close } = await open(id);
    await page.evaluate(() => {
      const make = URL.createObjectURL;
      window.made = {};
      URL.createObjectURL = (blob) => {
        const url = make.call(URL, blob);
        window.made[url] = blob.type;
        return url;
      };
    });
    await choose(drawer, [
      { name: "page.html", mimeType: "text/html", buffer: Buffer.from("<h1>words</h1>") },
      { name: "mark.svg", mimeType: "image/svg+xml", buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>') },
      { name: "photo.png", mimeType: "image/png", buffer: png },
    ]);
    const dialog = page.locator("dialog[open]");
    for (const [name, opens] of [["page.html", 0], ["mark.svg", 0], ["photo.png", 1]]) {
      await drawer.locator(".file-name", { hasText: name }).click();
      const link = dialog.getByRole("link", { name: "Download" });
      await link.waitFor();
      assert.equal(await dialog.getByRole("link", { name: "Open" }).count(), opens, name);
      const type = await link.evaluate(({ href }) => window.made[href]);
      assert.ok(!/html|svg/.test(type), type);
      await check(`trouble-${name}`);
      const [saved] = await Promise.all([page.waitForEvent("download"), link.click()]);
      assert.equal(saved.suggestedFilename(), name);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
    }
    await close();
  });

  it("asks for the token of a protected file when its link is followed", limit, async () => {
    const form = new FormData();
    form.append("secret", new Blob([png], { type: "image/png" }), "secret.png");
    const reply = await fetch(`${flow.server.url}/api/collections/notes/records`, { method: "POST", body: form, headers: { Authorization: flow.token } });
    const { id } = await reply.json();
    const { page, drawer, close } = await open(id);
    await drawer.locator(".file-name").click();
    const link = page.locator("dialog[open]").getByRole("link", { name: "Open" });
    await link.waitFor();
    const before = new URL(await link.evaluate(({ href }) => href)).searchParams.get("token");
    await page.waitForTimeout(1100); // tokens of the same second are the same
    const [tab] = await Promise.all([page.context().waitForEvent("page"), link.click()]);
    await tab.waitForURL(/token=/);
    assert.notEqual(new URL(tab.url()).searchParams.get("token"), before);
    await tab.close();
    await close();
  });

  it("stays when a file is dropped where nothing takes it", limit, async () => {
    const { id } = await make({ title: "x" }, "plain");
    const { drawer, close } = await open(id, "plain");
    const prevented = await drawer.evaluate((element) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["x"], "a.txt"));
      return ["dragover", "drop"].map((type) => !element.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true })));
    });
    assert.deepEqual(prevented, [true, true]);
    await close();
  });

  it("shows an edit again that is still being saved, and drops nothing that is typed then", limit, async () => {
    const { id } = await make({ title: "x" });
    const { page, drawer, choose, close } = await open(id);
    await choose(drawer, large());
    await drawer.locator('[name="title"]').fill("first");
    const quick = await slow(page);
    await page.keyboard.press("Control+s");
    await drawer.locator("progress").waitFor();
    const isGone = await drawer.evaluate(async (element, record) => {
      element.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true }));
      for (let n = 0; n < 10; n++) await Promise.resolve();
      location.hash = `#/data/notes?record=${record}`; // before a frame is drawn
      return !element.isConnected;
    }, id);
    assert.ok(isGone);
    await drawer.locator("progress").waitFor();
    assert.equal(await drawer.locator('[name="title"]').inputValue(), "first");
    assert.equal(await drawer.getByText("Something was typed here before").count(), 0);
    await drawer.locator('[name="note"]').fill("precious");
    await page.waitForTimeout(600);
    await quick();
    await drawer.locator("progress").waitFor({ state: "detached", timeout: 30_000 });
    await drawer.getByText("Not saved yet").waitFor();
    assert.deepEqual([(await read(id)).title, (await read(id)).note], ["first", ""]);
    await page.waitForTimeout(600);
    // Whatever becomes of the page.
    const other = await page.context().newPage();
    await other.goto(page.url());
    const drafts = await other.evaluate(() => new Promise((done) => {
      const asked = indexedDB.open("reeve", 1);
      asked.onsuccess = () => {
        const found = asked.result.transaction("drafts").objectStore("drafts").getAll();
        found.onsuccess = () => done(found.result.map(({ values }) => String(values)));
      };
    }));
    assert.ok(drafts.some((text) => text.includes("precious")), drafts.join());
    await other.close();
    await page.keyboard.press("Control+s");
    await drawer.getByText("Saved", { exact: true }).waitFor();
    assert.equal((await read(id)).note, "precious");
    await close();
  });

  it("is deleted once it is saved, not meanwhile", limit, async () => {
    const { id } = await make({ title: "x" });
    const { page, drawer, choose, close } = await open(id);
    const order = [];
    page.on("request", (request) => ["PATCH", "DELETE"].includes(request.method()) && order.push(request.method()));
    await choose(drawer, large());
    const quick = await slow(page);
    await page.keyboard.press("Control+s");
    await drawer.locator("progress").waitFor();
    await drawer.getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    const button = page.locator("dialog[open]").getByRole("button", { name: "Delete" });
    assert.equal(await button.getAttribute("title"), "Being saved");
    await button.dispatchEvent("click");
    await page.waitForTimeout(500);
    assert.deepEqual(order, ["PATCH"]);
    await quick();
    await page.locator('dialog[open] button.button-final:not([aria-disabled])').click();
    await drawer.waitFor({ state: "detached" });
    await page.getByText("Deleted").first().waitFor();
    assert.deepEqual(order, ["PATCH", "DELETE"]);
    await close();
  });

  it("asks before the tab closes while files are sent, the drawer closed or not", limit, async () => {
    const { id } = await make();
    const { page, drawer, choose } = await open(id);
    await choose(drawer, large(6_000_000));
    await slow(page, 200_000);
    await page.keyboard.press("Control+s");
    await drawer.locator("progress").waitFor();
    await page.keyboard.press("Escape");
    await drawer.waitFor({ state: "detached" });
    const asked = page.waitForEvent("dialog");
    await page.close({ runBeforeUnload: true });
    const dialog = await asked;
    assert.equal(dialog.type(), "beforeunload");
    await dialog.accept();
    await page.context().close();
  });

  it("makes a related record again with its files, and chooses it", limit, async () => {
    const ada = await make({ name: "Ada" }, "people");
    const { id } = await make({ authors: [ada.id] });
    const { page, drawer, inner, choose, chips, check, close } = await open(id);
    await drawer.locator(".relation-input").getByRole("button", { name: "Edit Ada" }).click();
    await inner.locator('[name="name"]').fill("Ada again");
    await choose(inner, small("mine.txt"));
    await page.waitForTimeout(1200); // it listens
    await call("DELETE", `collections/people/records/${ada.id}`);
    await inner.getByRole("button", { name: "Create it again with what stands here" }).click();
    await inner.getByRole("button", { name: "Create and choose" }).waitFor();
    assert.deepEqual(await inner.locator(".file-row .file-name > :first-child").allTextContents(), ["mine.txt"]);
    await check("trouble-inner-again");
    await inner.getByRole("button", { name: "Create and choose" }).click();
    await inner.waitFor({ state: "detached" });
    assert.deepEqual(await chips(), ["Ada again"]);
    assert.equal((await read(ada.id, "people")).docs.length, 1);
    await close();
  });

  it("shows on the second level how far files are, and is not left then", limit, async () => {
    const bob = await make({ name: "Bob" }, "people");
    const { id } = await make({ authors: [bob.id] });
    const { page, drawer, inner, choose, check, close } = await open(id);
    await drawer.locator(".relation-input").getByRole("button", { name: "Edit Bob" }).click();
    await inner.locator('[name="name"]').waitFor();
    await choose(inner, small("mine.txt"));
    await inner.getByRole("button", { name: "Discard changes" }).click();
    await inner.getByText("Discarded: docs").waitFor();
    await check("trouble-inner-discarded");
    await inner.getByRole("button", { name: "Undo" }).click();
    assert.equal(await inner.locator(".file-row").count(), 1);
    await choose(inner, large());
    const quick = await slow(page);
    await inner.getByRole("button", { name: "Save and go back" }).click();
    await inner.locator("progress").waitFor();
    await check("trouble-inner-upload");
    await page.keyboard.press("Escape");
    await page.waitForTimeout(200);
    assert.deepEqual([await inner.locator("progress").count(), await page.locator("dialog[open]").count()], [1, 1]);
    await inner.getByRole("button", { name: "Cancel" }).click();
    await inner.getByText(/^Cancelled/).waitFor();
    assert.equal(await inner.locator(".file-row").count(), 2);
    await quick();
    await inner.getByRole("button", { name: "Save and go back" }).click();
    await inner.waitFor({ state: "detached" });
    assert.equal((await read(bob.id, "people")).docs.length, 2);
    await close();
  });

  it("chooses what is created, however early one goes back", limit, async () => {
    const { id } = await make();
    const { page, drawer, inner, chips, close } = await open(id);
    await drawer.getByRole("button", { name: "Choose authors" }).click();
    const picker = page.locator("dialog.picker[open]");
    await picker.getByRole("button", { name: "New record" }).click();
    await inner.locator('[name="name"]').fill("Late");
    const go = await hold(page, "**/collections/people/records*", "POST");
    await inner.getByRole("button", { name: "Create and choose" }).click();
    await page.keyboard.press("Escape");
    await inner.waitFor({ state: "detached" });
    await picker.getByRole("button", { name: "Done" }).click();
    await picker.waitFor({ state: "detached" });
    go();
    await page.getByText("The record is created").waitFor();
    await drawer.locator(".relation-input").getByText("Late").waitFor();
    assert.deepEqual(await chips(), ["Late"]);
    await close();
  });

  it("takes a place that comes late only where it is still wanted", limit, async () => {
    const { id } = await make({ place: { lat: 10, lon: 20 } });
    const { page, drawer, close } = await open(id);
    const parts = drawer.locator(".geo-parts input");
    const shown = async () => [await parts.nth(0).inputValue(), await parts.nth(1).inputValue()];
    await page.evaluate(() => {
      navigator.geolocation.getCurrentPosition = (told) => { window.tell = () => told({ coords: { latitude: 1.5, longitude: 2.5 } }); };
    });
    const here = drawer.getByRole("button", { name: "Where I am" });
    await here.press("Enter");
    await parts.nth(0).fill("33");
    await page.evaluate(() => window.tell());
    assert.deepEqual(await shown(), ["33", "20"]);
    await here.press("Enter");
    await page.evaluate(() => window.tell());
    await page.waitForFunction(() => document.querySelector(".geo-parts input").value === "1.5");
    await parts.nth(0).fill("10");
    await parts.nth(1).fill("20");
    await here.press("Enter");
    // It comes in the turn in which the drawer closes.
    await drawer.evaluate(async (element) => {
      element.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true }));
      for (let n = 0; n < 100 && element.isConnected; n++) await Promise.resolve();
      if (element.isConnected) throw new Error("it has not closed");
      window.tell();
    });
    await page.waitForTimeout(700);
    assert.deepEqual(await page.getByText("kept as a draft").allTextContents(), []);
    await close();
  });

  it("keeps the focus in the drawer when a button goes", limit, async () => {
    const { id } = await make({ title: "A", n: 1, note: "x" });
    const heard = [];
    const { page, drawer, close } = await open(id);
    page.on("response", (reply) => reply.url().endsWith("/api/realtime") && heard.push(reply));
    await page.waitForTimeout(1200);
    const inDrawer = (what) => page.waitForFunction((selector) => document.activeElement?.matches(selector), what);
    await call("PATCH", `collections/notes/records/${id}`, { n: 2 });
    await drawer.getByRole("button", { name: "All right" }).click();
    await inDrawer(".drawer");
    await drawer.locator('[name="title"]').fill("Mine");
    await call("PATCH", `collections/notes/records/${id}`, { title: "Theirs" });
    await drawer.getByRole("button", { name: "Keep mine in title" }).click();
    await inDrawer('[name="title"]');
    await call("PATCH", `collections/notes/records/${id}`, { title: "Theirs again" });
    await drawer.getByRole("button", { name: "Save mine over it" }).click();
    await drawer.getByText("Saved", { exact: true }).waitFor();
    await inDrawer(".drawer, .drawer *");
    await drawer.locator('[name="title"]').fill("Draft");
    await page.waitForTimeout(600);
    await page.reload();
    await drawer.getByRole("button", { name: "Restore" }).click();
    await inDrawer(".drawer");
    await close();
  });

  it("formats JSON without losing any of it, and lets null be typed", limit, async () => {
    const { id } = await make();
    const { page, drawer, close } = await open(id);
    const editor = drawer.locator(".cm-content");
    const put = async (text) => {
      await editor.click();
      await page.keyboard.press("Control+a");
      await page.keyboard.insertText(text);
    };
    await editor.click();
    await page.keyboard.type("null", { delay: 30 });
    await page.waitForTimeout(200);
    assert.equal(await editor.innerText(), "null");
    await put('{"a":1,"a":2,"b":1.10}');
    await drawer.getByRole("button", { name: "Format" }).click();
    await page.waitForFunction(() => document.querySelector(".code")?.shadowRoot?.querySelectorAll(".cm-line").length === 5);
    assert.equal((await editor.innerText()).replace(/\s/g, ""), '{"a":1,"a":2,"b":1.10}');
    await put("[".repeat(20_000) + "]".repeat(20_000));
    await drawer.getByRole("button", { name: "Format" }).click();
    await page.waitForTimeout(500);
    await close(); // with nothing in its console
  });

  it("holds nothing of a drawer that has closed", limit, async () => {
    await call("POST", "collections", { name: "long", type: "base", fields: [{ name: "title", type: "text" }, { name: "body", type: "editor" }, { name: "meta", type: "json" }] });
    const { id } = await make({ title: "x", body: "<p>x</p>".repeat(500), meta: { a: 1 } }, "long");
    const { page, drawer, go, held, close } = await open(id, "long");
    const ready = () => Promise.all([drawer.locator(".rich-text p").first().waitFor(), drawer.locator(".cm-content").waitFor()]);
    const often = async (n) => {
      for (; n > 0; n--) {
        await drawer.getByRole("button", { name: "Close (Esc)" }).click();
        await drawer.waitFor({ state: "detached" });
        await go(`/data/long?record=${id}`);
        await ready();
        await page.waitForTimeout(200);
      }
    };
    await ready();
    await often(3);
    const before = await held();
    await often(5);
    const now = await held();
    assert.ok(now.nodes - before.nodes < 2000, `${before.nodes} nodes, then ${now.nodes}`); // one drawer at most
    assert.ok(now.listeners - before.listeners < 100, `${before.listeners} listeners, then ${now.listeners}`);
    await close();
  });
});
