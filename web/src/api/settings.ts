import { call, get, type Answer } from "./client.ts";
import type { Features, Settings } from "./types.ts";
import { ApiError } from "./error.ts";

// Every page looks at them: something between here and the server may answer instead of it.
const settingsIn = <T extends Answer<Settings>>(answer: T): T => {
  if (typeof answer.data?.meta?.appName !== "string") throw new ApiError({ ...answer, message: "", data: {}, retryAfter: 0 });
  return answer;
};

export const readSettings = async (signal?: AbortSignal): Promise<Settings> => settingsIn(await call<Settings>({ path: "settings", signal })).data;

// etag: of what they are changed from, "" where the server has none.
export const readTaggedSettings = async (): Promise<{ data: Settings; etag: string }> => settingsIn(await call<Settings>({ path: "settings", wantsTag: true }));

// Only what is named changes. etag: of the version that was read; a newer one there is a 412.
export const changeSettings = async (body: unknown, etag = ""): Promise<Settings> => settingsIn(await call<Settings>({ method: "PATCH", path: "settings", body, etag })).data;

// Those that only this server has.
export const readOwnSettings = async (): Promise<{ data: object; etag: string }> => call<object>({ path: "reeve/settings", wantsTag: true });
export const changeOwnSettings = async (body: unknown, etag = ""): Promise<object> => (await call<object>({ method: "PATCH", path: "reeve/settings", body, etag })).data;

export interface MailTest {
  email: string;
  template: string;
  collection: string;
}
export const testMail = async (body: MailTest): Promise<void> => {
  await call({ method: "POST", path: "settings/test/email", body });
};

export const testS3 = async (filesystem: "storage" | "backups"): Promise<void> => {
  await call({ method: "POST", path: "settings/test/s3", body: { filesystem } });
};

// Of the server, as a superuser sees it.
export interface Health {
  canBackup: boolean;
  possibleProxyHeader: string;
  realIP: string;
}
export const readHealth = async (signal?: AbortSignal): Promise<Health> => (await get<{ data: Health }>("health", undefined, signal)).data;

// What this server adds to the API; null where it adds nothing.
export const readFeatures = async (signal?: AbortSignal): Promise<Features | null> => {
  try {
    return (await call<Features>({ path: "reeve", signal, mayMiss: true })).data;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
};
