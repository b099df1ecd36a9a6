// What the editor knows. `attrs` is the text of a tag's attributes as it is written (attrs.ts): of
// all that is in it only a few are shown, and none is lost.

import { Schema, type DOMOutputSpec, type Mark, type MarkSpec, type Node, type NodeSpec } from "prosemirror-model";
import { getAttr, getStyle } from "./attrs.ts";

export const boxTags: ReadonlySet<string> = new Set(["div", "section", "article", "main", "header", "footer", "nav", "aside", "center", "address", "figure", "figcaption"]);

export const headings: readonly string[] = ["h1", "h2", "h3", "h4", "h5", "h6"];

// Marks by the tags that are them; all other tags in `wraps` are spans that hold what they hold.
export const markTags: Record<string, string> = {
  a: "link", b: "strong", strong: "strong", i: "em", em: "em", u: "underline", s: "strike", strike: "strike", del: "strike", sub: "sub", sup: "sup", code: "code",
};
for (const tag of "span font big small mark abbr cite q kbd samp var ins dfn time bdi bdo tt acronym".split(" ")) markTags[tag] = "span";

// Elements that stand in a line of text when nothing is known of them but their name.
export const blockTags: ReadonlySet<string> = new Set([
  ...boxTags, ...headings, ..."p ul ol li blockquote pre hr table caption colgroup col tbody thead tfoot tr td th dl dt dd details summary dialog fieldset form hgroup menu dir search script style link meta base title noscript template ?".split(" "),
]);

const aligns: ReadonlySet<string> = new Set(["left", "right", "center", "justify", "start", "end"]);
export const alignOf = (attrs: string): string => {
  const found = (getStyle(attrs, "text-align") || getAttr(attrs, "align") || "").toLowerCase();
  return aligns.has(found) ? found : "";
};
export const dirOf = (attrs: string): string => {
  const found = (getAttr(attrs, "dir") ?? "").toLowerCase();
  return found === "rtl" || found === "ltr" ? found : "";
};

const shownAttrs = (node: Node): Record<string, string> => {
  const { attrs } = node.attrs as { attrs: string };
  if (attrs === "") return {};
  const align = alignOf(attrs);
  const dir = dirOf(attrs);
  return { ...(align ? { style: `text-align: ${align}` } : {}), ...(dir ? { dir } : {}) };
};

const block = (more: NodeSpec & { tag: string | ((node: Node) => string) }): NodeSpec => {
  const { tag, ...spec } = more;
  return {
    group: "block",
    ...spec,
    attrs: { attrs: { default: "" }, ...spec.attrs },
    toDOM: (node): DOMOutputSpec => [typeof tag === "string" ? tag : tag(node), shownAttrs(node), ...(spec.atom ? [] : [0])] as DOMOutputSpec,
  };
};

const cell = (tag: "td" | "th"): NodeSpec => ({
  content: "block+",
  tableRole: tag === "td" ? "cell" : "header_cell",
  isolating: true,
  attrs: { attrs: { default: "" }, colspan: { default: 1 }, rowspan: { default: 1 }, colwidth: { default: null } },
  toDOM: (node): DOMOutputSpec => [tag, { ...shownAttrs(node), colspan: String(node.attrs["colspan"]), rowspan: String(node.attrs["rowspan"]) }, 0],
});

const nodes: Record<string, NodeSpec> = {
  doc: { content: "block+" },
  // tag "": that of its place, none where it stands alone in an item or a cell.
  paragraph: { ...block({ tag: (node) => (node.attrs["tag"] === "div" ? "div" : "p"), content: "inline*", attrs: { tag: { default: "" } } }), parseDOM: [{ tag: "p" }, { tag: "div" }] },
  heading: block({ tag: (node) => `h${node.attrs["level"]}`, content: "inline*", defining: true, attrs: { level: { default: 2 } } }),
  quote: block({ tag: "blockquote", content: "block+", defining: true }),
  box: block({ tag: "div", content: "block+", attrs: { tag: { default: "div" } } }),
  bullet_list: block({ tag: "ul", content: "list_item+" }),
  ordered_list: block({ tag: "ol", content: "list_item+" }),
  list_item: { ...block({ tag: "li", content: "block+", defining: true }), group: "" },
  // inner: the tag of a code element in it, as it is written.
  code_block: { ...block({ tag: "pre", content: "text*", marks: "", code: true, defining: true, attrs: { inner: { default: "" } } }) },
  rule: block({ tag: "hr", atom: true }),
  // lead: the caption and the columns.
  table: { ...block({ tag: "table", content: "table_row+", isolating: true, attrs: { lead: { default: "" } } }), tableRole: "table", toDOM: (node) => ["div", { class: "rich-table" }, ["table", shownAttrs(node), ["tbody", 0]]] },
  table_row: { content: "(table_cell | table_header)*", tableRole: "row", attrs: { attrs: { default: "" }, section: { default: "tbody" } }, toDOM: () => ["tr", 0] },
  table_cell: cell("td"),
  table_header: cell("th"),
  opaque: { group: "block", atom: true, draggable: true, attrs: { source: { default: "" }, tag: { default: "" } }, toDOM: () => ["div"] },
  text: { group: "inline" },
  // attrs "\n": a line that ends without a tag, where the style keeps those.
  hard_break: { inline: true, linebreakReplacement: true, group: "inline", selectable: false, attrs: { attrs: { default: "" } }, parseDOM: [{ tag: "br" }], toDOM: () => ["br"] },
  image: { inline: true, group: "inline", draggable: true, attrs: { attrs: { default: "" } }, toDOM: () => ["span"] },
  bit: { inline: true, group: "inline", atom: true, attrs: { source: { default: "" }, tag: { default: "" } }, toDOM: () => ["span"] },
};

const mark = (tag: string, more: Partial<MarkSpec> = {}): MarkSpec => ({
  attrs: { tag: { default: tag }, attrs: { default: "" } },
  toDOM: () => [tag, 0],
  ...more,
});

export const colourOf = (attrs: string): string => getStyle(attrs, "color") || (getAttr(attrs, "color") ?? "");

const wrapStyle = (of: Mark): Record<string, string> => {
  const { attrs, tag } = of.attrs as { attrs: string; tag: string };
  const colour = colourOf(attrs);
  const isColour = colour !== "" && globalThis.CSS?.supports("color", colour);
  return { class: [`rich-${tag}`, isColour ? "rich-ink" : ""].join(" ").trim(), ...(isColour ? { style: `--ink: ${colour}` } : {}) };
};

const marks: Record<string, MarkSpec> = {
  // Without an address: it is not to lead anywhere from here.
  link: mark("a", { inclusive: false, toDOM: (of) => ["span", { class: "rich-link", title: getAttr(of.attrs["attrs"] as string, "href") ?? "" }, 0] }),
  span: mark("span", { excludes: "", toDOM: (of) => ["span", wrapStyle(of), 0] }),
  strong: mark("strong"),
  em: mark("em"),
  underline: mark("u"),
  strike: mark("s"),
  sub: mark("sub"),
  sup: mark("sup"),
  code: mark("code"),
};

export const schema = new Schema({ nodes, marks });
