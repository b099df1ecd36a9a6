// What may stand at the cursor.

import { backsOf, findCollection, findField, hasItems, isMultiple, resolve, selectValues, step, type FilterCollection, type FilterField, type Scope, type Target } from "./fields.ts";
import { lex, unescape, type Token } from "./lex.ts";
import { dateMacros, functions, numberMacros } from "./names.ts";
import { quote } from "./print.ts";
import type { RecordsWanted } from "./records.ts";
import { signsFor } from "./rows.ts";

export type ItemKind = "field" | "relation" | "back" | "modifier" | "macro" | "sign" | "value" | "join" | "function" | "history" | "record";

// `hint`: the type of a field, the name of the collection that a relation leads to, the id of a record.
export interface Item {
  label: string;
  insert: string;
  kind: ItemKind;
  hint?: string;
}

export interface Completion {
  from: number;
  to: number;
  items: Item[];
  records?: RecordsWanted; // may stand here, too: who can ask for them adds them (records.ts)
}

const mostItems = 50;
const mostLength = 10_000; // of a text that is looked at
const deepest = 4; // relations in a path

// What is expected next, after a token of each kind; `left` at the beginning.
type Expected = "left" | "sign" | "right" | "join" | "argument";

interface Place {
  expected: Expected;
  left: Token | undefined;
  sign: string; // the last
  depth: number; // open brackets
}

const isOperand = ({ kind }: Token): boolean => kind === "name" || kind === "text" || kind === "number";

const placeAfter = (tokens: readonly Token[]): Place => {
  const brackets: { isCall: boolean; before: Expected }[] = [];
  let expected: Expected = "left";
  let left: Token | undefined;
  let sign = "";
  const afterOperand = (at: Expected): Expected => (at === "right" ? "join" : at === "argument" ? "argument" : "sign");
  for (const token of tokens) {
    if (isOperand(token)) {
      if (expected === "left") left = token;
      expected = afterOperand(expected);
    } else if (token.kind === "call" || token.kind === "open") {
      brackets.push({ isCall: token.kind === "call", before: expected });
      if (token.kind === "call" && expected === "left") left = undefined;
      expected = token.kind === "call" ? "argument" : "left";
    } else if (token.kind === "close") {
      const bracket = brackets.pop();
      expected = bracket?.isCall ? afterOperand(bracket.before) : "join";
    } else if (token.kind === "sign") {
      expected = "right";
      sign = token.value;
    } else if (token.kind === "join") expected = "left";
  }
  return { expected, left, sign, depth: brackets.length };
};

const fieldItem = (field: FilterField): Item => ({ label: field.name, insert: field.name, kind: "field", hint: field.type });

const relationItems = (scope: Scope, at: FilterCollection): Item[] => {
  const relations = at.fields.filter(({ type }) => type === "relation").map((field): Item => {
    const to = findCollection(scope, String(field.collectionId));
    return { label: `${field.name}.`, insert: `${field.name}.`, kind: "relation", hint: to?.name ?? "" };
  });
  const backs = backsOf(scope, at).map((back): Item => ({ label: `${back.name}.`, insert: `${back.name}.`, kind: "back", hint: back.from.name }));
  return [...relations, ...backs];
};

const fieldItems = (scope: Scope, at: FilterCollection, hops: number): Item[] => {
  const usable = at.fields.filter(({ type }) => type !== "password");
  const shown = [...usable.filter(({ hidden }) => !hidden), ...usable.filter(({ hidden }) => hidden)];
  const deeper = shown.filter(({ type }) => type === "json" || type === "geoPoint").map(({ name, type }): Item => ({ label: `${name}.`, insert: `${name}.`, kind: "relation", hint: type }));
  return [...shown.map(fieldItem), ...(hops < deepest ? relationItems(scope, at) : []), ...deeper];
};

const modifierItems = (names: readonly string[]): Item[] => names.map((name) => ({ label: `:${name}`, insert: `:${name}`, kind: "modifier" }));
export const modifiersOf = (field: FilterField): string[] => (hasItems(field) ? [...(isMultiple(field) ? ["each", "length"] : ["length"]), "lower"] : ["lower"]);

const plain = (labels: readonly string[], kind: ItemKind): Item[] => labels.map((label) => ({ label, insert: label, kind }));

