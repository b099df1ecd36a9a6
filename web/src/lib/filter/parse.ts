// Text of a filter → tree. `&&` binds tighter than `||`. A group of one part is that part, so a tree
// is never deeper than it has comparisons: what walks it may recurse.

import { lex, type Fault, type FaultKind, type Token, type TokenKind } from "./lex.ts";
import { functions, literals, macros } from "./names.ts";

export type Joiner = "&&" | "||";

interface Placed {
  at: number;
  end: number;
}

export interface Path extends Placed {
  kind: "path";
  path: string;
}
export interface Call extends Placed {
  kind: "call";
  name: string;
  args: Operand[];
}
// A number stays as it is written: 1.50, 01, and those that no double holds.
export interface Plain extends Placed {
  kind: "text" | "number" | "macro" | "literal";
  text: string;
}
export type Operand = Path | Call | Plain;

export interface Compare extends Placed {
  kind: "compare";
  left: Operand;
  op: string;
  right: Operand;
}
export interface Group extends Placed {
  kind: "group";
  op: Joiner;
  parts: Node[];
}
export type Node = Compare | Group;

export type Parsed = { node: Node; fault?: undefined } | { fault: Fault; node?: undefined };

export const mostComparisons = 200;
export const mostBytes = 3500; // of a filter that a client sends; rules have no such limit

const shapes = [/^\w+[\w.:]*$/, /^@request\.(?:context|method)$/, /^@request\.(?:auth|body|query|headers)\.[\w.:]*\w+$/, /^@collection\.\w+(?::\w+)?\.[\w.:]*\w+$/];

class Faulty extends Error {
  readonly fault: Fault;
  constructor(at: number, length: number, what: FaultKind, found: string) {
    super(what);
    this.fault = { at, length, what, found };
  }
}

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);

interface Reader {
  source: string;
  rest: Iterator<Token, undefined>;
  token: Token | undefined; // to be read; none at the end
  last: Token | undefined; // that has been read
}

const failAt = (reader: Reader, token: Token | undefined, what: FaultKind): Faulty =>
  token ? new Faulty(token.at, token.end - token.at, what, short(reader.source.slice(token.at, token.end))) : new Faulty(reader.source.length, 0, what, "");

const peek = (reader: Reader): Token | undefined => {
  const { token } = reader;
  if (token?.fault) throw failAt(reader, token, token.fault);
  return token;
};

const advance = (reader: Reader): void => {
  reader.last = reader.token;
  reader.token = reader.rest.next().value;
};

const readName = (reader: Reader, { at, end, value }: Token): Operand => {
  if (literals.has(value.toLowerCase())) return { kind: "literal", text: value, at, end };
  if (macros.has(value)) return { kind: "macro", text: value, at, end };
  if (!shapes.some((shape) => shape.test(value))) throw failAt(reader, { kind: "name", at, end, value }, value.startsWith("@") ? "macro" : "shape");
  return { kind: "path", path: value, at, end };
};

const letters: Partial<Record<TokenKind, string>> = { text: "t", number: "n", name: "f" };

// After the name and the bracket.
const readCall = (reader: Reader, { at, end, value }: Token): Call => {
  const whole: Token = { kind: "call", at, end: end - 1, value };
  const { least, kinds } = functions.get(value) ?? { least: -1, kinds: [] };
  if (least < 0) throw failAt(reader, whole, "function");
  const args: Operand[] = [];
  for (;;) {
    const token = peek(reader);
    if (!token) throw failAt(reader, whole, "unclosed");
    if (token.kind === "close") break;
    const letter = letters[token.kind];
    if (!letter && token.kind !== "call") throw failAt(reader, token, "argument");
    if (args.length === kinds.length) throw failAt(reader, whole, "arguments");
    if (!letter || !kinds[args.length]?.includes(letter)) throw failAt(reader, token, "argumentKind");
    args.push(readOperand(reader, "argument"));
    const after = peek(reader);
    if (after?.kind === "comma") advance(reader);
    else if (after && after.kind !== "close") throw failAt(reader, after, "argument");
  }
  if (args.length < least) throw failAt(reader, whole, "arguments");
  advance(reader);
  return { kind: "call", name: value, args, at, end: reader.last?.end ?? end };
};

