// The drawer of a record. What is in it is fetched once the first rows are there, or with the first
// record that is opened.

import type { Collection, Row } from "../../api/types.ts";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";

export interface RecordDrawerProps {
  collection: Collection;
  id: string | null; // null: a new one
  onClose: () => void;
  onStep: (by: number) => void;
  onCreated: (row: Row) => void;
  onChanged: (row: Row) => void;
  onDeleted: () => void;
}

const fetchAfterMs = 1500;
const panel: Load<RecordDrawerProps> = async () => (await import("./panel.tsx")).RecordPanel;
setTimeout(() => void panel().catch(() => undefined), fetchAfterMs); // opening a record tries again

export const RecordDrawer = (props: RecordDrawerProps) => <Lazy load={panel} of={props} />;
