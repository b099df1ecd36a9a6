import { t } from "../../i18n/t.ts";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { Blank, isBlank, Text } from "../cell.tsx";
import type { CellProps } from "../types.ts";

export const BoolCell = (props: CellProps) => {
  const { value } = props;
  if (isBlank(props)) return <Blank />;
  if (typeof value !== "boolean") return <Text value={value} />;
  return (
    <span class={`cell${value ? "" : " cell-false"}`}>
      <Icon name={value ? "square-check" : "square"} />
      {value ? t.fields.isTrue : t.fields.isFalse}
    </span>
  );
};
