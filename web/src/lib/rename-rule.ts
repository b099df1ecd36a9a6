// A rule or a filter with some fields called otherwise: only names of fields of the collection itself
// are changed, everything else stays as it is written.

import { lex } from "./filter/lex.ts";

const own = /^(@request\.body\.)?(\w+)/;

// The first part of a name, where it is a field of the collection.
const renamedName = (name: string, names: ReadonlyMap<string, string>): string => {
  if (name.startsWith("@") && !name.startsWith("@request.body.")) return name;
  return name.replace(own, (whole, before: string | undefined, field: string) => {
    const to = names.get(field);
    return to === undefined ? whole : `${before ?? ""}${to}`;
  });
};

export const renameInRule = (rule: string, names: ReadonlyMap<string, string>): string => {
  if (names.size === 0) return rule;
  let made = "";
  let from = 0;
  for (const { kind, at, end } of lex(rule)) {
    if (kind !== "name") continue;
    made += rule.slice(from, at) + renamedName(rule.slice(at, end), names);
    from = end;
  }
  return made + rule.slice(from);
};
