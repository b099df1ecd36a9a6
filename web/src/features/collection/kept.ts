// What is edited as a draft of this browser, and a draft as what can be edited on. Secrets are never in it.

import type { Collection } from "../../api/types.ts";
import type { Draft as Kept } from "../../lib/drafts.ts";
import { parseJson, printJson } from "../../lib/json.ts";
import { isObject } from "../../lib/values.ts";
import { draftOf, readIndex, type Draft, type IndexDraft } from "./draft.ts";
import { rebase } from "./rebase.ts";

const secrets: ReadonlySet<string> = new Set(["secret", "clientSecret"]);

export const withoutSecrets = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isObject(value) || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !secrets.has(name)).map(([name, inner]) => [name, withoutSecrets(inner)]));
};

// owner: the instance and who is signed in. None of it is taken for the draft of a record (lib/drafts.ts).
// from: the collection that a new one is a copy of; "" for none.
export const keptKey = (owner: string, id: string | null, type: string, from = ""): string => `${owner} schema:${id ?? `+${type}${from && ` ${from}`}`}`;

// isWhole: nothing had to be left out.
export const packEdit = (key: string, at: number, draft: Draft, was: Collection): { kept: Kept; isWhole: boolean } => {
  const { indexes, ...rest } = draft;
  const all = { ...rest, indexes: indexes.map(({ index: _, written, ...one }) => ({ ...one, written: [...written] })) };
  const safe = withoutSecrets(all);
  return { kept: { key, at, values: printJson({ was: withoutSecrets(was), draft: safe }) }, isWhole: printJson(safe) === printJson(all) };
};

const isDraft = (value: unknown): value is Draft =>
  isObject(value) && typeof value["name"] === "string" && Array.isArray(value["fields"]) && Array.isArray(value["indexes"]) && isObject(value["options"]);

const indexRead = (one: IndexDraft): IndexDraft => {
  const written = new Map(one.written as unknown as [string, string][]);
  return { ...one, ...readIndex(one.text, written) };
};

// On what the server has now. null: nothing that can be read.
export const unpackEdit = ({ values }: Kept, now: Draft, isNew: boolean): Draft | null => {
  try {
    const found = typeof values === "string" ? parseJson(values) : null;
    if (!isObject(found) || !isDraft(found["draft"]) || !isObject(found["was"])) return null;
    const mine = { ...found["draft"], indexes: found["draft"].indexes.map(indexRead) };
    return isNew ? mine : rebase(mine, draftOf(found["was"] as Collection), now);
  } catch {
    return null; // of an older program
  }
};
