// What is asked when a rule is tried; it stays as it was typed while somebody is signed in.

import { effect, signal, type Signal } from "@preact/signals";
import type { Asking } from "../../api/rules.ts";
import { tu } from "../../i18n/t-rules.ts";
import { jsonFault } from "../../lib/json-fault.ts";
import { parseJson } from "../../lib/json.ts";
import { isObject } from "../../lib/values.ts";
import { isSigned } from "../../state/session.ts";
import type { RuleName } from "./names.ts";

export type Who = "guest" | "user" | "superuser";

export interface Question {
  who: Who;
  at: string; // the auth collection of the user
  user: string;
  record: string;
  body: string;
  query: string;
  headers: string;
}

const empty: Question = { who: "guest", at: "", user: "", record: "", body: "", query: "", headers: "" };
const kept = new Map<string, Signal<Question>>();
effect(() => {
  if (!isSigned.value) kept.clear();
});

export const questionOf = (collection: string): Signal<Question> => {
  const known = kept.get(collection) ?? signal(empty);
  kept.set(collection, known);
  return known;
};

export const actionOf = (rule: RuleName): string => rule.replace("Rule", "");
export const hasRecord = (rule: RuleName): boolean => rule !== "listRule" && rule !== "createRule";
export const hasBody = (rule: RuleName): boolean => ["createRule", "updateRule", "manageRule"].includes(rule);
export const isReading = (rule: RuleName): boolean => rule === "listRule" || rule === "viewRule";

// "name=value", "Name: value": one in a line.
export const pairsIn = (text: string, mark: "=" | ":"): Record<string, string> =>
  Object.fromEntries(
    text
      .split(/\r?\n/)
      .filter((line) => line.trim() !== "")
      .map((line) => {
        const at = line.indexOf(mark);
        return at < 0 ? [line.trim(), ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
      }),
  );

// "": it is an object, or nothing.
export const bodyFault = (text: string): string => {
  if (text.trim() === "") return "";
  const fault = jsonFault(text);
  return fault ? tu.test.badBody(fault.line) : isObject(parseJson(text)) ? "" : tu.test.noObject;
};

// Why it cannot be asked yet.
export const lackOf = (rule: RuleName, of: Question): string => {
  if (of.who === "user" && of.user.trim() === "") return tu.test.needsUser;
  if (hasRecord(rule) && of.record.trim() === "") return tu.test.needsRecord;
  return hasBody(rule) ? bodyFault(of.body) : "";
};

const given = (text: string, mark: "=" | ":"): Record<string, string> | undefined => {
  const pairs = pairsIn(text, mark);
  return Object.keys(pairs).length > 0 ? pairs : undefined;
};

// text: of the rule as it stands in the draft. me: who is signed in here.
export const bodyOf = (collection: string, rule: RuleName, text: unknown, of: Question, me: string): object => ({
  collection,
  action: actionOf(rule),
  rule: typeof text === "string" ? text : null,
  as: of.who === "guest" ? null : of.who === "user" ? `${of.at}/${of.user.trim()}` : `_superusers/${me}`,
  ...(hasRecord(rule) ? { record: of.record.trim() } : {}),
  ...(hasBody(rule) && of.body.trim() !== "" ? { body: parseJson(of.body) } : {}),
  query: given(of.query, "="),
  headers: given(of.headers, ":"),
});

export const askingOf = (collection: string, rule: RuleName, of: Question): Asking => ({
  collection,
  record: hasRecord(rule) ? of.record.trim() : "",
  as: of.who === "user" ? { collection: of.at, id: of.user.trim() } : of.who,
  query: pairsIn(of.query, "="),
});
