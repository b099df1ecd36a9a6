// Edits that are still being saved when their drawer has closed: whoever opens such a record again is
// shown the same edit, for two of one record would write over each other's draft.

import { RecordEdit } from "./edit.ts";
import { draftKey } from "../../lib/drafts.ts";
import type { EditOf } from "./reach.ts";

const busy = new Map<string, RecordEdit>();

// Until it is known what has become of it.
export const keepBusy = (edit: RecordEdit): void => {
  const { saving } = edit;
  if (!saving) return;
  busy.set(edit.key, edit);
  const end = () => busy.get(edit.key) === edit && busy.delete(edit.key);
  void saving.then(end, end);
};

// Another new record, begun with values, is not the one that is being created: it has a draft of its own.
export const editOf = (of: EditOf): RecordEdit => {
  const { collection, id, owner, values = {}, was = {} } = of;
  const found = busy.get(draftKey(owner, collection.id, id));
  if (!found) return new RecordEdit(of);
  if (Object.keys(values).length === 0) return found;
  if (id === null) return new RecordEdit({ ...of, owner: `${owner} +` });
  found.bring({ values, was });
  return found;
};
