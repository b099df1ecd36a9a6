import { short } from "../../lib/values.ts";
import type { CellProps } from "../types.ts";
import { Blank } from "../cell.tsx";

export const JsonCell = ({ value }: CellProps) =>
  value === null || value === undefined ? <Blank title="null" /> : <span class="cell"><span class="cell-text cell-code" dir="ltr">{short(value)}</span></span>;
