// Calls to the API. One that fails throws ApiError; one that was stopped throws AbortError.

import { base } from "../lib/base.ts";
import { parseJson, printJson } from "../lib/json.ts";
import { ApiError } from "./error.ts";

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
export type Query = Record<string, string | number | boolean | undefined>;

export interface Call {
  method?: Method; // GET
  path: string; // below /api/
  query?: Query;
  body?: unknown; // an object is sent as JSON, FormData as it is
  signal?: AbortSignal | undefined;
  etag?: string; // If-Match
  wantsTag?: boolean; // the answer's, which is not sent unless it is asked for
  mayMiss?: boolean; // a 404 is an answer like others, not one that a token may have to do with
  token?: string; // instead of the session's; "" sends none
  onProgress?: (part: number) => void; // of what is sent, 0 to 1
}

export interface Answer<T> {
  data: T;
  status: number;
  etag: string;
  requestId: string;
  ms: number;
}

// Who signs in again when a session has ended: resolves to whether there is a new one. A token that
// is no longer good is nobody's: what it may not do then is a 401, or a 403 or a 404 as others get.
export interface Signer {
  token: () => string;
  renew: (refused: string, status: number) => Promise<boolean>;
}
const asNobody = [401, 403, 404];

let signer: Signer = { token: () => "", renew: () => Promise.resolve(false) };
export const useSigner = (of: Signer): void => {
  signer = of;
};

const watchers = new Set<(reached: boolean) => void>();
// Told after each call whether there was an answer.
export const onReached = (watch: (reached: boolean) => void): (() => void) => {
  watchers.add(watch);
  return () => watchers.delete(watch);
};

// Told of each call that has changed something, whatever page has made it.
const followers = new Set<(of: Call, data: unknown) => void>();
export const onWritten = (follow: (of: Call, data: unknown) => void): (() => void) => {
  followers.add(follow);
  return () => followers.delete(follow);
};

export const address = (path: string, query: Query = {}): string => {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString();
  return `${base()}/api/${path}${search ? `?${search}` : ""}`;
};

// A part of a path that somebody has named.
export const part = (text: string): string => encodeURIComponent(text);

interface Reply {
  status: number;
  text: string;
  header: (name: string) => string;
}

const byFetch = async (call: Call, url: string, headers: Record<string, string>, body: string | FormData | null): Promise<Reply> => {
  const reply = await fetch(url, { method: call.method ?? "GET", headers, body, signal: call.signal ?? null });
  return { status: reply.status, text: await reply.text(), header: (name) => reply.headers.get(name) ?? "" };
};

// The only way to hear how far an upload is.
const byUpload = (call: Call, url: string, headers: Record<string, string>, body: string | FormData | null): Promise<Reply> =>
  new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open(call.method ?? "POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && call.onProgress?.(event.loaded / event.total);
    request.onload = () =>
      done({ status: request.status, text: request.responseText, header: (name) => request.getResponseHeader(name) ?? "" });
    request.onerror = () => failed(new TypeError("no answer"));
    request.onabort = () => failed(new DOMException("stopped", "AbortError"));
    request.onloadend = () => call.signal?.removeEventListener("abort", stop);
    call.signal?.addEventListener("abort", stop);
    if (call.signal?.aborted) stop();
    else request.send(body);
  });

const headersOf = (call: Call, token: string): Record<string, string> => ({
  ...(token ? { Authorization: token } : {}),
  ...(call.body !== undefined && !(call.body instanceof FormData) ? { "Content-Type": "application/json" } : {}),
  ...(call.etag ? { "If-Match": call.etag } : {}),
  ...(call.wantsTag ? { "If-None-Match": "" } : {}),
});

const ask = async (call: Call, token: string): Promise<Reply> => {
  const body = call.body === undefined ? null : call.body instanceof FormData ? call.body : printJson(call.body);
  const url = address(call.path, call.query);
  try {
    const reply = await (call.onProgress ? byUpload : byFetch)(call, url, headersOf(call, token), body);
    watchers.forEach((watch) => watch(true));
    return reply;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    watchers.forEach((watch) => watch(false));
    throw new ApiError({ status: 0, message: "", data: {}, retryAfter: 0, requestId: "" });
  }
};

const unreadable = (status: number, requestId: string): ApiError => new ApiError({ status, message: "", data: {}, retryAfter: 0, requestId });

const read = (reply: Reply, requestId: string): unknown => {
  if (reply.text === "") return null;
  try {
    return parseJson(reply.text);
  } catch {
    throw unreadable(reply.status, requestId);
  }
};

// Whether that is an answer at all: what was asked for is an object or a list, and a page of a list
// where a page was asked for.
const isAnswer = ({ path, query }: Call, said: unknown): boolean => {
  if (typeof said !== "object" || said === null) return false;
  const isPage = query?.["perPage"] !== undefined || /[?&]perPage=/.test(path);
  return !isPage || Array.isArray((said as { items?: unknown }).items);
};

// An answer, once it has the lists that it has to have.
export const withLists = <T extends object>(said: T, ...names: (keyof T)[]): T => {
  if (typeof said === "object" && said !== null && names.every((name) => Array.isArray(said[name]))) return said;
  throw unreadable(200, "");
};

const failure = (reply: Reply, said: unknown, requestId: string): ApiError => {
  const answer = (said ?? {}) as { message?: unknown; data?: unknown };
  return new ApiError({
    status: reply.status,
    message: typeof answer.message === "string" ? answer.message : "",
    data: said && reply.status === 401 ? said : (answer.data ?? {}),
    retryAfter: Number(reply.header("Retry-After")) || 0,
    requestId,
  });
};

export const call = async <T>(of: Call): Promise<Answer<T>> => {
  const began = performance.now();
  const token = of.token ?? signer.token();
  let reply = await ask(of, token);
  if (asNobody.includes(reply.status) && !(of.mayMiss && reply.status === 404) && of.token === undefined && token && (await signer.renew(token, reply.status))) reply = await ask(of, signer.token());
  const requestId = reply.header("X-Request-Id");
  const ms = performance.now() - began;
  const said = read(reply, requestId);
  if (reply.status < 200 || reply.status >= 300) throw failure(reply, said, requestId);
  if ((of.method ?? "GET") !== "GET") followers.forEach((follow) => follow(of, said));
  else if (!isAnswer(of, said)) throw unreadable(reply.status, requestId);
  return { data: said as T, status: reply.status, etag: reply.header("ETag"), requestId, ms };
};

// Where only what is answered counts.
export const get = async <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  (await call<T>({ path, ...(query ? { query } : {}), signal })).data;
