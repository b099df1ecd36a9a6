// What it takes to bring records back: what would be lost, what is written, and where it may be.

import { readInstant } from "./dates.ts";
import { parseJson, printJson } from "./json.ts";
import { JsonText } from "./values.ts";

export interface UndoField {
  name: string;
  type: string;
  [option: string]: unknown;
}

export interface UndoRow {
  id: string;
  [field: string]: unknown;
}

// More rows than this are not read before they are changed.
export const mostUndone = 200;

export type Loss = "password" | "files";

const isNone = (value: unknown): boolean => value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);

// What a row that is created again would not have.
export const lossOf = (fields: readonly UndoField[], rows: readonly UndoRow[]): Loss | null => {
  if (fields.some(({ type }) => type === "password")) return "password";
  const files = fields.filter(({ type }) => type === "file");
  return rows.some((row) => files.some(({ name }) => !isNone(row[name]))) ? "files" : null;
};

// The server writes these itself.
const ownTypes: ReadonlySet<string> = new Set(["autodate", "file", "password"]);

// A value as it has to be sent to be stored again: a text of JSON is read as JSON, so that a string
// has to be printed, and numbers that are printed are not rounded.
export const sentAgain = ({ type }: UndoField, value: unknown): unknown =>
  type === "json" && value !== null && value !== undefined && !(value instanceof JsonText) ? new JsonText(printJson(value)) : value;

const isGenerated = ({ type, autogeneratePattern }: UndoField): boolean => type === "text" && typeof autogeneratePattern === "string" && autogeneratePattern !== "";

// The same record again, with its id.
export const bodyOf = (fields: readonly UndoField[], row: UndoRow): Record<string, unknown> => ({
  ...Object.fromEntries(fields.filter(({ name, type }) => !ownTypes.has(type) && row[name] !== undefined).map((field) => [field.name, sentAgain(field, row[field.name])])),
  id: row.id,
});

export const datesOf = (fields: readonly UndoField[]): string[] => fields.filter(({ type }) => type === "autodate").map(({ name }) => name);

export type Values = Record<string, unknown>;

export interface Change {
  id: string;
  method: "POST" | "PATCH" | "DELETE";
  body?: Values;
  then?: Values; // of a POST: what is written right after it
  over?: Values; // of an undo: what is written over; something else there is somebody's work
}

// What is empty where the server would fill it in on creation is emptied after it.
const emptied = (fields: readonly UndoField[], row: UndoRow): Values | null => {
  const names = fields.filter((field) => isGenerated(field) && row[field.name] === "").map(({ name }) => name);
  return names.length > 0 ? Object.fromEntries(names.map((name) => [name, ""])) : null;
};

export const createdAgain = (fields: readonly UndoField[], rows: readonly UndoRow[]): Change[] =>
  rows.map((row) => {
    const then = emptied(fields, row);
    return { id: row.id, method: "POST", body: bodyOf(fields, row), ...(then ? { then } : {}) };
  });

export const writtenBack = (field: UndoField, rows: readonly UndoRow[]): Change[] => rows.map((row) => ({ id: row.id, method: "PATCH", body: { [field.name]: sentAgain(field, row[field.name]) } }));

// --- what became of it ----------------------------------------------------------------------------

const plain = (value: unknown): unknown => {
  if (!(value instanceof JsonText)) return value;
  try {
    return parseJson(value.toString());
  } catch {
    return value.toString();
  }
};

const printed = (value: unknown): string => printJson(value) ?? "";

// Whether what is stored is what was sent, which may have been written otherwise.
export const holds = (stored: unknown, sent: unknown): boolean => {
  const value = plain(sent);
  if (printed(stored) === printed(value)) return true;
  if (typeof stored === "number" && typeof value === "string") return value.trim() !== "" && Number(value) === stored;
  if (stored === null || stored === "") return isNone(value);
  const [a, b] = [readInstant(stored), readInstant(value)];
  return a !== null && b !== null && a.getTime() === b.getTime();
};

const holdsAll = (row: UndoRow, values: Values): boolean => Object.entries(values).every(([name, value]) => holds(row[name], value));

export interface Became {
  done: string[];
  unknown: string[];
}

// Of changes that nobody has answered, by the records that are there now. What cannot be read, and
// what is written in another way, cannot be compared.
export const became = (changes: readonly Change[], rows: ReadonlyMap<string, UndoRow>): Became => {
  const done: string[] = [];
  const unknown: string[] = [];
  for (const { id, method, body = {}, then = {} } of changes) {
    const row = rows.get(id);
    if (method === "DELETE" || !row) {
      if ((method === "DELETE") === !row) done.push(id);
    } else if (method === "POST") {
      if (holdsAll(row, then)) done.push(id);
    } else if (Object.keys(body).some((name) => !(name in row))) unknown.push(id);
    else if (holdsAll(row, body)) done.push(id);
    else if (Object.entries(body).some(([name, value]) => typeof plain(value) !== typeof row[name])) unknown.push(id);
  }
  return { done, unknown };
};

// Of what was planned, what has to be undone: a record that was refused is as it was. rows: as they
// were stored by what is undone.
export const ofDone = (changes: readonly Change[], done: ReadonlySet<string>, rows: ReadonlyMap<string, UndoRow> = new Map(), sent: Values = {}): Change[] =>
  changes
    .filter(({ id }) => done.has(id))
    .map((change) => {
      if (change.method !== "PATCH") return change;
      const row = rows.get(change.id);
      const over = Object.keys(change.body ?? {}).map((name) => [name, row && name in row ? row[name] : sent[name]]);
      return { ...change, over: Object.fromEntries(over) };
    });

export interface Undoing {
  todo: Change[];
  back: string[]; // as they were already
  changed: string[]; // by somebody, since
}

// What of it is still to be done, by the records that are there now.
export const stillToUndo = (changes: readonly Change[], rows: ReadonlyMap<string, UndoRow>): Undoing => {
  const undoing: Undoing = { todo: [], back: [], changed: [] };
  for (const change of changes) {
    const { id, method, body = {}, then, over } = change;
    const row = rows.get(id);
    if (method === "POST") {
      if (!row) undoing.todo.push(change);
      else if (then && !holdsAll(row, then)) undoing.todo.push({ id, method: "PATCH", body: then });
      else undoing.back.push(id);
    } else if (!row) undoing.changed.push(id);
    else if (over && holdsAll(row, over)) undoing.todo.push(change);
    else (holdsAll(row, body) ? undoing.back : undoing.changed).push(id);
  }
  return undoing;
};
