// The calls that a collection's records are reached by: their addresses, what they take and answer,
// and how each is written in the languages that apps are made in.

import { recordId, sampleBody, sampleRecord, type Documented } from "./api-sample.ts";
import { curl } from "./curl.ts";
import { printJson } from "./json.ts";
import type { Language } from "./snippets.ts";

export type ActId =
  | "list" | "view" | "create" | "update" | "delete" | "realtime" | "batch"
  | "methods" | "password" | "oauth2" | "otp" | "refresh" | "verification" | "reset" | "email";

export type Off = "password" | "oauth2" | "otp" | "batch";

export interface Answer {
  status: number;
  body: unknown; // "" where there is none
}

export interface Act {
  id: ActId;
  calls: readonly { method: string; path: string }[];
  rule?: string; // the name of the rule that decides
  off?: Off; // why it answers nobody
  query: readonly string[];
  snippets: Record<Language, string>;
  answers: readonly Answer[];
}

// Where examples are of.
export interface At {
  base: string;
  id: string; // of a record that there is, where there is one: only to be read
  canBatch: boolean;
}

interface Written {
  js: string;
  dart: string;
  curl: string;
}

interface Made extends Omit<Act, "id" | "snippets" | "calls"> {
  calls: readonly [method: string, path: string][];
  written: Written;
}

const text = (value: string): string => JSON.stringify(value);
const inDart = (code: string): string => code.replaceAll("$", "\\$");
const json = (value: unknown): string => printJson(value, 2);

const refused = (status: number, message: string): Answer => ({ status, body: { status, message, data: {} } });
const badRequest = { status: 400, body: { status: 400, message: "Failed to create record.", data: { title: { code: "validation_required", message: "Missing required value." } } } };
const forbidden = refused(403, "Only superusers can perform this action.");
const missing = refused(404, "The requested resource wasn't found.");
const notSigned = refused(400, "Failed to authenticate.");

const pathOf = ({ name }: Documented): string => `/api/collections/${encodeURIComponent(name)}`;
const token = "JWT_TOKEN";
const email = "test@example.com";

type Make = (one: Documented, at: At) => Made;

// Of the SDKs: pb.collection("posts") and what follows it.
const own = (one: Documented, rest: string): string => `pb.collection(${text(one.name)}).${rest}`;

const shell = (one: Documented, at: At, method: string, path: string, body?: unknown, isPublic = false): string =>
  curl({ method, url: at.base + pathOf(one) + path, ...(body === undefined ? {} : { body }), isPublic });

const signed = (one: Documented): Answer => ({ status: 200, body: { token, record: sampleRecord(one) } });

const isOn = (one: Documented, way: string): boolean => (one[way] as { enabled?: boolean } | undefined)?.enabled === true;
const offOf = (one: Documented, way: string, off: Off): { off?: Off } => (isOn(one, way) ? {} : { off });

const list: Make = (one, at) => ({
  calls: [["GET", "/records"]],
  rule: "listRule",
  query: ["page", "perPage", "sort", "filter", "expand", "fields", "skipTotal"],
  answers: [{ status: 200, body: { page: 1, perPage: 30, totalPages: 1, totalItems: 1, items: [sampleRecord(one)] } }, refused(400, "Something went wrong while processing your request."), forbidden],
  written: {
    js: `// a page\nconst page = await ${own(one, 'getList(1, 50, { filter: "id != \'\'" })')};\n\n// all of them\nconst records = await ${own(one, 'getFullList({ sort: "-id" })')};\n\n// the first that matches\nconst record = await ${own(one, 'getFirstListItem("id != \'\'")')};`,
    dart: `// a page\nfinal page = await ${own(one, 'getList(page: 1, perPage: 50, filter: "id != \'\'")')};\n\n// all of them\nfinal records = await ${own(one, 'getFullList(sort: "-id")')};\n\n// the first that matches\nfinal record = await ${own(one, 'getFirstListItem("id != \'\'")')};`,
    curl: shell(one, at, "GET", "/records?page=1&perPage=50"),
  },
});

