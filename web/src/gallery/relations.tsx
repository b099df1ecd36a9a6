import { useEffect, useState } from "preact/hooks";
import type { Collection, Field, Row } from "../api/types.ts";
import { RelationHelp } from "../fields/relation/help.ts";
import { RelationInput } from "../fields/relation/input.tsx";
import { remember } from "../fields/relation/known.ts";
import { collections } from "../state/instance.ts";
import { Button } from "../ui/Button/Button.tsx";
import { Dialog } from "../ui/Dialog/Dialog.tsx";

const people = { id: "c2", name: "people", type: "base", system: false, fields: [{ id: "name", name: "name", type: "text", system: false, hidden: false }], indexes: [] } as unknown as Collection;
const names = ["Ada Lovelace", "Grace Hopper", "A very long name that goes on and on until there is no more room for it in a chip", "محمد الفارسي"];
const rows: Row[] = names.map((name, n) => ({ id: `u${n}`, collectionId: "c2", collectionName: "people", name }));
const field = (name: string, options: Record<string, unknown> = {}): Field => ({ id: name, name, type: "relation", system: false, hidden: false, collectionId: "c2", ...options });

// The picker and the drawer are the records' own: here stands a dialog instead.
const help: RelationHelp = {
  Picker: ({ onClose }) => <Dialog title="The picker" onClose={onClose} acts={<Button onClick={onClose}>Close</Button>}><p>Records to choose from.</p></Dialog>,
  Inner: ({ id, onClose }) => <Dialog title={`The record ${id}`} onClose={onClose} acts={<Button onClick={onClose}>Close</Button>}><p>Its fields.</p></Dialog>,
  whyNot: () => "",
};

const shown: readonly { field: Field; value: unknown; error?: string }[] = [
  { field: field("nobody", { help: "Nothing is chosen." }), value: "" },
  { field: field("author", { required: true }), value: "u0" },
  { field: field("readers", { maxSelect: 9, minSelect: 2 }), value: ["u1", "u2", "u0", "u3", "deleted0000001"] },
  { field: field("many", { maxSelect: 999 }), value: Array.from({ length: 250 }, (_, n) => `gone${n}`) },
  { field: field("refused", { maxSelect: 2 }), value: ["u0", "u1", "u2"], error: "Select no more than 2." },
  { field: field("lost", { collectionId: "none" }), value: ["u0"] },
  { field: field("strange"), value: { not: "an id" } },
];

const One = ({ of: { field: one, value, error } }: { of: (typeof shown)[number] }) => {
  const [now, set] = useState(value);
  return <RelationInput field={one} value={now} onChange={set} isNew={false} {...(error ? { error } : {})} />;
};

const Relations = () => {
  useEffect(() => {
    collections.data.value = [people];
    remember("c2", rows, ["deleted0000001", ...Array.from({ length: 250 }, (_, n) => `gone${n}`)]);
  }, []);
  if (!collections.data.value) return null;
  return <RelationHelp.Provider value={help}><div class="gallery-form">{shown.map((of) => <One key={of.field.name} of={of} />)}</div></RelationHelp.Provider>;
};

export const relations = { Relations };
