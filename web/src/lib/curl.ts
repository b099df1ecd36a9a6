// A call as a command of a POSIX shell. The token is a variable there: it never stands in what is copied.

import { printJson } from "./json.ts";

export interface Request {
  method?: string; // GET
  url: string;
  body?: unknown;
  isPublic?: boolean; // no token
}

// One word of a shell, whatever is in it.
export const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export const curl = ({ method = "GET", url, body, isPublic = false }: Request): string =>
  [
    `curl${/[[\]{}]/.test(url) ? " -g" : ""}${method === "GET" ? "" : ` -X ${method}`} ${shellWord(url)}`,
    ...(isPublic ? [] : ['-H "Authorization: $TOKEN"']),
    ...(body === undefined ? [] : ["-H 'Content-Type: application/json'", `-d ${shellWord(printJson(body, 2))}`]),
  ].join(" \\\n  ");
