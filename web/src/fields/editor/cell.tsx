import { plainText } from "../../lib/values.ts";
import { Blank, isBlank, Text } from "../cell.tsx";
import type { CellProps } from "../types.ts";

export const EditorCell = (props: CellProps) =>
  isBlank(props) ? <Blank /> : <Text value={typeof props.value === "string" ? plainText(props.value) : props.value} />;
