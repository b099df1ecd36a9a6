// What may stand at the cursor of a rule: what may in a filter (filter/complete.ts), and what is known of
// a request.

import { choose, complete, modifiersOf, type Completion, type Item } from "./filter/complete.ts";
import { findCollection, findField, type FilterCollection, type FilterField, type Scope } from "./filter/fields.ts";
import { lex, type Token } from "./filter/lex.ts";
import { quote } from "./filter/print.ts";

const methods = ["GET", "POST", "PATCH", "DELETE", "PUT"];
const contexts = ["default", "password", "oauth2", "otp", "realtime", "expand", "protectedFile", "batch"];
const headers = ["authorization", "user_agent", "accept_language", "content_type", "origin", "referer", "x_forwarded_for"];
const params = ["expand", "fields", "filter", "sort", "page", "perPage"];
const starts = ["@request.auth.", "@request.body.", "@request.query.", "@request.headers.", "@request.method", "@request.context", "@collection."];

const item = (label: string, kind: Item["kind"] = "field"): Item => ({ label, insert: label, kind });
const texts = (values: readonly string[]): Item[] => values.map((value) => ({ label: value, insert: quote(value), kind: "value" }));
const distinct = (items: readonly Item[]): Item[] => [...new Map(items.map((one) => [one.label, one])).values()];
const authOnes = (scope: Scope): FilterCollection[] => scope.collections.filter(({ type }) => type === "auth");

// What a rest of a path can be from each of some collections.
const from = (starting: readonly FilterCollection[], scope: Scope, rest: string): Item[] =>
  distinct(starting.flatMap((collection) => complete(rest, rest.length, { ...scope, collection }).items.filter(({ kind }) => kind === "field" || kind === "relation" || kind === "back" || kind === "modifier")));

const relationOf = (scope: Scope, name: string): FilterCollection | undefined => {
  const field = findField(scope.collection, name);
  return field?.type === "relation" ? findCollection(scope, String(field.collectionId)) : undefined;
};

// Whether it is sent can be asked of all, whether it changes of a field alone.
const modifiersAt = (field: FilterField | undefined): string[] => (field ? ["isset", "changed", ...modifiersOf(field)] : ["isset", "lower"]);

// Of `@request.` and what follows.
const requestItems = (typed: string, scope: Scope): Item[] => {
  const [, place = "", ...more] = typed.split(".");
  const rest = more.join(".");
  const last = more.at(-1) ?? "";
  if (more.length === 0) return choose(starts.filter((one) => one.startsWith("@request.")).map((one) => item(one.slice("@request.".length), one.endsWith(".") ? "relation" : "field")), place);
  const colon = last.indexOf(":");
  if (colon >= 0 && place !== "auth" && more.length === 1) {
    const field = place === "body" ? findField(scope.collection, last.slice(0, colon)) : undefined;
    return choose(modifiersAt(field).map((one) => item(`:${one}`, "modifier")), last.slice(colon));
  }
  if (place === "auth") return [...from(authOnes(scope), scope, rest), ...(more.length === 1 ? choose([item("collectionName"), item("collectionId")], last) : [])];
  if (place === "headers") return choose(headers.map((one) => item(one)), rest);
  if (place === "query") return choose(params.map((one) => item(one)), rest);
  if (place !== "body") return [];
  const to = more.length > 1 ? relationOf(scope, more[0] ?? "") : undefined;
  if (more.length > 1) return to ? from([to], scope, more.slice(1).join(".")) : [];
  const { fields } = scope.collection;
  const names = choose([...fields.map(({ name }) => item(name)), ...fields.filter(({ type }) => type === "relation").map(({ name }) => item(`${name}.`, "relation"))], last);
  const field = findField(scope.collection, last);
  return [...names, ...(field ? modifiersAt(field).map((one) => item(`${last}:${one}`, "modifier")) : [])];
};

// The operator that the cursor stands behind, and the name before that.
const sideOf = (tokens: readonly Token[]): { left: string; isRight: boolean } => {
  const [left, sign] = tokens.slice(-2);
  return { left: left?.kind === "name" ? left.value : "", isRight: sign?.kind === "sign" };
};

// What the other side of a comparison usually is.
const valuesFor = (left: string, scope: Scope): Item[] => {
  if (left === "@request.method") return texts(methods);
  if (left === "@request.context") return texts(contexts);
  if (left === "@request.auth.collectionName") return texts(authOnes(scope).map(({ name }) => name));
  if (left.startsWith("@request.")) return left.endsWith(".id") ? [{ label: '""', insert: '""', kind: "value" }] : /:(?:isset|changed)$/.test(left) ? [item("true", "value"), item("false", "value")] : [];
  const field = findField(scope.collection, left);
  const isUser = field?.type === "relation" ? relationOf(scope, left)?.type === "auth" : left === "id" || left.endsWith(".id");
  return isUser ? [item("@request.auth.id")] : [];
};

const mostItems = 50;

const find = (text: string, cursor: number, scope: Scope): Completion => {
  const usual = complete(text, cursor, scope);
  const tokens = [...lex(text.slice(0, cursor))];
  const last = tokens.at(-1);
  const isTyping = last !== undefined && last.end === cursor && last.kind !== "close" && !(last.kind === "text" && !last.fault);
  if (isTyping && last.kind !== "name" && last.kind !== "text") return usual;
  const typed = isTyping ? text.slice(last.at, cursor) : "";
  if (typed.startsWith("@request.")) {
    const colon = typed.lastIndexOf(":");
    const begin = colon > typed.lastIndexOf(".") ? colon : typed.lastIndexOf(".") + 1;
    return { from: cursor - typed.length + begin, to: Math.max(cursor, usual.to), items: distinct(requestItems(typed, scope)).slice(0, mostItems) };
  }
  const { left, isRight } = sideOf(isTyping ? tokens.slice(0, -1) : tokens);
  const isQuoted = /^['"]/.test(typed);
  const isName = !typed.includes(".") && !isQuoted;
  const values = isRight && (isName || isQuoted) ? choose(valuesFor(left, scope), typed.replace(/^['"]/, "")) : [];
  const wantsName = isName && (isRight || typed.startsWith("@") || usual.items.some(({ kind }) => kind === "function"));
  const begins = wantsName ? choose(starts.map((one) => item(one, "relation")), typed) : [];
  const isLast = ({ kind }: Item): boolean => kind === "function";
  const others = usual.items.filter(({ label }) => label !== "@request.");
  const items = [...values, ...others.filter((one) => !isLast(one)), ...begins, ...others.filter(isLast)];
  return { from: usual.items.length > 0 ? usual.from : cursor - typed.length, to: usual.to, items: distinct(items).slice(0, mostItems) };
};

// What is there as it is typed stands first, so that to take the first changes nothing then.
export const completeRule = (text: string, cursor: number, scope: Scope): Completion => {
  const found = find(text, cursor, scope);
  const part = text.slice(found.from, cursor);
  if (part === "" || found.items.length === 0) return found;
  const same = find(text.slice(0, found.from), found.from, scope).items.find(({ insert }) => insert === part);
  return same ? { ...found, items: [same, ...found.items] } : found;
};
