// HTML as a tree of parts that know where they stand in its text, so that what nobody touches can be
// printed as it was written. Not all rules of HTML are here: what a browser reads otherwise is found
// by align.ts, and is then kept as one opaque piece.

export interface Part {
  kind: "element" | "text" | "comment" | "stray"; // stray: nothing of it is shown, as of an end tag of nothing
  tag: string; // lower case
  attrs: string; // as written, with the space before it
  text: string; // of a text, as written until it is decoded
  start: number;
  openEnd: number;
  closeStart: number;
  end: number;
  isClosed: boolean; // by itself, not by what follows
  children: Part[];
}

const words = (list: string): ReadonlySet<string> => new Set(list.split(" "));

export const voidTags = words("area base br col embed hr img input link meta param source track wbr");
const rawTags = words("script style xmp iframe noembed noframes textarea title plaintext");
const closesP = words(
  "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr li dd dt main menu nav ol p pre search section summary table ul",
);
const scopes = words("table td th caption button object marquee applet template svg math"); // an open p is not looked for beyond
const mostDeep = 250; // browsers have a limit, too

// For each tag that ends others by itself: which, and beyond what they are not looked for.
const ends: Record<string, readonly [ReadonlySet<string>, ReadonlySet<string>]> = {};
for (const tag of closesP) ends[tag] = [words("p"), scopes];
const rowEnds: Record<string, string> = { td: "td th", th: "td th", tr: "tr td th", tbody: "tbody thead tfoot", thead: "tbody thead tfoot", tfoot: "tbody thead tfoot" };
for (const [tag, list] of Object.entries(rowEnds)) ends[tag] = [words(list), words("table")];
const itemEnds: Record<string, readonly [ReadonlySet<string>, ReadonlySet<string>]> = {
  li: [words("li"), words("ul ol table td th blockquote section article")],
  dd: [words("dd dt"), words("dl table td th")],
  dt: [words("dd dt"), words("dl table td th")],
  option: [words("option"), words("select")],
};

const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13 && code !== 11);
const isLetter = (code: number): boolean => (code | 32) >= 97 && (code | 32) <= 122;

