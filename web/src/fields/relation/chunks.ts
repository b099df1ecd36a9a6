// Ids as filters that find their records: pure.

import { quote } from "../../lib/filter/print.ts";

const mostIds = 100;
const mostBytes = 3000; // of a filter: the server's limit is a little higher

const bytes = (text: string): number => new TextEncoder().encode(text).length;

// The first of them that one question has room for. An id that is longer than that is left out.
export const firstChunk = (ids: readonly string[]): { ids: string[]; filter: string } => {
  const taken: string[] = [];
  const parts: string[] = [];
  let size = 0;
  for (const id of ids) {
    const part = `id=${quote(id)}`;
    const more = bytes(part) + 2;
    if (more > mostBytes) continue;
    if (taken.length === mostIds || size + more > mostBytes) break;
    taken.push(id);
    parts.push(part);
    size += more;
  }
  return { ids: taken, filter: parts.join("||") };
};
