// What the inputs of several types are made of.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Field, type FieldAttributes } from "../ui/Field/Field.tsx";
import { check, rulesOf } from "./checks.ts";
import type { FieldInputProps } from "./types.ts";

// Text as it is typed, as long as the value is the one that was made of it.
export const useTyped = (value: unknown, print: (value: unknown) => string): [string, (text: string, made: unknown) => void] => {
  const [typed, setTyped] = useState(() => ({ text: print(value), of: value }));
  const text = Object.is(typed.of, value) ? typed.text : print(value);
  return [text, (to, made) => setTyped({ text: to, of: made })];
};

// What is wrong: what the server has said, else what can be seen, once the field has been left.
export const useSaid = ({ field, value, error }: FieldInputProps): { said: string; onBlur: () => void } => {
  const [isLeft, setLeft] = useState(false);
  return { said: error || (isLeft ? check(value, field) : ""), onBlur: () => setLeft(true) };
};

export const hintOf = ({ field }: FieldInputProps, ...more: (string | false | undefined)[]): string =>
  [field.help, ...rulesOf(field), ...more].filter(Boolean).join(" ");

const mostGrowing = 20_000; // longer texts are laid out at the height that they would have anyway
const lineLength = 80;

// Class and rows of a text area that is as high as its text, `most` lines at most.
export const grow = (text: string, most: number): { class: string; rows: number } => ({
  class: `input text-input${text.length > mostGrowing ? "" : " text-grow"}`,
  rows: text.length > mostGrowing ? most : Math.min(most, text.split("\n").reduce((sum, line) => sum + 1 + Math.floor(line.length / lineLength), 0)),
});

export interface InputBoxProps {
  of: FieldInputProps;
  said: string;
  hint?: string;
  children: (attributes: FieldAttributes) => ComponentChildren;
}

export const InputBox = ({ of, said, hint = hintOf(of), children }: InputBoxProps) => (
  <Field label={of.field.name} hint={hint} error={said} required={of.field.required ?? false}>
    {children}
  </Field>
);
