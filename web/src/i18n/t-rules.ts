// Texts of rules, of what tests them, and of all of them together.

import { matrix, rules, test, words } from "./en/rules.ts";
import { inLocale } from "./t.ts";

export const tu = inLocale({ matrix, rules, test, words });
