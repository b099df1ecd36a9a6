// How images and what is kept as it is look: nothing foreign is asked for until somebody wants it.

import { h, render } from "preact";
import type { Node } from "prosemirror-model";
import type { NodeView, NodeViewConstructor } from "prosemirror-view";
import { te } from "../../i18n/t-editor.ts";
import { t } from "../../i18n/t.ts";
import { plainText } from "../../lib/values.ts";
import { Frame } from "../../ui/Frame/Frame.tsx";
import { getAttr } from "./attrs.ts";

const frameHeight = 200;
const excerptLength = 80;

const make = (tag: string, name: string, text = ""): HTMLElement => {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
};

// A piece by its name, with a button that shows it in a frame.
class Chip implements NodeView {
  readonly dom: HTMLElement;
  readonly #place = make("span", "rich-frame");
  readonly #button = make("button", "button button-quiet", t.common.show) as HTMLButtonElement;

  constructor(label: string, excerpt: string, html: string, isInline: boolean) {
    this.dom = make(isInline ? "span" : "div", "rich-chip");
    this.dom.contentEditable = "false";
    const text = make("span", "rich-chip-text", excerpt);
    text.dir = "auto";
    this.dom.append(make("span", "rich-chip-name", label), text, this.#button, this.#place);
    this.#button.type = "button";
    const set = (isOpen: boolean) => {
      this.#button.textContent = isOpen ? t.common.hide : t.common.show;
      this.#button.ariaLabel = isOpen ? te.hideIt(label) : te.showIt(label);
      this.#button.ariaExpanded = String(isOpen);
      render(isOpen ? h(Frame, { html, label, height: frameHeight }) : null, this.#place);
    };
    this.#button.addEventListener("click", () => set(this.#button.ariaExpanded !== "true"));
    set(false);
  }

  stopEvent(event: Event): boolean {
    return event.target instanceof globalThis.Node && (this.#button.contains(event.target) || this.#place.contains(event.target));
  }

  ignoreMutation(): boolean {
    return true;
  }

  destroy(): void {
    render(null, this.#place);
  }
}

const urlOf = (src: string): URL | null => (URL.canParse(src, location.href) ? new URL(src, `${location.origin}/`) : null);
const isOwn = (url: URL | null): boolean => url !== null && (url.origin === location.origin || url.protocol === "data:" || (url.protocol === "blob:" && url.origin === location.origin));

const imageView = (node: Node): NodeView => {
  const attrs = String(node.attrs["attrs"]);
  const src = getAttr(attrs, "src") ?? "";
  const url = urlOf(src);
  if (src === "" || !isOwn(url)) return new Chip(te.externalImage(url?.host ?? src.slice(0, excerptLength)), getAttr(attrs, "alt") ?? "", `<img${attrs}>`, true);
  const image = document.createElement("img");
  image.className = "rich-image";
  image.alt = getAttr(attrs, "alt") ?? "";
  for (const name of ["width", "height"] as const) {
    const size = Number(getAttr(attrs, name));
    if (size > 0) image[name] = size;
  }
  image.src = url?.href ?? "";
  return { dom: image };
};

const foreignTags: ReadonlySet<string> = new Set(["video", "audio", "iframe", "embed", "object", "picture"]);

const labelOf = (tag: string, source: string): string => {
  const src = foreignTags.has(tag) ? (/\ssrc\s*=\s*["']?([^"'\s>]+)/i.exec(source.slice(0, 5000))?.[1] ?? "") : "";
  const url = src ? urlOf(src) : null;
  if (url && !isOwn(url)) return te.externalOf(tag, url.host);
  return te.kept(tag === "!" ? te.comment : tag === "?" ? te.unread : tag);
};

const keptView = (isInline: boolean) => (node: Node): NodeView => {
  const { source, tag } = node.attrs as { source: string; tag: string };
  const excerpt = tag === "!" ? source.slice(4, 4 + excerptLength).replace(/-->$/, "") : plainText(source, excerptLength);
  return new Chip(labelOf(tag, source), excerpt, source, isInline);
};

export const nodeViews: Record<string, NodeViewConstructor> = { image: imageView, opaque: keptView(false), bit: keptView(true) };
