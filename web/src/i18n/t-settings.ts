// Texts of the settings.

import { settings } from "./en/settings.ts";
import { cron, own, pages } from "./en/settings-pages.ts";
import { inLocale } from "./t.ts";

export const ts = inLocale({ ...settings, ...pages, cron, own });