const view: Make = (one, at) => ({
  calls: [["GET", "/records/{id}"]],
  rule: "viewRule",
  query: ["expand", "fields"],
  answers: [{ status: 200, body: sampleRecord(one) }, forbidden, missing],
  written: {
    js: `const record = await ${own(one, `getOne(${text(at.id)})`)};`,
    dart: `final record = await ${own(one, `getOne(${text(at.id)})`)};`,
    curl: shell(one, at, "GET", `/records/${encodeURIComponent(at.id)}`),
  },
});

const create: Make = (one, at) => {
  const body = sampleBody(one, true);
  return {
    calls: [["POST", "/records"]],
    rule: "createRule",
    query: ["expand", "fields"],
    answers: [{ status: 200, body: sampleRecord(one) }, badRequest, forbidden],
    written: {
      js: `const record = await ${own(one, `create(${json(body)})`)};`,
      dart: `final record = await ${own(one, `create(body: ${json(body)})`)};`,
      curl: shell(one, at, "POST", "/records", body),
    },
  };
};

const update: Make = (one, at) => {
  const body = sampleBody(one, false);
  return {
    calls: [["PATCH", "/records/{id}"]],
    rule: "updateRule",
    query: ["expand", "fields"],
    answers: [{ status: 200, body: sampleRecord(one) }, { ...badRequest, body: { ...badRequest.body, message: "Failed to update record." } }, forbidden, missing],
    written: {
      js: `const record = await ${own(one, `update(${text(recordId)}, ${json(body)})`)};`,
      dart: `final record = await ${own(one, `update(${text(recordId)}, body: ${json(body)})`)};`,
      curl: shell(one, at, "PATCH", `/records/${recordId}`, body),
    },
  };
};

const remove: Make = (one, at) => ({
  calls: [["DELETE", "/records/{id}"]],
  rule: "deleteRule",
  query: [],
  answers: [{ status: 204, body: "" }, refused(400, "Failed to delete record. Make sure that the record is not part of a required relation reference."), forbidden, missing],
  written: {
    js: `await ${own(one, `delete(${text(recordId)})`)};`,
    dart: `await ${own(one, `delete(${text(recordId)})`)};`,
    curl: shell(one, at, "DELETE", `/records/${recordId}`),
  },
});

