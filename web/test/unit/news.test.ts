// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { filterOfIds, goneRow, markOf, mergeRow } from "../../src/features/grid/live-rows.ts";
import { newsFrom, newsOf } from "../../src/lib/news.ts";

const records = (collection, action, ...ids) => ({ kind: "records", collection, action, ids });

test("what a call has changed", () => {
  assert.deepEqual(newsOf({ method: "POST", path: "collections/posts/records" }, { id: "a" }), [records("posts", "create", "a")]);
  assert.deepEqual(newsOf({ method: "PATCH", path: "collections/a%20b/records/c%2Fd?x=1" }, {}), [records("a b", "update", "c/d")]);
  assert.deepEqual(newsOf({ method: "DELETE", path: "collections/posts/records/a" }, null), [records("posts", "delete", "a")]);
  assert.deepEqual(newsOf({ method: "DELETE", path: "collections/posts/truncate" }, null), [{ kind: "emptied", collection: "posts" }]);
  for (const [method, path] of [["POST", "collections"], ["PUT", "collections/import"], ["PATCH", "collections/a"], ["DELETE", "collections/a"]])
    assert.deepEqual(newsOf({ method, path }, {}), [{ kind: "collections" }], `${method} ${path}`);
  assert.deepEqual(newsOf({ method: "PATCH", path: "settings" }, {}), [{ kind: "settings" }]);
  for (const [method, path] of [[undefined, "collections/posts/records"], ["POST", "collections/users/auth-with-password"], ["POST", "realtime"], ["DELETE", "backups/a"]]) assert.deepEqual(newsOf({ method, path }, { id: "a" }), []);
});

test("a batch is one piece of news for each kind", () => {
  const requests = [
    { method: "POST", url: "/api/collections/posts/records" },
    { method: "DELETE", url: "/api/collections/posts/records/x" },
    { method: "DELETE", url: "api/collections/posts/records/y" },
    { method: "PATCH", url: 1 },
    null,
  ];
  const data = [{ status: 200, body: { id: "n" } }, { status: 204, body: null }];
  assert.deepEqual(newsOf({ method: "POST", path: "batch", body: { requests } }, data), [records("posts", "create", "n"), records("posts", "delete", "x", "y")]);
  for (const body of [undefined, null, 1, {}, { requests: 1 }, { requests: [1, {}, []] }]) for (const answer of [null, 1, {}, [null]]) assert.deepEqual(newsOf({ method: "POST", path: "batch", body }, answer), []);
});

test("only messages that are understood are taken", () => {
  for (const good of [records("a", "create", "b"), { kind: "settings" }, { kind: "emptied", collection: "a" }]) assert.deepEqual(newsFrom(good), good);
  for (const bad of [undefined, null, 1, "settings", [], {}, { kind: "later" }, { kind: "toString" }, { kind: "emptied" }, { kind: "records", collection: "a", action: "b", ids: [] }, { kind: "records", collection: "a", action: "create", ids: [1] }]) assert.equal(newsFrom(bad), null);
});

const row = (more) => ({ id: "a", collectionId: "c", collectionName: "n", ...more });

test("of a changed row is known what has changed, and related records stay", () => {
  const before = row({ title: "a", tags: ["x"], rel: "r1", other: "o1", expand: { rel: { id: "r1", name: "One" }, other: { id: "o1" } } });
  const { row: after, changed } = mergeRow(before, row({ title: "b", tags: ["x"], rel: "r1", other: "o2", hidden: 1 }));
  assert.deepEqual([...changed], ["title", "other"]);
  assert.deepEqual(after.expand, { rel: { id: "r1", name: "One" } });
  assert.equal(after.title, "b");
  const told = mergeRow(before, row({ rel: "r1", other: "o2", expand: { rel: { id: "r1", name: "New" }, other: { id: "o2" } } }));
  assert.deepEqual(told.row.expand, { rel: { id: "r1", name: "One" }, other: { id: "o2" } });
  assert.equal("expand" in mergeRow(row({}), row({})).row, false);
});

test("a row that is gone is another row, and marked", () => {
  const before = row({});
  const gone = goneRow(before);
  assert.notEqual(gone, before);
  assert.ok(markOf(gone).isGone);
  assert.equal(markOf(before), undefined);
});

test("ids are asked for beside a filter", () => {
  assert.equal(filterOfIds(["a", 'b"\\'], ""), 'id="a"||id="b\\"\\\\"');
  assert.equal(filterOfIds(["a"], "x = 1 || y = 2"), '(x = 1 || y = 2)&&(id="a")');
});
