// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, explain } from "../../src/api/error.ts";
import { parseJson } from "../../src/lib/json.ts";
import { newsFrom } from "../../src/lib/news.ts";
import { renewAfter } from "../../src/lib/token.ts";

const token = (claims) => `x.${btoa(JSON.stringify(claims))}.x`;
const minute = 60_000;
const now = Date.UTC(2026, 0, 1);
const at = (ms) => Math.round((now + ms) / 1000);

test("a token is replaced before it ends, whatever the clock says", () => {
  const cases = [
    [{ exp: at(60 * minute) }, 55 * minute],
    [{ exp: at(2 * minute) }, minute],
    [{ exp: at(-400 * 24 * 60 * minute) }, minute / 2], // the clock is ahead
    [{ exp: at(1000) }, minute / 2],
    [{}, minute / 2],
    [{ iat: at(-600 * minute), exp: at(-540 * minute) }, 55 * minute], // ahead, and the server says when the token was made
    [{ iat: at(0), exp: at(0) }, 5000],
    [{ exp: at(1e13) }, 2_000_000_000],
  ];
  for (const [claims, ms] of cases) assert.equal(renewAfter(token(claims), now), ms, JSON.stringify(claims));
  assert.equal(renewAfter("nonsense", now), minute / 2);
});

test("the news of a sign-out says whose it was", () => {
  const news = { kind: "signed-out", who: { collection: "c", id: "u", keepsDrafts: false } };
  assert.deepEqual(newsFrom(news), news);
  for (const who of [undefined, null, "u", {}, { id: "u" }, { collection: "c", id: 1, keepsDrafts: true }, { collection: "c", id: "u" }]) assert.equal(newsFrom({ kind: "signed-out", who }), null);
});

test("JSON of any depth is read", () => {
  const depth = 20_000;
  let inner = parseJson(`${"[".repeat(depth)}1e5${"]".repeat(depth)}`);
  while (Array.isArray(inner)) inner = inner[0];
  assert.equal(inner, 1e5);
  assert.throws(() => parseJson("[1e5"), SyntaxError);
});

test("what is wrong with fields that a page does not have is said", () => {
  const wrong = (data) => explain(new ApiError({ status: 400, message: "Failed.", data, retryAfter: 0, requestId: "" }));
  const field = (message) => ({ code: "x", message });
  assert.deepEqual(wrong({ title: field("Too long."), a: { b: field("Missing.") } }), { what: "Some of this is not accepted", why: "title – Too long. a.b – Missing.", fix: "" });
  assert.equal(wrong({}).why, "Failed.");
  assert.match(wrong(Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`f${n}`, field("No.")]))).why, /f7 – No\. and 22 more$/);
});
