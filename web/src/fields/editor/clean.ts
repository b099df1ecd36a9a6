// What is pasted from elsewhere: of its markup what the editor knows, nothing else of its looks.

import { escapeAttr } from "./attrs.ts";
import { blockTags, boxTags, markTags } from "./schema.ts";
import { makePart, type Part } from "./source.ts";

const dropped: ReadonlySet<string> = new Set("script style meta link title head base xml noscript template iframe object embed svg math form input select textarea button".split(" "));
const keptBlocks: ReadonlySet<string> = new Set([...blockTags].filter((tag) => !boxTags.has(tag) && /^(?:p|h[1-6]|ul|ol|li|blockquote|pre|hr|table|tbody|thead|tfoot|tr|td|th)$/.test(tag)));
const keptAttrs: Record<string, readonly string[]> = { a: ["href", "title", "target"], img: ["src", "alt", "title", "width", "height"], td: ["colspan", "rowspan"], th: ["colspan", "rowspan"], ol: ["start"] };
const blockAttrs: readonly string[] = ["dir"];

export type Fix = (name: string, value: string) => string; // of an address

const attrsOf = (of: Element, names: readonly string[], fix: Fix): string =>
  names.map((name) => {
    const value = of.getAttribute(name);
    return value === null ? "" : ` ${name}="${escapeAttr(name === "href" || name === "src" ? fix(name, value) : value)}"`;
  }).join("");

const element = (tag: string, attrs: string, children: Part[]): Part => makePart("element", 0, 0, { tag, attrs, children });
const hasBlock = (parts: readonly Part[]): boolean => parts.some((part) => part.kind === "element" && blockTags.has(part.tag));

// What a style means that other programs write instead of a tag.
const meant: readonly [string, RegExp, string][] = [
  ["font-weight", /^(?:bold|bolder|[6-9]00)$/, "strong"],
  ["font-style", /^italic$/, "em"],
  ["text-decoration", /underline/, "u"],
  ["text-decoration", /line-through/, "s"],
  ["vertical-align", /^sub$/, "sub"],
  ["vertical-align", /^super$/, "sup"],
];

const styleOf = (of: Element): CSSStyleDeclaration | null => (of as HTMLElement).style ?? null;

const spans = (of: Element, children: Part[]): Part[] => {
  if (hasBlock(children)) return children;
  const style = styleOf(of);
  return meant.reduce((inside, [name, is, tag]) => (is.test(style?.getPropertyValue(name) ?? "") ? [element(tag, "", inside)] : inside), children);
};

const alignOf = (of: Element): string => {
  const align = styleOf(of)?.textAlign ?? "";
  return /^(?:center|right|justify|end)$/.test(align) ? ` style="text-align: ${align};"` : "";
};

// Others have no image for whoever reads the text later.
const shownImage = /^(?:https?:|data:image\/|[^:]+$|[/#?.])/i;

const isNot = (of: Element, tag: string): boolean => (tag === "b" || tag === "strong") && styleOf(of)?.fontWeight === "normal";

const cleanElement = (of: Element, fix: Fix): Part[] => {
  const tag = of.localName;
  if (dropped.has(tag)) return [];
  if (tag === "br") return [element("br", "", [])];
  if (tag === "img") return shownImage.test(of.getAttribute("src") ?? "") ? [element("img", attrsOf(of, keptAttrs["img"] ?? [], fix), [])] : [];
  const children = cleanNodes(of.childNodes, fix);
  if (keptBlocks.has(tag)) return [element(tag, attrsOf(of, [...blockAttrs, ...(keptAttrs[tag] ?? [])], fix) + alignOf(of), children)];
  if (blockTags.has(tag)) return hasBlock(children) || children.length === 0 ? children : [element("p", alignOf(of), children)];
  if (children.length === 0) return [];
  const isLink = tag === "a" && /^(?:https?:|mailto:|tel:|[/#?])/i.test(of.getAttribute("href") ?? "");
  const isMark = Object.hasOwn(markTags, tag) && markTags[tag] !== "span" && !hasBlock(children) && !isNot(of, tag) && (tag !== "a" || isLink);
  return isMark ? [element(tag, attrsOf(of, keptAttrs[tag] ?? [], fix), spans(of, children))] : spans(of, children);
};

export const cleanNodes = (nodes: ArrayLike<ChildNode>, fix: Fix): Part[] =>
  Array.from(nodes).flatMap((node) => {
    if (node.nodeType === 3) return [makePart("text", 0, 0, { text: node.nodeValue ?? "" })];
    return node.nodeType === 1 ? cleanElement(node as Element, fix) : [];
  });
