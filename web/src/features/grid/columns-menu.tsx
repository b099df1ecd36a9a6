// Which columns there are, in which order, and how many of the first ones stay in view.

import { useState } from "preact/hooks";
import type { Collection, Field } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { query } from "../../state/router.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { Checkbox } from "../../ui/Field/Field.tsx";
import { columnFields, columnPrefs, mostFrozen, moved, setShown, shownFields } from "./columns.tsx";

// Shown ones first, in their order.
const ordered = (collection: Collection, shown: readonly Field[]): Field[] => [...shown, ...columnFields(collection).filter((field) => !shown.includes(field))];

interface RowProps {
  field: Field;
  at: number;
  n: number; // of shown ones
  frozen: number;
  isShown: boolean;
  move: (by: number) => void;
  toggle: () => void;
  freeze: (n: number) => void;
}

// The last frozen one takes the freezing back.
const Row = ({ field, at, n, frozen, isShown, move, toggle, freeze }: RowProps) => (
  <li
    class="columns-row"
    onKeyDown={(event) => {
      const by = event.altKey ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined;
      if (!by) return;
      event.preventDefault();
      move(by);
    }}
  >
    <Checkbox name={field.name} label={field.name} checked={isShown} onChange={toggle} />
    {isShown && (
      <>
        {at < mostFrozen && (
          <Button
            kind="quiet"
            icon="snowflake"
            class={at < frozen ? "is-on" : ""}
            aria-pressed={at < frozen}
            label={at === frozen - 1 ? t.bulk.unfreeze : t.bulk.freeze(field.name)}
            onClick={() => freeze(at === frozen - 1 ? 0 : at + 1)}
          />
        )}
        <Button kind="quiet" icon="chevron-up" label={t.records.moveUp(field.name)} disabled={at === 0} onClick={() => move(-1)} />
        <Button kind="quiet" icon="chevron-down" label={t.records.moveDown(field.name)} disabled={at === n - 1} onClick={() => move(1)} />
      </>
    )}
  </li>
);

const Choice = ({ collection, onClose }: { collection: Collection; onClose: () => void }) => {
  const prefs = columnPrefs(collection);
  const shown = shownFields(collection, prefs.value, query.value["cols"]);
  const frozen = prefs.value.frozen ?? 0;
  const set = (fields: readonly Field[] | null) => setShown(collection, fields);
  const freeze = (n: number) => {
    prefs.value = { ...prefs.value, frozen: n };
  };
  const reset = () => {
    prefs.value = { ...prefs.value, frozen: 0, wrap: false };
    set(null);
  };
  const move = (at: number, by: number) => {
    const field = shown[at];
    if (field && at + by >= 0) set(moved(shown, field.name, by > 0 ? at + by + 1 : at + by));
  };
  const toggle = (field: Field) => {
    const next = shown.includes(field) ? shown.filter((one) => one !== field) : [...shown, field];
    if (next.length > 0) set(next);
  };
  return (
    <Dialog title={t.records.columns} onClose={onClose} acts={<><Button kind="quiet" onClick={reset}>{t.records.columnsReset}</Button><Button onClick={onClose}>{t.common.close}</Button></>}>
      <Checkbox name="wrap" label={t.records.wrap} checked={prefs.value.wrap ?? false} onChange={() => { prefs.value = { ...prefs.value, wrap: !prefs.value.wrap }; }} />
      <ul class="columns-list">
        {ordered(collection, shown).map((field, at) => (
          <Row key={field.id} field={field} at={at} n={shown.length} isShown={shown.includes(field)} move={(by) => move(at, by)} toggle={() => toggle(field)} frozen={frozen} freeze={freeze} />
        ))}
      </ul>
    </Dialog>
  );
};

export const ColumnsButton = ({ collection }: { collection: Collection }) => {
  const [isOpen, open] = useState(false);
  return (
    <>
      <Button kind="quiet" icon="columns-3" label={t.records.columns} onClick={() => open(true)} />
      {isOpen && <Choice collection={collection} onClose={() => open(false)} />}
    </>
  );
};
