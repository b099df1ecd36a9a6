// What a statement has answered: rows of texts and NULLs, sorted, copied, and a plan as a tree.

export type SqlCell = string | null;

export interface SqlRow {
  id: string; // its place in the answer
  cells: readonly SqlCell[];
}

const number = /^-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

const whole = /^-?\d{1,40}$/;

// What is beyond the exact numbers of an engine has its digits compared.
const compareNumbers = (a: string, b: string): number => {
  const [x, y] = [Number(a), Number(b)];
  if (x !== y || !whole.test(a) || !whole.test(b)) return x === y ? 0 : x - y;
  const [p, q] = [BigInt(a), BigInt(b)];
  return p < q ? -1 : p > q ? 1 : 0;
};

// NULL first, numbers by what they are worth, then texts.
const compare = (a: SqlCell, b: SqlCell): number => {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  const [isA, isB] = [number.test(a), number.test(b)];
  if (isA && isB) return compareNumbers(a, b);
  return isA !== isB ? (isA ? -1 : 1) : a < b ? -1 : a > b ? 1 : 0;
};

export const sortRows = (rows: readonly SqlRow[], keys: readonly { key: string; desc: boolean }[]): SqlRow[] =>
  rows.toSorted((a, b) => {
    for (const { key, desc } of keys) {
      const by = compare(a.cells[Number(key)] ?? null, b.cells[Number(key)] ?? null);
      if (by !== 0) return desc ? -by : by;
    }
    return 0;
  });

// Of columns with the same name each keeps its value.
export const uniqueNames = (names: readonly string[]): string[] => {
  const seen = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let n = 2; seen.has(unique); n++) unique = `${name}_${n}`;
    seen.add(unique);
    return unique;
  });
};

const oneCell = (text: string): string => text.replace(/[\t\r\n]+/g, " ");
const markdown = (cell: SqlCell): string => (cell === null ? "NULL" : cell.replace(/[\\|]/g, "\\$&").replace(/\r?\n|\r/g, "<br>"));

type Writer = (names: readonly string[], rows: readonly SqlRow[]) => string;

export const writers: Record<"tsv" | "json" | "markdown", Writer> = {
  tsv: (names, rows) => [names, ...rows.map(({ cells }) => cells.map((cell) => cell ?? ""))].map((line) => line.map(oneCell).join("\t")).join("\n"),
  json: (names, rows) => {
    const keys = uniqueNames(names);
    return JSON.stringify(rows.map(({ cells }) => Object.fromEntries(keys.map((key, n) => [key, cells[n] ?? null]))), null, 2);
  },
  markdown: (names, rows) => [names.map(markdown), names.map(() => "---"), ...rows.map(({ cells }) => cells.map(markdown))].map((line) => `| ${line.join(" | ")} |`).join("\n"),
};

export interface PlanNode {
  detail: string;
  scans: boolean; // goes through all of a table
  inner: PlanNode[];
}

// The rows of EXPLAIN QUERY PLAN: id, parent, unused, detail.
export const planOf = (rows: readonly (readonly SqlCell[])[]): PlanNode[] => {
  const roots: PlanNode[] = [];
  const byId = new Map<string, PlanNode>();
  for (const [id = "", parent = "", , detail = ""] of rows) {
    const node = { detail: detail ?? "", scans: /^SCAN (?!CONSTANT|\d+ CONSTANT)/.test(detail ?? ""), inner: [] };
    (byId.get(parent ?? "")?.inner ?? roots).push(node);
    byId.set(id ?? "", node);
  }
  return roots;
};
