// Texts of the console of SQL.

import { sql } from "./en/sql.ts";
import { inLocale } from "./t.ts";

export const ts = inLocale(sql);
