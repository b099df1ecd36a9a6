import { itemsOf, oneLine } from "../../lib/values.ts";
import { Blank, ChipCell, isBlank, Text } from "../cell.tsx";
import type { CellProps } from "../types.ts";

export const SelectCell = (props: CellProps) => {
  const items = itemsOf(props.value);
  if (isBlank(props)) return <Blank />;
  return items.length === 0 ? <Text value={props.value} /> : <ChipCell chips={items.map((item) => ({ text: oneLine(item, 80) }))} />;
};
