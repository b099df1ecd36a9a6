// Tree ⇄ rows of the builder. What rows cannot show (functions, two fields compared) stays text.

import { macros } from "./names.ts";
import type { Joiner, Node, Operand, Plain } from "./parse.ts";

export interface RowValue {
  kind: Plain["kind"];
  text: string;
}
export interface FilterRow {
  kind: "row";
  path: string;
  op: string;
  value: RowValue;
}
export interface RowGroup {
  kind: "group";
  op: Joiner;
  parts: readonly RowPart[];
}
export type RowPart = FilterRow | RowGroup;

const isPlain = (operand: Operand): operand is Plain => operand.kind !== "path" && operand.kind !== "call";

const partOf = (node: Node): RowPart | null => {
  if (node.kind === "compare")
    return node.left.kind === "path" && isPlain(node.right) ? { kind: "row", path: node.left.path, op: node.op, value: { kind: node.right.kind, text: node.right.text } } : null;
  const parts: RowPart[] = [];
  for (const one of node.parts) {
    const part = partOf(one);
    if (!part) return null;
    parts.push(part);
  }
  return { kind: "group", op: node.op, parts };
};

// Around the rows there is always a group.
export const toRows = (node: Node | undefined): RowGroup | null => {
  const part = node ? partOf(node) : null;
  return part?.kind === "row" ? { kind: "group", op: "&&", parts: [part] } : part ?? (node ? null : { kind: "group", op: "&&", parts: [] });
};

const nowhere = { at: 0, end: 0 };

// Groups without rows mean nothing; null: none of them has one.
export const fromRows = (part: RowPart): Node | null => {
  if (part.kind === "row")
    return part.path === "" ? null : { kind: "compare", left: { kind: "path", path: part.path, ...nowhere }, op: part.op, right: { ...part.value, ...nowhere }, ...nowhere };
  const parts = part.parts.map(fromRows).filter((node) => node !== null);
  return parts.length > 1 ? { kind: "group", op: part.op, parts, ...nowhere } : (parts[0] ?? null);
};

const isNumber = (text: string): boolean => /^-?(?:\d+(?:\.\d+)?|\.\d+)$/.test(text) && !text.startsWith(".");

// What a person has typed into the field for the value, as the type of what it is compared with says.
export const valueOf = (text: string, type: string): RowValue => {
  if (macros.has(text) && ["date", "autodate", "number", "any"].includes(type)) return { kind: "macro", text };
  if (isNumber(text) && ["number", "json", "any"].includes(type)) return { kind: "number", text };
  if ((text === "true" || text === "false") && ["bool", "json", "any"].includes(type)) return { kind: "literal", text };
  return { kind: "text", text };
};

export const nullValue: RowValue = { kind: "literal", text: "null" };
export const isNull = ({ kind, text }: RowValue): boolean => kind === "literal" && text.toLowerCase() === "null";

// The operators that make sense for a type; the variants with `?` where there are many values.
const byType: Record<string, readonly string[]> = {
  number: ["=", "!=", ">", ">=", "<", "<="],
  date: [">=", "<", "=", "!=", ">", "<="],
  autodate: [">=", "<", "=", "!=", ">", "<="],
  bool: ["=", "!="],
  relation: ["=", "!=", "~", "!~"],
  select: ["=", "!=", "~", "!~"],
  file: ["~", "!~", "=", "!="],
  text: ["~", "!~", "=", "!=", ">", ">=", "<", "<="],
};

export const signsFor = (type: string, multi: boolean): string[] => {
  const plain = byType[type] ?? byType["text"] ?? [];
  return multi ? [...plain.map((op) => `?${op}`), ...plain] : [...plain];
};
