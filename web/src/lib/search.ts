// How well a text has what is looked for: 0 not at all; more is better.

export const matchScore = (text: string, word: string): number => {
  if (word === "") return 1;
  const t = text.toLowerCase();
  const w = word.toLowerCase();
  const at = t.indexOf(w);
  if (at === 0) return 4 + w.length / t.length;
  if (at > 0) return (/[\s_.\-/]/.test(t[at - 1] ?? "") ? 3 : 2) + w.length / t.length;
  let n = 0; // its letters, in their order
  for (const c of t) if (c === w[n]) n++;
  return n === w.length ? n / t.length : 0;
};

// Those that match, the best first; equal ones as they came.
export const bestMatches = <T>(items: readonly T[], textOf: (item: T) => string, word: string, most: number): T[] =>
  items
    .map((item, n) => ({ item, n, score: matchScore(textOf(item), word) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.n - b.n)
    .slice(0, most)
    .map(({ item }) => item);
