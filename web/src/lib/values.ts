// Values of records, which may be anything that a server sends, as texts. Nothing here throws, and
// what is shown in one line is cut before anything else is done with it.

import { RawNumber, printJson } from "./json.ts";

// A json value as it was typed: the server keeps a text verbatim, where it rounds numbers in values.
export class JsonText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toJSON(): string {
    return this.text.trim();
  }
  toString(): string {
    return this.text.trim();
  }
}

// A password that replaces another one, sent as a text; `confirm` is it, typed again.
export class NewPassword {
  readonly password: string;
  readonly confirm: string;
  constructor(password: string, confirm: string) {
    this.password = password;
    this.confirm = confirm;
  }
  toJSON(): string {
    return this.password;
  }
  toString(): string {
    return this.password;
  }
}

let lastFile = 0;

// A file that is not on the server yet. Its text is its own: no name that is stored has a "/" in it.
export class NewFile {
  readonly file: File;
  readonly n: number;
  constructor(file: File) {
    this.file = file;
    this.n = ++lastFile;
  }
  toJSON(): string {
    return `/${this.n}/${this.file.name}`;
  }
  toString(): string {
    return this.file.name;
  }
}

// A date that is typed by half. Nobody sends it: as a member of what is sent it is left out.
export class BadDate {
  toJSON(): undefined {
    return undefined;
  }
  toString(): string {
    return "";
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;

// At most `most` units, no character cut in two.
export const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, isHigh(text.charCodeAt(most - 1)) ? most - 1 : most)}…`;

export const shownLength = 300;

export const oneLine = (text: string, most = shownLength): string => cut(text, most).replace(/[\s\p{Cc}]+/gu, " ").trim();

export const isWord = (value: unknown): value is string | number | boolean | RawNumber =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value instanceof RawNumber;

// As compact JSON, printed no further than it is shown.
export const short = (value: unknown, most = shownLength): string => {
  const parts: string[] = [];
  let left = most + 1;
  const add = (text: string) => {
    parts.push(text);
    left -= text.length;
  };
  const list = (items: Iterable<unknown>, print: (item: never) => void) => {
    let isFirst = true;
    for (const item of items) {
      if (left <= 0) return;
      if (!isFirst) add(",");
      isFirst = false;
      print(item as never);
    }
  };
  const walk = (part: unknown) => {
    if (left <= 0) return;
    if (typeof part === "string") add(JSON.stringify(part.length > left ? part.slice(0, left) : part));
    else if (part instanceof RawNumber || part instanceof JsonText) add(part.toString().slice(0, left));
    else if (Array.isArray(part)) {
      add("[");
      list(part, walk);
      add("]");
    } else if (isObject(part)) {
      add("{");
      list(Object.keys(part), (key: string) => {
        add(`${JSON.stringify(key.slice(0, left))}:`);
        walk(part[key]);
      });
      add("}");
    } else add(String(part));
  };
  walk(value);
  return cut(parts.join(""), most);
};

// The whole value, to be copied.
export const whole = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  if (isWord(value) || value instanceof JsonText || value instanceof NewFile) return String(value);
  try {
    return printJson(value) ?? "";
  } catch {
    return short(value, 2000); // nested deeper than can be printed
  }
};

// What a cell shows of a value that may not be of its field's type.
export const shown = (value: unknown, most = shownLength): string =>
  typeof value === "string" ? oneLine(value, most) : value === null || value === undefined ? "" : short(value, most);

// The items of a select, a relation or a file, as the server reads what it is sent.
export const itemsOf = (value: unknown): string[] => {
  const items = Array.isArray(value) ? value : [value];
  return [...new Set(items.filter((item) => isWord(item) || item instanceof NewFile).map(String).filter((item) => item !== ""))];
};

// What is, or is going to be, in a file field.
export type FileItem = string | NewFile;

export const filesOf = (value: unknown): FileItem[] =>
  (Array.isArray(value) ? value : [value]).flatMap((item): FileItem[] => (item instanceof NewFile ? [item] : itemsOf(item)));

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

const entity = (whole: string, name: string): string => {
  if (!name.startsWith("#")) return entities[name] ?? whole;
  const code = /^#x/i.test(name) ? parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
};

const htmlLength = 4000; // looked at, to show a line of it

// The text of a piece of HTML, to be read: a reader's guess, never put into a page as HTML.
export const plainText = (html: string, most = shownLength): string => {
  const head = html.slice(0, htmlLength).replace(/<(script|style)\b[^]*?(?:<\/\1\s*>|$)/gi, " ");
  const text = head.replace(/<!--[^]*?(?:-->|$)|<[a-z/!][^>]*(?:>|$)/gi, " ").replace(/&(#?\w{1,10});/g, entity);
  return oneLine(text.trim(), most) + (html.length > htmlLength && text.trim().length <= most ? "…" : "");
};

export interface Point {
  lat: number | RawNumber;
  lon: number | RawNumber;
}

export const pointOf = (value: unknown): Point | null => {
  if (!isObject(value)) return null;
  const { lat = 0, lon = 0 } = value;
  const isNumber = (n: unknown): n is number | RawNumber => typeof n === "number" || n instanceof RawNumber;
  return isNumber(lat) && isNumber(lon) ? { lat, lon } : null;
};

const exactDigits = 15; // that every double keeps

// What a typed number is sent as. A text that is none is sent as it is: the server knows more ways
// to write a number.
export const readNumber = (text: string): number | RawNumber | string => {
  const typed = text.trim();
  if (typed === "") return 0;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(typed)) return typed;
  const n = Number(typed);
  const isJson = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(typed);
  const isWhole = Number.isFinite(n) && (String(n) === typed || typed.replace(/[eE].*|\D/g, "").length <= exactDigits);
  return isWhole ? n : isJson ? new RawNumber(typed) : typed;
};

const breaks = (text: string): string => text.replace(/\r\n?/g, "\n");

// Where a text of LF stands in the same text with its own line ends.
const placeOf = (text: string, at: number): number => {
  let left = at;
  let place = 0;
  for (; left > 0; left--) place += text.startsWith("\r\n", place) ? 2 : 1;
  return place;
};

// A text area knows LF alone. What was not typed keeps its line ends, what was typed has those of
// the rest: `before` is the text as it was until then, `like` one whose line ends are the custom.
export const withLineEnds = (typed: string, before: string, like = before): string => {
  const end = /\r\n/.test(before) || /\r\n/.test(like) ? "\r\n" : "\n";
  if (end === "\n" && !before.includes("\r")) return typed;
  const plain = breaks(before);
  const most = Math.min(plain.length, typed.length);
  let head = 0;
  while (head < most && plain[head] === typed[head]) head++;
  let tail = 0;
  while (tail < most - head && plain[plain.length - 1 - tail] === typed[typed.length - 1 - tail]) tail++;
  const middle = typed.slice(head, typed.length - tail).replace(/\n/g, end);
  return before.slice(0, placeOf(before, head)) + middle + before.slice(placeOf(before, plain.length - tail));
};

export const countChars = (text: string): number => {
  let count = text.length;
  for (let n = 0; n < text.length; n++) if (isHigh(text.charCodeAt(n)) && (text.charCodeAt(n + 1) & 0xfc00) === 0xdc00) count--;
  return count;
};

// How a record is called: what its collection presents, else the first of these that it has.
export const summaryNames: readonly string[] = ["title", "name", "email", "username", "label", "heading", "subject", "slug", "key", "code"];

export const summaryOf = (row: unknown, presentable: readonly string[] = []): string => {
  if (!isObject(row)) return shown(row, 80);
  const words = (keys: readonly string[]) => keys.map((key) => row[key]).filter((value) => isWord(value) && value !== "").map((value) => shown(String(value), 80));
  const own = words(presentable).filter(Boolean);
  return own.length > 0 ? cut(own.join(", "), 120) : (words(summaryNames).find(Boolean) ?? shown(row["id"] ?? "", 80));
};

// The address behind a text that names one; only of a kind that opens a page.
export const hrefOf = (text: string): string | undefined => {
  if (text.length > 2083 || /\s/.test(text)) return undefined;
  if (/^(?:https?|ftp):\/\/./i.test(text)) return text;
  return /^[^/?#:@]+\.[^/?#:@]+(?::\d+)?(?:[/?#]|$)/.test(text) ? `https://${text}` : undefined;
};

// path: "smtp.port". undefined: it is not told, or not there.
export const valueAt = (tree: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((value, name) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined), tree);
