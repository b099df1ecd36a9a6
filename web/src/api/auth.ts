// Signing in, and what mails about accounts lead to.

import { call, get, part } from "./client.ts";
import { ApiError } from "./error.ts";
import type { AuthMethods, Row, Signed } from "./types.ts";

export const superusers = "_superusers";

const at = (collection: string, act: string): string => `collections/${part(collection)}/${act}`;
const post = async <T>(path: string, body: unknown, token = ""): Promise<T> => (await call<T>({ method: "POST", path, body, token })).data;

// Something between here and the server may answer instead of it.
const sign = async (act: string, body: unknown, token = ""): Promise<Signed> => {
  const { data, status, requestId } = await call<Signed | null>({ method: "POST", path: at(superusers, act), body, token });
  if (typeof data?.token !== "string" || typeof data.record?.id !== "string") throw new ApiError({ status, message: "", data: {}, retryAfter: 0, requestId });
  return data;
};

export const authMethods = (signal?: AbortSignal): Promise<AuthMethods> => get<AuthMethods>(at(superusers, "auth-methods"), undefined, signal);

export const byPassword = (identity: string, password: string, mfaId = ""): Promise<Signed> =>
  sign("auth-with-password", { identity, password, ...(mfaId ? { mfaId } : {}) });

export const requestOtp = (email: string): Promise<{ otpId: string }> => post<{ otpId: string }>(at(superusers, "request-otp"), { email });

export const byOtp = (otpId: string, password: string, mfaId = ""): Promise<Signed> =>
  sign("auth-with-otp", { otpId, password, ...(mfaId ? { mfaId } : {}) });

export const refresh = (token: string): Promise<Signed> => sign("auth-refresh", {}, token);

export const createSuperuser = (token: string, body: { email: string; password: string; passwordConfirm: string }): Promise<Row> =>
  post<Row>(at(superusers, "records"), body, token);

// Every token of that superuser is refused from then on.
export const endSessions = async (id: string): Promise<void> => {
  await call({ method: "PATCH", path: at(superusers, `records/${part(id)}`), body: { "tokenKey:autogenerate": "" } });
};

export const requestReset = (collection: string, email: string): Promise<unknown> => post(at(collection, "request-password-reset"), { email });
export const requestVerification = (collection: string, email: string): Promise<unknown> => post(at(collection, "request-verification"), { email });

export const confirmReset = (collection: string, token: string, password: string, passwordConfirm: string): Promise<unknown> =>
  post(at(collection, "confirm-password-reset"), { token, password, passwordConfirm });
export const confirmVerification = (collection: string, token: string): Promise<unknown> => post(at(collection, "confirm-verification"), { token });
export const confirmEmailChange = (collection: string, token: string, password: string): Promise<unknown> =>
  post(at(collection, "confirm-email-change"), { token, password });
