// Words of the language that mean the same for every collection.

export const literals: ReadonlySet<string> = new Set(["true", "false", "null"]);

export const dateMacros = ["@now", "@todayStart", "@todayEnd", "@yesterday", "@tomorrow", "@monthStart", "@monthEnd", "@yearStart", "@yearEnd"] as const;
export const numberMacros = ["@second", "@minute", "@hour", "@day", "@weekday", "@month", "@year"] as const;
export const macros: ReadonlySet<string> = new Set<string>([...dateMacros, ...numberMacros]);

// What an argument may be: a text, a number, a name (of a field, a moment). None may be a function.
export interface Arguments {
  least: number;
  kinds: readonly string[]; // a letter for each kind that is allowed, argument by argument
}

const texts = Array<string>(8).fill("t");

export const functions: ReadonlyMap<string, Arguments> = new Map([
  ["geoDistance", { least: 4, kinds: ["fn", "fn", "fn", "fn"] }],
  ["strftime", { least: 1, kinds: ["t", "tfn", ...texts] }],
]);

export const modifiers = ["lower", "length", "each", "isset", "changed"] as const;
