// Texts of the drawer of a record.

import { account, record } from "./en/record.ts";
import { relations } from "./en/relations.ts";
import { inLocale } from "./t.ts";

export const tr = inLocale({ account, record, relations });
