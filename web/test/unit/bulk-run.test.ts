// @ts-nocheck types of node are not installed
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Everything, fewIds, filterFrom, idPages, settle } from "../../src/features/grid/bulk.ts";
import { runJob } from "../../src/features/grid/bulk-job.ts";
import { runChanges } from "../../src/features/grid/bulk-run.ts";
import { undoChanges } from "../../src/features/grid/bulk-undo.ts";
import { exportRows } from "../../src/features/grid/export.ts";
import { parse } from "../../src/lib/filter/parse.ts";
import { settings } from "../../src/state/instance.ts";

const collection = { name: "posts", fields: [] };
const before = { fetch: globalThis.fetch, document: globalThis.document };

// The records that a server has, and those that it will not change.
const serve = ({ ids, refused = new Set() }) => {
  const calls = [];
  globalThis.document = { baseURI: "http://x.example/_/" };
  globalThis.fetch = async (address, { method, body }) => {
    const url = new URL(address);
    const reply = (status, data) => ({ status, text: async () => JSON.stringify(data), headers: new Map() });
    calls.push(`${method} ${url.pathname}${url.search && ` ${url.searchParams.get("filter") ?? ""}`}`);
    if (method === "GET") {
      const last = /id > '([^']*)'/.exec(url.searchParams.get("filter") ?? "")?.[1] ?? "";
      return reply(200, { items: ids.filter((id) => id > last).slice(0, Number(url.searchParams.get("perPage"))).map((id) => ({ id })) });
    }
    const isRefused = (path) => refused.has(path.split("/").at(-1));
    const why = { message: "Failed.", data: { title: { code: "a", message: "No." } } };
    if (url.pathname.endsWith("/batch")) {
      const { requests } = JSON.parse(body);
      const at = requests.findIndex(({ url: path }) => isRefused(path));
      return at < 0 ? reply(200, []) : reply(400, { message: "Batch transaction failed.", data: { requests: { [at]: { code: "batch_request_failed", message: "Batch request failed.", response: why } } } });
    }
    return isRefused(url.pathname) ? reply(400, why) : reply(204, null);
  };
  return calls;
};

const run = async (ids, perBatch, most = Infinity) => {
  const done = [];
  const faults = [];
  await runChanges("posts", [ids.map((id) => ({ id, method: "PATCH", body: {} }))], perBatch, { onDone: (some) => done.push(...some), onFault: (fault) => faults.push(fault), onUnknown: () => undefined, isEnded: () => faults.length >= most });
  return { done: done.sort(), faults };
};

describe("many changes", () => {
  afterEach(() => Object.assign(globalThis, before));
  for (const perBatch of [0, 1, 3, 100])
    it(`change all but what is refused, ${perBatch} at once`, async () => {
      serve({ ids: [], refused: new Set(["b", "e"]) });
      const { done, faults } = await run(["a", "b", "c", "d", "e", "f"], perBatch);
      assert.deepEqual(done, ["a", "c", "d", "f"]);
      assert.deepEqual(faults.sort((a, b) => a.id.localeCompare(b.id)), [{ id: "b", why: "title: No." }, { id: "e", why: "title: No." }]);
    });
  it("end where all is refused", async () => {
    const ids = Array.from({ length: 100 }, (_, n) => `r${n}`);
    const calls = serve({ ids: [], refused: new Set(ids) });
    const { done, faults } = await run(ids, 50, 10);
    assert.deepEqual([done.length, faults.length, calls.length], [0, 10, 10]);
  });
  it("end where the server itself fails", async () => {
    serve({ ids: [] });
    globalThis.fetch = async () => ({ status: 503, text: async () => "{}", headers: new Map() });
    for (const perBatch of [0, 2]) await assert.rejects(run(["a", "b"], perBatch));
  });
});