const attribute = /[\s/]*(?:[^\s/>][^\s/>=]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|(?!["'])[^\s>]*))?|$)/y;

// Where the tag whose name ends at `at` ends; -1: nowhere.
const tagEnd = (html: string, at: number): number => {
  let now = at;
  for (;;) {
    while (isSpace(html.charCodeAt(now)) || html[now] === "/") now++;
    if (now >= html.length) return -1;
    if (html[now] === ">") return now + 1;
    attribute.lastIndex = now;
    const found = attribute.exec(html)?.[0].length ?? 0;
    if (found === 0 || (/=\s*$/.test(html.slice(now, now + found).slice(-40)) && /["']/.test(html[now + found] ?? ""))) return -1;
    now += found;
  }
};

const nameEnd = (html: string, at: number): number => {
  let now = at;
  while (now < html.length && html[now] !== ">" && html[now] !== "/" && !isSpace(html.charCodeAt(now))) now++;
  return now;
};

interface Token {
  kind: "open" | "close" | "text" | "comment" | "stray";
  name: string;
  attrs: string;
  end: number;
  isClosed: boolean; // of an open tag: it ends with a slash
}

const token = (kind: Token["kind"], end: number, name = "", attrs = "", isClosed = true): Token => ({ kind, name, attrs, end, isClosed });

const textEnd = (html: string, at: number): number => {
  for (let now = html.indexOf("<", at); now >= 0; now = html.indexOf("<", now + 1)) {
    const next = html.charCodeAt(now + 1);
    if (isLetter(next) || next === 33 || next === 47 || next === 63) return now;
  }
  return html.length;
};

const upTo = (html: string, what: string, at: number): [number, boolean] => {
  const found = html.indexOf(what, at);
  return found < 0 ? [html.length, false] : [found + what.length, true];
};

const tokenAt = (html: string, at: number): Token => {
  const isEnd = html[at + 1] === "/";
  const begin = isEnd ? at + 2 : at + 1;
  if (html[at] !== "<" || textEnd(html, at) !== at) return token("text", textEnd(html, at));
  if (isLetter(html.charCodeAt(begin))) {
    const named = nameEnd(html, begin);
    const end = tagEnd(html, named);
    if (end < 0) return token("stray", html.length, "", "", false);
    const isSlashed = html[end - 2] === "/";
    const attrs = html.slice(named, end - 1).replace(/[\s/]+$/, (all) => (/^\s*\/\s*$/.test(all) || /^\s+$/.test(all) ? "" : all));
    return token(isEnd ? "close" : "open", end, html.slice(begin, named).toLowerCase(), attrs, isSlashed);
  }
  if (isEnd && html[begin] === ">") return token("stray", begin + 1);
  if (html.startsWith("<!--", at)) {
    const [end, isClosed] = upTo(html, "-->", at + 2);
    return token("comment", end, "", "", isClosed);
  }
  const [end, isClosed] = upTo(html, ">", at + 1);
  return token(/^<!doctype/i.test(html.slice(at, at + 9)) ? "stray" : "comment", end, "-", "", isClosed);
};

export const makePart = (kind: Part["kind"], start: number, end: number, more: Partial<Part> = {}): Part => ({ kind, tag: "", attrs: "", text: "", start, openEnd: end, closeStart: end, end, isClosed: true, children: [], ...more });

// Everything, as one part that nothing is known of.
export const unreadable = (html: string): Part[] => (html === "" ? [] : [makePart("element", 0, html.length, { tag: "?" })]);

export class Tree {
  readonly root: Part;
  readonly #html: string;
  readonly #open: Part[] = [];
  #foreign = 0;

  constructor(html: string) {
    this.#html = html;
    this.root = makePart("element", 0, 0);
  }

  get #top(): Part {
    return this.#open.at(-1) ?? this.root;
  }

  // Down to the open part at `n`, which is closed, too.
  #close(n: number, at: number, end = at): void {
    while (this.#open.length > n) {
      const part = this.#open.pop() as Part;
      if (part.tag === "svg" || part.tag === "math") this.#foreign--;
      const isLast = this.#open.length === n && end > at;
      Object.assign(part, { closeStart: at, end: isLast ? end : at, isClosed: isLast });
    }
  }

  #find(tags: ReadonlySet<string>, until: ReadonlySet<string>): number {
    for (let n = this.#open.length - 1; n >= 0; n--) {
      const { tag } = this.#open[n] as Part;
      if (tags.has(tag)) return n;
      if (until.has(tag)) return -1;
    }
    return -1;
  }

  #endImplied(tag: string, at: number): void {
    for (const rule of [itemEnds[tag], Object.hasOwn(ends, tag) ? ends[tag] : undefined]) {
      const n = rule ? this.#find(...rule) : -1;
      if (n >= 0) this.#close(n, at);
    }
    if (/^h[1-6]$/.test(tag) && /^h[1-6]$/.test(this.#top.tag)) this.#close(this.#open.length - 1, at);
    if (tag === "tr" && this.#top.tag === "table") this.#push(makePart("element", at, at, { tag: "tbody" }));
  }

  #push(part: Part): void {
    this.#top.children.push(part);
    this.#open.push(part);
  }

  // Of what stands in a script, a text area and the like no tags are looked for.
  #raw(part: Part): number {
    const found = new RegExp(`</${part.tag}(?=[\\s/>])[^<>]*>`, "gi");
    found.lastIndex = part.openEnd;
    const close = part.tag === "plaintext" ? null : found.exec(this.#html);
    part.closeStart = close ? close.index : this.#html.length;
    part.end = close ? close.index + close[0].length : this.#html.length;
    part.isClosed = close !== null;
    this.#top.children.push(part);
    return part.end;
  }

  open(at: number, { name, attrs, end, isClosed }: Token): number {
    if (this.#foreign === 0) this.#endImplied(name, at);
    const part = makePart("element", at, end, { tag: name, attrs });
    if (this.#foreign === 0 && rawTags.has(name)) return this.#raw(part);
    if (this.#foreign > 0 ? isClosed : voidTags.has(name)) this.#top.children.push(part);
    else {
      this.#push(part);
      if (name === "svg" || name === "math") this.#foreign++;
      if (isClosed && this.#foreign === 1 && (name === "svg" || name === "math")) this.#close(this.#open.length - 1, end);
    }
    return this.#open.length > mostDeep ? -1 : end;
  }

  close(at: number, { name, end }: Token): number {
    const isOfTable = /^(?:table|t[rdh]|tbody|thead|tfoot|caption)$/.test(name);
    const n = this.#find(new Set([name]), isOfTable ? words(name === "table" ? "" : "table") : words("td th caption table"));
    if (n >= 0) this.#close(n, at, end);
    else this.#top.children.push(makePart("stray", at, end));
    return end;
  }

  add(at: number, { kind, end, isClosed }: Token): number {
    const text = kind === "text" ? this.#html.slice(at, end) : "";
    // The first line end in a pre is none of its text.
    if (kind === "text" && this.#top.tag === "pre" && this.#top.openEnd === at && text === "\n") this.#top.children.push(makePart("stray", at, end));
    else this.#top.children.push(makePart(kind as Part["kind"], at, end, { text, isClosed }));
    return end;
  }

  // Half a tag at the end is nothing, and belongs to nothing.
  done(at = this.#html.length): Part[] {
    this.#close(0, at);
    if (at < this.#html.length) this.root.children.push(makePart("stray", at, this.#html.length));
    return this.root.children;
  }
}

export const readSource = (html: string): Part[] => {
  const tree = new Tree(html);
  for (let at = 0; at < html.length; ) {
    const now = tokenAt(html, at);
    if (now.kind === "stray" && !now.isClosed) return tree.done(at);
    const next = now.kind === "open" ? tree.open(at, now) : now.kind === "close" ? tree.close(at, now) : tree.add(at, now);
    if (next <= at) return unreadable(html);
    at = next;
  }
  return tree.done();
};

// What has to be added to a part that is ended by what stood behind it, when something else does now.
export const closerOf = (part: Part): string => {
  if (part.isClosed || part.tag === "?") return "";
  if (part.kind === "comment") return "-->";
  if (part.kind !== "element") return "";
  const last = part.children.at(-1);
  return `${last ? closerOf(last) : ""}${part.start === part.openEnd ? "" : `</${part.tag}>`}`;
};
