import { t } from "../../i18n/t.ts";
import { itemsOf } from "../../lib/values.ts";
import { collection } from "../../state/instance.ts";
import { Badge } from "../../ui/Badge/Badge.tsx";
import { Blank, isBlank, Text } from "../cell.tsx";
import type { CellProps } from "../types.ts";
import { relationChips } from "./summary.ts";

// Every related record, with the way to it.
export const RelationWhole = (props: CellProps) => {
  const { field, value, row } = props;
  if (isBlank(props)) return <Blank />;
  const ids = itemsOf(value);
  const chips = relationChips(field, value, row);
  const other = collection(String(field["collectionId"] ?? ""));
  if (chips.length === 0) return <Text value={value} />;
  return (
    <ul class="whole-chips">
      {chips.map((chip, n) => {
        const badge = <Badge kind={chip.isGone ? "gone" : "plain"} title={chip.title ?? chip.text}>{chip.text}</Badge>;
        const id = ids[n] ?? "";
        return (
          <li key={id}>
            {other && !chip.isGone ? <a class="whole-chip" href={`#/data/${encodeURIComponent(other.name)}?record=${encodeURIComponent(id)}`} aria-label={t.fields.openRecord(chip.text)}>{badge}</a> : badge}
          </li>
        );
      })}
    </ul>
  );
};
