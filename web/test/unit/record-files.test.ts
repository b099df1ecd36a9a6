// @ts-nocheck: the types of node are not installed
// What is sent for files, before a server that takes them as the real one does: names that stay, then
// new ones in the order in which they were sent.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordEdit } from "../../src/features/record/edit.ts";
import { freshIn, pack } from "../../src/features/record/parcel.ts";
import { same } from "../../src/features/record/same.ts";
import { allowedIn, faultOf, isOfType, restoredAt, shownOf, withFiles } from "../../src/fields/file/items.ts";
import { check } from "../../src/fields/checks.ts";
import { lineOf } from "../../src/fields/kinds.ts";
import { filesOf, JsonText, NewFile, NewPassword } from "../../src/lib/values.ts";
import { field, refused, set, wrongField } from "./record-edit-world.ts";

const docs = field("docs", "file", { maxSelect: 9 });
const cover = field("cover", "file", { maxSelect: 1 });
const id = field("id", "text", { autogeneratePattern: "[a-z0-9]{15}", pattern: "^[a-z0-9]+$", min: 15, max: 15 });
const things = { id: "c1", name: "things", type: "base", fields: [id, field("title", "text"), field("meta", "json"), docs, cover, field("password", "password")] };
const file = (name, text = name, type = "text/plain") => new NewFile(new File([text], name, { type }));
const aborted = () => new DOMException("stopped", "AbortError");

// The form as it is sent: what goes as JSON, and the parts.
const read = (body) => {
  if (!(body instanceof FormData)) return { json: JSON.parse(JSON.stringify(body)), parts: null };
  const parts = [...body].filter(([key]) => key !== "@jsonPayload").map(([key, part]) => [key, part.name]);
  return { json: JSON.parse(body.get("@jsonPayload")), parts };
};

const world = ({ hasEtags = true, row = { id: "r1", title: "A", meta: null, docs: ["a.txt", "b.txt", "c.txt"], cover: "old.png" } } = {}) => {
  const state = { row, turn: 1, fail: [], saves: true, n: 0, hold: null };
  const calls = [];
  const etag = () => (hasEtags ? `"${state.turn}"` : "");
  const answer = () => ({ data: structuredClone(state.row), etag: etag() });
  const write = (body) => {
    const { json, parts } = read(body);
    const next = { ...state.row, ...json };
    for (const [key, name] of parts ?? []) {
      const stored = name.replace(".", `_${++state.n}.`);
      if (Array.isArray(next[key]) || key === "docs") next[key] = [...(json[key] ?? []), ...(next[key] ?? []).filter((one) => !(json[key] ?? []).includes(one) && one.includes("_")), stored];
      else next[key] = stored;
    }
    state.row = next;
    state.turn++;
  };
  const take = async (what, body, how) => {
    const { json, parts } = read(body);
    calls.push([what, json, parts, how.etag]);
    if (state.hold) await new Promise((done, failed) => {
      how.onProgress?.(state.hold);
      how.signal?.addEventListener("abort", () => failed(aborted()));
    });
    const error = state.fail.shift();
    if (error && !(error.status === 0 && state.saves)) throw error;
    if (what === "change" && how.etag && how.etag !== etag()) throw refused(412);
    if (what === "create" && state.row) throw refused(400, wrongField("id"));
    write(body);
    if (error) throw error;
    return answer();
  };
  const reach = {
    readRecord: async () => {
      if (!state.row) throw refused(404);
      return answer();
    },
    createRecord: (_, body, how) => take("create", body, how),
    changeRecord: (_collection, _id, body, how) => take("change", body, how),
    readCollection: async () => things,
    readDraft: async () => null,
    keepDraft: async () => true,
    dropDraft: async () => {},
    now: () => 0,
    pause: async () => {},
  };
  const open = async (of = "r1") => {
    const edit = new RecordEdit({ collection: things, id: of, owner: "me", reach });
    await edit.load(new AbortController().signal);
    return edit;
  };
  return { state, calls, open };
};