describe("all that match", () => {
  const ids = Array.from({ length: 1234 }, (_, n) => `r${String(n).padStart(5, "0")}`);
  beforeEach(() => serve({ ids }));
  afterEach(() => Object.assign(globalThis, before));
  const chosen = { collection, filter: "a = 1", sort: "", ids: null, n: ids.length };
  it("are found page by page, each once", async () => {
    const found = [];
    for await (const some of idPages(chosen)) found.push(...some);
    assert.deepEqual(found, ids);
  });
  it("are read at once only where they are few", async () => {
    assert.equal(await fewIds(chosen, 200), null);
    assert.equal(await fewIds({ ...chosen, n: undefined }, 200), null);
    assert.equal(await fewIds({ ...chosen, n: 5 }, 200), null);
    assert.deepEqual(await fewIds({ ...chosen, ids: new Set(["x"]), n: 1 }, 200), ["x"]);
  });
  it("are asked for by a filter that means what it did", () => {
    assert.equal(filterFrom("", ""), "");
    assert.equal(filterFrom("", "it's"), "id > 'it\\'s'");
    assert.equal(filterFrom("a = 1 || b = 2 // not (this", "x"), "(a = 1 || b = 2) && id > 'x'");
    for (const filter of ["a = 1 || b = 'x // y'", "strftime('%Y', d) = '2026' && c ?~ \"(\""]) assert.equal(parse(filterFrom(filter, "x")).fault, undefined, filter);
  });
  it("are selected, and one that is taken out leaves the others", () => {
    const all = new Everything(() => ["a", "b", "c"]);
    assert.ok(all.has("never loaded") && all.size > 1_000_000);
    const next = new Set(all);
    next.delete("b");
    assert.deepEqual([...next], ["a", "c"]);
  });
});

// Records that are kept and changed. lose: what becomes of a call's answer, "after" or "before" it is done.
const keep = ({ rows, lose = () => "", refused = () => false, most = Infinity }) => {
  const all = new Map(rows.map((row) => [row.id, row]));
  const calls = [];
  globalThis.document = { baseURI: "http://x.example/_/" };
  const write = ({ method, url, body }) => {
    const id = url.split("/").at(-1);
    if (method === "POST") all.set(body.id, { ...body, ...(body.code === "" ? { code: "made" } : {}) });
    else if (method === "PATCH") all.set(id, { ...all.get(id), ...body });
    else all.delete(id);
    return method === "POST" ? all.get(body.id) : (all.get(id) ?? null);
  };
  globalThis.fetch = async (address, { method, body }) => {
    const url = new URL(address);
    const reply = (status, data) => ({ status, text: async () => (data === null ? "" : JSON.stringify(data)), headers: new Map() });
    const said = body ? JSON.parse(body) : null;
    const lost = lose({ method, url, said, n: calls.push(`${method} ${url.pathname}`) });
    if (lost === "before") throw new TypeError("no answer");
    if (typeof lost === "number") return reply(lost, { message: "Busy.", data: {} });
    if (method === "GET") {
      const filter = url.searchParams.get("filter") ?? "";
      const ids = [...filter.matchAll(/id='([^']*)'/g)].map(([, id]) => id);
      const after = /id > '([^']*)'/.exec(filter)?.[1] ?? "";
      const found = [...all.values()].filter(({ id }) => (ids.length > 0 ? ids.includes(id) : id > after));
      if (url.searchParams.get("sort")?.startsWith("-n")) found.sort((a, b) => b.n - a.n);
      const perPage = Number(url.searchParams.get("perPage"));
      const from = (Number(url.searchParams.get("page") ?? 1) - 1) * perPage;
      return reply(200, { items: found.slice(from, from + perPage), totalItems: found.length });
    }
    const requests = said?.requests ?? [{ method, url: url.pathname, body: said }];
    if (requests.length > most) return reply(400, { message: "Too many.", data: {} });
    const at = requests.findIndex(refused);
    if (at >= 0) return reply(400, { message: "Failed.", data: { requests: { [at]: { response: { message: "Failed.", data: { title: { message: "Cannot be blank." } } } } } } });
    const answers = requests.map((request) => ({ status: 200, body: write(request) }));
    if (lost === "after") throw new TypeError("no answer");
    return reply(200, said?.requests ? answers : answers[0].body);
  };
  return { all, calls };
};

