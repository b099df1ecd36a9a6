import { Blank, isBlank, Text } from "../cell.tsx";
import type { CellProps } from "../types.ts";

export const TextCell = (props: CellProps) => (isBlank(props) ? <Blank /> : <Text value={props.value} code={props.field["primaryKey"] === true} />);
