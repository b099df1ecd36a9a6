// What an edit changes, as a list that a person reads before it is saved.

import type { Field } from "../../api/types.ts";
import { printJson } from "../../lib/json.ts";
import { renameInRule } from "../../lib/rename-rule.ts";
import { isObject } from "../../lib/values.ts";
import { withoutSecrets } from "./kept.ts";
import { bodyOf, indexText, isOfRemoved, ruleNames, type Draft, type IndexDraft } from "./draft.ts";
import { same } from "./rebase.ts";

export type ChangeKind = "name" | "added" | "removed" | "renamed" | "option" | "order" | "rule" | "indexAdded" | "indexRemoved" | "indexChanged" | "query" | "setting" | "meaning";

export interface Change {
  kind: ChangeKind;
  name: string; // of a field, an index, a rule, an option
  option?: string; // of a field
  before?: unknown;
  after?: unknown;
  isLoss?: boolean; // data goes with it
  isRisky?: boolean; // everybody may then
}

const notShown: ReadonlySet<string> = new Set(["id", "name"]);

const optionsOf = (name: string, before: Field, after: Field): Change[] =>
  Object.keys({ ...before, ...after })
    .filter((option) => !notShown.has(option) && !same(before[option], after[option]))
    .map((option) => {
      const isLoss = option === "maxSelect" && Number(before[option]) > 1 && Number(after[option]) <= 1;
      return { kind: "option" as const, name, option, before: before[option], after: after[option], ...(isLoss ? { isLoss } : {}) };
    });

// What the draft does not have at all goes, too.
const fieldChanges = (draft: Draft, before: Draft): Change[] => {
  const there = new Set(draft.fields.map(({ key }) => key));
  const missing = before.fields.filter(({ key, was }) => was && !there.has(key)).map(({ field }) => ({ kind: "removed" as const, name: field.name, before: field.type, isLoss: true }));
  const found = draft.fields.flatMap(({ field, was, isRemoved }): Change[] => {
    if (!was) return [{ kind: "added", name: field.name, after: field.type }];
    if (isRemoved) return [{ kind: "removed", name: was.name, before: was.type, isLoss: true }];
    const renamed: Change[] = was.name === field.name ? [] : [{ kind: "renamed", name: was.name, before: was.name, after: field.name }];
    return [...renamed, ...optionsOf(field.name, was, field)];
  });
  return [...found, ...missing];
};

const isMoved = (draft: Draft, before: Draft): boolean => {
  const there = new Set(draft.fields.map(({ key }) => key));
  const kept = draft.fields.filter(({ was }) => was).map(({ key }) => key);
  return !same(kept, before.fields.map(({ key }) => key).filter((key) => there.has(key)));
};

const indexName = (draft: Draft, one: IndexDraft): string => one.index?.name ?? indexText(draft, one).slice(0, 60);

const indexChanges = (draft: Draft): Change[] =>
  draft.indexes.flatMap((one): Change[] => {
    const isOut = one.isRemoved || isOfRemoved(draft, one.index);
    const text = indexText(draft, one);
    const name = indexName(draft, one);
    if (one.was === null) return isOut ? [] : [{ kind: "indexAdded", name, after: text }];
    if (isOut) return [{ kind: "indexRemoved", name, before: one.was }];
    return text === one.was ? [] : [{ kind: "indexChanged", name, before: one.was, after: text }];
  });

const rules: ReadonlySet<string> = new Set(ruleNames);
// A rule that names a field which goes, while another one takes its name, would ask something else.
const meaningChanges = (draft: Draft, before: Draft): Change[] => {
  const names = new Set(draft.fields.filter(({ isRemoved }) => !isRemoved).map(({ field }) => field.name));
  const taken = draft.fields.flatMap(({ was, isRemoved }) => (was && isRemoved && names.has(was.name) ? was.name : []));
  return taken.flatMap((name) =>
    ruleNames
      .filter((rule) => typeof before.options[rule] === "string" && draft.options[rule] === before.options[rule])
      .filter((rule) => renameInRule(String(before.options[rule]), new Map([[name, "_"]])) !== before.options[rule])
      .map((rule) => ({ kind: "meaning" as const, name: rule, option: name, isRisky: true })),
  );
};

const opening: ReadonlySet<string> = new Set(["createRule", "updateRule", "deleteRule"]);
const secrets = /secret$/i;

const isSecret = (path: string): boolean => secrets.test(path.split(".").at(-1) ?? "");

// By path, as far as objects go; secrets are told of, not shown.
const settingChanges = (path: string, before: unknown, after: unknown): Change[] => {
  if (same(before, after)) return [];
  const isTree = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  if (isTree(before) && isTree(after)) return Object.keys({ ...before, ...after }).flatMap((key) => settingChanges(`${path}.${key}`, before[key], after[key]));
  if (Array.isArray(before) && Array.isArray(after) && [...before, ...after].every(isTree)) {
    const named = (list: readonly Record<string, unknown>[]) => Object.fromEntries(list.map((one, n) => [String(one["name"] ?? n), one]));
    return settingChanges(path, named(before as Record<string, unknown>[]), named(after as Record<string, unknown>[]));
  }
  return [{ kind: "setting", name: path, ...(isSecret(path) ? {} : { before: withoutSecrets(before), after: withoutSecrets(after) }) }];
};

const optionChanges = (draft: Draft, before: Draft): Change[] => {
  const was = bodyOf(before, before);
  const is = bodyOf(draft, before);
  return Object.keys({ ...before.options, ...draft.options }).flatMap((name): Change[] => {
    if (same(was[name], is[name])) return [];
    if (rules.has(name)) return [{ kind: "rule", name, before: was[name], after: is[name], ...(opening.has(name) && is[name] === "" ? { isRisky: true } : {}) }];
    if (name === "viewQuery") return [{ kind: "query", name, before: was[name], after: is[name] }];
    return settingChanges(name, was[name], is[name]);
  });
};

// before: null of a new collection, of which everything is new.
export const changesOf = (draft: Draft, before: Draft, isNew: boolean): Change[] => [
  ...(draft.name === before.name || isNew ? [] : [{ kind: "name" as const, name: draft.name, before: before.name, after: draft.name }]),
  ...(draft.type === "view" ? [] : fieldChanges(draft, before)),
  ...(!isNew && draft.type !== "view" && isMoved(draft, before) ? [{ kind: "order" as const, name: "" }] : []),
  ...indexChanges(draft),
  ...optionChanges(draft, before),
  ...meaningChanges(draft, before),
];

const providerNames = (options: Draft["options"]): string[] => {
  const { oauth2 } = options;
  const list = isObject(oauth2) && Array.isArray(oauth2["providers"]) ? oauth2["providers"] : [];
  return list.map((one) => (isObject(one) ? String(one["name"]) : ""));
};

// Whether what is saved can be taken back: a secret that is replaced, or goes with its provider, cannot.
export const isRevocable = (draft: Draft, before: Draft): boolean => {
  const names = new Set(providerNames(draft.options));
  return printJson(withoutSecrets(draft.options)) === printJson(draft.options) && providerNames(before.options).every((name) => names.has(name));
};
