// What the filter bar is answered when it asks for records that a relation may be compared with.

import { listRecords } from "../../api/records.ts";
import { recordItem, recordsQuery } from "../../lib/filter/records.ts";
import type { AskRecords } from "../../ui/FilterBar/records.ts";

export const askRecords: AskRecords = async (wanted, signal) => {
  const query = recordsQuery(wanted);
  if (!query) return [];
  const { items } = await listRecords(wanted.collection.name, query, signal);
  return items.map((row) => recordItem(wanted.collection, row));
};
