// What a call has changed, as other pages are told of it.

import { isObject } from "./values.ts";

export type Action = "create" | "update" | "delete";

export type News =
  | { kind: "records"; collection: string; action: Action; ids: readonly string[] }
  | { kind: "emptied"; collection: string } // all of its records are gone
  | { kind: "collections" }
  | { kind: "settings" }
  | { kind: "signed-out"; who: { collection: string; id: string; keepsDrafts: boolean } };

const isText = (value: unknown): value is string => typeof value === "string";
const actions: readonly string[] = ["create", "update", "delete"] satisfies Action[];

const checks: Record<News["kind"], (news: Record<string, unknown>) => boolean> = {
  records: ({ collection, action, ids }) => isText(collection) && isText(action) && actions.includes(action) && Array.isArray(ids) && ids.every(isText),
  emptied: ({ collection }) => isText(collection),
  collections: () => true,
  settings: () => true,
  "signed-out": ({ who }) => isObject(who) && isText(who["collection"]) && isText(who["id"]) && typeof who["keepsDrafts"] === "boolean",
};

// A message of another page, which may be of another version; null: not understood.
export const newsFrom = (message: unknown): News | null => {
  if (!isObject(message) || !isText(message["kind"]) || !Object.hasOwn(checks, message["kind"])) return null;
  return checks[message["kind"] as News["kind"]](message) ? (message as News) : null;
};

export interface Written {
  method?: string;
  path: string; // below /api/
  body?: unknown;
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const idOf = (data: unknown): string[] => (isObject(data) && isText(data["id"]) ? [data["id"]] : []);

type Reader = (found: readonly string[], of: Written, data: unknown) => News[];
const records = (action: Action): Reader => ([collection = "", id], _, data) => {
  const ids = id === undefined ? idOf(data) : [id];
  return ids.length > 0 ? [{ kind: "records", collection, action, ids }] : [];
};
const schema: Reader = () => [{ kind: "collections" }];

// Of a batch: each of its calls has an answer of its own. Of one kind they are one piece of news.
const batch: Reader = (_, { body }, data) => {
  const requests: unknown[] = isObject(body) && Array.isArray(body["requests"]) ? body["requests"] : [];
  const answers: unknown[] = Array.isArray(data) ? data : [];
  const all = new Map<string, string[]>();
  requests.forEach((request, n) => {
    if (!isObject(request) || !isText(request["url"])) return;
    const answer = answers[n];
    const written = { method: String(request["method"]), path: request["url"].replace(/^\/?api\//, "") };
    for (const news of newsOf(written, isObject(answer) ? answer["body"] : null)) {
      if (news.kind !== "records") continue;
      const key = `${news.action} ${news.collection}`;
      all.set(key, [...(all.get(key) ?? []), ...news.ids]);
    }
  });
  return [...all].map(([key, ids]) => ({ kind: "records", action: key.slice(0, 6) as Action, collection: key.slice(7), ids }));
};

const readers: readonly (readonly [RegExp, Reader])[] = [
  [/^POST collections\/([^/]+)\/records$/, records("create")],
  [/^PUT collections\/([^/]+)\/records$/, records("update")],
  [/^PATCH collections\/([^/]+)\/records\/([^/]+)$/, records("update")],
  [/^DELETE collections\/([^/]+)\/records\/([^/]+)$/, records("delete")],
  [/^DELETE collections\/([^/]+)\/truncate$/, ([collection = ""]) => [{ kind: "emptied", collection }]],
  [/^POST collections$/, schema],
  [/^PUT collections\/import$/, schema],
  [/^(?:PATCH|DELETE) collections\/([^/]+)$/, schema],
  [/^PATCH settings$/, () => [{ kind: "settings" }]],
  [/^POST batch$/, batch],
];

export const newsOf = (of: Written, data: unknown): News[] => {
  const text = `${of.method ?? "GET"} ${of.path.replace(/\?.*$/, "")}`;
  for (const [pattern, read] of readers) {
    const found = pattern.exec(text);
    if (found) return read(found.slice(1).map(decode), of, data);
  }
  return [];
};
