// @ts-nocheck: node's own types are not installed here
import assert from "node:assert/strict";
import test from "node:test";
import { ApiError } from "../../src/api/error.ts";
import { CollectionEdit } from "../../src/features/collection/edit.ts";
import { addField, addIndex, bodyOf, draftOf, removeField, setField, setIndex, setOptions } from "../../src/features/collection/draft.ts";
import { changesOf, isRevocable } from "../../src/features/collection/changes.ts";
import { faultsOf } from "../../src/features/collection/check.ts";
import { migrationOf } from "../../src/features/collection/migration.ts";
import { movedProviders } from "../../src/features/collection/moved.ts";
import { droppedBy, rebase } from "../../src/features/collection/rebase.ts";

const field = (name, type = "text", more = {}) => ({ id: `id_${name}`, name, type, system: false, hidden: false, presentable: false, required: false, ...more });
const posts = (more = {}) => ({
  id: "c1", name: "posts", type: "base", system: false, created: "", updated: "1", listRule: null, viewRule: null, createRule: null, updateRule: null, deleteRule: null,
  fields: [field("id", "text", { system: true }), field("title"), field("body")], indexes: ["CREATE INDEX i1 ON posts (title)"], ...more,
});
const keyOf = (draft, name) => draft.fields.find((one) => one.field.name === name).key;

// A server with one collection, and a browser that keeps drafts.
const world = (first = posts()) => {
  const state = { now: first, drafts: new Map(), sent: [] };
  const reach = {
    readCollection: () => Promise.resolve({ data: state.now, etag: `"${state.now.updated}"` }),
    createCollection: (body) => Promise.resolve({ data: { ...first, ...body, id: "new" }, etag: "" }),
    changeCollection: (_, body, etag) => {
      if (etag && etag !== `"${state.now.updated}"`) return Promise.reject(new ApiError({ status: 412, message: "", data: {}, retryAfter: 0, requestId: "" }));
      state.sent.push(body);
      const fields = body.fields?.map((one, n) => ({ ...one, id: one.id || `made${n}` }));
      state.now = { ...state.now, ...body, ...(fields ? { fields } : {}), updated: String(Number(state.now.updated) + 1) };
      return Promise.resolve({ data: state.now, etag: "" });
    },
    readDraft: (key) => Promise.resolve(state.drafts.get(key) ?? null),
    keepDraft: (draft) => Promise.resolve(state.drafts.set(draft.key, structuredClone(draft)) && true),
    dropDraft: (key) => Promise.resolve(void state.drafts.delete(key)),
    now: () => 1,
  };
  const open = async () => {
    const edit = new CollectionEdit({ collection: state.now, isNew: false, owner: "me", reach });
    await edit.load();
    return edit;
  };
  const others = (change) => {
    state.now = { ...state.now, ...change, updated: String(Number(state.now.updated) + 1) };
    return state.now;
  };
  return { state, open, others, reach };
};
const rename = (edit, from, to) => edit.set((draft) => setField(draft, keyOf(draft, from), { name: to }));
const names = ({ fields }) => fields.map(({ name }) => name);

test("a draft that is offered stands on what others have done since", async () => {
  const { open, others } = world();
  const first = await open();
  rename(first, "title", "head");
  await first.keep();
  const edit = await open();
  assert.ok(edit.offered.value);
  edit.meet(others({ fields: [...posts().fields, field("theirs")] }));
  await edit.takeOffered();
  assert.deepEqual(names(edit.body), ["id", "head", "body", "theirs"]);
});

test("what is typed beside an offer is kept beside it", async () => {
  const { open, state } = world();
  const first = await open();
  rename(first, "title", "head");
  await first.keep();
  const second = await open();
  rename(second, "body", "text");
  await second.keep();
  assert.equal(state.drafts.size, 2);
  const third = await open();
  assert.deepEqual(third.offered.value.draft.fields.map((one) => one.field.name), ["id", "head", "body"]);
  await third.dropOffered();
  assert.deepEqual(third.offered.value.draft.fields.map((one) => one.field.name), ["id", "title", "text"]);
  await third.takeOffered();
  assert.deepEqual(names(third.body), ["id", "title", "text"]);
});

