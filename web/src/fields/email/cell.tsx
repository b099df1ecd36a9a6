import { t } from "../../i18n/t.ts";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { Blank, isBlank, Text } from "../cell.tsx";
import type { CellProps } from "../types.ts";

// Links in cells are no stops of Tab: a grid is one stop, and reaches them with its own keys.
export const EmailCell = (props: CellProps) => {
  const { value } = props;
  if (isBlank(props)) return <Blank />;
  const address = typeof value === "string" && /^[^\s@]+@[^\s@]+$/.test(value) && value.length < 400 ? value : undefined;
  return (
    <Text value={value}>
      {address && (
        <a class="cell-open" href={`mailto:${encodeURIComponent(address)}`} aria-label={t.fields.writeTo(address)} title={t.fields.writeTo(address)} tabIndex={-1}>
          <Icon name="mail" size={14} />
        </a>
      )}
    </Text>
  );
};
