// @ts-nocheck: run by node, whose types are not installed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AllSelection, EditorState, NodeSelection, TextSelection } from "prosemirror-state";
import { check } from "../../src/fields/checks.ts";
import { alignActs, blockActs, dirActs, markActs, moreActs, setColour, styleActs } from "../../src/fields/editor/acts.ts";
import { addressOf, insertFile, insertImage, insertMedia, linkAt, removeLink, setLink } from "../../src/fields/editor/insert.ts";
import { printDoc } from "../../src/fields/editor/print.ts";
import { readParts } from "../../src/fields/editor/read.ts";
import { readSource } from "../../src/fields/editor/source.ts";
import { enter } from "../../src/fields/editor/split.ts";
import { insertRule, insertTable } from "../../src/fields/editor/table.ts";
import { countWords } from "../../src/fields/editor/words.ts";

// The value after commands, each on all of it, or on `word`.
const after = (html, commands, word) => {
  const opened = readParts(html, readSource(html));
  let state = EditorState.create({ doc: opened.doc });
  for (const command of [commands].flat()) {
    let at = -1;
    if (word) state.doc.descendants((node, place) => void (node.isText && node.text.includes(word) && (at = place + node.text.indexOf(word))));
    const selection = at < 0 ? new AllSelection(state.doc) : TextSelection.create(state.doc, at, at + word.length);
    state = state.apply(state.tr.setSelection(selection));
    (command.run ?? command)(state, (tr) => (state = state.apply(tr)));
    state.doc.check();
  }
  return printDoc(state.doc, opened);
};
const act = (acts, label) => acts.find((one) => one.label === label);

