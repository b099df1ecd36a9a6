// What is asked before something is put into a text.

import { useState } from "preact/hooks";
import type { Command } from "prosemirror-state";
import type { EditorView } from "prosemirror-view";
import { te } from "../../i18n/t-editor.ts";
import { t } from "../../i18n/t.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { Checkbox, Field, TextField } from "../../ui/Field/Field.tsx";
import { setColour } from "./acts.ts";
import { getAttr } from "./attrs.ts";
import { addressOf, imageAt, insertFile, insertImage, insertMedia, linkAt, removeLink, setLink } from "./insert.ts";
import { Pick } from "./pick.tsx";

export type Asked = "link" | "image" | "media" | "colour" | "pick";

export interface AskProps {
  what: Asked;
  view: EditorView;
  fix: (address: string) => string;
  onDone: (run?: Command) => void;
}

interface AskFormProps {
  title: string;
  act: string;
  onCancel: () => void;
  onSubmit: () => void;
  more?: preact.ComponentChildren;
  children: preact.ComponentChildren;
}

const AskForm = ({ title, act, onCancel, onSubmit, more, children }: AskFormProps) => (
  <Dialog title={title} onClose={onCancel}>
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        onSubmit();
      }}
    >
      {children}
      <div class="dialog-acts">
        {more}
        <Button size="form" onClick={onCancel}>{t.common.cancel}</Button>
        <Button size="form" kind="primary" type="submit">{act}</Button>
      </div>
    </form>
  </Dialog>
);

// An address that is said to be none when somebody wants to use it.
const useAddress = (first: string, fix: (address: string) => string) => {
  const [typed, type] = useState(first);
  const [error, setError] = useState("");
  const read = (): string => {
    const address = typed === first && first !== "" ? first : fix(addressOf(typed));
    setError(address ? "" : te.badUrl);
    return address;
  };
  return { read, field: { label: te.linkUrl, name: "url", value: typed, onInput: type, ...(error ? { error } : {}) } as const };
};

const LinkForm = ({ view, fix, onDone }: AskProps) => {
  const [at] = useState(() => linkAt(view.state));
  const attrs = String(at.mark?.attrs["attrs"] ?? "");
  const { read, field } = useAddress(getAttr(attrs, "href") ?? "", fix);
  const [text, setText] = useState(at.text);
  const [isNewTab, setNewTab] = useState(getAttr(attrs, "target") === "_blank");
  const submit = () => {
    const href = read();
    if (href) onDone(setLink(at, href, text, isNewTab));
  };
  return (
    <AskForm
      title={te.link}
      act={te.linkApply}
      onCancel={() => onDone()}
      onSubmit={submit}
      more={at.mark && <Button size="form" onClick={() => onDone(removeLink(at))}>{te.linkRemove}</Button>}
    >
      <TextField {...field} inputmode="url" />
      <TextField label={te.linkText} name="text" value={text} onInput={setText} />
      <Checkbox label={te.linkTab} name="tab" checked={isNewTab} onChange={setNewTab} />
    </AskForm>
  );
};

const FileForm = ({ what, view, fix, onDone }: AskProps) => {
  const isImage = what === "image";
  const [selected] = useState(() => (isImage ? imageAt(view.state) : null));
  const { read, field } = useAddress(getAttr(selected ?? "", "src") ?? "", fix);
  const [alt, setAlt] = useState(getAttr(selected ?? "", "alt") ?? "");
  const submit = () => {
    const src = read();
    if (src) onDone(isImage ? insertImage(src, alt) : insertMedia(src));
  };
  return (
    <AskForm title={isImage ? te.image : te.media} act={selected === null ? te.insertAct : te.changeAct} onCancel={() => onDone()} onSubmit={submit}>
      <TextField {...field} {...(isImage ? {} : { hint: te.mediaHint })} inputmode="url" />
      {isImage && <TextField label={te.alt} hint={te.altHint} name="alt" value={alt} onInput={setAlt} />}
    </AskForm>
  );
};

const ColourForm = ({ onDone }: AskProps) => {
  const [colour, set] = useState("#2471a3");
  return (
    <AskForm title={te.colour} act={te.colourApply} onCancel={() => onDone()} onSubmit={() => onDone(setColour(colour))}>
      <Field label={te.colourOther}>{(attributes) => <input {...attributes} class="rich-colour" type="color" name="colour" value={colour} onInput={(event) => set(event.currentTarget.value)} />}</Field>
    </AskForm>
  );
};

const PickForm = ({ fix, onDone }: AskProps) => <Pick onCancel={() => onDone()} onPick={(url, name) => onDone(insertFile(fix(url), name))} />;

const forms: Record<Asked, (props: AskProps) => preact.JSX.Element> = { link: LinkForm, image: FileForm, media: FileForm, colour: ColourForm, pick: PickForm };

export const Ask = (props: AskProps) => {
  const Form = forms[props.what];
  return <Form {...props} />;
};
