// From parts of HTML to what the editor holds. What the schema has no place for becomes an opaque
// piece that holds its source. Each node's origin says where it stood.

import { Fragment, type Mark, type Node } from "prosemirror-model";
import { getAttr, getStyle, setAttr } from "./attrs.ts";
import { blockTags, boxTags, headings, markTags, schema } from "./schema.ts";
import { closerOf, type Part } from "./source.ts";

export interface Origin {
  start: number;
  openEnd: number;
  closeStart: number;
  end: number;
  closer: string; // where something else stands behind it
  children: readonly Node[];
}

export interface Opened {
  html: string;
  doc: Node;
  origins: WeakMap<Node, Origin>;
}

const n = schema.nodes as Record<string, (typeof schema.nodes)[string]>;
const make = (type: string, attrs: Record<string, unknown>, content?: readonly Node[]): Node | null => {
  const found = n[type];
  const inside = Fragment.from(content ? [...content] : []);
  return found?.validContent(inside) ? found.create(attrs, inside) : null;
};

const isBlank = (part: Part): boolean => part.kind === "stray" || (part.kind === "text" && !/[^\t\n\f\r ]/.test(part.text));
const isInline = (part: Part): boolean => part.kind !== "element" || !blockTags.has(part.tag);
const hasBlock = (parts: readonly Part[]): boolean => parts.some((part) => !isInline(part));
// Of an element of its own nothing but its name is known.
const isUnknown = (part: Part): boolean => part.kind === "comment" || (part.kind === "element" && !Object.hasOwn(markTags, part.tag) && part.tag !== "br" && part.tag !== "img");

export const spaces = /white-space/i;

type Builder = (part: Part) => Node | null;

export class Reader {
  readonly origins = new WeakMap<Node, Origin>();
  readonly #html: string;
  readonly #refused: ReadonlySet<Part>;
  #isSpaced = false; // spaces and line ends are kept where it reads
  #endsSpaced = false; // and were at the last text

  // refused: what a browser reads otherwise than readSource() does.
  constructor(html: string, refused: ReadonlySet<Part>) {
    this.#html = html;
    this.#refused = refused;
  }

