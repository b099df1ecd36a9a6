// Many changes, as many at once as the server takes. A batch is refused as a whole: the record that
// it was refused for is named, and the others go again without it.

import { call } from "../../api/client.ts";
import { ApiError, explain } from "../../api/error.ts";
import { recordsPath } from "../../api/records.ts";
import type { Row } from "../../api/types.ts";
import type { Change } from "../../lib/undo.ts";
import { isObject } from "../../lib/values.ts";
import { faultOf, perishes, refusedAt } from "./bulk-fault.ts";
import { isLost, whatBecame } from "./bulk-lost.ts";

export interface Fault {
  id: string;
  why: string;
}

export interface Watch {
  onDone: (ids: readonly string[], rows: ReadonlyMap<string, Row>) => void; // rows: as they are stored then
  onFault: (fault: Fault) => void;
  onUnknown: (ids: readonly string[]) => void; // nobody can say whether they are done
  isEnded: () => boolean;
}

interface Request {
  of: Change;
  method: Change["method"];
  path: string;
  body?: object;
}

const atOnce = 4;

const requestsOf = (collection: string, of: Change): Request[] => {
  const { id, method, body, then } = of;
  const first: Request = { of, method, path: recordsPath(collection, method === "POST" ? undefined : id), ...(body ? { body } : {}) };
  return then ? [first, { of, method: "PATCH", path: recordsPath(collection, id), body: then }] : [first];
};

// The rows in what the server has answered, by their ids; the last word counts.
const rowsIn = (answers: readonly unknown[]): ReadonlyMap<string, Row> => new Map(answers.filter((row) => isObject(row) && typeof row["id"] === "string").map((row) => [(row as Row).id, row as Row]));

// What nobody has answered. What is done all the same is told as done, and where that is all of it
// there is nothing wrong; else the error is thrown.
const afterLost = async (collection: string, changes: readonly Change[], error: unknown, watch: Watch): Promise<void> => {
  if (!isLost(error)) throw error;
  const { done, unknown, rows } = await whatBecame(collection, changes, error);
  if (done.length > 0) watch.onDone(done, rows);
  if (unknown.length > 0) watch.onUnknown(unknown);
  if (done.length < changes.length) throw error;
};

// The first changes whose requests are at most so many.
const firstOf = (collection: string, changes: readonly Change[], most: number): Request[] => {
  const requests: Request[] = [];
  for (const change of changes) {
    const next = requestsOf(collection, change);
    if (requests.length + next.length > most) break;
    requests.push(...next);
  }
  return requests;
};

const inBatches = async (collection: string, changes: readonly Change[], perBatch: number, watch: Watch): Promise<void> => {
  let left = [...changes];
  while (left.length > 0 && !watch.isEnded()) {
    const requests = firstOf(collection, left, perBatch);
    const some = new Set(requests.map(({ of }) => of));
    try {
      const { data } = await call<unknown>({ method: "POST", path: "batch", body: { requests: requests.map(({ method, path, body }) => ({ method, url: `/api/${path}`, ...(body ? { body } : {}) })) } });
      watch.onDone([...some].map(({ id }) => id), rowsIn(Array.isArray(data) ? data.map((one: unknown) => (isObject(one) ? one["body"] : null)) : []));
      left = left.slice(some.size);
    } catch (error) {
      const refused = error instanceof ApiError ? refusedAt(error.data) : null;
      const wrong = refused && requests[refused.at]?.of;
      if (wrong) {
        watch.onFault({ id: wrong.id, why: refused.why });
        left = left.filter((change) => change !== wrong);
      } else {
        await afterLost(collection, [...some], error, watch);
        left = left.slice(some.size);
      }
    }
  }
};

// What is under way as one fails is waited for.
const oneByOne = async (collection: string, changes: readonly Change[], watch: Watch): Promise<void> => {
  const left = [...changes];
  const errors: unknown[] = [];
  const send = async (change: Change) => {
    const rows: unknown[] = [];
    for (const { method, path, body } of requestsOf(collection, change)) rows.push((await call({ method, path, body })).data);
    watch.onDone([change.id], rowsIn(rows));
  };
  const one = async (change: Change) => {
    try {
      await send(change);
    } catch (error) {
      if (error instanceof ApiError && !isLost(error) && !perishes(error.status)) watch.onFault({ id: change.id, why: faultOf(error) || explain(error).what });
      else await afterLost(collection, [change], error, watch).catch((wrong: unknown) => errors.push(wrong));
    }
  };
  const work = async () => {
    for (let next = left.shift(); next && errors.length === 0 && !watch.isEnded(); next = left.shift()) await one(next);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  if (errors.length > 0) throw errors[0];
};

// perBatch: 0 where the server takes no batches. What is no record's own fault is thrown.
export const runChanges = async (collection: string, pages: AsyncIterable<Change[]> | Iterable<Change[]>, perBatch: number, watch: Watch): Promise<void> => {
  for await (const changes of pages) {
    if (watch.isEnded()) return;
    await (perBatch > 1 ? inBatches(collection, changes, perBatch, watch) : oneByOne(collection, changes, watch));
  }
};
