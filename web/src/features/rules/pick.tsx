// The id of a record: typed, or chosen from the list that relations are chosen from.

import { useRef, useState } from "preact/hooks";
import type { Collection, Field as FieldOf } from "../../api/types.ts";
import { RelationHelp, type PickerProps } from "../../fields/relation/help.ts";
import { tu } from "../../i18n/t-rules.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Field } from "../../ui/Field/Field.tsx";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";

const picker: Load<PickerProps> = async () => (await import("../record/picker.tsx")).Picker;
const Nothing = () => null;
const help: RelationHelp = { Picker: (props) => <Lazy load={picker} of={props} />, Inner: Nothing, whyNot: () => tu.test.onlyPick };

export const RecordInput = ({ label, choose, name, collection, id, onChange }: { label: string; choose: string; name: string; collection: Collection; id: string; onChange: (id: string) => void }) => {
  const [isOpen, open] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const field = { id: name, name: label, type: "relation", system: false, hidden: false, maxSelect: 1, collectionId: collection.id } satisfies FieldOf;
  const close = () => {
    open(false);
    requestAnimationFrame(() => box.current?.querySelector("button")?.focus());
  };
  return (
    <Field label={label}>
      {(attributes) => (
        <div class="input-with" ref={box}>
          <input {...attributes} class="input" name={name} autocomplete="off" spellcheck={false} autocapitalize="off" dir="ltr" value={id} onInput={(event) => onChange(event.currentTarget.value)} />
          <Button label={choose} onClick={() => open(true)}>{tu.test.choose}</Button>
          {isOpen && (
            <RelationHelp.Provider value={help}>
              <help.Picker field={field} collection={collection} ids={id ? [id] : []} row={undefined} onChange={(ids) => onChange(ids.at(-1) ?? "")} onMade={() => undefined} onClose={close} />
            </RelationHelp.Provider>
          )}
        </div>
      )}
    </Field>
  );
};
