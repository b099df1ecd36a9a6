// Texts of how the server is.

import { home } from "./en/home.ts";
import { inLocale } from "./t.ts";

export const homeTexts = inLocale(home);
