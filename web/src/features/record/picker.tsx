// Records to choose from, for a relation: found by the same filter as in the grid, as long a list as
// there is. What is chosen stands above it. One that is chosen alone closes the picker.

import { useContext, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Collection, Field, Row } from "../../api/types.ts";
import { RelationChips } from "../../fields/relation/chips.tsx";
import { RelationHelp, type PickerProps } from "../../fields/relation/help.ts";
import { remember, summaryFields } from "../../fields/relation/known.ts";
import { isMultiple, maxSelect } from "../../fields/kinds.ts";
import { presentable } from "../../fields/relation/summary.ts";
import { formatNumber } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { tr } from "../../i18n/t-record.ts";
import { totalSort } from "../../lib/rows/server.ts";
import { summaryOf } from "../../lib/values.ts";
import { collections } from "../../state/instance.ts";
import type { RowsOf } from "../../state/rows.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { FilterBar } from "../../ui/FilterBar/FilterBar.tsx";
import { Grid } from "../../ui/Grid/Grid.tsx";
import { StatusLine } from "../../ui/Grid/StatusLine.tsx";
import type { Column } from "../../ui/Grid/types.ts";
import { drawn } from "../../ui/drawn.ts";
import { useIsThere } from "../../ui/there.ts";
import { askRecords } from "../grid/ask-records.ts";
import { fieldsOf, gridColumns } from "../grid/columns.tsx";
import { useRows } from "../grid/query.ts";
import { picked } from "./picker-choice.ts";

const mostFacts = 6; // of which a row shows the first that say something
const mostTold = 1000; // a higher limit is none that anybody meets
const facts: ReadonlySet<string> = new Set(["text", "number", "bool", "email", "url", "date", "autodate", "select"]);
const noHistory: readonly string[] = [];
const nothing = () => undefined;

const listedFields = (collection: Collection): Field[] => {
  const called = summaryFields(collection);
  const more = collection.fields.filter(({ name, type, hidden }) => facts.has(type) && !hidden && name !== "id" && !called.includes(name)).slice(0, mostFacts);
  return [...collection.fields.filter(({ name }) => called.includes(name)), ...more, ...collection.fields.filter(({ name }) => name === "id")];
};

const useList = (collection: Collection, filter: string) => {
  const fields = useMemo(() => listedFields(collection), [collection]);
  const columns = useMemo(() => gridColumns(collection, fields.filter(({ type }) => facts.has(type)), { shown: null, widths: {} }), [collection, fields]);
  const sort = totalSort("", collection.type === "view" ? "id" : "@rowid");
  const source = useRows({ collection: collection.name, filter, sort, fields: fieldsOf(fields.filter(({ type }) => type !== "relation")), expand: "" });
  return { source, columns };
};

const rowsIn = (source: RowsOf<Row>): Map<string, Row> => {
  const { first, last } = source.range();
  const rows = Array.from({ length: last - first }, (_, n) => source.at(first + n)).filter((row) => row !== undefined);
  return new Map(rows.map((row) => [row.id, row]));
};

// What is chosen by the list, within the limit of the field.
const useChoice = ({ field, collection, ids, onChange, onClose }: PickerProps, source: RowsOf<Row>) => {
  const [said, say] = useState("");
  const most = maxSelect(field);
  const isMany = isMultiple(field);
  const take = (wanted: ReadonlySet<string>, rows: ReadonlyMap<string, Row>) => {
    const { next, isFull } = picked(ids, wanted, isMany ? most : 1);
    remember(collection.id, next.map((id) => rows.get(id)).filter((row) => row !== undefined));
    say(isFull ? t.fields.atMostItems(most) : "");
    onChange(next);
    if (!isMany && next.length > 0) onClose();
  };
  const toggle = (row: Row, on = !ids.includes(row.id)) => {
    const others = ids.filter((id) => id !== row.id);
    if (!isMany && !on) return onClose();
    take(new Set(on ? [...others, row.id] : others), new Map([[row.id, row]]));
  };
  return { said, isFull: isMany && ids.length >= most, toggle, select: (wanted: ReadonlySet<string>) => take(wanted, rowsIn(source)) };
};

