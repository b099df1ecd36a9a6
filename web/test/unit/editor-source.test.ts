// @ts-nocheck: run by node, whose types are not installed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EditorState } from "prosemirror-state";
import { decode, getAttr, getStyle, setAttr, setStyle } from "../../src/fields/editor/attrs.ts";
import { printDoc } from "../../src/fields/editor/print.ts";
import { readParts } from "../../src/fields/editor/read.ts";
import { schema } from "../../src/fields/editor/schema.ts";
import { readSource } from "../../src/fields/editor/source.ts";

// As align.ts leaves it, of texts that hold only the plain entities.
const decoded = (parts) => {
  for (const part of parts) {
    if (part.kind === "text") part.text = decode(part.text);
    decoded(part.children);
  }
  return parts;
};
const open = (html) => readParts(html, decoded(readSource(html)));
const placeOf = (doc, word) => {
  let found = -1;
  doc.descendants((node, at) => {
    if (found < 0 && node.isText && node.text.includes(word)) found = at + node.text.indexOf(word);
  });
  assert.ok(found >= 0, word);
  return found;
};
// The value after `word` is typed over by `by`.
const edited = (html, word, by) => {
  const opened = open(html);
  const at = placeOf(opened.doc, word);
  const state = EditorState.create({ doc: opened.doc });
  return printDoc(state.apply(state.tr.insertText(by, at, at + word.length)).doc, opened);
};
const names = (html) => open(html).doc.content.content.map(({ type }) => type.name);

export const nasty = [
  "<p>one</p>\n<p>two</p>",
  "<p>a<!-- not <b>shown</b> --> b</p><!-- between --><p>c</p>",
  "<P CLASS=x id='y' data-z>upper</P>\r\n\r\n<p\n>lines</p\n>",
  "<p>open<p>also open<ul><li>one<li>two</ul><p>word",
  "<svg viewBox='0 0 1 1'><path d='M0 0'/><script>alert(1)</script></svg><p>word</p>",
  "<p>before <o:p>&nbsp;</o:p> word <custom-x a=1>in</custom-x></p>",
  "<table border=1><caption>C</caption><thead><tr><th>h</thead><tr><td>a<td><table><tr><td>inner</table></table>",
  "&lt;p&gt; &amp;&nbsp;&eacute; &#233; &copy word",
  "  \n <h1>  Title  </h1>\n\n text <b>bold</b> and <i>more</i>\n<div><div><p>deep</p></div></div>  ",
  "<p>a <b>b <i>c</b> d</i> e</p><p>word</p>",
  "<script>var a = '<p>no</p>'</script><style>p{}</style><p onclick=\"x()\">word</p><iframe src=//x></iframe>",
  "<pre>\n  code &lt;b&gt;\n</pre><pre><code class=language-js>let a\n</code></pre>",
  "<base href=//evil><meta http-equiv=refresh content='0;url=//evil'><p>word</p>",
  "<a href='javascript:alert(1)'>link</a> <img src=x onerror=alert(1)> <p><font color=red>red</font></p>",
  "</p></div>stray</b><br/><hr/><p>word</p>",
  "<p>unclosed quote <a href=\"x>word</a></p>",
  "<p>end <!-- never closed",
  "<ul><li><p>one</p><ul><li>nested</li></ul></li><!-- c --></ul>",
  "<dl><dt>a<dd>b</dl><details><summary>s</summary>word</details>",
  "<p>\u0000 nul \ud83d\ude00 \u202e</p>",
  "<",
  "a < b <3 </ > <!> <?php echo 1 ?>",
];

