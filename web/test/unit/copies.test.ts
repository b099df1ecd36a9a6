// @ts-nocheck types of node are not installed
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bound, curlOf, dartFilter, dartOf, filterOfIds, jsFilter, jsOf } from "../../src/lib/copies.ts";
import { parse } from "../../src/lib/filter/parse.ts";

const of = { base: "https://x.example/app", collection: "posts", filter: "status = 'draft' && views > 3", sort: "-created" };

// What the SDK makes of a filter and its parameters.
const put = (text, params) => Object.entries(params).reduce((all, [name, value]) => all.replaceAll(`{:${name}}`, () => `'${value.replace(/'/g, "\\'")}'`), text);

describe("filters for the SDK", () => {
  it("binds texts, and nothing else", () => {
    assert.deepEqual(bound("a = 'x' && b > 3 && c = \"it's\""), { text: "a = {:p1} && b > 3 && c = {:p2}", params: { p1: "x", p2: "it's" } });
    assert.equal(jsFilter("a = 'x'"), 'pb.filter("a = {:p1}", { p1: "x" })');
    assert.equal(dartFilter("a = '$x'"), 'pb.filter("a = {:p1}", { "p1": "\\$x" })');
    assert.equal(jsFilter("a > 3"), '"a > 3"');
  });
  it("leaves what the SDK would not give back", () => {
    for (const filter of ["a = '{:p1}' && b = 'x'", "a = 'unclosed", "a = 'back\\\\slash'", ""]) assert.deepEqual(bound(filter), { text: filter, params: {} }, filter);
  });
  it("means the same afterwards", () => {
    for (const filter of ["a = 'it\\'s' || (b ~ \"q\\\"q\" && c != '')", "strftime('%Y', d) = '2026' // note 'x'", "a = 'p1' && b = '$&'"]) {
      const { text, params } = bound(filter);
      const again = put(text, params);
      const values = (source) => JSON.stringify(parse(source).node, (key, value) => (key === "at" || key === "end" || key === "length" ? undefined : value));
      assert.equal(values(again).replaceAll('\\"', "'"), values(filter).replaceAll('\\"', "'"), filter);
    }
  });
});

describe("records for elsewhere", () => {
  it("names the token, and never has one", () => {
    assert.equal(curlOf({ ...of, ids: ["a'b"] }), `curl 'https://x.example/app/api/collections/posts/records/a'\\''b' \\\n  -H "Authorization: $TOKEN"`);
    assert.match(curlOf(of), /^curl -G 'https:\/\/x\.example\/app\/api\/collections\/posts\/records' \\\n {2}-H "Authorization: \$TOKEN" \\\n {2}--data-urlencode 'filter=status = '\\''draft'\\'' && views > 3'/);
  });
  it("asks for one by its id, for several by a filter", () => {
    assert.match(jsOf({ ...of, ids: ["abc"] }), /const record = await pb\.collection\("posts"\)\.getOne\("abc"\);$/);
    assert.match(jsOf({ ...of, ids: ["abc", "def"] }), /getList\(1, 2, \{\n {2}filter: pb\.filter\("id={:p1} \|\| id={:p2}", \{ p1: "abc", p2: "def" \}\),\n {2}sort: "-created",\n\}\);$/);
    assert.match(dartOf(of), /getList\(\n {2}page: 1,\n {2}perPage: 50,\n {2}filter: pb\.filter\("status = {:p1} && views > 3", \{ "p1": "draft" \}\),\n {2}sort: "-created",\n\);$/);
    assert.match(dartOf({ ...of, ids: ["$a"] }), /getOne\("\\\$a"\);$/);
    assert.match(jsOf({ ...of, filter: "", sort: "" }), /getList\(1, 50\);$/);
  });
  it("takes ids of any kind", () => {
    const ids = ["it's", "a\\b", "line\nbreak", "", "😀"];
    const { node } = parse(filterOfIds(ids));
    assert.ok(node);
  });
});
