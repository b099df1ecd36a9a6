// What can be done with a record beside saving it.

import { fieldKinds, kindOf } from "../../fields/index.ts";
import { t } from "../../i18n/t.ts";
import { tr } from "../../i18n/t-record.ts";
import { base } from "../../lib/base.ts";
import { curlOf, updateOf } from "../../lib/copies-record.ts";
import { copyAndSay } from "../../state/copied.ts";
import { Menu, type MenuGroup } from "../../ui/Menu/Menu.tsx";
import { isUnkept, type Values } from "./draft.ts";
import { formFields, type RecordEdit } from "./edit.ts";
import { jsonOf } from "./json.tsx";
import { discard } from "./leave.ts";
import { bodyOf } from "./same.ts";

// What is typed, else what the form could send; no secrets, no files.
const updateBody = (edit: RecordEdit): Values => {
  const fields = formFields(edit.collection).filter((field) => field.name !== "id" && !isUnkept(field) && kindOf(field.type) === fieldKinds[field.type]);
  const changes = edit.changes.peek();
  const changed = fields.filter(({ name }) => name in changes);
  return bodyOf(Object.fromEntries((changed.length > 0 ? changed : fields).map(({ name }) => [name, edit.value(name)])));
};

const addressOf = (): string => {
  const url = new URL(location.href);
  return `${url.origin}${url.pathname}${url.hash.replace(/&tab=[^&]*/, "")}`;
};

const copies = (edit: RecordEdit, canWrite: boolean): MenuGroup => {
  const row = edit.row.value;
  if (!row) return { items: [] };
  const at = { base: base(), collection: edit.collection.name, id: row.id };
  const items: readonly (readonly [label: string, text: () => string])[] = [
    [tr.record.copyAddress, addressOf],
    [tr.record.copyId, () => row.id],
    [tr.record.copyJson, () => jsonOf(row)],
    [tr.record.copyCurl, () => curlOf(at, edit.isDirty.peek() ? updateBody(edit) : {})],
    ...(canWrite ? [[tr.record.copyJs, () => updateOf("js", at, updateBody(edit))], [tr.record.copyDart, () => updateOf("dart", at, updateBody(edit))]] as const : []),
  ];
  return { title: tr.record.copyAs, items: items.map(([label, text]) => ({ label, icon: "copy" as const, act: () => void copyAndSay(text()) })) };
};

export interface RecordMenuProps {
  edit: RecordEdit;
  canWrite: boolean;
  onDuplicate: () => void;
  onDelete: () => void;
}

export const RecordMenu = ({ edit, canWrite, onDuplicate, onDelete }: RecordMenuProps) => {
  const row = edit.row.value;
  const acts = canWrite
    ? [
        ...(row ? [{ label: tr.record.duplicate, icon: "plus" as const, act: onDuplicate }] : []),
        ...(edit.isDirty.value ? [{ label: tr.record.discard, icon: "undo-2" as const, act: () => void discard(edit) }] : []),
        ...(row ? [{ label: tr.record.remove, icon: "trash-2" as const, kind: "danger" as const, act: onDelete }] : []),
      ]
    : [];
  const groups = [{ items: acts }, copies(edit, canWrite)];
  return groups.some(({ items }) => items.length > 0) ? <Menu label={t.shell.more} icon="ellipsis" placement="bottom-end" groups={groups} /> : null;
};