const job = (changes) => runJob("posts", [changes], () => undefined, () => false);
const deleted = (ids) => ids.map((id) => ({ id, method: "DELETE" }));
const set = (ids, value) => ids.map((id) => ({ id, method: "PATCH", body: { title: value } }));
const rowsOf = (n) => Array.from({ length: n }, (_, at) => ({ id: `r${String(at).padStart(4, "0")}`, n: at, title: `Row ${at}` }));
const idsOf = (rows) => rows.map(({ id }) => id);

describe("an answer that is lost", () => {
  beforeEach(() => {
    settings.data.value = { batch: { enabled: true, maxRequests: 50 } };
  });
  afterEach(() => {
    settings.data.value = undefined;
    Object.assign(globalThis, before);
  });
  for (const enabled of [true, false])
    it(`is of what was done, and so it is told, batches ${enabled}`, async () => {
      settings.data.value = { batch: { enabled, maxRequests: 50 } };
      const rows = rowsOf(3);
      const { all } = keep({ rows, lose: ({ method }) => (method === "GET" ? "" : "after") });
      const outcome = await job(deleted(idsOf(rows)));
      assert.deepEqual([all.size, outcome.n, outcome.isWhole, [...outcome.done].sort()], [0, 3, true, idsOf(rows)]);
    });
  it("is of what was set: the rows are those that are stored", async () => {
    const rows = rowsOf(2);
    keep({ rows, lose: ({ method }) => (method === "GET" ? "" : "after") });
    const outcome = await job(set(idsOf(rows), "x"));
    assert.deepEqual([outcome.n, outcome.isWhole, outcome.rows.get("r0000").title], [2, true, "x"]);
  });
  it("is of what was not done", async () => {
    const rows = rowsOf(2);
    const { all } = keep({ rows, lose: ({ method }) => (method === "GET" ? "" : "before") });
    const outcome = await job(deleted(idsOf(rows)));
    assert.deepEqual([all.size, outcome.n, outcome.isWhole, outcome.unknown, outcome.error.status], [2, 0, false, [], 0]);
  });
  it("leaves unknown what cannot be looked at", async () => {
    const rows = rowsOf(2);
    keep({ rows, lose: ({ method }) => (method === "GET" ? "before" : "after") });
    const outcome = await job(deleted(idsOf(rows)));
    assert.deepEqual([outcome.n, outcome.unknown, outcome.isWhole], [0, idsOf(rows), false]);
  });
  it("is waited for by what else is under way", async () => {
    settings.data.value = { batch: { enabled: false, maxRequests: 50 } };
    const rows = rowsOf(12);
    const { all } = keep({ rows, lose: ({ method, url }) => (method === "DELETE" && url.pathname.endsWith("r0001") ? 503 : "") });
    const outcome = await job(deleted(idsOf(rows)));
    assert.equal(outcome.n, 12 - all.size);
    assert.equal(outcome.isWhole, false);
  });
});

