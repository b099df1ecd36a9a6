// Definitions of collections as a text.

import { useMemo, useState } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import { transferTexts as tx } from "../../i18n/t-transfer.ts";
import { exportText } from "../../lib/import.ts";
import { collections } from "../../state/instance.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { CodeBlock } from "../../ui/Copy/Copy.tsx";
import { Checkbox, TextField } from "../../ui/Field/Field.tsx";

const fileName = "pb_schema.json";
const hasFilter = 12; // and more of them are searched

const save = (text: string): void => {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 0);
};

export const Export = () => {
  const all = collections.data.value ?? [];
  const [without, leave] = useState<ReadonlySet<string>>(new Set());
  const [word, setWord] = useState("");
  const chosen = all.filter(({ id }) => !without.has(id));
  const text = useMemo(() => exportText(chosen), [all, without]);
  const toggle = (id: string) => leave(new Set(without.has(id) ? [...without].filter((one) => one !== id) : [...without, id]));
  const shown = all.filter(({ name }) => name.toLowerCase().includes(word.trim().toLowerCase()));
  return (
    <div class="def-page transfer">
      <p>{tx.exportLead}</p>
      <fieldset class="transfer-which">
        <legend>{tx.which}</legend>
        {all.length > hasFilter && <TextField label={tx.find} name="find" value={word} onInput={setWord} />}
        <Checkbox name="all" label={tx.all} checked={without.size === 0} onChange={(isAll) => leave(isAll ? new Set() : new Set(all.map(({ id }) => id)))} hint={tx.chosen(chosen.length, all.length)} />
        <div class="transfer-names">{shown.map(({ id, name }) => <Checkbox key={id} name={`export-${id}`} label={name} checked={!without.has(id)} onChange={() => toggle(id)} />)}</div>
      </fieldset>
      <div class="transfer-acts"><Button kind="primary" size="form" icon="download" disabled={chosen.length === 0 && tx.noneChosen} onClick={() => save(text)}>{tx.download}</Button></div>
      {chosen.length === 0 ? <p class="field-hint">{tx.noneChosen}</p> : <section aria-label={tx.preview} class="transfer-preview"><h3>{t.header.parts.schema}</h3><CodeBlock text={text} label={tx.preview} /></section>}
    </div>
  );
};
