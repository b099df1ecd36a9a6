// @ts-nocheck: the types of node are not installed
// A server with one record, and the drafts of a browser: what the tests of an edit share.
import { ApiError } from "../../src/api/error.ts";
import { RecordEdit } from "../../src/features/record/edit.ts";

export const field = (name, type, more = {}) => ({ id: name, name, type, system: false, hidden: false, ...more });
export const posts = {
  id: "c1",
  name: "posts",
  type: "base",
  fields: [field("id", "text"), field("title", "text"), field("n", "number"), field("meta", "json"), field("tags", "select", { maxSelect: 3 }), field("password", "password"), field("updated", "autodate")],
};
export const refused = (status, data = {}, retryAfter = 0) => new ApiError({ status, message: "no", data, retryAfter, requestId: "" });
export const wrongField = (...names) => Object.fromEntries(names.map((name) => [name, { code: "x", message: `wrong ${name}` }]));

// A server with one record, and a browser's drafts.
export const world = ({ hasEtags = true } = {}) => {
  const drafts = new Map();
  const calls = [];
  const state = { row: { id: "r1", title: "A", n: 1, meta: { a: 1 }, tags: ["x"], updated: "1" }, turn: 1, fail: [], canKeep: true, waits: [], hold: false, release: () => {}, collection: null };
  const etag = () => (hasEtags ? `"${state.turn}"` : "");
  const next = () => {
    const error = state.fail.shift();
    if (error) throw error;
  };
  const found = () => {
    if (!state.row) throw refused(404);
    return { data: { ...state.row }, etag: etag() };
  };
  const change = (values) => {
    state.turn++;
    state.row = { ...state.row, ...values, updated: String(state.turn) };
  };
  // Held up until it is let go.
  const held = async () => {
    if (state.hold) await new Promise((done) => { state.release = done; });
  };
  const reach = {
    readCollection: async () => {
      calls.push(["collection"]);
      if (!state.collection) throw refused(0);
      return state.collection;
    },
    readRecord: async () => {
      calls.push(["read"]);
      next();
      return found();
    },
    createRecord: async (_, body) => {
      calls.push(["create", body]);
      await held();
      next();
      return { data: { ...body, id: body.id ?? "r2" }, etag: etag() };
    },
    changeRecord: async (_collection, _id, body, how) => {
      calls.push(["change", body, how.etag]);
      await held();
      next();
      found();
      if (how.etag && how.etag !== etag()) throw refused(412);
      change(Object.fromEntries(Object.entries(body).filter(([name]) => name in state.row)));
      return found();
    },
    readDraft: async (key) => drafts.get(key) ?? null,
    keepDraft: async (draft) => {
      if (state.canKeep) drafts.set(draft.key, structuredClone(draft));
      return state.canKeep;
    },
    dropDraft: async (key) => void drafts.delete(key),
    now: () => 1000,
    pause: async (ms) => void state.waits.push(ms),
  };
  const open = async (id = "r1", values, collection = posts, was) => {
    const edit = new RecordEdit({ collection, id, owner: "me", values, was, reach });
    await edit.load(new AbortController().signal);
    return edit;
  };
  return { drafts, calls, state, change, open, reach };
};

export const set = (edit, name, value) => {
  edit.set(name, value);
  edit.stop();
};
