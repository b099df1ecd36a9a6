import { useState } from "preact/hooks";
import type { Field, FieldType, Row } from "../api/types.ts";
import { toggleDates } from "../fields/date/shown.ts";
import { editingOf } from "../fields/editing.ts";
import { fieldKinds } from "../fields/index.ts";
import { RawNumber } from "../lib/json.ts";
import { BadDate } from "../lib/values.ts";
import { Badge } from "../ui/Badge/Badge.tsx";
import { Button } from "../ui/Button/Button.tsx";
import { DateTimeInput } from "../ui/DateTime/DateTime.tsx";
import { Drawer } from "../ui/Drawer/Drawer.tsx";
import { Field as FieldBox } from "../ui/Field/Field.tsx";
import { Icon } from "../ui/Icon/Icon.tsx";
import { NumberInput } from "../ui/Number/Number.tsx";
import { MultiSelect } from "../ui/Select/MultiSelect.tsx";
import { Select } from "../ui/Select/Select.tsx";
import { Switch } from "../ui/Switch/Switch.tsx";
import { Tabs } from "../ui/Tabs/Tabs.tsx";
import { TagInput } from "../ui/Tags/Tags.tsx";
import { Files } from "./files.tsx";

const long = "A very long text that goes on and on. ".repeat(6000);
const colours = ["red", "orange", "yellow", "green", "blue", "indigo", "violet", "étain"];

// Options of each type, and values: as they should be, very long, of a wrong type.
const samples: Record<FieldType, { options?: Record<string, unknown>; normal: unknown; long: unknown; wrong: unknown }> = {
  text: { options: { help: "What it is for.", max: 100, pattern: "^[A-Z].*" }, normal: "Ada Lovelace\nand others", long, wrong: { not: "a text" } },
  editor: { normal: "<p>Some <b>rich</b> text &amp; more</p><script>never</script>", long: `<p>${long}</p>`, wrong: 12 },
  number: { options: { min: -10, max: 1000, onlyInt: true, required: true }, normal: 42, long: new RawNumber("12345678901234567890.12345678901234567890"), wrong: "12 apples" },
  bool: { normal: true, long: false, wrong: "yes" },
  email: { options: { onlyDomains: ["example.com"] }, normal: "ada@example.com", long: `${"a".repeat(300)}@example.com`, wrong: [1] },
  url: { normal: "https://example.com/a?b=c", long: `https://example.com/${"path/".repeat(200)}`, wrong: "javascript:alert(1)" },
  date: { options: { min: "2020-01-01 00:00:00.000Z" }, normal: "2026-03-29 01:30:15.123Z", long: "9999-12-31 23:59:59.999Z", wrong: "tomorrow" },
  autodate: { normal: "2026-01-02 03:04:05.678Z", long: "0001-01-01 00:00:00.000Z", wrong: 0 },
  select: { options: { values: colours, maxSelect: 5 }, normal: ["green", "blue"], long: Array.from({ length: 5000 }, (_, n) => `choice ${n}`), wrong: { a: 1 } },
  file: { options: { maxSelect: 9 }, normal: ["letter_abc.pdf", "sheet_def.csv"], long: Array.from({ length: 50 }, (_, n) => `${"photo".repeat(20)}_${n}.png`), wrong: [{}] },
  relation: { options: { maxSelect: 9 }, normal: ["u1", "u2", "u3"], long: Array.from({ length: 500 }, (_, n) => `id${n}${"x".repeat(60)}`), wrong: true },
  json: { options: { help: "Anything." }, normal: { list: [1, 2.5, null], exact: new RawNumber("0.10000000000000000555") }, long: { text: long, list: Array.from({ length: 9000 }, (_, n) => n) }, wrong: undefined },
  geoPoint: { normal: { lon: 23.3219, lat: 42.6977 }, long: { lon: new RawNumber("23.321900000000000000001"), lat: 42 }, wrong: "42, 23" },
  password: { options: { min: 8 }, normal: "", long: "", wrong: 1 },
};

const types = Object.keys(samples) as FieldType[];
const row: Row = { id: "r1", collectionId: "c1", collectionName: "things", expand: { relation: [{ id: "u1", collectionId: "c2", collectionName: "users", name: "Ada Lovelace" }, { id: "u2", collectionId: "c2", collectionName: "users" }] } };

const fieldOf = (type: FieldType): Field => ({ id: type, name: type, type, system: false, hidden: false, ...samples[type].options });

