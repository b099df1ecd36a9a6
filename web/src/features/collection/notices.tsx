// What stands above a definition: a draft, a change by somebody else, what went wrong.

import { formatRelative } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { tr } from "../../i18n/t-record.ts";
import { td } from "../../i18n/t-def.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { changesOf } from "./changes.ts";
import type { CollectionEdit } from "./edit.ts";
import { ChangeList } from "./changed.tsx";

const Offered = ({ edit }: { edit: CollectionEdit }) => {
  const offered = edit.offered.value;
  if (!offered) return null;
  return (
    <Notice kind="info" title={td.def.draftTitle(formatRelative(new Date(offered.at), Date.now()))}>
      <details class="def-kept">
        <summary>{tr.record.draftShow}</summary>
        <ChangeList changes={changesOf(offered.draft, edit.before, edit.id === null)} />
      </details>
      <div class="record-acts">
        <Button disabled={edit.isDirty.value ? td.def.restoreOver : false} onClick={() => void edit.takeOffered()}>{tr.record.draftRestore}</Button>
        <Button kind="quiet" onClick={() => void edit.dropOffered()}>{tr.record.draftDiscard}</Button>
      </div>
    </Notice>
  );
};

// Errors that stand at a field say themselves where they are.
const isPlaced = (path: string): boolean => /^(?:name$|fields\.|indexes\.|viewQuery$|[a-z]\w*\.)/i.test(path);

export const Notices = ({ edit }: { edit: CollectionEdit }) => {
  const wrong = edit.wrong.value;
  const paths = [...edit.errors.value.keys()];
  const isSaid = paths.length > 0 && paths.every(isPlaced);
  return (
    <>
      <Offered edit={edit} />
      {edit.isGone.value && <Notice kind="danger" title={td.def.goneTitle}><p>{td.def.goneWhy}</p></Notice>}
      {edit.isNews.value && (
        <Notice kind="warn" title={td.def.newsTitle}>
          <p>{td.def.newsWhy}</p>
          {edit.dropped.value.length > 0 && <p>{td.def.droppedWith(edit.dropped.value.join(", "))}</p>}
          <div class="record-acts"><Button kind="quiet" onClick={() => { edit.isNews.value = false; }}>{tr.record.seen}</Button></div>
        </Notice>
      )}
      {Boolean(wrong) && !edit.isGone.value && !isSaid && <ErrorNotice error={wrong} />}
      {isSaid && <Notice kind="danger" title={td.def.wrongTitle}>{[...edit.errors.value].map(([path, message]) => <p key={path}>{td.def.wrongAt(pathName(edit, path), message)}</p>)}</Notice>}
    </>
  );
};

// A path with names instead of keys.
const pathName = (edit: CollectionEdit, path: string): string => {
  const { fields, indexes } = edit.draft.value;
  const field = fields.find(({ key }) => path.startsWith(`fields.${key}.`));
  if (field) return `${field.field.name || td.def.unnamed}${path.slice(`fields.${field.key}`.length)}`;
  const index = indexes.find(({ key }) => path === `indexes.${key}`);
  return index ? (index.index?.name ?? t.header.parts.indexes) : path;
};
