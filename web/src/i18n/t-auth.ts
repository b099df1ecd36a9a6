// Texts of signing in, of the first run, and of what mails lead to.

import { install, login, reset, wizard } from "./en/auth.ts";
import { inLocale } from "./t.ts";

export const ta = inLocale({ install, login, reset, wizard });
