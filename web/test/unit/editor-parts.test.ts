// @ts-nocheck: run by node, whose types are not installed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EditorState, TextSelection } from "prosemirror-state";
import { addRowAfter, CellSelection, deleteColumn, toggleHeader } from "prosemirror-tables";
import { align, refusedOf } from "../../src/fields/editor/align.ts";
import { tablePlugins } from "../../src/fields/editor/grid.ts";
import { printDoc } from "../../src/fields/editor/print.ts";
import { readParts } from "../../src/fields/editor/read.ts";
import { readSource } from "../../src/fields/editor/source.ts";

// Nodes of a document as align() looks at them.
const node = (part) => ({ nodeType: part.kind === "text" ? 3 : part.kind === "comment" ? 8 : 1, localName: part.tag, nodeValue: part.text, childNodes: nodes(part.children) });
const nodes = (parts) => {
  const list = [];
  for (const part of parts.filter(({ kind }) => kind !== "stray")) {
    const last = list.at(-1);
    if (part.kind === "text" && last?.nodeType === 3) last.nodeValue += part.text;
    else list.push(node(part));
  }
  return list;
};

const open = (html) => readParts(html, readSource(html));
const at = (doc, word) => {
  let found = -1;
  doc.descendants((one, place) => {
    if (one.isText && one.text.includes(word)) found = place + one.text.indexOf(word);
  });
  return found;
};
const after = (html, word, command) => {
  const opened = open(html);
  let state = EditorState.create({ doc: opened.doc });
  state = state.apply(state.tr.setSelection(TextSelection.create(state.doc, at(state.doc, word))));
  assert.ok(command(state, (tr) => (state = state.apply(tr))));
  return printDoc(state.doc, opened);
};

describe("parts of rich text", () => {
  it("are taken where a browser reads the same", () => {
    const html = "<p>a</b>b<i>c</i></p><!-- d --><table><tr><td>e</table>";
    const parts = readSource(html);
    assert.ok(align(parts, nodes(readSource(html))));
    assert.equal(align(parts, nodes(readSource("<p>ab<i>c</i></p>"))), false);
    assert.equal(align(parts, nodes(readSource(html.replace("<i>c</i>", "<b>c</b>")))), false);
  });

  it("are refused piece by piece where it does not", () => {
    const html = "<p>a</p><p>b</p>text";
    const parts = readSource(html);
    const refused = refusedOf(html, parts, (piece) => (piece === "<p>a</p>" || piece === "text" ? nodes(readSource(piece)) : []));
    assert.deepEqual([...refused].map(({ start }) => start), [8]);
    const { doc } = readParts(html, parts, refused);
    assert.deepEqual(doc.content.content.map(({ type }) => type.name), ["paragraph", "opaque", "paragraph"]);
  });

  it("of a table are kept when rows and columns change", () => {
    const html = "<table border=1>\n<caption>c</caption>\n<thead class=h>\n<tr><th>x</th><th>y</th></tr>\n</thead>\n<tbody id=b>\n<tr><td>a</td><td>b</td></tr>\n</tbody></table>";
    const more = after(html, "a", addRowAfter);
    assert.ok(more.startsWith(html.slice(0, html.indexOf("\n</tbody>"))), more);
    assert.equal(more.match(/<tr>/g).length, 3);
    const less = after(html, "a", deleteColumn);
    assert.equal(less, html.replace("<th>x</th>", "").replace("<td>a</td>", ""));
    const head = after(html, "a", toggleHeader("row"));
    assert.ok(head.includes("<td>x</td>") || head.includes("<th>x</th>"), head);
  });

  it("of a table that is no grid stay as they are", () => {
    for (const html of [
      "<table><tr><td>a</td></tr><tr><td>b</td><td>c</td></tr><tr><td>d</td><td>word</td></tr></table>",
      "<table><tbody><tr><td colspan=3>a</td></tr><tr><td>b</td><td>word</td></tr></tbody></table>",
      '<table><tbody><tr><td rowspan="5">a</td><td>q</td></tr><tr><td>word</td></tr></tbody></table>',
    ]) {
      const opened = open(html);
      let state = EditorState.create({ doc: opened.doc, plugins: tablePlugins() });
      const place = at(opened.doc, "word");
      state = state.apply(state.tr.insertText("X", place, place + 4));
      assert.equal(printDoc(state.doc, opened), html.replace("word", "X"));
      const cell = state.doc.resolve(place).before(-1);
      assert.ok(!(state.apply(state.tr.setSelection(CellSelection.create(state.doc, cell))).selection instanceof CellSelection), html);
    }
    const { doc } = open("<table><tr><td>a</td><td>b</td></tr></table>");
    const state = EditorState.create({ doc, plugins: tablePlugins() });
    assert.ok(state.apply(state.tr.setSelection(CellSelection.create(doc, doc.resolve(at(doc, "a")).before(-1)))).selection instanceof CellSelection);
  });
});
