import { useMemo } from "preact/hooks";
import { Blank, isBlank, Text } from "../cell.tsx";
import type { CellProps } from "../types.ts";
import { htmlLines } from "./lines.ts";

export const EditorWhole = (props: CellProps) => {
  const { field, value } = props;
  const text = useMemo(() => (typeof value === "string" ? htmlLines(value).join("\n") : ""), [value]);
  if (isBlank(props)) return <Blank />;
  if (typeof value !== "string") return <Text value={value} />;
  return <p class="whole-text" dir="auto" tabIndex={0} role="textbox" aria-readonly="true" aria-multiline="true" aria-label={field.name}>{text}</p>;
};
