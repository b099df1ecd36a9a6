import { address, call, part } from "./client.ts";
import type { Row } from "./types.ts";

export interface FileUrl {
  thumb?: string; // "100x100"
  token?: string; // for a protected file
  download?: boolean;
}

// Where a file of a record is. A row may be of any server: what it lacks makes an address without it.
export const fileUrl = (row: Row, name: string, { thumb, token, download }: FileUrl = {}): string =>
  address(`files/${part(String(row.collectionId ?? row.collectionName ?? ""))}/${part(String(row.id ?? ""))}/${part(name)}`, {
    ...(thumb ? { thumb } : {}),
    ...(token ? { token } : {}),
    ...(download ? { download: true } : {}),
  });

export const requestFileToken = async (): Promise<string> => (await call<{ token: string }>({ method: "POST", path: "files/token" })).data.token;
