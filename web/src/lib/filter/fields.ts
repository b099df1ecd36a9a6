// What a path of a filter leads to, by the collections that there are.

import type { Fault, FaultKind } from "./lex.ts";
import { modifiers } from "./names.ts";
import type { Node, Operand, Path } from "./parse.ts";

export interface FilterField {
  name: string;
  type: string;
  hidden?: boolean;
  presentable?: boolean;
  collectionId?: unknown; // of a relation
  maxSelect?: unknown;
  values?: unknown; // of a select
}

export interface FilterCollection {
  id: string;
  name: string;
  type: string;
  fields: readonly FilterField[];
}

export interface Scope {
  collection: FilterCollection;
  collections: readonly FilterCollection[];
}

export interface Back {
  name: string; // X_via_F
  from: FilterCollection;
  field: FilterField;
}

interface Index {
  byName: Map<string, FilterCollection>; // and by id
  backs: Map<string, Back[]>; // by the id of what they point to
}

const indexes = new WeakMap<readonly FilterCollection[], Index>();

const makeIndex = (collections: readonly FilterCollection[]): Index => {
  const index: Index = { byName: new Map(), backs: new Map() };
  for (const from of collections) {
    index.byName.set(from.id, from).set(from.name, from);
    for (const field of from.fields) {
      if (field.type !== "relation" || typeof field.collectionId !== "string") continue;
      const back = { name: `${from.name}_via_${field.name}`, from, field };
      const others = index.backs.get(field.collectionId);
      if (others) others.push(back);
      else index.backs.set(field.collectionId, [back]);
    }
  }
  return index;
};

const indexOf = (collections: readonly FilterCollection[]): Index => {
  const known = indexes.get(collections);
  if (known) return known;
  const made = makeIndex(collections);
  indexes.set(collections, made);
  return made;
};

export const findCollection = ({ collections }: Scope, name: string): FilterCollection | undefined => indexOf(collections).byName.get(name);
export const backsOf = ({ collections }: Scope, to: FilterCollection): readonly Back[] => indexOf(collections).backs.get(to.id) ?? [];
export const findField = (collection: FilterCollection, name: string): FilterField | undefined => collection.fields.find((field) => field.name === name);
export const hasItems = (field: FilterField | undefined): boolean => ["select", "file", "relation"].includes(field?.type ?? "");
export const isMultiple = (field: FilterField): boolean => hasItems(field) && typeof field.maxSelect === "number" && field.maxSelect > 1;
export const selectValues = (field: FilterField | undefined): string[] => (Array.isArray(field?.values) ? field.values.filter((value): value is string => typeof value === "string") : []);

export type Step = { to: FilterCollection; multi: boolean } | { fault: FaultKind };

// One segment, not the last, that leads to another collection.
export const step = (scope: Scope, from: FilterCollection, segment: string): Step => {
  const field = findField(from, segment);
  if (field?.type === "relation") {
    const to = findCollection(scope, String(field.collectionId));
    return to ? { to, multi: isMultiple(field) } : { fault: "collection" };
  }
  if (field) return { fault: "path" };
  const [, name, by] = /^(\w+)_via_(\w+)$/.exec(segment) ?? [];
  if (name === undefined || by === undefined) return { fault: "field" };
  const other = findCollection(scope, name);
  if (!other) return { fault: "collection" };
  const back = findField(other, by);
  return back?.type === "relation" && back.collectionId === from.id ? { to: other, multi: true } : { fault: "back" };
};

// `type`: of a field; "number" or "bool" with a modifier that makes it one; "any" where only the
// server can know it (a JSON path, a request).
export interface Target {
  type: string;
  multi: boolean;
  field?: FilterField;
  to?: FilterCollection; // whose ids the values are: of a relation, of a field "id"
}

const mostHops = 6;
const typeOf: Record<string, string> = { length: "number", isset: "bool", changed: "bool" };