describe("undoing", () => {
  beforeEach(() => {
    settings.data.value = { batch: { enabled: true, maxRequests: 50 } };
  });
  afterEach(() => {
    settings.data.value = undefined;
    Object.assign(globalThis, before);
  });
  const again = (rows) => rows.map((row) => ({ id: row.id, method: "POST", body: row }));
  it("that fails can be tried again", async () => {
    let isBusy = true;
    const { all } = keep({ rows: [], lose: ({ method }) => (method === "POST" && isBusy ? 503 : "") });
    const changes = again(rowsOf(3));
    const first = await undoChanges("posts", changes);
    assert.deepEqual([first.n, first.left], [0, changes]);
    assert.ok(first.why);
    isBusy = false;
    const second = await undoChanges("posts", first.left);
    assert.deepEqual([second.n, second.left, all.size], [3, [], 3]);
  });
  it("whose answer was lost is not done twice", async () => {
    let n = 0;
    const { all } = keep({ rows: [], lose: ({ method }) => (method === "POST" && ++n === 1 ? "after" : n === 1 ? "before" : "") });
    const changes = again(rowsOf(2));
    const first = await undoChanges("posts", changes);
    assert.deepEqual([first.n, first.left.length, all.size], [0, 2, 2]);
    n = 5;
    assert.deepEqual((await undoChanges("posts", first.left)).n, 2);
  });
  it("names what is refused, and keeps it", async () => {
    const { all } = keep({ rows: [], refused: ({ body }) => body.title === "Row 1" });
    const { n, left, why } = await undoChanges("posts", again(rowsOf(3)));
    assert.deepEqual([n, idsOf(left), why, all.size], [2, ["r0001"], "r0001: title: Cannot be blank.", 2]);
  });
  it("writes over nothing that is newer", async () => {
    const { all } = keep({ rows: [{ id: "a", title: "set" }, { id: "b", title: "newer" }] });
    const changes = ["a", "b", "gone"].map((id) => ({ id, method: "PATCH", body: { title: "old" }, over: { title: "set" } }));
    const { n, changed, left } = await undoChanges("posts", changes);
    assert.deepEqual([n, changed, left, all.get("a").title, all.get("b").title], [1, 2, [], "old", "newer"]);
  });
  for (const most of [1, 2, 3, 50])
    it(`empties what the server fills in, ${most} requests at once`, async () => {
      settings.data.value = { batch: { enabled: true, maxRequests: most } };
      const { all } = keep({ rows: [], most });
      const changes = ["a", "b", "c"].map((id) => ({ id, method: "POST", body: { id, code: "" }, then: { code: "" } }));
      const { n } = await undoChanges("posts", changes);
      assert.deepEqual([n, [...all.values()].map(({ code }) => code)], [3, ["", "", ""]]);
    });
});

describe("the records of a question", () => {
  afterEach(() => Object.assign(globalThis, before));
  const all = { collection, filter: "", sort: "", ids: null, n: undefined };
  it("are those that match as it is asked, where they are few", async () => {
    const rows = rowsOf(150);
    keep({ rows });
    assert.deepEqual([...(await settle(all, 200)).ids], idsOf(rows));
  });
  it("are counted where they are many", async () => {
    keep({ rows: rowsOf(201) });
    const { ids, n } = await settle({ ...all, n: 5 }, 200);
    assert.deepEqual([ids, n], [null, 201]);
  });
  it("are those of a selection that are there still", async () => {
    const rows = rowsOf(700);
    keep({ rows: rows.slice(300) });
    const { ids, n } = await settle({ ...all, ids: new Set(idsOf(rows)), n: 700 }, 200);
    assert.deepEqual([n, [...ids]], [400, idsOf(rows.slice(300))]);
  });
});

describe("an export of what is selected", () => {
  afterEach(() => Object.assign(globalThis, before));
  const written = async (what, format = "ndjson") => (await exportRows({ collection: "posts", filter: "", sort: "-n", names: ["n"], ...what }, format, () => undefined, new AbortController().signal)).blob.text();
  it("is in one order", async () => {
    const rows = rowsOf(1300);
    keep({ rows });
    const some = new Set(idsOf(rows.filter(({ n }) => n % 3 > 0)));
    const ns = (await written({ ids: some })).trimEnd().split("\n").map((line) => JSON.parse(line).n);
    assert.deepEqual(ns, rows.map(({ n }) => n).filter((n) => n % 3 > 0).reverse());
  });
  it("has JSON as JSON", async () => {
    keep({ rows: [{ id: "a", n: 1, meta: ["a", "b"], list: ["a", "b"] }, { id: "b", n: 0, meta: "123", list: [] }, { id: "c", n: -1, meta: null, list: null }] });
    assert.equal(await written({ names: ["meta", "list"], json: ["meta"] }, "csv"), 'meta,list\r\n"[""a"",""b""]","a, b"\r\n"""123""",\r\n,\r\n');
  });
});
