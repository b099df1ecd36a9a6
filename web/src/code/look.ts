// How code looks: the colours of the page, which go into the shadow root as its variables do.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--sunken)", border: "1px solid var(--line-strong)", borderRadius: "var(--radius)", fontSize: "13px" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px", maxHeight: "min(60vh, 480px)", overflow: "auto" },
  ".cm-content": { padding: "6px 0", minHeight: "72px", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 8px" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--muted)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--accent-soft) 40%, transparent)" },
  ".cm-cursor": { borderInlineStartColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--accent-soft)" },
  ".cm-placeholder": { color: "var(--muted)" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", color: "var(--text)", border: "1px solid var(--line)", borderRadius: "var(--radius)", boxShadow: "var(--shadow)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "2px 8px", lineHeight: "20px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent-soft)", color: "var(--on-accent-soft)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--danger)" },
  ".cm-diagnostic-error": { borderInlineStartColor: "var(--danger)" },
  ".cm-matchingBracket": { backgroundColor: "var(--accent-soft)" },
});

export const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.tagName, tags.bool, tags.null, tags.operatorKeyword], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.attributeValue, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.propertyName, tags.attributeName, tags.typeName], color: "var(--code-number)" },
  { tag: [tags.comment, tags.processingInstruction, tags.meta], color: "var(--code-comment)" },
]);

export const look: Extension = [theme, syntaxHighlighting(colours)];