describe("source of rich text", () => {
  it("splits any source without a gap, and prints it as it was", () => {
    for (const html of nasty) {
      const parts = readSource(html);
      assert.equal(parts.map(({ start, end }) => html.slice(start, end)).join(""), html, html);
      const opened = open(html);
      assert.doesNotThrow(() => opened.doc.check(), html);
      assert.equal(printDoc(opened.doc, opened), html);
    }
  });

  it("survives texts of anything", () => {
    const pieces = ["<p>", "</p>", "<b", ">", "<table>", "<tr><td>", "</table>", "<!--", "-->", "<svg>", "</svg>", "<script>", "</script>", "x ", "\"", "'", "=", "<li>", "<ul>", "</ul>", "<h1>", "</h2>", "&amp;", "<br/>", "<div>", "</div>", "<i>", "</i>", "<pre>\n", "<img src=x>", "\n"];
    let seed = 7;
    const next = (n) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
    for (let n = 0; n < 4000; n++) {
      const html = Array.from({ length: 1 + next(24) }, () => pieces[next(pieces.length)]).join("");
      const parts = readSource(html);
      assert.equal(parts.map(({ start, end }) => html.slice(start, end)).join(""), html);
      const opened = open(html);
      opened.doc.check();
      const { doc } = opened;
      const state = EditorState.create({ doc });
      const after = state.apply(state.tr.insert(doc.content.size, schema.nodes.paragraph.create(null, schema.text("END")))).doc;
      const printed = printDoc(after, opened);
      assert.ok(printed.includes("END"), html);
      assert.ok(open(printed).doc.textContent.includes("END"), `${html} -> ${printed}`);
    }
  });

  it("reads what it has printed as what it held", () => {
    const pieces = ["<p>a", "</p>", "<b>b", "</b>", "<table><tr><td>c", "</table>", "<!-- d -->", "<svg></svg>", "e ", "<li>f", "<ul><li>g", "</ul>", "<h1>h", "</h1>", "<br>", "<div>i", "</div>", "<i>j", "</i>", "<pre>k", "</pre>", "<img src=x>", "\n", "<blockquote>l", "</blockquote>", "<hr>", "<o:p>m</o:p>", "</li>"];
    let seed = 11;
    const next = (n) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
    const shapeOf = (node) => node.isText ? node.text : node.isTextblock ? `${node.type.name}(${node.textContent.replace(/\s+/g, " ").trim()})` : `${node.type.name}[${node.content.content.map(shapeOf).join()}]`;
    for (let n = 0; n < 4000; n++) {
      const html = Array.from({ length: 1 + next(14) }, () => pieces[next(pieces.length)]).join("");
      const opened = open(html);
      const places = [];
      opened.doc.descendants((node, at) => void (node.isTextblock && places.push(at + 1)));
      if (places.length === 0) continue;
      const at = places[next(places.length)];
      const state = EditorState.create({ doc: opened.doc });
      const tr = next(3) === 0 && state.doc.resolve(at).parent.type.name === "paragraph" ? state.tr.split(at) : state.tr;
      const { doc } = state.apply(tr.insertText("X", at));
      const printed = printDoc(doc, opened);
      assert.equal(shapeOf(open(printed).doc), shapeOf(doc), `${JSON.stringify(html)} -> ${JSON.stringify(printed)}`);
    }
  });

  it("keeps all that is not touched", () => {
    const begin = "<P Class=a>one</P>\n\n<!-- c --><svg><a/></svg><ul>\n <li>x</li>\n <li id=i>word one</li>\n</ul>\n";
    const end = "\n<table border=1><tr><td>a<td>b</table><p>last &eacute;";
    assert.equal(edited(`${begin}<p  style='x'>some word here</p>${end}`, "some", "any"), `${begin}<p  style='x'>any word here</p>${end}`);
    assert.equal(edited(begin + end, "word", "other"), begin.replace("word", "other") + end);
    assert.equal(edited("<p>a<p>b<p>c", "b", "x"), "<p>a<p>x</p><p>c");
    assert.equal(edited("<div class=q>\n<p>a</p>\n<p id=b>b</p>\n</div>", "b", "x"), "<div class=q>\n<p>a</p>\n<p id=b>x</p>\n</div>");
    assert.equal(edited("text <b>bold</b>\n<p>p</p>", "text", "word"), "word <b>bold</b>\n<p>p</p>");
    assert.equal(edited("<table><caption>c</caption>\n<thead><tr><th>h</th></tr></thead>\n<tbody>\n<tr><td>a</td>\n<td>b</td></tr></tbody></table>", "b", "x"), "<table><caption>c</caption>\n<thead><tr><th>h</th></tr></thead>\n<tbody>\n<tr><td>a</td>\n<td>x</td></tr></tbody></table>");
    assert.equal(edited("<p>one <o:p>&nbsp;</o:p><!-- c --><a name=x></a><i class=k data-q='1'>two</i></p>", "one", "1"), "<p>1 <o:p>&nbsp;</o:p><!-- c --><a name=x></a><i class=k data-q='1'>two</i></p>");
    assert.equal(edited("<pre>a\r\nb</pre>\r\n<p>x</p>", "b", "c"), "<pre>a\r\nc</pre>\r\n<p>x</p>");
  });

  it("keeps spaces and lines where a style does", () => {
    for (const html of [
      '<p style="white-space: pre-wrap">one   two\n   three</p>',
      '<p style="white-space: pre-wrap">one\r\n  two  </p>\r\n',
      '<p>one <span style="white-space:pre">k    v\n</span> end</p>',
      '<div style="WHITE-SPACE: pre-line">\n  one\n\n  two\n</div>',
      '<p>one <a name="top"> </a>y</p>',
      "<p>one<a name=end> </a></p>",
      '<p><b class="a"> </b>one</p>',
    ]) assert.equal(edited(html, "one", "1"), html.replace("one", "1"));
    assert.equal(edited('<div style="white-space: pre"><p style="white-space: normal">one  two</p></div>', "one", "1"), '<div style="white-space: pre"><p style="white-space: normal">1 two</p></div>');
    const moved = open('<p style="white-space: pre">one\ntwo</p><p>x</p>');
    const state = EditorState.create({ doc: moved.doc });
    const { tr, doc } = state;
    assert.equal(printDoc(tr.insert(doc.content.size - 1, doc.firstChild.content).doc, moved), '<p style="white-space: pre">one\ntwo</p><p>xone<br>two</p>');
  });

  it("closes what is open when something new follows it", () => {
    for (const html of ["<p>x</p><!-- open", "<p>x</p><custom-x>open", "<p>open <b>bold", "<p>x</p><script>open"]) {
      const opened = open(html);
      const state = EditorState.create({ doc: opened.doc });
      const printed = printDoc(state.apply(state.tr.insert(opened.doc.content.size, schema.nodes.paragraph.create(null, schema.text("new")))).doc, opened);
      assert.ok(printed.startsWith(html), printed);
      const again = open(printed).doc;
      assert.equal(again.lastChild?.textContent, "new", printed);
      assert.equal(again.childCount, opened.doc.childCount + 1, printed);
    }
  });

  it("is as before when an edit is undone, and empty when all is gone", () => {
    const html = "<P>one<P>two\n<p  >three</p>";
    const opened = open(html);
    const state = EditorState.create({ doc: opened.doc });
    const at = placeOf(opened.doc, "two");
    const there = state.apply(state.tr.insertText("X", at, at + 1));
    const back = there.apply(there.tr.insertText("t", at, at + 1));
    assert.equal(printDoc(back.doc, opened), html);
    const gone = state.apply(state.tr.delete(0, opened.doc.content.size));
    assert.equal(printDoc(gone.doc, opened), "");
    const two = state.apply(state.tr.split(at + 1));
    assert.equal(printDoc(two.doc, opened), "<P>one<P>t</p><p>wo</p><p  >three</p>");
  });

  it("knows what it can hold", () => {
    assert.deepEqual(names("<p>a</p><h3>b</h3><ul><li>c</ul><pre>d</pre><hr><blockquote>e</blockquote><div>f</div><div><p>g</p></div><table><tr><td>h</table>"), ["paragraph", "heading", "bullet_list", "code_block", "rule", "quote", "paragraph", "box", "table"]);
    assert.deepEqual(names("<form><p>a</p></form><!-- b --><svg/><b><p>c</p></b>"), ["opaque", "opaque"]);
    assert.equal(open("<p>  a \n  b&nbsp; </p>").doc.textContent, "a b\u00a0");
  });

  it("reads half a megabyte at once", () => {
    const html = "<p class=x>Some <b>bold</b> text &amp; more of it.</p>\n".repeat(9000);
    const began = performance.now();
    const opened = open(html);
    assert.equal(opened.doc.childCount, 9000);
    const state = EditorState.create({ doc: opened.doc });
    const printed = printDoc(state.apply(state.tr.insertText("X", 1)).doc, opened);
    assert.equal(printed.length, html.length + 1);
    assert.ok(performance.now() - began < 5000);
    for (const deep of ["<div>".repeat(100_000), "<b>".repeat(100_000), "</b>".repeat(100_000), "<table><tr><td>".repeat(30_000), "<!--".repeat(100_000), "<a ".repeat(100_000), "<a b='".repeat(60_000), "<script></script".repeat(30_000)]) {
      const one = open(deep);
      assert.equal(printDoc(one.doc, one), deep);
    }
    assert.ok(performance.now() - began < 20_000);
  });

  it("changes an attribute, and leaves the others", () => {
    assert.equal(getAttr(" href='a&amp;b' x", "href"), "a&b");
    assert.equal(setAttr(" class='q'  href=x", "href", "a\"b"), " class='q' href=\"a&quot;b\"");
    assert.equal(setAttr(" a=1 b", "a", null), " b");
    assert.equal(getStyle(" style=\"COLOR: red; background: url('a;b')\"", "color"), "red");
    assert.equal(setStyle(" style='color:red;margin:0'", "text-align", "center"), ' style="color:red; margin:0; text-align: center;"');
    assert.equal(setStyle(" style='color:red' id=x", "color", null), " id=x");
  });
});
