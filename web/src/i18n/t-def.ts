// Texts of the definition of a collection.

import { def } from "./en/def.ts";
import { index } from "./en/index-texts.ts";
import { options } from "./en/options.ts";
import { auth, mail } from "./en/sign-in.ts";
import { view } from "./en/view.ts";
import { inLocale } from "./t.ts";

export const td = inLocale({ auth, def, index, mail, options, view });
