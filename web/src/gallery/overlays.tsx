// What lies over, or beside, a page.

import { useEffect, useState } from "preact/hooks";
import type { Collection, Field, Row } from "../api/types.ts";
import { editingOf } from "../fields/editing.ts";
import { kindOf } from "../fields/index.ts";
import { RelationCard } from "../fields/relation/card.tsx";
import { closeToast, toast, toasts } from "../state/toasts.ts";
import { Badge } from "../ui/Badge/Badge.tsx";
import { Button } from "../ui/Button/Button.tsx";
import { Drawer } from "../ui/Drawer/Drawer.tsx";
import { Notice } from "../ui/Notice/Notice.tsx";
import { Tabs } from "../ui/Tabs/Tabs.tsx";
import { Toasts } from "../ui/Toasts/Toasts.tsx";

const field = (name: string, type: Field["type"], more: Record<string, unknown> = {}): Field => ({ id: name, name, type, system: false, hidden: false, ...more });

const people: Collection = {
  id: "people", name: "people", type: "base", system: false, indexes: [], listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "", created: "", updated: "",
  fields: [
    field("id", "text"), field("name", "text", { presentable: true }), field("email", "email"), field("site", "url"), field("born", "date"), field("isActive", "bool"), field("role", "select", { values: ["admin"], maxSelect: 1 }),
    field("bio", "editor"), field("friends", "relation", { collectionId: "people", maxSelect: 9 }), field("a_name_that_is_much_longer_than_others", "text"),
  ],
};

const ada: Row = {
  id: "ada000000000000", collectionId: "people", collectionName: "people", name: "Ada Lovelace", email: "ada@example.com", site: `https://example.com/${"path/".repeat(30)}`, born: "1815-12-10 00:00:00.000Z", isActive: true, role: "admin",
  bio: "<p>Wrote the <b>first</b> program.</p>", friends: ["bob000000000000", "gone00000000000"], expand: { friends: [{ id: "bob000000000000", collectionId: "people", collectionName: "people", name: "Bob" }] },
};
const long: Row = { id: "long00000000000", collectionId: "people", collectionName: "people", name: "A name that goes on and on. ".repeat(9), a_name_that_is_much_longer_than_others: "x".repeat(400) };
const bare: Row = { id: "bare00000000000", collectionId: "people", collectionName: "people" };

const panels: readonly [string, Row, number, number, boolean][] = [["Pointed at", ada, 0, 1, false], ["Opened by a key, 2 of 3", ada, 1, 3, true], ["Very long", long, 0, 1, false], ["With nothing but an id", bare, 0, 1, false]];

const Cards = () => {
  const [open, setOpen] = useState<{ n: number; anchor: Element } | null>(null);
  const shown = open && panels[open.n];
  return (
    <>
      <p class="gallery-row">{panels.map(([name], n) => <Button key={name} onClick={(event) => setOpen(open?.n === n ? null : { n, anchor: event.currentTarget as Element })}>{name}</Button>)}</p>
      <p><Badge title="id: deleted record" kind="gone">A record that is gone</Badge> has no card.</p>
      {open && shown && <RelationCard key={open.n} anchor={open.anchor} takesFocus={shown[4]} collection={people} id={shown[1].id} row={shown[1]} n={shown[2]} of={shown[3]} onClose={() => setOpen(null)} />}
    </>
  );
};

const someToasts = () => {
  toast("ok", "3 records are deleted", { label: "Undo", act: () => undefined });
  toast("error", "Not saved – the server cannot be reached.", { label: "Try again", act: () => undefined });
  toast("error", `A text that goes on and on. ${"It says more than there is room for in a line. ".repeat(5)}`);
};

const ToastsShown = () => {
  useEffect(() => {
    someToasts();
    return () => toasts.peek().forEach(({ id }) => closeToast(id));
  }, []);
  return (
    <>
      <p class="gallery-row">
        <Button onClick={() => toast("ok", "Saved")}>One that goes by itself</Button>
        <Button onClick={someToasts}>Three more</Button>
      </p>
      <Toasts />
    </>
  );
};

const tabs = [{ id: "fields", label: "Fields" }, { id: "related", label: "Related", badge: "12" }, { id: "json", label: "JSON" }] as const;

// As the drawer of a record: what cannot be edited is shown whole.
const DrawerContent = () => {
  const [isOpen, open] = useState(true);
  const [tab, setTab] = useState<(typeof tabs)[number]["id"]>("fields");
  return (
    <>
      <p><Button onClick={() => open(!isOpen)}>Open or close</Button></p>
      {isOpen && (
        <Drawer title={`people / ${"Ada Lovelace and what else is in a long title ".repeat(3)}`} onClose={() => open(false)} acts={<Button kind="quiet" icon="ellipsis" label="Acts" />} footer={<><Button kind="primary" size="form">Save</Button><Button size="form">Cancel</Button></>}>
          <Notice kind="danger" title="2 fields are not accepted"><p>name, email</p></Notice>
          <Tabs label="Of a record" tabs={tabs} current={tab} onSelect={setTab}>
            <div class="gallery-form">
              {people.fields.map((one) => {
                const { Input, Whole = kindOf(one.type).Cell } = editingOf(one.type);
                return Input ? <Input key={one.name} field={one} value={ada[one.name]} onChange={() => undefined} isNew={false} {...(one.name === "name" ? { error: "Cannot be blank." } : {})} /> : <div key={one.name}><h3>{one.name}</h3><Whole field={one} value={ada[one.name]} row={ada} /></div>;
              })}
            </div>
          </Tabs>
        </Drawer>
      )}
    </>
  );
};

export const overlays = { RelationCard: Cards, Toasts: ToastsShown, DrawerContent };