const Chosen = ({ of, onEmpty, onEdit }: { of: PickerProps; onEmpty: () => void; onEdit: (id: string) => void }) => (
  <div class={`picker-chosen${isMultiple(of.field) ? "" : " picker-one"}`} role="group" aria-label={t.fields.choose}>
    {of.ids.length === 0 && <p>{tr.relations.none}</p>}
    <RelationChips field={of.field} collection={of.collection} ids={of.ids} row={of.row} onChange={of.onChange} onEmpty={onEmpty} onEdit={onEdit} />
  </div>
);

const countOf = ({ field, ids }: PickerProps): string => {
  const most = maxSelect(field);
  return most < mostTold ? tr.relations.chosen(formatNumber(ids.length), formatNumber(most)) : t.grid.selected(ids.length, formatNumber(ids.length));
};

// These would do something else to the list: clear what is chosen, or choose all that is loaded.
const isKept = ({ key, ctrlKey, metaKey }: KeyboardEvent): boolean => key === "Escape" || (key.toLowerCase() === "a" && (ctrlKey || metaKey));

const List = ({ of, filter, source, columns, onToggle, onSelect, onFilter }: { of: PickerProps; filter: string; source: RowsOf<Row>; columns: readonly Column<Row>[]; onToggle: (row: Row) => void; onSelect: (ids: ReadonlySet<string>) => void; onFilter: () => void }) => {
  const { collection, ids } = of;
  const selected = useMemo(() => new Set(ids), [ids.join("\n")]);
  const names = presentable.value(collection.id);
  const onKeyDown = (event: KeyboardEvent) => {
    if (isKept(event)) event.stopPropagation();
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    onFilter();
  };
  return (
    <div class="picker-list" onKeyDownCapture={onKeyDown}>
      <Grid
        label={collection.name}
        source={source}
        columns={columns}
        sort={[]}
        selected={selected}
        summary={(row) => summaryOf(row, names)}
        empty={<Empty title={filter ? t.records.noMatch : t.records.noRecords} />}
        onOpen={onToggle}
        onSort={nothing}
        onSelect={onSelect}
        onResize={nothing}
      />
    </div>
  );
};

export const Picker = (props: PickerProps) => {
  const { field, collection, onMade, onClose } = props;
  const help = useContext(RelationHelp);
  const [filter, setFilter] = useState("");
  const [editing, edit] = useState<string | null | undefined>(undefined); // null: a new one is made
  const inside = useRef<HTMLDivElement>(null);
  const { source, columns } = useList(collection, filter);
  const { said, isFull, toggle, select } = useChoice(props, source);
  const focus = (what: string) => drawn(() => inside.current?.querySelector<HTMLElement>(what)?.focus());
  const toList = () => focus('[role="grid"]');
  useLayoutEffect(toList, []);
  const apply = (next: string) => {
    setFilter(next);
    toList();
  };
  const isThere = useIsThere();
  const onSaved = (row: Row, isNew: boolean) => {
    remember(collection.id, [row]);
    if (isNew) onMade(row);
    if (!isThere.current) return;
    source.refresh();
    if (isNew && !isMultiple(field)) onClose();
  };
  const acts = (
    <>
      <span class="picker-said" role="status">{[isMultiple(field) ? countOf(props) : "", said].filter(Boolean).join(" · ")}</span>
      <Button size="form" icon="plus" disabled={isFull ? t.fields.atMostItems(maxSelect(field)) : (help?.whyNot(collection, null) ?? true)} onClick={() => edit(null)}>{t.records.newRecord}</Button>
      <Button size="form" kind="primary" onClick={onClose}>{tr.relations.done}</Button>
    </>
  );
  return (
    <Dialog title={tr.relations.choose(field.name)} class="picker" onClose={onClose} acts={acts}>
      <div class="picker-body" ref={inside}>
        <Chosen of={props} onEmpty={toList} onEdit={edit} />
        <FilterBar collection={collection} collections={collections.data.value ?? []} ask={askRecords} value={filter} history={noHistory} onApply={apply} />
        <List of={props} filter={filter} source={source} columns={columns} onToggle={(row) => toggle(row)} onSelect={select} onFilter={() => focus('[data-t="filter"]')} />
        <StatusLine source={source} />
      </div>
      {help && editing !== undefined && <help.Inner collection={collection} id={editing} onSaved={onSaved} onClose={() => edit(undefined)} />}
    </Dialog>
  );
};
