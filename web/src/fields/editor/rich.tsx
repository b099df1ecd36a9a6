// Rich text as it is edited: toolbar, text, and what is asked. Fetched when such a field is shown.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Command, EditorState } from "prosemirror-state";
import { formatNumber } from "../../i18n/format.ts";
import { te } from "../../i18n/t-editor.ts";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import { createEditor, type Made } from "./create.ts";
import type { AskProps, Asked } from "./dialogs.tsx";
import type { RichProps } from "./input.tsx";
import { parser, type ReadHtml } from "./parse.ts";
import { Plain } from "./plain.tsx";
import { Toolbar } from "./toolbar.tsx";
import { countWords } from "./words.ts";

const loadAsk: Load<AskProps> = async () => (await import("./dialogs.tsx")).Ask;

const useReader = () => {
  const [read, setRead] = useState<{ html: ReadHtml } | null>(null);
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    let isHere = true;
    parser().then((html) => isHere && setRead({ html }), () => isHere && setBroken(true));
    return () => void (isHere = false);
  }, []);
  return { read: read?.html ?? null, isBroken };
};

// Without the origin of this server, where the field wants it so.
const withoutOrigin = (address: string, origin: string): string => (address.startsWith(`${origin}/`) ? address.slice(origin.length) : address);

// Only what says something goes to the element.
const areaAttributes = ({ of: { field }, attributes }: RichProps): Record<string, string> => ({
  class: "rich-text",
  role: "textbox",
  "aria-multiline": "true",
  "aria-label": field.name,
  spellcheck: "true",
  dir: "auto",
  ...Object.fromEntries(Object.entries(attributes).flatMap(([name, value]) => (value === undefined || value === false ? [] : [[name, String(value)]]))),
});

// The area follows the value: what it has said itself is what it holds.
const useArea = (props: RichProps, read: ReadHtml | null, onLink: () => void, onSay: (text: string) => void) => {
  const place = useRef<HTMLDivElement>(null);
  const made = useRef<Made | null>(null);
  const held = useRef(props.text);
  const latest = useRef(props);
  latest.current = props;
  const [state, setState] = useState<EditorState | null>(null);
  const fix = (address: string) => (latest.current.of.field["convertURLs"] === true ? withoutOrigin(address, location.origin) : address);
  useLayoutEffect(() => {
    if (!read || !place.current) return;
    held.current = latest.current.text;
    const editor = createEditor(place.current, {
      html: held.current,
      read,
      fix: (_, address) => fix(address),
      record: () => String(latest.current.of.row?.id ?? ""),
      onSay,
      attributes: () => areaAttributes(latest.current),
      onChange: (html) => {
        held.current = html;
        onSay("");
        latest.current.of.onChange(html);
      },
      onState: setState,
      onLink,
    });
    made.current = editor;
    return () => {
      made.current = null;
      editor.done();
      setState(null);
    };
  }, [read]);
  useLayoutEffect(() => {
    if (!made.current || props.text === held.current) return;
    held.current = props.text;
    made.current.open(props.text);
  }, [props.text]);
  const said = JSON.stringify(props.attributes);
  useLayoutEffect(() => made.current?.view.setProps({ attributes: () => areaAttributes(latest.current) }), [said]);
  return { place, view: made.current?.view ?? null, state, fix };
};

// Over everything, without being moved: the text keeps its place and its cursor.
const useFull = () => {
  const [isFull, setFull] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const set = (to: boolean) => {
    const element = root.current;
    if (!element) return;
    const focused = document.activeElement;
    if (to) {
      element.popover = "manual";
      element.showPopover();
    } else {
      element.hidePopover();
      element.popover = null;
    }
    setFull(to);
    if (focused instanceof HTMLElement && element.contains(focused)) focused.focus();
  };
  return { root, isFull, setFull: set };
};

const Editor = (props: RichProps & { read: ReadHtml | null }) => {
  const { of: { field }, read, onBlur } = props;
  const [isSource, setSource] = useState(false);
  const [asked, ask] = useState<Asked | null>(null);
  const [said, say] = useState(""); // of what could not be done
  const { root, isFull, setFull } = useFull();
  const { place, view, state, fix } = useArea(props, isSource ? null : read, () => ask("link"), say);
  const done = (run?: Command) => {
    ask(null);
    if (!run || !view) return;
    run(view.state, view.dispatch, view);
    requestAnimationFrame(() => view.focus());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if ((event.target as Element).closest("dialog, [role=menu]")) return;
    const isOut = isFull && event.key === "Escape" && !event.isComposing;
    if (isOut) setFull(false);
    else if (event.altKey && event.key === "F10") root.current?.querySelector<HTMLElement>('.rich-bar button[tabindex="0"]')?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onFocusOut = ({ relatedTarget }: FocusEvent) => {
    if (relatedTarget instanceof Node && root.current?.contains(relatedTarget)) return;
    if (isFull && relatedTarget instanceof Element && !relatedTarget.closest("dialog")) (view ?? root.current?.querySelector("textarea"))?.focus();
    else onBlur();
  };
  const words = state ? countWords(state.doc) : 0;
  return (
    <div ref={root} class={`rich${isFull ? " rich-full" : ""}`} onKeyDown={onKeyDown} onFocusOut={onFocusOut}>
      <Toolbar name={field.name} view={view} state={state} isFull={isFull} isSource={isSource} onAsk={ask} onFull={() => setFull(!isFull)} onSource={() => setSource(!isSource)} />
      {isSource ? <Plain {...props} /> : <div key="area" class="rich-area"><div ref={place} /></div>}
      <p class="rich-foot"><span><span role="status">{said}</span>{isSource || !state || said ? "" : te.words(formatNumber(words))}</span><span>{te.toolbarKey}</span></p>
      {asked && view && <Lazy load={loadAsk} of={{ what: asked, view, fix, onDone: done }} />}
    </div>
  );
};

export const Rich = (props: RichProps) => {
  const { read, isBroken } = useReader();
  return isBroken ? <Plain {...props} isInstead /> : <Editor {...props} read={read} />;
};
