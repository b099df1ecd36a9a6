// Texts of files that are edited.

import { files as en } from "./en/files.ts";
import { inLocale } from "./t.ts";

export const fileTexts = inLocale(en);
