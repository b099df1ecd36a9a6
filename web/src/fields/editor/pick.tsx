// A file of some record, from fields whose files everybody may read.

import { useEffect, useMemo, useState } from "preact/hooks";
import { fileUrl } from "../../api/files.ts";
import { listRecords } from "../../api/records.ts";
import type { Row } from "../../api/types.ts";
import { te } from "../../i18n/t-editor.ts";
import { t } from "../../i18n/t.ts";
import { itemsOf, oneLine } from "../../lib/values.ts";
import { collections } from "../../state/instance.ts";
import { loaded } from "../../state/loaded.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { Field } from "../../ui/Field/Field.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import { Select } from "../../ui/Select/Select.tsx";
import { isImage, Thumb } from "../file/cell.tsx";

const perPage = 30;

interface Place {
  value: string;
  label: string;
  collection: string;
  field: string;
}

const placesOf = (): Place[] =>
  (collections.data.value ?? []).filter(({ system, type }) => !system && type !== "view").flatMap(({ name, fields }) =>
    fields.filter((field) => field.type === "file" && field["protected"] !== true).map((field) => ({ value: `${name}.${field.name}`, label: `${name} / ${field.name}`, collection: name, field: field.name })),
  );

const Files = ({ place, onPick }: { place: Place; onPick: (url: string, name: string) => void }) => {
  const asked = useMemo(() => loaded<{ rows: Row[]; isMore: boolean }>(), [place.value]);
  const [page, setPage] = useState(1);
  useEffect(() => {
    void asked.load(async (signal) => {
      const found = await listRecords(place.collection, { filter: `${place.field}:length > 0`, sort: "-@rowid", perPage, page, skipTotal: true }, signal);
      return { rows: [...(page > 1 ? (asked.data.peek()?.rows ?? []) : []), ...found.items], isMore: found.items.length === perPage };
    });
    return asked.stop;
  }, [asked, page]);
  const { rows, isMore } = asked.data.value ?? { rows: [], isMore: false };
  const files = rows.flatMap((row) => itemsOf(row[place.field]).map((name) => ({ row, name })));
  const isEmpty = asked.data.value !== undefined && files.length === 0;
  return (
    <>
      <ErrorNotice error={asked.error.value} />
      {isEmpty && <p role="status">{te.pickEmpty}</p>}
      <ul class="rich-files">
        {files.map(({ row, name }) => (
          <li key={`${row.id}/${name}`}>
            <button type="button" class="rich-file" aria-label={te.pickFile(oneLine(name, 80))} onClick={() => onPick(fileUrl(row, name), name)}>
              {isImage(name) ? <Thumb row={row} name={name} isProtected={false} /> : <Icon name="file" />}
              <span dir="auto">{oneLine(name, 80)}</span>
            </button>
          </li>
        ))}
      </ul>
      {isMore && <div><Button busy={asked.isLoading.value} onClick={() => setPage(page + 1)}>{te.pickMore}</Button></div>}
    </>
  );
};

export const Pick = ({ onCancel, onPick }: { onCancel: () => void; onPick: (url: string, name: string) => void }) => {
  const places = placesOf();
  const [chosen, choose] = useState(places[0]?.value ?? "");
  const place = places.find(({ value }) => value === chosen);
  return (
    <Dialog title={te.pickTitle} onClose={onCancel} acts={<Button size="form" onClick={onCancel}>{t.common.cancel}</Button>}>
      <p class="field-hint">{places.length > 0 ? te.pickHint : te.pickNone}</p>
      {places.length > 0 && <Field label={te.pickFrom}>{(attributes) => <Select attributes={attributes} label={te.pickFrom} value={chosen} options={places} onChange={choose} />}</Field>}
      {place && <Files key={place.value} place={place} onPick={onPick} />}
    </Dialog>
  );
};
