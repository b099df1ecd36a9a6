// Small things kept in the browser, for this instance. Storage may be full, or forbidden: what
// cannot be kept is forgotten with the page.

import { base } from "./base.ts";

const read = (from: () => Storage, key: string): string | null => {
  try {
    return from().getItem(key);
  } catch {
    return null;
  }
};

const write = (to: () => Storage, key: string, value: string | null): void => {
  try {
    if (value === null) to().removeItem(key);
    else to().setItem(key, value);
  } catch {
    // as said above
  }
};

export interface Kept {
  get: () => string | null;
  set: (value: string | null) => void;
}

const kept = (storage: () => Storage, name: string): Kept => {
  const key = () => `reeve:${base()}:${name}`;
  return { get: () => read(storage, key()), set: (value) => write(storage, key(), value) };
};

export const ofDevice = (name: string): Kept => kept(() => localStorage, name);
export const ofTab = (name: string): Kept => kept(() => sessionStorage, name);