const union = (collections: readonly FilterCollection[]): FilterField[] => {
  const seen = new Map<string, FilterField>();
  for (const { fields } of collections) for (const field of fields) if (!seen.has(field.name) && field.type !== "password") seen.set(field.name, field);
  return [...seen.values()];
};

// After `@request.` and what follows it.
const requestItems = (scope: Scope, segments: readonly string[]): Item[] => {
  if (segments.length === 1) return [...plain(["auth.", "body.", "query.", "headers."], "relation"), ...plain(["method", "context"], "field")];
  if (segments.length > 2) return [];
  if (segments[1] === "auth") return [...plain(["collectionId", "collectionName"], "field"), ...union(scope.collections.filter(({ type }) => type === "auth")).map(fieldItem)];
  return segments[1] === "body" ? scope.collection.fields.map(fieldItem) : [];
};

// What may follow the segments that are whole.
const pathItems = (scope: Scope, segments: readonly string[]): Item[] => {
  if (segments[0] === "@request") return requestItems(scope, segments);
  let at: FilterCollection | undefined = scope.collection;
  let rest = segments;
  if (segments[0] === "@collection") {
    if (segments.length === 1) return scope.collections.map(({ name, type }) => ({ label: `${name}.`, insert: `${name}.`, kind: "relation", hint: type }));
    at = findCollection(scope, segments[1]?.split(":")[0] ?? "");
    rest = segments.slice(2);
  }
  for (const segment of rest) {
    if (!at) return [];
    if (findField(at, segment)?.type === "geoPoint") return plain(["lon", "lat"], "field");
    const next = step(scope, at, segment);
    if ("fault" in next) return [];
    at = next.to;
  }
  return at ? fieldItems(scope, at, rest.length) : [];
};

const fieldOf = (scope: Scope, path: string): Target | undefined => {
  const found = resolve({ path, at: 0 }, scope);
  return "fault" in found ? undefined : found;
};

// Functions are no arguments of functions: none takes one.
const rootItems = (typed: string): Item[] => {
  if (typed.startsWith("@")) return [...plain([...dateMacros, ...numberMacros], "macro"), ...plain(["@request.", "@collection."], "relation")];
  return [...functions.keys()].map((name) => ({ label: `${name}(`, insert: `${name}(`, kind: "function" as const }));
};

// A name that is typed: its last segment is replaced, or what follows its colon.
const nameCompletion = (scope: Scope, typed: string, at: number, to: number, isArgument = false): Completion => {
  const begin = typed.lastIndexOf(".") + 1;
  const colon = typed.indexOf(":", begin);
  const isRequest = typed.startsWith("@request.");
  if (colon >= 0 && !/^@collection\.\w*:\w*$/.test(typed)) {
    const field = fieldOf(scope, typed.slice(0, colon))?.field;
    return { from: at + colon, to, items: choose(modifierItems(isRequest ? ["isset", "lower", "length", "each", "changed"] : field ? modifiersOf(field) : []), typed.slice(colon)) };
  }
  const segments = begin === 0 ? [] : typed.slice(0, begin - 1).split(".");
  const part = typed.slice(begin);
  const items = choose([...pathItems(scope, segments), ...(begin === 0 && !(isArgument && !typed.startsWith("@")) ? rootItems(typed) : [])], part);
  const whole = part !== "" && !isRequest ? fieldOf(scope, typed)?.field : undefined;
  const more = whole ? modifierItems(modifiersOf(whole)).map((item) => ({ ...item, label: part + item.label, insert: part + item.insert })) : [];
  return { from: at + begin, to, items: [...items, ...more].slice(0, mostItems) };
};

// Those that begin with what is typed, then those that hold it.
export const choose = (items: readonly Item[], typed: string): Item[] => {
  const wanted = typed.toLowerCase();
  const begin: Item[] = [];
  const hold: Item[] = [];
  for (const item of items) {
    const found = item.label.toLowerCase().indexOf(wanted);
    if (item.insert === typed || found < 0) continue;
    (found === 0 ? begin : hold).push(item);
  }
  return [...begin, ...hold].slice(0, mostItems);
};