test("new files are told apart, and never taken for a name", () => {
  const [a, b] = [file("a.txt"), file("a.txt")];
  assert.ok(same(a, a) && same([a], [a]) && same(["x", a], ["x", a]));
  assert.ok(!same(a, b) && !same([a], [b]) && !same([a], ["a.txt"]) && !same(["x", a], [a, "x"]));
  assert.deepEqual([lineOf([a, "b.txt"], docs), lineOf(a, cover)], ["a.txt, b.txt", "a.txt"]);
  assert.deepEqual(filesOf(["x", a, 3, null, {}, ["y"], ""]), ["x", a, "3", "y"]);
  assert.deepEqual([filesOf(undefined), filesOf(""), filesOf(a)], [[], [], [a]]);
});

test("without a new file it is JSON: removals, an order, nothing that is gone on the server", async () => {
  const { open, calls } = world();
  const edit = await open();
  set(edit, "docs", ["c.txt", "a.txt", "gone.txt"]);
  set(edit, "cover", "");
  assert.ok(await edit.save());
  assert.deepEqual(calls, [["change", { docs: ["c.txt", "a.txt"], cover: "" }, null, '"1"']]);
  assert.equal(edit.isDirty.value, false);
});

test("with new ones it is a form whose other values mean the same as in JSON", () => {
  const values = { title: "00", n: 1.5, meta: new JsonText('{"a": 9007199254740993}'), password: new NewPassword("secret", "secret"), docs: ["a.txt", file("x.txt")], cover: file("", "?") };
  const { body, uploads, bytes } = pack(values, { docs: ["a.txt"] }, things);
  assert.deepEqual(read(body), {
    json: { title: "00", n: 1.5, meta: '{"a": 9007199254740993}', password: "secret", passwordConfirm: "secret", docs: ["a.txt"], cover: "" },
    parts: [["docs", "x.txt"], ["cover", "file"]],
  });
  assert.equal(uploads.length, 2);
  assert.ok(bytes > 6);
});

test("new ones behind those that stay are one call", async () => {
  const { open, calls, state } = world();
  const edit = await open();
  set(edit, "docs", ["b.txt", "a.txt", file("x.txt"), file("y.txt")]);
  set(edit, "title", "B");
  assert.ok(await edit.save());
  assert.deepEqual(calls, [["change", { docs: ["b.txt", "a.txt"], title: "B" }, [["docs", "x.txt"], ["docs", "y.txt"]], '"1"']]);
  assert.deepEqual(state.row.docs, ["b.txt", "a.txt", "x_1.txt", "y_2.txt"]);
  assert.deepEqual([edit.isDirty.value, edit.value("docs")], [false, state.row.docs]);
  assert.equal(edit.sender.progress.value, null);
});

test("new ones before those that stay are put there by a second call", async () => {
  const { open, calls } = world();
  const edit = await open();
  set(edit, "docs", [file("x.txt"), "c.txt", file("y.txt"), "a.txt"]);
  assert.ok(await edit.save());
  assert.deepEqual(calls.map(([, json, parts, etag]) => [json, parts, etag]), [
    [{ docs: ["c.txt", "a.txt"] }, [["docs", "x.txt"], ["docs", "y.txt"]], '"1"'],
    [{ docs: ["x_1.txt", "c.txt", "y_2.txt", "a.txt"] }, null, '"2"'],
  ]);
  assert.deepEqual([edit.isDirty.value, edit.value("docs")], [false, ["x_1.txt", "c.txt", "y_2.txt", "a.txt"]]);
});

