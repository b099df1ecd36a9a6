// From what the editor holds to HTML. What is as it was is printed as it was written; of a node that
// has changed, its tags and those of its children that have not.

import type { Mark, Node } from "prosemirror-model";
import { escapeText } from "./attrs.ts";
import { spaces, type Opened, type Origin } from "./read.ts";

type Attrs = Record<string, string>;
const attrsOf = (node: Node | Mark): Attrs => node.attrs as Attrs;

const tags: Record<string, (node: Node) => string> = {
  paragraph: (node) => attrsOf(node)["tag"] || "p",
  heading: (node) => `h${node.attrs["level"]}`,
  quote: () => "blockquote",
  box: (node) => attrsOf(node)["tag"] ?? "div",
  bullet_list: () => "ul",
  ordered_list: () => "ol",
  list_item: () => "li",
  code_block: () => "pre",
  rule: () => "hr",
  table: () => "table",
  table_row: () => "tr",
  table_cell: () => "td",
  table_header: () => "th",
};

const spanned = (node: Node): string => ["colspan", "rowspan"].map((name) => (Number(node.attrs[name] ?? 1) > 1 ? ` ${name}="${node.attrs[name]}"` : "")).join("");
const openOf = (node: Node): string => `<${tags[node.type.name]?.(node)}${attrsOf(node)["attrs"]}${spanned(node)}>`;
const closeOf = (node: Node): string => `</${tags[node.type.name]?.(node)}>`;

const openMark = (mark: Mark): string => `<${attrsOf(mark)["tag"]}${attrsOf(mark)["attrs"]}>`;

// A line end in the text is one only where it stands in a style that keeps it.
const breakOf = (node: Node, parent: Node, lineEnd: string): string => {
  const attrs = attrsOf(node)["attrs"];
  if (attrs !== "\n") return `<br${attrs}>`;
  return [parent, ...node.marks].some((one) => spaces.test(attrsOf(one)["attrs"] ?? "")) ? lineEnd : "<br>";
};

const leaf = (node: Node, parent: Node, lineEnd: string): string => {
  if (node.isText) return escapeText(node.text ?? "");
  if (node.type.name === "hard_break") return breakOf(node, parent, lineEnd);
  return node.type.name === "image" ? `<img${attrsOf(node)["attrs"]}>` : (attrsOf(node)["source"] ?? "");
};

export const printInline = (node: Node, lineEnd = "\n"): string => {
  let html = "";
  let open: readonly Mark[] = [];
  const to = (marks: readonly Mark[]) => {
    let same = 0;
    while (same < open.length && same < marks.length && open[same]?.eq(marks[same] as Mark)) same++;
    for (const mark of open.slice(same).reverse()) html += `</${attrsOf(mark)["tag"]}>`;
    for (const mark of marks.slice(same)) html += openMark(mark);
    open = marks;
  };
  node.forEach((child) => {
    to(child.marks);
    html += leaf(child, node, lineEnd);
  });
  to([]);
  return html;
};

const isBare = (node: Node | undefined): boolean => node?.type.name === "paragraph" && attrsOf(node)["tag"] === "";
const holdsBare: ReadonlySet<string> = new Set(["list_item", "table_cell", "table_header"]);

// Which of what was there each child is, or stands in for; null: it is new.
const pair = (now: readonly Node[], before: readonly Node[]): (number | null)[] => {
  const places = new Map(before.map((node, n) => [node, n]));
  const paired: (number | null)[] = now.map(() => null);
  let last = -1;
  now.forEach((node, n) => {
    const at = places.get(node);
    if (at === undefined || at <= last) return;
    paired[n] = at;
    last = at;
  });
  let free = 0;
  const endOf = (from: number): number => {
    for (let n = from; n < paired.length; n++) if (paired[n] !== null) return paired[n] as number;
    return before.length;
  };
  let end = endOf(0);
  now.forEach((node, n) => {
    const at = paired[n];
    if (at !== null && at !== undefined) {
      free = at + 1;
      end = endOf(n + 1);
    } else if (free < end && before[free]?.type === node.type) paired[n] = free++;
    else if (end - free > 1 && before[free + 1]?.eq(node)) {
      paired[n] = free + 1;
      free += 2;
    }
  });
  return paired;
};

export class Printer {
  readonly #html: string;
  readonly #origins: WeakMap<Node, Origin>;
  readonly #lineEnd: string;

  constructor({ html, origins }: Opened) {
    this.#html = html;
    this.#origins = origins;
    this.#lineEnd = html.includes("\r\n") ? "\r\n" : "\n";
  }