const lastOf = (scope: Scope, collection: FilterCollection, segment: string, multi: boolean): Target | FaultKind => {
  const [name = "", modifier, more] = segment.split(":");
  const field = findField(collection, name);
  if (!field) return "field";
  if (more !== undefined || (modifier !== undefined && !(modifiers as readonly string[]).includes(modifier))) return "modifier";
  const type = typeOf[modifier ?? ""] ?? field.type;
  const to = type === "relation" ? findCollection(scope, String(field.collectionId)) : name === "id" && type === field.type ? collection : undefined;
  return { field, type, multi: multi || (modifier === "each" && isMultiple(field)), ...(to ? { to } : {}) };
};

// What is sent has no type. Its modifiers need a field of which the server knows one.
const ofRequest = (scope: Scope, segments: readonly string[]): Target | FaultKind => {
  const [name = "", modifier, more] = (segments.at(-1) ?? "").split(":");
  if (modifier === undefined) return { type: "any", multi: false };
  const field = segments[1] === "body" && segments.length === 3 ? findField(scope.collection, name) : undefined;
  const isFree = modifier === "isset" || modifier === "lower" || segments[1] === "auth" || (segments[1] === "body" && segments.length > 3);
  const isFit = isFree || (modifier === "changed" && field !== undefined) || hasItems(field);
  if (more !== undefined || !isFit || !(modifiers as readonly string[]).includes(modifier)) return "modifier";
  return { type: typeOf[modifier] ?? "any", multi: false };
};

interface Start {
  collection: FilterCollection;
  multi: boolean;
  from: number; // the segment where its path begins
}

const startOf = (scope: Scope, segments: readonly string[]): Start | "collection" => {
  if (segments[0] !== "@collection") return { collection: scope.collection, multi: false, from: 0 };
  const collection = findCollection(scope, (segments[1] ?? "").split(":")[0] ?? "");
  return collection ? { collection, multi: true, from: 2 } : "collection";
};

export const resolve = ({ path, at }: Pick<Path, "path" | "at">, scope: Scope): Target | { fault: Fault } => {
  const segments = path.split(".");
  let begin = at;
  const fail = (what: FaultKind, n: number): { fault: Fault } => ({ fault: { at: begin, length: segments[n]?.length ?? 0, what, found: segments[n] ?? "" } });
  if (segments[0] === "@request") {
    const sent = ofRequest(scope, segments);
    begin += path.length - (segments.at(-1)?.length ?? 0);
    return typeof sent === "string" ? fail(sent, segments.length - 1) : sent;
  }
  const start = startOf(scope, segments);
  if (typeof start === "string") {
    begin += (segments[0]?.length ?? 0) + 1;
    return fail(start, 1);
  }
  let { collection, multi } = start;
  for (let n = 0; n < segments.length - 1; n++) {
    const segment = segments[n] ?? "";
    if (n >= start.from) {
      const field = findField(collection, segment);
      if (field?.type === "json" || field?.type === "geoPoint") return { type: field.type === "geoPoint" ? "number" : "any", multi };
      if (n >= mostHops) return fail("hops", n);
      const next = step(scope, collection, segment);
      if ("fault" in next) return fail(next.fault, n);
      collection = next.to;
      multi ||= next.multi;
    }
    begin += segment.length + 1;
  }
  const last = lastOf(scope, collection, segments.at(-1) ?? "", multi);
  return typeof last === "string" ? fail(last, segments.length - 1) : last;
};

const checkOperand = (operand: Operand, scope: Scope): Fault | undefined => {
  if (operand.kind === "call") return firstOf(operand.args, (arg) => checkOperand(arg, scope));
  if (operand.kind !== "path") return undefined;
  const found = resolve(operand, scope);
  return "fault" in found ? found.fault : undefined;
};

const firstOf = <T>(of: readonly T[], check: (one: T) => Fault | undefined): Fault | undefined => {
  for (const one of of) {
    const fault = check(one);
    if (fault) return fault;
  }
  return undefined;
};

// The first path, in the order of the text, that leads nowhere.
export const check = (node: Node, scope: Scope): Fault | undefined =>
  node.kind === "group" ? firstOf(node.parts, (part) => check(part, scope)) : firstOf([node.left, node.right], (operand) => checkOperand(operand, scope));
