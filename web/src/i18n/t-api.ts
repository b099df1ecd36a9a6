// Texts of the pages about the API.

import { apiDocs } from "./en/api-docs.ts";
import { inLocale } from "./t.ts";

export const apiTexts = inLocale(apiDocs);
