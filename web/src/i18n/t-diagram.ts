// Texts of the diagram.

import { diagram } from "./en/diagram.ts";
import { inLocale } from "./t.ts";

export const diagramTexts = inLocale(diagram);
