// @ts-nocheck: node's own types are not installed here
import assert from "node:assert/strict";
import test from "node:test";
import { labelsOf, matchRule, tagsOf } from "../../src/lib/rate-match.ts";

const all = [{ id: "pbc_1", name: "posts", type: "base" }, { id: "pbc_2", name: "users", type: "auth" }, { id: "pbc_3", name: "best", type: "view" }];
const rule = (label, audience = "") => ({ label, audience, duration: 1, maxRequests: 1 });
const labels = (method, path) => labelsOf({ method, path, isGuest: true }, all);

test("labels in the order in which they are tried", () => {
  assert.deepEqual(labels("GET", "/api/health?x=1"), ["GET /api/health", "/api/health"]);
  assert.deepEqual(labels("GET", "/api/collections/posts/records"), ["posts:list", "*:list", "GET /api/collections/posts/records", "/api/collections/posts/records"]);
  assert.deepEqual(labels("PATCH", "/api/collections/pbc_1/records/abc").slice(0, 2), ["posts:update", "*:update"]);
  assert.deepEqual(labels("POST", "/api/collections/users/auth-with-password").slice(0, 4), ["users:authWithPassword", "users:auth", "*:authWithPassword", "*:auth"]);
  assert.deepEqual(labels("GET", "/api/files/posts/abc/a.png").slice(0, 1), ["posts:file"]);
  assert.equal(labels("GET", "/api/collections/POSTS/records")[0], "posts:list"); // in whatever letters
  assert.equal(labels("HEAD", "/api/collections/p%6fsts/records/a%2Fb")[0], "posts:view"); // no part of the path
  assert.deepEqual(labels("GET", "/api/collections/none/records"), []); // no such collection: not limited
  assert.deepEqual(labels("POST", "/api/collections/best/records"), []); // a view takes none
  assert.deepEqual(labels("GET", "/api/%E0%A4%A/x"), ["GET /api/%E0%A4%A/x", "/api/%E0%A4%A/x"]);
  assert.deepEqual(labels("GET", "/api/a%20b"), ["GET /api/a b", "/api/a b"]);
  assert.equal(tagsOf("view").includes("create"), false);
});

test("the rule that counts a request", () => {
  const auth = "/api/collections/users/auth-with-password";
  for (const [rules, method, path, isGuest, place] of [
    [[rule("*:auth"), rule("/api/")], "POST", auth, true, 0],
    [[rule("/api/"), rule("*:auth")], "POST", auth, true, 1], // a label before the path's, wherever it stands
    [[rule("*:auth"), rule("users:auth")], "POST", auth, true, 1],
    [[rule("users:auth"), rule("users:authWithPassword")], "POST", auth, true, 1],
    [[rule("*:authWithPassword"), rule("users:auth")], "POST", auth, true, 1], // its own before those of all
    [[rule("*:auth", "@auth"), rule("/api/")], "POST", auth, true, 1],
    [[rule("*:auth", "@auth"), rule("*:auth", "@guest")], "POST", auth, true, 1],
    [[rule("*:auth", "@admin"), rule("/api/")], "POST", auth, true, 1],
    [[rule("/api/"), rule("/api/batch")], "POST", "/api/batch", false, 1], // all of it before its beginning
    [[rule("/api/"), rule("POST /api/batch")], "POST", "/api/batch", false, 1],
    [[rule("/api/"), rule("POST /api/")], "POST", "/api/batch", false, 1], // with the method first
    [[rule("/api/"), rule("/api/col/")], "GET", "/api/col/x", true, 0], // of beginnings the upper one
    [[rule("/api/health/")], "GET", "/api/health", true, 0], // with the "/" behind it
    [[rule("/api/health")], "GET", "/api/health/x", true, null],
    [[rule("GET /api/")], "HEAD", "/api/health", true, null],
    [[], "GET", "/api/health", true, null],
  ]) assert.equal(matchRule(rules, labelsOf({ method, path, isGuest }, all), isGuest)?.rule ?? null, place, `${method} ${path} ${rules.map(({ label }) => label)}`);
});
