// What a call may come to, and what a person can do about it.

import { t } from "../i18n/t.ts";

export interface FieldError {
  code: string;
  message: string;
  params?: Record<string, unknown>;
}

export interface Wrong {
  status: number; // 0: there was no answer
  message: string; // the server's own words; "" if it said none
  data: unknown;
  retryAfter: number; // seconds; 0: not said
  requestId: string;
}

export class ApiError extends Error {
  readonly status: number;
  readonly data: unknown;
  readonly retryAfter: number;
  readonly requestId: string;
  constructor(wrong: Wrong) {
    super(wrong.message);
    this.status = wrong.status;
    this.data = wrong.data;
    this.retryAfter = wrong.retryAfter;
    this.requestId = wrong.requestId;
  }
}

// A call that was stopped by who made it: nobody is told.
export const isAborted = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

const isFieldError = (value: unknown): value is FieldError =>
  typeof value === "object" && value !== null && typeof (value as FieldError).code === "string" && typeof (value as FieldError).message === "string";

// By path: a batch or an import has errors inside of errors, "requests.2.title".
export const fieldErrors = (data: unknown, path = ""): Map<string, FieldError> => {
  const found = new Map<string, FieldError>();
  if (typeof data !== "object" || data === null) return found;
  for (const [key, value] of Object.entries(data)) {
    if (isFieldError(value)) found.set(path + key, value);
    else for (const [inner, error] of fieldErrors(value, `${path}${key}.`)) found.set(inner, error);
  }
  return found;
};

export const errorFields = (error: unknown): Map<string, FieldError> =>
  error instanceof ApiError ? fieldErrors(error.data) : new Map<string, FieldError>();

export interface Explained {
  what: string;
  why: string;
  fix: string;
}

const mostFields = 8;

type Row = (error: ApiError) => Explained;
const e = t.errors;
const says = (what: string, fix: string): Row => (error) => ({ what, why: error.message, fix });

// A form that has marked all of them says nothing more (ui/form.ts): here are those that it has no
// place for.
const refusal: Row = (error) => {
  const fields = [...fieldErrors(error.data)].map(([name, { message }]) => `${name} – ${message}`);
  const more = fields.length > mostFields ? [e.moreFields(fields.length - mostFields)] : [];
  return fields.length > 0 ? { what: e.invalid, why: [...fields.slice(0, mostFields), ...more].join(" "), fix: "" } : { what: e.badRequest, why: error.message, fix: "" };
};

const byStatus: Record<number, Row> = {
  0: says(e.unreachable, e.unreachableFix),
  400: refusal,
  401: says(e.unauthorized, e.unauthorizedFix),
  403: says(e.forbidden, e.forbiddenFix),
  404: says(e.missing, e.missingFix),
  409: says(e.conflict, e.conflictFix),
  412: says(e.conflict, e.conflictFix),
  413: says(e.tooLarge, e.tooLargeFix),
  429: (error) => ({ what: e.tooMany, why: error.message, fix: e.tooManyFix(error.retryAfter) }),
  502: says(e.busy, e.busyFix),
  503: says(e.busy, e.busyFix),
  504: says(e.busy, e.busyFix),
};

const nearest = (status: number): Row =>
  byStatus[status] ?? (status >= 500 ? says(e.broken, e.brokenFix) : status >= 400 ? refusal : says(e.unreadable, e.unreadableFix));

// Anything that was thrown, in words.
export const explain = (error: unknown): Explained =>
  error instanceof ApiError
    ? nearest(error.status)(error)
    : { what: t.common.brokenPage, why: error instanceof Error ? error.message : String(error), fix: "" };
