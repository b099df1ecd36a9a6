// What a person has typed into a filter bar: nothing, a filter, words, or what is no filter yet.

import { check, resolve, type Scope } from "./fields.ts";
import type { Fault } from "./lex.ts";
import { mostBytes, parse, type Node } from "./parse.ts";
import { print } from "./print.ts";
import { clean, fromWords, isWords, searchFieldsOf, type SearchField } from "./words.ts";

export type Meaning =
  | { kind: "none" }
  | { kind: "filter" | "words"; node: Node; filter: string }
  | { kind: "fault"; fault: Fault; isUnfinished: boolean }; // so far right: only its end is missing

// What is sent for it; undefined where that is nothing that the server takes.
export const filterOf = (meaning: Meaning): string | undefined => (meaning.kind === "none" ? "" : meaning.kind === "fault" ? undefined : meaning.filter);

const searchFields = (scope: Scope, paths: readonly string[] | undefined): SearchField[] =>
  paths?.map((path) => {
    const found = resolve({ path, at: 0 }, scope);
    return { path, multi: "multi" in found && found.multi };
  }) ?? searchFieldsOf(scope.collection);

const understandWords = (text: string, scope: Scope, paths: readonly string[] | undefined): Meaning => {
  const fields = searchFields(scope, paths);
  const node = fromWords(text, fields);
  const filter = node ? print(node) : "";
  const fault = node ? parse(filter).fault : undefined;
  if (node && !fault) return { kind: "words", node, filter };
  const what = fields.length === 0 ? "nowhere" : text.length > mostBytes || fault?.what === "long" ? "long" : "manyWords";
  return { kind: "fault", isUnfinished: false, fault: { at: text.length, length: 0, what, found: String(mostBytes) } };
};

export const understand = (typed: string, scope: Scope, paths?: readonly string[]): Meaning => {
  const text = clean(typed);
  if (text.trim() === "") return { kind: "none" };
  if (isWords(text)) return understandWords(text, scope, paths);
  const { node, fault } = parse(text);
  const wrong = fault ?? check(node, scope);
  if (node && !wrong) return { kind: "filter", node, filter: text.trim() };
  return { kind: "fault", fault: wrong as Fault, isUnfinished: isUnfinished(text, wrong as Fault) };
};

// Nobody is told of a fault that the next letters may mend.
const isUnfinished = (text: string, { at, length, what }: Fault): boolean =>
  what === "unclosed" || what === "text" || (length === 0 && at >= text.length && what !== "long") || (at + length >= text.length && ["name", "number", "sign", "join", "field", "macro"].includes(what));

// For an input, which has one line: to take the line ends out could lengthen a comment.
export const oneLine = (text: string): string => {
  if (!/[\n\r]/.test(text)) return text;
  const { node } = parse(text, Infinity);
  return node ? print(node) : text.replace(/[\n\r]+/g, " ");
};
