// The rules of all collections, as rows of chips: pure.

import type { Collection } from "../../api/types.ts";
import { kindOfRule, type RuleKind } from "../../lib/rule-kind.ts";
import { allRules, ruleOf, type AnyRule } from "../rules/names.ts";

export interface Cell {
  rule: AnyRule;
  kind: RuleKind;
  text: string; // of the rule
}

export interface MatrixRow {
  one: Collection;
  cells: readonly Cell[];
}

export interface Wanted {
  word: string;
  isOpen: boolean; // only those with something that is open to everybody
  withSystem: boolean;
}

// Collections stay the same objects as long as they are the same.
const known = new WeakMap<Collection, MatrixRow>();

const rowOf = (one: Collection): MatrixRow => {
  const found = known.get(one);
  if (found) return found;
  const cells = allRules.map((rule) => {
    const value = ruleOf(one, rule);
    return { rule, kind: kindOfRule(value), text: typeof value === "string" ? value : "" };
  });
  const made = { one, cells };
  known.set(one, made);
  return made;
};

// Who signs in, and with how many steps, opens no records.
const opens: ReadonlySet<AnyRule> = new Set(allRules.filter((rule) => rule !== "authRule" && rule !== "mfaRule"));
const isOpenOne = ({ cells }: MatrixRow): boolean => cells.some(({ rule, kind }) => kind === "everybody" && opens.has(rule));

export const rowsOf = (collections: readonly Collection[], { word, isOpen, withSystem }: Wanted): MatrixRow[] => {
  const wanted = word.trim().toLowerCase();
  return collections
    .filter(({ name, system }) => (withSystem || !system) && name.toLowerCase().includes(wanted))
    .map(rowOf)
    .filter((row) => !isOpen || isOpenOne(row));
};

// The next cell that has a chip, from one of them in a direction.
export const stepFrom = (rows: readonly MatrixRow[], [r, c]: readonly [number, number], [down, along]: readonly [number, number]): [number, number] | null => {
  for (let [row, cell] = [r + down, c + along]; ; row += down, cell += along) {
    const found = rows[row]?.cells[cell];
    if (!found) return null;
    if (found.kind !== "none") return [row, cell];
  }
};
