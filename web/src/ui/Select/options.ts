// Which of many choices is meant: pure.

export interface Option {
  value: string;
  label: string;
  hint?: string;
}

const fold = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

// Those that have every word of `text` in them, first those that begin with it.
export const matching = (options: readonly Option[], text: string): readonly Option[] => {
  const words = fold(text).split(/\s+/).filter(Boolean);
  if (words.length === 0) return options;
  const found = options.filter(({ label }) => words.every((word) => fold(label).includes(word)));
  const begins = ({ label }: Option) => fold(label).startsWith(words.join(" "));
  return [...found.filter(begins), ...found.filter((option) => !begins(option))];
};

// The next one that begins with what is typed; one letter again and again goes through all of it.
export const typedAhead = (options: readonly Option[], typed: string, at: number): number => {
  const letters = new Set(fold(typed));
  const wanted = letters.size === 1 ? [...letters].join("") : fold(typed);
  const from = letters.size === 1 ? at + 1 : Math.max(at, 0);
  for (let n = 0; n < options.length; n++) {
    const to = (from + n) % options.length;
    if (fold(options[to]?.label ?? "").startsWith(wanted)) return to;
  }
  return -1;
};

const page = 8;

// Where a key goes from `at` in a list of `n`; undefined: it is none that moves.
export const stepTo: Record<string, ((at: number, n: number) => number) | undefined> = {
  ArrowDown: (at, n) => Math.min(at + 1, n - 1),
  ArrowUp: (at) => Math.max(at - 1, 0),
  PageDown: (at, n) => Math.min(at + page, n - 1),
  PageUp: (at) => Math.max(at - page, 0),
  Home: () => 0,
  End: (_, n) => n - 1,
};

export const moved = <T>(items: readonly T[], from: number, to: number): T[] => {
  const rest = items.filter((_, n) => n !== from);
  const item = items[from];
  return item === undefined ? [...items] : [...rest.slice(0, to), item, ...rest.slice(to)];
};