const realtime: Make = (one, at) => ({
  calls: [["GET", "/api/realtime"], ["POST", "/api/realtime"]],
  rule: "listRule",
  query: [],
  answers: [{ status: 200, body: { action: "create", record: sampleRecord(one) } }],
  written: {
    js: `// changes of all records that one may see\nawait ${own(one, 'subscribe("*", (event) => {\n  console.log(event.action, event.record);\n})')};\n\n// of one of them\nawait ${own(one, `subscribe(${text(at.id)}, (event) => console.log(event))`)};\n\n// no more\nawait ${own(one, "unsubscribe()")};`,
    dart: `// changes of all records that one may see\nawait ${own(one, 'subscribe("*", (event) {\n  print(event.action);\n  print(event.record);\n})')};\n\n// no more\nawait ${own(one, "unsubscribe()")};`,
    curl: `# the stream, whose first event tells its clientId\ncurl -N '${at.base}/api/realtime'\n\n# what it is to tell of\n${curl({ method: "POST", url: `${at.base}/api/realtime`, body: { clientId: "CLIENT_ID", subscriptions: [`${one.name}/*`] } })}`,
  },
});

const batch: Make = (one, at) => {
  const body = sampleBody(one, true);
  const requests = [{ method: "POST", url: `${pathOf(one)}/records`, body }, { method: "DELETE", url: `${pathOf(one)}/records/${recordId}` }];
  return {
    calls: [["POST", "/api/batch"]],
    ...(at.canBatch ? {} : { off: "batch" as const }),
    query: [],
    answers: [{ status: 200, body: [{ status: 200, body: sampleRecord(one) }, { status: 204, body: null }] }, { status: 400, body: { status: 400, message: "Batch transaction failed.", data: { requests: { 0: { code: "batch_request_failed", message: "Batch request failed.", response: badRequest.body } } } } }],
    written: {
      js: `const batch = pb.createBatch();\nbatch.collection(${text(one.name)}).create(${json(body)});\nbatch.collection(${text(one.name)}).delete(${text(recordId)});\nconst results = await batch.send(); // all of them, or none`,
      dart: `final batch = pb.createBatch();\nbatch.collection(${text(one.name)}).create(body: ${json(body)});\nbatch.collection(${text(one.name)}).delete(${text(recordId)});\nfinal results = await batch.send(); // all of them, or none`,
      curl: curl({ method: "POST", url: `${at.base}/api/batch`, body: { requests } }),
    },
  };
};

// Two calls of which the second has what a mail has brought.
const byMail = (one: Documented, at: At, path: readonly [string, string], names: readonly [string, string], bodies: readonly [Record<string, string>, Record<string, string>]): Made => {
  const values = (body: Record<string, string>) => Object.values(body).map(text).join(", ");
  const sdk = names.map((name, n) => `await ${own(one, `${name}(${values(bodies[n] ?? {})})`)};`).join("\n\n// then, with the token of the mail\n");
  return {
    calls: [["POST", path[0]], ["POST", path[1]]],
    query: [],
    answers: [{ status: 204, body: "" }, { status: 400, body: { status: 400, message: "An error occurred while validating the submitted data.", data: { token: { code: "validation_invalid_token", message: "Invalid or expired token." } } } }],
    written: { js: sdk, dart: sdk, curl: bodies.map((body, n) => shell(one, at, "POST", path[n] ?? "", body, !(n === 0 && "newEmail" in body))).join("\n\n") },
  };
};

const methods: Make = (one, at) => ({
  calls: [["GET", "/auth-methods"]],
  query: ["fields"],
  answers: [{ status: 200, body: { password: { enabled: isOn(one, "passwordAuth"), identityFields: ["email"] }, oauth2: { enabled: isOn(one, "oauth2"), providers: [] }, mfa: { enabled: isOn(one, "mfa"), duration: 0 }, otp: { enabled: isOn(one, "otp"), duration: 0 } } }],
  written: { js: `const methods = await ${own(one, "listAuthMethods()")};`, dart: `final methods = await ${own(one, "listAuthMethods()")};`, curl: shell(one, at, "GET", "/auth-methods", undefined, true) },
});

const password: Make = (one, at) => ({
  calls: [["POST", "/auth-with-password"]],
  rule: "authRule",
  ...offOf(one, "passwordAuth", "password"),
  query: ["expand", "fields"],
  answers: [signed(one), notSigned],
  written: {
    js: `const { token, record } = await ${own(one, `authWithPassword(${text(email)}, "12345678")`)};\n\n// pb.authStore has them from now on\npb.authStore.clear(); // signs out`,
    dart: `final auth = await ${own(one, `authWithPassword(${text(email)}, "12345678")`)};\n\n// pb.authStore has it from now on\npb.authStore.clear(); // signs out`,
    curl: shell(one, at, "POST", "/auth-with-password", { identity: email, password: "12345678" }, true),
  },
});

const oauth2: Make = (one, at) => ({
  calls: [["POST", "/auth-with-oauth2"]],
  rule: "authRule",
  ...offOf(one, "oauth2", "oauth2"),
  query: ["expand", "fields"],
  answers: [{ status: 200, body: { token, record: sampleRecord(one), meta: { id: "abc123", name: "Test", email, isNew: false } } }, refused(400, "Failed to fetch OAuth2 token.")],
  written: {
    js: `// opens a window of the provider, and waits for it\nconst { token, record } = await ${own(one, 'authWithOAuth2({ provider: "google" })')};`,
    dart: `final auth = await ${own(one, 'authWithOAuth2("google", (url) async {\n  await launchUrl(url);\n})')};`,
    curl: shell(one, at, "POST", "/auth-with-oauth2", { provider: "google", code: "CODE", codeVerifier: "VERIFIER", redirectURL: `${at.base}/api/oauth2-redirect` }, true),
  },
});

const otp: Make = (one, at) => ({
  calls: [["POST", "/request-otp"], ["POST", "/auth-with-otp"]],
  rule: "authRule",
  ...offOf(one, "otp", "otp"),
  query: ["expand", "fields"],
  answers: [{ status: 200, body: { otpId: "OTP_ID" } }, signed(one), notSigned],
  written: {
    js: `const { otpId } = await ${own(one, `requestOTP(${text(email)})`)};\n\n// then, with the code of the mail\nconst { token, record } = await ${own(one, 'authWithOTP(otpId, "CODE")')};`,
    dart: `final asked = await ${own(one, `requestOTP(${text(email)})`)};\n\n// then, with the code of the mail\nfinal auth = await ${own(one, 'authWithOTP(asked.otpId, "CODE")')};`,
    curl: `${shell(one, at, "POST", "/request-otp", { email }, true)}\n\n${shell(one, at, "POST", "/auth-with-otp", { otpId: "OTP_ID", password: "CODE" }, true)}`,
  },
});

const refresh: Make = (one, at) => ({
  calls: [["POST", "/auth-refresh"]],
  query: ["expand", "fields"],
  answers: [signed(one), refused(401, "The request requires valid record authorization token to be set."), forbidden, missing],
  written: { js: `const { token, record } = await ${own(one, "authRefresh()")};`, dart: `final auth = await ${own(one, "authRefresh()")};`, curl: shell(one, at, "POST", "/auth-refresh") },
});

const verification: Make = (one, at) => byMail(one, at, ["/request-verification", "/confirm-verification"], ["requestVerification", "confirmVerification"], [{ email }, { token: "TOKEN" }]);

const reset: Make = (one, at) => byMail(one, at, ["/request-password-reset", "/confirm-password-reset"], ["requestPasswordReset", "confirmPasswordReset"], [{ email }, { token: "TOKEN", password: "12345678", passwordConfirm: "12345678" }]);

const changeEmail: Make = (one, at) => byMail(one, at, ["/request-email-change", "/confirm-email-change"], ["requestEmailChange", "confirmEmailChange"], [{ newEmail: email }, { token: "TOKEN", password: "12345678" }]);

const ofTypes: Record<Documented["type"], readonly ActId[]> = {
  view: ["list", "view"], // nothing is told of changes
  base: ["list", "view", "create", "update", "delete", "realtime", "batch"],
  auth: ["list", "view", "create", "update", "delete", "realtime", "batch", "methods", "password", "oauth2", "otp", "refresh", "verification", "reset", "email"],
};

const heads = (base: string): Record<"js" | "dart", string> => ({
  js: `import PocketBase from "pocketbase";\n\nconst pb = new PocketBase(${text(base)});\n\n`,
  dart: `import "package:pocketbase/pocketbase.dart";\n\nfinal pb = PocketBase(${text(base)});\n\n`,
});

const makes: Record<ActId, Make> = { list, view, create, update, delete: remove, realtime, batch, methods, password, oauth2, otp, refresh, verification, reset, email: changeEmail };

export const actIds = ({ type }: Documented): readonly ActId[] => ofTypes[type];

export const actOf = (id: ActId, one: Documented, at: At): Act | null => {
  const made = actIds(one).includes(id) ? makes[id](one, at) : undefined;
  if (!made) return null;
  const { written, calls, ...rest } = made;
  const head = heads(at.base);
  return {
    id,
    ...rest,
    calls: calls.map(([method, path]) => ({ method, path: path.startsWith("/api/") ? path : pathOf(one) + path })),
    snippets: { js: head.js + written.js, dart: head.dart + inDart(written.dart), curl: written.curl },
  };
};
