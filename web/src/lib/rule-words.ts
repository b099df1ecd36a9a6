// A rule in plain words: "Signed-in users whose id equals author, where status equals “live”". Nothing
// is said of what is not understood.

import { findField, isMultiple, type Scope } from "./filter/fields.ts";
import { numberMacros } from "./filter/names.ts";
import { parse, type Compare, type Node, type Operand } from "./filter/parse.ts";
import { isSignedIn } from "./rule-kind.ts";

type Sign = "=" | "!=" | ">" | ">=" | "<" | "<=" | "~" | "!~";

export interface RuleTexts {
  everybody: string;
  users: string;
  signedIn: string;
  guests: string;
  usersOf: (collection: string) => string;
  whose: (what: string) => string;
  where: (what: string) => string;
  and: string;
  or: string;
  elseOr: (sentences: readonly string[]) => string;
  signs: Record<Sign, string>;
  isIn: string; // "~", from the other side
  isNotIn: string;
  any: (what: string) => string;
  isEmpty: string;
  isNotEmpty: string;
  their: (what: string) => string;
  of: (what: string, whom: string) => string;
  count: (what: string) => string;
  small: (what: string) => string;
  each: (what: string) => string;
  back: (collection: string, field: string) => string;
  some: (what: string, collection: string) => string;
  all: RuleTexts["some"];
  sent: Record<"body" | "query" | "headers", (what: string) => string>;
  method: string;
  context: string;
  isSent: string;
  isNotSent: string;
  isChanged: string;
  isNotChanged: string;
  moments: Record<string, string>;
}

// What a comparison is about: who asks, or anything else. `whose`: as it is said of who asks.
interface Clause {
  kind: "who" | "where";
  whose: string;
  text: string;
}

const who = "@request.auth.";
const mirrored: Record<string, Sign> = { "=": "=", "!=": "!=", ">": "<", ">=": "<=", "<": ">", "<=": ">=" };

const chain = (segments: readonly string[], texts: RuleTexts): string =>
  segments
    .map((segment) => {
      const [, from, by] = /^(\w+)_via_(\w+)$/.exec(segment) ?? [];
      return from && by ? texts.back(from, by) : segment;
    })
    .reduceRight((said, segment) => (said === "" ? segment : texts.of(said, segment)), "");

const modified = (said: string, modifier: string | undefined, texts: RuleTexts): string | null => {
  if (modifier === undefined) return said;
  return modifier === "length" ? texts.count(said) : modifier === "lower" ? texts.small(said) : modifier === "each" ? texts.each(said) : null;
};

const bodies = ["body", "query", "headers"] as const;

const ofPath = (path: string, texts: RuleTexts, isAny = false): string | null => {
  if (path === "@request.method") return texts.method;
  if (path === "@request.context") return texts.context;
  const [plain = "", modifier, more] = path.startsWith("@collection.") ? [path] : path.split(":");
  if (more !== undefined) return null;
  const segments = plain.split(".");
  if (segments[0] === "@collection") return path.includes(":") ? null : texts[isAny ? "some" : "all"](chain(segments.slice(2), texts), segments[1] ?? "");
  if (segments[0] !== "@request") return modified(chain(segments, texts), modifier, texts);
  const said = modified(chain(segments.slice(2), texts), modifier, texts);
  const place = bodies.find((one) => one === segments[1]);
  return said === null || (!place && segments[1] !== "auth") ? null : place ? texts.sent[place](said) : texts.their(said);
};

const ofOperand = (operand: Operand, texts: RuleTexts, isAny: boolean): string | null => {
  if (operand.kind === "path") return ofPath(operand.path, texts, isAny);
  if (operand.kind === "text") return `“${operand.text}”`;
  if (operand.kind === "macro") return texts.moments[operand.text] ?? ((numberMacros as readonly string[]).includes(operand.text) ? operand.text.slice(1) : null);
  return operand.kind === "call" ? null : operand.text;
};

const isOf = (one: Operand): boolean => one.kind === "path" && one.path.startsWith(who);
const isNothing = (one: Operand): boolean => (one.kind === "text" && one.text === "") || (one.kind === "literal" && one.text.toLowerCase() === "null");

// `:isset` and `:changed` are true or false.
const ofState = ({ left, op, right }: Compare, texts: RuleTexts): Clause | null | undefined => {
  const [, path, state] = (left.kind === "path" && /^(@request\.[^:]+):(isset|changed)$/.exec(left.path)) || [];
  if (!path || right.kind !== "literal") return undefined;
  const said = ofPath(path, texts);
  const isTrue = (right.text.toLowerCase() === "true") === (op === "=");
  if (said === null || (op !== "=" && op !== "!=") || right.text.toLowerCase() === "null") return null;
  const text = `${said} ${state === "isset" ? (isTrue ? texts.isSent : texts.isNotSent) : isTrue ? texts.isChanged : texts.isNotChanged}`;
  return { kind: "where", whose: text, text };
};

