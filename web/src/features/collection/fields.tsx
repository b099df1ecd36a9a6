// The fields of a collection, in their order.

import { useRef, useState } from "preact/hooks";
import type { FieldType } from "../../api/types.ts";
import { fieldKinds } from "../../fields/index.ts";
import { td } from "../../i18n/t-def.ts";
import { Menu } from "../../ui/Menu/Menu.tsx";
import { uniqueColumn } from "../../lib/index-sql.ts";
import { addField, freeName, moveField, sentIndexes, type FieldDraft } from "./draft.ts";
import type { CollectionEdit } from "./edit.ts";
import { FieldRow } from "./field-row.tsx";
import { focusName } from "./focus.ts";
import { beginnings } from "./options.ts";
import type { PartProps } from "./parts.ts";

const newTypes: readonly FieldType[] = ["text", "editor", "number", "bool", "email", "url", "date", "autodate", "select", "file", "relation", "json", "geoPoint"];

const useMoves = (edit: CollectionEdit) => {
  const dragged = useRef<string | null>(null);
  const [over, setOver] = useState<string | null>(null);
  const [said, say] = useState("");
  const move = (key: string, to: number) => {
    edit.set((draft) => moveField(draft, key, to));
    const fields = edit.draft.peek().fields;
    const at = fields.findIndex((one) => one.key === key);
    say(td.def.moved(fields[at]?.field.name ?? "", at + 1, fields.length));
  };
  const step = (key: string, by: number) => {
    const at = edit.draft.peek().fields.findIndex((one) => one.key === key);
    if (at + by < 0 || at + by >= edit.draft.peek().fields.length) return;
    move(key, at + by);
    focusName(key, false);
  };
  const drop = (onto: string) => {
    const fields = edit.draft.peek().fields;
    if (dragged.current && dragged.current !== onto) move(dragged.current, fields.findIndex((one) => one.key === onto));
    dragged.current = null;
    setOver(null);
  };
  return { dragged, over, setOver, said, step, drop };
};

const AddField = ({ edit, onAdded }: { edit: CollectionEdit; onAdded: (key: string) => void }) => {
  const add = (type: FieldType) => {
    const name = freeName(edit.draft.peek(), type === "relation" || type === "select" ? type : `${type.replace("geoPoint", "place")}`);
    const { draft, key } = addField(edit.draft.peek(), type, name, beginnings[type]);
    edit.set(() => draft);
    onAdded(key);
  };
  const items = newTypes.map((type) => ({ label: td.def.fieldTypes[type] ?? type, icon: fieldKinds[type].icon, act: () => add(type) }));
  return <Menu label={td.def.addField} kind="plain" icon="plus" text={td.def.addField} groups={[{ items }]} />;
};

export const Fields = ({ edit, canWrite }: PartProps) => {
  const { fields } = edit.draft.value;
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const { dragged, over, setOver, said, step, drop } = useMoves(edit);
  const toggle = (key: string) => setOpened((now) => new Set(now.has(key) ? [...now].filter((one) => one !== key) : [...now, key]));
  const open = (key: string) => {
    setOpened((now) => new Set([...now, key]));
    focusName(key, true);
  };
  const unique = new Set(sentIndexes(edit.draft.value).map(({ index }) => (index ? uniqueColumn(index) : "")));
  const hasFault = ({ key }: FieldDraft) => [...edit.errors.value.keys()].some((path) => path.startsWith(`fields.${key}.`) && !path.endsWith(".name"));
  return (
    <section class="def-part">
      <h2 id="def-fields">{td.def.fields}</h2>
      <ol class="def-fields" aria-labelledby="def-fields">
        {fields.map((one) => (
          <FieldRow
            key={one.key}
            edit={edit}
            one={one}
            canWrite={canWrite}
            isOpen={opened.has(one.key) || hasFault(one)}
            isUnique={unique.has(one.key)}
            isOver={over === one.key}
            onToggle={() => toggle(one.key)}
            onStep={(by) => step(one.key, by)}
            onCopied={open}
            onDrag={(isOn) => { dragged.current = isOn ? one.key : null; }}
            onOver={(isOver) => dragged.current && setOver(isOver ? one.key : null)}
            onDrop={() => drop(one.key)}
          />
        ))}
      </ol>
      <p class="aside" role="status">{said}</p>
      {canWrite && <div><AddField edit={edit} onAdded={open} /></div>}
    </section>
  );
};
