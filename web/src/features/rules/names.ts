// Which rules a collection has, and what they are about.

import type { Collection, CollectionType } from "../../api/types.ts";
import { isObject } from "../../lib/values.ts";

export type RuleName = "listRule" | "viewRule" | "createRule" | "updateRule" | "deleteRule" | "authRule" | "manageRule";

const reading: readonly RuleName[] = ["listRule", "viewRule"];
const usual: readonly RuleName[] = [...reading, "createRule", "updateRule", "deleteRule"];

const byType: Record<CollectionType, readonly RuleName[]> = { base: usual, view: reading, auth: [...usual, "authRule", "manageRule"] };

export const ruleNamesOf = (type: CollectionType): readonly RuleName[] => byType[type];
export const ruleIn = (type: CollectionType, name: string | undefined): RuleName | undefined => byType[type].find((one) => one === name);

export const opening: ReadonlySet<string> = new Set(["createRule", "updateRule", "deleteRule"]);

// Of each collection in the matrix; undefined where it has none.
export const allRules = [...byType.auth, "mfaRule"] as const;
export type AnyRule = (typeof allRules)[number];

export const ruleOf = (one: Collection, name: AnyRule): unknown => {
  if (name !== "mfaRule") return byType[one.type].includes(name) ? (one[name] ?? null) : undefined;
  const { mfa } = one;
  return one.type === "auth" && isObject(mfa) ? (mfa["enabled"] === true ? (mfa["rule"] ?? "") : null) : undefined;
};
