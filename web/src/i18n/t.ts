// All texts, in the language of this page. Another one is an object of the same shape; `pseudo` is
// English made longer, for tests of layouts.

import { en } from "./en.ts";

export type Texts = typeof en;

const longer = (text: string): string => `[${text}${"~".repeat(Math.ceil(text.length * 0.4))}]`;

const stretch = (of: unknown): unknown => {
  if (typeof of === "string") return longer(of);
  if (typeof of === "function") return (...args: unknown[]) => longer(String((of as (...args: unknown[]) => unknown)(...args)));
  if (Array.isArray(of)) return of.map(stretch);
  return Object.fromEntries(Object.entries(of as object).map(([key, value]) => [key, stretch(value)]));
};

const wanted = new URLSearchParams(globalThis.location?.search ?? "").get("locale");

export const locale: string = wanted === "pseudo" ? "en" : (globalThis.navigator?.language ?? "en");
// Texts of a part that is fetched later come with it: `i18n/t-PART.ts`.
export const inLocale = <T extends object>(texts: T): T => (wanted === "pseudo" ? (stretch(texts) as T) : texts);

export const t: Texts = inLocale(en);
