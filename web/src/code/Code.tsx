// A text in a language, edited: the editor once it is there, until then, or without it, a text area.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { CodeProps } from "./types.ts";

export type { CodeCompletion, CodeFault, CodeProps } from "./types.ts";

let fetched: ComponentType<CodeProps> | null = null;

const fetchEditor = async (): Promise<void> => {
  fetched = (await import("./Editor.tsx")).Editor;
};

const leastRows = 3;
const mostRows = 24;

const Plain = ({ name, label, value, onInput, onBlur, readonly, required, error, takesFocus }: CodeProps) => (
  <textarea
    ref={(element) => { if (takesFocus && element && document.activeElement === document.body) element.focus(); }}
    class="input text-input code-input"
    rows={Math.min(mostRows, Math.max(leastRows, value.split("\n").length))}
    name={name}
    aria-label={label}
    aria-invalid={error ? true : undefined}
    aria-required={required || undefined}
    readOnly={readonly}
    spellcheck={false}
    autocapitalize="off"
    dir="ltr"
    value={value}
    onInput={(event) => onInput(event.currentTarget.value)}
    onBlur={onBlur}
  />
);

export const Code = (props: CodeProps) => {
  const [isThere, setThere] = useState(fetched !== null);
  const [wasFocused, setFocused] = useState(false);
  useEffect(() => {
    if (isThere) return;
    let isShown = true;
    void fetchEditor().then(
      () => {
        if (!isShown) return;
        setFocused(document.activeElement instanceof HTMLTextAreaElement && document.activeElement.name === props.name);
        setThere(true);
      },
      () => undefined, // the text area stays
    );
    return () => {
      isShown = false;
    };
  }, []);
  const Editor = isThere ? fetched : null;
  return Editor ? <Editor {...props} takesFocus={props.takesFocus || wasFocused} /> : <Plain {...props} />;
};