  #keep(node: Node | null, part: Part, children: readonly Node[] = []): Node | null {
    if (node) this.origins.set(node, { start: part.start, openEnd: part.openEnd, closeStart: part.closeStart, end: part.end, closer: closerOf(part), children });
    return node;
  }

  #opaque(first: Part, last = first): Node {
    const node = n["opaque"]?.create({ source: this.#html.slice(first.start, last.end), tag: first.kind === "comment" ? "!" : first.tag }) as Node;
    this.#keep(node, { ...first, openEnd: last.end, closeStart: last.end, end: last.end, isClosed: true });
    return this.#closed(node, last);
  }

  #closed(node: Node, last: Part): Node {
    const origin = this.origins.get(node);
    if (origin) origin.closer = closerOf(last);
    return node;
  }

  blocks(parts: readonly Part[]): Node[] {
    const nodes: Node[] = [];
    let run: Part[] = [];
    const flush = () => {
      const first = run.findIndex((part) => !isBlank(part));
      const inside = first < 0 ? [] : run.slice(first, run.findLastIndex((part) => !isBlank(part)) + 1);
      run = [];
      if (inside.length > 0) nodes.push(...this.#bare(inside));
    };
    for (const part of parts) {
      if (isInline(part)) run.push(part);
      else {
        flush();
        nodes.push(this.#block(part));
      }
    }
    flush();
    return nodes;
  }

  // Text that stands in no paragraph.
  #bare(parts: readonly Part[]): Node[] {
    const first = parts[0] as Part;
    const last = parts.at(-1) as Part;
    if (parts.every((part) => isBlank(part) || isUnknown(part))) return parts.filter((part) => !isBlank(part)).map((part) => this.#opaque(part));
    const content = parts.some((part) => this.#refused.has(part)) ? null : this.inline(parts);
    const node = content && make("paragraph", {}, content);
    if (!node) return [this.#opaque(first, last)];
    this.#keep(node, { ...first, openEnd: first.start, closeStart: last.end, end: last.end, isClosed: true });
    return [this.#closed(node, last)];
  }

  // What stands in a part has its style of spaces.
  #within<T>(part: Part, read: () => T): T {
    const style = spaces.test(part.attrs) ? getStyle(part.attrs, "white-space") : "";
    const before = this.#isSpaced;
    if (style) this.#isSpaced = /pre|break-spaces|preserve/i.test(style);
    const found = read();
    this.#isSpaced = before;
    return found;
  }

  #block(part: Part): Node {
    const build = this.#refused.has(part) ? undefined : headings.includes(part.tag) ? this.#heading : boxTags.has(part.tag) ? this.#box : Object.hasOwn(this.#builders, part.tag) ? this.#builders[part.tag] : undefined;
    return build?.call(this, part) ?? this.#opaque(part);
  }

  #textblock(type: string, part: Part, attrs: Record<string, unknown>): Node | null {
    const content = hasBlock(part.children) ? null : this.#within(part, () => this.inline(part.children));
    return this.#keep(content && make(type, { attrs: part.attrs, ...attrs }, content), part);
  }

  #heading(part: Part): Node | null {
    return this.#textblock("heading", part, { level: Number(part.tag[1]) });
  }

  #container(type: string, part: Part, attrs: Record<string, unknown> = {}): Node {
    const found = this.#within(part, () => this.blocks(part.children));
    const children = found.length > 0 ? found : [n["paragraph"]?.create() as Node];
    return this.#keep(make(type, { attrs: part.attrs, ...attrs }, children), part, found) ?? this.#opaque(part);
  }

  #box(part: Part): Node | null {
    const isText = part.tag === "div" && !hasBlock(part.children) && part.children.some((one) => !isBlank(one) && !isUnknown(one));
    const isEmpty = part.children.every(isBlank);
    return isText ? this.#textblock("paragraph", part, { tag: "div" }) : isEmpty ? null : this.#container("box", part, { tag: part.tag });
  }

  #list(type: string, part: Part): Node | null {
    const items = part.children.filter((one) => !isBlank(one));
    if (items.length === 0 || !items.every((one) => one.kind === "element" && one.tag === "li")) return null;
    const children = items.map((one) => this.#container("list_item", one));
    return this.#keep(make(type, { attrs: part.attrs }, children), part, children);
  }

  #code(part: Part): Node | null {
    const [only] = part.children.filter((one) => one.kind !== "stray");
    const isInner = only?.kind === "element" && only.tag === "code" && part.children.every((one) => one === only || one.kind === "stray");
    const holder = isInner ? only : part;
    if (!holder.children.every((one) => one.kind === "text" || one.kind === "stray")) return null;
    const text = holder.children.map((one) => one.text).join("").replace(/\r\n?/g, "\n");
    return this.#keep(make("code_block", { attrs: part.attrs, inner: isInner ? this.#html.slice(only.start, only.openEnd) : "" }, text ? [schema.text(text)] : []), part);
  }

  #cell(part: Part): Node {
    const span = (name: string, most: number) => Math.min(most, Math.max(1, Math.floor(Number(getAttr(part.attrs, name) ?? 1)) || 1));
    const attrs = setAttr(setAttr(part.attrs, "colspan", null), "rowspan", null);
    return this.#container(part.tag === "th" ? "table_header" : "table_cell", part, { attrs: attrs.trim() === "" ? "" : attrs, colspan: span("colspan", 1000), rowspan: span("rowspan", 10_000) });
  }

  #row(part: Part, section: string): Node | null {
    const cells = part.children.filter((one) => !isBlank(one));
    if (cells.length === 0 || !cells.every((one) => one.tag === "td" || one.tag === "th")) return null;
    const children = cells.map((one) => this.#cell(one));
    return this.#keep(make("table_row", { attrs: part.attrs, section }, children), part, children);
  }

  #table(part: Part): Node | null {
    const parts = part.children.filter((one) => !isBlank(one));
    const sections = parts.filter(({ tag }) => /^t(?:body|head|foot)$/.test(tag));
    const before = parts.slice(0, parts.length - sections.length);
    const isPlain = before.every(({ tag }) => tag === "caption" || tag === "colgroup") && sections.every((one) => parts.indexOf(one) >= before.length);
    const rows = sections.flatMap((one) => one.children.filter((row) => !isBlank(row)).map((row) => (row.tag === "tr" ? this.#row(row, one.tag) : null)));
    if (!isPlain || rows.length === 0 || rows.includes(null)) return null;
    const lead = before.map((one) => this.#html.slice(one.start, one.end) + closerOf(one)).join("");
    return this.#keep(make("table", { attrs: part.attrs, lead }, rows as Node[]), part, rows as Node[]);
  }

  readonly #builders: Record<string, Builder> = {
    p: (part) => this.#textblock("paragraph", part, { tag: "p" }),
    blockquote: (part) => this.#container("quote", part),
    ul: (part) => this.#list("bullet_list", part),
    ol: (part) => this.#list("ordered_list", part),
    pre: (part) => this.#code(part),
    hr: (part) => this.#keep(make("rule", { attrs: part.attrs }), part),
    table: (part) => this.#table(part),
  };

  // null: there are blocks in it.
  inline(parts: readonly Part[]): Node[] | null {
    const nodes: Node[] = [];
    this.#endsSpaced = false;
    const isBlocked = !this.#inline(parts, [], nodes);
    const isOne = nodes.length === 1 && nodes[0]?.type.name === "hard_break" && nodes[0].attrs["attrs"] === "";
    return isBlocked ? null : isOne ? [] : this.#endsSpaced ? nodes : trimEnd(nodes);
  }

  #inline(parts: readonly Part[], marks: readonly Mark[], to: Node[]): boolean {
    const bit = (part: Part) => to.push(n["bit"]?.create({ source: this.#html.slice(part.start, part.end) + closerOf(part), tag: part.kind === "comment" ? "!" : part.tag }, null, marks) as Node);
    for (const part of parts) {
      const mark = part.kind === "element" && Object.hasOwn(markTags, part.tag) ? schema.marks[markTags[part.tag] as string] : undefined;
      if (part.kind === "stray") continue;
      else if (part.kind === "text") this.#text(part.text, marks, to);
      else if (part.kind === "element" && (part.tag === "br" || part.tag === "img")) to.push(n[part.tag === "br" ? "hard_break" : "image"]?.create({ attrs: part.attrs }, null, marks) as Node);
      else if (mark) {
        const before = to.length;
        if (hasBlock(part.children) || !this.#within(part, () => this.#inline(part.children, mark.create({ tag: part.tag, attrs: part.attrs }).addToSet(marks), to))) return false;
        if (to.length === before && part.end > part.start) bit(part); // of what is pasted there is no source
      } else if (isInline(part)) bit(part);
      else return false;
    }
    return true;
  }

  #text(text: string, marks: readonly Mark[], to: Node[]): void {
    if (this.#isSpaced) pushLines(text, marks, to);
    else pushText(text, marks, to, this.#endsSpaced);
    this.#endsSpaced = this.#isSpaced;
  }
}

const pushLines = (text: string, marks: readonly Mark[], to: Node[]): void =>
  text.split(/\r\n?|\n/).forEach((line, at) => {
    if (at > 0) to.push(n["hard_break"]?.create({ attrs: "\n" }, null, marks) as Node);
    if (line !== "") to.push(schema.text(line, marks));
  });

// Spaces are shown as one, and none at the beginning of a line, unless what is before keeps its own.
const pushText = (text: string, marks: readonly Mark[], to: Node[], isAfterSpaced: boolean): void => {
  const last = to.at(-1);
  const isBegin = !last || last.type.name === "hard_break" || (last.isText && last.text?.endsWith(" "));
  const shown = text.replace(/[\t\n\f\r ]+/g, " ");
  const left = isBegin && !isAfterSpaced && shown.startsWith(" ") ? shown.slice(1) : shown;
  if (left !== "") to.push(schema.text(left, marks));
};

const trimEnd = (nodes: Node[]): Node[] => {
  const last = nodes.at(-1);
  if (!last?.isText || !last.text?.endsWith(" ")) return nodes;
  const text = last.text.slice(0, -1);
  if (text === "" && last.marks.length > 0) return nodes; // they would go with it
  return [...nodes.slice(0, -1), ...(text ? [schema.text(text, last.marks)] : [])];
};

export const readParts = (html: string, parts: readonly Part[], refused: ReadonlySet<Part> = new Set()): Opened => {
  const reader = new Reader(html, refused);
  const children = reader.blocks(parts);
  const doc = n["doc"]?.create(null, children.length > 0 ? children : [n["paragraph"]?.create() as Node]) as Node;
  reader.origins.set(doc, { start: 0, openEnd: 0, closeStart: html.length, end: html.length, closer: "", children });
  return { html, doc, origins: reader.origins };
};