  // Between two children that did not stand beside each other.
  #join(parent: Node, before: Node | undefined, after: Node | undefined, usual: string): string {
    if (parent.type.name !== "table") return before && after ? usual : "";
    const [from, to] = [before, after].map((row) => (row ? attrsOf(row)["section"] : undefined));
    if (from === to) return usual;
    return `${from ? `</${from}>` : ""}${to ? `<${to}>` : ""}`;
  }

  #usual(parent: Node, origin: Origin | undefined): string {
    const [first, second] = (origin?.children ?? []).map((child) => this.#origins.get(child));
    const found = first && second ? this.#html.slice(first.end, second.start) : "";
    return first && second && /^\s*$/.test(found) ? found : parent.type.name === "doc" ? this.#lineEnd : "";
  }

  children(parent: Node, origin: Origin | undefined): string {
    const now: Node[] = [];
    parent.forEach((child) => void now.push(child));
    const before = origin?.children ?? [];
    const places = pair(now, before);
    const usual = this.#usual(parent, origin);
    const placed = (n: number) => this.#origins.get(before[n] as Node);
    const between = (n: number): string => {
      const [left, right] = [n > 0 ? places[n - 1] : -1, n < now.length ? places[n] : before.length];
      if (origin && left !== null && right !== null && left !== undefined && right === left + 1)
        return this.#html.slice(left < 0 ? origin.openEnd : placed(left)?.end, right === before.length ? origin.closeStart : placed(right)?.start);
      const closer = left !== null && left !== undefined && left >= 0 && this.#isWhole(now[n - 1] as Node, before[left]) ? (placed(left)?.closer ?? "") : "";
      const lead = n === 0 && parent.type.name === "table" ? (attrsOf(parent)["lead"] ?? "") : "";
      return closer + lead + this.#join(parent, now[n - 1], now[n], usual);
    };
    return now.map((child, n) => between(n) + this.#child(child, before[places[n] ?? -1], parent, isBare(now[n - 1]) || isBare(now[n + 1]))).join("") + between(now.length);
  }

  #isWhole(node: Node, was: Node | undefined): boolean {
    return this.#origins.has(node) || (was?.eq(node) ?? false);
  }

  #child(node: Node, was: Node | undefined, parent: Node, isBesideBare: boolean): string {
    const origin = was && this.#origins.get(was);
    const text = this.#node(node, was);
    if (!isBare(node)) return text;
    const isAlone = !isBesideBare && (holdsBare.has(parent.type.name) || (origin !== undefined && origin.start === origin.openEnd));
    return isAlone && attrsOf(node)["attrs"] === "" ? text : `${openOf(node)}${text || "<br>"}${closeOf(node)}`;
  }

  #node(node: Node, was: Node | undefined): string {
    const own = this.#origins.get(node) ?? (was?.eq(node) ? this.#origins.get(was) : undefined);
    if (own) return this.#html.slice(own.start, own.end);
    const origin = was && this.#origins.get(was);
    const isSame = origin !== undefined && was?.sameMarkup(node) === true;
    if (node.isAtom && !node.isTextblock) return node.type.name === "rule" ? openOf(node) : (attrsOf(node)["source"] ?? "");
    const inside = node.isTextblock ? this.#text(node) : this.children(node, origin);
    if (isBare(node)) return inside;
    const close = isSame ? this.#html.slice(origin.closeStart, origin.end) : "";
    return `${isSame ? this.#html.slice(origin.start, origin.openEnd) : openOf(node)}${inside}${close || closeOf(node)}`;
  }

  #text(node: Node): string {
    if (node.type.name !== "code_block") return printInline(node, this.#lineEnd) || (isBare(node) ? "" : "<br>");
    const inner = attrsOf(node)["inner"] ?? "";
    const text = escapeText(node.textContent).replace(/\n/g, this.#lineEnd);
    return inner ? `${inner}${text}</code>` : text.startsWith(this.#lineEnd) ? this.#lineEnd + text : text;
  }
}

const isEmptyDoc = (doc: Node): boolean => doc.childCount === 1 && doc.firstChild?.type.name === "paragraph" && doc.firstChild.content.size === 0;

export const printDoc = (doc: Node, opened: Opened): string => {
  if (doc.eq(opened.doc)) return opened.html;
  if (isEmptyDoc(doc)) return "";
  return new Printer(opened).children(doc, opened.origins.get(opened.doc));
};

const nothing: Opened = { html: "", doc: null as unknown as Node, origins: new WeakMap() };

// Of what is copied from here.
export const printNodes = (parent: Node): string => (parent.isTextblock ? printInline(parent) : new Printer(nothing).children(parent, undefined));
