import { t } from "../../i18n/t.ts";
import { hrefOf, oneLine } from "../../lib/values.ts";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { Blank, isBlank, Text } from "../cell.tsx";
import type { CellProps } from "../types.ts";

export const UrlCell = (props: CellProps) => {
  const { value } = props;
  if (isBlank(props)) return <Blank />;
  const href = typeof value === "string" ? hrefOf(value) : undefined;
  const label = href && t.fields.openUrl(oneLine(href, 120));
  return (
    <Text value={value}>
      {href && (
        <a class="cell-open" href={href} target="_blank" rel="noopener noreferrer" aria-label={label} title={label} tabIndex={-1}>
          <Icon name="external-link" size={14} />
        </a>
      )}
    </Text>
  );
};