const ofCompare = (compare: Compare, texts: RuleTexts): Clause | null => {
  const state = ofState(compare, texts);
  if (state !== undefined) return state;
  const { left, right } = compare;
  const isAny = compare.op.startsWith("?");
  const op = (isAny ? compare.op.slice(1) : compare.op) as Sign;
  const [a, b] = [ofOperand(left, texts, isAny), ofOperand(right, texts, isAny)];
  if (a === null || b === null || (op.endsWith("~") && [left, right].some((one) => one.kind === "text" && one.text.includes("%")))) return null; // a pattern
  const some = (one: Operand, said: string): string => (isAny && one.kind === "path" && !one.path.startsWith("@") ? texts.any(said) : said);
  const sign = isNothing(right) && (op === "=" || op === "!=") ? (op === "=" ? texts.isEmpty : texts.isNotEmpty) : `${texts.signs[op]} ${isOf(left) ? some(right, b) : b}`;
  const text = `${some(left, a)} ${sign}`;
  const own = (one: Operand): string => (one.kind === "path" ? (modified(chain((one.path.slice(who.length).split(":")[0] ?? "").split("."), texts), one.path.split(":")[1], texts) ?? "") : "");
  if (isOf(left)) return { kind: "who", whose: `${own(left)} ${sign}`, text };
  if (!isOf(right)) return { kind: "where", whose: text, text };
  const turned = op === "~" ? texts.isIn : op === "!~" ? texts.isNotIn : texts.signs[mirrored[op] ?? "="];
  return { kind: "who", whose: `${own(right)} ${turned} ${some(left, a)}`, text };
};

const ofNode = (node: Node, texts: RuleTexts): Clause | null => {
  if (node.kind === "compare") return ofCompare(node, texts);
  const parts = node.parts.map((part) => ofNode(part, texts));
  if (!parts.every((part) => part !== null)) return null;
  const kind = parts.every((part) => part.kind === "who") ? "who" : "where";
  const said = (of: "whose" | "text"): string => node.parts.map((part, n) => (part.kind === "group" ? `(${parts[n]?.[of]})` : (parts[n]?.[of] ?? ""))).join(node.op === "&&" ? texts.and : texts.or);
  return { kind, whose: kind === "who" ? said("whose") : said("text"), text: said("text") };
};

const userOf = (node: Node, texts: RuleTexts): string | null => {
  if (node.kind !== "compare") return null;
  const { left, op, right } = node;
  if (isSignedIn(left, op, right)) return texts.signedIn;
  if (left.kind !== "path" || op !== "=") return null;
  if (left.path === `${who}id` && isNothing(right)) return texts.guests;
  return left.path === `${who}collectionName` && right.kind === "text" && right.text !== "" ? texts.usersOf(right.text) : null;
};

// Whether it holds for guests, of whom nothing is known: all that they are is empty.
const letsGuests = (node: Node): boolean => {
  if (node.kind === "group") return node.op === "&&" ? node.parts.every(letsGuests) : node.parts.some(letsGuests);
  const { left, op, right } = node;
  if (!isOf(left) && !isOf(right)) return true;
  const isEmpty = isNothing(isOf(left) ? right : left);
  return op.endsWith("!=") ? !isEmpty : op.replace("?", "") === "=" && isEmpty;
};

// Subjects one after the other: the one that says most.
const subjectOf = (found: readonly string[], isUsers: boolean, texts: RuleTexts): string | null => {
  const said = new Set(found.filter((one) => one !== texts.signedIn));
  return said.size > 1 ? null : ([...said][0] ?? (found.length > 0 ? texts.signedIn : isUsers ? texts.users : texts.everybody));
};

const sentence = (node: Node, texts: RuleTexts): string | null => {
  const parts = node.kind === "group" && node.op === "&&" ? node.parts : [node];
  const subjects = parts.map((part) => userOf(part, texts));
  const rest = parts.filter((_, n) => subjects[n] === null);
  const clauses = rest.map((part) => ofNode(part, texts));
  if (!clauses.every((clause) => clause !== null)) return null;
  const joined = (kind: Clause["kind"]): string =>
    clauses.map((clause, n) => (clause.kind !== kind ? "" : rest[n]?.kind === "group" && rest.length > 1 ? `(${clause.whose})` : clause.whose)).filter(Boolean).join(texts.and);
  const [whose, where] = [joined("who"), joined("where")];
  const subject = subjectOf(subjects.filter((one) => one !== null), whose !== "" && !rest.every((part, n) => clauses[n]?.kind === "where" || letsGuests(part)), texts);
  return subject === null ? null : subject + (whose && texts.whose(whose)) + (where && texts.where(where));
};

const mostLength = 2000;

// Null: it is not understood, or too long to be read as a sentence.
export const sayRule = (rule: string, texts: RuleTexts): string | null => {
  const { node } = rule.length > mostLength ? {} : parse(rule, mostLength);
  if (!node) return null;
  const parts = node.kind === "group" && node.op === "||" ? node.parts : [node];
  const said = parts.map((part) => sentence(part, texts));
  return said.every((one) => one !== null) ? texts.elseOr(said) : null;
};

const others = /^@(?!request\.(?:body|query|headers)\.)|^id$/; // are never empty, or no field's

// What a guest is, is empty, as a field may be: the fields by which a rule that means its owner lets
// guests in as well.
export const openToGuests = (rule: string, scope: Scope): string[] => {
  const { node } = parse(rule, Infinity);
  const found = new Set<string>();
  const look = (one: Node): void => {
    if (one.kind === "group" && one.op === "&&" && one.parts.some((part) => part.kind === "compare" && isSignedIn(part.left, part.op, part.right))) return;
    if (one.kind === "group") return one.parts.forEach(look);
    if (one.op !== "=" && one.op !== "?=") return;
    for (const [own, other] of [[one.left, one.right], [one.right, one.left]] as const) {
      if (own.kind !== "path" || other.kind !== "path" || !isOf(other) || others.test(own.path)) continue;
      const field = findField(scope.collection, own.path);
      if (field && isMultiple(field)) continue; // none of many is not the same as empty
      if (!(field as { required?: boolean } | undefined)?.required) found.add(own.path);
    }
  };
  if (node) look(node);
  return [...found];
};
