import { readInstant } from "../../lib/dates.ts";
import { Blank, isBlank, Text } from "../cell.tsx";
import type { CellProps } from "../types.ts";
import { dateStyle, dateText, dateTitle } from "./shown.ts";

export const DateCell = (props: CellProps) => {
  if (isBlank(props)) return <Blank />;
  const date = readInstant(props.value);
  if (!date) return <Text value={props.value} />;
  return (
    <span class="cell cell-date">
      <time class="cell-text" dateTime={date.toISOString()} title={dateTitle(date)}>{dateText(date, dateStyle.value, Date.now())}</time>
    </span>
  );
};