const readOperand = (reader: Reader, wanted: FaultKind): Operand => {
  const token = peek(reader);
  if (token?.kind !== "name" && token?.kind !== "text" && token?.kind !== "number" && token?.kind !== "call") throw failAt(reader, token, wanted);
  advance(reader);
  if (token.kind === "name") return readName(reader, token);
  if (token.kind === "call") return readCall(reader, token);
  return { kind: token.kind, text: token.value, at: token.at, end: token.end };
};

const readCompare = (reader: Reader): Compare => {
  const left = readOperand(reader, "left");
  const sign = peek(reader);
  if (sign?.kind !== "sign") throw failAt(reader, sign, "wantSign");
  advance(reader);
  const right = readOperand(reader, "right");
  return { kind: "compare", left, op: sign.value, right, at: left.at, end: right.end };
};

const groupOf = (op: Joiner, parts: Node[]): Node | undefined => {
  const [first] = parts;
  const last = parts.at(-1);
  return parts.length > 1 && first && last ? { kind: "group", op, parts, at: first.at, end: last.end } : first;
};

// A group that is not closed yet: what is between its `||`s, each what is between the `&&`s.
interface Open {
  token: Token | undefined; // none around the whole
  ors: Node[][];
}

const openGroup = (token: Token | undefined): Open => ({ token, ors: [[]] });
const closeGroup = ({ ors }: Open): Node | undefined =>
  groupOf("||", ors.map((ands) => groupOf("&&", ands)).filter((node) => node !== undefined));

// By a stack of its own, not by calls: brackets may be as many as the text is long. (That one group
// follows another, or a comparison, without a join is taken by the server, but here it is a fault:
// nobody means it.)
const readAll = (reader: Reader): Node => {
  const open: Open[] = [openGroup(undefined)];
  let count = 0;
  let isAfter = false; // an item is complete; a join or a bracket has to follow
  for (let token = peek(reader); token; token = peek(reader)) {
    const group = open[open.length - 1] as Open;
    if (!isAfter && token.kind === "open") {
      open.push(openGroup(token));
      advance(reader);
    } else if (!isAfter) {
      if (++count > mostComparisons) throw failAt(reader, token, "many");
      group.ors.at(-1)?.push(readCompare(reader));
      isAfter = true;
    } else if (token.kind === "close" && group.token) {
      open.pop();
      const whole = closeGroup(group);
      if (whole) open.at(-1)?.ors.at(-1)?.push({ ...whole, ...(whole.kind === "group" ? { at: group.token.at, end: token.end } : {}) });
      advance(reader);
    } else if (token.kind === "join") {
      if (token.value === "||") group.ors.push([]);
      isAfter = false;
      advance(reader);
    } else throw failAt(reader, token, token.kind === "close" ? "unopened" : "wantJoin");
  }
  const last = open.pop() as Open;
  if (!isAfter) throw failAt(reader, undefined, !reader.last ? "empty" : "left");
  if (last.token) throw failAt(reader, last.token, "unclosed");
  return closeGroup(last) as Node;
};

const encoder = new TextEncoder();
const isLong = (source: string, most: number): boolean => source.length > most || (source.length * 3 > most && encoder.encode(source).length > most);

// `most`: bytes of UTF-8.
export const parse = (source: string, most = mostBytes): Parsed => {
  try {
    if (isLong(source, most)) return { fault: { at: Math.min(source.length, most), length: 0, what: "long", found: String(most) } };
    const reader: Reader = { source, rest: lex(source), token: undefined, last: undefined };
    advance(reader);
    return { node: readAll(reader) };
  } catch (error) {
    if (error instanceof Faulty) return { fault: error.fault };
    throw error;
  }
};
