import { call, get, part } from "./client.ts";

export interface Backup {
  key: string;
  size: number;
  modified: string;
}

// What this server knows beside: whether one was read again after it was made, and how long that took.
export interface Told extends Partial<Backup> {
  key: string;
  verified?: boolean;
  node?: string;
  started?: string;
  tookMs?: number;
  files?: number;
  rows?: number;
  error?: string;
}
export interface BackupReport {
  running: { what: string; part: number } | null;
  items: Told[];
  failed: Told[];
}
export interface Checked {
  files: number;
  bytes: number;
  tables: number;
  rows: number;
}

export const listBackups = (signal?: AbortSignal): Promise<Backup[]> => get<Backup[]>("backups", undefined, signal);
export const reportBackups = (signal?: AbortSignal): Promise<BackupReport> => get<BackupReport>("reeve/backups", undefined, signal);

// Answered once it is made. name: "" lets the server name it.
export const createBackup = async (name: string): Promise<void> => {
  await call({ method: "POST", path: "backups", body: name ? { name } : {} });
};

export const deleteBackup = async (key: string): Promise<void> => {
  await call({ method: "DELETE", path: `backups/${part(key)}` });
};

export const verifyBackup = async (key: string): Promise<Checked> => (await call<Checked>({ method: "POST", path: `reeve/backups/${part(key)}/verify` })).data;

// token: of who installs; the session's where there is none.
export const uploadBackup = async (token: string | undefined, file: File, onProgress: (part: number) => void, signal?: AbortSignal): Promise<void> => {
  const body = new FormData();
  body.set("file", file);
  await call({ method: "POST", path: "backups/upload", body, onProgress, signal, ...(token === undefined ? {} : { token }) });
};

export const restoreBackup = async (token: string | undefined, name: string): Promise<void> => {
  await call({ method: "POST", path: `backups/${part(name)}/restore`, ...(token === undefined ? {} : { token }) });
};

// Busy: with a backup or a restore. Only superusers are told of that.
export const stateOfServer = async (token?: string): Promise<"free" | "busy" | "away"> => {
  try {
    const { data } = await call<{ data?: { canBackup?: boolean } }>({ path: "health", ...(token === undefined ? {} : { token }) });
    return data.data?.canBackup === false ? "busy" : "free";
  } catch {
    return "away";
  }
};