const Cells = () => (
  <>
    <p><Button onClick={toggleDates}>Relative dates</Button></p>
    <div class="gallery-wide" tabIndex={0} role="region" aria-label="Cells">
      <table class="gallery-cells">
        <thead><tr>{["Type", "Normal", "Empty", "Very long", "Of a wrong type"].map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
        <tbody>
          {types.map((type) => {
            const { Cell, icon, label, blank } = fieldKinds[type];
            const field = fieldOf(type);
            const { normal, long: much, wrong } = samples[type];
            return (
              <tr key={type}>
                <th scope="row"><span class="gallery-row"><Icon name={icon} />{label}</span></th>
                {[normal, blank(field), much, wrong].map((value, n) => <td key={n}><Cell field={field} value={value} row={row} /></td>)}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  </>
);

const states = ["normal", "empty", "long", "wrong"] as const;

const Input = ({ type, state }: { type: FieldType; state: (typeof states)[number] }) => {
  const { blank } = fieldKinds[type];
  const { Input: Of } = editingOf(type);
  const field = fieldOf(type);
  const [value, setValue] = useState(() => (state === "empty" ? blank(field) : samples[type][state]));
  return Of ? <Of field={field} value={value} onChange={setValue} isNew={state === "empty"} {...(state === "wrong" ? { error: "What the server has said." } : {})} /> : null;
};

const Inputs = ({ state }: { state: (typeof states)[number] }) => (
  <>{types.map((type) => <Input key={type} type={type} state={state} />)}</>
);

const many = Array.from({ length: 1000 }, (_, n) => ({ value: String(n), label: `Choice ${n}`, hint: `#${n}` }));
const options = colours.map((value) => ({ value, label: value }));

const Selects = () => {
  const [one, setOne] = useState("green");
  const [some, setSome] = useState(["red", "blue", "green"]);
  const [tags, setTags] = useState(["example.com", "example.org"]);
  return (
    <>
      <FieldBox label="One" hint="Letters choose.">{(attributes) => <Select attributes={attributes} label="One" value={one} options={options} onChange={setOne} />}</FieldBox>
      <FieldBox label="Of a thousand">{(attributes) => <MultiSelect attributes={attributes} label="Of a thousand" value={some} options={many} onChange={setSome} />}</FieldBox>
      <FieldBox label="Some" error="At most 2.">{(attributes) => <MultiSelect attributes={attributes} label="Some" value={some} options={options} onChange={setSome} />}</FieldBox>
      <FieldBox label="Words">{(attributes) => <TagInput attributes={attributes} label="Words" value={tags} onChange={setTags} />}</FieldBox>
    </>
  );
};

const Controls = () => {
  const [isOn, setOn] = useState(true);
  const [n, setN] = useState("1.50");
  const [date, setDate] = useState<string | BadDate>("2026-03-29 01:30:15.000Z");
  return (
    <>
      <Switch label="A switch" checked={isOn} onChange={setOn} text={isOn ? "On" : "Off"} />
      <Switch label="One that cannot be used" checked={isOn} onChange={setOn} disabled="It is locked" text="Locked" />
      <FieldBox label="Seconds">{(attributes) => <NumberInput attributes={attributes} label="Seconds" value={n} onInput={setN} unit="s" />}</FieldBox>
      <FieldBox label="Date">{(attributes) => <DateTimeInput attributes={attributes} label="Date" value={date} onChange={setDate} />}</FieldBox>
    </>
  );
};

const kinds = ["plain", "accent", "info", "ok", "warn", "danger", "gone"] as const;
const Badges = () => <p class="gallery-row">{kinds.map((kind) => <Badge key={kind} kind={kind}>{kind}</Badge>)}</p>;

const TabsShown = () => {
  const [tab, setTab] = useState<"fields" | "related" | "json">("fields");
  return (
    <Tabs label="Of a record" tabs={[{ id: "fields", label: "Fields" }, { id: "related", label: "Related", badge: "12" }, { id: "json", label: "JSON" }]} current={tab} onSelect={setTab}>
      <p>The panel of {tab}.</p>
    </Tabs>
  );
};

const Drawers = () => {
  const [isOpen, open] = useState(false);
  return (
    <>
      <Button onClick={() => open(!isOpen)}>Open or close</Button>
      {isOpen && (
        <Drawer
          title="posts / Ada Lovelace"
          onClose={() => open(false)}
          acts={<Button kind="quiet" icon="ellipsis" label="Acts" />}
          footer={<><Button kind="primary" size="form">Save</Button><Button size="form" onClick={() => open(false)}>Cancel</Button></>}
        >
          <div class="gallery-form"><Inputs state="normal" /></div>
        </Drawer>
      )}
    </>
  );
};

export const fieldPages = {
  Files,
  Cells,
  Inputs: () => <Inputs state="normal" />,
  "Inputs-empty": () => <Inputs state="empty" />,
  "Inputs-long": () => <Inputs state="long" />,
  "Inputs-wrong": () => <Inputs state="wrong" />,
  Select: Selects,
  Controls,
  Badge: Badges,
  Tabs: TabsShown,
  Drawer: Drawers,
};
