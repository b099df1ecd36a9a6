// A record with every type of field, which is opened, walked through, and saved: what was not changed
// stays as it was, to the byte.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limitOf, useFlow } from "../flow.mjs";

const limit = limitOf(90_000);

const html = "<p>a<o:p></o:p>&nbsp;b</p>\r\n<div class=x DATA-y='1'>c<br>d</div><!-- e --><svg viewBox=\"0 0 1 1\"><g/></svg>";
const meta = '{"b": 1.0, "a": 12345678901234567890, "c": [1e3, "\\u00e9"]}';
const values = {
  words: "first\r\nsecond  \tthird", page: html, n: 0.1, yes: true, mail: "a@example.com", site: "https://example.com/?a=1&b=%20",
  day: "2020-02-30 24:61:00", kinds: ["b", "a"], meta, place: { lon: 23.3242, lat: -42.6977 },
};

describe("a record of every type", limit, () => {
  let record;
  let other;
  const flow = useFlow({
    prepare: async () => {
      other = await flow.call("POST", "collections", { name: "tags", type: "base", fields: [{ name: "name", type: "text" }] });
      const tags = [await flow.call("POST", "collections/tags/records", { name: "one" }), await flow.call("POST", "collections/tags/records", { name: "two" })];
      const types = { words: "text", page: "editor", n: "number", yes: "bool", mail: "email", site: "url", day: "date", kinds: "select", pics: "file", rels: "relation", meta: "json", place: "geoPoint", made: "autodate" };
      const options = { kinds: { values: ["a", "b", "c"], maxSelect: 3 }, pics: { maxSelect: 3 }, rels: { collectionId: other.id, maxSelect: 3 }, made: { onCreate: true } };
      await flow.call("POST", "collections", { name: "people", type: "auth", fields: Object.entries(types).map(([name, type]) => ({ name, type, ...options[name] })) });
      const body = new FormData();
      body.append("@jsonPayload", JSON.stringify({ email: "one@example.com", password: "1234567890", passwordConfirm: "1234567890", ...values, rels: tags.map(({ id }) => id).reverse() }));
      for (const name of ["b.txt", "a.txt"]) body.append("pics", new Blob([name]), name);
      const reply = await fetch(`${flow.server.url}/api/collections/people/records`, { method: "POST", headers: { Authorization: flow.token }, body });
      record = await reply.json();
      assert.equal(reply.status, 200, JSON.stringify(record));
    },
  });

  const raw = async () => (await fetch(`${flow.server.url}/api/collections/people/records/${record.id}`, { headers: { Authorization: flow.token } })).text();

  it("is not changed by being looked at, nor by a save without an edit", limit, async () => {
    const before = await raw();
    const { page, check, close } = await flow.openAt(`/data/people?record=${record.id}`);
    const sent = [];
    page.on("request", (request) => ["PATCH", "PUT", "POST"].includes(request.method()) && /records\//.test(request.url()) && sent.push(`${request.method()} ${request.postData()}`));
    const drawer = page.locator(".drawer");
    await drawer.getByRole("textbox", { name: "words" }).waitFor();
    await drawer.locator(".ProseMirror, [name=page]").first().waitFor();
    await drawer.getByRole("textbox", { name: "words" }).focus();
    const isIn = () => drawer.evaluate((element) => element.contains(document.activeElement));
    for (let n = 0; n < 60 && (await isIn()); n++) await page.keyboard.press("Tab");
    assert.equal(await isIn(), false, "Tab comes out of every field");
    await drawer.getByRole("textbox", { name: "words" }).focus();
    await page.keyboard.press("ControlOrMeta+s");
    await check("fourteen");
    assert.deepEqual(sent, []);
    assert.equal(await drawer.getByRole("button", { name: "Save", exact: true }).getAttribute("aria-disabled"), "true");
    assert.equal(await raw(), before);
    await close();
  });

  it("sends what was changed and nothing else", limit, async () => {
    const before = await raw();
    const { page, close } = await flow.openAt(`/data/people?record=${record.id}`);
    const sent = [];
    page.on("request", (request) => request.method() === "PATCH" && sent.push(request.postData()));
    const drawer = page.locator(".drawer");
    await drawer.getByRole("spinbutton", { name: "n" }).or(drawer.getByRole("textbox", { name: "n", exact: true })).fill("0.2");
    await page.keyboard.press("ControlOrMeta+s");
    await drawer.getByText("Saved", { exact: true }).waitFor();
    assert.deepEqual(sent, ['{"n":0.2}']);
    assert.equal((await raw()).replace('"n":0.2', '"n":0.1').replace(/"updated":"[^"]*"/, ""), before.replace(/"updated":"[^"]*"/, ""));
    await close();
  });
});
