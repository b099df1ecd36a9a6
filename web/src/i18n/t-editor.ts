// Texts of rich text, fetched with it.

import { editor } from "./en/editor.ts";
import { inLocale } from "./t.ts";

export const te = inLocale(editor);
