// The name of a collection, and its fields; of a view its query.

import { td } from "../../i18n/t-def.ts";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import { TextField } from "../../ui/Field/Field.tsx";
import type { PartProps } from "./parts.ts";
import { Fields } from "./fields.tsx";

const viewQuery: Load<PartProps> = async () => (await import("./view-query.tsx")).ViewQuery;

const nameShape = /^\w+$/;

const Name = ({ edit, canWrite }: PartProps) => {
  const { name } = edit.draft.value;
  const { system } = edit.original.value;
  const said = edit.errors.value.get("name") ?? (name !== "" && !nameShape.test(name) ? td.def.nameShape : "");
  const set = (text: string) => {
    edit.set((draft) => ({ ...draft, name: text }));
    edit.unsay("name");
  };
  const renamed = edit.id !== null && name !== edit.original.value.name;
  return (
    <div class="def-name">
      <TextField
        label={td.def.name}
        name="collection-name"
        value={name}
        onInput={set}
        readonly={!canWrite || system}
        required
        autofocus={edit.id === null}
        hint={system ? td.def.systemName : renamed ? td.def.renameHint : td.def.nameHint}
        {...(said ? { error: said } : {})}
      />
    </div>
  );
};

export const Schema = ({ edit, canWrite }: PartProps) => (
  <>
    <Name edit={edit} canWrite={canWrite} />
    {edit.draft.value.type === "view" ? <Lazy load={viewQuery} of={{ edit, canWrite }} /> : <Fields edit={edit} canWrite={canWrite} />}
  </>
);