describe("acts on rich text", () => {
  it("set and remove marks, and leave what else there is", () => {
    assert.equal(after("<p>word</p>", act(markActs, "Bold")), "<p><strong>word</strong></p>");
    assert.equal(after("<p><b class=x>word</b></p>", act(markActs, "Bold")), "<p>word</p>");
    assert.equal(after("<p>some word <o:p>x</o:p></p>", act(markActs, "Italic"), "word"), "<p>some <em>word</em> <o:p>x</o:p></p>");
    assert.equal(after("<p style='text-align:center' id=a><b>x</b><a href=y>z</a></p>", act(moreActs, "Clear formatting")), '<p id=a>x<a href=y>z</a></p>');
  });

  it("set a colour once", () => {
    const red = after("<p>word</p>", setColour("#ff0000"));
    assert.equal(red, '<p><span style="color: #ff0000;">word</span></p>');
    assert.equal(after(red, setColour("#00ff00")), '<p><span style="color: #00ff00;">word</span></p>');
    assert.equal(after(red, setColour("")), "<p>word</p>");
    assert.equal(after("<p><span class=k style='color:red'>word</span></p>", setColour("")), "<p><span class=k>word</span></p>");
    assert.equal(after("<p>word</p>", setColour('red"><script>')), '<p><span style="color: redscript;">word</span></p>');
  });

  it("align and turn blocks", () => {
    const centre = after("<p class=x>a</p><h2 style='color:red'>b</h2>", act(alignActs, "Centred"));
    assert.equal(centre, '<p class=x style="text-align: center;">a</p><h2 style="color:red; text-align: center;">b</h2>');
    assert.equal(after(centre, act(alignActs, "Left")), '<p class=x>a</p><h2 style="color:red;">b</h2>');
    assert.equal(after("<p align=right>a</p>", act(alignActs, "Left")), "<p>a</p>");
    assert.equal(after("<p>a</p>", act(dirActs, "Right to left")), '<p dir="rtl">a</p>');
    assert.equal(after("<p dir='rtl'>a</p>", act(dirActs, "Left to right")), '<p dir="ltr">a</p>');
    assert.equal(after('<p dir="ltr">a</p>', act(dirActs, "Left to right")), '<p dir="ltr">a</p>');
    assert.equal(after('<blockquote dir="rtl"><p>a</p></blockquote>', act(dirActs, "Left to right")), '<blockquote dir="rtl"><p dir="ltr">a</p></blockquote>');
  });

  it("align in the direction of the block", () => {
    const left = after('<p dir="rtl">a</p>', act(alignActs, "Left"));
    assert.equal(left, '<p dir="rtl" style="text-align: left;">a</p>');
    const isOn = (html) => {
      const { doc } = readParts(html, readSource(html));
      const state = EditorState.create({ doc, selection: TextSelection.atStart(doc) });
      return alignActs.filter((one) => one.isOn(state)).map(({ label }) => label).join();
    };
    assert.equal(isOn("<p>a</p>"), "Left");
    assert.equal(isOn('<p dir="rtl">a</p>'), "Right");
    assert.equal(isOn(left), "Left");
    assert.equal(isOn('<p dir="rtl" style="text-align: end">a</p>'), "Left");
  });

  it("change blocks and lists", () => {
    assert.equal(after("<p id=a>word</p>", act(styleActs, "Heading 3")), "<h3 id=a>word</h3>");
    assert.equal(after("<p>word</p>", act(styleActs, "Code block")), "<pre>word</pre>");
    assert.equal(after("<pre class=x>word</pre>", act(styleActs, "Paragraph")), "<p>word</p>");
    assert.equal(after("<p>word</p>", act(blockActs, "Bullet list")), "<ul><li>word</li></ul>");
    assert.equal(after("<ul class=x><li>word</li></ul>", act(blockActs, "Numbered list"), "word"), "<ol><li>word</li></ol>");
    assert.equal(after("<ul><li>word</li></ul>", act(blockActs, "Bullet list"), "word"), "<p>word</p>");
    assert.equal(after("<p>word</p>", [act(blockActs, "Quote")]), "<blockquote><p>word</p></blockquote>");
    assert.equal(after("<blockquote><p>word</p></blockquote>", act(blockActs, "Quote"), "word"), "<p>word</p>");
  });

  it("make lines of breaks in code, and nothing where something would be lost", () => {
    const code = act(styleActs, "Code block");
    assert.equal(after("<p>a<br>b <b>c</b></p>", code), "<pre>a\nb c</pre>");
    assert.equal(after("<pre>a\nb</pre>", act(styleActs, "Paragraph")), "<p>a<br>b</p>");
    for (const html of ["<p>a<br>b <img src=x></p>", "<p>a <!-- c --></p>", "<p>a</p><p><custom-x>b</custom-x> c</p>"]) {
      assert.equal(after(html, code), html);
      const { doc } = readParts(html, readSource(html));
      assert.equal(code.can(EditorState.create({ doc, selection: new AllSelection(doc) })), false);
    }
    assert.ok(code.why);
  });

  it("change the image that is selected", () => {
    const change = (src, alt) => (state, dispatch) => {
      let at = -1;
      state.doc.descendants((node, place) => void (node.type.name === "image" && (at = place)));
      return insertImage(src, alt)(state.apply(state.tr.setSelection(NodeSelection.create(state.doc, at))), dispatch);
    };
    const html = "<p>a <img class=k src='/a.png' width=4> b</p>";
    assert.equal(after(html, change("/a.png", "")), html);
    assert.equal(after(html, change("/b.png", "old")), '<p>a <img class=k src="/b.png" width=4 alt="old"> b</p>');
  });

  it("set, change and remove links", () => {
    const set = (href, text, isNewTab) => (state, dispatch) => setLink(linkAt(state), href, text ?? linkAt(state).text, isNewTab ?? false)(state, dispatch);
    assert.equal(after("<p>word</p>", set("https://a.b/?x&y")), '<p><a href="https://a.b/?x&amp;y">word</a></p>');
    assert.equal(after("<p>some word</p>", set("/x", undefined, true), "word"), '<p>some <a href="/x" target="_blank" rel="noopener">word</a></p>');
    assert.equal(after("<p>a <a class=q href=x>some word</a> b</p>", set("/y", "other"), "word"), '<p>a <a class=q href="/y">other</a> b</p>');
    assert.equal(after("<p>a <a href=x>some word</a></p>", (state, dispatch) => removeLink(linkAt(state))(state, dispatch), "word"), "<p>a some word</p>");
    assert.equal(after("", set("/x", "")), '<p><a href="/x">/x</a></p>');
  });

  it("begin a new line wherever a selection begins and ends", () => {
    for (const html of ["<dl></dl><ul><li><!-- c -->x<custom-x>q</custom-x></li><li>y</li></ul><table><tr><td>a</td><td>b</td></tr></table><blockquote><p>z</p></blockquote>"]) {
      const { doc } = readParts(html, readSource(html));
      for (let from = 0; from <= doc.content.size; from++)
        for (let to = from; to <= doc.content.size; to++) {
          const view = { state: EditorState.create({ doc, selection: TextSelection.between(doc.resolve(from), doc.resolve(to)) }) };
          enter(view.state, (tr) => (view.state = view.state.apply(tr)), view);
          view.state.doc.check();
        }
    }
  });

  it("know an address", () => {
    for (const [typed, want] of [["example.com", "https://example.com"], ["a@example.com", "mailto:a@example.com"], ["/a", "/a"], ["#a", "#a"], [" https://a.b ", "https://a.b"], ["javascript:alert(1)", ""], ["data:text/html,x", ""], ["a b", ""], ["", ""], ["vbscript:x", ""]]) assert.equal(addressOf(typed), want, typed);
  });

  it("put things in", () => {
    assert.equal(after("<p>word</p>", insertImage("/a.png", 'a "b"'), "word"), '<p><img src="/a.png" alt="a &quot;b&quot;"></p>');
    assert.match(after("<p>word</p>", insertMedia("/a.mp3"), "word"), /<audio controls="controls" src="\/a.mp3"><\/audio>/);
    assert.match(after("<p>word</p>", insertFile("/a.pdf", "a.pdf"), "word"), /<a href="\/a.pdf">a.pdf<\/a>/);
    assert.match(after("<p>word</p>", insertRule), /<hr>/);
    const table = after("", insertTable);
    assert.equal(table.match(/<tr>/g).length, 3);
    assert.equal(table.match(/<th>/g).length, 3);
    assert.match(table, /<table><tbody><tr>.*<\/tr><\/tbody><\/table>/);
  });

  it("count words, and bytes", () => {
    assert.equal(countWords(readParts("", readSource("<p>It's one-two, 3.</p><ul><li>four<li>ünf</ul>")).doc), 5);
    const field = { id: "f", name: "f", type: "editor", system: false, hidden: false };
    assert.equal(check("é".repeat(10), { ...field, maxSize: 20 }), "");
    assert.notEqual(check("é".repeat(11), { ...field, maxSize: 20 }), "");
    assert.equal(check("x".repeat(5 << 20), field), "");
    assert.notEqual(check("x".repeat((5 << 20) + 1), field), "");
    assert.notEqual(check("", { ...field, required: true }), "");
  });
});