const valueItems = (target: Target | undefined, sign: string): Item[] => {
  const { type = "any", field } = target ?? {};
  const values = type === "select" ? selectValues(field).map((value): Item => ({ label: value, insert: quote(value), kind: "value" })) : [];
  const words = type === "bool" ? ["true", "false"] : [];
  const dates = type === "date" || type === "autodate" ? plain(dateMacros, "macro") : [];
  return [...values, ...plain(words, "value"), ...dates, ...(sign.includes("~") ? [] : plain(["null"], "value"))];
};

const tokenItems = (scope: Scope, place: Place, typed: string): Item[] => {
  const target = place.left?.kind === "name" ? fieldOf(scope, place.left.value) : undefined;
  // A word that is no field is the first of a person's words.
  if (place.expected === "sign" && place.left?.kind === "name" && !target && !place.left.value.startsWith("@")) return [];
  if (place.expected === "sign") return choose(plain(signsFor(target?.type ?? "any", target?.multi ?? false), "sign"), typed);
  if (place.expected === "join") return choose(plain(["&&", "||", ...(place.depth > 0 ? [")"] : [])], "join"), typed);
  return choose(valueItems(target, place.sign), typed.replace(/^['"]/, ""));
};

// Ids are the values where a relation, or an id, is compared.
const recordsAt = (scope: Scope, { expected, left }: Place, typed: string): Pick<Completion, "records"> => {
  const to = expected === "right" && left?.kind === "name" ? fieldOf(scope, left.value)?.to : undefined;
  const isOther = /^[@#]|^[^'"]*[.:]/.test(typed); // the beginning of a path
  return to && !isOther ? { records: { collection: to, text: unescape(typed.replace(/^['"]/, "")) } } : {};
};

export const complete = (text: string, cursor: number, scope: Scope): Completion => {
  const none: Completion = { from: cursor, to: cursor, items: [] };
  if (text.length > mostLength) return none;
  const tokens = [...lex(text)];
  // The token that is typed ends at the cursor or holds it; a text or bracket that is closed does not.
  const n = tokens.findIndex(({ end }) => end >= cursor);
  const token = tokens[n];
  const isTyped = token !== undefined && token.at < cursor && (["name", "sign", "join"].includes(token.kind) || (token.kind === "text" && (token.fault === "text" || token.end > cursor)));
  const before = isTyped ? tokens.slice(0, n) : tokens.filter(({ end }) => end <= cursor);
  const place = placeAfter(before);
  if (!isTyped) {
    // Between two operands there is nothing to offer: `1|2`.
    if (token !== undefined && token.at < cursor && token.end > cursor) return none;
    const wantsName = place.expected === "left" || place.expected === "argument";
    return wantsName ? nameCompletion(scope, "", cursor, cursor, place.expected === "argument") : { from: cursor, to: cursor, items: tokenItems(scope, place, ""), ...recordsAt(scope, place, "") };
  }
  const typed = text.slice(token.at, cursor);
  const to = token.fault === "text" ? cursor : token.end;
  if (token.kind === "name" && place.expected !== "sign" && place.expected !== "join") {
    const named = nameCompletion(scope, typed, token.at, to, place.expected === "argument");
    const values = place.expected === "right" && !typed.includes(".") ? tokenItems(scope, place, typed) : [];
    const others = named.items.filter(({ label }) => !values.some((value) => value.label === label));
    return { ...named, items: [...values, ...others].slice(0, mostItems), ...recordsAt(scope, place, typed) };
  }
  const isFit = (token.kind === "sign" && place.expected === "sign") || (token.kind === "join" && place.expected === "join") || (token.kind === "text" && place.expected === "right");
  return isFit ? { from: token.at, to, items: tokenItems(scope, place, typed), ...recordsAt(scope, place, typed) } : none;
};

// The text with an item taken, and where the cursor stands then: after a blank, unless more of the
// same name is to come.
export const accept = (text: string, { from, to }: Completion, item: Item): { text: string; cursor: number } => {
  if (item.kind === "history") return { text: item.insert, cursor: item.insert.length };
  const isOpen = /[.(]$/.test(item.insert);
  const rest = isOpen ? text.slice(to) : text.slice(to).replace(/^ /, "");
  const lead = item.kind === "sign" || item.kind === "join" ? (from > 0 && !/[\s(]/.test(text[from - 1] ?? "") ? " " : "") : "";
  const begin = text.slice(0, from) + lead + item.insert + (isOpen ? "" : " ");
  return { text: begin + rest, cursor: begin.length };
};
