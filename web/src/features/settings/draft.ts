// What was changed of the settings, by path: only that is sent, and only of that is anybody told
// when somebody else has changed it meanwhile.

import { printJson } from "../../lib/json.ts";
import { isObject, valueAt } from "../../lib/values.ts";

export interface Change {
  value: unknown;
  was: unknown; // at the server, when it was last looked at
}
export type Changes = ReadonlyMap<string, Change>;
type Tree = Readonly<Record<string, unknown>>;

export interface Moved {
  path: string;
  was: unknown;
  now: unknown;
}

export const same = (a: unknown, b: unknown): boolean => a === b || printJson(a) === printJson(b);

const withValue = (tree: Tree, [name = "", ...more]: readonly string[], value: unknown): Tree => {
  const inner = tree[name];
  return { ...tree, [name]: more.length === 0 ? value : withValue(isObject(inner) ? inner : {}, more, value) };
};

// undefined takes the change back; so does what is at the server already.
export const withChange = (changes: Changes, path: string, value: unknown, now: unknown): Changes => {
  const next = new Map(changes);
  const known = next.get(path);
  const was = known ? known.was : now;
  if (value === undefined || (was !== undefined && same(value, was))) next.delete(path);
  else next.set(path, { value, was });
  return next;
};

export const bodyOf = (changes: Changes): Tree => [...changes].reduce<Tree>((body, [path, { value }]) => withValue(body, path.split("."), value), {});

// Secrets are not told, so of them nobody knows.
export const movedIn = (changes: Changes, now: unknown): Moved[] =>
  [...changes].flatMap(([path, { value, was }]) => {
    const is = valueAt(now, path);
    return same(is, was) || same(is, value) ? [] : [{ path, was, now: is }];
  });

// The same changes of what is there now.
export const rebased = (changes: Changes, now: unknown): Changes =>
  new Map([...changes].map(([path, { value }]) => [path, { value, was: valueAt(now, path) }] as const).filter(([, { value, was }]) => was === undefined || !same(value, was)));

// What was typed while that was sent is a change of what was sent.
export const unsent = (changes: Changes, sent: Changes, now: unknown): Changes =>
  rebased(new Map([...changes].filter(([path, { value }]) => !sent.has(path) || !same(sent.get(path)?.value, value))), now);

// Numbers that are not yet numbers: the server would be told a text.
const numbers = /(?:^|\.)(?:port|timeout|maxRequests|maxBodySize|cronMaxKeep|duration)$/;

const faultsIn = (value: unknown, path: string): string[] => {
  if (typeof value === "string") return numbers.test(path) ? [path] : [];
  if (Array.isArray(value)) return value.flatMap((one, n) => faultsIn(one, `${path}.${n}`));
  return isObject(value) ? Object.entries(value).flatMap(([name, one]) => faultsIn(one, `${path}.${name}`)) : [];
};

export const faultsOf = (changes: Changes): string[] =>
  [...changes].flatMap(([path, { value, was }]) => (typeof was === "number" && typeof value === "string" ? [path] : faultsIn(value, path)));

// A whole number from 0; what is none stays a text, which nobody sends.
export const readWhole = (text: string): number | string => (/^\d{1,15}$/.test(text.trim()) ? Number(text) : text);
