import { bulk } from "./en/bulk.ts";
import { common, errors } from "./en/common.ts";
import { fields } from "./en/fields.ts";
import { filter } from "./en/filter.ts";
import { grid } from "./en/grid.ts";
import { header } from "./en/header.ts";
import { palette } from "./en/palette.ts";
import { protect } from "./en/protect.ts";
import { records } from "./en/records.ts";
import { shell } from "./en/shell.ts";

export const en = { bulk, common, errors, fields, filter, grid, header, palette, protect, records, shell };