test("an order that is refused is what is left, by the names that the new ones have", async () => {
  const { open, state, calls } = world();
  const edit = await open();
  set(edit, "docs", [file("x.txt"), "a.txt"]);
  set(edit, "title", "B");
  state.fail = [undefined, refused(503)];
  assert.equal(await edit.save(), null);
  assert.deepEqual(edit.changes.value, { docs: ["x_1.txt", "a.txt"] });
  assert.equal(edit.wrong.value.status, 503);
  assert.ok(await edit.save());
  assert.deepEqual(calls.at(-1).slice(1, 3), [{ docs: ["x_1.txt", "a.txt"] }, null]);
});

test("a single one replaces, and is a single value", async () => {
  const { open, calls, state } = world();
  const edit = await open();
  set(edit, "cover", file("new.png"));
  assert.ok(await edit.save());
  assert.deepEqual(calls[0].slice(1, 3), [{ cover: "" }, [["cover", "new.png"]]]);
  assert.equal(state.row.cover, "new_1.png");
});

test("what is added while it saves is what is left, and nothing is sent twice", async () => {
  const { open, calls } = world();
  const edit = await open();
  const [x, y] = [file("x.txt"), file("y.txt")];
  set(edit, "docs", ["a.txt", x]);
  const saving = edit.save();
  set(edit, "docs", ["a.txt", x, y]);
  assert.ok(await saving);
  assert.deepEqual(edit.changes.value, { docs: ["a.txt", "x_1.txt", y] });
  assert.ok(await edit.save());
  assert.deepEqual(calls.at(-1).slice(1, 3), [{ docs: ["a.txt", "x_1.txt"] }, [["docs", "y.txt"]]]);
});

test("an error at one file keeps all others", async () => {
  const { open, state } = world({ row: null });
  const edit = await open(null);
  const docsOf = [file("x.txt"), file("y.txt")];
  set(edit, "docs", docsOf);
  state.fail = [refused(400, wrongField("docs"))];
  assert.equal(await edit.save(), null);
  assert.deepEqual([[...edit.errors.value], edit.value("docs")], [[["docs", "wrong docs"]], docsOf]);
  assert.deepEqual(edit.unkept(), ["docs"]);
  state.fail = [refused(413)];
  await edit.save();
  assert.ok(edit.sentBytes.value > 10);
  assert.ok(await edit.save());
  assert.deepEqual(state.row.docs, ["x_1.txt", "y_2.txt"]);
});

test("a file that cannot be read any more is named, and nothing is sent", async () => {
  const { open, calls } = world();
  const edit = await open();
  const moved = file("moved.txt");
  moved.file.slice = () => ({ arrayBuffer: () => Promise.reject(new DOMException("", "NotReadableError")) });
  set(edit, "docs", [moved]);
  assert.equal(await edit.save(), null);
  assert.match(edit.errors.value.get("docs"), /moved\.txt cannot be read/);
  assert.deepEqual(calls, []);
});

for (const part of [0.4, 1])
  test(`an upload that is stopped keeps everything, and says what is known (${part})`, async () => {
    const { open, state } = world();
    const edit = await open();
    const x = file("x.txt");
    set(edit, "docs", ["a.txt", x]);
    set(edit, "title", "B");
    state.hold = part;
    const saving = edit.save();
    while (!edit.sender.progress.value?.sent) await new Promise((done) => setTimeout(done));
    edit.sender.stop();
    assert.equal(await saving, null);
    assert.deepEqual(edit.changes.value, { docs: ["a.txt", x], title: "B" });
    assert.deepEqual([edit.sender.stopped.value, edit.wrong.value, edit.isBusy.value], [part < 1 ? "part" : "all", undefined, false]);
    state.hold = null;
    assert.ok(await edit.save());
    assert.deepEqual([state.row.docs, edit.sender.stopped.value], [["a.txt", "x_1.txt"], ""]);
  });

test("a new record whose upload was stopped after all was sent is found by its id", async () => {
  const { open, state, calls } = world({ row: null });
  const edit = await open(null);
  set(edit, "docs", [file("x.txt")]);
  state.fail = [refused(0)]; // it is saved, and nobody hears of it
  assert.equal(await edit.save(), null);
  assert.ok(await edit.save());
  assert.deepEqual([calls.length, calls[0][1].id === calls[1][1].id, state.row.docs, edit.left], [2, true, ["x_1.txt"], {}]);
});

