import { Blank, ChipCell, isBlank, Text } from "../cell.tsx";
import type { CellProps } from "../types.ts";
import { relationChips } from "./summary.ts";

export const RelationCell = (props: CellProps) => {
  if (isBlank(props)) return <Blank />;
  const chips = relationChips(props.field, props.value, props.row);
  // A card tells more of those that are there (peek.tsx), so they have no title beside it.
  return chips.length === 0 ? <Text value={props.value} /> : <ChipCell chips={chips.map((chip) => (chip.isGone ? chip : { ...chip, title: "" }))} />;
};
