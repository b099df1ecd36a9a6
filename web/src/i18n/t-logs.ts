// Texts of the logs.

import { logs } from "./en/logs.ts";
import { inLocale } from "./t.ts";

export const tl = inLocale(logs);