test("what is restored is there at once, and kept all the while", async () => {
  const { open, state } = world();
  const first = await open();
  rename(first, "title", "head");
  await first.keep();
  const beside = await open();
  rename(beside, "body", "text");
  await beside.keep();
  const edit = await open();
  const gone = [];
  state.drafts.delete = (key) => gone.push(state.drafts.size) && Map.prototype.delete.call(state.drafts, key);
  const taken = edit.takeOffered();
  assert.deepEqual(names(edit.body), ["id", "head", "body"]);
  rename(edit, "body", "typed");
  await taken;
  await edit.keep();
  assert.deepEqual(names(edit.body), ["id", "head", "typed"]);
  assert.equal(gone.length, 0);
  const later = await open();
  await later.takeOffered();
  assert.deepEqual(names(later.body), ["id", "head", "typed"]);
});

test("what is restored from beside another draft is kept before it goes from there", async () => {
  const { open, state } = world();
  const first = await open();
  rename(first, "title", "head");
  await first.keep();
  const beside = await open();
  rename(beside, "body", "text");
  await beside.keep();
  const edit = await open();
  await edit.dropOffered();
  let left = 0;
  state.drafts.delete = (key) => Map.prototype.delete.call(state.drafts, key) && (left = state.drafts.size);
  await edit.takeOffered();
  assert.equal(left, 1);
  const again = await open();
  assert.deepEqual(again.offered.value.draft.fields.map((one) => one.field.name), ["id", "title", "text"]);
  assert.equal(state.drafts.size, 1);
});

test("what is restored stays where it was kept while it cannot be kept elsewhere", async () => {
  const { open, state, reach } = world();
  const first = await open();
  rename(first, "title", "head");
  await first.keep();
  const beside = await open();
  rename(beside, "body", "text");
  await beside.keep();
  const edit = await open();
  await edit.dropOffered();
  const { keepDraft } = reach;
  reach.keepDraft = () => Promise.resolve(false);
  const full = new CollectionEdit({ collection: state.now, isNew: false, owner: "me", reach });
  await full.load();
  await full.takeOffered();
  assert.deepEqual([names(full.body), full.isKept.value, state.drafts.size], [["id", "title", "text"], false, 1]);
  reach.keepDraft = keepDraft;
  const later = await open();
  assert.deepEqual(later.offered.value?.draft.fields.map((one) => one.field.name), ["id", "title", "text"]);
});

test("what is beside a draft that is restored and saved is offered after it", async () => {
  const { open } = world();
  const first = await open();
  rename(first, "title", "head");
  await first.keep();
  const beside = await open();
  rename(beside, "body", "text");
  await beside.keep();
  const edit = await open();
  await edit.takeOffered();
  await edit.save(false);
  const again = await open();
  await again.takeOffered();
  assert.deepEqual(names(again.body), ["id", "head", "text"]);
  await again.discard();
  assert.equal((await open()).offered.value, null);
});

for (const decide of ["takeOffered", "dropOffered"])
  test(`what was typed beside an offer and typed back does not come back: ${decide}`, async () => {
    const { open, state } = world();
    const first = await open();
    rename(first, "title", "head");
    await first.keep();
    const edit = await open();
    rename(edit, "body", "text");
    await edit.keep();
    if (decide === "dropOffered") await edit.dropOffered();
    rename(edit, "text", "body");
    if (decide === "takeOffered") await edit.takeOffered();
    await edit.keep();
    assert.deepEqual([...state.drafts.keys()], decide === "takeOffered" ? [edit.key] : []);
  });

test("what is restored while something typed is still being kept stays kept", async () => {
  const { open, state, reach } = world();
  const first = await open();
  rename(first, "title", "head");
  await first.keep();
  const { keepDraft } = reach;
  const written = [];
  reach.keepDraft = (draft) => new Promise((done) => written.push(() => void keepDraft(draft).then(done)));
  const edit = await open();
  rename(edit, "body", "text");
  const under = edit.keep();
  rename(edit, "text", "body");
  const taken = edit.takeOffered();
  written.forEach((write) => write());
  await Promise.all([under, taken]);
  assert.deepEqual([...state.drafts.keys()], [edit.key]);
});

