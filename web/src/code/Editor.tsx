// CodeMirror in a shadow root, where its styles are sheets that no policy refuses. Fetched with the
// first editor that is shown (Code.tsx).

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { useEffect, useRef } from "preact/hooks";
import { languageOf } from "./languages.ts";
import { look } from "./look.ts";
import type { CodeProps } from "./types.ts";

const tabSize = 2;

// A browser that puts text over a selection gives it the style of what was there, as an attribute that
// the policy refuses, so it is done here.
const selectedRange = (view: EditorView): Range | null => {
  const root = view.root as { getSelection?: () => Selection | null }; // not every browser has it of a shadow root
  const selection = root.getSelection ? root.getSelection() : document.getSelection();
  const range = selection && selection.rangeCount > 0 ? selection.getRangeAt(0) : null;
  return range && !range.collapsed && view.contentDOM.contains(range.commonAncestorContainer) ? range : null;
};

const typedOver: Extension = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    const text = event.inputType === "insertText" || event.inputType === "insertReplacementText" ? (event.data ?? event.dataTransfer?.getData("text/plain")) : undefined;
    const range = selectedRange(view); // the editor's own selection may be a moment behind
    if (text == null || !range || event.isComposing || view.state.readOnly) return false;
    event.preventDefault();
    const from = view.posAtDOM(range.startContainer, range.startOffset);
    const to = view.posAtDOM(range.endContainer, range.endOffset);
    const made = () => view.state.update({ changes: { from, to, insert: text }, selection: { anchor: from + text.length }, userEvent: "input.type", scrollIntoView: true });
    if (!view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, text, made))) view.dispatch(made());
    return true;
  },
});

const attributesOf = ({ label, description, error, readonly, required }: CodeProps): Record<string, string> => ({
  "aria-label": label,
  ...(description ? { "aria-description": description } : {}),
  ...(error ? { "aria-invalid": "true", "aria-description": error } : {}),
  ...(readonly ? { "aria-readonly": "true" } : {}),
  ...(required ? { "aria-required": "true" } : {}),
  tabindex: "0", // also of one that can only be read; what scrolls is asked for it
  spellcheck: "false",
  autocapitalize: "off",
  dir: "ltr",
});

const isOpen = /[.(]$/; // more of the same name is to come

// Unasked only where something is typed, or has just been taken.
const completing = (now: { current: CodeProps }) => ({ state, pos, explicit }: CompletionContext): CompletionResult | null => {
  const text = state.sliceDoc();
  const found = now.current.complete?.(text, pos);
  if (!found || found.items.length === 0 || (!explicit && found.from === pos && !/[.:]$|[=<>~] $/.test(text.slice(0, pos)))) return null;
  return { from: found.from, to: found.to, filter: false, options: found.items.map(({ label, insert, hint }) => ({ label, apply: insert, ...(hint ? { detail: hint } : {}) })) };
};

interface Parts {
  language: Compartment;
  attributes: Compartment;
  readonly: Compartment;
}

// typed: what was told of and has not come back as the value yet.
const make = (props: CodeProps, host: HTMLElement, now: { current: CodeProps }, parts: Parts, typed: Set<string>): EditorView => {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open", delegatesFocus: true });
  const told = EditorView.updateListener.of((update) => {
    if (update.docChanged && !update.transactions.some((one) => one.isUserEvent("set"))) {
      typed.add(update.state.sliceDoc());
      now.current.onInput(update.state.sliceDoc());
    }
    if (update.focusChanged && !update.view.hasFocus) now.current.onBlur?.();
  });
  const state = EditorState.create({
    doc: props.value,
    extensions: [
      history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), highlightActiveLine(),
      ...(props.hasLines ? [lineNumbers()] : []),
      ...(props.placeholder ? [placeholder(props.placeholder)] : []),
      autocompletion({ icons: false, ...(props.complete ? { override: [completing(now)], activateOnCompletion: ({ label }) => isOpen.test(label) } : {}) }),
      // Tab goes on to the next control; Ctrl+] indents.
      indentUnit.of(" ".repeat(tabSize)),
      keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap.filter(({ key }) => key !== "Mod-Enter")]),
      typedOver,
      EditorView.lineWrapping,
      look,
      told,
      parts.language.of(languageOf(props.language, props.names ?? {})),
      parts.attributes.of(EditorView.contentAttributes.of(attributesOf(props))),
      parts.readonly.of([EditorState.readOnly.of(props.readonly === true), EditorView.editable.of(props.readonly !== true)]),
    ],
  });
  return new EditorView({ state, parent: root, root });
};

// A value that comes back while one types on is older than what is there.
const setText = (view: EditorView, text: string, typed: Set<string>): void => {
  const isThere = view.state.sliceDoc() === text;
  if (!isThere && typed.has(text)) return;
  typed.clear();
  if (!isThere) view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, userEvent: "set" });
};

const fit = (at: number, most: number): number => Math.max(0, Math.min(at, most));

const showFaults = (view: EditorView, { faults = [] }: CodeProps): void => {
  const most = view.state.doc.length;
  const found = faults.map(({ at, length, message }) => ({ from: fit(at, most), to: fit(at + Math.max(1, length), most), severity: "error" as const, message }));
  view.dispatch(setDiagnostics(view.state, found));
};

export const Editor = (props: CodeProps) => {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const now = useRef(props);
  now.current = props;
  const typed = useRef(new Set<string>());
  const parts = useRef<Parts>({ language: new Compartment(), attributes: new Compartment(), readonly: new Compartment() });
  useEffect(() => {
    if (!host.current) return;
    view.current = make(props, host.current, now, parts.current, typed.current);
    if (props.takesFocus) view.current.focus();
    // The sheets of all editors are the same ones: they would hold the root of one that is gone.
    return () => {
      const root = view.current?.root;
      view.current?.destroy();
      view.current = null;
      if (root) root.adoptedStyleSheets = [];
    };
  }, []);
  useEffect(() => {
    if (view.current) setText(view.current, props.value, typed.current);
  }, [props.value]);
  useEffect(() => {
    view.current?.dispatch({ effects: parts.current.language.reconfigure(languageOf(props.language, props.names ?? {})) });
  }, [props.language, props.names]);
  useEffect(() => {
    view.current?.dispatch({
      effects: [
        parts.current.attributes.reconfigure(EditorView.contentAttributes.of(attributesOf(props))),
        parts.current.readonly.reconfigure([EditorState.readOnly.of(props.readonly === true), EditorView.editable.of(props.readonly !== true)]),
      ],
    });
  }, [props.label, props.description, props.error, props.readonly, props.required]);
  useEffect(() => {
    if (view.current) showFaults(view.current, props);
  }, [props.faults, props.value]);
  useEffect(() => {
    const at = props.goTo;
    if (at === undefined || !view.current) return;
    view.current.dispatch({ selection: { anchor: fit(at, view.current.state.doc.length) }, scrollIntoView: true });
    view.current.focus();
  }, [props.goTo]);
  return <div ref={host} class="code" data-wrong={props.error ? "" : undefined} data-code={props.name} />;
};
