import { pointOf } from "../../lib/values.ts";
import { Blank, isBlank, Text } from "../cell.tsx";
import type { CellProps } from "../types.ts";

export const GeoPointCell = (props: CellProps) => {
  if (isBlank(props)) return <Blank />;
  const point = pointOf(props.value);
  if (!point) return <Text value={props.value} />;
  return <span class="cell cell-date"><span class="cell-text" dir="ltr">{`${point.lat}, ${point.lon}`.slice(0, 200)}</span></span>;
};
