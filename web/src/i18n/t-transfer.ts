// Texts of definitions that are exported and imported.

import { transfer } from "./en/transfer.ts";
import { inLocale } from "./t.ts";

export const transferTexts = inLocale(transfer);