test("what was typed back right before one leaves does not come back", async () => {
  const { open, state } = world();
  const edit = await open();
  rename(edit, "title", "head");
  await edit.keep();
  rename(edit, "head", "title");
  edit.stop();
  await Promise.resolve();
  assert.equal(state.drafts.size, 0);
});

test("fields that are added on two pages are two", async () => {
  const { open } = world();
  const edit = await open();
  edit.set((draft) => addField(draft, "text", "one").draft);
  await edit.keep();
  const again = await open();
  await again.takeOffered();
  again.set((draft) => addField(draft, "text", "two").draft);
  assert.equal(new Set(again.draft.value.fields.map(({ key }) => key)).size, 5);
});

test("a newer definition is shown before anything is written", async () => {
  const { open, others, state } = world();
  const edit = await open();
  rename(edit, "title", "head");
  others({ viewRule: "" });
  assert.equal(await edit.save(true), null);
  assert.deepEqual([edit.isNews.value, state.sent.length], [true, 0]);
  assert.ok(await edit.save(true));
  assert.deepEqual([state.now.viewRule, names(state.now)], ["", ["id", "head", "body"]]);
});

test("what is taken back goes over nothing that others have done", async () => {
  const { open, others, state } = world();
  const edit = await open();
  rename(edit, "title", "head");
  await edit.save(true);
  assert.ok(edit.past.value);
  edit.stageUndo();
  assert.ok(await edit.save(false));
  assert.deepEqual([names(state.now), state.now.indexes], [["id", "title", "body"], posts().indexes]);
  assert.equal(edit.past.value, null);

  rename(edit, "title", "head");
  await edit.save(true);
  edit.meet(others({ fields: [...state.now.fields, field("theirs")] }));
  assert.equal(edit.past.value, null);

  // Not told of it: found out when it is saved.
  rename(edit, "head", "top");
  await edit.save(true);
  others({ fields: [...state.now.fields, field("more")] });
  edit.stageUndo();
  assert.equal(await edit.save(false), null);
  assert.ok(names(state.now).includes("more") && names(edit.body).includes("more"));
});

test("a field that was added goes only as one that is removed", async () => {
  const { open } = world();
  const edit = await open();
  edit.set((draft) => addField(draft, "text", "more").draft);
  await edit.save(true);
  edit.stageUndo();
  assert.deepEqual(changesOf(edit.draft.value, edit.before, false).map(({ kind, name, isLoss }) => [kind, name, isLoss]), [["removed", "more", true]]);
});

test("secrets are not kept, and it is known that they are not", async () => {
  const { open, state } = world(posts({ type: "auth", authToken: { duration: 1 } }));
  const edit = await open();
  edit.set((draft) => setOptions(draft, { authToken: { duration: 2, secret: "s3cret" } }));
  await edit.keep();
  assert.equal(edit.isKept.value, false);
  assert.ok(!JSON.stringify([...state.drafts]).includes("s3cret"));
  const provider = setOptions(edit.before, { oauth2: { enabled: true, providers: [{ name: "github", clientId: "a", clientSecret: "s3cret" }] } });
  assert.ok(!JSON.stringify(changesOf(provider, edit.before, false)).includes("s3cret"));
  assert.ok(!migrationOf(bodyOf(edit.before, edit.before), bodyOf(provider, edit.before)).includes("s3cret"));
  assert.deepEqual([isRevocable(provider, edit.before), isRevocable(edit.before, edit.before), isRevocable(edit.before, setOptions(edit.before, { oauth2: { providers: [{ name: "github" }] } }))], [false, true, false]);
});

