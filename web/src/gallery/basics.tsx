import { useState } from "preact/hooks";
import { Button } from "../ui/Button/Button.tsx";
import { CodeBlock } from "../ui/Copy/Copy.tsx";
import { Dialog } from "../ui/Dialog/Dialog.tsx";
import { Empty } from "../ui/Empty/Empty.tsx";
import { Checkbox, PasswordField, RadioGroup, TextField } from "../ui/Field/Field.tsx";
import { Icon } from "../ui/Icon/Icon.tsx";
import { iconNames } from "../ui/Icon/names.ts";
import { Menu } from "../ui/Menu/Menu.tsx";
import { Notice, type NoticeKind } from "../ui/Notice/Notice.tsx";

const Buttons = () => (
  <>
    {(["primary", "plain", "quiet", "danger"] as const).map((kind) => (
      <p class="gallery-row" key={kind}>
        <Button kind={kind}>Default</Button>
        <Button kind={kind} icon="plus">With icon</Button>
        <Button kind={kind} icon="plus" label="Only an icon" />
        <Button kind={kind} busy>Busy</Button>
        <Button kind={kind} disabled="There is nothing to save">Off</Button>
        <Button kind={kind} size="form">In a form</Button>
      </p>
    ))}
  </>
);

const Fields = () => {
  const [text, setText] = useState("Some text");
  const [isOn, setOn] = useState(true);
  const [choice, choose] = useState<"a" | "b">("a");
  return (
    <>
      <TextField label="Plain" name="plain" value={text} onInput={setText} />
      <TextField label="Required, with a hint" name="hint" value={text} onInput={setText} hint="What it is for." required />
      <TextField label="Wrong" name="wrong" value={text} onInput={setText} error="Cannot be blank." />
      <TextField label="Read-only" name="readonly" value={text} onInput={setText} readonly />
      <PasswordField label="Password" name="password" value={text} onInput={setText} autocomplete="new-password" />
      <Checkbox label="A check box" name="check" checked={isOn} onChange={setOn} hint="What it does." />
      <RadioGroup legend="A choice" name="choice" value={choice} onChange={choose} choices={[{ value: "a", label: "This" }, { value: "b", label: "Or that", hint: "With a hint." }]} />
    </>
  );
};

const kinds: readonly NoticeKind[] = ["info", "ok", "warn", "danger"];
const Notices = () => <>{kinds.map((kind) => <Notice key={kind} kind={kind} title={`Of kind ${kind}`}><p>And what else there is to say.</p></Notice>)}</>;

const Menus = () => {
  const [theme, setTheme] = useState("one");
  return (
    <Menu
      label="Acts"
      text="Acts"
      kind="plain"
      groups={[
        { items: [{ label: "Edit", icon: "pencil", hint: "E", act: () => undefined }, { label: "Not now", disabled: "It is locked", act: () => undefined }] },
        { title: "Choice", items: ["one", "two"].map((name) => ({ label: name, checked: name === theme, act: () => setTheme(name) })) },
        { items: [{ label: "Delete", icon: "trash-2", kind: "danger", act: () => undefined }] },
      ]}
    />
  );
};

const Dialogs = () => {
  const [isOpen, open] = useState(false);
  return (
    <>
      <Button onClick={() => open(true)}>Open</Button>
      {isOpen && <Dialog title="Delete 3 records?" onClose={() => open(false)} acts={<><Button onClick={() => open(false)}>Cancel</Button><Button kind="danger" class="button-final">Delete</Button></>}>They cannot be brought back.</Dialog>}
    </>
  );
};

const Icons = () => <ul class="gallery-row">{iconNames.map((name) => <li key={name} title={name}><Icon name={name} size={20} /></li>)}</ul>;

export const basics = {
  Button: Buttons,
  Field: Fields,
  Notice: Notices,
  Menu: Menus,
  Dialog: Dialogs,
  Empty: () => <Empty title="No records" why="This collection has none yet."><Button kind="primary">New record</Button></Empty>,
  Copy: () => <CodeBlock text={'curl "http://127.0.0.1:8090/api/health"'} label="A command" />,
  Icon: Icons,
};
