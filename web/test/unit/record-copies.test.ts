// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { htmlLines } from "../../src/fields/editor/lines.ts";
import { asSomebody, curlOf, updateOf } from "../../src/lib/copies-record.ts";

const at = { base: "http://127.0.0.1:8090", collection: "it's $5", id: "a" };

test("curl has a word for each part, and never a token", () => {
  const read = curlOf(at, {});
  assert.equal(read, `curl 'http://127.0.0.1:8090/api/collections/it'\\''s%20%245/records/a' \\\n  -H "Authorization: $TOKEN"`);
  assert.match(curlOf(at, { title: "it's", n: 1 }), /-X PATCH[^]*-d '\{\n {2}"title": "it'\\''s",\n {2}"n": 1\n\}'$/);
});

test("snippets hold texts as their languages read them", () => {
  assert.match(updateOf("js", at, { a: "$x" }), /collection\("it's \$5"\)\.update\("a", \{\n {2}"a": "\$x"\n\}\);$/);
  assert.match(updateOf("dart", at, { a: "$x" }), /collection\("it's \\\$5"\)\.update\("a", body: \{\n {2}"a": "\\\$x"\n\}\);$/);
  for (const language of ["js", "dart", "curl"]) assert.ok(asSomebody(language, at, "to.k_e-n").includes("to.k_e-n"));
});

test("rich text is read whole, a line for each block", () => {
  assert.deepEqual(htmlLines("<p>One <b>two</b></p><p>three<br>four</p><script>no()</script>"), ["One two", "three", "four"]);
  const long = "<p>" + "word <i>more</i> ".repeat(5000) + "</p>";
  assert.equal(htmlLines(long).join(" ").split(" ").filter((word) => word === "more").length, 5000);
  for (const strange of ["", "<", "<p", "<<<<".repeat(5000), "<".repeat(300_000), "&#x110000;", "<script>".repeat(9000), "x".repeat(300_000)]) assert.ok(Array.isArray(htmlLines(strange)));
});
