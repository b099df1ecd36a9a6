// To the first row, the last one, or a value of what the rows are sorted by.

import { useState } from "preact/hooks";
import type { Field, Row } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { canJumpToValue, type RowsOf } from "../../state/rows.ts";
import { useCommands } from "../../ui/commands.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { TextField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { Menu, type MenuItem } from "../../ui/Menu/Menu.tsx";

const read: Partial<Record<Field["type"], (text: string) => unknown>> = {
  number: (text) => Number(text),
  bool: (text) => text === "true" || text === "1",
};

const ToValue = ({ field, source, onClose }: { field: Field; source: RowsOf<Row>; onClose: () => void }) => {
  const form = useForm({ value: "" });
  return (
    <Dialog title={t.records.jumpTitle(field.name)} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          source.jump({ from: (read[field.type] ?? String)(form.draft.value) });
          onClose();
        }}
      >
        <TextField {...bind(form, "value")} label={t.records.jumpLabel(field.name)} hint={t.records.jumpHint} autofocus />
        <div class="dialog-acts">
          <Button size="form" onClick={onClose}>{t.common.cancel}</Button>
          <Button size="form" kind="primary" type="submit">{t.records.jumpAct}</Button>
        </div>
      </form>
    </Dialog>
  );
};

// field: the first that rows are sorted by, if it is one of theirs.
export const JumpMenu = ({ source, field }: { source: RowsOf<Row>; field: Field | undefined }) => {
  const [isAsking, ask] = useState(false);
  const items: MenuItem[] = [
    { label: t.records.first, icon: "arrow-up", act: () => source.jump("start") },
    { label: t.records.last, icon: "arrow-down", act: () => source.jump("end") },
    ...(field && canJumpToValue() ? [{ label: t.records.jumpTitle(field.name), act: () => ask(true), hint: "G" }] : []),
  ];
  useCommands(field && canJumpToValue() ? [{ label: t.records.jumpTitle(field.name), keys: "g", act: () => ask(true) }] : [], [field?.name]);
  return (
    <>
      <Menu label={t.records.jump} icon="chevrons-up-down" placement="top-end" groups={[{ items }]} />
      {isAsking && field && <ToValue field={field} source={source} onClose={() => ask(false)} />}
    </>
  );
};
