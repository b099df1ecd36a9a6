// Providers that lead to another place than they did.

import { isObject, whole } from "../../lib/values.ts";
import type { Draft } from "./draft.ts";

const addresses = ["authURL", "tokenURL", "userInfoURL"] as const;

const hostOf = (value: unknown): string => {
  try {
    return new URL(whole(value)).host;
  } catch {
    return "";
  }
};

const hostsOf = ({ options }: Draft): Map<string, string> => {
  const { oauth2 } = options;
  const list = isObject(oauth2) && Array.isArray(oauth2["providers"]) ? oauth2["providers"].filter(isObject) : [];
  return new Map(list.map((one) => [whole(one["name"]), addresses.map((name) => hostOf(one[name])).join(" ")]));
};

// Names of providers that lead elsewhere then.
export const movedProviders = (draft: Draft, before: Draft): string[] => {
  const were = hostsOf(before);
  return [...hostsOf(draft)].filter(([name, hosts]) => were.has(name) && were.get(name) !== hosts).map(([name]) => name);
};
