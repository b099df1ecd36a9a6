// Which rule of the rate limits counts a request: the first label that has a rule; of its rules one
// for the whole label, then one for a beginning that ends in "/", each in the order of the list.

export interface RateRule {
  label: string;
  audience: string; // "", "@guest", "@auth"
  duration: number;
  maxRequests: number;
}

export interface RateRequest {
  method: string;
  path: string;
  isGuest: boolean;
}

export interface RateCollection {
  id: string;
  name: string;
  type: string;
}

// What a request does, by its route: a collection, and what is done with it.
const routes: readonly { method: string; path: RegExp; tags: readonly string[] }[] = [
  { method: "GET", path: /^\/api\/collections\/([^/]+)\/records$/, tags: ["list"] },
  { method: "GET", path: /^\/api\/collections\/([^/]+)\/records\/[^/]+$/, tags: ["view"] },
  { method: "POST", path: /^\/api\/collections\/([^/]+)\/records$/, tags: ["create"] },
  { method: "PATCH", path: /^\/api\/collections\/([^/]+)\/records\/[^/]+$/, tags: ["update"] },
  { method: "DELETE", path: /^\/api\/collections\/([^/]+)\/records\/[^/]+$/, tags: ["delete"] },
  { method: "GET", path: /^\/api\/files\/([^/]+)\/[^/]+\/[^/]+$/, tags: ["file"] },
  ...[
    ["GET", "auth-methods", "listAuthMethods"],
    ["POST", "auth-with-password", "authWithPassword", "auth"],
    ["POST", "auth-refresh", "authRefresh"],
    ["POST", "auth-with-oauth2", "authWithOAuth2", "auth"],
    ["POST", "auth-with-otp", "authWithOTP", "auth"],
    ["POST", "request-otp", "requestOTP"],
    ["POST", "request-verification", "requestVerification"],
    ["POST", "confirm-verification", "confirmVerification"],
    ["POST", "request-password-reset", "requestPasswordReset"],
    ["POST", "confirm-password-reset", "confirmPasswordReset"],
    ["POST", "request-email-change", "requestEmailChange"],
    ["POST", "confirm-email-change", "confirmEmailChange"],
  ].map(([method = "", act = "", ...tags]) => ({ method, path: new RegExp(`^/api/collections/([^/]+)/${act}$`), tags })),
];

const writes: ReadonlySet<string> = new Set(["create", "update", "delete"]);
const recordTags = ["list", "view", "create", "update", "delete", "file"];
export const tags: readonly string[] = [...new Set(routes.flatMap((route) => route.tags))];

export const tagsOf = (type: string): readonly string[] => (type === "auth" ? tags : type === "view" ? ["list", "view", "file"] : recordTags);

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

// The labels of a request, in the order in which they are tried; none: nothing limits it.
export const labelsOf = ({ method, path }: RateRequest, all: readonly RateCollection[]): string[] => {
  const raw = path.replace(/[?#].*$/s, "");
  const plain = decode(raw);
  const paths = [`${method} ${plain}`, plain];
  // HEAD goes where GET goes. What is written as %2F divides nothing.
  const parts = raw.split("/").map((one) => decode(one).replaceAll("/", " ")).join("/");
  const route = routes.find((one) => one.method === (method === "HEAD" ? "GET" : method) && one.path.test(parts));
  if (!route) return paths;
  const named = route.path.exec(parts)?.[1] ?? "";
  const one = all.find(({ id, name }) => id === named || name.toLowerCase() === named.toLowerCase());
  if (!one || (one.type === "view" && route.tags.some((tag) => writes.has(tag)))) return [];
  return [...route.tags.map((tag) => `${one.name}:${tag}`), ...route.tags.map((tag) => `*:${tag}`), ...paths];
};

const isFor = ({ audience }: RateRule, isGuest: boolean): boolean => audience === "" || audience === (isGuest ? "@guest" : "@auth");

export interface RateMatch {
  rule: number; // its place in the list
  label: string; // by which it was found
}

export const matchRule = (rules: readonly RateRule[], labels: readonly string[], isGuest: boolean): RateMatch | null => {
  for (const label of labels) {
    const exact = rules.findIndex((rule) => rule.label === label && isFor(rule, isGuest));
    const rule = exact >= 0 ? exact : rules.findIndex((one) => one.label.endsWith("/") && `${label}/`.startsWith(one.label) && isFor(one, isGuest));
    if (rule >= 0) return { rule, label };
  }
  return null;
};
