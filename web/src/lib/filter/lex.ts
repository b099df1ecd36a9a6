// Text of a filter → tokens. What is wrong is a token, too, so that the rest can still be looked at
// (complete.ts); parse.ts stops at the first that carries a fault.

export type FaultKind =
  | "empty" | "long" | "many" | "character" | "text" | "number" | "name" | "sign" | "join" | "comment" | "commentMarks"
  | "left" | "wantSign" | "right" | "wantJoin" | "unclosed" | "unopened" | "function" | "argument" | "arguments" | "argumentKind"
  | "macro" | "shape" | "field" | "path" | "collection" | "back" | "hops" | "modifier"
  | "nowhere" | "manyWords"; // of words

// `found`: the piece of text that the message is about.
export interface Fault {
  at: number;
  length: number;
  what: FaultKind;
  found: string;
}

// call: a name and the bracket that follows it at once.
export type TokenKind = "name" | "call" | "number" | "text" | "sign" | "join" | "open" | "close" | "comma" | "bad";

export interface Token {
  kind: TokenKind;
  at: number;
  end: number;
  value: string; // of a text, without its escapes; of a call, the name alone
  fault?: FaultKind;
}

export const signs: readonly string[] = ["=", "!=", ">", ">=", "<", "<=", "~", "!~", "?=", "?!=", "?>", "?>=", "?<", "?<=", "?~", "?!~"];

const blank = /[ \t\n]+/y;
const comment = /\/\/[^\n]*/y;
const name = /[A-Za-z_@#][\w.:]*/y;
const number = /[-\d][\w.]*/y;
const sign = /[=?!><~]+/y;
const join = /[&|]+/y;

const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", "\\": "\\", "'": "'", '"': '"' };
export const unescape = (escaped: string): string => escaped.replace(/\\([ntr\\'"])/g, (_, letter: string) => escapes[letter] ?? letter);

const marks: Record<string, TokenKind> = { "(": "open", ")": "close", ",": "comma" };

const matchAt = (pattern: RegExp, source: string, at: number): string => {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? "";
};

// By hand: a pattern that repeats a choice fills the engine's stack when a text is very long.
const textAt = (source: string, at: number): string => {
  const mark = source[at];
  if (mark !== "'" && mark !== '"') return "";
  for (let end = at + 1; end < source.length; end++) {
    if (source[end] === "\\") end++;
    else if (source[end] === mark) return source.slice(at, end + 1);
  }
  return "";
};

const isText = (found: string): boolean => !found.includes("\0");

// The kinds that a pattern finds, and when what it finds is whole.
const kinds: readonly [TokenKind, RegExp | typeof textAt, FaultKind, (found: string) => boolean][] = [
  ["name", name, "name", (found) => !/[.:]$|^[_@#]$/.test(found)],
  ["number", number, "number", (found) => /^-?\d*(?:\.\d+)?$/.test(found) && found !== "-"],
  ["text", textAt, "character", isText],
  ["sign", sign, "sign", (found) => signs.includes(found)],
  ["join", join, "join", (found) => found === "&&" || found === "||"],
];

const tokenAt = (source: string, at: number): Token => {
  for (const [kind, pattern, fault, isWhole] of kinds) {
    const found = typeof pattern === "function" ? pattern(source, at) : matchAt(pattern, source, at);
    if (found === "") continue;
    const end = at + found.length;
    if (kind === "name" && source[end] === "(") return { kind: "call", at, end: end + 1, value: found, ...(isWhole(found) ? {} : { fault }) };
    return { kind, at, end, value: kind === "text" ? unescape(found.slice(1, -1)) : found, ...(isWhole(found) ? {} : { fault }) };
  }
  const letter = String.fromCodePoint(source.codePointAt(at) ?? 0);
  const mark = marks[letter];
  if (mark) return { kind: mark, at, end: at + 1, value: letter };
  if (letter === "'" || letter === '"') return { kind: "text", at, end: source.length, value: source.slice(at + 1), fault: "text" };
  return { kind: "bad", at, end: at + letter.length, value: letter, fault: letter === "/" ? "comment" : "character" };
};

// The server counts brackets and quotes of a comment that stands in a group, when it looks for the
// group's end: such a comment changes the meaning, so it is a fault.
const commentAt = (source: string, at: number, depth: number): Token | number => {
  const found = matchAt(comment, source, at);
  const end = at + found.length;
  return depth > 0 && /[()'"]/.test(found) ? { kind: "bad", at, end, value: found, fault: "commentMarks" } : end;
};

// Token by token: who meets a fault at the beginning of a long text does not read the rest.
export function* lex(source: string): Generator<Token, undefined> {
  const groups: boolean[] = []; // of the open brackets: not those of a function
  let depth = 0;
  for (let at = 0; at < source.length; ) {
    at += matchAt(blank, source, at).length;
    if (at >= source.length) break;
    const next = source.startsWith("//", at) ? commentAt(source, at, depth) : tokenAt(source, at);
    if (typeof next === "number") {
      at = next;
      continue;
    }
    if (next.kind === "open" || next.kind === "call") depth += Number(groups[groups.push(next.kind === "open") - 1]);
    else if (next.kind === "close") depth -= Number(groups.pop() ?? 0);
    yield next;
    at = next.end;
  }
  return undefined;
}
