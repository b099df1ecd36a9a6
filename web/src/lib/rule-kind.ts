// What a rule comes to, in a word.

import { parse, type Operand } from "./filter/parse.ts";

export type RuleKind = "none" | "superusers" | "everybody" | "signedIn" | "rule";

const ofWho = new Set(["@request.auth.id", "@request.auth.collectionId", "@request.auth.collectionName"]);
const isWho = (one: Operand): boolean => one.kind === "path" && ofWho.has(one.path);
const isEmpty = (one: Operand): boolean => (one.kind === "text" && one.text === "") || (one.kind === "literal" && one.text.toLowerCase() === "null");

// What somebody who has signed in has, and a guest has not.
export const isSignedIn = (left: Operand, op: string, right: Operand): boolean => (op === "!=" || op === "?!=") && ((isWho(left) && isEmpty(right)) || (isWho(right) && isEmpty(left)));

// rule: undefined where the collection has no such rule.
export const kindOfRule = (rule: unknown): RuleKind => {
  if (rule === undefined) return "none";
  if (typeof rule !== "string") return "superusers";
  if (rule === "") return "everybody";
  const { node } = parse(rule, Infinity);
  return node?.kind === "compare" && isSignedIn(node.left, node.op, node.right) ? "signedIn" : "rule";
};