test("settings and providers of two are put together, indexes are found by their names", () => {
  const auth = (more) => posts({ type: "auth", otp: { enabled: false, duration: 1, emailTemplate: { subject: "a", body: "b" } }, oauth2: { enabled: true, providers: [{ name: "x", clientId: "1" }, { name: "y", clientId: "2" }] }, ...more });
  const before = draftOf(auth());
  let mine = setOptions(before, { otp: { enabled: true, duration: 1, emailTemplate: { subject: "a", body: "b" } }, oauth2: { enabled: true, providers: [{ name: "x", clientId: "mine" }, { name: "z", clientId: "3" }] } });
  mine = setIndex(mine, mine.indexes[0].key, "CREATE UNIQUE INDEX i1 ON posts (title)");
  const theirs = draftOf(auth({ name: "articles", indexes: ["CREATE INDEX `i1` ON `articles` (`title`)"], otp: { enabled: false, duration: 9, emailTemplate: { subject: "theirs", body: "b" } }, oauth2: { enabled: true, providers: [{ name: "x", clientId: "1", pkce: true }, { name: "y", clientId: "2" }, { name: "w", clientId: "4" }] } }));
  const both = rebase(mine, before, theirs);
  assert.deepEqual(both.options.otp, { enabled: true, duration: 9, emailTemplate: { subject: "theirs", body: "b" } });
  assert.deepEqual(both.options.oauth2.providers, [{ name: "x", clientId: "mine", pkce: true }, { name: "w", clientId: "4" }, { name: "z", clientId: "3" }]);
  assert.deepEqual(bodyOf(both, theirs).indexes, ["CREATE UNIQUE INDEX `i1` ON `articles` (`title`)"]);
  const twice = rebase(both, theirs, draftOf(auth({ indexes: ["create index a on posts (id)", "create index b on posts (id)"] })));
  assert.equal(new Set(twice.indexes.map(({ key }) => key)).size, twice.indexes.length);
  assert.deepEqual(droppedBy(setField(before, keyOf(before, "body"), { max: 3 }), draftOf(auth({ fields: posts().fields.slice(0, 2) }))), ["body"]);
});

test("texts follow the names that they were written with", () => {
  const before = draftOf(posts());
  const { draft } = addIndex(before, "CREATE UNIQUE INDEX u ON posts (title) WHERE title != '' AND lower(body) > 'title'");
  const swapped = setField(setField(draft, keyOf(draft, "title"), { name: "body" }), keyOf(draft, "body"), { name: "title" });
  assert.match(bodyOf(swapped, before).indexes[1], /\(`body`\) WHERE body != '' AND lower\(title\) > 'title'$/);
  const auth = draftOf(posts({ type: "auth", mfa: { enabled: true, duration: 1, rule: "title = 1" } }));
  const typed = setOptions(setField(auth, keyOf(auth, "title"), { name: "head" }), { mfa: { enabled: true, duration: 1, rule: "head = 2 && title = 1" } });
  assert.equal(bodyOf(typed, auth).mfa.rule, "head = 2 && title = 1");
  const gone = setOptions(removeField(auth, keyOf(auth, "title")), { passwordAuth: { enabled: true, identityFields: ["email", keyOf(auth, "title")] } });
  assert.deepEqual(bodyOf({ ...gone, fields: gone.fields.filter(({ isRemoved }) => !isRemoved) }, auth).passwordAuth.identityFields, ["email"]);
});

test("a rule that would ask something else is told of", () => {
  const before = draftOf(posts({ listRule: "title = 1", viewRule: "body = 1" }));
  const draft = setField(removeField(before, keyOf(before, "title")), keyOf(before, "body"), { name: "title" });
  assert.deepEqual(changesOf(draft, before, false).filter(({ kind }) => kind === "meaning"), [{ kind: "meaning", name: "listRule", option: "title", isRisky: true }]);
});

test("numbers of the sign-in are whole", () => {
  const draft = setOptions(draftOf(posts({ type: "auth" })), { otp: { length: "many", duration: 5 }, authToken: { duration: "1.5" } });
  assert.deepEqual([...faultsOf(draft).keys()], ["otp.length", "authToken.duration"]);
});

test("providers that lead elsewhere are named", () => {
  const withUrl = (authURL, more = []) => setOptions(draftOf(posts({ type: "auth" })), { oauth2: { enabled: true, providers: [{ name: "oidc", authURL }, { name: "github" }, ...more] } });
  const before = withUrl("https://a.example.com/auth");
  assert.deepEqual(movedProviders(withUrl("https://a.example.com/other"), before), []);
  assert.deepEqual(movedProviders(withUrl("https://b.example.com/auth", [{ name: "new" }]), before), ["oidc"]);
});