test("of a record that is made again the new files stay", () => {
  const x = file("x.txt");
  assert.deepEqual(freshIn({ docs: ["a.txt", x], cover: x, title: "t", tags: ["a"], meta: new JsonText("1"), none: [] }), { docs: [x], cover: x });
});

test("without conditions it is looked at first, and theirs is no loss", async () => {
  const { open, state, calls } = world({ hasEtags: false });
  const edit = await open();
  set(edit, "docs", ["a.txt", file("x.txt")]);
  state.row = { ...state.row, docs: ["a.txt", "theirs.txt"] };
  assert.equal(await edit.save(), null);
  assert.deepEqual([[...edit.clashes.value], calls.length], [["docs"], 0]);
  assert.ok(await edit.save(true));
  assert.deepEqual(state.row.docs, ["a.txt", "x_1.txt"]);
});

test("what is too large or of another type is left out, and the limit named", () => {
  const images = { ...docs, maxSelect: 3, maxSize: 1000, mimeTypes: ["image/png", "image/svg+xml"] };
  const png = (name, size = 10) => new File(["x".repeat(size)], name, { type: "image/png" });
  const { items, faults } = withFiles(["a.png"], [png("b.png"), png("big.png", 1001), new File([""], "t.txt", { type: "text/plain" }), png("c.png"), png("d.png")], images);
  assert.deepEqual(items.map(String), ["a.png", "b.png", "c.png"]);
  assert.equal(faults.length, 3);
  assert.match(faults.join(), /big\.png has 1,001 bytes, at most 1,000 bytes.*t\.txt is text\/plain, taken are image\/png, image\/svg\+xml.*At most 3 files: d\.png/);
  assert.match(allowedIn(images), /PNG, SVG, up to 1 kB each, at most 3 files/);
  assert.match(allowedIn(cover), /5\.2 MB each, at most 1 file\./);
  assert.deepEqual(withFiles(["a.png"], [png("b.png")], cover).items.map(String), ["b.png"]);
  assert.deepEqual(withFiles(["a.png"], [], cover).items, ["a.png"]);
  assert.deepEqual(withFiles(["a.png", "b.png", "c.png"], [png("x.png"), png("y.png")], images, 1).items.map(String), ["a.png", "x.png", "c.png"]);
  assert.equal(faultOf(file("x"), cover), "");
  assert.match(check([file("x.txt", "x".repeat(1001), "image/png")], images), /x\.txt has/);
  assert.match(check(["a", "b", "c", "d"], images), /At most 3/);
});

test("a type is refused only where a browser can be sure", () => {
  assert.ok(isOfType("", ["image/png"]) && isOfType("image/jpg", ["image/jpeg"]) && isOfType("text/csv", ["text/plain"]) && isOfType("a/b", []));
  assert.ok(isOfType("text/markdown", ["application/json"]));
  assert.ok(!isOfType("text/plain", ["image/png"]) && !isOfType("image/gif", ["image/png"]) && !isOfType("video/mp4", ["application/pdf"]));
});

test("what is removed stays where it was, struck, and comes back there", () => {
  const at = (shown) => shown.map(({ item, at: n }) => (n < 0 ? `-${item}` : item));
  const shown = shownOf(["c", "new"], ["a", "b", "c", "d"]);
  assert.deepEqual(at(shown), ["-a", "-b", "c", "-d", "new"]);
  assert.deepEqual(["a", "b", "d"].map((item) => restoredAt(shown, item)), [0, 0, 1]);
  assert.deepEqual(at(shownOf([], ["a"])), ["-a"]);
  assert.deepEqual(at(shownOf(["d", "a"], ["a", "b", "d"])), ["d", "a", "-b"]);
});
