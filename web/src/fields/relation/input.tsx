// Related records, chosen: what is chosen as chips, and a button that opens the picker.

import { useContext, useRef, useState } from "preact/hooks";
import type { Row } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { tr } from "../../i18n/t-record.ts";
import { itemsOf } from "../../lib/values.ts";
import { collection } from "../../state/instance.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { useIsThere } from "../../ui/there.ts";
import { InputBox, useSaid } from "../input.tsx";
import { isMultiple, maxSelect } from "../kinds.ts";
import type { FieldInputProps } from "../types.ts";
import { RelationChips } from "./chips.tsx";
import { RelationHelp } from "./help.ts";
import { remember } from "./known.ts";

export const RelationInput = (props: FieldInputProps) => {
  const { field, value, onChange, row } = props;
  const help = useContext(RelationHelp);
  const { said, onBlur } = useSaid(props);
  const [isChoosing, choose] = useState(false);
  const [editing, edit] = useState<string | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const other = collection(String(field["collectionId"] ?? ""));
  const ids = itemsOf(value);
  const set = (next: string[]) => onChange(isMultiple(field) ? next : (next.at(-1) ?? ""));
  const whyNot = !other ? tr.relations.gone : !help;
  // Whenever it is there, among what is chosen by then.
  const now = useRef({ ids, set, of: row?.id });
  now.current = { ids, set, of: row?.id };
  const isThere = useIsThere();
  const made = (saved: Row, isNew = true) => {
    if (other) remember(other.id, [saved]);
    const { ids: chosen, of } = now.current;
    const isFull = isMultiple(field) && chosen.length >= maxSelect(field);
    if (isNew && isThere.current && of === row?.id && !isFull && !chosen.includes(saved.id)) now.current.set([...chosen, saved.id]);
  };
  const close = () => {
    choose(false);
    onBlur();
    // What had the focus may have gone with the picker.
    requestAnimationFrame(() => document.activeElement === document.body && button.current?.focus());
  };
  const box = (
    <InputBox of={props} said={said}>
      {({ id, "aria-describedby": describedBy }) => (
        <div class="input multi relation-input" role="group" aria-label={field.name} onFocusOut={({ currentTarget, relatedTarget }) => !isChoosing && !currentTarget.contains(relatedTarget as Node | null) && onBlur()}>
          <RelationChips field={field} collection={other} ids={ids} row={row} onChange={set} onEmpty={() => button.current?.focus()} onEdit={edit} />
          <Button
            buttonRef={button}
            id={id}
            kind="quiet"
            icon="search"
            label={tr.relations.choose(field.name)}
            disabled={whyNot}
            aria-describedby={describedBy}
            data-wrong={said ? "" : undefined}
            onClick={() => choose(true)}
          >
            {t.fields.choose}
          </Button>
          {!other && <span class="relation-gone">{tr.relations.gone}</span>}
        </div>
      )}
    </InputBox>
  );
  // Beside the field: what is wrong with it is no matter of theirs.
  return (
    <>
      {box}
      {help && other && isChoosing && <help.Picker field={field} collection={other} ids={ids} row={row} onChange={set} onMade={made} onClose={close} />}
      {help && other && editing !== null && <help.Inner collection={other} id={editing} onSaved={made} onClose={() => edit(null)} />}
    </>
  );
};
