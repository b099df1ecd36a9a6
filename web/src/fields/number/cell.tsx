import { RawNumber } from "../../lib/json.ts";
import { Blank, isBlank, Text } from "../cell.tsx";
import type { CellProps } from "../types.ts";

export const NumberCell = (props: CellProps) => {
  const { value } = props;
  if (isBlank(props)) return <Blank />;
  if (typeof value !== "number" && !(value instanceof RawNumber)) return <Text value={value} />;
  return (
    <span class="cell cell-number">
      <span class="cell-text" dir="ltr">{String(value).slice(0, 400)}</span>
    </span>
  );
};
